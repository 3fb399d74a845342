"""Cancels of takes, and responses that arrive after the end of a take, against the ledger on real S3."""

import asyncio
import hashlib
from typing import Any

import pytest

from activities.errors import JobFailed, RateLimited
from activities.providers.protocol import Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from activities.takes import stopping
from tests.activities.takes.attempts import LIVELY, Attempts, Slow, finished_take, stop, take_request
from tests.activities.takes.test_ledger_faults import PRICE
from tests.support.vendor import Vendor, png
from tests.support.waiting import eventually
from workflows import keys
from workflows.activity_io import AssetCancelled

# Cancels


@pytest.mark.parametrize("model", ["now", "later"])
async def test_nothing_is_claimed_after_a_cancel(storage: Storage, model: str) -> None:
    """A cancel that finds no ledger writes one with the end of the take, so no later attempt submits anything."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request(model))
    assert (await stop(run)).outcome == "free"
    ended = await run.fails()
    assert (ended.type, ended.non_retryable) == ("job_cancelled", True)
    await run.follows(7)
    assert (await run.fails()).type == "job_cancelled"
    assert (vendor.billed, (await stop(run)).outcome) == ([], "free")


async def test_a_cancel_that_races_a_claim_counts_the_bill(storage: Storage) -> None:
    """The cost that a cancel reports equals the vendor's bill, however it interleaves with a first attempt."""
    for delay in [n / 500 for n in range(12)]:
        vendor = Vendor()
        run = Attempts(storage, vendor, take_request("now"))

        async def late(run: Attempts = run, delay: float = delay) -> AssetCancelled:
            await asyncio.sleep(delay)
            return await stop(run)

        _, end = await asyncio.gather(run.attempt(), late(), return_exceptions=True)
        assert isinstance(end, AssetCancelled)
        assert end.billed_usd == PRICE * len(vendor.billed), delay


async def test_a_cancel_between_retries_ends_the_take(storage: Storage) -> None:
    """A cancelled take is not retried after a failure, and the cancel reports the cost of the failed attempts."""
    vendor = Vendor()
    vendor.script = [JobFailed("no"), "never"]
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    assert (await stop(run)).outcome == "free"
    assert (await run.fails()).type == "job_cancelled"
    assert vendor.billed == []


async def test_a_cancel_waits_for_the_response(storage: Storage) -> None:
    """A cancel during a submission waits for the job while its attempt lives, cancels the job at the vendor, and counts
    its bill."""
    vendor = Slow()
    run = Attempts(storage, vendor, take_request("later"), LIVELY)
    submitting = asyncio.create_task(run.attempt())
    await vendor.reached.wait()
    stopping_ = asyncio.create_task(stop(run))

    async def beating() -> bool | None:
        return (await run.ledger()).last.beats >= 4 or None  # longer than the wait for a claim without a heartbeat

    await eventually(beating)
    assert not stopping_.done()
    assert vendor.gate
    vendor.gate.set()
    end = await stopping_
    with pytest.raises(Exception, match="job"):
        await submitting
    assert (end.job_id, end.billed_usd, vendor.jobs) == ("job-1", PRICE, {})


@pytest.mark.parametrize("deaf", [0, 1, 2])
async def test_a_cancel_recovers_a_lost_job(storage: Storage, monkeypatch: pytest.MonkeyPatch, deaf: int) -> None:
    """When the attempt died during a submission, the cancel recovers the job from the vendor and stops it; when the
    vendor does not respond, both requests are retried."""
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0.0)
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, take_request("later"))
    await run.dies()
    vendor.recoverable, vendor.jobs, vendor.deaf = True, {"job-lost": 0}, deaf
    end = await stop(run)
    assert (end.job_id, end.outcome in ("stopped", "running"), vendor.jobs) == ("job-lost", True, {})


async def test_a_lost_response_counts_at_its_price(storage: Storage) -> None:
    """A cancel that finds a claim without heartbeats and without a job reports that, and counts the price once."""
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, take_request("now"))
    await run.dies()
    end = await stop(run)
    assert (end.outcome, end.billed_usd) == ("running", PRICE)
    assert (await stop(run)).billed_usd == PRICE
    assert (await run.fails()).type == "job_cancelled"
    assert len(vendor.billed) == 1


