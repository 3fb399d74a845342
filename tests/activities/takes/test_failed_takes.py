"""`produce_asset` and failures: which are retried, which are counted, and which wait for a person."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from activities.catalogue.offers import Offer
from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    JobFailed,
    OutputUnusable,
    ProviderError,
    RateLimited,
)
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.producer import Producer
from tests.activities.takes.attempts import Attempts, take_request
from tests.support.vendor import Vendor
from workflows.activity_io import AssetFailure


async def test_rate_limits_are_not_failures(storage: Storage) -> None:
    """Any number of 429s uses up no allowed failure, and each retry waits for the vendor's own delay."""
    vendor = Vendor()
    vendor.script = [RateLimited("slow down", retry_after=timedelta(seconds=48)) for _ in range(9)]
    run = Attempts(storage, vendor, take_request("now"))
    for _ in range(9):
        assert (await run.fails()).next_retry_delay == timedelta(seconds=48)
    await run.attempt()
    assert (await run.ledger()).failures == 0


async def test_real_failures_are_counted(storage: Storage) -> None:
    """Four failures without cost are retried with growing delays, and the fifth ends the take."""
    vendor = Vendor()
    vendor.script = [JobFailed("out of memory") for _ in range(5)]
    run = Attempts(storage, vendor, take_request("now"))
    delays = [(await run.fails()).next_retry_delay for _ in range(4)]
    assert delays == [timedelta(seconds=s) for s in (1, 2, 4, 8)]
    assert (await run.fails()).non_retryable


async def test_a_billed_failure_is_not_repeated_without_an_order(storage: Storage) -> None:
    """A failure that was billed ends the take at once; the ledger and the error carry the bill, rounded up."""
    vendor = Vendor()
    vendor.script = [OutputUnusable("black picture", billed_usd=Decimal("0.123456"))]
    run = Attempts(storage, vendor, take_request("now"))
    final = await run.fails()
    assert final.non_retryable
    assert final.details[0].billed_usd == (await run.ledger()).billed_usd == Decimal("0.1235")


async def test_a_job_of_a_model_that_is_no_longer_offered(storage: Storage) -> None:
    """A job whose model the worker no longer offers waits for a person; a stored take is still returned."""
    vendor = Vendor(polls=1)
    run = Attempts(storage, vendor, take_request("later"))
    await run.fails()
    run.producer = Producer(storage, {}, ActivitySettings())
    gone = AssetFailure.model_validate((await run.fails()).details[0])
    assert (gone.reason, gone.job_id, gone.maybe_billed) == ("ambiguous_submission", "job-1", True)
    run.producer = Producer(storage, {"vendor": vendor}, ActivitySettings())
    take = await run.attempt()
    run.producer = Producer(storage, {}, ActivitySettings())
    assert await run.attempt() == take


async def test_a_model_that_is_in_no_catalogue_is_retired(storage: Storage) -> None:
    """A model that its provider no longer offers is retired when nothing has been submitted yet, and costs nothing."""
    gone = (await Attempts(storage, Vendor(), take_request("older")).fails()).details[0]
    assert (gone.reason, gone.billed_usd, gone.maybe_billed) == ("model_retired", 0, False)


class Retiring(Vendor):
    """A vendor whose models retired the day before this one."""

    retired = False

    def offers(self) -> Sequence[Offer]:
        day = datetime.now(UTC).date() - timedelta(days=1) if self.retired else None
        return [dataclasses.replace(o, retires=day, replacement=("newer", "newest")) for o in super().offers()]


async def test_a_model_that_retired_after_the_plan(storage: Storage) -> None:
    """It receives no new request, and the error names its replacement; a job that still runs is polled to its end."""
    vendor = Retiring(polls=1)
    running, new = (Attempts(storage, vendor, take_request("later")) for _ in range(2))
    await running.fails()
    vendor.retired = True
    gone = (await new.fails()).details[0]
    assert (gone.reason, gone.replacement) == ("model_retired", ("newer", "newest"))
    assert "use newer or newest" in gone.message
    assert (await running.attempt()).job_id == "job-1"
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
    """An error that no retry can fix ends the take at the first attempt, with the vendor's own message."""
    vendor = Vendor()
    vendor.script = [error]
    final = await Attempts(storage, vendor, take_request("now")).fails()
    assert final.non_retryable
    assert final.details[0].message == str(error)
    assert final.details[0].reason == reason


async def test_broken_media_is_a_billed_failure(storage: Storage) -> None:
    """Media that is not a valid image is a failure that was paid for, not a take."""
    vendor = Vendor()
    vendor.media = b"<html>sorry</html>"
    run = Attempts(storage, vendor, take_request("now"))
    assert (await run.fails()).type == "output_unusable"
    entry = await run.ledger()
    assert (entry.state, entry.failures, entry.billed_usd) == ("released", 1, Decimal("0.40"))
