"""What operators and failures do to in-flight limits: resets, ended pools, stopped workers, cancelled productions."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client

from tests.support.productions import Handle, Productions, until, update
from tests.support.waiting import eventually
from tests.worker.limits.stills import ASSETS, LIMIT, Jobs, Stills, met, pool_of, vendor_worker, workflow_worker
from workflows.brief import Platform
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Pause, Resume
from workflows.slots import holder, pool
from workflows.slots.messages import pool_id

pytestmark = [pytest.mark.trial, pytest.mark.usefixtures("soon")]


async def all_made(handle: Handle, client: Client, vendor: Jobs, submissions: int = ASSETS) -> None:
    """Let the jobs end, and check that all is made within the limit, each once, and that no slot is left."""
    vendor.ending = True
    delivered = await until(handle, "delivered")
    assert all(asset.take for asset in delivered.assets.values())
    assert (vendor.most, len(vendor.billed), len(set(vendor.billed))) == (LIMIT, submissions, submissions)

    async def all_free() -> bool | None:
        return not (await pool_of(client)).held or None

    await eventually(all_free)


async def reset(handle: Handle, client: Client) -> None:
    """Reset the run to its first workflow task after the plan, which drops every request for a slot."""
    events = (await handle.fetch_history()).events
    approved = next(
        e.event_id for e in events if e.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
    )
    done = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
    event_id = max(e.event_id for e in events if e.event_type == done and e.event_id < approved)
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id),
            reason="a trial",
            request_id=uuid4().hex,
            workflow_task_finish_event_id=event_id,
        )
    )


async def test_a_reset_production(client: Client, stills: Stills, vendor: Jobs, productions: Productions) -> None:
    """A production that is reset while jobs run and takes wait goes on with the same jobs, within the limit."""
    async with vendor_worker(client, stills):
        handle = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        await reset(handle, client)
        polls = dict(vendor.jobs)
        await eventually(lambda: met(all(vendor.jobs[job] > polls[job] + 5 for job in vendor.running)))
        await all_made(productions.newest(handle), client, vendor)


async def test_a_terminated_pool(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that is terminated while jobs run and takes of two productions wait is replaced: the jobs still count, and
    a production that only waits requests its slots again."""
    monkeypatch.setattr(pool, "SETTLES_WITHIN", timedelta(seconds=5))
    monkeypatch.setattr(holder, "REMINDER", timedelta(seconds=5))
    async with vendor_worker(client, stills):
        handle = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        other = await productions.approved(platform=Platform.DESIGN)

        async def both_wait() -> bool | None:
            return (await pool_of(client)).waiting.get("default") == 2 * ASSETS - LIMIT or None

        await eventually(both_wait)
        await client.get_workflow_handle(pool_id("vendor")).terminate()

        async def replaced() -> bool | None:
            description = await client.get_workflow_handle(pool_id("vendor")).describe()
            return (description.close_time is None and len((await pool_of(client)).held) == LIMIT) or None

        await eventually(replaced)
        vendor.ending = True
        await until(other, "delivered")
        await all_made(handle, client, vendor, 2 * ASSETS)


async def test_the_worker_of_the_pool_stops(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions
) -> None:
    """The pool goes on with another worker in the middle of its grants."""
    async with vendor_worker(client, stills), workflow_worker(client, stills) as stop:
        handles = [await productions.approved(platform=Platform.DESIGN) for _ in range(3)]
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        vendor.ending = True
        await eventually(lambda: met(len(vendor.billed) > ASSETS))
        stop()
        await asyncio.gather(*(until(handle, "delivered") for handle in handles))
        await all_made(handles[0], client, vendor, 3 * ASSETS)


async def test_a_cancelled_production_frees_its_slots(
    client: Client, stills: Stills, vendor: Jobs, productions: Productions
) -> None:
    """A production that is cancelled while its jobs run and its takes wait stops the jobs, and the next one is made."""
    async with vendor_worker(client, stills):
        handle = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        await handle.cancel()
        await handle.result()
        assert not vendor.running
        await all_made(await productions.approved(platform=Platform.DESIGN), client, vendor, ASSETS + LIMIT)


async def test_a_deleted_production(client: Client, stills: Stills, vendor: Jobs, productions: Productions) -> None:
    """The jobs of a production that is deleted in Temporal hold their slots while they run."""
    async with vendor_worker(client, stills):
        handle = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        execution = WorkflowExecution(workflow_id=handle.id)
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        )
        after = await productions.approved(platform=Platform.DESIGN)
        polls = dict(vendor.jobs)
        await eventually(lambda: met(all(vendor.jobs[job] > polls[job] + 5 for job in vendor.running)))
        await all_made(after, client, vendor, ASSETS + LIMIT)


async def test_a_paused_production(client: Client, stills: Stills, vendor: Jobs, productions: Productions) -> None:
    """A production that is paused submits nothing more and leaves its slots to others; resumed, it is made."""
    async with vendor_worker(client, stills):
        handle = await productions.approved(platform=Platform.DESIGN)
        await eventually(lambda: met(len(vendor.running) == LIMIT))
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="ana"))
        vendor.ending = True
        await until(await productions.approved(platform=Platform.DESIGN), "delivered")
        assert len(vendor.billed) == ASSETS + LIMIT
        await update(handle, ProductionWorkflow.resume, Resume(resumed_by="ana"))
        await all_made(handle, client, vendor, 2 * ASSETS)
