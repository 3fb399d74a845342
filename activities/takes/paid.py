"""A take that costs money, or a long job: every step is in its ledger before anything follows from it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue.learned import learned
from activities.catalogue.loader import problem_with
from activities.errors import (
    InvalidRequest,
    ProviderError,
    StorageUnavailable,
    StoreUnsupported,
    SubmissionUnknown,
)
from activities.providers.protocol import Claim, Finished, Job, Running, save
from activities.storage.errors import StorageConflict, StorageFailed, StorageUnsupported
from activities.takes.adoption import adopt, own
from activities.takes.attempt import STORAGE_RETRY, again, ended, failure_of, final_error, held, unaskable, used_before
from activities.takes.claim_heartbeat import ClaimBeats
from activities.takes.ledger import Entry, Ledger, LedgerUnreadable, State, Submission, now
from activities.takes.paid_attempt import ADOPTED, PaidAttempt
from activities.takes.stopping import StoppedTake
from activities.takes.store_guard import check_store, unrecordable
from workflows.activity_io import AssetFailure
from workflows.models import Take

LOOK_AGAIN: Final = timedelta(seconds=10)
"""After a look that failed without a delay of the provider's own."""

RESUBMITTED, RECOVERED = "resubmitted", "recovered"


class LedgerTake(PaidAttempt):
    """One attempt: goes on from whatever state the ledger of the take is in."""

    resubmissions = 0
    """How often a submission in doubt is made again unasked, where it costs little enough. Of a plan's assets the
    workflow decides it, which holds the money; of a planner's question `reserve` does."""
    reserve: Callable[[Entry | None], Awaitable[None]] | None = None
    """Called with the ledger before every submission, so that it can refuse it by an exception of its own."""

    async def make(self) -> Take:
        self._ledger = Ledger(self.storage, self.prefix)
        self._beats = ClaimBeats(self._ledger, self.ask, self.settings.claim_settles_seconds)
        try:
            with self.heartbeats("at the provider"):
                return await self._go_on(await self._read())
        except LedgerUnreadable as error:
            raise ended(self._unreadable(error)) from None
        except StorageConflict:
            raise again("another attempt is at this take", timedelta(seconds=1)) from None
        except (StorageUnsupported, StoreUnsupported):
            raise unrecordable(self.storage, self.offer, self._ledger.entry, self.seen.get("job_id")) from None
        except (StorageFailed, StorageUnavailable) as error:
            raise again(f"storage: {error}", STORAGE_RETRY, "storage_unavailable") from None

    async def _read(self) -> Entry | None:
        """The ledger; one that nobody can read is replaced by a submission in doubt where a person decided so.

        Raises:
            LedgerUnreadable: nobody has decided yet.
        """
        try:
            return await self.ask(self._ledger.read())
        except LedgerUnreadable:
            if self.asked.order is None:
                raise
            await self.ask(self._ledger.set_aside())
            doubt = Submission(at=now(), run_id="", attempt=0, nonce=uuid4().hex, outcome="unreadable")
            self._ledger.entry = self._entry("claimed").model_copy(update={"submissions": (doubt,)})
            return self._ledger.entry

    def _unreadable(self, error: LedgerUnreadable) -> AssetFailure:
        """What the ledger held may have been billed, so a person decides."""
        words = f"{error}; look at {self.offer.provider} for a request that was sent, then adopt its job or resubmit"
        return AssetFailure(
            reason="ambiguous_submission",
            message=words,
            kind="ledger_unreadable",
            job_id=error.job_id,
            maybe_billed=True,
            doubt_usd=self.price_usd,
        )

    async def _go_on(self, entry: Entry | None) -> Take:
        if entry and entry.request_digest != self.digest:
            raise await self._exists()
        if entry and entry.state == "stored" and entry.take:
            return entry.take
        if entry and entry.cancelled and entry.final:
            raise ended(entry.final)
        order = self.asked.order
        if order and (entry is None or all(s.order != order.number for s in entry.submissions)):
            if entry and entry.state == "submitted" and entry.job_id not in (None, order.about_job_id):
                return await self._look()  # it was answered after the question was put: nothing is in doubt any more
            if order.adopt_job_id is None:
                await self._ledger.count_doubtful()
                return await held(self._submit(RESUBMITTED, order.number))
            await self._adopt(Job(order.adopt_job_id), order.number)
        elif entry is None:
            if job_id := self._job_of_heartbeat():
                await self._write("submitted", RECOVERED, job_id=job_id)
                return await self._look()
            return await held(self._submit())
        elif entry.state == "released":
            if entry.final:  # Temporal did not hear of it, and runs the attempt again
                raise ended(entry.final)
            return await held(self._submit())
        elif entry.state == "claimed" and await self._unclaimed(entry):
            return await held(self._submit(RESUBMITTED))
        return await self._look()

    async def _exists(self) -> ApplicationError:
        """The end of a take whose number was used for another request: what that still does is stopped."""
        end = await StoppedTake(self).stop()
        return used_before(end.billed_usd, end.job_id)

    def _job_of_heartbeat(self) -> str | None:
        """The job that an earlier attempt told Temporal of, although there is no ledger any more."""
        details = next(iter(activity.info().heartbeat_details), None)
        known = details if isinstance(details, dict) and details.get("asset_id") == self.asked.asset.asset_id else {}
        return str(known["job_id"]) if known.get("job_id") else None

    def _entry(self, state: State) -> Entry:
        asset = self.asked.asset
        return Entry(
            state=state,
            provider=asset.provider,
            model=asset.model,
            request_digest=self.digest,
            price_usd=self.price_usd,
        )

    async def _write(self, state: State, outcome: str = "", order: int = 0, job_id: str | None = None) -> None:
        """Add a submission to the ledger, in the place of one that only had to wait; of two attempts only one can."""
        info = activity.info()
        before = self._ledger.entry or self._entry(state)
        known = before.submissions
        replaced = known[-1] if known and known[-1].waited else None
        submission = Submission(
            at=now(),
            run_id=info.workflow_run_id or "",
            attempt=info.attempt,
            nonce=uuid4().hex,
            order=order or (replaced.order if replaced else 0),
            job_id=job_id,
            outcome=outcome,
            resubmitted=outcome == RESUBMITTED or (replaced is not None and replaced.resubmitted),
        )
        kept = known[:-1] if replaced else known
        changes = {"state": state, "submissions": (*kept, submission), "final": None, "price_usd": self.price_usd}
        entry = before.model_copy(update=changes | ({"failures": 0} if order else {}))
        # An attempt that gave up here would leave a claim behind of which nobody knows that nothing was sent.
        await self._patiently(lambda: self._ledger.submit(entry))

    async def _adopt(self, job: Job, order: int) -> None:
        """Take a job that the provider runs already for this take's own, as a person ordered.

        Raises:
            ApplicationError: it is another take's, or not the job of this request: the doubt stays.
        """
        try:
            await adopt(self, job)
        except InvalidRequest as error:
            entry = self._ledger.entry
            doubt = failure_of(error, entry, "ambiguous_submission", maybe_billed=True)
            if entry is None:  # the ledger is gone: the job that a person looks for may be billed all the same
                doubt = doubt.model_copy(update={"doubt_usd": self.price_usd})
            raise ended(doubt) from None
        except (StorageUnavailable, StoreUnsupported):
            raise
        except ProviderError as error:
            raise again(f"looking at job {job.id}: {error}", LOOK_AGAIN, error.kind) from None
        await self._write("submitted", ADOPTED, order, job.id)

    async def _unclaimed(self, entry: Entry) -> bool:
        """True when a claim without an answer may be submitted again; False when its job was found.

        Raises:
            ApplicationError: its attempt is still at work, or the workflow or a person has to decide.
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
        raise ended(doubt.model_copy(update={"resubmit": cheap and not made_again}))

    async def _submit(self, outcome: str = "", order: int = 0) -> Take:
        """Claim, ask the provider once, and write down what it answers."""
        today = now().date()
        if self.offer.retires and self.offer.retires <= today:
            words = str(problem_with(self.offer, today))
            raise unaskable(words, self._ledger.entry, replacement=self.offer.replacement)
        await self._check_price(today)
        if self.reserve:
            await self.reserve(self._ledger.entry)
        await check_store(self.storage, self.offer, self._ledger.entry)
        await self._write("claimed", outcome, order)
        nonce, started = self._ledger.entry.last.nonce if self._ledger.entry else "", now()
        async with self._beats.going():
            try:
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
            job = answer
            self.heartbeat(job_id=job.id)
            try:
                await self._patiently(lambda: self._ledger.note("submitted", job_id=job.id, failures=0, waits=0))
            except StorageConflict:
                await self._too_late(job, nonce)
                raise
        await own(self, job)
        await self._withdraw_question()
        raise self._running(Running(progress=0.0), job, started)

    async def _check_price(self, today: date) -> None:
        """Before anything is claimed: does the price that the production reserved still hold?

        Raises:
            ApplicationError: it costs more by now; nothing was submitted.
        """
        quote, reserved = self.asked.asset.quote, self.asked.reserved_usd
        if quote is None or reserved is None:
            return
        known = await self.ask(learned(self.storage, self.asked.production_id, self.asked.asset))
        price = known.price(quote)
        if not quote.holds_on(today):
            words = f"the price of {self.offer.model} held until {quote.until}; it is priced again"
        elif price > reserved:
            words = f"{self.offer.model} charges up to {price} USD by now; {reserved} USD are reserved for it"
        else:
            return
        raise ended(AssetFailure(message=words, kind="price_changed", now_usd=price))

    async def _too_late(self, job: Job, nonce: str) -> None:
        """Others went on without this job, or the take was cancelled: stop it, and keep its id for people to find."""
        with suppress(ProviderError):
            await self.ask_vendor("cancel", self.provider.cancel(job), job.id)
        with suppress(StorageConflict, StorageFailed, LedgerUnreadable):
            await self._ledger.name_job(nonce, job.id)

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
