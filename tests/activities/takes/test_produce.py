"""`produce_asset` against real S3: a take is paid for once and stored whole, whatever the attempts do."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from activities.errors import (
    ContentRefused,
    OutputUnusable,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage, Stored
from activities.takes.paid_attempt import PaidAttempt
from tests.activities.takes.attempts import LIVELY, Attempts, take_request
from tests.support.vendor import Vendor, png
from workflows import keys
from workflows.activity_io import STILL_RUNNING
from workflows.events import TakeOrder
from workflows.models import Take


async def test_a_free_take_is_its_media_object(storage: Storage) -> None:
    """A take without cost leaves one object, whose metadata gives the same take to a second attempt."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("gift", "0"))
    first = await run.attempt()
    again = await run.attempt()
    assert again == first
    assert len(vendor.billed) == 1
    assert (first.media.width, first.media.height, first.cost_usd) == (64, 36, Decimal(0))
    assert first.media.sha256 == hashlib.sha256(vendor.media).hexdigest()
    prefix = keys.take_prefix(run.request.production_id, "still-1", 1)
    assert await storage.head(f"{prefix}/ledger.json") is None


async def test_two_first_attempts_of_a_free_take_agree(storage: Storage) -> None:
    """Two attempts that both act as the first return the same take."""
    run = Attempts(storage, Vendor(), take_request("gift", "0"))
    takes = await asyncio.gather(*(run.attempt(number=1) for _ in range(8)))
    assert all(t == takes[0] for t in takes)


@pytest.mark.parametrize("model", ["now", "later"])
async def test_racing_attempts_submit_once(storage: Storage, model: str) -> None:
    """Exactly one of sixteen concurrent attempts submits, and the others retry."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request(model))
    await asyncio.gather(*(run.attempt(number=1) for _ in range(16)), return_exceptions=True)
    assert len(vendor.billed) == 1


async def test_a_paid_take_is_paid_once(storage: Storage) -> None:
    """An attempt after the stored one returns the take from the ledger and submits nothing."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now"))
    first = await run.attempt()
    assert await run.attempt() == first
    assert await run.attempt(number=1, run_id="run-2") == first
    assert len(vendor.billed) == 1
    assert first.cost_usd == Decimal("0.40")
    assert (await run.ledger()).state == "stored"


async def test_a_killed_inexpensive_submission_is_repeated_and_recorded(storage: Storage) -> None:
    """When the worker is killed after the vendor billed, a take below resubmit_below asks the production, which holds
    the money, and is submitted again; the ledger records it."""
    vendor = Vendor(price="0.01")
    vendor.script = ["die"]
    run = Attempts(storage, vendor, take_request("now", "0.01"))
    await run.dies()
    await run.resubmits()
    assert len(vendor.billed) == 1
    await run.attempt()
    assert len(vendor.billed) == 2
    assert [s.outcome for s in (await run.ledger()).submissions] == ["", "resubmitted"]


async def test_a_killed_expensive_submission_waits_for_a_person(storage: Storage) -> None:
    """When the worker is killed after the vendor billed, an expensive take is ambiguous, and only a person's decision
    submits it again."""
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, take_request("now"))
    await run.dies()
    ambiguous = await run.fails()
    assert (ambiguous.type, ambiguous.non_retryable) == ("ambiguous_submission", True)
    assert ambiguous.details[0].reason == "ambiguous_submission"
    assert len(vendor.billed) == 1
    run.request = run.request.model_copy(update={"order": TakeOrder(number=7)})
    vendor.script = ["die"]
    await run.dies()
    assert len(vendor.billed) == 2
    assert (await run.fails()).type == "ambiguous_submission"
    assert len(vendor.billed) == 2, "one decision of a person allows one submission"
    run.request = run.request.model_copy(update={"order": TakeOrder(number=9)})
    await run.attempt()
    assert len(vendor.billed) == 3


@pytest.mark.parametrize("price", ["0.40", "0.01"])
@pytest.mark.parametrize("run_id", ["run-1", "run-2"])
async def test_a_submission_of_a_zombie_attempt_is_not_repeated(storage: Storage, price: str, run_id: str) -> None:
    """An attempt that Temporal timed out may still wait for its response: no other attempt submits in the meantime."""
    vendor = Vendor(price)
    vendor.gate = asyncio.Event()
    run = Attempts(storage, vendor, take_request("now", price), LIVELY)
    zombie = asyncio.create_task(run.attempt())
    await vendor.reached.wait()
    assert (await run.fails(run_id=run_id)).type == STILL_RUNNING
    vendor.gate.set()
    late = await zombie
    assert await run.attempt(run_id=run_id) == late
    assert len(vendor.billed) == 1


