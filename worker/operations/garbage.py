"""What nobody needs any more in the bucket: found first, and removed only when it is still not needed then.

These are always kept: manifests, plans, ledgers, takes, deliverables, accounts, records of batches and jobs, the files
of a production's references, `inbox/`, and everything of a production that is open or was closed recently.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, Literal

from temporalio.client import Client

from activities.storage import inventory
from activities.storage.bucket import Storage
from activities.storage.inventory import Listed, Unfinished
from worker.operations.in_use import end_of, named_in_manifest, named_references
from worker.operations.payloads import unnamed_payloads
from workflows import keys
from workflows.reuse.index import REUSE, KnownTake
from workflows.runtime import external_payloads

Reason = Literal["reference", "trash", "upload", "film part", "multipart", "payload", "index", "probe"]
MEANINGS: Final[dict[Reason, str]] = {
    "reference": f"a file for briefs that no brief names any more; it waits in {keys.TRASH} until the end of the run",
    "trash": "such a file that an interrupted run has left there",
    "upload": "a received file that became a take, or was refused",
    "film part": "an encoded part of a film; it is made again where it is needed",
    "multipart": "an upload in parts that nobody continues",
    "payload": "a large payload of Temporal that no history names any more",
    "index": "the entry of a take that can be reused, whose media were deleted",
    "probe": "an object with which a killed worker probed the store",
}
SAFE_AGE: Final = timedelta(days=1)
"""What is younger is kept, whatever the state of its production: no attempt of an activity takes so long."""
AT_ONCE: Final = 10
LISTED_AFTER: Final = timedelta(minutes=1)
"""A run that was started is in Temporal's lists by then; mostly within a second."""


@dataclass(frozen=True)
class Item:
    """One object, or one unfinished upload, that is not needed."""

    reason: Reason
    found: Listed | Unfinished
    production_id: str = ""

    @property
    def bytes(self) -> int:
        return self.found.bytes


@dataclass
class Garbage:
    """The result of a search.

    Attributes:
        open_or_recent: The productions whose leftovers are kept because they are open, or were closed recently.
        unknown: The productions whose leftovers are kept because neither Temporal nor a manifest says that they ended.
        in_use: The number of old files for briefs that a brief still names.
    """

    items: list[Item] = field(default_factory=list)
    open_or_recent: int = 0
    unknown: int = 0
    in_use: int = 0


