"""Checks the output of a provider before it becomes a take, from wherever it is."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.media.facts import Facts
from activities.providers.protocol import Finished, Picture
from activities.quality.checks import check_take
from activities.quality.order import Order, order_of
from activities.storage.bucket import Storage
from workflows import keys
from workflows.activity_io import ProduceAsset
from workflows.quality import Checks


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
