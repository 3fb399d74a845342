"""Take numbers that a run before a reset used for another request: that request is stopped at its own provider, and its
cost is reported by its own price."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from activities.catalogue.offers import Offer
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.accounts.costs import costs_of_takes
from activities.takes.producer import Producer
from tests.activities.takes.attempts import Attempts, Slow, stop, take_request
from tests.support.vendor import Vendor
from workflows import keys
from workflows.activity_io import AssetFailure


class Other(Vendor):
    """Another provider, whose jobs have the same ids as those of the first."""

    name = "other"

    def offers(self) -> Sequence[Offer]:
        return [replace(offer, provider=self.name) for offer in super().offers()]


class Runs(Attempts):
    """Attempts of the run before a reset, and of the run after it, which planned the asset with another model."""

    def __init__(self, storage: Storage, vendor: Vendor, other: Vendor) -> None:
        super().__init__(storage, vendor, take_request("later"))
        self.both = {"vendor": vendor, "other": other}
        self.producer = Producer(storage, self.both, ActivitySettings(claim_settles_seconds=0.3))

    def is_reset(self, model: str, price: str, **changes: object) -> None:
        """Plan the asset anew, by the other provider or as `changes` says."""
        planned = take_request(model, price).asset.model_copy(update={"provider": "other", **changes})
        self.request = self.request.model_copy(update={"asset": planned})

    def loses_keys_of(self, provider: str) -> None:
        del self.both[provider]


@pytest.mark.parametrize("model", ["now", "later", "gift"])
async def test_a_job_of_an_earlier_run_is_stopped_at_its_provider(storage: Storage, model: str) -> None:
    """The job of the earlier request is stopped where it runs, whichever provider the asset has now, and counts at its
    own price; the job of the same id at the new provider is untouched."""
    vendor, other = Vendor("0.40", polls=9), Other("0.05", polls=9)
    run = Runs(storage, vendor, other)
    await run.fails()
    other.jobs["job-1"] = 0
    run.is_reset(model, "0" if model == "gift" else "0.05")
    failure: AssetFailure = (await run.fails()).details[0]
    assert (failure.kind, failure.billed_usd, failure.job_id) == ("take_exists", Decimal("0.40"), "job-1")
    assert (vendor.jobs, other.jobs, other.billed) == ({}, {"job-1": 0}, [])
    assert failure.earlier
    assert (failure.earlier.provider, failure.earlier.model) == ("vendor", "later")
    assert (failure.earlier.price_usd, failure.earlier.above_usd) == (Decimal("0.40"), Decimal(0))


@pytest.mark.parametrize("model", ["now", "gift"])
async def test_a_bill_above_its_price_of_an_earlier_run_is_reported(storage: Storage, model: str) -> None:
    """A take of the earlier run that was billed above its price is reported with that price and what is above it."""
    vendor = Vendor("0.40", polls=1)
    vendor.streams = True  # its bill is 0.33
    run = Runs(storage, vendor, Other())
    run.request = take_request("now", "0.10")
    await run.attempt()
    run.is_reset(model, "0" if model == "gift" else "0.40")
    failure: AssetFailure = (await run.fails()).details[0]
    assert (failure.billed_usd, failure.earlier and failure.earlier.above_usd) == (Decimal("0.33"), Decimal("0.23"))


async def test_a_cancel_stops_the_job_of_an_earlier_run(storage: Storage) -> None:
    """A cancel that comes before the first attempt after a reset stops the earlier request at its own provider."""
    vendor, other = Vendor("0.40", polls=9), Other("0.05", polls=9)
    run = Runs(storage, vendor, other)
    await run.fails()
    run.is_reset("later", "0.05")
    end = await stop(run)
    assert (end.billed_usd, vendor.jobs, end.earlier and end.earlier.provider) == (Decimal("0.40"), {}, "vendor")


async def test_an_earlier_job_of_a_provider_without_a_key_counts_at_its_price(storage: Storage) -> None:
    """Where the key of the earlier provider was removed, its open job counts at its own price, and the message names
    the provider."""
    vendor, other = Vendor("0.40", polls=9), Other("0.05", polls=9)
    run = Runs(storage, vendor, other)
    await run.fails()
    run.loses_keys_of("vendor")
    run.is_reset("later", "0.05")
    end = await stop(run)
    assert (end.outcome, end.billed_usd, end.job_id) == ("running", Decimal("0.40"), "job-1")
    assert "vendor" in end.message
    failure: AssetFailure = (await run.fails()).details[0]
    assert (failure.kind, failure.billed_usd) == ("take_exists", Decimal("0.40"))


async def test_a_take_of_an_earlier_run_is_not_used_for_a_model_that_is_not_offered(storage: Storage) -> None:
    """The stored take of another request is not used for an asset whose model this worker does not offer."""
    run = Runs(storage, Vendor(polls=1), Other())
    run.request = take_request("now")
    await run.attempt()
    run.is_reset("gone", "0.40")
    assert (await run.fails()).type == "model_retired"


async def test_the_costs_of_all_takes_are_read_from_their_ledgers(storage: Storage) -> None:
    """Each take counts its bills, an open request its price, and questions to language models have one sum; a ledger
    that cannot be read is left out."""
    run = Attempts(storage, Vendor("0.40"), take_request("now"))
    await run.attempt()
    folder = keys.production_prefix(run.request.production_id)
    paid = await storage.get_bytes(f"{folder}/assets/still-1/takes/1/ledger.json")
    assert paid
    for asset_id in ("_planner", "_judge-1"):
        await storage.put_bytes(f"{folder}/assets/{asset_id}/takes/7/ledger.json", paid[0], "application/json")
    await storage.put_bytes(f"{folder}/assets/still-2/takes/1/ledger.json", b"{}", "application/json")
    slow = Slow("0.40")
    other = Attempts(storage, slow, run.request.model_copy(update={"take": 2}))
    attempt = asyncio.create_task(other.attempt())
    await slow.reached.wait()
    costs = await costs_of_takes(storage, run.request.production_id)
    assert slow.gate
    slow.gate.set()
    await attempt
    price = Decimal("0.40")
    assert costs == {"still-1/1": price, "still-1/2": price, "": 2 * price}
