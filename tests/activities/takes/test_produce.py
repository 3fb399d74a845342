"""`produce_asset` against real S3: whatever attempts do, a take is paid for once and stored whole."""

import asyncio
import dataclasses
import hashlib
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.catalogue.offers import Offer
from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
)
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage, Stored
from activities.takes import stopping
from activities.takes.ledger import Entry, Ledger
from activities.takes.paid import look_delay
from activities.takes.paid_attempt import PaidAttempt
from activities.takes.producer import Producer
from tests.support.vendor import Vendor, png
from workflows import keys
from workflows.activity_io import STILL_RUNNING, AssetFailure, ProduceAsset
from workflows.events import TakeOrder
from workflows.models import Asset, Brief, Modality, Platform, Quote, Take


def asked(model: str, price: str = "0.40", **more: object) -> ProduceAsset:
    asset = Asset(
        asset_id="still-1",
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider="vendor",
        model=model,
        quote=Quote(low_usd=Decimal(price), high_usd=Decimal(price), expected_seconds=8),
    )
    brief = Brief(text="x", platform=Platform.VIDEO)
    return ProduceAsset.model_validate(
        {"production_id": uuid4().hex, "brief": brief, "asset": asset, "take": 1, **more}
    )


class Attempts:
    """Runs attempts of one take as the server would: numbered, in a run, each with its own heartbeats."""

    def __init__(
        self, storage: Storage, vendor: Vendor, request: ProduceAsset, settings: ActivitySettings | None = None
    ) -> None:
        self.storage, self.request = storage, request
        settings = settings or ActivitySettings(claim_settles_seconds=0.3)
        self.producer = Producer(storage, {"vendor": vendor}, settings)
        self.number = 0
        self.beats: list[dict[str, object]] = []

    async def attempt(self, number: int | None = None, run_id: str = "run-1") -> Take:
        self.number = number or self.number + 1
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=self.number, workflow_run_id=run_id)
        environment.on_heartbeat = lambda *details: self.beats.append(dict(details[0]))
        return await environment.run(self.producer.produce, self.request)

    async def fails(self, number: int | None = None, run_id: str = "run-1") -> ApplicationError:
        with pytest.raises(ApplicationError) as failure:
            await self.attempt(number, run_id)
        return failure.value

    async def follows(self, number: int, **order: object) -> None:
        """From now on as the production ordered, a person or its policy."""
        order_of = TakeOrder.model_validate({"number": number, **order})
        self.request = self.request.model_copy(update={"order": order_of})

    async def resubmits(self, number: int = 7) -> None:
        """An attempt that says the take in doubt may be submitted again unasked; then the production orders it."""
        doubt = (await self.fails()).details[0]
        assert (doubt.reason, doubt.resubmit) == ("ambiguous_submission", True)
        await self.follows(number)

    async def dies(self) -> None:
        with pytest.raises(asyncio.CancelledError):
            await self.attempt()

    async def ledger(self) -> Entry:
        prefix = keys.take_prefix(self.request.production_id, "still-1", self.request.take)
        entry = await Ledger(self.storage, prefix).read()
        assert entry is not None
        return entry


async def test_a_free_take_is_its_media_object(storage: Storage) -> None:
    """A take that costs nothing leaves one object, whose metadata gives the very same take to a second attempt."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("gift", "0"))
    first = await run.attempt()
    again = await run.attempt()
    assert again == first
    assert len(vendor.billed) == 1
    assert (first.media.width, first.media.height, first.cost_usd) == (64, 36, Decimal(0))
    assert first.media.sha256 == hashlib.sha256(vendor.media).hexdigest()
    prefix = keys.take_prefix(run.request.production_id, "still-1", 1)
    assert await storage.head(f"{prefix}/ledger.json") is None


async def test_two_first_attempts_of_a_free_take_agree(storage: Storage) -> None:
    """Two attempts that both believe to be the first return the same take."""
    run = Attempts(storage, Vendor(), asked("gift", "0"))
    takes = await asyncio.gather(*(run.attempt(number=1) for _ in range(8)))
    assert all(t == takes[0] for t in takes)


@pytest.mark.parametrize("model", ["now", "later"])
async def test_racing_attempts_submit_once(storage: Storage, model: str) -> None:
    """Of sixteen attempts at once exactly one submits; the others look again."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked(model))
    await asyncio.gather(*(run.attempt(number=1) for _ in range(16)), return_exceptions=True)
    assert len(vendor.billed) == 1


