"""The take ledger against cancels, suspended attempts, unreadable objects and bills above the price, on real S3."""

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import JobFailed
from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes import stopping
from activities.takes.attempt import MAX_ATTEMPTS
from activities.takes.ledger import Entry, Ledger, Submission
from tests.activities.finishing.test_finishing import Takes
from tests.activities.takes.test_produce import Attempts, asked
from tests.support.vendor import Vendor, png
from workflows import keys
from workflows.activity_io import AssetCancelled, InputTake, ProduceAsset
from workflows.models import Learned, Media, Modality, Platform, Quote

SETTLES = ActivitySettings(claim_settles_seconds=0.3)
PRICE = Decimal("0.40")


async def stop(run: Attempts) -> AssetCancelled:
    environment = ActivityEnvironment()
    found: AssetCancelled = await environment.run(run.producer.cancel, run.request)
    return found


def ledger_key(request: ProduceAsset) -> str:
    return f"{keys.take_prefix(request.production_id, 'still-1', request.take)}/ledger.json"


async def forget_jobs(storage: Storage) -> None:
    """Every test's vendor begins to number its jobs anew, as no real one does."""
    for key in await storage.list_keys("jobs/vendor/"):
        await storage.drop(key)


class Slow(Vendor):
    """A vendor that says when it has a request, and answers when `gate` opens."""

    def __init__(self, price: str = "0.40") -> None:
        super().__init__(price)
        self.gate = asyncio.Event()


# Cancels


@pytest.mark.parametrize("model", ["now", "later"])
async def test_nothing_is_claimed_after_a_cancel(storage: Storage, model: str) -> None:
    """A cancel that finds no ledger leaves its end there: whatever attempt comes later submits nothing."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked(model))
    assert (await stop(run)).outcome == "free"
    ended = await run.fails()
    assert (ended.type, ended.non_retryable) == ("job_cancelled", True)
    await run.follows(7)
    assert (await run.fails()).type == "job_cancelled"
    assert (vendor.billed, (await stop(run)).outcome) == ([], "free")


async def test_a_cancel_and_a_claim_at_once(storage: Storage) -> None:
    """However a cancel and a first attempt interleave, what the cancel counts is what the vendor billed."""
    for delay in [n / 500 for n in range(12)]:
        vendor = Vendor()
        run = Attempts(storage, vendor, asked("now"))

        async def late(run: Attempts = run, delay: float = delay) -> AssetCancelled:
            await asyncio.sleep(delay)
            return await stop(run)

        _, end = await asyncio.gather(run.attempt(), late(), return_exceptions=True)
        assert isinstance(end, AssetCancelled)
        assert end.billed_usd == PRICE * len(vendor.billed), delay


async def test_a_cancel_between_tries_ends_them(storage: Storage) -> None:
    """A take that was to be tried again after a failure is not, once it is cancelled; what failed ones cost is told."""
    vendor = Vendor()
    vendor.script = [JobFailed("no"), "never"]
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    assert (await stop(run)).outcome == "free"
    assert (await run.fails()).type == "job_cancelled"
    assert vendor.billed == []


async def test_a_cancel_waits_for_the_answer(storage: Storage) -> None:
    """A cancel during submit waits for the job while its attempt lives, stops it at the vendor, and counts its bill."""
    vendor = Slow()
    run = Attempts(storage, vendor, asked("later"))
    submitting = asyncio.create_task(run.attempt())
    await vendor.reached.wait()
    stopping_ = asyncio.create_task(stop(run))
    await asyncio.sleep(1.0)  # longer than a claim without a sign of life would be waited for
    assert not stopping_.done()
    assert vendor.gate
    vendor.gate.set()
    end = await stopping_
    with pytest.raises(Exception, match="job"):
        await submitting
    assert (end.job_id, end.billed_usd, vendor.jobs) == ("job-1", PRICE, {})


@pytest.mark.parametrize("deaf", [0, 1, 2])
async def test_a_cancel_looks_for_a_lost_job(storage: Storage, monkeypatch: pytest.MonkeyPatch, deaf: int) -> None:
    """Where the attempt died during submit, the vendor is asked for the job, and the job is stopped; a vendor that does
    not answer is asked again, for the job and for the stop."""
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0.0)
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, asked("later"))
    await run.dies()
    vendor.recoverable, vendor.jobs, vendor.deaf = True, {"job-lost": 0}, deaf
    end = await stop(run)
    assert (end.job_id, end.outcome in ("stopped", "running"), vendor.jobs) == ("job-lost", True, {})


async def test_a_lost_answer_counts_at_its_price(storage: Storage) -> None:
    """A cancel that finds a claim without a sign of life, and no job, says so and counts the price, once."""
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, asked("now"))
    await run.dies()
    end = await stop(run)
    assert (end.outcome, end.billed_usd) == ("running", PRICE)
    assert (await stop(run)).billed_usd == PRICE
    assert (await run.fails()).type == "job_cancelled"
    assert len(vendor.billed) == 1


async def test_an_answer_after_the_end_stops_its_job(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that was suspended while its take was cancelled writes no media: its job is stopped and named."""
    monkeypatch.setattr(stopping, "ANSWER_WAIT_SECONDS", 0.5)
    vendor = Slow()
    run = Attempts(storage, vendor, asked("later"))
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


