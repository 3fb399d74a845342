"""`produce_asset` and jobs of a vendor: polled by retries, recovered, adopted, and stopped."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from activities.errors import (
    AuthenticationFailed,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    SubmissionUnknown,
)
from activities.storage.bucket import Storage
from activities.takes import stopping
from activities.takes.ledger import Ledger
from activities.takes.paid import poll_delay
from tests.activities.takes.attempts import Attempts, take_request
from tests.support.vendor import Vendor
from workflows import keys
from workflows.activity_io import STILL_RUNNING
from workflows.events import TakeOrder


async def test_a_job_is_polled_by_retries(storage: Storage) -> None:
    """A job is submitted once, and each poll that finds it running is a benign retry with its job id and progress."""
    vendor = Vendor(polls=3)
    run = Attempts(storage, vendor, take_request("later"))
    submitted = await run.fails()
    assert submitted.type == STILL_RUNNING
    assert submitted.next_retry_delay is not None
    assert timedelta(seconds=1) <= submitted.next_retry_delay <= timedelta(seconds=4)
    assert "job-1" in submitted.message
    assert run.beats[0]["job_id"] == "job-1", "the first heartbeat of the attempt carries the job"
    for share in ("33%", "67%"):
        assert share in (await run.fails()).message
    assert run.beats[-1]["progress"] == pytest.approx(2 / 3)
    take = await run.attempt()
    assert (take.job_id, take.cost_usd) == ("job-1", Decimal("0.40"))
    assert len(vendor.billed) == 1


async def test_a_lost_job_is_recovered(storage: Storage) -> None:
    """When the vendor can find the submitted job, the lost job is polled and nothing is paid again."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    entry = await run.ledger()
    ledger = Ledger(storage, keys.take_prefix(run.request.production_id, "still-1", 1))
    await ledger.read()
    await ledger.write(entry.model_copy(update={"state": "claimed"}))
    vendor.recoverable = True
    assert (await run.attempt()).job_id == "job-1"
    assert len(vendor.billed) == 1


async def test_a_person_can_adopt_a_job(storage: Storage) -> None:
    """A job id that a person names is polled, and nothing is submitted."""
    vendor = Vendor(polls=1)
    vendor.jobs["job-77"] = 0
    run = Attempts(storage, vendor, take_request("later", order=TakeOrder(number=7, adopt_job_id="job-77")))
    assert (await run.attempt()).job_id == "job-77"
    assert vendor.billed == []


async def test_rate_limits_without_a_delay_back_off(storage: Storage) -> None:
    """A 429 without a delay is retried at growing intervals, within one recorded submission."""
    vendor = Vendor()
    vendor.script = [RateLimited("slow down") for _ in range(8)]
    run = Attempts(storage, vendor, take_request("now"))
    delays = [(await run.fails()).next_retry_delay for _ in range(8)]
    assert [d.total_seconds() for d in delays if d] == [1, 2, 4, 8, 16, 32, 60, 60]
    await run.attempt()
    entry = await run.ledger()
    assert (len(entry.submissions), entry.failures) == (1, 0)


async def test_a_refused_key_does_not_end_the_job(storage: Storage) -> None:
    """A poll that is refused because of its key waits for a person, who adopts the same job; nothing is paid again."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    vendor.script = [AuthenticationFailed("VENDOR_KEY is wrong")]
    final = await run.fails()
    assert (final.details[0].reason, final.details[0].job_id) == ("ambiguous_submission", "job-1")
    run.request = run.request.model_copy(update={"order": TakeOrder(number=7, adopt_job_id="job-1")})
    assert (await run.attempt()).job_id == "job-1"
    assert len(vendor.billed) == 1


async def test_an_adopted_job_that_fails_submits_nothing(storage: Storage) -> None:
    """When the job that a person named ends without media, a person has to decide again."""
    vendor = Vendor(polls=1)
    vendor.script = [JobFailed("gone")]
    run = Attempts(storage, vendor, take_request("later", order=TakeOrder(number=7, adopt_job_id="job-77")))
    assert (await run.fails()).non_retryable
    assert vendor.billed == []


async def test_a_job_that_cannot_be_polled_ends_after_five_errors(storage: Storage) -> None:
    """Five polls with an unforeseen error end the attempts, with the id of the job, which stays submitted."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    vendor.script = [SubmissionUnknown("KeyError: 'output'") for _ in range(5)]
    for _ in range(4):
        assert not (await run.fails()).non_retryable
    final = await run.fails()
    assert (final.non_retryable, final.details[0].job_id) == (True, "job-1")
    assert (await run.ledger()).state == "submitted"


