"""Checks the output of a provider before it becomes a take, from wherever it is."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.media.arriving import ArrivingFile, has_index_first
from activities.media.facts import Facts
from activities.providers.protocol import Finished, Picture
from activities.quality.checks import check_take
from activities.quality.order import Order, order_of
from activities.storage.bucket import Storage
from workflows import keys
from workflows.activity_io import ProduceAsset
from workflows.models import Modality
from workflows.quality import Checks

ARRIVING_AT_ONCE: Final = 2
"""Videos of one worker that are decoded while they arrive: each holds a thread and the frames of a decoder for as long
as its download takes."""
_arriving = BoundedSemaphore(ARRIVING_AT_ONCE)
_log = logging.getLogger(__name__)


class OutputChecker:
    """Checks the outputs for one take. The answers to the planner's questions, which follow a schema, are not takes."""

    def __init__(
        self, storage: Storage, task: ProduceAsset, offer: Offer, schema: Mapping[str, JsonValue] | None
    ) -> None:
        question = task.asset.asset_id.startswith(keys.QUESTION) or schema is not None
        self._storage = storage
        self._order: Order | None = None if question else order_of(task.brief, task.asset, offer, task.source_seconds)

    async def check(self, finished: Finished, facts: Facts, key: str = "", size: int = 0) -> Checks:
        """The checks of the output, from the same source as its facts.

        Raises:
            StorageFailed: the object at `key` could not be read.
        """
        source, media_type, order = finished.source, finished.media_type, self._order
        if not isinstance(source, bytes | Path):
            return await self.check_stored(media_type, facts, key, size)
        if order is None:
            return Checks()
        return await asyncio.to_thread(check_take, source, media_type, facts, order, finished.pictures)

    async def check_arriving(self, file: ArrivingFile) -> Checks | None:
        """The checks of a video, made while it arrives; None if it has to be checked as a whole.

        A finding counts only of the whole file: what reads a stream can neither seek nor try again.
        """
        order = self._order
        if order is None or order.modality is not Modality.VIDEO:
            return None

        # A thread of its own: those of `asyncio.to_thread` are few, and write the file for which this one waits.
        thread = ThreadPoolExecutor(1, "arriving")
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, check_arriving, file, order)
        finally:
            thread.shutdown(wait=False)

    async def check_stored(
        self, media_type: str, facts: Facts, key: str, size: int, pictures: Sequence[Picture] | None = None
    ) -> Checks:
        """The same from the stored object at `key`, with the pictures of an illustrated text."""
        order = self._order
        if order is None:
            return Checks()
        return await asyncio.to_thread(
            lambda: check_take(self._storage.open(key, size), media_type, facts, order, pictures)
        )


def check_arriving(file: ArrivingFile, order: Order) -> Checks | None:
    """The same synchronously, for as long as the file needs to arrive; None also where enough others do."""
    if not _arriving.acquire(blocking=False):
        return None
    try:
        if has_index_first(file.reader()):
            found = check_take(file.reader(), "video/mp4", Facts(), order)
            return found if "length" in found.measured and not found.findings else None
    except OSError:
        _log.info("A video did not arrive as a whole, and is not checked")
    finally:
        _arriving.release()
    return None
