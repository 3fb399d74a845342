"""Tenants at one provider, with an in-flight limit and without one: how long a first asset waits, and whose turn it is.

`pytest tests/worker/limits/test_shares.py --log-cli-level=INFO` shows the figures.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities.providers.protocol import Finished, Job, Request
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.support.productions import Handle, plan_of, update
from tests.support.vendor import Vendor
from tests.support.waiting import eventually
from tests.worker.limits.stills import Stills, another, plan_of_stills, pool_of, running_worker, workflow_worker
from worker.limits import apply_limits
from worker.settings import WorkerSettings
from worker.workers import make_provider_worker
from workflows import keys
from workflows.activity_io import DraftPlan
from workflows.brief import Brief, Platform
from workflows.events import ProductionStart, ProductionStatus
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision
from workflows.start_options import Urgency, start_options, tenant_priority

pytestmark = pytest.mark.trial

AT_ONCE: Final = 4
"""Takes at the vendor, by its limit or by the slots of its only worker."""
SECONDS: Final = 0.5
"""A take."""
EACH: Final = 50
"""Assets of one production."""
NORTHS: Final = 1_000 // EACH
COUNTED: Final = 160
"""Takes in a row, while both tenants have more that wait."""
WEIGHTS: Final = {"north": 3.0, "south": 1.0}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Took:
    """Seconds from an approval until the first asset is submitted, and until it is made."""

    start: float
    made: float


class Queue(Vendor):
    """A vendor whose takes last SECONDS; it records whose they are, and when they begin."""

    def __init__(self) -> None:
        super().__init__()
        self.tenants: list[str] = []
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    async def submit(self, request: Request) -> Finished | Job:
        production_id = request.key.split("/")[1]
        self.tenants.append(request.brief.tenant)
        self.began.setdefault(production_id, monotonic())
        await asyncio.sleep(SECONDS)
        self.ended.setdefault(production_id, monotonic())
        return await super().submit(request)


class Many(Stills):
    """Plans as many free stills as the brief says."""

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        return plan_of_stills(int(request.brief.text), "gift")


class Studio:
    """Two tenants at one vendor."""

    def __init__(self, client: Client, vendor: Queue, *, limited: bool) -> None:
        self._client = client
        self._vendor = vendor
        self._limited = limited

    async def approve(self, tenant: str, assets: int) -> Handle:
        brief = Brief(text=str(assets), platform=Platform.DESIGN, tenant=tenant)
        priority = tenant_priority(tenant, Urgency.INTERACTIVE, WEIGHTS[tenant])
        production_id = uuid4().hex
        handle = await self._client.start_workflow(
            ProductionWorkflow.run,
            ProductionStart(production_id=production_id, brief=brief),
            **start_options(production_id, brief, ProductionStatus.PLANNING, datetime.now(UTC), priority=priority),
        )
        approval = Approval(plan_digest=(await plan_of(handle)).digest, approver="ana")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        return handle

    async def waits(self, count: int) -> None:
        """Wait until at least as many takes wait, in the pool or in the backlog of the task queue."""

        async def enough() -> bool | None:
            if self._limited:
                return sum((await pool_of(self._client)).waiting.values()) >= count or None
            with suppress(RPCError):
                return await self._backlog() >= count or None
            return None

        await eventually(enough)

    async def _backlog(self) -> int:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=keys.provider_queue("vendor")),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
        found = await self._client.workflow_service.describe_task_queue(request)
        return found.stats.approximate_backlog_count

    async def first_asset(self) -> Took:
        """The median of three productions of one asset by south."""
        found = []
        for _ in range(3):
            handle = await self.approve("south", 1)
            approved, production_id = monotonic(), keys.production_id_of(handle.id)

            async def made(production_id: str = production_id) -> float | None:
                return self._vendor.ended.get(production_id)

            ended = await eventually(made)
            found.append(Took(self._vendor.began[production_id] - approved, ended - approved))
        return sorted(found, key=lambda took: took.made)[1]

    async def shares(self) -> float:
        """North's share of the next COUNTED takes."""
        first = len(self._vendor.tenants)

        async def counted() -> bool | None:
            return len(self._vendor.tenants) >= first + COUNTED or None

        await eventually(counted)
        return self._vendor.tenants[first : first + COUNTED].count("north") / COUNTED


@asynccontextmanager
async def studio(client: Client, storage: Storage, *, limited: bool) -> AsyncIterator[Studio]:
    vendor = Queue()
    limits = {"vendor": AT_ONCE} if limited else {}
    made = Many(storage, {"vendor": vendor}, ActivitySettings(in_flight=limits))
    slots = 100 if limited else AT_ONCE
    settings = WorkerSettings(graceful_shutdown_seconds=0, max_concurrent_activities=slots)
    await apply_limits(client, ["vendor"], limits)
    async with (
        workflow_worker(client, made),
        running_worker(make_provider_worker(await another(client), made, settings, "vendor")),
    ):
        yield Studio(client, vendor, limited=limited)


@pytest.mark.parametrize("limited", [True, False], ids=["limit", "no-limit"])
async def test_tenants_share_a_provider(client: Client, storage: Storage, limited: bool) -> None:
    """While 1,000 assets of one tenant wait, the first asset of another one begins within twice the time that it takes
    alone; while both wait, their shares differ from their weights by less than 5 %."""
    async with studio(client, storage, limited=limited) as two:
        alone = await two.first_asset()
        handles = await asyncio.gather(*(two.approve("north", EACH) for _ in range(NORTHS)))
        await two.waits(EACH * NORTHS - 200)
        behind = await two.first_asset()
        _log.info("limit %s: alone %s, behind 1,000 %s", limited, alone, behind)
        handles += await asyncio.gather(*(two.approve("south", EACH) for _ in range(3)))
        await two.waits(COUNTED + EACH)
        share = await two.shares()
        _log.info("limit %s: share of north %.3f", limited, share)
        await asyncio.gather(*(handle.terminate() for handle in handles), return_exceptions=True)  # some have ended
    assert behind.start <= 2 * alone.made
    assert abs(share - 0.75) < 0.05