async def test_a_paid_take_is_paid_once(storage: Storage) -> None:
    """An attempt after the stored one returns the take from the ledger and submits nothing."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now"))
    first = await run.attempt()
    assert await run.attempt() == first
    assert await run.attempt(number=1, run_id="run-2") == first
    assert len(vendor.billed) == 1
    assert first.cost_usd == Decimal("0.40")
    assert (await run.ledger()).state == "stored"


async def test_a_job_is_polled_by_retries(storage: Storage) -> None:
    """A job is submitted once; each look that finds it running is a benign retry that carries job id and percent."""
    vendor = Vendor(looks=3)
    run = Attempts(storage, vendor, asked("later"))
    submitted = await run.fails()
    assert submitted.type == STILL_RUNNING
    assert submitted.next_retry_delay is not None
    assert timedelta(seconds=3) < submitted.next_retry_delay <= timedelta(seconds=4)
    assert "job-1" in submitted.message
    assert run.beats[0]["job_id"] == "job-1", "the first heartbeat of the attempt carries the job"
    for share in ("33%", "67%"):
        assert share in (await run.fails()).message
    assert run.beats[-1]["progress"] == pytest.approx(2 / 3)
    take = await run.attempt()
    assert (take.job_id, take.cost_usd) == ("job-1", Decimal("0.40"))
    assert len(vendor.billed) == 1


async def test_a_killed_cheap_submission_is_made_again_and_recorded(storage: Storage) -> None:
    """Killed after the vendor billed, a take below resubmit_below asks the production, which holds the money, and is
    submitted again; the ledger says so."""
    vendor = Vendor(price="0.01")
    vendor.script = ["die"]
    run = Attempts(storage, vendor, asked("now", "0.01"))
    await run.dies()
    await run.resubmits()
    assert len(vendor.billed) == 1
    await run.attempt()
    assert len(vendor.billed) == 2
    assert [s.outcome for s in (await run.ledger()).submissions] == ["", "resubmitted"]


async def test_a_killed_dear_submission_waits_for_a_person(storage: Storage) -> None:
    """Killed after the vendor billed, a dear take is ambiguous; only a person's word submits it again."""
    vendor = Vendor()
    vendor.script = ["die"]
    run = Attempts(storage, vendor, asked("now"))
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
    assert len(vendor.billed) == 2, "one word of a person allows one submission"
    run.request = run.request.model_copy(update={"order": TakeOrder(number=9)})
    await run.attempt()
    assert len(vendor.billed) == 3


async def test_a_lost_job_is_recovered(storage: Storage) -> None:
    """Where the vendor can tell which job was submitted, the lost job is looked at and nothing is paid again."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    entry = await run.ledger()
    ledger = Ledger(storage, keys.take_prefix(run.request.production_id, "still-1", 1))
    await ledger.read()
    await ledger.write(entry.model_copy(update={"state": "claimed"}))
    vendor.recoverable = True
    assert (await run.attempt()).job_id == "job-1"
    assert len(vendor.billed) == 1


async def test_a_person_can_adopt_a_job(storage: Storage) -> None:
    """A job id that a person names is looked at; nothing is submitted."""
    vendor = Vendor(looks=1)
    vendor.jobs["job-77"] = 0
    run = Attempts(storage, vendor, asked("later", order=TakeOrder(number=7, adopt_job_id="job-77")))
    assert (await run.attempt()).job_id == "job-77"
    assert vendor.billed == []


async def test_rate_limits_are_waiting_not_failing(storage: Storage) -> None:
    """Any number of 429s uses up no allowed failure, and each waits the vendor's own delay."""
    vendor = Vendor()
    vendor.script = [RateLimited("slow down", retry_after=timedelta(seconds=48)) for _ in range(9)]
    run = Attempts(storage, vendor, asked("now"))
    for _ in range(9):
        assert (await run.fails()).next_retry_delay == timedelta(seconds=48)
    await run.attempt()
    assert (await run.ledger()).failures == 0


