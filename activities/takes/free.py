"""A take that costs nothing: no ledger, the media object with its metadata is the whole record."""

import asyncio
from datetime import datetime
from pathlib import Path

from temporalio import activity

from activities.errors import OutputUnusable, ProviderError
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import Finished, Job
from activities.storage.bucket import Stored, sha256_of
from activities.storage.errors import StorageConflict
from activities.takes.attempt import Attempt, final_error, is_final, media_of, request_digest, retry, used_before
from activities.takes.ledger import now
from workflows import keys
from workflows.models import ZERO, Take


class FreeTake(Attempt):
    """One attempt. A second one looks first; two at once race for the conditional put, and one of them wins."""

    async def make(self) -> Take:
        attempt = activity.info().attempt
        if attempt > 1 and (found := await self._recorded()):
            return found
        started = now()
        try:
            with self.heartbeats("making"):
                finished = await self.ask_vendor("submit", self.provider.submit(self.request))
                if isinstance(finished, Job):
                    raise OutputUnusable(f"{self.offer.model} answered with a job although it offers none")
                finished = await self.ask(self.taken_in(finished))
                facts = await self.facts_of(finished)
                key = keys.media_key(self.prefix, extension_of(finished.media_type))
                done = now()
                stored = await self.ask(self._put(key, finished, _metadata(facts, started, done)))
        except StorageConflict:
            # Another attempt of this same take was faster: what it stored is the take.
            if found := await self._recorded():
                return found
            raise
        except ProviderError as error:
            if is_final(error, attempt, self.settings.max_failures):
                raise final_error(error) from None
            raise retry(error, attempt) from None
        return self.take(media_of(key, stored, finished.media_type, facts), ZERO, started, done)

    async def _recorded(self) -> Take | None:
        """The take as the metadata of its media object tells it, or None where it is not there.

        Raises:
            ApplicationError: the object was made for another request.
        """
        # What it is, and so its extension, is only known when it is made. People's files have a digest in their names.
        stem = keys.media_key(self.prefix, "")
        key = next((k for k in await self.storage.list_keys(stem) if "." not in k.removeprefix(stem)), None)
        head = await self.storage.head(key) if key else None
        if key is None or head is None or "sha256" not in head.metadata:
            return None
        kept = head.metadata
        if kept.get("request") != request_digest(self.asked):
            raise used_before()
        facts = Facts(
            width=int(kept["width"]) if "width" in kept else None,
            height=int(kept["height"]) if "height" in kept else None,
            duration_seconds=float(kept["seconds"]) if "seconds" in kept else None,
        )
        media = media_of(key, Stored(head.bytes, kept["sha256"]), head.media_type, facts)
        return self.take(media, ZERO, datetime.fromisoformat(kept["started"]), datetime.fromisoformat(kept["finished"]))

    async def _put(self, key: str, finished: Finished, metadata: dict[str, str]) -> Stored:
        if isinstance(finished.source, bytes):
            data = finished.source
        elif isinstance(finished.source, Path):
            data = await asyncio.to_thread(finished.source.read_bytes)
        else:
            raise OutputUnusable("a free take comes as bytes or a file")
        stored = Stored(len(data), sha256_of(data))
        known = {**metadata, "sha256": stored.sha256, "request": request_digest(self.asked)}
        await self.storage.put_unpaid(key, data, finished.media_type, metadata=known, only_if_absent=True)
        self.storage.remember(data, stored, finished.media_type)
        return stored


def _metadata(facts: Facts, started: datetime, finished: datetime) -> dict[str, str]:
    """S3 metadata of a free take: ASCII values under short names."""
    known = {"width": facts.width, "height": facts.height, "seconds": facts.duration_seconds}
    times = {"started": started.isoformat(), "finished": finished.isoformat()}
    return {k: str(v) for k, v in known.items() if v is not None} | times
