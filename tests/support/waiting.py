"""Waits for what another task or process brings about. They poll, and one generous limit ends those that fail.

A poll costs CPU time that the other task or process needs, so the interval grows with the elapsed time.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from api.client.client import GreenlightError

WITHIN: Final = 180.0
"""Seconds. Under a load of ten on two cores a step of a test takes up to half a minute."""
T = TypeVar("T")


def interval(elapsed: float) -> float:
    """The seconds until the next poll: a tenth of the elapsed seconds, within 0.02 and 0.25."""
    return min(max(0.02, elapsed / 10), 0.25)


async def eventually(poll: Callable[[], Awaitable[T | None]], what: str = "", *, within: float = WITHIN) -> T:
    """Poll until the result is not None, and return it.

    Args:
        what: What is waited for, for the message of a failure.
        within: Seconds; more than WITHIN only for a wait for many results.

    Raises:
        AssertionError: the limit has passed.
    """
    start = time.monotonic()
    while (found := await poll()) is None:
        elapsed = time.monotonic() - start
        assert elapsed < within, f"not within {within:g} s: {what or poll}"
        await asyncio.sleep(interval(elapsed))
    return found


def until(condition: Callable[[], bool], what: str) -> None:
    """Poll until a condition holds that another thread or process brings about; a busy API's 503 is polled again.

    Raises:
        AssertionError: the limit has passed.
    """
    start = time.monotonic()
    while True:
        try:
            if condition():
                return
        except GreenlightError as error:
            if error.status != 503:
                raise
        elapsed = time.monotonic() - start
        assert elapsed < WITHIN, f"not within {WITHIN:g} s: {what}"
        time.sleep(interval(elapsed))