async def test_real_failures_are_counted(storage: Storage) -> None:
    """Four failures that cost nothing are retried with growing delays, the fifth ends the take."""
    vendor = Vendor()
    vendor.script = [JobFailed("out of memory") for _ in range(5)]
    run = Attempts(storage, vendor, asked("now"))
    delays = [(await run.fails()).next_retry_delay for _ in range(4)]
    assert delays == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert (await run.fails()).non_retryable


async def test_what_was_billed_is_not_paid_again_unasked(storage: Storage) -> None:
    """A failure that was billed ends at once; the bill, rounded up, is in the ledger and in the error."""
    vendor = Vendor()
    vendor.script = [OutputUnusable("black picture", billed_usd=Decimal("0.123456"))]
    run = Attempts(storage, vendor, asked("now"))
    final = await run.fails()
    assert final.non_retryable
    assert final.details[0].billed_usd == (await run.ledger()).billed_usd == Decimal("0.1235")


@pytest.mark.parametrize("price", ["0.40", "0.01"])
@pytest.mark.parametrize("run_id", ["run-1", "run-2"])
async def test_a_zombie_is_left_alone(storage: Storage, price: str, run_id: str) -> None:
    """An attempt that Temporal lost sight of may still wait for its answer: nobody submits beside it."""
    vendor = Vendor(price)
    vendor.gate = asyncio.Event()
    run = Attempts(storage, vendor, asked("now", price))
    zombie = asyncio.create_task(run.attempt())
    await vendor.reached.wait()
    assert (await run.fails(run_id=run_id)).type == STILL_RUNNING
    vendor.gate.set()
    late = await zombie
    assert await run.attempt(run_id=run_id) == late
    assert len(vendor.billed) == 1


async def test_a_late_answer_harms_nothing(storage: Storage) -> None:
    """A cheap take whose claim showed no sign of life is made again once; a late answer changes nothing."""
    vendor = Vendor("0.01")
    vendor.gate = gate = asyncio.Event()
    run = Attempts(storage, vendor, asked("now", "0.01"))
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
async def test_what_ended_stays_ended(storage: Storage, error: ProviderError) -> None:
    """An attempt whose end Temporal did not hear of runs again, and ends the same way without another request."""
    vendor = Vendor()
    vendor.script = [error]
    run = Attempts(storage, vendor, asked("now"))
    first, again = await run.fails(), await run.fails()
    assert first.details == again.details
    assert len(vendor.billed) == 0
    assert len((await run.ledger()).submissions) == 1
    run.request = run.request.model_copy(update={"order": TakeOrder(number=9)})
    assert (await run.attempt()).billed_usd == error.billed_usd + Decimal("0.40")