async def test_a_late_response_changes_nothing(storage: Storage) -> None:
    """An inexpensive take whose claim had no heartbeat is submitted again once; a late response changes nothing."""
    vendor = Vendor("0.01")
    vendor.gate = gate = asyncio.Event()
    run = Attempts(storage, vendor, take_request("now", "0.01"))
    silent = Attempts(storage, vendor, run.request, ActivitySettings(claim_settles_seconds=600))
    zombie = asyncio.create_task(silent.attempt())
    await vendor.reached.wait()
    vendor.gate, vendor.media = None, png(32, 32)
    await run.resubmits()
    take = await run.attempt()
    gate.set()
    assert await _late(zombie) is None
    assert await run.attempt() == take
    stored = await storage.get_bytes(take.media.key)
    assert stored is not None
    assert hashlib.sha256(stored[0]).hexdigest() == take.media.sha256
    assert [s.outcome for s in (await run.ledger()).submissions] == ["", "resubmitted"]
    assert (take.billed_usd, len(vendor.billed)) == (Decimal("0.02"), 2)


@pytest.mark.parametrize(
    "error",
    [OutputUnusable("no picture", billed_usd=Decimal("0.40")), ContentRefused("no", billed_usd=Decimal("0.01"))],
)
async def test_a_recorded_end_is_final(storage: Storage, error: ProviderError) -> None:
    """An attempt whose end did not reach Temporal runs again, and ends the same way without another request."""
    vendor = Vendor()
    vendor.script = [error]
    run = Attempts(storage, vendor, take_request("now"))
    first, again = await run.fails(), await run.fails()
    assert first.details == again.details
    assert len(vendor.billed) == 0
    assert len((await run.ledger()).submissions) == 1
    run.request = run.request.model_copy(update={"order": TakeOrder(number=9)})
    assert (await run.attempt()).billed_usd == error.billed_usd + Decimal("0.40")


