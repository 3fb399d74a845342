"""The take ledger against cancels, suspended attempts, unreadable objects and bills above the price, on real S3."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.catalogue import pricing
from activities.catalogue.offers import Offer, Rate
from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes.attempt import MAX_ATTEMPTS
from activities.takes.ledger import Entry, Ledger, Submission
from tests.activities.finishing.media import Takes
from tests.activities.takes.attempts import Attempts, finished_take, forget_jobs, ledger_key, stop, take_request
from tests.emulators import samples
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
    """A ledger that cannot be parsed ends the take with a question to a person, with the known facts, and without a
    retry or a payment."""
    await forget_jobs(storage)
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    key = ledger_key(run.request)
    found = await storage.get_bytes(key)
    assert found
    await storage.put_bytes(key, damage(found[0].decode()).encode(), "application/json")
    failure = await run.fails()
    doubt = failure.details[0]
    assert (failure.type, failure.non_retryable, doubt.kind) == ("ambiguous_submission", True, "ledger_unreadable")
    assert key in doubt.message
    assert (doubt.doubt_usd, doubt.job_id in (job_id, "job-1")) == (PRICE, True)
    assert (await stop(run)).billed_usd == PRICE
    assert len(vendor.billed) == 1
    await run.follows(7, adopt_job_id="job-1")
    assert (await finished_take(run)).job_id == "job-1"
    assert len(vendor.billed) == 1
    assert await storage.head(f"{key}.unreadable") is not None


async def test_a_resubmission_over_an_unreadable_ledger_counts_both(storage: Storage) -> None:
    """A resubmission over an unreadable ledger pays once more, and the lost submission counts as billed."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now"))
    await storage.put_bytes(ledger_key(run.request), b"{", "application/json")
    await run.fails()
    await run.follows(7)
    assert (await run.attempt()).billed_usd == 2 * PRICE


async def test_fields_of_a_newer_version_are_kept(storage: Storage) -> None:
    """Fields that a newer version wrote into a ledger are still there after this version has updated it."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
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


async def test_a_job_of_the_heartbeat_details_is_polled(storage: Storage) -> None:
    """When the ledger is missing and the heartbeat details name a job, that job is polled and nothing is submitted."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    await storage.delete(ledger_key(run.request))
    environment = ActivityEnvironment()
    details = [{"asset_id": "still-1", "job_id": "job-1", "progress": 0.0}]
    environment.info = dataclasses.replace(environment.info, attempt=2, heartbeat_details=details)
    take = await environment.run(run.producer.produce, run.request)
    assert (take.job_id, len(vendor.billed)) == ("job-1", 1)


async def test_a_claim_whose_response_was_lost_is_not_ambiguous(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When storage fails around the claim and loses the response to its write, the take is submitted once, without a
    question and without a second recorded submission."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now"))
    put, get, calls = storage.put_bytes, storage.get_bytes, {"put": 0, "get": 0}

    async def losing(key: str, *args: Any, **more: Any) -> str:
        done = await put(key, *args, **more)
        calls["put"] += key == ledger_key(run.request)
        if key == ledger_key(run.request) and calls["put"] == 1:
            raise StorageFailed("the response was lost")
        return done

    async def failing(key: str) -> Any:
        calls["get"] += key == ledger_key(run.request)
        if key == ledger_key(run.request) and calls["put"] == 1 and calls["get"] < 4:
            raise StorageFailed("the object cannot be read either")
        return await get(key)

    monkeypatch.setattr(storage, "put_bytes", losing)
    monkeypatch.setattr(storage, "get_bytes", failing)
    assert (await run.attempt()).billed_usd == PRICE
    assert (len(vendor.billed), len((await run.ledger()).submissions)) == (1, 1)


# Ledger objects that lost a race


def claim(nonce: str) -> Entry:
    submission = Submission(at=datetime.now(UTC), run_id="r", attempt=1, nonce=nonce)
    return Entry(
        state="claimed", provider="vendor", model="now", request_digest="d", price_usd=PRICE, submissions=(submission,)
    )


@pytest.mark.parametrize("end", ["a second submission", "a cancel"])
async def test_entries_of_other_attempts_are_never_replaced(storage: Storage, end: str) -> None:
    """An attempt whose heartbeat finds a newer entry can write nothing more: neither its media as the take, nor a job,
    nor an end."""
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


