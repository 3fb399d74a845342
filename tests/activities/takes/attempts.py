"""Attempts at one take, as the Temporal server would start them."""

import asyncio
import dataclasses
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.errors import ProviderError
from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.ledger import Entry, Ledger
from activities.takes.producer import Producer
from tests.support.vendor import Vendor
from workflows import keys
from workflows.activity_io import AssetCancelled, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.events import TakeOrder
from workflows.models import Asset, Modality, Quote, Take


def take_request(model: str, price: str = "0.40", **more: object) -> ProduceAsset:
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


LIVELY: Final = ActivitySettings(claim_settles_seconds=2.0)
"""For an attempt that lives and must not count as lost: even on a busy machine one of three heartbeats arrives in time.
"""


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
        """Give the next attempts an order, as a person or the policy of the production would."""
        order_of = TakeOrder.model_validate({"number": number, **order})
        self.request = self.request.model_copy(update={"order": order_of})

    async def resubmits(self, number: int = 7) -> None:
        """Assert that an attempt reports an ambiguous submission that policy may repeat, then order the repetition."""
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


async def stop(run: Attempts) -> AssetCancelled:
    environment = ActivityEnvironment()
    found: AssetCancelled = await environment.run(run.producer.cancel, run.request)
    return found


def ledger_key(request: ProduceAsset) -> str:
    return f"{keys.take_prefix(request.production_id, 'still-1', request.take)}/ledger.json"


async def forget_jobs(storage: Storage) -> None:
    """Delete the records of jobs: the vendor of every test numbers its jobs from 1, which no real vendor does."""
    for key in await storage.list_keys("jobs/vendor/"):
        await storage.delete(key)


class Slow(Vendor):
    """A vendor that signals each request, and responds once `gate` is open."""

    def __init__(self, price: str = "0.40") -> None:
        super().__init__(price)
        self.gate = asyncio.Event()
        self.refuses: ProviderError | None = None
        """The response to a request, after the gate."""
        self.sent = 0

    async def submit(self, request: Request) -> Finished | Job:
        self.sent += 1
        response = await super().submit(request)
        if self.refuses:
            raise self.refuses
        return response


async def finished_take(run: Attempts) -> Any:
    """The take of the first successful attempt out of six."""
    for _ in range(6):
        try:
            return await run.attempt()
        except Exception as error:
            last = error
    raise last
