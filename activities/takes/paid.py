"""A take that costs money, or a long job: its ledger records every step before the next one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final, NoReturn
from uuid import uuid4

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue.learned import read_charges
from activities.catalogue.loader import problem_with
from activities.catalogue.pricing import present_usd, version_usd
from activities.disk import check_room, is_out_of_room
from activities.errors import (
    InvalidRequest,
    ProviderError,
    StorageUnavailable,
    StoreUnsupported,
    SubmissionUnknown,
)
from activities.providers.protocol import Claim, Finished, Job, Running
from activities.storage.errors import StorageConflict, StorageFailed, StorageUnsupported
from activities.takes.accounts.account import CLAIMS_WITHIN_SECONDS
from activities.takes.adoption import adopt, record_owner
from activities.takes.attempt import (
    NumberUsed,
    application_error,
    failure_of,
    final_error,
    model_unavailable,
    retry_later,
    run_shielded,
    stopped_by_storage,
)
from activities.takes.claim_heartbeat import ClaimHeartbeat
from activities.takes.ledger import Entry, Ledger, LedgerUnreadable, State, Submission, now
from activities.takes.paid_attempt import ADOPTED, PaidAttempt
from activities.takes.reuse.copies import reuse_digest, reused_take
from activities.takes.signing import receive
from activities.takes.store_guard import check_store, unrecordable
from workflows.activity_io import AssetFailure
from workflows.models import ZERO, Take

POLL_AGAIN: Final = timedelta(seconds=10)
"""After a poll that failed without a delay of the provider's own."""

RESUBMITTED, RECOVERED = "resubmitted", "recovered"