async def test_an_end_withdraws_the_question(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends a submission for good, media or a failure, is told where a person was asked about it meanwhile; a
    failure that is tried again answers nothing."""
    told: list[str] = []

    async def tell(attempt: PaidAttempt) -> None:
        told.append(attempt.prefix)

    monkeypatch.setattr(PaidAttempt, "_withdraw_question", tell)
    vendor = Vendor()
    vendor.script = [RateLimited("slow down"), QuotaExhausted("no credit")]
    run = Attempts(storage, vendor, asked("now"))
    await run.fails()
    assert told == []
    await run.fails()
    assert len(told) == 1
    await Attempts(storage, vendor, asked("now")).attempt()
    assert len(told) == 2


async def test_another_request_is_not_this_take(storage: Storage) -> None:
    """A ledger that was written for another request, with media or without, is never taken for the answer to this
    one: its job is stopped, what it cost is told, and the next number is used."""
    vendor = Vendor(looks=5)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    other = run.request.asset.model_copy(update={"prompt": "a red barn"})
    run.request = run.request.model_copy(update={"asset": other})
    told = (await run.fails()).details[0]
    assert (told.kind, told.billed_usd, told.job_id) == ("take_exists", Decimal("0.40"), "job-1")
    assert (vendor.jobs, len(vendor.billed)) == ({}, 1)
    gift = asked("gift", "0").asset
    run.request = run.request.model_copy(update={"asset": gift})
    told = (await run.fails()).details[0]
    assert (told.kind, told.billed_usd) == ("take_exists", Decimal("0.40"))
    for model in ("now", "gift"):
        run = Attempts(storage, vendor, asked(model, "0.40" if model == "now" else "0"))
        first = await run.attempt()
        run.request = run.request.model_copy(
            update={"asset": run.request.asset.model_copy(update={"prompt": "a barn"})}
        )
        told = (await run.fails()).details[0]
        assert (told.kind, told.billed_usd) == ("take_exists", first.billed_usd)


async def test_waiting_grows_and_leaves_no_trace(storage: Storage) -> None:
    """A vendor that says to wait without saying how long is asked ever less often, and each time in the same line."""
    vendor = Vendor()
    vendor.script = [RateLimited("slow down") for _ in range(8)]
    run = Attempts(storage, vendor, asked("now"))
    delays = [(await run.fails()).next_retry_delay for _ in range(8)]
    assert [d.total_seconds() for d in delays if d] == [1, 2, 4, 8, 16, 32, 60, 60]
    await run.attempt()
    entry = await run.ledger()
    assert (len(entry.submissions), entry.failures) == (1, 0)


async def test_a_model_that_is_gone(storage: Storage) -> None:
    """A job whose model the worker no longer offers waits for a person; what is stored is still the take."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    run.producer = Producer(storage, {}, ActivitySettings())
    gone = AssetFailure.model_validate((await run.fails()).details[0])
    assert (gone.reason, gone.job_id, gone.maybe_billed) == ("ambiguous_submission", "job-1", True)
    run.producer = Producer(storage, {"vendor": vendor}, ActivitySettings())
    take = await run.attempt()
    run.producer = Producer(storage, {}, ActivitySettings())
    assert await run.attempt() == take


async def test_a_model_that_is_in_no_catalogue_any_more(storage: Storage) -> None:
    """Before anything is submitted a model that its provider no longer offers is a retired one, and costs nothing."""
    gone = (await Attempts(storage, Vendor(), asked("older")).fails()).details[0]
    assert (gone.reason, gone.billed_usd, gone.maybe_billed) == ("model_retired", 0, False)


class Retiring(Vendor):
    """Its models were retired the day before this one."""

    retired = False

    def offers(self) -> Sequence[Offer]:
        day = datetime.now(UTC).date() - timedelta(days=1) if self.retired else None
        return [dataclasses.replace(o, retires=day, replacement=("newer", "newest")) for o in super().offers()]


async def test_a_model_that_retired_since_the_plan(storage: Storage) -> None:
    """It is asked for nothing new, and its replacement is named; a job that it still runs is looked at to its end."""
    vendor = Retiring(looks=1)
    running, new = (Attempts(storage, vendor, asked("later")) for _ in range(2))
    await running.fails()
    vendor.retired = True
    gone = (await new.fails()).details[0]
    assert (gone.reason, gone.replacement) == ("model_retired", ("newer", "newest"))
    assert "use newer or newest" in gone.message
    assert (await running.attempt()).job_id == "job-1"
    assert len(vendor.billed) == 1


async def _late(zombie: "asyncio.Task[Take]") -> Take | None:
    """What an attempt that is not wanted any more ends with: the word that another is at this take."""
    with pytest.raises(ApplicationError, match="another attempt is at this take"):
        return await zombie
    return None


async def test_unforeseen_errors_of_a_cheap_take_are_paid_twice_at_most(storage: Storage) -> None:
    """A cheap vendor that always bills and then breaks is asked twice, counted as billed, and left to a person."""
    vendor = Vendor(price="0.01")
    vendor.script = ["die", "die", "die"]
    run = Attempts(storage, vendor, asked("now", "0.01"))
    await run.dies()
    await run.resubmits()
    await run.dies()
    final = await run.fails()
    assert (final.type, len(vendor.billed)) == ("ambiguous_submission", 2)
    doubt = final.details[0]
    assert (doubt.billed_usd, doubt.doubt_usd, doubt.resubmit) == (Decimal("0.01"), Decimal("0.01"), False)


async def test_a_key_that_fails_during_a_job_does_not_end_the_job(storage: Storage) -> None:
    """A look that is refused for its key waits for a person, who adopts the very same job; nothing is paid again."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    vendor.script = [AuthenticationFailed("VENDOR_KEY is wrong")]
    final = await run.fails()
    assert (final.details[0].reason, final.details[0].job_id) == ("ambiguous_submission", "job-1")
    run.request = run.request.model_copy(update={"order": TakeOrder(number=7, adopt_job_id="job-1")})
    assert (await run.attempt()).job_id == "job-1"
    assert len(vendor.billed) == 1


async def test_an_adopted_job_that_fails_submits_nothing(storage: Storage) -> None:
    """When the job that a person named ends without media, the person is asked again."""
    vendor = Vendor(looks=1)
    vendor.script = [JobFailed("gone")]
    run = Attempts(storage, vendor, asked("later", order=TakeOrder(number=7, adopt_job_id="job-77")))
    assert (await run.fails()).non_retryable
    assert vendor.billed == []


async def test_a_job_that_cannot_be_read_is_not_looked_at_for_ever(storage: Storage) -> None:
    """Five looks that break in a way nobody foresaw end with the job's id, still submitted."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    vendor.script = [SubmissionUnknown("KeyError: 'output'") for _ in range(5)]
    for _ in range(4):
        assert not (await run.fails()).non_retryable
    final = await run.fails()
    assert (final.non_retryable, final.details[0].job_id) == (True, "job-1")
    assert (await run.ledger()).state == "submitted"


async def test_a_synchronous_stream_that_breaks_off_is_ambiguous(storage: Storage) -> None:
    """A dear answer that breaks off was paid for: it is not bought again without a person."""
    vendor = Vendor()
    vendor.streams = True
    vendor.breaks = True
    run = Attempts(storage, vendor, asked("now"))
    await run.fails()
    assert (await run.fails()).type == "ambiguous_submission"
    assert len(vendor.billed) == 1


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AuthenticationFailed("VENDOR_KEY is wrong"), "asset_failed"),
        (ContentRefused("violence"), "content_refused"),
        (OutputUnusable("black picture", billed_usd=Decimal("0.40")), "output_unusable"),
    ],
)
async def test_final_errors_end_at_once(storage: Storage, error: ProviderError, reason: str) -> None:
    """What a retry cannot fix ends at the first attempt, in the vendor's words."""
    vendor = Vendor()
    vendor.script = [error]
    final = await Attempts(storage, vendor, asked("now")).fails()
    assert final.non_retryable
    assert final.details[0].message == str(error)
    assert final.details[0].reason == reason


