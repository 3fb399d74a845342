"""A wait with a time limit whose steps do not depend on the version of Python."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from temporalio import workflow

SAME_STEPS: Final = "waits-of-every-python"


async def wait_condition(condition: Callable[[], bool], within: timedelta, summary: str | None = None) -> None:
    """Wait until the condition holds.

    With a timeout, `workflow.wait_condition` uses `asyncio.wait_for`, which from Python 3.12 on takes a step of the
    event loop less. Commands may then have another order, so that a run which one Python began fails on another.

    Args:
        summary: Describes the timer in Temporal's UI.

    Raises:
        TimeoutError: `within` has passed before.
    """
    if not workflow.patched(SAME_STEPS):
        await workflow.wait_condition(condition, timeout=within, timeout_summary=summary)
        return
    if within > timedelta(0):
        timer = asyncio.create_task(workflow.sleep(within, summary=summary))
        try:
            await workflow.wait_condition(lambda: timer.done() or condition())
        finally:
            timer.cancel()
    if not condition():
        raise TimeoutError