class PaidTake(PaidAttempt):
    """One attempt: it continues from the state in the ledger of the take."""

    resubmissions = 0
    """How often an ambiguous submission is repeated without a decision, if it is cheap enough. For the assets of a plan
    the workflow decides that, which holds the budget; for a planner's question `reserve` does."""
    reserve: Callable[[Entry | None], Awaitable[None]] | None = None
    """Called before every submission, which an exception stops: it reserves a price, or checks a grant."""

    async def make(self) -> Take:
        """One attempt.

        Raises:
            ApplicationError: final or retryable.
            NumberUsed: the ledger is that of another request; nothing was sent.
        """
        self._ledger = Ledger(self.storage, self.prefix)
        self._claim_heartbeat = ClaimHeartbeat(self._ledger, self.call, self.settings.claim_settles_seconds)
        try:
            with self.heartbeats("at the provider"):
                return await self._go_on(await self._read())
        except LedgerUnreadable as error:
            raise application_error(self._unreadable(error)) from None
        except StorageConflict:
            raise retry_later("another attempt is working on this take", timedelta(seconds=1)) from None
        except (StorageUnsupported, StoreUnsupported):
            raise unrecordable(self.storage, self.offer, self._ledger.entry, self.details.get("job_id")) from None
        except (StorageFailed, StorageUnavailable) as error:
            raise stopped_by_storage(error) from None

    async def _read(self) -> Entry | None:
        """The ledger entry; by a reviewer's decision an ambiguous submission replaces an unreadable one.

        Raises:
            LedgerUnreadable: no decision has been made yet.
        """
        try:
            return await self.call(self._ledger.read())
        except LedgerUnreadable:
            if self.task.order is None:
                raise
            await self.call(self._ledger.keep_unreadable())
            doubt = Submission(at=now(), run_id="", attempt=0, nonce=uuid4().hex, outcome="unreadable")
            self._ledger.entry = self._entry("claimed").model_copy(update={"submissions": (doubt,)})
            return self._ledger.entry

    def _unreadable(self, error: LedgerUnreadable) -> AssetFailure:
        """The lost entry may have been billed, so a reviewer decides."""
        message = f"{error}; check {self.offer.provider} for a request that was sent, then adopt its job or resubmit"
        return AssetFailure(
            reason="ambiguous_submission",
            message=message,
            kind="ledger_unreadable",
            job_id=error.job_id,
            maybe_billed=True,
            doubt_usd=self.price_usd,
        )

    async def _go_on(self, entry: Entry | None) -> Take:
        if entry and entry.request_digest != self.digest:
            raise NumberUsed
        if entry and entry.state == "stored" and entry.take:
            return entry.take
        if entry and entry.cancelled and entry.final:
            raise application_error(entry.final)
        if self.task.given_up and (entry is None or entry.state == "released"):
            raise application_error(entry.final if entry and entry.final else _given_up(entry))
        order = self.task.order
        if order and (entry is None or all(s.order != order.number for s in entry.submissions)):
            if entry and entry.state == "submitted" and entry.job_id not in (None, order.about_job_id):
                return await self._poll()  # the response arrived after the reviewer was asked: nothing is ambiguous
            if order.adopt_job_id is None:
                await self._ledger.count_as_billed()
                return await run_shielded(self._submit(RESUBMITTED, order.number))
            await self._adopt(Job(order.adopt_job_id), order.number)
        elif entry is None:
            if job_id := self._job_of_heartbeat():
                await self._write("submitted", RECOVERED, job_id=job_id)
                return await self._poll()
            if reused := await self._reuse():
                return reused
            return await run_shielded(self._submit())
        elif entry.state == "released":
            if entry.final:  # Temporal did not receive it, and retries the attempt
                raise application_error(entry.final)
            return await run_shielded(self._submit())
        elif entry.state == "claimed" and await self._may_resubmit(entry):
            return await run_shielded(self._submit(RESUBMITTED))
        return await self._poll()

    async def _reuse(self) -> Take | None:
        """A copy of a take of another production, in the ledger without a submission; None where it has to be made.

        Raises:
            StorageConflict: another attempt works on the take.
        """
        if self.task.reuse is None or not self.task.reuse.allowed:
            return None
        digest = reuse_digest(self.task, self.offer, self.request.instructions, self.request.schema)
        take = await reused_take(self, digest)
        if take is None:
            return None
        try:
            await self._ledger.write(self._entry("stored").model_copy(update={"take": take}))
        except StorageConflict:
            with suppress(StorageFailed):
                await self._delete_upload(take.media.key)
            raise
        if activity.info().attempt > 1:
            await self._delete_leftovers(take.media.key)
        return take

    def _job_of_heartbeat(self) -> str | None:
        """The job in the last heartbeat of an earlier attempt, for a ledger that no longer exists."""
        details = next(iter(activity.info().heartbeat_details), None)
        known = details if isinstance(details, dict) and details.get("asset_id") == self.task.asset.asset_id else {}
        return str(known["job_id"]) if known.get("job_id") else None

    def _entry(self, state: State) -> Entry:
        asset = self.task.asset
        return Entry(
            state=state,
            provider=asset.provider,
            model=asset.model,
            asset_type=asset.asset_type,
            parameters=asset.parameters,
            request_digest=self.digest,
            price_usd=self.price_usd,
        )

    async def _write(self, state: State, outcome: str = "", order: int = 0, job_id: str | None = None) -> None:
        """Add a submission to the ledger, or replace one that only had to wait; of two attempts only one succeeds."""
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
        # Giving up here could leave a claim, although no request was sent.
        await self._retry_storage(lambda: self._ledger.add_submission(entry))

    async def _adopt(self, job: Job, order: int) -> None:
        """Adopt a job that the provider already runs for this take, as a reviewer ordered.

        Raises:
            ApplicationError: the job belongs to another take or request: the submission stays ambiguous.
        """
        try:
            await adopt(self, job)
        except InvalidRequest as error:
            entry = self._ledger.entry
            failure = failure_of(error, entry, "ambiguous_submission", maybe_billed=True)
            if entry is None:  # without its ledger, the job may still be billed
                failure = failure.model_copy(update={"doubt_usd": self.price_usd})
            raise application_error(failure) from None
        except (StorageUnavailable, StoreUnsupported):
            raise
        except ProviderError as error:
            raise retry_later(f"adopting job {job.id}: {error}", POLL_AGAIN, error.kind) from None
        await self._write("submitted", ADOPTED, order, job.id)

    async def _may_resubmit(self, entry: Entry) -> bool:
        """True if a claim without a response may be submitted again; False if its job was found.

        Raises:
            ApplicationError: its attempt is still active, or the workflow or a reviewer has to decide.
        """
        # An active attempt beats its claim while it awaits the response, so no clocks of two machines are compared.
        await asyncio.sleep(self.settings.claim_settles_seconds)
        if await self.call(self._ledger.read()) != entry:
            raise retry_later("another attempt is still submitting this take", timedelta(seconds=5))
        try:
            job = await self.call_vendor("recover", self.provider.recover(Claim(self.request, entry.last.at)))
        except ProviderError as error:
            raise retry_later(f"searching for the lost job: {error}", POLL_AGAIN, error.kind) from None
        if job:
            await self._ledger.update("submitted", job_id=job.id, outcome=RECOVERED, failures=0, waits=0)
            return False
        resubmitted = sum(s.resubmitted or s.outcome == RESUBMITTED for s in entry.submissions)
        known = not self.offer.unknown
        cheap = known and entry.price_usd < self.settings.resubmit_below_usd
        if cheap and resubmitted < self.resubmissions:
            await self._ledger.count_as_billed()
            return True
        price = f"up to {entry.price_usd} USD" if known else "price unknown"
        message = (
            f"the request of {entry.last.at:%H:%M:%S} UTC may have reached {entry.provider} "
            f"({price}): check there, then adopt its job or resubmit"
        )
        failure = failure_of(SubmissionUnknown(message), entry, "ambiguous_submission", maybe_billed=True)
        raise application_error(failure.model_copy(update={"resubmit": cheap and not resubmitted}))

    async def _submit(self, outcome: str = "", order: int = 0) -> Take:
        """Claim, send the request once, and record the response."""
        today = now().date()
        if self.offer.retires and self.offer.retires <= today:
            message = str(problem_with(self.offer, today))
            raise model_unavailable(message, self._ledger.entry, replacement=self.offer.replacement)
        await asyncio.to_thread(check_room)
        await self._check_price(today)
        checked = monotonic()
        if self.reserve:
            await self.reserve(self._ledger.entry)
        await check_store(self.storage, self.offer, self._ledger.entry)
        began = monotonic()
        await self._write("claimed", outcome, order)
        if monotonic() - began > self.settings.claim_settles_seconds:
            await self._check_claim()
        if self.reserve and monotonic() - checked > CLAIMS_WITHIN_SECONDS:
            await self._check_reserved(self.reserve)
        nonce, started = self._ledger.entry.last.nonce if self._ledger.entry else "", now()
        async with self._claim_heartbeat.running():
            try:
                response = await self.call_vendor("submit", self.provider.submit(self.request))
                if isinstance(response, Finished) and not isinstance(response.source, bytes | Path):
                    response = await self.call(self._spool(response))
            except SubmissionUnknown as error:
                # The claim stays: the next attempt finds it ambiguous.
                raise retry_later(str(error), timedelta(seconds=1), error.kind) from None
            except ProviderError as error:
                await self._release(error)
            if isinstance(response, Finished):
                return await self._store(response, started)
            # The heartbeat carries the id at once; the next attempt reads it from the ledger.
            job = response
            self.heartbeat(job_id=job.id)
            try:
                await self._retry_storage(lambda: self._ledger.update("submitted", job_id=job.id, failures=0, waits=0))
            except StorageConflict:
                await self._cancel_late_job(job, nonce)
                raise
        await record_owner(self, job)
        await self._withdraw_question()
        raise self._running(Running(progress=0.0), job, started)

    async def _check_price(self, today: date) -> None:
        """Check, before the claim, that the price that the production reserved still holds.

        Raises:
            ApplicationError: the price is higher now, or has expired; nothing was submitted.
        """
        quote, reserved = self.task.asset.quote, self.task.reserved_usd
        if quote is None or reserved is None:
            return
        known = await self.call(read_charges(self.storage, self.task.production_id, self.task.asset))
        source = self.task.source_seconds
        by_source = ZERO if source is None else version_usd(self.offer, self.task.asset, source)
        listed = present_usd(self.offer, self.task.asset, [each.media for each in self.task.inputs])
        price = max(known.price(quote), by_source, listed)
        if not quote.is_valid_on(today):
            message = f"the price of {self.offer.model} was valid until {quote.until}; it is priced again"
        elif by_source > reserved:
            message = (
                f"its source lasts {source:.1f} s, so it costs up to {price} USD; {reserved} USD are reserved for it"
            )
        elif price > reserved:
            message = f"{self.offer.model} now charges up to {price} USD; {reserved} USD are reserved for it"
        else:
            return
        raise application_error(AssetFailure(message=message, kind="price_changed", now_usd=price))

    async def _cancel_late_job(self, job: Job, nonce: str) -> None:
        """Cancel a job that other attempts replaced, or whose take was cancelled, and record its id for operators."""
        with suppress(ProviderError):
            await self.call_vendor("cancel", self.provider.cancel(job), job.id)
        with suppress(StorageConflict, StorageFailed, LedgerUnreadable):
            await self._ledger.record_job(nonce, job.id)

    async def _spool(self, response: Finished) -> Finished:
        """Receive a synchronous response before any other step can fail: its bytes exist nowhere else."""
        assert callable(response.source)
        return replace(response, source=await receive(response.source, self.request.file("answer")))

    async def _poll(self) -> Take:
        entry = self._ledger.entry
        assert entry is not None
        assert entry.job_id is not None
        job = Job(entry.job_id)
        self.details["job_id"] = job.id  # for the heartbeats of a long download; a short poll needs only one
        try:
            status = await self.call_vendor("poll", self.provider.poll(self.request, job), job.id)
            if isinstance(status, Finished):
                return await self._store(status, entry.last.at, job)
        except ProviderError as error:
            if isinstance(error, StoreUnsupported):
                raise
            if error.ends_job:
                await self._release(error)
            await self._poll_failed(error)
        raise self._running(status, job, entry.last.at)

    async def _poll_failed(self, error: ProviderError) -> NoReturn:
        """The poll or the download failed, not the job: it is paid for, so no other submission replaces it."""
        entry = self._ledger.entry
        assert entry is not None
        unknown = isinstance(error, SubmissionUnknown) and not is_out_of_room(error)
        if unknown:
            await self._retry_storage(lambda: self._ledger.update(failures=entry.failures + 1))
        if not error.retryable or (unknown and entry.failures + 1 >= self.settings.max_failures):
            raise final_error(error, self._ledger.entry, "ambiguous_submission") from None
        raise retry_later(str(error), error.retry_after or POLL_AGAIN, error.kind) from None

    def _running(self, status: Running, job: Job, since: datetime) -> ApplicationError:
        """The error whose retry is the next poll; progress and job id stay readable between polls."""
        elapsed = (now() - since).total_seconds()
        delay = status.poll_after or poll_delay(self.offer.expected_seconds, elapsed, status.progress)
        self.heartbeat(job_id=job.id, progress=status.progress, queued=status.queued)
        share = "running" if status.progress is None else f"{status.progress:.0%} done"
        return retry_later(f"job {job.id} is {'queued' if status.queued else share}", delay)


def _given_up(entry: Entry | None) -> AssetFailure:
    """The end of a take that a person gave up, and whose submission has ended without media."""
    billed = entry.billed_usd if entry else ZERO
    return AssetFailure(message="it was given up, and its submission ended without a result", billed_usd=billed)


def poll_delay(expected_seconds: float, elapsed_seconds: float, progress: float | None = None) -> timedelta:
    """The delay before the next poll of a job: half of its remaining time, from 1 to 20 s.

    The remaining time is estimated from its `progress` (0 to 1) if the provider reports it, otherwise from the usual
    time of such jobs. A job that takes longer than usual is polled after a twentieth of its elapsed time, and one near
    its last percent after at least a fortieth.
    """
    if progress:
        seconds = max(elapsed_seconds * (1 - progress) / progress / 2, elapsed_seconds / 40)
    elif expected_seconds > elapsed_seconds:
        seconds = (expected_seconds - elapsed_seconds) / 2
    else:
        seconds = elapsed_seconds / 20
    return timedelta(seconds=min(max(seconds, 1.0), 20.0))
