"""The end of an upload in parts."""

import asyncio
from collections.abc import Awaitable


async def complete(closing: Awaitable[object]) -> None:
    """Await the completion of an upload, also when cancelled: in the middle it can be neither completed nor aborted."""
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise
