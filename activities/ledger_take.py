"""A take that costs money, or a long job: every step is in its ledger before anything follows from it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final, Literal, NoReturn, TypeVar
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities import pricing
from activities.attempt import (
    STORAGE_RETRY,
    Attempt,
    again,
    ended,
    failure_of,
    final_error,
    held,
    is_final,
    media_of,
    retry,
    unaskable,
)
from activities.errors import (
    InvalidRequest,
    JobCancelled,
    OutputUnusable,
    ProviderError,
    StorageUnavailable,
    StoreUnsupported,
    SubmissionUnknown,
)
from activities.ledger import Entry, Ledger, State, Submission, now
from activities.media import Facts, extension_of
from activities.providers.base import Claim, Finished, Job, Running, save
from activities.providers.catalogue import problem_with
from activities.storage import StorageConflict, StorageFailed, StorageUnsupported, Stored, sha256_of
from activities.store_guard import check_store, unrecordable
from workflows import keys
from workflows.contracts import AssetCancelled, AssetFailure
from workflows.models import ZERO, Take, digest_of

UNSUPPORTED_WAIT: Final = 30.0  # seconds that a paid answer waits for a store that suddenly answers NotImplemented
LOOK_AGAIN: Final = timedelta(seconds=10)
"""After a look that failed without a delay of the provider's own."""

ADOPTED, RESUBMITTED, RECOVERED = "adopted", "resubmitted", "recovered"

T = TypeVar("T")

_log = logging.getLogger(__name__)


