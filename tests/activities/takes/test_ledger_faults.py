"""The take ledger against cancels, suspended attempts, unreadable objects and bills above the price, on real S3."""

import dataclasses
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

from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes.attempt import MAX_ATTEMPTS
from activities.takes.ledger import Entry, Ledger, Submission
from tests.activities.finishing.media import Takes
from tests.activities.takes.attempts import Attempts, asked, finished_take, forget_jobs, ledger_key, stop
from tests.support.vendor import Vendor, png
from workflows.activity_io import InputTake
from workflows.brief import Platform
from workflows.models import Charges, Media, Modality, Quote

SETTLES = ActivitySettings(claim_settles_seconds=0.3)
PRICE = Decimal("0.40")


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
    assert (await finished_take(run)).job_id == "job-1"
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
    await storage.delete(ledger_key(run.request))
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
    await mine.add_submission(claim("mine"))
    before = await other.read()
    assert before is not None
    if end == "a cancel":
        await other.write(before.model_copy(update={"state": "released", "cancelled": True}))
    else:
        submissions = (*before.submissions, claim("other").last)
        await other.add_submission(before.model_copy(update={"submissions": submissions}))
    writes: list[dict[str, Any]] = [
        {"beats": 1, "only_while": "claimed"},
        {"state": "stored", "billed_usd": PRICE},
        {"state": "submitted", "job_id": "job-1"},
        {"state": "released", "billed_usd": PRICE},
    ]
    for write in writes:
        with pytest.raises(StorageConflict):
            await mine.update(**write)
    assert await Ledger(storage, prefix).read() == other.entry


async def test_a_claim_that_failed_replaces_no_other(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim that the storage did not take, tried again after another attempt claimed, is not written over that."""
    prefix = f"tests/{uuid4().hex}"
    mine, other = Ledger(storage, prefix), Ledger(storage, prefix)
    put = storage.put_bytes

    async def failing(*_: Any, **__: Any) -> str:
        monkeypatch.setattr(storage, "put_bytes", put)
        await other.add_submission(claim("other"))
        raise StorageFailed("it was not written")

    monkeypatch.setattr(storage, "put_bytes", failing)
    with pytest.raises(StorageFailed):
        await mine.add_submission(claim("mine"))
    with pytest.raises(StorageConflict):
        await mine.add_submission(claim("mine"))
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
    assert "sketch, which it is made from, is missing" in error.message
    assert gone.key in error.message


async def test_a_take_that_is_gone_fails_the_finishing(storage: Storage, tmp_path: Path) -> None:
    """Where a take is not in the bucket any more, finishing tries again a few times, then a person is asked."""
    takes = Takes(storage, f"gone-{uuid4().hex}")
    await takes.add("body", Modality.TEXT, "body", b"Words.", "text/markdown")
    await takes.add("still", Modality.IMAGE, "visual", png(8, 8), "image/png")
    await storage.delete(takes.assets[1].take.media.key)
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
    assert (await finished_take(run)).job_id == "job-2"
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
    nothing = Charges()
    assert nothing.with_bill(small, Decimal("0.10")) == nothing
    assert nothing.price(large) == Decimal("0.50")
    after = nothing.with_bill(small, Decimal("0.13"))
    assert (after.price(small), after.price(large)) == (Decimal("0.1300"), Decimal("0.6500"))
    assert after.with_bill(large, Decimal("0.55")).price(small) == Decimal("0.55")
