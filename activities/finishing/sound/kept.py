"""What is kept of a long sound while it is made: a worker that continues repeats at most one part of it.

Facts are measurements, by the name of what was measured. Parts are files. All of it lies next to the sound in the
bucket, and is deleted when the sound is stored.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from activities.finishing.sound.loudness import Loudness
from activities.storage.bucket import Storage
from activities.storage.errors import ObjectMissing, StorageFailed

T = TypeVar("T")


class Kept:
    """Keeps nothing: a short sound is made again as a whole. Its methods are called from the thread that makes it."""

    def once(self, name: str, measure: Callable[[], Loudness]) -> Loudness:
        """What was measured under this name; otherwise it is measured and kept."""
        if known := self.recall(name):
            return Loudness(*known)
        found = measure()
        self.remember(name, (found.lufs, found.peak_dbtp))
        return found

    def recall(self, name: str) -> Sequence[float] | None:
        """What was measured; None if nothing is known."""
        return None

    def remember(self, name: str, values: Sequence[float]) -> None:
        """Keep a measurement."""

    def fetch(self, name: str, path: Path) -> bool:
        """Write a part to a file; False if it is not kept."""
        return False

    def store(self, name: str, path: Path) -> None:
        """Keep a part."""

    async def drop(self) -> None:
        """Delete everything; for the event loop, when the sound is stored."""


NOTHING: Final = Kept()


class KeptInBucket(Kept):
    """Keeps facts and parts under the key of the sound. Make it in the event loop of the storage."""

    def __init__(self, storage: Storage, sound_key: str) -> None:
        self._storage, self._loop = storage, asyncio.get_running_loop()
        self._prefix = f"{sound_key.removesuffix('.m4a')}/"
        self._facts: dict[str, list[float]] | None = None

    def recall(self, name: str) -> Sequence[float] | None:
        if self._facts is None:
            found = self._wait(self._storage.get_bytes(self._facts_key))
            self._facts = json.loads(found[0]) if found else {}
        return self._facts.get(name)

    def remember(self, name: str, values: Sequence[float]) -> None:
        self._facts = {**(self._facts or {}), name: [*values]}
        content = json.dumps(self._facts).encode()
        self._wait(self._storage.put_bytes(self._facts_key, content, "application/json"))

    def fetch(self, name: str, path: Path) -> bool:
        try:
            self._wait(self._storage.fetch(self._prefix + name, path))
        except ObjectMissing:
            return False
        return True

    def store(self, name: str, path: Path) -> None:
        self._wait(self._storage.put_file(self._prefix + name, path, "audio/mp4"))

    async def drop(self) -> None:
        with suppress(StorageFailed):  # the bucket's rule for parts of films deletes them otherwise
            for key in await self._storage.list_keys(self._prefix):
                await self._storage.delete(key)

    @property
    def _facts_key(self) -> str:
        return f"{self._prefix}facts.json"

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
