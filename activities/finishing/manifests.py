"""Manifests in the bucket: the whole record of a production; an older one never replaces a newer one."""

import asyncio
import json
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from temporalio.exceptions import ApplicationError

from activities.build import build
from activities.storage.bucket import Storage, sha256_of
from activities.storage.errors import StorageConflict, StorageFailed
from workflows import keys
from workflows.activity_io import KnownRecord
from workflows.events import Snapshot
from workflows.models import Media

MEDIA_TYPE: Final = "application/json"
MANIFEST_UNREADABLE: Final = "manifest_unreadable"
TRIES: Final = 5
"""Of a conditional put; each conflict means that another writer has just written."""


class _Version(NamedTuple):
    """The fields that determine which of two records of a production is newer."""

    events: list[Any]
    updated_at: datetime


class Manifests:
    """The manifests of one bucket."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def read(self, production_id: str) -> Snapshot | None:
        """The newest manifest, or None if there is none.

        Raises:
            ApplicationError: type MANIFEST_UNREADABLE, retried: a worker of the right version may read it.
            StorageFailed: the storage does not respond.
        """
        key = keys.manifest_key(production_id)
        found = await self._storage.get_bytes(key)
        if found is None:
            return None
        try:
            return Snapshot.model_validate_json(found[0])
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            message = f"{key} cannot be read ({where}: {first['msg']}); restore it, or run the version that wrote it"
            raise ApplicationError(message, type=MANIFEST_UNREADABLE) from None

    async def newer(self, known: KnownRecord) -> Snapshot | None:
        """The manifest, if another run wrote it and it has more events than `known`; see `newest_manifest`."""
        found = await self.read(known.production_id)
        if found is None or found.run_id == known.run_id:
            return None
        if known.last is None:
            return found
        count = known.last.id
        if len(found.events) >= count and found.events[count - 1] == known.last:
            return found if len(found.events) > count else None
        return found if found.updated_at > known.last.at else None

    async def keep(self, record: Snapshot) -> Media:
        """Store a record next to its revision, if it has one, and as the newest; it never replaces a newer one.

        Raises:
            StorageFailed: it may not be stored.
        """
        record = record.model_copy(update={"build": await asyncio.to_thread(build)})
        data, newest = record.model_dump_json(indent=1).encode(), keys.manifest_key(record.production_id)
        if record.deliverable:
            revision = record.deliverable.revision
            await self._put(keys.deliverable_key(record.production_id, revision, "manifest.json"), data)
        kept = await self._put(newest, data)
        return Media(key=newest, bytes=len(kept), sha256=sha256_of(kept), media_type=MEDIA_TYPE)

    async def _put(self, key: str, data: bytes) -> bytes:
        """Write a record unless a newer one exists; return the record that is stored afterwards."""
        ours = _version(data)
        assert ours is not None
        for _ in range(TRIES):
            found = await self._storage.get_bytes(key)
            if found and (theirs := _version(found[0])) and not _replaces(ours, theirs):
                return found[0]
            condition: dict[str, Any] = {"if_match": found[1]} if found else {"only_if_absent": True}
            try:
                await self._storage.put_unpaid(key, data, MEDIA_TYPE, **condition)
            except StorageConflict:
                continue
            return data
        raise StorageFailed(f"{key}: other writers changed it {TRIES} times in a row")


def _version(data: bytes) -> _Version | None:
    """The version of a record of any release of Greenlight; None if it is damaged."""
    try:
        record = json.loads(data)
        return _Version(record["events"], datetime.fromisoformat(record["updated_at"]))
    except (ValueError, KeyError, TypeError):
        return None


def _replaces(ours: _Version, theirs: _Version) -> bool:
    """Whether our record continues theirs; if they diverged, as after a reset, the later one wins."""
    common = min(len(ours.events), len(theirs.events))
    if ours.events[:common] == theirs.events[:common]:
        return len(ours.events) >= len(theirs.events)
    return ours.updated_at >= theirs.updated_at