async def test_a_failed_look_never_loses_a_paid_job(storage: Storage) -> None:
    """A vendor that cannot be reached while a job runs is asked again; the job is not submitted anew."""
    vendor = Vendor(looks=1)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    vendor.script = [ProviderUnavailable("503"), SubmissionUnknown("reset by peer")]  # a look that broke off
    assert not (await run.fails()).non_retryable
    assert not (await run.fails()).non_retryable
    await run.attempt()
    assert len(vendor.billed) == 1


async def test_a_streamed_take_is_read_from_storage(storage: Storage) -> None:
    """Media that comes as a stream is hashed on its way, its facts are read from the stored object."""
    vendor = Vendor()
    vendor.streams = True
    run = Attempts(storage, vendor, asked("now"))
    take = await run.attempt()
    assert take.media.sha256 == hashlib.sha256(vendor.media).hexdigest()
    assert (take.media.bytes, take.media.width, take.cost_usd) == (len(vendor.media), 64, Decimal("0.33"))
    stored = await storage.get_bytes(take.media.key)
    assert stored is not None
    assert stored[0] == vendor.media


@pytest.mark.parametrize("lost", [False, True])
async def test_the_storage_is_not_the_vendor(storage: Storage, monkeypatch: pytest.MonkeyPatch, lost: bool) -> None:
    """Where the storage once gives back something else, a paid take is read or stored again, not thrown away."""
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
    vendor = Vendor(looks=0)
    vendor.streams = True
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()  # the job was only just submitted
    take = await run.attempt()
    assert (take.media.sha256, len(vendor.billed)) == (hashlib.sha256(vendor.media).hexdigest(), 1)
    assert (len(puts), next(reads, None)) == (2 if lost else 1, None)
    assert await storage.sha256(take.media.key) == take.media.sha256