async def test_a_failed_claim_replaces_no_other_claim(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim whose write failed, and which is retried after another attempt claimed, does not overwrite that claim."""
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


# Missing objects


class Reading(Vendor):
    """A vendor that receives the inputs of the take."""

    async def submit(self, request: Request) -> Finished | Job:
        for each in request.inputs:
            await each.fetch()
        return await super().submit(request)


async def test_a_missing_input_ends_the_take(storage: Storage) -> None:
    """An input that is no longer in the bucket is not retried as an outage: the take ends unpaid, and the error names
    the input."""
    gone = Media(key=f"tests/{uuid4().hex}.png", bytes=1, sha256="0" * 64, media_type="image/png")
    made_from = InputTake(asset_id="sketch", asset_type=Modality.IMAGE, role="still", take=1, media=gone)
    vendor = Reading()
    run = Attempts(storage, vendor, take_request("now", inputs=(made_from,)))
    error = await run.fails()
    assert (error.non_retryable, vendor.billed) == (True, [])
    assert "sketch, which it is made from, is missing" in error.message
    assert gone.key in error.message


async def test_a_missing_take_fails_the_finishing(storage: Storage, tmp_path: Path) -> None:
    """When a take is no longer in the bucket, finishing is retried a few times, then a person has to decide."""
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


# Jobs of other takes


async def test_a_job_is_adopted_by_one_take_only(storage: Storage) -> None:
    """A job that belongs to another take, or that the account does not have, is not adopted: the submission stays
    ambiguous, and nothing is paid."""
    await forget_jobs(storage)
    vendor = Vendor(polls=1)
    first = Attempts(storage, vendor, take_request("later"))
    await first.fails()
    run = Attempts(storage, vendor, take_request("later"))
    vendor.script = ["die"]
    await run.dies()
    await run.fails()
    for number, (job_id, words) in enumerate([("job-1", "belongs to take 1"), ("job-9", "no job 'job-9'")], start=7):
        await run.follows(number, adopt_job_id=job_id)
        error = await run.fails()
        assert words in error.message
        assert (error.details[0].reason, error.details[0].doubt_usd) == ("ambiguous_submission", PRICE)
    vendor.jobs["job-2"] = 0
    await run.follows(9, adopt_job_id="job-2")
    assert (await finished_take(run)).job_id == "job-2"
    assert len(vendor.billed) == 2


# Prices


class Overcharging(Vendor):
    """Charges ten times its price, and reports it."""

    def _finished(self, media: bytes = b"") -> Finished:
        return Finished(media or self.media, "image/png", cost_usd=self.price * 10)


async def test_a_known_overcharge_is_not_claimed_again(storage: Storage) -> None:
    """After a bill of ten times the price, another take of the model that was reserved at the price submits nothing;
    one that was reserved at the charged price is submitted, by any worker."""
    vendor = Overcharging()
    first = Attempts(storage, vendor, take_request("now", reserved_usd=PRICE))
    assert (await first.attempt()).cost_usd == 10 * PRICE
    second = Attempts(storage, vendor, first.request.model_copy(update={"take": 2}))
    error = (await second.fails()).details[0]
    assert (error.kind, error.now_usd, error.billed_usd) == ("price_changed", 10 * PRICE, 0)
    assert len(vendor.billed) == 1
    second.request = second.request.model_copy(update={"reserved_usd": 10 * PRICE})
    assert (await second.attempt()).cost_usd == 10 * PRICE


@pytest.mark.parametrize(("now", "sent"), [("0.4001", False), ("0.3999", True)])
async def test_a_price_list_that_changes_after_the_approval(storage: Storage, now: str, sent: bool) -> None:
    """A take that costs more by the price list of its worker than by that of its plan is reserved at that price before
    anything is submitted; a lower price is no reason to wait."""
    vendor, request = Vendor(now), take_request("now", reserved_usd=PRICE)
    offer = next(each for each in Vendor().offers() if each.model == "now")
    asset = request.asset.model_copy(update={"quote": pricing.quote(offer, request.asset)})
    run = Attempts(storage, vendor, request.model_copy(update={"asset": asset}))
    if not sent:
        error = (await run.fails()).details[0]
        assert (error.kind, error.now_usd, vendor.billed) == ("price_changed", Decimal(now), [])
        run.request = run.request.model_copy(update={"reserved_usd": Decimal(now)})
    await run.attempt()
    assert len(vendor.billed) == 1


async def test_an_expired_price_is_not_claimed(storage: Storage) -> None:
    """A take whose rates have expired since the approval submits nothing before it is priced again."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now", reserved_usd=PRICE))
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


def test_a_bill_above_its_price_raises_the_price_of_the_model() -> None:
    """A bill above its price raises the price of all sizes of that model; a bill within its price changes nothing."""
    small, large = (Quote(low_usd=usd, high_usd=usd, expected_seconds=1) for usd in (Decimal("0.10"), Decimal("0.50")))
    nothing = Charges()
    assert nothing.with_bill(small, Decimal("0.10")) == nothing
    assert nothing.price(large) == Decimal("0.50")
    after = nothing.with_bill(small, Decimal("0.13"))
    assert (after.price(small), after.price(large)) == (Decimal("0.1300"), Decimal("0.6500"))
    assert after.with_bill(large, Decimal("0.55")).price(small) == Decimal("0.55")


class Copier(Vendor):
    """Makes larger copies of videos, at 0.10 USD a second of the video."""

    def offers(self) -> Sequence[Offer]:
        rates = (Rate("second", Decimal("0.10"), Decimal("0.10")),)
        video = frozenset({Modality.VIDEO})
        larger = Offer("vendor", "larger", Modality.VIDEO, "video/mp4", rates, 8.0, accepts=video, requires=video)
        return [replace(larger, versions=("upscale",))]

    def _finished(self, media: bytes = b"") -> Finished:
        return Finished(samples.video(1), "video/mp4")


@pytest.mark.parametrize(("lasts", "now"), [(8.3, None), (12.0, Decimal("1.15"))])
async def test_a_copy_of_a_longer_video_than_planned_is_priced_again(
    storage: Storage, lasts: float, now: Decimal | None
) -> None:
    """A copy that is priced for 8 seconds submits nothing where its source, such as an upload, is longer: the price of
    that length is reserved first. A fraction of a second is no other price."""
    vendor, price = Copier(), Decimal("0.80")
    media = Media(key="k", bytes=1, sha256="0", media_type="video/mp4", duration_seconds=lasts)
    source = InputTake(asset_id="shot-1", asset_type=Modality.VIDEO, role="shot", take=1, media=media)
    request = take_request("larger", "0.80", reserved_usd=price, inputs=(source,))
    changes = {"asset_type": Modality.VIDEO, "role": "upscale", "depends_on": ("shot-1",)}
    run = Attempts(storage, vendor, request.model_copy(update={"asset": request.asset.model_copy(update=changes)}))
    if now is None:
        await run.attempt()
        assert len(vendor.billed) == 1
        return
    error = (await run.fails()).details[0]
    assert (error.kind, error.now_usd, vendor.billed) == ("price_changed", now, [])
    assert "its source lasts 12.0 s" in error.message
