"""Productions of stills by a vendor with an in-flight limit, and the vendor's jobs at any moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.production import Activities
from activities.providers.protocol import Finished, Job, Request, Running
from activities.settings import ActivitySettings
from tests.support.vendor import Vendor
from worker.settings import WorkerSettings
from worker.workers import make_provider_worker
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.models import Asset, Modality, Plan
from workflows.production.workflow import ProductionWorkflow
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


def plan_of_stills(count: int, model: str) -> Plan:
    """A plan of so many stills by a model of the vendor."""
    still = Asset(
        asset_id="still-0",
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider="vendor",
        model=model,
    )
    return Plan.of("Lighthouses", [still.model_copy(update={"asset_id": f"still-{n}"}) for n in range(count)])


class Stills(Activities):
    """The product's own activities, with a fixed plan of ASSETS stills, each a job of the vendor's."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        return plan_of_stills(ASSETS, "later")


@asynccontextmanager
async def workflow_worker(client: Client, stills: Stills) -> AsyncIterator[Callable[[], None]]:
    """A worker of workflows, and the function that stops it at once."""
    client = await another(client)
    steps: list[Any] = [
        stills.draft_plan,
        stills.price_plan,
        stills.finish_deliverable,
        stills.write_manifest,
        stills.newest_manifest,
    ]
    workflows = [ProductionWorkflow, SlotPool]
    async with running_worker(
        Worker(client, task_queue=keys.TASK_QUEUE, workflows=workflows, activities=steps)
    ) as stop:
        yield stop


@asynccontextmanager
async def vendor_worker(client: Client, stills: Stills) -> AsyncIterator[Callable[[], None]]:
    """A worker of the vendor's queue, and the function that stops it at once, in the middle of what it does."""
    settings = WorkerSettings(graceful_shutdown_seconds=0)
    async with running_worker(make_provider_worker(await another(client), stills, settings, "vendor")) as stop:
        yield stop


async def another(client: Client) -> Client:
    """A client of its own: the workers of one client have different queues."""
    return await Client.connect(client.service_client.config.target_host, data_converter=client.data_converter)


@asynccontextmanager
async def running_worker(worker: Worker) -> AsyncIterator[Callable[[], None]]:
    """Run it, with the function that stops it at once."""
    running = asyncio.create_task(worker.run())

    def stop() -> None:
        running.cancel()

    try:
        yield stop
    finally:
        stop()
        await asyncio.gather(running, return_exceptions=True)


async def pool_of(client: Client) -> PoolView:
    view: PoolView = await client.get_workflow_handle(pool_id("vendor")).query(SlotPool.slots)
    return view


async def met(condition: bool) -> bool | None:
    """For `eventually`."""
    return condition or None
