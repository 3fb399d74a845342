"""A take that costs money, or a long job: every step is in its ledger before anything follows from it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.attempt import Attempt, again, media_of, raise_failure
from activities.errors import OutputUnusable, ProviderError, ProviderUnavailable, StorageUnavailable, SubmissionUnknown
from activities.ledger import Entry, Ledger, State, Submission, now
from activities.media import extension_of
from activities.providers.base import Claim, Finished, Job, Running
from activities.storage import StorageConflict, Stored, sha256_of
from workflows.contracts import AMBIGUOUS_SUBMISSION, AssetFailure
from workflows.models import ZERO, Take, digest_of

CLAIM_SETTLES: Final = timedelta(minutes=30)
"""A claim of another run may still be at work for as long as one attempt may take."""
T = TypeVar("T")

LOOK_AGAIN: Final = timedelta(seconds=10)
"""After a look that failed without a delay of the provider's own."""


class LedgerTake(Attempt):
    """One attempt: goes on from whatever state the ledger of the take is in."""

    async def make(self) -> Take:
        self._ledger = Ledger(self.storage, self.prefix)
        try:
            entry = await self._ledger.read()
            if entry and entry.state == "stored" and entry.take:
                return entry.take
            if self.asked.adopt_job_id and (entry is None or entry.job_id != self.asked.adopt_job_id):
                await self._write(entry, "submitted", "adopted", self.asked.adopt_job_id)
            elif entry is None or entry.state == "released":
                return await self._submit(entry)
            elif entry.state == "claimed" and await self._unclaimed(entry):
                return await self._submit(entry, "resubmitted")
            return await self._look()
        except StorageConflict:
            raise again("another attempt is at this take", timedelta(seconds=1)) from None

    async def _write(self, entry: Entry | None, state: State, outcome: str = "", job_id: str | None = None) -> None:
        """Add a submission to the ledger; of two attempts only one can."""
        info, asset = activity.info(), self.asked.asset
        submission = Submission(
            at=now(), run_id=info.workflow_run_id or "", attempt=info.attempt, job_id=job_id, outcome=outcome
        )
        entry = entry or Entry(
            state=state,
            provider=asset.provider,
            model=asset.model,
            request_digest=digest_of(asset.model_dump(mode="json", exclude={"quote", "position"})),
            price_usd=asset.quote.high_usd if asset.quote else ZERO,
        )
        await self._ledger.write(
            entry.model_copy(update={"state": state, "submissions": (*entry.submissions, submission)})
        )

    async def _unclaimed(self, entry: Entry) -> bool:
        """True when a claim without an answer may be submitted again; False when its job was found.

        Raises:
            ApplicationError: its attempt may still be at work, or only a person can decide.
        """
        cheap = entry.price_usd < self.settings.resubmit_below_usd
        if entry.last.run_id != activity.info().workflow_run_id and now() - entry.last.at < CLAIM_SETTLES and not cheap:
            raise again("an earlier run may still be submitting this take", timedelta(seconds=5))
        if job := await self.provider.recover(Claim(self.request, entry.last.at)):
            await self._ledger.note("submitted", job_id=job.id, outcome="recovered")
            return False
        if cheap or self.asked.resubmit:
            return True
        message = (
            f"the request of {entry.last.at:%H:%M:%S} UTC may have reached {entry.provider} "
            f"(up to {entry.price_usd} USD): look there, then adopt its job or resubmit"
        )
        failure = AssetFailure(reason="ambiguous_submission", message=message)
        raise ApplicationError(message, failure, type=AMBIGUOUS_SUBMISSION, non_retryable=True)

    async def _submit(self, entry: Entry | None, outcome: str = "") -> Take:
        """Claim, ask the provider once, and write down what it answers."""
        await self._write(entry, "claimed", outcome)
        started = now()
        try:
            # No heartbeat before a job's id is known: it would throttle the one that carries the id.
            beats = contextlib.nullcontext() if self.offer.job else self.heartbeats("waiting for the provider")
            async with beats:
                answer = await self.ask(self.provider.submit(self.request))
        except SubmissionUnknown as error:
            # The claim stays: the next attempt finds it ambiguous.
            raise again(str(error), timedelta(seconds=1), type(error).__name__) from None
        except ProviderError as error:
            await self._fail(error)
        if isinstance(answer, Finished):
            return await self._store(answer, started)
        self.heartbeat(step="at the provider", job_id=answer.id)
        async with self.heartbeats("at the provider", answer):
            await self._patiently(lambda: self._ledger.note("submitted", job_id=answer.id))
        raise self._running(Running(progress=0.0), answer, started)

    async def _look(self) -> Take:
        entry = self._ledger.entry
        assert entry is not None
        assert entry.job_id is not None
        job = Job(entry.job_id)
        try:
            async with self.heartbeats("looking", job):
                seen = await self.ask(self.provider.poll(self.request, job))
        except ProviderError as error:
            if isinstance(error, ProviderUnavailable) or not error.counts:
                # The look failed, not the job: it is paid for, so it is looked at for as long as it takes.
                raise again(str(error), error.retry_after or LOOK_AGAIN, type(error).__name__) from None
            await self._fail(error)
        if isinstance(seen, Running):
            raise self._running(seen, job, entry.last.at)
        return await self._store(seen, entry.last.at, job)

    async def _store(self, finished: Finished, started: datetime, job: Job | None = None) -> Take:
        """Store paid media and write the take into the ledger."""
        key = f"{self.prefix}/media.{extension_of(finished.media_type)}"
        price = self.asked.asset.quote.high_usd if self.asked.asset.quote else ZERO
        cost = finished.cost_usd if finished.cost_usd is not None else price
        async with self.heartbeats("storing", job):
            stored = await self._put(key, finished, job)
            try:
                facts = await self.facts_of(finished, key, stored.bytes)
            except OutputUnusable as error:
                error.billed_usd = cost
                await self._fail(error)
            media = media_of(key, stored, finished.media_type, facts)
            take = self.take(media, cost, started, job_id=job.id if job else None)
            await self._patiently(lambda: self._ledger.note("stored", billed_usd=cost, take=take))
        return take

    async def _put(self, key: str, finished: Finished, job: Job | None) -> Stored:
        try:
            return await self._patiently(lambda: self._put_once(key, finished))
        except ProviderError as error:
            if job is not None:  # the download failed: the job is still there to be fetched again
                raise again(str(error), LOOK_AGAIN, type(error).__name__) from None
            await self._fail(error)

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        """Sit out a storage outage: a job's id or a synchronous answer that is not written exists nowhere else."""
        delay = 1.0
        while True:
            try:
                return await self.ask(call())
            except StorageUnavailable:
                await asyncio.sleep(delay)
                delay = min(delay * 2, 15.0)

    async def _put_once(self, key: str, finished: Finished) -> Stored:
        source = finished.source
        if isinstance(source, bytes):
            await self.storage.put_bytes(key, source, finished.media_type)
            return Stored(len(source), sha256_of(source))
        if isinstance(source, Path):
            return await self.storage.put_file(key, source, finished.media_type)
        async with source() as chunks:
            return await self.storage.put_stream(key, chunks, finished.media_type)

    async def _fail(self, error: ProviderError) -> NoReturn:
        """The submission is over without media: release the claim, count it, then retry or end for good."""
        entry = self._ledger.entry
        assert entry is not None
        failures = entry.failures + (1 if error.counts else 0)
        await self._ledger.note("released", failures=failures, outcome=str(error), billed_usd=error.billed_usd)
        raise_failure(error, failures, self.settings.max_failures, self._ledger.entry)

    def _running(self, seen: Running, job: Job, since: datetime) -> ApplicationError:
        """The retry that is the next look; percent and job id stay readable between looks."""
        delay = seen.look_again_after or look_delay(self.offer.expected_seconds, (now() - since).total_seconds())
        self.heartbeat(job_id=job.id, progress=seen.progress, queued=seen.queued, step="at the provider")
        share = "queued" if seen.queued or seen.progress is None else f"{seen.progress:.0%} done"
        return again(f"job {job.id} is {share}", delay)


def look_delay(expected_seconds: float, elapsed_seconds: float) -> timedelta:
    """When to look at a job again: half of what it usually still takes, from 1 to 20 s."""
    remaining = expected_seconds - elapsed_seconds
    seconds = remaining / 2 if remaining > 0 else expected_seconds / 8
    return timedelta(seconds=min(max(seconds, 1.0), 20.0))
