"""`produce_asset`: make one take, pay for it at most once, store it.

The first thing an attempt does is to look what earlier attempts left: the media object of a take that
costs nothing, the ledger of all others (see `ledger`). A provider's long job is polled by the activity's
own retries: each look that finds it unfinished raises `StillRunning` with the delay of the next look, so
no worker slot is held while it renders and any worker can take the next look.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import JsonValue
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.errors import (
    ContentRefused,
    InvalidRequest,
    OutputUnusable,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    SubmissionUnknown,
)
from activities.ledger import Entry, Ledger, State, Submission, now
from activities.media import Facts, extension_of, probe
from activities.providers.base import Claim, Finished, Input, Job, Offer, Provider, Request, Running
from activities.settings import ActivitySettings
from activities.storage import Storage, StorageConflict, Stored, sha256_of
from workflows import keys
from workflows.contracts import AMBIGUOUS_SUBMISSION, STILL_RUNNING, AssetFailure, ProduceAsset
from workflows.models import ZERO, Media, Take, digest_of

HEARTBEAT_SECONDS: Final = 4.0
"""Well within the heartbeat timeout of 15 s, and what the SDK's throttle lets through."""
CLAIM_SETTLES: Final = timedelta(minutes=30)
"""A claim of another run may still be at work for as long as one attempt may take."""
MAX_RETRY_SECONDS: Final = 60.0


