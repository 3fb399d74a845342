"""Waits for what another task or process brings about. They poll, and one generous limit ends those that fail."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from api.client.client import GreenlightError

WITHIN: Final = 180.0
"""Seconds. Under a load of ten on two cores a step of a test takes up to half a minute."""
T = TypeVar("T")


async def eventually(poll: Callable[[], Awaitable[T | None]], what: str = "", *, within: float = WITHIN) -> T:
    """Poll until the result is not None, and return it.

    Args:
        what: What is waited for, for the message of a failure.
        within: Seconds; more than WITHIN only for a wait for many results.

    Raises:
        AssertionError: the limit has passed.
    """
    deadline = time.monotonic() + within
    while (found := await poll()) is None:
        assert time.monotonic() < deadline, f"not within {within:g} s: {what or poll}"
        await asyncio.sleep(0.02)
    return found


def until(condition: Callable[[], bool], what: str) -> None:
    """Poll until a condition holds that another thread or process brings about; a busy API's 503 is polled again.

    Raises:
        AssertionError: the limit has passed.
    """
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            if condition():
                return
        except GreenlightError as error:
            if error.status != 503:
                raise
        assert time.monotonic() < deadline, f"not within {WITHIN:g} s: {what}"
        time.sleep(0.02)