async def test_a_response_after_the_end_stops_its_job(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that was suspended while its take was cancelled stores no media: its job is stopped and recorded."""
    monkeypatch.setattr(stopping, "ANSWER_WAIT_SECONDS", 0.5)
    vendor = Slow()
    run = Attempts(storage, vendor, take_request("later"))
    silent = Attempts(storage, vendor, run.request, ActivitySettings(claim_settles_seconds=600))
    late = asyncio.create_task(silent.attempt())
    await vendor.reached.wait()
    assert (await stop(run)).outcome == "running"
    assert vendor.gate
    vendor.gate.set()
    with pytest.raises(Exception, match="another attempt"):
        await late
    entry = await run.ledger()
    assert (vendor.jobs, entry.last.job_id, entry.billed_usd) == ({}, "job-1", PRICE)


async def test_a_process_suspended_with_its_claim_sends_nothing_after_the_end(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that was suspended while it wrote its claim, and resumes after its take was cancelled, submits
    nothing: a job that it started now would run to its end if the process died before the response."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("later"))
    put, claimed, go_on = storage.put_bytes, asyncio.Event(), asyncio.Event()

    async def suspended(*args: Any, **more: Any) -> str:
        etag = await put(*args, **more)
        if not claimed.is_set():
            claimed.set()
            await go_on.wait()
        return etag

    monkeypatch.setattr(storage, "put_bytes", suspended)
    late = asyncio.create_task(run.attempt())
    await claimed.wait()
    assert (await stop(run)).outcome == "running"
    go_on.set()
    with pytest.raises(Exception, match="another attempt"):
        await late
    assert (vendor.jobs, vendor.billed, (await run.fails()).type) == ({}, [], "job_cancelled")


# Late responses


async def test_an_order_follows_the_current_ledger(storage: Storage) -> None:
    """`resubmit` submits nothing when the job or the picture arrived after the question was recorded."""
    for model in ("later", "now"):
        vendor = Slow()
        run = Attempts(storage, vendor, take_request(model))
        silent = Attempts(storage, vendor, run.request, ActivitySettings(claim_settles_seconds=600))
        late = asyncio.create_task(silent.attempt())
        await vendor.reached.wait()
        doubt = (await run.fails()).details[0]
        assert (doubt.reason, doubt.doubt_usd) == ("ambiguous_submission", PRICE)
        assert vendor.gate
        vendor.gate.set()
        await asyncio.wait([late])
        vendor.gate = None
        await run.follows(7, about_job_id=doubt.job_id)
        take = await finished_take(run)
        assert (len(vendor.billed), take.billed_usd) == (1, PRICE)


@pytest.mark.parametrize("model", ["now", "later"])
async def test_nothing_is_sent_for_a_take_that_was_given_up(storage: Storage, model: str) -> None:
    """The late response to a submission that a person went on without may be fetched, but a refusal or a failed job is
    its end: nothing is submitted again for a take that no one orders."""
    vendor = Slow()
    run = Attempts(storage, vendor, take_request(model))
    silent = Attempts(storage, vendor, run.request, ActivitySettings(claim_settles_seconds=600))
    vendor.refuses = RateLimited("slow down")
    late = asyncio.create_task(silent.attempt())
    await vendor.reached.wait()
    assert (await run.fails()).details[0].reason == "ambiguous_submission"
    assert vendor.gate
    vendor.gate.set()
    with pytest.raises(Exception, match="slow down"):
        await late
    run.request = run.request.model_copy(update={"given_up": True})
    ended = await run.fails()
    assert (ended.non_retryable, ended.details[0].billed_usd) == (True, 0)
    assert vendor.sent == 1


async def test_a_late_attempt_overwrites_no_media(storage: Storage) -> None:
    """An attempt that is suspended during a download, and resumes after another one has delivered, neither overwrites
    nor deletes the delivered media, even when its own bytes are not valid media."""
    for mine in (png(8, 8), b"no picture at all"):
        vendor = Vendor(polls=1)
        run = Attempts(storage, vendor, take_request("later"))
        await run.fails()
        opened, go_on = asyncio.Event(), asyncio.Event()
        held = Held(vendor, mine, opened, go_on)
        suspended = Attempts(storage, held, run.request)
        late = asyncio.create_task(suspended.attempt(number=2))
        await opened.wait()
        take = await run.attempt(number=3)
        go_on.set()
        await asyncio.wait([late])
        found = await storage.get_bytes(take.media.key)
        assert found is not None
        assert hashlib.sha256(found[0]).hexdigest() == take.media.sha256
        assert (await run.attempt(number=4)) == take
        prefix = keys.take_prefix(run.request.production_id, "still-1", 1)
        assert await storage.list_keys(f"{prefix}/media") == [take.media.key]


class Held(Vendor):
    """Polls the jobs of another vendor, and pauses its own download halfway."""

    def __init__(self, vendor: Vendor, media: bytes, opened: asyncio.Event, go_on: asyncio.Event) -> None:
        super().__init__()
        self.jobs, self.media, self.polls = dict(vendor.jobs), media, 1
        self._opened, self._go_on = opened, go_on

    async def poll(self, request: Request, job: Job) -> Any:
        seen = await super().poll(request, job)
        self._opened.set()
        await self._go_on.wait()
        return seen


async def test_a_claim_heartbeats_until_its_response_is_stored(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a paid response waits for storage, its claim continues to heartbeat, so no other attempt treats it as
    lost."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now"), LIVELY)
    other = Attempts(storage, vendor, run.request, LIVELY)
    put, begun, down = storage.put_bytes, asyncio.Event(), asyncio.Event()

    async def media_only(key: str, *args: Any, **more: Any) -> str:
        if "/media-" in key and not down.is_set():
            begun.set()
            raise StorageFailed("media cannot be written now")
        return await put(key, *args, **more)

    monkeypatch.setattr(storage, "put_bytes", media_only)
    holding = asyncio.create_task(run.attempt())
    await begun.wait()
    assert len(vendor.billed) == 1
    for _ in range(2):
        waits = await other.fails(number=2)
        assert "another attempt is still submitting" in waits.message
    down.set()
    assert (await holding).billed_usd == PRICE
    assert len(vendor.billed) == 1
