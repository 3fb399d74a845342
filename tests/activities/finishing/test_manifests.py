"""Manifests on real S3."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

from activities.build import build
from activities.finishing.manifests import Manifests
from activities.storage.bucket import Storage
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus, Snapshot


async def test_an_older_record_replaces_no_newer_one(storage: Storage) -> None:
    """Of two writers of a manifest the one with the newer record wins, whichever writes last; the same holds for its
    revision. The record has the build of its writer."""
    manifests, production_id = Manifests(storage), uuid4().hex
    newer = record(production_id, 3)
    older = record(production_id, 2)
    parted = newer.model_copy(update={"events": newer.events[:1], "updated_at": datetime(2026, 1, 1, tzinfo=UTC)})
    await manifests.keep(older)
    await manifests.keep(newer)
    for late in (older, parted):
        kept = await manifests.keep(late)
        assert kept.key == keys.manifest_key(production_id)
        assert await manifests.read(production_id) == newer.model_copy(update={"build": build()})
    await asyncio.gather(*(manifests.keep(record(production_id, n)) for n in (7, 4, 9, 5)))
    found = await manifests.read(production_id)
    assert found is not None
    assert len(found.events) == 9


def record(production_id: str, events: int) -> Snapshot:
    at = [datetime(2026, 11, 1, 12, n, tzinfo=UTC) for n in range(events)]
    return Snapshot.model_validate(
        {
            "production_id": production_id,
            "status": ProductionStatus.DELIVERED,
            "brief": Brief(text="Say it.", platform=Platform.COPY),
            "created_at": at[0],
            "updated_at": at[-1],
            "events": [{"id": n, "name": "plan_start", "at": each} for n, each in enumerate(at, start=1)],
        }
    )