# Late answers


async def test_an_order_follows_what_the_ledger_knows_by_now(storage: Storage) -> None:
    """`resubmit` buys nothing where the job, or the picture, came after the question was put."""
    for model in ("later", "now"):
        vendor = Slow()
        run = Attempts(storage, vendor, asked(model))
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
        take = await _finished(run)
        assert (len(vendor.billed), take.billed_usd) == (1, PRICE)


async def test_a_late_attempt_destroys_no_media(storage: Storage) -> None:
    """An attempt that is suspended in the middle of a download, and goes on after another has delivered, neither
    overwrites nor deletes what was delivered, also where its own bytes do not open."""
    for mine in (png(8, 8), b"no picture at all"):
        vendor = Vendor(looks=1)
        run = Attempts(storage, vendor, asked("later"))
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
    """Looks at another vendor's jobs, and holds its own download in the middle."""

    def __init__(self, vendor: Vendor, media: bytes, opened: asyncio.Event, go_on: asyncio.Event) -> None:
        super().__init__()
        self.jobs, self.media, self.looks = dict(vendor.jobs), media, 1
        self._opened, self._go_on = opened, go_on

    async def poll(self, request: Request, job: Job) -> Any:
        seen = await super().poll(request, job)
        self._opened.set()
        await self._go_on.wait()
        return seen


async def test_a_claim_shows_life_until_its_answer_is_stored(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a paid answer waits for the storage, its claim goes on beating: no other attempt takes it for lost."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now"))
    other = Attempts(storage, vendor, run.request)
    put, down = storage.put_bytes, asyncio.Event()

    async def media_only(key: str, *args: Any, **more: Any) -> str:
        if "/media-" in key and not down.is_set():
            raise StorageFailed("it does not take media now")
        return await put(key, *args, **more)

    monkeypatch.setattr(storage, "put_bytes", media_only)
    holding = asyncio.create_task(run.attempt())
    await asyncio.sleep(0.2)
    assert len(vendor.billed) == 1
    for _ in range(4):
        waits = await other.fails(number=2)
        assert "another attempt is still submitting" in waits.message
    down.set()
    assert (await holding).billed_usd == PRICE
    assert len(vendor.billed) == 1


# Faults of the ledger


