"""Tenants share a provider's task queue on a real Temporal server: who is next, and in which proportion."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import Priority
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    from tests.support.waiting import eventually
    from tests.workflows.production.steps import server
    from worker.settings import WorkerSettings
    from worker.workers import make_worker
    from workflows.start_options import Urgency, tenant_priority

BACKLOG = 240
"""Queued takes of one tenant."""
ENDLESS = timedelta(hours=1)


@workflow.defn
class Backlog:
    """Queues takes, as a production does; they inherit its priority."""

    @workflow.run
    async def run(self, queue: str, name: str, count: int) -> None:
        takes = (
            workflow.execute_activity("take", name, task_queue=queue, start_to_close_timeout=ENDLESS)
            for _ in range(count)
        )
        await asyncio.gather(*takes)


class Order:
    """Records whose take came when. At `waits_at` takes it stops until `go_on` is set."""

    def __init__(self, waits_at: int = 0) -> None:
        self.names: list[str] = []
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()
        self._waits_at = waits_at

    @activity.defn(name="take")
    async def take(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._waits_at:
            self.reached.set()
            await self.go_on.wait()


class Queue:
    """A provider's task queue with one slot, whose worker starts when a test says so."""

    def __init__(self, client: Client) -> None:
        self.name = f"produce-{uuid4().hex}"
        self._client = client
        self._queued = 0

    async def add(self, name: str, count: int, priority: Priority, *, wait: bool = True) -> None:
        """Queue takes, and wait until the server has them in its backlog."""
        await self._client.start_workflow(
            Backlog.run, args=[self.name, name, count], id=uuid4().hex, task_queue=f"{self.name}-w", priority=priority
        )
        self._queued += count
        if wait:
            await eventually(self._all_queued, f"{self._queued} takes are queued")

    async def _all_queued(self) -> bool | None:
        return (await self.backlog()) >= self._queued or None

    async def backlog(self) -> int:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=self.name),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
        found = await self._client.workflow_service.describe_task_queue(request)
        return found.stats.approximate_backlog_count

    @asynccontextmanager
    async def productions(self) -> AsyncIterator[None]:
        async with Worker(self._client, task_queue=f"{self.name}-w", workflows=[Backlog]):
            yield

    async def work(self, order: Order, count: int) -> list[str]:
        """Whose takes were the first `count`."""
        settings = WorkerSettings(in_flight={"vendor": 1}, graceful_shutdown_seconds=0)
        async with make_worker(self._client, self.name, [order.take], settings, provider="vendor"):
            await eventually(lambda: _done(order, count), f"{count} takes")
        return order.names[:count]


async def _done(order: Order, count: int) -> bool | None:
    return len(order.names) >= count or None


async def test_shares_follow_the_weights(client: Client) -> None:
    """While two tenants have work queued, each gets its share of the slots by its weight, to within 5 %."""
    queue = Queue(client)
    async with queue.productions():
        await queue.add("north", BACKLOG, tenant_priority("north", Urgency.INTERACTIVE, 3))
        await queue.add("south", BACKLOG, tenant_priority("south", Urgency.INTERACTIVE, 1))
        names = await queue.work(Order(), BACKLOG)
    assert abs(names.count("north") / len(names) - 0.75) < 0.05


async def test_a_long_queue_of_one_tenant_delays_no_other(client: Client) -> None:
    """The first take of a tenant that comes after many queued takes of another one is next but one at the latest: it
    starts within twice the time of one take."""
    queue, order = Queue(client), Order(waits_at=20)
    async with queue.productions():
        await queue.add("north", BACKLOG, tenant_priority("north"))
        working = asyncio.create_task(queue.work(order, 30))
        await order.reached.wait()
        before = await queue.backlog()
        await queue.add("south", 1, tenant_priority("south"), wait=False)
        await eventually(lambda: _longer(queue, before), "the take of south is queued")
        order.go_on.set()
        names = await working
    assert "south" in names[20:22]


async def _longer(queue: Queue, before: int) -> bool | None:
    return (await queue.backlog()) > before or None


async def test_what_people_wait_for_comes_first(client: Client) -> None:
    """Takes of single productions come before those of batches, and these before previews, in whatever order they were
    queued and whoever's they are."""
    queue = Queue(client)
    async with queue.productions():
        await queue.add("preview", 10, tenant_priority("north", Urgency.PREVIEW))
        await queue.add("batch", 10, tenant_priority("south", Urgency.BATCH))
        await queue.add("interactive", 10, tenant_priority("north", Urgency.INTERACTIVE))
        names = await queue.work(Order(), 30)
    # The server hands out a task while it still loads others, so a few may be out of order.
    assert names[:10].count("interactive") >= 8
    assert names[-10:].count("preview") >= 8


async def test_without_fairness_the_first_come_first(client: Client) -> None:
    """A server whose fairness is off serves a tenant that came later after the whole queue of the other one: the
    setting `matching.enableFairness` is needed."""
    async with server("matching.enableFairness=false") as unfair:
        queue, order = Queue(unfair.client), Order()
        async with queue.productions():
            await queue.add("north", 40, tenant_priority("north"))
            await queue.add("south", 1, tenant_priority("south"))
            names = await queue.work(order, 41)
    assert names.index("south") >= 35