async def test_every_end_withdraws_the_question(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every end of a submission withdraws the question about it: media, a failure, or a refusal that is retried,
    because the attempt that would retry may be over."""
    withdrawn: list[str] = []

    async def withdraw(attempt: PaidAttempt) -> None:
        withdrawn.append(attempt.prefix)

    monkeypatch.setattr(PaidAttempt, "_withdraw_question", withdraw)
    vendor = Vendor()
    vendor.script = [RateLimited("slow down"), QuotaExhausted("no credit")]
    run = Attempts(storage, vendor, take_request("now"))
    await run.fails()
    assert len(withdrawn) == 1
    await run.fails()
    assert len(withdrawn) == 2
    await Attempts(storage, vendor, take_request("now")).attempt()
    assert len(withdrawn) == 3


async def test_a_ledger_of_another_request_is_not_this_take(storage: Storage) -> None:
    """A ledger of another request, with media or without, is never used for this one: its job is stopped, its cost is
    reported, and the next number is used."""
    vendor = Vendor(polls=5)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    other = run.request.asset.model_copy(update={"prompt": "a red barn"})
    run.request = run.request.model_copy(update={"asset": other})
    failure = (await run.fails()).details[0]
    assert (failure.kind, failure.billed_usd, failure.job_id) == ("take_exists", Decimal("0.40"), "job-1")
    assert (vendor.jobs, len(vendor.billed)) == ({}, 1)
    gift = take_request("gift", "0").asset
    run.request = run.request.model_copy(update={"asset": gift})
    failure = (await run.fails()).details[0]
    assert (failure.kind, failure.billed_usd) == ("take_exists", Decimal("0.40"))
    for model in ("now", "gift"):
        run = Attempts(storage, vendor, take_request(model, "0.40" if model == "now" else "0"))
        first = await run.attempt()
        run.request = run.request.model_copy(
            update={"asset": run.request.asset.model_copy(update={"prompt": "a barn"})}
        )
        failure = (await run.fails()).details[0]
        assert (failure.kind, failure.billed_usd) == ("take_exists", first.billed_usd)


async def _late(zombie: "asyncio.Task[Take]") -> Take | None:
    """The take of a superseded attempt, or None when it fails because another attempt works on this take."""
    with pytest.raises(ApplicationError, match="another attempt is working on this take"):
        return await zombie
    return None


async def test_unforeseen_errors_of_an_inexpensive_take_are_paid_twice_at_most(storage: Storage) -> None:
    """A take of an inexpensive vendor that always bills and then fails is submitted twice, counted as billed, and then
    waits for a person."""
    vendor = Vendor(price="0.01")
    vendor.script = ["die", "die", "die"]
    run = Attempts(storage, vendor, take_request("now", "0.01"))
    await run.dies()
    await run.resubmits()
    await run.dies()
    final = await run.fails()
    assert (final.type, len(vendor.billed)) == ("ambiguous_submission", 2)
    doubt = final.details[0]
    assert (doubt.billed_usd, doubt.doubt_usd, doubt.resubmit) == (Decimal("0.01"), Decimal("0.01"), False)


async def test_a_synchronous_stream_that_breaks_off_is_ambiguous(storage: Storage) -> None:
    """An expensive response that breaks off was paid for, and is not requested again without a person's order."""
    vendor = Vendor()
    vendor.streams = True
    vendor.breaks = True
    run = Attempts(storage, vendor, take_request("now"))
    await run.fails()
    assert (await run.fails()).type == "ambiguous_submission"
    assert len(vendor.billed) == 1


async def test_a_streamed_take_is_read_from_storage(storage: Storage) -> None:
    """Streamed media is hashed while it arrives, and its facts are read from the stored object."""
    vendor = Vendor()
    vendor.streams = True
    run = Attempts(storage, vendor, take_request("now"))
    take = await run.attempt()
    assert take.media.sha256 == hashlib.sha256(vendor.media).hexdigest()
    assert (take.media.bytes, take.media.width, take.cost_usd) == (len(vendor.media), 64, Decimal("0.33"))
    stored = await storage.get_bytes(take.media.key)
    assert stored is not None
    assert stored[0] == vendor.media


@pytest.mark.parametrize("lost", [False, True])
async def test_a_storage_fault_loses_no_paid_take(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    """When storage returns other bytes once, a paid take is read or stored again, and is not discarded."""
    reads = iter([io.BytesIO(b"<Error>SlowDown</Error>")])
    honest, put = storage.open, storage.put_stream
    puts: list[str] = []

    async def stored(key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        done = await put(key, chunks, media_type)
        puts.append(key)
        if lost and len(puts) == 1:
            await storage.put_bytes(key, b"<Error>SlowDown</Error>", media_type)
        return done

    monkeypatch.setattr(storage, "open", lambda key, size: next(reads, None) or honest(key, size))
    monkeypatch.setattr(storage, "put_stream", stored)
    vendor = Vendor(polls=0)
    vendor.streams = True
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()  # this attempt only submits the job
    take = await run.attempt()
    assert (take.media.sha256, len(vendor.billed)) == (hashlib.sha256(vendor.media).hexdigest(), 1)
    assert (len(puts), next(reads, None)) == (2 if lost else 1, None)
    assert await storage.sha256(take.media.key) == take.media.sha256


@pytest.mark.parametrize("kind", [RateLimited, ProviderUnavailable])
async def test_policy_allows_one_resubmission(storage: Storage, kind: type[ProviderError]) -> None:
    """A resubmission that was rate-limited or refused stays the only one: after another lost response a person has to
    decide."""
    vendor = Vendor("0.01")
    run = Attempts(storage, vendor, take_request("now", "0.01"))
    vendor.script = ["die", kind("wait", retry_after=timedelta(seconds=1)), "die"]
    await run.dies()
    await run.resubmits()
    for _ in range(2):
        with suppress(ApplicationError, asyncio.CancelledError):
            await run.attempt()
    with pytest.raises(ApplicationError) as ended:
        await run.attempt()
    assert (ended.value.type, ended.value.details[0].resubmit) == ("ambiguous_submission", False)
    entry = await run.ledger()
    assert entry
    assert (len(vendor.billed), sum(s.resubmitted for s in entry.submissions)) == (2, 1)
