"""Checks the output of a provider before it becomes a take; `activities/quality` measures it."""

import asyncio
from pathlib import Path

from activities.media.facts import Facts
from activities.providers.protocol import Finished
from activities.quality.checks import check_take
from activities.quality.order import Order, order_of
from activities.takes.attempt import Attempt
from workflows import keys
from workflows.quality import Checks


async def check_output(
    attempt: Attempt, finished: Finished, facts: Facts, key: str = "", size: int = 0
) -> Checks | None:
    """The checks of the output, from the same source as its facts; None for an answer to a question of the planner.

    Raises:
        StorageFailed: the object at `key` could not be read.
    """
    source, media_type = finished.source, finished.media_type
    if not isinstance(source, bytes | Path):
        return await check_stored(attempt, media_type, facts, key, size)
    order = _order_of(attempt)
    return await asyncio.to_thread(check_take, source, media_type, facts, order) if order else None


async def check_stored(attempt: Attempt, media_type: str, facts: Facts, key: str, size: int) -> Checks | None:
    """The same from the stored object at `key`."""
    order = _order_of(attempt)
    if order is None:
        return None
    return await asyncio.to_thread(lambda: check_take(attempt.storage.open(key, size), media_type, facts, order))


def _order_of(attempt: Attempt) -> Order | None:
    task = attempt.task
    question = task.asset.asset_id == keys.PLANNER or attempt.request.schema is not None
    return None if question else order_of(task.brief, task.asset, attempt.offer)