async def test_a_failed_poll_loses_no_paid_job(storage: Storage) -> None:
    """A vendor that cannot be reached while a job runs is polled again, and the job is not submitted again."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    vendor.script = [ProviderUnavailable("503"), SubmissionUnknown("reset by peer")]  # a poll that broke off
    assert not (await run.fails()).non_retryable
    assert not (await run.fails()).non_retryable
    await run.attempt()
    assert len(vendor.billed) == 1


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
def test_poll_delays_follow_the_expected_time(
    expected: float, elapsed: float, progress: float | None, seconds: float
) -> None:
    """The next poll comes after half of the expected remaining time, between 1 and 20 seconds."""
    assert poll_delay(expected, elapsed, progress) == timedelta(seconds=seconds)


@pytest.mark.parametrize("deaf", [0, 2])
async def test_a_stopped_job_submits_nothing_more(storage: Storage, monkeypatch: pytest.MonkeyPatch, deaf: int) -> None:
    """A cancel stops the job at the vendor, even at the third attempt, and reports the cost; the take submits nothing
    more."""
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0.0)
    vendor = Vendor(polls=3)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    vendor.deaf = deaf
    vendor.script = ["it runs", JobCancelled("stopped", billed_usd=Decimal("0.10"))]
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd, end.job_id) == ("stopped", Decimal("0.10"), "job-1")
    assert vendor.jobs == {}
    assert (await run.fails()).details[0].kind == "job_cancelled"
    assert len(vendor.billed) == 1


@pytest.mark.parametrize(
    ("script", "polls", "outcome", "usd"),
    [
        (["it runs", InvalidRequest("there is no such job")], 3, "stopped", "0.40"),
        (["it runs", ProviderUnavailable("no answer")], 3, "stopped", "0.40"),
        ([JobFailed("it broke", billed_usd=Decimal("0.10"))], 3, "stopped", "0.10"),
        ([], 1, "stopped", "0.40"),
    ],
)
async def test_the_cost_of_a_stopped_job(
    storage: Storage, script: list[ProviderError | str], polls: int, outcome: str, usd: str
) -> None:
    """A job that the vendor does not have after the cancel, or reports nothing of, counts at its price and not as free,
    because a cancel may delete it. A job that had ended costs what it reports, and is not cancelled."""
    vendor = Vendor(polls=3)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    vendor.script, vendor.polls = [*script], polls
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd, end.job_id) == (outcome, Decimal(usd), "job-1")
    assert bool(vendor.jobs) == (script[:1] != ["it runs"])


@pytest.mark.parametrize(
    ("script", "outcome", "usd"),
    [(["die"], "running", "0.40"), ([RateLimited("wait")], "free", "0"), ([], "billed", "0.40"), (None, "free", "0")],
)
async def test_the_cost_of_a_cancelled_take(
    storage: Storage, script: list[ProviderError | str] | None, outcome: str, usd: str
) -> None:
    """An ambiguous claim counts as billed and may still run; a take that was never submitted, or was released, costs
    nothing."""
    vendor = Vendor()
    run = Attempts(storage, vendor, take_request("now"))
    if script is not None:
        vendor.script = script
        with suppress(asyncio.CancelledError, ApplicationError):
            await run.attempt()
    end = await run.producer.cancel(run.request)
    assert (end.outcome, end.billed_usd) == (outcome, Decimal(usd))