class Producer:
    """Makes takes with the enabled providers into one bucket."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    async def produce(self, request: ProduceAsset) -> Take:
        """One attempt.

        Raises:
            ApplicationError: StillRunning until the job is done; retryable or final failures, the final
                ones with an AssetFailure as first detail.
        """
        asset = request.asset
        provider = self._providers.get(asset.provider)
        offer = next((o for o in provider.offers() if o.model == asset.model), None) if provider else None
        if provider is None or offer is None:
            raise _final(InvalidRequest(f"this worker does not offer {asset.provider} {asset.model!r}; choose another"))
        with tempfile.TemporaryDirectory(prefix="greenlight-") as workdir:
            take = _Take(self._storage, provider, offer, request, Path(workdir), self._settings)
            if offer.free and not offer.job:
                return await take.make_free()
            return await take.make_with_ledger()


class _Take:
    """One attempt at one take."""

    def __init__(
        self,
        storage: Storage,
        provider: Provider,
        offer: Offer,
        request: ProduceAsset,
        workdir: Path,
        settings: ActivitySettings,
    ) -> None:
        self._storage = storage
        self._provider = provider
        self._offer = offer
        self._settings = settings
        self._asked = request
        self._prefix = keys.take_prefix(request.production_id, request.asset.asset_id, request.take)
        self._request = _provider_request(storage, request, self._prefix, workdir)
        self._ledger = Ledger(storage, self._prefix)
        self._seen: dict[str, JsonValue] = {"asset_id": request.asset.asset_id}

    # A take that costs nothing: the media object with its metadata is the record

    async def make_free(self) -> Take:
        key = f"{self._prefix}/media.{extension_of(self._offer.media_type)}"
        attempt = activity.info().attempt
        if attempt > 1 and (found := await self._recorded(key)):
            return found
        started = now()
        try:
            async with self._heartbeats("making"):
                finished = await self._provider.submit(self._request)
                if isinstance(finished, Job):
                    raise OutputUnusable(f"{self._offer.model} answered with a job although it offers none")
                facts = await self._facts_of(finished)
                stored = await self._put_small(key, finished, _metadata(facts, started, finished))
        except StorageConflict:
            # Another attempt of this same take was faster; what it stored is the take.
            if found := await self._recorded(key):
                return found
            raise
        except ProviderError as error:
            _raise(error, failures=attempt, allowed=self._settings.max_failures)
        return self._take(_media(key, stored, finished.media_type, facts), ZERO, started)

    async def _recorded(self, key: str) -> Take | None:
        """The take as the metadata of its media object tells it, or None where it is not there."""
        head = await self._storage.head(key)
        if head is None or "sha256" not in head.metadata:
            return None
        kept = head.metadata
        facts = Facts(
            width=int(kept["width"]) if "width" in kept else None,
            height=int(kept["height"]) if "height" in kept else None,
            duration_seconds=float(kept["seconds"]) if "seconds" in kept else None,
        )
        media = _media(key, Stored(head.bytes, kept["sha256"]), head.media_type, facts)
        return self._take(
            media, ZERO, datetime.fromisoformat(kept["started"]), datetime.fromisoformat(kept["finished"])
        )

    async def _put_small(self, key: str, finished: Finished, metadata: dict[str, str]) -> Stored:
        if isinstance(finished.source, bytes):
            data = finished.source
        elif isinstance(finished.source, Path):
            data = await asyncio.to_thread(finished.source.read_bytes)
        else:
            raise OutputUnusable("a free take comes as bytes or a file")
        digest = sha256_of(data)
        await self._storage.put_bytes(
            key, data, finished.media_type, metadata={**metadata, "sha256": digest}, only_if_absent=True
        )
        return Stored(len(data), digest)

    # A take that costs money, or a job: the ledger is the record

    async def make_with_ledger(self) -> Take:
        entry = await self._ledger.read()
        try:
            if entry and entry.state == "stored" and entry.take:
                return entry.take
            if self._asked.adopt_job_id and (entry is None or entry.job_id != self._asked.adopt_job_id):
                await self._adopt(entry, self._asked.adopt_job_id)
            elif entry is None or entry.state == "released":
                await self._claim(entry)
                return await self._submit()
            elif entry.state == "claimed":
                job = await self._settle(entry)
                if job is None:
                    return await self._submit()
                await self._ledger.note("submitted", job_id=job.id, outcome="recovered")
        except StorageConflict:
            raise self._again(
                "another attempt writes this take's ledger", timedelta(seconds=1), STILL_RUNNING
            ) from None
        return await self._look()

    async def _claim(self, entry: Entry | None, outcome: str = "") -> None:
        """Say that a submission follows, before it does; of two attempts only one can."""
        if self._offer.free:
            return
        info = activity.info()
        submission = Submission(at=now(), run_id=info.workflow_run_id or "", attempt=info.attempt, outcome=outcome)
        await self._ledger.write(self._entry(entry, submission, "claimed"))

    def _entry(self, entry: Entry | None, submission: Submission, state: State) -> Entry:
        asset = self._asked.asset
        fresh = Entry(
            state="claimed",
            provider=asset.provider,
            model=asset.model,
            request_digest=digest_of(asset.model_dump(mode="json", exclude={"quote", "position"})),
            price_usd=asset.quote.high_usd if asset.quote else ZERO,
        )
        base = entry or fresh
        return base.model_copy(update={"state": state, "submissions": (*base.submissions, submission)})

    async def _adopt(self, entry: Entry | None, job_id: str) -> None:
        info = activity.info()
        adopted = Submission(
            at=now(), run_id=info.workflow_run_id or "", attempt=info.attempt, job_id=job_id, outcome="adopted"
        )
        await self._ledger.write(self._entry(entry, adopted, "submitted"))

    async def _settle(self, entry: Entry) -> Job | None:
        """A claim without an answer: find its job, or None when it may be submitted again.

        Raises:
            ApplicationError: its attempt may still be at work, or only a person can decide.
        """
        if entry.last.run_id != activity.info().workflow_run_id and now() - entry.last.at < CLAIM_SETTLES:
            raise self._again("an earlier run may still be submitting this take", timedelta(seconds=5), STILL_RUNNING)
        if job := await self._provider.recover(Claim(self._request, entry.last.at)):
            return job
        if self._asked.resubmit or entry.price_usd < self._settings.resubmit_below_usd:
            await self._claim(entry, outcome="resubmitted")
            return None
        message = (
            f"the request of {entry.last.at:%H:%M:%S} UTC may have reached {entry.provider} "
            f"(up to {entry.price_usd} USD): look there, then adopt its job or resubmit"
        )
        failure = AssetFailure(reason="ambiguous_submission", message=message, billed_usd=ZERO)
        raise ApplicationError(message, failure, type=AMBIGUOUS_SUBMISSION, non_retryable=True)

    async def _submit(self) -> Take:
        started = now()
        try:
            # No heartbeat before a job's id is known: it would throttle the one that carries the id.
            beats = contextlib.nullcontext() if self._offer.job else self._heartbeats("waiting for the provider")
            async with beats:
                answer = await self._provider.submit(self._request)
        except ProviderError as error:
            await self._submission_failed(error)
        if isinstance(answer, Finished):
            return await self._store(answer, started)
        await self._submitted(answer)
        raise self._running(Running(progress=0.0), answer, started)

    async def _submitted(self, job: Job) -> None:
        if self._ledger.entry is None or self._ledger.entry.state != "claimed":  # free: there was no claim
            await self._adopt(self._ledger.entry, job.id)
        else:
            await self._ledger.note("submitted", job_id=job.id)

    async def _submission_failed(self, error: ProviderError) -> NoReturn:
        """Release the claim when provably nothing was sent, or it was answered; else it stays ambiguous."""
        entry = self._ledger.entry
        failures = (entry.failures if entry else activity.info().attempt - 1) + (not isinstance(error, RateLimited))
        if entry and error.provably_not_sent:
            await self._ledger.note("released", failures=failures, outcome=_words(error), billed_usd=error.billed_usd)
        if isinstance(error, SubmissionUnknown):
            raise self._again(_words(error), timedelta(seconds=1), type(error).__name__)
        self._failed(error, failures)

    async def _look(self) -> Take:
        entry = self._ledger.entry
        assert entry is not None
        assert entry.job_id is not None
        job = Job(entry.job_id)
        try:
            async with self._heartbeats("looking", job):
                seen = await self._provider.poll(self._request, job)
        except ProviderError as error:
            if isinstance(error, ProviderUnavailable | RateLimited):
                # The look failed, not the job: it is paid for, so it is looked at for as long as it takes.
                raise self._again(
                    _words(error), error.retry_after or timedelta(seconds=10), type(error).__name__
                ) from None
            failures = entry.failures + 1
            await self._ledger.note("released", failures=failures, outcome=_words(error), billed_usd=error.billed_usd)
            self._failed(error, failures)
        if isinstance(seen, Running):
            raise self._running(seen, job, entry.last.at)
        return await self._store(seen, entry.last.at, job)

    async def _store(self, finished: Finished, started: datetime, job: Job | None = None) -> Take:
        """Store paid media. A storage outage is sat out here: the bytes of a synchronous answer exist nowhere else."""
        key = f"{self._prefix}/media.{extension_of(finished.media_type)}"
        async with self._heartbeats("storing", job):
            delay = 1.0
            while True:
                try:
                    stored = await self._put(key, finished)
                    break
                except (BotoCoreError, ClientError) as error:
                    if job is not None:
                        raise self._again(f"storage: {error}", timedelta(seconds=5), "StorageUnavailable") from None
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, 30.0)
            try:
                facts = await self._facts_of(finished, key, stored.bytes)
            except OutputUnusable as error:
                await self._unusable(error, finished)
        price = self._asked.asset.quote.high_usd if self._asked.asset.quote else ZERO
        cost = finished.cost_usd if finished.cost_usd is not None else price
        take = self._take(
            _media(key, stored, finished.media_type, facts), cost, started, job_id=job.id if job else None
        )
        if self._ledger.entry is None:
            await self._adopt(None, "")
        await self._ledger.note("stored", billed_usd=cost, take=take)
        return take

    async def _unusable(self, error: OutputUnusable, finished: Finished) -> NoReturn:
        entry = self._ledger.entry
        failures = (entry.failures if entry else 0) + 1
        if entry:
            cost = finished.cost_usd if finished.cost_usd is not None else entry.price_usd
            await self._ledger.note("released", failures=failures, outcome=_words(error), billed_usd=cost)
        self._failed(error, failures)

    async def _put(self, key: str, finished: Finished) -> Stored:
        source = finished.source
        if isinstance(source, bytes):
            await self._storage.put_bytes(key, source, finished.media_type)
            return Stored(len(source), sha256_of(source))
        if isinstance(source, Path):
            return await self._storage.put_file(key, source, finished.media_type)
        async with source() as chunks:
            return await self._storage.put_stream(key, chunks, finished.media_type)

    # Shared

    async def _facts_of(self, finished: Finished, key: str = "", size: int = 0) -> Facts:
        source, media_type = finished.source, finished.media_type
        if isinstance(source, Path):
            return await asyncio.to_thread(probe, source, media_type)
        if isinstance(source, bytes):
            if media_type.startswith("text/"):
                return Facts()
            return await asyncio.to_thread(probe, io.BytesIO(source), media_type)
        return await self._storage.in_thread(lambda: probe(self._storage.open(key, size), media_type))

    def _take(
        self,
        media: Media,
        cost_usd: Decimal,
        started: datetime,
        finished: datetime | None = None,
        *,
        job_id: str | None = None,
    ) -> Take:
        asset = self._asked.asset
        return Take(
            number=self._asked.take,
            prompt=asset.prompt,
            provider=asset.provider,
            model=asset.model,
            parameters=asset.parameters,
            media=media,
            cost_usd=cost_usd,
            job_id=job_id or None,
            started_at=started,
            finished_at=finished or now(),
        )

    def _failed(self, error: ProviderError, failures: int) -> NoReturn:
        entry = self._ledger.entry
        billed = entry.billed_usd if entry else ZERO
        _raise(error, failures, self._settings.max_failures, billed, entry.job_id if entry else None)

    def _running(self, seen: Running, job: Job, since: datetime) -> ApplicationError:
        """The retry that is the next look; percent and job id stay readable between looks."""
        delay = seen.look_again_after or look_delay(self._offer.expected_seconds, (now() - since).total_seconds())
        self._seen |= {"job_id": job.id, "progress": seen.progress, "queued": seen.queued, "step": "at the provider"}
        activity.heartbeat(self._seen)
        share = "queued" if seen.queued or seen.progress is None else f"{seen.progress:.0%} done"
        return self._again(f"job {job.id} is {share}", delay, STILL_RUNNING)

    def _again(self, message: str, delay: timedelta, type_: str) -> ApplicationError:
        benign = ApplicationErrorCategory.BENIGN if type_ == STILL_RUNNING else ApplicationErrorCategory.UNSPECIFIED
        words = f"{message}; next look in {delay.total_seconds():.1f} s"
        return ApplicationError(words, type=type_, next_retry_delay=delay, category=benign)

    @asynccontextmanager
    async def _heartbeats(self, step: str, job: Job | None = None) -> AsyncIterator[None]:
        """Tell the server that this attempt lives, and where it is."""
        self._seen |= {"step": step, "job_id": job.id if job else None}

        async def beat() -> None:
            while True:
                activity.heartbeat(self._seen)
                await asyncio.sleep(HEARTBEAT_SECONDS)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def look_delay(expected_seconds: float, elapsed_seconds: float) -> timedelta:
    """When to look at a job again: half of what it usually still takes, from 1 to 20 s."""
    remaining = expected_seconds - elapsed_seconds
    seconds = remaining / 2 if remaining > 0 else expected_seconds / 8
    return timedelta(seconds=min(max(seconds, 1.0), 20.0))


def _provider_request(storage: Storage, request: ProduceAsset, key: str, workdir: Path) -> Request:
    def fetcher(media: Media, number: int) -> Input:
        source = request.inputs[number]

        async def fetch() -> Path:
            path = workdir / f"input-{number}.{extension_of(media.media_type)}"
            return path if path.exists() else await storage.fetch(media.key, path)

        return Input(source.asset_id, source.asset_type, source.role, media, fetch)

    return Request(
        key=key,
        seed=int(digest_of(key)[:8], 16) & 0x7FFFFFFF,
        brief=request.brief,
        asset=request.asset,
        take=request.take,
        inputs=[fetcher(i.media, number) for number, i in enumerate(request.inputs)],
        workdir=workdir,
    )


def _media(key: str, stored: Stored, media_type: str, facts: Facts) -> Media:
    return Media(
        key=key,
        bytes=stored.bytes,
        sha256=stored.sha256,
        media_type=media_type,
        width=facts.width,
        height=facts.height,
        duration_seconds=facts.duration_seconds,
    )


def _metadata(facts: Facts, started: datetime, finished: Finished) -> dict[str, str]:
    """S3 metadata of a free take: ASCII values under short names."""
    known = {"width": facts.width, "height": facts.height, "seconds": facts.duration_seconds}
    times = {"started": started.isoformat(), "finished": now().isoformat()}
    return {k: str(v) for k, v in known.items() if v is not None} | times


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _final(error: ProviderError, billed_usd: Decimal = ZERO, job_id: str | None = None) -> ApplicationError:
    reason = "content_refused" if isinstance(error, ContentRefused) else "asset_failed"
    failure = AssetFailure(
        reason=reason, message=_words(error), billed_usd=billed_usd or error.billed_usd, job_id=job_id
    )
    return ApplicationError(_words(error), failure, type=type(error).__name__, non_retryable=True)


def _raise(
    error: ProviderError, failures: int, allowed: int, billed_usd: Decimal = ZERO, job_id: str | None = None
) -> NoReturn:
    """Retry a failure that may pass, with the provider's delay or 1, 2, 4, … s; end for good otherwise."""
    if not error.retryable or (failures >= allowed and not isinstance(error, RateLimited)):
        raise _final(error, billed_usd, job_id) from None
    delay = error.retry_after or timedelta(seconds=min(2.0 ** max(failures - 1, 0), MAX_RETRY_SECONDS))
    raise ApplicationError(_words(error), type=type(error).__name__, next_retry_delay=delay) from None
