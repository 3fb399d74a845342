"""What a paid attempt does with its answer: media into the bucket, its end into the ledger, through any outage."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn, TypeVar
from uuid import uuid4

from temporalio import activity
from temporalio.service import RPCError

from activities.catalogue import pricing
from activities.catalogue.learned import learn
from activities.errors import OutputUnusable, ProviderError, StorageUnavailable, StoreUnsupported
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import Finished, Job
from activities.storage.bucket import Stored, sha256_of
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes.attempt import Attempt, ended, failure_of, is_final, media_of, request_digest, retry
from activities.takes.claim_heartbeat import ClaimBeats
from activities.takes.ledger import Ledger
from activities.takes.stored_form import begun, typed
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Take

ADOPTED: Final = "adopted"
UNSUPPORTED_WAIT: Final = 30.0
"""Seconds that a paid answer waits for a store that suddenly answers NotImplemented."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PaidAttempt(Attempt):
    """An attempt with a ledger, which shows life in it while it has an answer that is not stored."""

    _ledger: Ledger
    _beats: ClaimBeats

    @property
    def digest(self) -> str:
        """Names what the provider is asked for."""
        return request_digest(self.asked)

    @property
    def price_usd(self) -> Decimal:
        """What one submission is counted at until its bill is known, USD."""
        quote = self.asked.asset.quote
        return self.asked.reserved_usd or (quote.high_usd if quote else ZERO)

    async def _withdraw_question(self) -> None:
        """Where this process was suspended for so long that a person may have been asked, tell that it is answered.

        The ledger says it too: an answer that comes before this one is not followed.
        """
        details = activity.cancellation_details()
        if not (self._beats.suspended or (details and (details.not_found or details.timed_out))):
            return
        try:
            info = activity.info()
            production = activity.client().get_workflow_handle(info.workflow_id or "")
            await production.signal("take_settled", args=[self.asked.asset.asset_id, self.asked.take])
        except (RPCError, RuntimeError) as error:
            _log.info("nobody was told that %s is settled: %s", self.prefix, error)

    async def _store(self, finished: Finished, started: datetime, job: Job | None = None) -> Take:
        """Store paid media and write the take into the ledger.

        Raises:
            ProviderError: a job's media did not come through; it can be fetched again.
        """
        entry = self._ledger.entry
        assert entry is not None
        nonce, key = uuid4().hex[:8], ""
        cost, source = pricing.cost_of(self.offer, self.asked.asset, finished)
        await self._patiently(lambda: learn(self.storage, self.asked.production_id, self.asked.asset, cost))
        try:
            finished = await self._patiently(lambda: self.taken_in(finished))
            key, finished, stored = await self._patiently(lambda: self._put(nonce, finished))
            facts = await self._patiently(lambda: self._stored_facts(finished, key, stored, nonce))
        except OutputUnusable as error:
            error.billed_usd = cost
            if key:
                await self._patiently(lambda: self.storage.drop(key))  # this attempt's own object
            await self._release(error)
        media = media_of(key, stored, finished.media_type, facts)
        billed = entry.billed_usd + cost - entry.last.billed_usd
        take = self.take(media, cost, started, billed_usd=billed, cost_source=source, job_id=job.id if job else None)
        try:
            await self._patiently(lambda: self._ledger.note("stored", billed_usd=cost, take=take))
        except StorageConflict:
            with suppress(StorageFailed):
                await self.storage.drop(key)  # another attempt's media is the take
            raise
        if activity.info().attempt > 1 or len(entry.submissions) > 1:
            await self._sweep(key)
        await self._withdraw_question()
        return take

    async def _sweep(self, key: str) -> None:
        """Delete what attempts that were killed have uploaded: the ledger names `key`, and will name no other."""
        with suppress(StorageFailed):
            for each in await self.storage.list_keys(f"{self.prefix}/media"):
                if each != key:
                    await self.storage.drop(each)

    async def _stored_facts(self, finished: Finished, key: str, stored: Stored, nonce: str) -> Facts:
        """Media facts. Before a vendor is blamed for what does not open, the storage has to give back what was sent.

        Raises:
            OutputUnusable: it is not the media that its type says.
        """
        try:
            return await self.facts_of(finished, key, stored.bytes)
        except OutputUnusable as error:
            if not callable(finished.source):
                raise
            if await self.storage.sha256(key) != stored.sha256:
                _log.warning("%s: %s, and is not what was stored; storing it again", key, error)
                await self._put(nonce, finished)
            return await self.facts_of(finished, key, stored.bytes)

    async def _put(self, nonce: str, finished: Finished) -> tuple[str, Finished, Stored]:
        """Store the media; its key and its media type go by its first bytes."""
        source = finished.source
        if isinstance(source, bytes | Path):
            key = self._key(nonce, finished)
            if isinstance(source, Path):
                return key, finished, await self.storage.put_file(key, source, finished.media_type)
            stored = Stored(len(source), sha256_of(source))
            await self.storage.put_bytes(key, source, finished.media_type)
            self.storage.remember(source, stored, finished.media_type)
            return key, finished, stored
        async with source() as chunks:
            head, whole = await begun(chunks)
            finished = typed(finished, head, self.offer)
            key = self._key(nonce, finished)
            return key, finished, await self.storage.put_stream(key, whole, finished.media_type)

    def _key(self, nonce: str, finished: Finished) -> str:
        entry = self._ledger.entry
        assert entry is not None
        return keys.media_key(self.prefix, extension_of(finished.media_type), len(entry.submissions), nonce)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Sit out a storage outage: a job's id or a synchronous answer that is not written exists nowhere else.

        Raises:
            StoreUnsupported: the store has answered NotImplemented for UNSUPPORTED_WAIT.
        """
        delay, began = min(1.0, self.settings.claim_settles_seconds / 3), monotonic()
        while True:
            try:
                return await self.ask(call())
            except StoreUnsupported:
                if monotonic() - began >= UNSUPPORTED_WAIT:
                    raise
                await asyncio.sleep(delay)
            except StorageUnavailable:
                await asyncio.sleep(delay)
                delay = min(delay * 2, self.settings.claim_settles_seconds / 3)

    async def _release(self, error: ProviderError) -> NoReturn:
        """The submission is over without media: write what it cost and how it ends, then retry or end for good."""
        entry = self._ledger.entry
        assert entry is not None
        bill = error.billed_usd
        await self._patiently(lambda: learn(self.storage, self.asked.production_id, self.asked.asset, bill))
        failures = entry.failures + (1 if error.counts else 0)
        waits = 0 if error.counts else entry.waits + 1
        # Nobody can say that what has no published price was not billed: a person pays again, or not.
        doubtful = self.offer.unknown and error.ends_job
        adopted = entry.last.outcome == ADOPTED
        final: AssetFailure | None = None
        if doubtful or adopted or is_final(error, failures, self.settings.max_failures):
            billed = entry.billed_usd - entry.last.billed_usd + error.billed_usd
            final = failure_of(error, entry, billed_usd=billed, maybe_billed=doubtful)
        await self._patiently(
            lambda: self._ledger.note(
                "released",
                failures=failures,
                waits=waits,
                waited=not error.counts,
                outcome=str(error),
                billed_usd=error.billed_usd,
                final=final,
            )
        )
        if final:
            await self._withdraw_question()
            raise ended(final) from None
        raise retry(error, max(failures, waits)) from None
