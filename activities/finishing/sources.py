"""The takes of a film on this machine, each fetched once, and their measured lengths and sizes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any, Final, TypeVar

from activities.errors import OutputUnusable
from activities.finishing.captions.pauses import Pause
from activities.finishing.picture.formats import ShotFacts
from activities.finishing.picture.frames import shot_facts
from activities.finishing.sound.track import Measured, measure_recording
from activities.media.facts import extension_of
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from workflows.activity_io import FinishedAsset
from workflows.keys import facts_key
from workflows.models import Media, Modality

T = TypeVar("T")
FETCHED_AT_ONCE: Final = 8
KEPT_EVERY: Final = 20
"""Takes: a worker that continues measures so many again at most."""


class Sources:
    """Fetches media into a folder, each object once."""

    def __init__(self, storage: Storage, folder: Path) -> None:
        self.storage = storage
        self._folder = folder
        self._fetched: dict[str, asyncio.Task[Path]] = {}
        self._numbers = count()
        self._slots = asyncio.Semaphore(FETCHED_AT_ONCE)

    async def path_of(self, media: Media) -> Path:
        """The file of an object.

        Raises:
            StorageFailed: it cannot be read.
        """
        return await self.fetch(media.key, extension_of(media.media_type))

    async def fetch(self, key: str, extension: str) -> Path:
        if key not in self._fetched:
            self._folder.mkdir(parents=True, exist_ok=True)
            target = self._folder / f"{next(self._numbers)}.{extension}"
            self._fetched[key] = asyncio.ensure_future(self._fetch(key, target))
        return await self._fetched[key]

    async def _fetch(self, key: str, target: Path) -> Path:
        async with self._slots:
            return await self.storage.fetch(key, target)

    @asynccontextmanager
    async def briefly(self, media: Media) -> AsyncIterator[Path]:
        """The file of an object, deleted afterwards: the takes of a long film do not fit on every disk."""
        path = await self.path_of(media)
        try:
            yield path
        finally:
            del self._fetched[media.key]
            path.unlink(missing_ok=True)

    async def paths_of(self, used: Iterable[tuple[str, Media]]) -> dict[str, Path]:
        """Asset id -> file."""
        pairs = dict(used)
        return dict(zip(pairs, await asyncio.gather(*map(self.path_of, pairs.values())), strict=True))


class Facts:
    """The facts of shots and recordings by the SHA-256 of their takes.

    They are stored with the parts of the film: a take is fetched and measured once, not again for every revision.
    """

    def __init__(self, sources: Sources, production_id: str) -> None:
        self._sources = sources
        self._key = facts_key(production_id)
        self._known: dict[str, Any] = {}

    async def measure(self, assets: Iterable[FinishedAsset], on_progress: Callable[[str], None]) -> None:
        """Measure all shots and recordings whose facts are not stored.

        Raises:
            OutputUnusable: some do not decode; the message names each of them.
        """
        found = await self._sources.storage.get_bytes(self._key)
        if found:
            with suppress(ValueError):
                self._known = json.loads(found[0])
        timed = [a for a in assets if a.asset.asset_type in (Modality.VIDEO, Modality.AUDIO)]
        unknown = [each for each in timed if each.take.media.sha256 not in self._known]
        problems = dict[str, None]()
        for number, each in enumerate(unknown):
            if number and number % KEPT_EVERY == 0:
                await self._keep()
            on_progress(f"measuring {each.asset.asset_id}")
            async with self._sources.briefly(each.take.media) as path:
                try:
                    self._known[each.take.media.sha256] = await in_thread(partial(_measure, each, path))
                except OutputUnusable as error:
                    problems[str(error)] = None
        if unknown:
            await self._keep()
        if problems:
            raise OutputUnusable("; ".join(problems))

    async def _keep(self) -> None:
        with suppress(StorageFailed):  # otherwise they are measured again
            await self._sources.storage.put_bytes(self._key, json.dumps(self._known).encode(), "application/json")

    def shot(self, media: Media) -> ShotFacts:
        return ShotFacts(**self._known[media.sha256])

    def recording(self, media: Media) -> Measured:
        known = self._known[media.sha256]
        return Measured(float(known["seconds"]), tuple(Pause(*each) for each in known["pauses"]), known["bpm"])


def _measure(finished: FinishedAsset, path: Path, stop: Event) -> Mapping[str, object]:
    asset = finished.asset
    if asset.asset_type is Modality.VIDEO:
        return asdict(shot_facts(asset.asset_id, path))
    return asdict(measure_recording(asset.asset_id, path, "narration" if asset.spoken else asset.role, stop))


async def in_thread(work: Callable[[Event], T]) -> T:
    """Run in a thread; when cancelled, stop it and wait until it has closed its files."""
    stop = Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # `Stopped` is expected
        raise
