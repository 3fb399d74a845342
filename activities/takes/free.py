"""A take that costs nothing: it has no ledger, the media object with its metadata is the whole record."""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from temporalio import activity

from activities.disk import is_out_of_room
from activities.errors import ChecksFailed, OutputUnusable, ProviderError
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import Finished, Job
from activities.storage.bucket import Stored, sha256_of
from activities.storage.errors import StorageConflict
from activities.takes.attempt import (
    Attempt,
    final_error,
    is_final,
    request_digest,
    retry_with_backoff,
    stopped_by_storage,
    take_number_used,
)
from activities.takes.illustrated.stored import fetch_pictures, recorded_pictures, store_free_pictures
from activities.takes.ledger import now
from activities.takes.stored_form import data_of, media_of
from workflows import keys
from workflows.models import ZERO, Take


class FreeTake(Attempt):
    """One attempt. A retry first reads what is stored; of two concurrent attempts one wins the conditional put."""

    async def make(self) -> Take:
        """The take.

        Raises:
            ApplicationError: it could not be made, or failed its checks. The same request would make the same again.
        """
        take = await self._made()
        if take.checks.failed:
            raise final_error(ChecksFailed(take))
        return take

    async def _made(self) -> Take:
        attempt = activity.info().attempt
        if attempt > 1 and (found := await self._recorded()):
            return found
        started = now()
        try:
            with self.heartbeats("making"):
                finished = await self.call_vendor("submit", self.provider.submit(self.request))
                if isinstance(finished, Job):
                    raise OutputUnusable(f"{self.offer.model} responded with a job although its offer has none")
                finished = await self.call(self.normalize(finished))
                facts = await self.facts_of(finished)
                checks = await self.checker.check(finished, facts)
                signed = await self.signed(finished)
                finished = signed.finished
                key = keys.media_key(self.prefix, extension_of(finished.media_type))
                finished = await self.call(store_free_pictures(self.storage, self.signer, self.task, key, finished))
                await self.call(self._put_data(key, finished))
                pictures = (
                    await self.call(recorded_pictures(self.storage, keys.data_key(key))) if finished.pictures else ()
                )
                done = now()
                metadata = _metadata(facts, started, done, signed.unsigned_sha256)
                stored = await self.call(self._put(key, finished, metadata))
        except StorageConflict:
            # Another attempt at the same take was faster: its object is the take.
            if found := await self._recorded():
                return found
            raise
        except ProviderError as error:
            if is_out_of_room(error):
                raise stopped_by_storage(error) from None
            if is_final(error, attempt, self.settings.max_failures):
                raise final_error(error) from None
            raise retry_with_backoff(error, attempt) from None
        media = media_of(key, stored, finished.media_type, facts, signed.unsigned_sha256, pictures)
        return self.take(media, ZERO, started, done, note=signed.note, checks=checks)

    async def _recorded(self) -> Take | None:
        """The take, read from the metadata of its media object, or None if that does not exist.

        Raises:
            ApplicationError: the object belongs to another request.
        """
        # The extension is known only once the take is made. The names of uploaded files have a digest.
        stem = keys.media_key(self.prefix, "")
        key = next((k for k in await self.storage.list_keys(stem) if "." not in k.removeprefix(stem)), None)
        head = await self.storage.head(key) if key else None
        if key is None or head is None or "sha256" not in head.metadata:
            return None
        metadata = head.metadata
        if metadata.get("request") != request_digest(self.task):
            raise take_number_used()
        facts = Facts(
            width=int(metadata["width"]) if "width" in metadata else None,
            height=int(metadata["height"]) if "height" in metadata else None,
            duration_seconds=float(metadata["seconds"]) if "seconds" in metadata else None,
        )
        stored = Stored(head.bytes, metadata["sha256"])
        pictures = await recorded_pictures(self.storage, keys.data_key(key)) if self.offer.illustrates else ()
        media = media_of(key, stored, head.media_type, facts, metadata.get("unsigned", ""), pictures)
        started, finished = (datetime.fromisoformat(metadata[name]) for name in ("started", "finished"))
        # The checks are not stored, because they find the same in the same media.
        shown = await fetch_pictures(self.storage, media, self.request.file)
        checks = await self.checker.check_stored(head.media_type, facts, key, head.bytes, shown)
        return self.take(media, ZERO, started, finished, checks=checks)

    async def _put_data(self, key: str, finished: Finished) -> None:
        """Store what belongs to the media, before it, so that an attempt that finds the media also finds this."""
        if content := data_of(finished):
            with suppress(StorageConflict):  # another attempt stored the same
                data_key = keys.data_key(key)
                await self.storage.put_unpaid(data_key, content, "application/json", only_if_absent=True)

    async def _put(self, key: str, finished: Finished, metadata: dict[str, str]) -> Stored:
        if isinstance(finished.source, bytes):
            data = finished.source
        elif isinstance(finished.source, Path):
            data = await asyncio.to_thread(finished.source.read_bytes)
        else:
            raise OutputUnusable("a free take has to be bytes or a file")
        stored = Stored(len(data), sha256_of(data))
        known = {**metadata, "sha256": stored.sha256, "request": request_digest(self.task)}
        await self.storage.put_unpaid(key, data, finished.media_type, metadata=known, only_if_absent=True)
        self.storage.cache(data, stored, finished.media_type)
        return stored


def _metadata(facts: Facts, started: datetime, finished: datetime, unsigned_sha256: str) -> dict[str, str]:
    """S3 metadata of a free take: ASCII values under short names."""
    known = {"width": facts.width, "height": facts.height, "seconds": facts.duration_seconds}
    known_text = {"unsigned": unsigned_sha256} if unsigned_sha256 else {}
    times = {"started": started.isoformat(), "finished": finished.isoformat()}
    return {k: str(v) for k, v in known.items() if v is not None} | times | known_text