async def test_broken_media_is_a_billed_failure(storage: Storage) -> None:
    """What does not open as an image is a failure that was paid for, not a take."""
    vendor = Vendor()
    vendor.media = b"<html>sorry</html>"
    run = Attempts(storage, vendor, asked("now"))
    assert (await run.fails()).type == "output_unusable"
    entry = await run.ledger()
    assert (entry.state, entry.failures, entry.billed_usd) == ("released", 1, Decimal("0.40"))


@pytest.mark.parametrize(
    ("expected", "elapsed", "progress", "seconds"),
    [
        (8, 0, None, 4),
        (8, 0, 0.0, 4),
        (600, 0, None, 20),
        (8, 7.9, None, 1),
        (80, 90, None, 4.5),
        (4, 100, None, 5),
        (600, 30, 0.75, 5),
        (20, 30, 0.5, 15),
        (20, 200, 0.99, 5),
        (20, 200, 1, 5),
    ],
)
def test_looks_follow_what_the_model_takes(
    expected: float, elapsed: float, progress: float | None, seconds: float
) -> None:
    """The next look comes after half of what seems to be left, between 1 and 20 seconds."""
    assert look_delay(expected, elapsed, progress) == timedelta(seconds=seconds)


@pytest.mark.parametrize("deaf", [0, 2])
async def test_a_stopped_job_is_over(storage: Storage, monkeypatch: pytest.MonkeyPatch, deaf: int) -> None:
    """A cancel stops the job at the vendor, also at the third try, and says what it cost; the take submits nothing any
    more."""
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0.0)
    vendor = Vendor(looks=3)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    vendor.deaf = deaf
    vendor.script = ["it runs", JobCancelled("stopped", billed_usd=Decimal("0.10"))]
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd, end.job_id) == ("stopped", Decimal("0.10"), "job-1")
    assert vendor.jobs == {}
    assert (await run.fails()).details[0].kind == "job_cancelled"
    assert len(vendor.billed) == 1


@pytest.mark.parametrize(
    ("script", "looks", "outcome", "usd"),
    [
        (["it runs", InvalidRequest("there is no such job")], 3, "stopped", "0.40"),
        (["it runs", ProviderUnavailable("no answer")], 3, "stopped", "0.40"),
        ([JobFailed("it broke", billed_usd=Decimal("0.10"))], 3, "stopped", "0.10"),
        ([], 1, "stopped", "0.40"),
    ],
)
async def test_what_a_stopped_job_cost(
    storage: Storage, script: list[ProviderError | str], looks: int, outcome: str, usd: str
) -> None:
    """A job that the vendor knows nothing of after the cancel, or says nothing of, counts at its price, not as free: to
    cancel one may erase it. One that had ended before costs what it says, and is not cancelled."""
    vendor = Vendor(looks=3)
    run = Attempts(storage, vendor, asked("later"))
    await run.fails()
    vendor.script, vendor.looks = [*script], looks
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd, end.job_id) == (outcome, Decimal(usd), "job-1")
    assert bool(vendor.jobs) == (script[:1] != ["it runs"])


@pytest.mark.parametrize(
    ("script", "outcome", "usd"),
    [(["die"], "running", "0.40"), ([RateLimited("wait")], "free", "0"), ([], "billed", "0.40"), (None, "free", "0")],
)
async def test_what_a_cancelled_take_cost(
    storage: Storage, script: list[ProviderError | str] | None, outcome: str, usd: str
) -> None:
    """A claim in doubt counts as billed and may still run; what was never begun, or released, cost nothing."""
    vendor = Vendor()
    run = Attempts(storage, vendor, asked("now"))
    if script is not None:
        vendor.script = script
        with suppress(asyncio.CancelledError, ApplicationError):
            await run.attempt()
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd) == (outcome, Decimal(usd))


@pytest.mark.parametrize("kind", [RateLimited, ProviderUnavailable])
async def test_one_resubmission_at_most_is_made_unasked(storage: Storage, kind: type[ProviderError]) -> None:
    """A resubmission that had to wait, or was turned away, stays one: after another lost answer a person is asked."""
    vendor = Vendor("0.01")
    run = Attempts(storage, vendor, asked("now", "0.01"))
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