@pytest.mark.parametrize(
    ("damage", "job_id"),
    [
        (lambda text: text[: len(text) // 2], None),
        (lambda text: text.replace('"state":"submitted"', '"state":"archived"'), "job-1"),
        (lambda _: "", None),
    ],
    ids=["truncated", "of a newer version", "empty"],
)
async def test_an_unreadable_ledger_waits_for_a_person(
    storage: Storage, damage: Callable[[str], str], job_id: str | None
) -> None:
    """A ledger that cannot be read is no reason to try for ever, nor to pay again: it asks, with what is known."""
    await forget_jobs(storage)
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    key = ledger_key(run.request)
    found = await storage.get_bytes(key)
    assert found
    await storage.put_bytes(key, damage(found[0].decode()).encode(), "application/json")
    asks = await run.fails()
    doubt = asks.details[0]
    assert (asks.type, asks.non_retryable, doubt.kind) == ("ambiguous_submission", True, "ledger_unreadable")
    assert key in doubt.message
    assert (doubt.doubt_usd, doubt.job_id in (job_id, "job-1")) == (PRICE, True)
    assert (await stop(run)).billed_usd == PRICE
    assert len(vendor.billed) == 1
    await run.follows(7, adopt_job_id="job-1")
    assert (await _finished(run)).job_id == "job-1"
    assert len(vendor.billed) == 1
    assert await storage.head(f"{key}.unreadable") is not None


async def test_a_resubmission_over_an_unreadable_ledger_counts_both(storage: Storage) -> None:
    """Who submits again over a ledger that cannot be read pays once more, and the lost one counts as billed."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now"))
    await storage.put_bytes(ledger_key(run.request), b"{", "application/json")
    await run.fails()
    await run.follows(7)
    assert (await run.attempt()).billed_usd == 2 * PRICE


async def test_fields_of_a_newer_version_are_kept(storage: Storage) -> None:
    """What a newer version wrote into a ledger is still there after this version has gone on with it."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    key = ledger_key(run.request)
    found = await storage.get_bytes(key)
    assert found
    newer = json.loads(found[0])
    newer["region"], newer["submissions"][0]["priority"] = "eu", 3
    await storage.put_bytes(key, json.dumps(newer).encode(), "application/json")
    await run.attempt()
    found = await storage.get_bytes(key)
    assert found
    kept = json.loads(found[0])
    assert (kept["state"], kept["region"], kept["submissions"][0]["priority"]) == ("stored", "eu", 3)


async def test_a_job_that_temporal_knows_is_looked_at(storage: Storage) -> None:
    """Where the ledger is gone and the heartbeat names a job, that job is looked at and nothing is submitted."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    await storage.drop(ledger_key(run.request))
    environment = ActivityEnvironment()
    details = [{"asset_id": "still-1", "job_id": "job-1", "progress": 0.0}]
    environment.info = dataclasses.replace(environment.info, attempt=2, heartbeat_details=details)
    take = await environment.run(run.producer.produce, run.request)
    assert (take.job_id, len(vendor.billed)) == ("job-1", 1)


async def test_a_claim_whose_answer_was_lost_is_no_doubt(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage that fails around the claim, and loses the answer to it, leaves nobody asked and no phantom bill."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now"))
    put, get, calls = storage.put_bytes, storage.get_bytes, {"put": 0, "get": 0}

    async def losing(key: str, *args: Any, **more: Any) -> str:
        done = await put(key, *args, **more)
        calls["put"] += key == ledger_key(run.request)
        if key == ledger_key(run.request) and calls["put"] == 1:
            raise StorageFailed("its answer was lost")
        return done

    async def failing(key: str) -> Any:
        calls["get"] += key == ledger_key(run.request)
        if key == ledger_key(run.request) and calls["put"] == 1 and calls["get"] < 4:
            raise StorageFailed("and it cannot be read either")
        return await get(key)

    monkeypatch.setattr(storage, "put_bytes", losing)
    monkeypatch.setattr(storage, "get_bytes", failing)
    assert (await run.attempt()).billed_usd == PRICE
    assert (len(vendor.billed), len((await run.ledger()).submissions)) == (1, 1)


# Handles that lost a race


def claim(nonce: str) -> Entry:
    submission = Submission(at=datetime.now(UTC), run_id="r", attempt=1, nonce=nonce)
    return Entry(
        state="claimed", provider="vendor", model="now", request_digest="d", price_usd=PRICE, submissions=(submission,)
    )


@pytest.mark.parametrize("end", ["a second submission", "a cancel"])
async def test_what_others_wrote_is_never_replaced(storage: Storage, end: str) -> None:
    """An attempt whose sign of life finds that others went on can write nothing more: neither its media as the take,
    nor a job, nor an end."""
    prefix = f"tests/{uuid4().hex}"
    mine, other = Ledger(storage, prefix), Ledger(storage, prefix)
    await mine.submit(claim("mine"))
    before = await other.read()
    assert before is not None
    if end == "a cancel":
        await other.write(before.model_copy(update={"state": "released", "cancelled": True}))
    else:
        await other.submit(before.model_copy(update={"submissions": (*before.submissions, claim("other").last)}))
    writes: list[dict[str, Any]] = [
        {"beats": 1, "only_while": "claimed"},
        {"state": "stored", "billed_usd": PRICE},
        {"state": "submitted", "job_id": "job-1"},
        {"state": "released", "billed_usd": PRICE},
    ]
    for write in writes:
        with pytest.raises(StorageConflict):
            await mine.note(**write)
    assert await Ledger(storage, prefix).read() == other.entry


async def test_a_claim_that_failed_replaces_no_other(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that the storage did not take, tried again after another attempt claimed, is not written over that."""
    prefix = f"tests/{uuid4().hex}"
    mine, other = Ledger(storage, prefix), Ledger(storage, prefix)
    put = storage.put_bytes

    async def failing(*_: Any, **__: Any) -> str:
        monkeypatch.setattr(storage, "put_bytes", put)
        await other.submit(claim("other"))
        raise StorageFailed("it was not written")

    monkeypatch.setattr(storage, "put_bytes", failing)
    with pytest.raises(StorageFailed):
        await mine.submit(claim("mine"))
    with pytest.raises(StorageConflict):
        await mine.submit(claim("mine"))
    assert await Ledger(storage, prefix).read() == other.entry


# Objects that are gone


class Reading(Vendor):
    """A vendor that is sent what the take is made from."""

    async def submit(self, request: Request) -> Finished | Job:
        for each in request.inputs:
            await each.fetch()
        return await super().submit(request)


async def test_what_a_take_is_made_from_is_gone(storage: Storage) -> None:
    """An input that is not in the bucket any more is no outage to wait out: the take ends unpaid and names it."""
    gone = Media(key=f"tests/{uuid4().hex}.png", bytes=1, sha256="0" * 64, media_type="image/png")
    made_from = InputTake(asset_id="sketch", asset_type=Modality.IMAGE, role="still", take=1, media=gone)
    vendor = Reading()
    run = Attempts(storage, vendor, asked("now", inputs=(made_from,)))
    error = await run.fails()
    assert (error.non_retryable, vendor.billed) == (True, [])
    assert "sketch, which it is made from, is gone" in error.message
    assert gone.key in error.message


async def test_a_take_that_is_gone_fails_the_finishing(storage: Storage, tmp_path: Path) -> None:
    """Where a take is not in the bucket any more, finishing tries again a few times, then a person is asked."""
    takes = Takes(storage, f"gone-{uuid4().hex}")
    await takes.add("body", Modality.TEXT, "body", b"Words.", "text/markdown")
    await takes.add("still", Modality.IMAGE, "visual", png(8, 8), "image/png")
    await storage.drop(takes.assets[1].take.media.key)
    ends = []
    for attempt in (1, MAX_ATTEMPTS):
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        finish = Activities(storage, {}, SETTLES).finish_deliverable
        with pytest.raises(ApplicationError) as found:
            await environment.run(finish, takes.request(Platform.SOCIAL_POST))
        assert takes.assets[1].take.media.key in found.value.message
        ends.append((found.value.type, found.value.non_retryable))
    assert ends == [("storage_unavailable", False), ("object_missing", True)]


# Jobs of others


async def test_a_job_is_adopted_by_one_take_alone(storage: Storage) -> None:
    """A job that another take has, or that the account does not know, is not adopted: the doubt stays, unpaid."""
    await forget_jobs(storage)
    vendor = Vendor(looks=1)
    first = Attempts(storage, vendor, asked("later"))
    await first.fails()
    run = Attempts(storage, vendor, asked("later"))
    vendor.script = ["die"]
    await run.dies()
    await run.fails()
    for number, (job_id, words) in enumerate([("job-1", "belongs to take 1"), ("job-9", "no job 'job-9'")], start=7):
        await run.follows(number, adopt_job_id=job_id)
        told = await run.fails()
        assert words in told.message
        assert (told.details[0].reason, told.details[0].doubt_usd) == ("ambiguous_submission", PRICE)
    vendor.jobs["job-2"] = 0
    await run.follows(9, adopt_job_id="job-2")
    assert (await _finished(run)).job_id == "job-2"
    assert len(vendor.billed) == 2


# Prices


class Dear(Vendor):
    """Charges ten times its price, and says so."""

    def _finished(self, media: bytes = b"") -> Finished:
        return Finished(media or self.media, "image/png", cost_usd=self.price * 10)


async def test_a_known_overcharge_is_not_claimed_again(storage: Storage) -> None:
    """After a bill of ten times the price, another take of the model that was reserved at the price submits nothing;
    one that was reserved at what it charges does, whichever worker makes it."""
    vendor = Dear()
    first = Attempts(storage, vendor, asked("now", reserved_usd=PRICE))
    assert (await first.attempt()).cost_usd == 10 * PRICE
    second = Attempts(storage, vendor, first.request.model_copy(update={"take": 2}))
    told = (await second.fails()).details[0]
    assert (told.kind, told.now_usd, told.billed_usd) == ("price_changed", 10 * PRICE, 0)
    assert len(vendor.billed) == 1
    second.request = second.request.model_copy(update={"reserved_usd": 10 * PRICE})
    assert (await second.attempt()).cost_usd == 10 * PRICE


async def test_a_price_that_ended_is_not_claimed(storage: Storage) -> None:
    """A take whose rates have ended since they were approved submits nothing before it is priced again."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now", reserved_usd=PRICE))
    quote = run.request.asset.quote
    assert quote
    ended = quote.model_copy(update={"until": datetime.now(UTC).date() - timedelta(days=1)})
    asset = run.request.asset
    run.request = run.request.model_copy(update={"asset": asset.model_copy(update={"quote": ended})})
    assert (await run.fails()).details[0].kind == "price_changed"
    today = asset.model_copy(update={"quote": quote.model_copy(update={"until": datetime.now(UTC).date()})})
    run.request = run.request.model_copy(update={"asset": today})
    await run.attempt()
    assert len(vendor.billed) == 1


def test_what_is_learned_from_bills() -> None:
    """A bill above its price raises the price of all sizes of that model; one within it teaches nothing."""
    small, large = (Quote(low_usd=usd, high_usd=usd, expected_seconds=1) for usd in (Decimal("0.10"), Decimal("0.50")))
    nothing = Learned()
    assert nothing.with_bill(small, Decimal("0.10")) == nothing
    assert nothing.price(large) == Decimal("0.50")
    after = nothing.with_bill(small, Decimal("0.13"))
    assert (after.price(small), after.price(large)) == (Decimal("0.1300"), Decimal("0.6500"))
    assert after.with_bill(large, Decimal("0.55")).price(small) == Decimal("0.55")


async def _finished(run: Attempts) -> Any:
    """Attempts until the take is there, as the server would make them."""
    for _ in range(6):
        try:
            return await run.attempt()
        except Exception as error:
            last = error
    raise last