class Collector:
    """Finds and removes garbage of one bucket, with the Temporal namespace that its productions are in."""

    def __init__(self, client: Client, storage: Storage, days: int, now: datetime | None = None) -> None:
        """
        Args:
            days: For so long after its end, everything of a production stays, and so does a file that no brief names.
        """
        self._client = client
        self._storage = storage
        self._now = now or datetime.now(UTC)
        self._since = self._now - timedelta(days=days)

    async def find(self) -> Garbage:
        """
        Raises:
            PayloadKeyMissing, RPCError, BotoCoreError, ClientError: what is in use is not known, so nothing is garbage.
        """
        found, old = Garbage(), self._now - SAFE_AGE
        of_productions = await inventory.list_objects(self._storage, keys.PRODUCTIONS)
        await self._find_leftovers(of_productions, found)
        await self._find_references(of_productions, found)
        unfinished = await inventory.list_unfinished(self._storage, self._since)
        found.items += [Item("multipart", each) for each in unfinished]
        payloads = await unnamed_payloads(self._client, await self._older(external_payloads.PREFIX, old))
        found.items += [Item("payload", each) for each in payloads]
        stored = {each.key for each in of_productions}
        found.items += [Item("index", each) for each in await self._dead_entries(stored, old)]
        found.items += [Item("probe", each) for each in await self._older(keys.PROBES, old)]
        return found

    async def remove(self, items: Iterable[Item]) -> AsyncIterator[tuple[Item, bool]]:
        """Remove what is still not needed; yields each item, and whether it was removed.

        Files for briefs are first moved to the trash, where a brief still finds them. When all else is removed, and
        every brief that was sent meanwhile is in Temporal's lists, the files that none names are deleted there.
        """
        items = list(items)
        moved: list[Item] = []
        moved_at = 0.0
        named = await self._named(items)
        # One production after the other, so that the state of each is read directly before its objects are deleted.
        for production_id, group in _by_production(items).items():
            ended = not production_id or await self._state(production_id) == "ended"
            slots = asyncio.Semaphore(AT_ONCE)

            async def remove_one(item: Item, slots: asyncio.Semaphore = slots) -> bool:
                async with slots:
                    return await self._remove(item, named)

            done = await asyncio.gather(*map(remove_one, group)) if ended else [False] * len(group)
            for item, removed in zip(group, done, strict=True):
                if item.reason == "reference" and removed:
                    moved.append(item)
                    moved_at = monotonic()
                else:
                    yield item, removed
        if moved:
            await self.wait_for_lists(monotonic() - moved_at)
            async for each in self._empty_trash(moved):
                yield each

    async def wait_for_lists(self, passed: float) -> None:
        """Wait until the briefs that were sent when the files were moved, `passed` seconds ago, are in the lists."""
        await asyncio.sleep(max(LISTED_AFTER.total_seconds() - passed, 0))

    async def _empty_trash(self, moved: list[Item]) -> AsyncIterator[tuple[Item, bool]]:
        """Delete the files that were moved, and move those back that a brief names by now."""
        named = await self._named(moved)
        listed = await inventory.list_objects(self._storage, keys.trash_key(keys.REFERENCES))
        trash = {each.key.removeprefix(keys.TRASH): each for each in listed}
        for item in moved:
            key, found = item.found.key, trash.get(item.found.key)
            if found and key not in named:
                yield item, await inventory.delete_unchanged(self._storage, found)
                continue
            if found:
                await inventory.move_unchanged(self._storage, found, key)
            yield item, False

    async def _named(self, items: Iterable[Item]) -> set[str]:
        """The files for briefs that are in use now; none is read where no such file is among `items`."""
        files = any(each.reason in ("reference", "trash") for each in items)
        return await named_references(self._client, self._since) if files else set()

    async def _dead_entries(self, stored: set[str], old: datetime) -> list[Listed]:
        """The old entries of the index of takes whose media are not in `stored`: deleted media never return."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def is_dead(entry: Listed) -> bool:
            async with slots:
                found = await self._storage.get_bytes(entry.key)
            return found is not None and KnownTake.model_validate_json(found[0]).media.key not in stored

        entries = await self._older(REUSE, old)
        dead = await asyncio.gather(*map(is_dead, entries))
        return [entry for entry, gone in zip(entries, dead, strict=True) if gone]

    async def _find_leftovers(self, of_productions: list[Listed], found: Garbage) -> None:
        """The files of uploads and the parts of films of productions that ended long ago."""
        old = self._now - SAFE_AGE
        parts = await self._older(keys.FILM_PARTS, old)
        leftovers = [Item("film part", each, production_of(each.key, keys.FILM_PARTS)) for each in parts]
        for each in of_productions:
            production_id = production_of(each.key, keys.PRODUCTIONS)
            if each.stored_at < old and each.key.startswith(keys.upload_prefix(production_id)):
                leftovers.append(Item("upload", each, production_id))
        for production_id, group in _by_production(leftovers).items():
            match await self._state(production_id):
                case "ended":
                    found.items += group
                case "kept":
                    found.open_or_recent += 1
                case "unknown":
                    found.unknown += 1

    async def _find_references(self, of_productions: list[Listed], found: Garbage) -> None:
        """The old files for briefs that neither a run, a schedule nor a manifest needs."""
        files = await self._older(keys.REFERENCES, self._since)
        trash = await self._older(keys.trash_key(keys.REFERENCES), self._now - SAFE_AGE)
        if not files and not trash:
            return
        named = await named_references(self._client, self._since) | await self._named_by_records(of_productions)
        items = [*(Item("reference", each) for each in files), *(Item("trash", each) for each in trash)]
        unused = [each for each in items if each.found.key.removeprefix(keys.TRASH) not in named]
        found.items += unused
        found.in_use = len(items) - len(unused)

    async def _named_by_records(self, of_productions: list[Listed]) -> set[str]:
        """What the manifests of productions without a plan name. One with a plan has copies of its references."""
        planned: set[str] = set()
        recorded: set[str] = set()
        for each in of_productions:
            production_id = production_of(each.key, keys.PRODUCTIONS)
            if each.key == keys.manifest_key(production_id):
                recorded.add(production_id)
            elif each.key.startswith(f"{keys.production_prefix(production_id)}/plan/"):
                planned.add(production_id)
        found = [await named_in_manifest(self._storage, each) for each in sorted(recorded - planned)]
        return set[str]().union(*found)

    async def _state(self, production_id: str) -> Literal["ended", "kept", "unknown"]:
        """Whether a production ended before the period."""
        end = await end_of(self._client, self._storage, production_id)
        if end == "unknown":
            return "unknown"
        return "ended" if isinstance(end, datetime) and end < self._since else "kept"

    async def _older(self, prefix: str, than: datetime) -> list[Listed]:
        return [each for each in await inventory.list_objects(self._storage, prefix) if each.stored_at < than]

    async def _remove(self, item: Item, named: set[str]) -> bool:
        found = item.found
        if isinstance(found, Unfinished):
            return await inventory.abort(self._storage, found)
        if found.key.removeprefix(keys.TRASH) in named:
            return False
        if item.reason == "reference":
            return await inventory.move_unchanged(self._storage, found, keys.trash_key(found.key))
        return await inventory.delete_unchanged(self._storage, found)


def production_of(key: str, prefix: str) -> str:
    """The id of the production in the key of one of its objects."""
    return key.removeprefix(prefix).partition("/")[0]


def _by_production(items: Iterable[Item]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for each in items:
        groups.setdefault(each.production_id, []).append(each)
    return groups
