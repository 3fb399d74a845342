"""End a take in any state, so that nothing more is submitted for it, and return its cost."""

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
from workflows.activity_io import AssetCancelled, ProduceAsset
from workflows.models import ZERO

ANSWER_WAIT_SECONDS: Final = 45.0
"""How long a cancel awaits the response to a pending request: most pictures and all jobs respond by then."""
TRIES: Final = 3
"""Of a request to a provider that does not respond: a job that is not found or stopped now runs to its end."""
PAUSE_SECONDS: Final = 1.0
"""Before the second try, and twice as long before the third."""
_READ_SECONDS: Final = 0.5

T = TypeVar("T")


class TakeStopper:
    """Ends one take. Its attempts may still be active, in this worker or in another one, or suspended."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._ledger = Ledger(attempt.storage, attempt.prefix)
        quote = attempt.task.asset.quote
        self._price = attempt.task.reserved_usd or (quote.high_usd if quote else ZERO)

    async def stop(self) -> AssetCancelled:
        """Cancel the job at the provider, then write the end into the ledger by a conditional put.

        Raises:
            StorageFailed: try again.
        """
        until = monotonic() + ANSWER_WAIT_SECONDS
        while True:
            with suppress(StorageConflict):  # an attempt was faster: read what it wrote
                try:
                    return await self._end(await self._ledger.read(), until)
                except LedgerUnreadable as error:
                    message = f"{error}: check {self._attempt.offer.provider} for jobs that still run"
                    return AssetCancelled(
                        outcome="running", billed_usd=self._price, job_id=error.job_id, message=message[:300]
                    )

    async def _end(self, entry: Entry | None, until: float) -> AssetCancelled:
        if entry is None or entry.state in ("released", "stored"):
            billed = entry.billed_usd if entry else ZERO
            if entry is None or (entry.state == "released" and entry.final is None):
                await self._write(entry, "cancelled", ZERO)
            return AssetCancelled(outcome="billed" if billed else "free", billed_usd=billed)
        if entry.state == "claimed":
            found = await self._await_response(entry, until)
            if found is not None and found.state != "claimed":
                return await self._end(found, until)
            if job := await self._recover(entry):
                await self._ledger.update("submitted", job_id=job.id, outcome="recovered")
                return await self._end(self._ledger.entry, until)
            message = f"a request was sent and its response was lost: check {entry.provider} for its output"
            return await self._running(entry, message)
        return await self._stop_job(entry)

    async def _await_response(self, entry: Entry, until: float) -> Entry | None:
        """The entry after its attempt recorded a response; as it is, if the attempt does not beat or time is up."""
        last, since = entry, monotonic()
        while monotonic() < until and monotonic() - since <= self._attempt.settings.claim_settles_seconds:
            await asyncio.sleep(_READ_SECONDS)
            found = await self._ledger.read()
            if found is None or found.state != "claimed":
                return found
            if found != last:
                last, since = found, monotonic()
        return last

    async def _recover(self, entry: Entry) -> Job | None:
        """The job of a lost response, if the provider can find it."""
        attempt, claim = self._attempt, Claim(self._attempt.request, entry.last.at)
        with suppress(ProviderError):
            return await _with_retries(lambda: attempt.call_vendor("recover", attempt.provider.recover(claim)))
        return None

    async def _stop_job(self, entry: Entry) -> AssetCancelled:
        """Cancel a job at the provider, and poll it for its cost before and after that.

        Cancelling a job that has ended may delete it (Runway), and with it its cost.
        """
        attempt, job_id = self._attempt, entry.job_id
        assert job_id is not None
        job, stopped = Job(job_id), False
        cost, message = await self._cost(job)
        if cost is None:
            try:
                await _with_retries(lambda: attempt.call_vendor("cancel", attempt.provider.cancel(job), job_id))
                stopped = True
            except ProviderError as error:
                message = str(error)
            else:
                cost, message = await self._cost(job)
        if cost is None:
            return await self._running(entry, message, "stopped" if stopped else "running")
        before = entry.billed_usd - entry.last.billed_usd
        await self._write(entry, message or "cancelled", cost)
        return AssetCancelled(outcome="stopped", billed_usd=before + cost, job_id=job_id, message=message[:300])

    async def _cost(self, job: Job) -> tuple[Decimal | None, str]:
        """The cost of a job if it has ended, otherwise None; and the message of the provider's error, if any."""
        attempt = self._attempt
        try:
            status = await attempt.call_vendor("poll", attempt.provider.poll(attempt.request, job), job.id)
        except ProviderError as error:
            return (error.billed_usd if error.ends_job else None), str(error)
        if not isinstance(status, Finished):
            return None, ""
        return pricing.cost_of(attempt.offer, attempt.task.asset, status)[0], ""

    async def _running(self, entry: Entry, message: str, outcome: str = "running") -> AssetCancelled:
        """End a take whose submission has an unknown cost: it counts at its price."""
        before, cost = entry.billed_usd - entry.last.billed_usd, max(entry.price_usd, entry.last.billed_usd)
        await self._write(entry, message, cost)
        result = {"outcome": outcome, "billed_usd": before + cost, "job_id": entry.job_id, "message": message[:300]}
        return AssetCancelled.model_validate(result)

    async def _write(self, entry: Entry | None, message: str, cost: Decimal) -> None:
        task = self._attempt.task
        if entry is None:
            entry = Entry(
                state="released",
                provider=task.asset.provider,
                model=task.asset.model,
                request_digest=request_digest(task),
                price_usd=self._price,
            )
        submissions = entry.submissions
        if entry.is_open:
            last = entry.last.model_copy(update={"billed_usd": cost, "outcome": "cancelled"})
            submissions = (*submissions[:-1], last)
        billed = sum((s.billed_usd for s in submissions), ZERO)
        final = failure_of(JobCancelled(message), entry, billed_usd=billed)
        await self._ledger.write(
            entry.model_copy(
                update={"state": "released", "submissions": submissions, "final": final, "cancelled": True}
            )
        )


def request_of(entry: Entry, request: ProduceAsset) -> ProduceAsset:
    """The request that the ledger is of, as far as stopping it and its cost need it: model, parameters and price."""
    known = {
        "provider": entry.provider,
        "model": entry.model,
        "asset_type": entry.asset_type or request.asset.asset_type,
        "parameters": entry.parameters or request.asset.parameters,
        "quote": entry.as_earlier().quote,
    }
    asset = request.asset.model_copy(update=known)
    return request.model_copy(update={"asset": asset, "reserved_usd": entry.price_usd or None})


async def _with_retries(call: Callable[[], Awaitable[T]]) -> T:
    """Await a call up to TRIES times.

    Raises:
        ProviderError: the error is not retryable, or TRIES calls failed.
    """
    for number in range(1, TRIES):
        try:
            return await call()
        except ProviderError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(number * PAUSE_SECONDS)
    return await call()
