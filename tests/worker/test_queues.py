"""Each provider's task queue on a real Temporal server: its rate, and its number of concurrent activities."""

import asyncio
import math
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.support.waiting import eventually
    from worker.settings import WorkerSettings
    from worker.workers import make_worker
    from workflows.start_options import tenant_priority

TAKES = 6
ENDLESS = timedelta(hours=1)


@workflow.defn
class Many:
    """Starts TAKES activities of a provider's queue at once."""

    @workflow.run
    async def run(self, queue: str) -> None:
        await asyncio.gather(
            *(workflow.execute_activity("ask", task_queue=queue, start_to_close_timeout=ENDLESS) for _ in range(TAKES))
        )


@workflow.defn
class Parent:
    """Starts them in a child workflow, as a batch does."""

    @workflow.run
    async def run(self, queue: str) -> None:
        await workflow.execute_child_workflow(Many.run, queue, id=f"{workflow.info().workflow_id}-child")


class Vendor:
    """Counts its concurrent requests.

    Args:
        waits_for: The first request gets its response once this many were concurrent.
    """

    def __init__(self, waits_for: float = 1) -> None:
        self.most = self.now = self.began = 0
        self._waits_for = waits_for
        self._enough = asyncio.Event()

    @activity.defn(name="ask")
    async def ask(self) -> None:
        self.began += 1
        self.now += 1
        self.most = max(self.most, self.now)
        if self.most >= self._waits_for:
            self._enough.set()
        await self._enough.wait()
        await asyncio.sleep(0.05)  # during which a request above the limit would be seen
        self.now -= 1


async def requested(client: Client, settings: WorkerSettings) -> str:
    """The id of a workflow that sent TAKES requests to a vendor."""
    vendor, queue = Vendor(), f"produce-{uuid4().hex}"
    async with (
        Worker(client, task_queue=f"{queue}-w", workflows=[Many]),
        make_worker(client, queue, [vendor.ask], settings, provider="vendor"),
    ):
        await client.execute_workflow(Many.run, queue, id=queue, task_queue=f"{queue}-w")
    return queue


async def test_the_rate_is_limited_by_the_server(client: Client) -> None:
    """Temporal starts no more of a provider's takes a second than its rate allows."""
    workflow_id = await requested(client, WorkerSettings(rates={"vendor": 1.0}, graceful_shutdown_seconds=0))
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    given = [e.event_time.ToDatetime() for e in history.events if e.HasField("activity_task_started_event_attributes")]
    assert len(given) == TAKES
    # The first ones may start at once, and the rest a second apart; without a rate they take some milliseconds.
    assert max(given) - min(given) >= timedelta(seconds=(TAKES - 2) / 2)


async def test_a_slow_provider_delays_no_other(client: Client) -> None:
    """While one provider's only slot is taken by a call that does not end, another provider's takes are all made."""
    slow, quick = f"produce-{uuid4().hex}", f"produce-{uuid4().hex}"
    hanging, swift = Vendor(math.inf), Vendor()
    settings = WorkerSettings(max_concurrent_activities=1, graceful_shutdown_seconds=0)
    async with (
        Worker(client, task_queue=f"{slow}-w", workflows=[Many]),
        make_worker(client, slow, [hanging.ask], settings, provider="slow"),
        make_worker(client, quick, [swift.ask], settings, provider="quick"),
    ):
        stuck = await client.start_workflow(Many.run, slow, id=slow, task_queue=f"{slow}-w")
        await client.execute_workflow(Many.run, quick, id=quick, task_queue=f"{slow}-w")
        assert swift.began == TAKES
        assert hanging.began <= 1
        await stuck.terminate()


async def share_of(client: Client, workflow_id: str) -> str | None:
    """The fairness key of a run's tasks, and those of its activities, once the run has started."""
    with suppress(RPCError):
        described = await client.get_workflow_handle(workflow_id).describe()
        return described.raw_description.workflow_execution_info.priority.fairness_key
    return None


async def test_tenants_take_turns(client: Client) -> None:
    """A tenant's run, and each child of it, has the tenant's fairness key on the server, whose queues alternate between
    tenants."""
    queue = f"produce-{uuid4().hex}"
    async with Worker(client, task_queue=f"{queue}-w", workflows=[Many, Parent]):
        for tenant in ("north", "south"):
            start: dict[str, Any] = {"id": f"{tenant}-{uuid4().hex}", "task_queue": f"{queue}-w"}
            run = await client.start_workflow(Parent.run, queue, **start, priority=tenant_priority(tenant))
            assert await eventually(partial(share_of, client, f"{run.id}-child")) == tenant
            await run.terminate()
