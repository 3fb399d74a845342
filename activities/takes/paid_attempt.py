"""Store the response of a paid attempt: media in the bucket, the outcome in the ledger, despite any outage."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn, TypeVar
from uuid import uuid4

from temporalio import activity
from temporalio.service import RPCError

from activities.catalogue import pricing
from activities.catalogue.learned import record_bill
from activities.errors import (
    ChecksFailed,
    OutputUnusable,
    ProviderError,
    StorageUnavailable,
    StoreUnsupported,
    WorkerDiskFull,
)
from activities.media.arriving import ArrivingFile
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import Finished, Job
from activities.storage.bucket import Stored, sha256_of
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes.attempt import (
    Attempt,
    application_error,
    failure_of,
    is_final,
    request_digest,
    retry_with_backoff,
)
from activities.takes.claim_heartbeat import ClaimHeartbeat
from activities.takes.illustrated.stored import delete_pictures, store_pictures
from activities.takes.ledger import Entry, Ledger
from activities.takes.signing import spool
from activities.takes.stored_form import LocalCopy, data_of, media_of, peek, with_detected_type
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Modality, Take
from workflows.quality import Checks

ADOPTED: Final = "adopted"
UNSUPPORTED_WAIT: Final = 30.0
"""Seconds that a paid response waits for a store that suddenly answers NotImplemented."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class PaidAttempt(Attempt):
    """An attempt with a ledger, in which it beats its claim while it has a response that is not stored."""

    _ledger: Ledger
    _claim_heartbeat: ClaimHeartbeat
    _checking: "asyncio.Task[tuple[Facts, Checks]] | None" = None
    """The facts and checks of the response that is being stored, or was."""
    _arriving: "asyncio.Task[Checks | None] | None" = None
    """The checks of a video that was decoded while it arrived."""

    @property
    def digest(self) -> str:
        """Identifies the request to the provider."""
        return request_digest(self.task)

    @property
    def price_usd(self) -> Decimal:
        """The cost of one submission until its bill is known, USD."""
        quote = self.task.asset.quote
        return self.task.reserved_usd or (quote.high_usd if quote else ZERO)

    async def _check_claim(self) -> None:
        """Check that the claim still counts, after a write so long that others may have counted it as lost: a process
        that was suspended then sends nothing.

        Raises:
            StorageConflict: it does not count any more.
        """
        claim = self._ledger.entry
        if await self._retry_storage(self._ledger.read) != claim:
            raise StorageConflict

    async def _check_reserved(self, reserve: Callable[[Entry | None], Awaitable[None]]) -> None:
        """Check again that the money of the claim is reserved: a process that was suspended since the first check may
        claim what others have counted as unspent. Otherwise nothing is sent, and the claim is released.

        Raises:
            Exception: that of `reserve`.
        """
        try:
            await reserve(self._ledger.entry)
        except Exception:
            await self._retry_storage(lambda: self._ledger.update("released", outcome="not sent"))
            raise

    async def _withdraw_question(self) -> None:
        """Signal that the outcome is known, if this process was suspended so long that a reviewer may have been asked.

        The ledger records it too: a decision that arrives before the signal is not carried out.
        """
        details = activity.cancellation_details()
        if not (self._claim_heartbeat.suspended or (details and (details.not_found or details.timed_out))):
            return
        try:
            info = activity.info()
            production = activity.client().get_workflow_handle(info.workflow_id or "")
            await production.signal("take_settled", args=[self.task.asset.asset_id, self.task.take])
        except (RPCError, RuntimeError) as error:
            _log.info("The workflow was not signalled that %s has its outcome: %s", self.prefix, error)

    async def _store(self, finished: Finished, started: datetime, job: Job | None = None) -> Take:
        """Store paid media and write the take into the ledger.

        Raises:
            ProviderError: the download of a job's media failed; it can be repeated.
        """
        entry = self._ledger.entry
        assert entry is not None
        nonce, key = uuid4().hex[:8], ""
        cost, source = pricing.cost_of(self.offer, self.task.asset, finished)
        await self._retry_storage(lambda: record_bill(self.storage, self.task.production_id, self.task.asset, cost))
        try:
            if self.signer and self.offer.modality is not Modality.TEXT and callable(finished.source):
                finished = await self.call(spool(finished, self.request.file("to-sign"), self._begin_arriving()))
            finished = await self._retry_storage(lambda: self.normalize(finished))
            signed = await self.signed(finished)
            finished = signed.finished
            if not callable(finished.source):
                self._begin_checks(finished)
            key, finished, stored = await self._retry_storage(lambda: self._put(nonce, finished))
            facts, checks = await self._checked(finished, key, stored, nonce)
        except OutputUnusable as error:
            error.billed_usd = cost
            if key:
                await self._retry_storage(lambda: self.storage.delete(key))  # this attempt's own object
            await self._release(error)
        pictures = await store_pictures(self.signer, self.task, key, finished.pictures, self._put_bytes)
        await self._store_data(key, finished)
        media = media_of(key, stored, finished.media_type, facts, signed.unsigned_sha256, pictures)
        billed, job_id = entry.billed_usd + cost - entry.last.billed_usd, job.id if job else None
        note = signed.note
        take = self.take(
            media, cost, started, billed_usd=billed, cost_source=source, job_id=job_id, note=note, checks=checks
        )
        if take.checks.failed:
            await self._release(ChecksFailed(take))
        try:
            await self._retry_storage(lambda: self._ledger.update("stored", billed_usd=cost, take=take))
        except StorageConflict:
            with suppress(StorageFailed):
                await self._delete_upload(key)  # another attempt's media is the take
            raise
        if activity.info().attempt > 1 or len(entry.submissions) > 1:
            await self._delete_leftovers(key)
        await self._withdraw_question()
        return take

    def _begin_checks(self, finished: Finished) -> None:
        """Check a response that is whole on this worker, while it is stored."""

        async def check() -> tuple[Facts, Checks]:
            if self.offer.modality is Modality.VIDEO:  # which is checked without its facts
                return await asyncio.gather(self.facts_of(finished), self._checked_video(finished))
            facts = await self.facts_of(finished)
            return facts, await self.checker.check(finished, facts)

        self._checking = asyncio.create_task(self.call(check()))
        self._checking.add_done_callback(lambda done: done.cancelled() or done.exception())  # where no code awaits it

    async def _checked_video(self, finished: Finished) -> Checks:
        """The checks of a video that is whole: those made while it arrived, if they found nothing."""
        try:
            early = await self._arriving if self._arriving else None
        except Exception:
            _log.warning("%s was not checked while it arrived", self.prefix, exc_info=True)
            early = None
        return early or await self.checker.check(finished, Facts())

    def _begin_arriving(self) -> Callable[[ArrivingFile], None]:
        """A function that begins to check the response as it arrives in a file."""

        def begin(file: ArrivingFile) -> None:
            self._arriving = asyncio.create_task(self.checker.check_arriving(file))
            self._arriving.add_done_callback(lambda done: done.cancelled() or done.exception())

        self._arriving = None
        return begin

    async def _checked(self, finished: Finished, key: str, stored: Stored, nonce: str) -> tuple[Facts, Checks]:
        """The facts and checks of what was stored. The facts of a stream are read from the bucket, which shows that it
        has the bytes.

        Raises:
            OutputUnusable: the content does not match its media type.
        """
        if self._checking and not callable(finished.source):
            with suppress(WorkerDiskFull):  # then they are repeated below until there is room
                return await self._checking
            self._checking = None
        facts = await self._retry_storage(lambda: self._stored_facts(finished, key, stored, nonce))
        if self._checking:
            return facts, (await self._checking)[1]
        return facts, await self._retry_storage(lambda: self.checker.check(finished, facts, key, stored.bytes))

    async def _put_bytes(self, key: str, data: bytes, media_type: str) -> None:
        await self._retry_storage(lambda: self.storage.put_bytes(key, data, media_type))

    async def _store_data(self, key: str, finished: Finished) -> None:
        """Store what the vendor returned in addition next to the media at `key`, before the ledger names the take."""
        if content := data_of(finished):
            await self._retry_storage(lambda: self.storage.put_bytes(keys.data_key(key), content, "application/json"))

    async def _delete_leftovers(self, key: str) -> None:
        """Delete the uploads of killed attempts: the ledger names `key`, and will name no other."""
        with suppress(StorageFailed):
            for each in await self.storage.list_keys(f"{self.prefix}/media"):
                if each != key:
                    await self._delete_upload(each)

    async def _delete_upload(self, key: str) -> None:
        """Delete the media at `key`, its pictures and its data. The media is last: leftovers are found by it."""
        await delete_pictures(self.storage, key)
        await self.storage.delete(keys.data_key(key))
        await self.storage.delete(key)

    async def _stored_facts(self, finished: Finished, key: str, stored: Stored, nonce: str) -> Facts:
        """Facts of a stream. If it does not open, check first that the storage returns the bytes that were stored.

        Raises:
            OutputUnusable: the content does not match its media type.
        """
        try:
            return await self.facts_of(finished, key, stored.bytes)
        except OutputUnusable as error:
            if await self.storage.sha256(key) != stored.sha256:
                _log.warning("%s: %s, and its content is not what was stored; storing it again", key, error)
                await self._put(nonce, finished)
            return await self.facts_of(finished, key, stored.bytes)

    async def _put(self, nonce: str, finished: Finished) -> tuple[str, Finished, Stored]:
        """Store the media; its first bytes determine its key and its media type."""
        source = finished.source
        if isinstance(source, bytes | Path):
            key = self._key(nonce, finished)
            if isinstance(source, Path):
                return key, finished, await self.storage.put_file(key, source, finished.media_type)
            stored = Stored(len(source), sha256_of(source))
            await self.storage.put_bytes(key, source, finished.media_type)
            self.storage.cache(source, stored, finished.media_type)
            return key, finished, stored
        async with source() as chunks:
            head, stream = await peek(chunks)
            finished = with_detected_type(finished, head, self.offer)
            key = self._key(nonce, finished)
            self._checking = None
            path = self.request.file(f"copy-{uuid4().hex[:8]}")
            here = replace(finished, source=path)
            copy = LocalCopy(path, self._begin_arriving(), lambda: self._begin_checks(here))
            return key, finished, await self.storage.put_stream(key, copy.tee(stream), finished.media_type)

    def _key(self, nonce: str, finished: Finished) -> str:
        entry = self._ledger.entry
        assert entry is not None
        return keys.media_key(self.prefix, extension_of(finished.media_type), len(entry.submissions), nonce)

    async def _retry_storage(self, call: Callable[[], Awaitable[T]]) -> T:
        """Retry during a storage outage, or while the disk of this worker is full: the id of a job or a synchronous
        response exists nowhere else.

        Raises:
            StoreUnsupported: the store has answered NotImplemented for UNSUPPORTED_WAIT.
        """
        delay, began = min(1.0, self.settings.claim_settles_seconds / 3), monotonic()
        while True:
            try:
                return await self.call(call())
            except StoreUnsupported:
                if monotonic() - began >= UNSUPPORTED_WAIT:
                    raise
                await asyncio.sleep(delay)
            except StorageUnavailable:
                await asyncio.sleep(delay)
                delay = min(delay * 2, self.settings.claim_settles_seconds / 3)

    async def _release(self, error: ProviderError) -> NoReturn:
        """End the submission without media: record its cost and its outcome, then retry or end the take."""
        entry = self._ledger.entry
        assert entry is not None
        bill = error.billed_usd
        await self._retry_storage(lambda: record_bill(self.storage, self.task.production_id, self.task.asset, bill))
        failures = entry.failures + (1 if error.counts else 0)
        waits = 0 if error.counts else entry.waits + 1
        # Without a published price, the failure may have been billed: a reviewer decides whether to pay again.
        doubtful = self.offer.unknown and error.ends_job
        adopted = entry.last.outcome == ADOPTED
        final: AssetFailure | None = None
        if doubtful or adopted or is_final(error, failures, self.settings.max_failures):
            billed = entry.billed_usd - entry.last.billed_usd + error.billed_usd
            final = failure_of(error, entry, billed_usd=billed, maybe_billed=doubtful)
        await self._retry_storage(
            lambda: self._ledger.update(
                "released",
                failures=failures,
                waits=waits,
                waited=not error.counts,
                outcome=str(error),
                billed_usd=error.billed_usd,
                final=final,
            )
        )
        await self._withdraw_question()
        if final:
            raise application_error(final) from None
        if isinstance(error, ChecksFailed):
            with suppress(StorageFailed):
                await self._delete_upload(error.take.media.key)
        raise retry_with_backoff(error, max(failures, waits)) from None
