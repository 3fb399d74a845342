"""Tenants share a provider's task queue on a real Temporal server by their weights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import Priority
from temporalio.service import RPCError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    from tests.support.waiting import eventually
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
    """Records whose take came when."""

    def __init__(self) -> None:
        self.names: list[str] = []

    @activity.defn(name="take")
    async def take(self, name: str) -> None:
        self.names.append(name)


class Queue:
    """A provider's task queue with one slot, whose worker starts when a test says so."""

    def __init__(self, client: Client) -> None:
        self.name = f"produce-{uuid4().hex}"
        self._client = client
        self._queued = 0
        self._runs: list[WorkflowHandle[Backlog, None]] = []

    async def add(self, name: str, count: int, priority: Priority) -> None:
        """Queue takes, and wait until the server has them in its backlog."""
        run = await self._client.start_workflow(
            Backlog.run, args=[self.name, name, count], id=uuid4().hex, task_queue=f"{self.name}-w", priority=priority
        )
        self._runs.append(run)
        self._queued += count
        await eventually(self._all_queued, f"{self._queued} takes are queued")

    async def _all_queued(self) -> bool | None:
        with suppress(RPCError):  # the server cancels it while it loads the queue
            return (await self.backlog()) >= self._queued or None
        return None

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
        """Whose takes were the first `count`.

        The rest is ended before the worker stops: the SDK (1.35) once waited for ever for the end of a worker to which
        the server still sent tasks.
        """
        settings = WorkerSettings(max_concurrent_activities=1, graceful_shutdown_seconds=0)
        async with make_worker(self._client, self.name, [order.take], settings, provider="vendor"):
            await eventually(lambda: _done(order, count), f"{count} takes")
            await asyncio.gather(*(run.terminate() for run in self._runs))
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
