"""A provider's in-flight limit over several workers, with jobs that run at the provider, on a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request, Running
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes import paid
from activities.takes.slots import checker
from api.temporal.change_feed import ChangeFeed
from tests.support.productions import Productions, until
from tests.support.vendor import Vendor
from tests.support.waiting import eventually
from worker.limits import apply_limits
from worker.settings import WorkerSettings
from worker.workers import make_provider_worker
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.brief import Platform
from workflows.models import Asset, Modality, Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.slots import state
from workflows.slots.messages import PoolView, pool_id
from workflows.slots.pool import SlotPool

LIMIT: Final = 2
ASSETS: Final = 5
LIMITED: Final = ActivitySettings(claim_settles_seconds=2.0, in_flight={"vendor": LIMIT})


class Jobs(Vendor):
    """A vendor that counts its running jobs; they end when a test says so."""

    def __init__(self) -> None:
        super().__init__(polls=1_000_000)
        self.running: set[str] = set()
        self.most = 0
        self.ending = False

    async def submit(self, request: Request) -> Finished | Job:
        job = await super().submit(request)
        assert isinstance(job, Job)
        self.running.add(job.id)
        self.most = max(self.most, len(self.running))
        return job

    async def poll(self, request: Request, job: Job) -> Running | Finished:
        if self.ending:
            self.running.discard(job.id)
            self.polls = 1
        return await super().poll(request, job)

    async def cancel(self, job: Job) -> None:
        self.running.discard(job.id)
        await super().cancel(job)


class Stills(Activities):
    """The product's own activities, with a fixed plan of ASSETS stills, each a job of the vendor's."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        still = Asset(
            asset_id="still-1",
            asset_type=Modality.IMAGE,
            role="still",
            prompt="a lighthouse",
            provider="vendor",
            model="later",
        )
        return Plan.of("Lighthouses", [still.model_copy(update={"asset_id": f"still-{n}"}) for n in range(ASSETS)])


@pytest.fixture
def vendor() -> Jobs:
    return Jobs()


@pytest.fixture
async def stills(
    client: Client, storage: Storage, vendor: Jobs, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stills]:
    """A worker of workflows; tests start those of the vendor."""
    monkeypatch.setattr(paid, "poll_delay", lambda *_: timedelta(seconds=0.2))
    made = Stills(storage, {"vendor": vendor}, LIMITED)
    steps: Sequence[Any] = [
        made.draft_plan,
        made.price_plan,
        made.finish_deliverable,
        made.write_manifest,
        made.newest_manifest,
    ]
    workflows = [ProductionWorkflow, SlotPool]
    await apply_limits(client, ["vendor"], LIMITED.in_flight)
    async with Worker(client, task_queue=keys.TASK_QUEUE, workflows=workflows, activities=steps):
        yield made
        await client.get_workflow_handle(pool_id("vendor")).terminate()


@asynccontextmanager
async def vendor_worker(client: Client, stills: Stills) -> AsyncIterator[Callable[[], None]]:
    """A worker of the vendor's queue, and the function that stops it at once, in the middle of what it does."""
    client = await Client.connect(client.service_client.config.target_host, data_converter=client.data_converter)
    worker = make_provider_worker(client, stills, WorkerSettings(graceful_shutdown_seconds=0), "vendor")
    running = asyncio.create_task(worker.run())
    try:
        yield lambda: None if running.done() else void(running.cancel())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def void(_: object) -> None:
    return None


async def pool_of(client: Client) -> PoolView:
    view: PoolView = await client.get_workflow_handle(pool_id("vendor")).query(SlotPool.slots)
    return view


async def test_the_limit_holds_over_all_workers(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions
) -> None:
    """Two workers have at most LIMIT jobs at the vendor while these are polled, also after one of the workers is gone;
    all assets are made, each is submitted once, and then no slot is held."""
    async with vendor_worker(client, stills), vendor_worker(client, stills) as kill:
        handle = await productions.approved(platform=Platform.DESIGN)

        async def all_wait() -> bool | None:
            view = await pool_of(client)
            return (len(vendor.running), view.waiting) == (LIMIT, {"default": ASSETS - LIMIT}) or None

        await eventually(all_wait)
        production_id, assets = keys.production_id_of(handle.id), {f"still-{n}" for n in range(ASSETS)}
        beats = await ChangeFeed(client).heartbeats(production_id, assets)
        reasons = [beat.details["reason"] for beat in beats if beat.details.get("queued")]
        assert reasons == ["waits for one of the slots of vendor"] * (ASSETS - LIMIT)
        kill()
        vendor.ending = True
        delivered = await until(handle, "delivered")
        assert all(asset.take for asset in delivered.assets.values())
        assert (vendor.most, len(vendor.billed), len(set(vendor.billed))) == (LIMIT, ASSETS, ASSETS)

        async def all_free() -> bool | None:
            return not (await pool_of(client)).held or None

        await eventually(all_free)


async def test_a_job_counts_until_it_ends(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A production that is cancelled while it waits has submitted nothing. The jobs of a terminated one hold their
    slots while they run; when they end, the next production is made."""
    for name in ("FIRST_CHECK", "LAST_CHECK", "ABANDONED_CHECK"):
        monkeypatch.setattr(state, name, timedelta(seconds=0.5))
    monkeypatch.setattr(checker, "STALE", timedelta(seconds=0.5))
    async with vendor_worker(client, stills):
        ended = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        waiting = await productions.approved(platform=Platform.DESIGN)

        async def waits() -> bool | None:
            return (await pool_of(client)).waiting["default"] == 2 * ASSETS - LIMIT or None

        await eventually(waits)
        await waiting.cancel()
        assert (await waiting.result()).spent_usd == 0
        await ended.terminate()
        polls = dict(vendor.jobs)
        after = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(all(vendor.jobs[job] > polls[job] + 2 for job in vendor.running)))
        assert len(vendor.billed) == LIMIT
        vendor.ending = True
        assert (await until(after, "delivered")).spent_usd == ASSETS * vendor.price
        assert (vendor.most, len(vendor.billed)) == (LIMIT, ASSETS + LIMIT)


async def met(condition: bool) -> bool | None:
    return condition or None
