"""End a take wherever it is, so that nothing is submitted for it any more, and say what it has cost."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from time import monotonic
from typing import Final, TypeVar

from activities.catalogue import pricing
from activities.errors import JobCancelled, ProviderError
from activities.providers.protocol import Claim, Finished, Job
from activities.storage.errors import StorageConflict
from activities.takes.attempt import Attempt, failure_of, request_digest
from activities.takes.ledger import Entry, Ledger, LedgerUnreadable
from workflows.activity_io import AssetCancelled
from workflows.models import ZERO

ANSWER_WAIT_SECONDS: Final = 45.0
"""How long a cancel waits for the answer to a request that is under way: most pictures and all jobs answer by then."""
TRIES: Final = 3
"""A provider that does not answer is asked again: what is not found or stopped now runs to its end."""
PAUSE_SECONDS: Final = 1.0
"""Before the second try, and twice as long before the third."""
_READ_SECONDS: Final = 0.5

T = TypeVar("T")


class StoppedTake:
    """Ends one take. Its attempts may still be at work, in this worker or in another one, or suspended."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._ledger = Ledger(attempt.storage, attempt.prefix)
        quote = attempt.asked.asset.quote
        self._price = attempt.asked.reserved_usd or (quote.high_usd if quote else ZERO)

    async def stop(self) -> AssetCancelled:
        """Write the end into the ledger by a conditional put, first stopping the job at the provider.

        Raises:
            StorageFailed: to be tried again.
        """
        until = monotonic() + ANSWER_WAIT_SECONDS
        while True:
            with suppress(StorageConflict):  # an attempt was faster: what it wrote is looked at
                try:
                    return await self._end(await self._ledger.read(), until)
                except LedgerUnreadable as error:
                    words = f"{error}: look at {self._attempt.offer.provider} for what still runs"
                    return AssetCancelled(
                        outcome="running", billed_usd=self._price, job_id=error.job_id, message=words[:300]
                    )

    async def _end(self, entry: Entry | None, until: float) -> AssetCancelled:
        if entry is None or entry.state in ("released", "stored"):
            billed = entry.billed_usd if entry else ZERO
            if entry is None or (entry.state == "released" and entry.final is None):
                await self._write(entry, "cancelled", ZERO)
            return AssetCancelled(outcome="billed" if billed else "free", billed_usd=billed)
        if entry.state == "claimed":
            settled = await self._answered(entry, until)
            if settled is not None and settled.state != "claimed":
                return await self._end(settled, until)
            if job := await self._recovered(entry):
                await self._ledger.note("submitted", job_id=job.id, outcome="recovered")
                return await self._end(self._ledger.entry, until)
            words = f"a request was sent and its answer is lost: look at {entry.provider} for what it made"
            return await self._running(entry, words)
        return await self._stopped(entry)

    async def _answered(self, entry: Entry, until: float) -> Entry | None:
        """The entry as its attempt leaves it, where that still beats; else, or after the wait, as it is."""
        seen, since = entry, monotonic()
        while monotonic() < until and monotonic() - since <= self._attempt.settings.claim_settles_seconds:
            await asyncio.sleep(_READ_SECONDS)
            found = await self._ledger.read()
            if found is None or found.state != "claimed":
                return found
            if found != seen:
                seen, since = found, monotonic()
        return seen

    async def _recovered(self, entry: Entry) -> Job | None:
        """The job of a lost answer, where the provider can tell."""
        attempt, claim = self._attempt, Claim(self._attempt.request, entry.last.at)
        with suppress(ProviderError):
            return await _insisting(lambda: attempt.ask_vendor("recover", attempt.provider.recover(claim)))
        return None

    async def _stopped(self, entry: Entry) -> AssetCancelled:
        """A job: stopped at the provider, and looked at for what it cost, before that and after.

        To cancel a job that has ended may erase it (Runway), and with it what it cost.
        """
        attempt, job_id = self._attempt, entry.job_id
        assert job_id is not None
        job, stopped = Job(job_id), False
        cost, words = await self._cost(job)
        if cost is None:
            try:
                await _insisting(lambda: attempt.ask_vendor("cancel", attempt.provider.cancel(job), job_id))
                stopped = True
            except ProviderError as error:
                words = str(error)
            else:
                cost, words = await self._cost(job)
        if cost is None:
            return await self._running(entry, words, "stopped" if stopped else "running")
        before = entry.billed_usd - entry.last.billed_usd
        await self._write(entry, words or "cancelled", cost)
        return AssetCancelled(outcome="stopped", billed_usd=before + cost, job_id=job_id, message=words[:300])

    async def _cost(self, job: Job) -> tuple[Decimal | None, str]:
        """What a job has cost, where it has ended; else None, and what the provider said instead."""
        attempt = self._attempt
        try:
            seen = await attempt.ask_vendor("poll", attempt.provider.poll(attempt.request, job), job.id)
        except ProviderError as error:
            return (error.billed_usd if error.ends_job else None), str(error)
        if not isinstance(seen, Finished):
            return None, ""
        return pricing.cost_of(attempt.offer, attempt.asked.asset, seen)[0], ""

    async def _running(self, entry: Entry, words: str, outcome: str = "running") -> AssetCancelled:
        """Nobody knows what the submission costs: it counts at its price."""
        before, cost = entry.billed_usd - entry.last.billed_usd, max(entry.price_usd, entry.last.billed_usd)
        await self._write(entry, words, cost)
        told = {"outcome": outcome, "billed_usd": before + cost, "job_id": entry.job_id, "message": words[:300]}
        return AssetCancelled.model_validate(told)

    async def _write(self, entry: Entry | None, words: str, cost: Decimal) -> None:
        asked = self._attempt.asked
        if entry is None:
            entry = Entry(
                state="released",
                provider=asked.asset.provider,
                model=asked.asset.model,
                request_digest=request_digest(asked),
                price_usd=self._price,
            )
        submissions = entry.submissions
        if entry.is_open:
            last = entry.last.model_copy(update={"billed_usd": cost, "outcome": "cancelled"})
            submissions = (*submissions[:-1], last)
        billed = sum((s.billed_usd for s in submissions), ZERO)
        final = failure_of(JobCancelled(words), entry, billed_usd=billed)
        await self._ledger.write(
            entry.model_copy(
                update={"state": "released", "submissions": submissions, "final": final, "cancelled": True}
            )
        )


async def _insisting(ask: Callable[[], Awaitable[T]]) -> T:
    """
    Raises:
        ProviderError: what a retry does not fix, or TRIES did not.
    """
    for number in range(1, TRIES):
        try:
            return await ask()
        except ProviderError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(number * PAUSE_SECONDS)
    return await ask()