class LedgerTake(Attempt):
    """One attempt: goes on from whatever state the ledger of the take is in."""

    resubmissions = 1
    """How often a submission in doubt is made again unasked, where it costs little enough."""

    async def make(self) -> Take:
        self._ledger = Ledger(self.storage, self.prefix)
        try:
            with self.heartbeats("at the provider"):
                return await self._go_on(await self.ask(self._ledger.read()))
        except StorageConflict:
            raise again("another attempt is at this take", timedelta(seconds=1)) from None
        except (StorageUnsupported, StoreUnsupported):
            raise unrecordable(self.storage, self.offer, self._ledger.entry, self.seen.get("job_id")) from None
        except (StorageFailed, StorageUnavailable) as error:
            raise again(f"storage: {error}", STORAGE_RETRY, "storage_unavailable") from None

    async def stop(self) -> AssetCancelled:
        """End the take wherever it is: a job is stopped at the provider, and asked once what it cost.

        Raises:
            StorageFailed, StorageConflict: to be tried again.
        """
        self._ledger = Ledger(self.storage, self.prefix)
        entry = await self._ledger.read()
        if entry is None or entry.state in ("released", "stored"):
            billed = entry.billed_usd if entry else ZERO
            return AssetCancelled(outcome="billed" if billed else "free", billed_usd=billed)
        job_id, so_far = entry.job_id, entry.billed_usd - entry.last.billed_usd
        outcome: Literal["stopped", "running"] = "running"
        words, cost = "", entry.price_usd
        if entry.state == "submitted" and job_id is not None:
            try:
                await self.ask_vendor("cancel", self.provider.cancel(Job(job_id)), job_id)
                outcome = "stopped"
                seen = await self.ask_vendor("poll", self.provider.poll(self.request, Job(job_id)), job_id)
                if isinstance(seen, Finished):
                    cost, _ = pricing.cost_of(self.offer, self.asked.asset, seen)
            except ProviderError as error:
                words = str(error)
                if error.ends_job:
                    cost = error.billed_usd
        failure = failure_of(JobCancelled(words or "cancelled"), entry, billed_usd=so_far + cost)
        await self._ledger.note("released", outcome="cancelled", billed_usd=cost, final=failure)
        return AssetCancelled(outcome=outcome, billed_usd=so_far + cost, job_id=job_id, message=words[:300])

    async def _go_on(self, entry: Entry | None) -> Take:
        order = self.asked.order
        if entry and entry.state == "stored" and entry.take:
            return entry.take
        if entry and entry.request_digest != self._digest:
            words = "the ledger of this take is about another request: make a new take"
            raise ended(failure_of(InvalidRequest(words), entry, maybe_billed=True))
        if order and (entry is None or all(s.order != order.number for s in entry.submissions)):
            if order.adopt_job_id is None:
                await self._ledger.count_doubtful()
                return await held(self._submit(RESUBMITTED, order.number))
            await self._write("submitted", ADOPTED, order.number, order.adopt_job_id)
        elif entry is None:
            return await held(self._submit())
        elif entry.state == "released":
            if entry.final:  # Temporal did not hear of it, and runs the attempt again
                raise ended(entry.final)
            return await held(self._submit())
        elif entry.state == "claimed" and await self._unclaimed(entry):
            return await held(self._submit(RESUBMITTED))
        return await self._look()

    @property
    def _digest(self) -> str:
        """Names what the provider is asked for."""
        asset = self.asked.asset
        sent = asset.model_dump(mode="json", include={"asset_type", "prompt", "provider", "model", "parameters"})
        return digest_of([sent, {i.asset_id: i.take for i in self.asked.inputs}])

    async def _write(self, state: State, outcome: str = "", order: int = 0, job_id: str | None = None) -> None:
        """Add a submission to the ledger, in the place of one that only had to wait; of two attempts only one can."""
        info, asset = activity.info(), self.asked.asset
        known = self._ledger.entry.submissions if self._ledger.entry else ()
        replaced = known[-1] if known and known[-1].waited else None
        submission = Submission(
            at=now(),
            run_id=info.workflow_run_id or "",
            attempt=info.attempt,
            nonce=uuid4().hex,
            order=order,
            job_id=job_id,
            outcome=outcome,
            resubmitted=outcome == RESUBMITTED or (replaced is not None and replaced.resubmitted),
        )
        before = self._ledger.entry or Entry(
            state=state,
            provider=asset.provider,
            model=asset.model,
            request_digest=self._digest,
            price_usd=asset.quote.high_usd if asset.quote else ZERO,
        )
        kept = known[:-1] if replaced else known
        changes = {"state": state, "submissions": (*kept, submission), "final": None}
        await self._ledger.submit(before.model_copy(update=changes | ({"failures": 0} if order else {})))

    async def _unclaimed(self, entry: Entry) -> bool:
        """True when a claim without an answer may be submitted again; False when its job was found.

        Raises:
            ApplicationError: its attempt is still at work, or only a person can decide.
        """
        # Whoever claimed beats the claim while it waits for the answer; no clock is compared with another machine's.
        await asyncio.sleep(self.settings.claim_settles_seconds)
        if await self.ask(self._ledger.read()) != entry:
            raise again("another attempt is still submitting this take", timedelta(seconds=5))
        try:
            job = await self.ask_vendor("recover", self.provider.recover(Claim(self.request, entry.last.at)))
        except ProviderError as error:
            raise again(f"looking for the lost job: {error}", LOOK_AGAIN, error.kind) from None
        if job:
            await self._ledger.note("submitted", job_id=job.id, outcome=RECOVERED, failures=0, waits=0)
            return False
        made_again = sum(s.resubmitted or s.outcome == RESUBMITTED for s in entry.submissions)
        known = not self.offer.unknown
        cheap = known and entry.price_usd < self.settings.resubmit_below_usd
        if cheap and made_again < self.resubmissions:
            await self._ledger.count_doubtful()
            return True
        price = f"up to {entry.price_usd} USD" if known else "price unknown"
        message = (
            f"the request of {entry.last.at:%H:%M:%S} UTC may have reached {entry.provider} "
            f"({price}): look there, then adopt its job or resubmit"
        )
        doubt = failure_of(SubmissionUnknown(message), entry, "ambiguous_submission", maybe_billed=True)
        raise ended(doubt)

    async def _submit(self, outcome: str = "", order: int = 0) -> Take:
        """Claim, ask the provider once, and write down what it answers."""
        today = now().date()
        if self.offer.retires and self.offer.retires <= today:
            words = str(problem_with(self.offer, today))
            raise unaskable(words, self._ledger.entry, replacement=self.offer.replacement)
        await check_store(self.storage, self.offer, self._ledger.entry)
        await self._write("claimed", outcome, order)
        started = now()
        try:
            async with self._claim_beating():
                answer = await self.ask_vendor("submit", self.provider.submit(self.request))
                if isinstance(answer, Finished) and not isinstance(answer.source, bytes | Path):
                    answer = await self.ask(self._spooled(answer))
        except SubmissionUnknown as error:
            # The claim stays: the next attempt finds it ambiguous.
            raise again(str(error), timedelta(seconds=1), error.kind) from None
        except ProviderError as error:
            await self._release(error)
        if isinstance(answer, Finished):
            return await self._store(answer, started)
        # The heartbeat carries the id at once; the ledger is what the next attempt goes by.
        self.heartbeat(job_id=answer.id)
        await self._patiently(lambda: self._ledger.note("submitted", job_id=answer.id, failures=0, waits=0))
        raise self._running(Running(progress=0.0), answer, started)

    @asynccontextmanager
    async def _claim_beating(self) -> AsyncIterator[None]:
        """Show in the ledger that this attempt waits for its answer, though Temporal may have lost sight of it."""
        stop = asyncio.Event()

        async def beat() -> None:
            beats = 0
            while True:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self.settings.claim_settles_seconds / 3)
                if stop.is_set():
                    return
                beats += 1
                try:
                    await self.ask(self._ledger.note(beats=beats))
                except StorageConflict:
                    return  # another attempt took over; what our answer is worth shows when we write it
                except (StorageUnavailable, StoreUnsupported):
                    continue

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            stop.set()  # never cancelled in the middle of a write: its outcome has to be known
            await beating

    async def _spooled(self, answer: Finished) -> Finished:
        """A synchronous answer's bytes exist nowhere else: they are on disk before anything else can go wrong."""
        assert callable(answer.source)
        return replace(answer, source=await save(answer.source, self.request.file("answer")))

    async def _look(self) -> Take:
        entry = self._ledger.entry
        assert entry is not None
        assert entry.job_id is not None
        job = Job(entry.job_id)
        self.seen["job_id"] = job.id  # for a download that takes long; of a look that does not, one heartbeat is enough
        try:
            seen = await self.ask_vendor("poll", self.provider.poll(self.request, job), job.id)
            if isinstance(seen, Finished):
                return await self._store(seen, entry.last.at, job)
        except ProviderError as error:
            if isinstance(error, StoreUnsupported):
                raise
            if error.ends_job:
                await self._release(error)
            await self._look_failed(error)
        raise self._running(seen, job, entry.last.at)

    async def _look_failed(self, error: ProviderError) -> NoReturn:
        """The look or the download failed, not the job: it is paid for, so nothing is submitted in its place."""
        entry = self._ledger.entry
        assert entry is not None
        unforeseen = isinstance(error, SubmissionUnknown)
        if unforeseen:
            await self._patiently(lambda: self._ledger.note(failures=entry.failures + 1))
        if not error.retryable or (unforeseen and entry.failures + 1 >= self.settings.max_failures):
            raise final_error(error, self._ledger.entry, "ambiguous_submission") from None
        raise again(str(error), error.retry_after or LOOK_AGAIN, error.kind) from None

    async def _store(self, finished: Finished, started: datetime, job: Job | None = None) -> Take:
        """Store paid media and write the take into the ledger.

        Raises:
            ProviderError: a job's media did not come through; it can be fetched again.
        """
        entry = self._ledger.entry
        assert entry is not None
        key = keys.media_key(self.prefix, len(entry.submissions), extension_of(finished.media_type))
        cost, source = pricing.cost_of(self.offer, self.asked.asset, finished)
        try:
            stored = await self._patiently(lambda: self._put(key, finished))
            facts = await self._patiently(lambda: self._stored_facts(finished, key, stored))
        except OutputUnusable as error:
            error.billed_usd = cost
            await self._patiently(lambda: self.storage.drop(key))  # else a link to it would be handed out
            await self._release(error)
        media = media_of(key, stored, finished.media_type, facts)
        billed = entry.billed_usd + cost - entry.last.billed_usd
        take = self.take(media, cost, started, billed_usd=billed, cost_source=source, job_id=job.id if job else None)
        await self._patiently(lambda: self._ledger.note("stored", billed_usd=cost, take=take))
        return take

    async def _stored_facts(self, finished: Finished, key: str, stored: Stored) -> Facts:
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
                await self._put(key, finished)
            return await self.facts_of(finished, key, stored.bytes)

    async def _put(self, key: str, finished: Finished) -> Stored:
        source = finished.source
        if isinstance(source, bytes):
            stored = Stored(len(source), sha256_of(source))
            await self.storage.put_bytes(key, source, finished.media_type)
            self.storage.remember(source, stored, finished.media_type)
            return stored
        if isinstance(source, Path):
            return await self.storage.put_file(key, source, finished.media_type)
        async with source() as chunks:
            return await self.storage.put_stream(key, chunks, finished.media_type)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Sit out a storage outage: a job's id or a synchronous answer that is not written exists nowhere else.

        Raises:
            StoreUnsupported: the store has answered NotImplemented for UNSUPPORTED_WAIT.
        """
        delay, began = 1.0, monotonic()
        while True:
            try:
                return await self.ask(call())
            except StoreUnsupported:
                if monotonic() - began >= UNSUPPORTED_WAIT:
                    raise
                await asyncio.sleep(delay)
            except StorageUnavailable:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 15.0)

    async def _release(self, error: ProviderError) -> NoReturn:
        """The submission is over without media: write what it cost and how it ends, then retry or end for good."""
        entry = self._ledger.entry
        assert entry is not None
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
            raise ended(final) from None
        raise retry(error, max(failures, waits)) from None

    def _running(self, seen: Running, job: Job, since: datetime) -> ApplicationError:
        """The retry that is the next look; percent and job id stay readable between looks."""
        elapsed = (now() - since).total_seconds()
        delay = seen.look_again_after or look_delay(self.offer.expected_seconds, elapsed, seen.progress)
        self.heartbeat(job_id=job.id, progress=seen.progress, queued=seen.queued)
        share = "running" if seen.progress is None else f"{seen.progress:.0%} done"
        return again(f"job {job.id} is {'queued' if seen.queued else share}", delay)


def look_delay(expected_seconds: float, elapsed_seconds: float, progress: float | None = None) -> timedelta:
    """When to look at a job again: after half of what it still takes, from 1 to 20 s.

    What it still takes is judged by its `progress` (0 to 1) where the provider tells of it, else by what such jobs
    usually take. One that takes longer than that, or stands at its last percent, is found done when a twentieth, or a
    fortieth, of its time has gone by since.
    """
    if progress:
        seconds = max(elapsed_seconds * (1 - progress) / progress / 2, elapsed_seconds / 40)
    elif expected_seconds > elapsed_seconds:
        seconds = (expected_seconds - elapsed_seconds) / 2
    else:
        seconds = elapsed_seconds / 20
    return timedelta(seconds=min(max(seconds, 1.0), 20.0))
