"""Updates that a worker overlooks: they are sent again, a limited number of times."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import PollWorkflowTaskQueueRequest, RespondWorkflowTaskCompletedRequest
from temporalio.client import Client, WorkflowUpdateFailedError

from api.metrics import Metrics
from api.temporal.outcomes import send_update
from api.temporal.productions import ProductionGateway
from api.temporal.reads import ProductionReader
from api.temporal.titles import SearchableTitles
from api.temporal.updates import REGENERATE
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions
from tests.support.servers.serving import patient
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.events import ProductionStatus, Receipt, Snapshot
from workflows.requests import Approval, Decision, Regenerate


async def overlook(client: Client, workflow_id: str) -> None:
    """Complete a workflow task that has an update, without a response to the update, as sdk-core sometimes does."""
    mine = PollWorkflowTaskQueueRequest(
        namespace=client.namespace, task_queue=TaskQueue(name=keys.TASK_QUEUE), identity="blind"
    )
    task = await client.workflow_service.poll_workflow_task_queue(mine)
    while task.workflow_execution.workflow_id != workflow_id:  # left by other tests
        task = await client.workflow_service.poll_workflow_task_queue(mine)
    assert task.messages
    await client.workflow_service.respond_workflow_task_completed(
        RespondWorkflowTaskCompletedRequest(namespace=client.namespace, task_token=task.task_token)
    )


@pytest.fixture(autouse=True)
def _patient() -> Iterator[None]:
    """An overlooked update is sent again in time on a busy machine, too."""
    with patient():
        yield


@pytest.mark.parametrize("times", [1, 5])
async def test_an_overlooked_decision_is_sent_again(productions: Productions, times: int) -> None:
    """An update that a worker overlooked had no effect, so it is sent again; it is not sent forever to workers that do
    not support updates."""
    fakes = FakeActivities(1)
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
    decision = Decision(approve=Approval(plan_digest=plan.digest, approver="ana"))
    sending = asyncio.create_task(send_update(handle, "decide", [decision], Receipt, WITHIN, handle.describe))
    for _ in range(times):
        await overlook(productions.client, handle.id)
    if times == 5:
        with pytest.raises(WorkflowUpdateFailedError):
            await sending
        return
    async with fakes.working(productions.client):
        assert isinstance(await sending, Receipt)
        assert (await handle.result()).status is ProductionStatus.DELIVERED


async def test_an_overlooked_reopening_is_sent_again(productions: Productions) -> None:
    """The run that was started for the request is open by then, and accepts the request that is sent again."""

    async def no_manifest(_: str) -> Snapshot | None:
        return None

    fakes = FakeActivities(1)
    async with fakes.working(productions.client):
        handle = await productions.approved()
        production_id = (await handle.result()).production_id
    reader = ProductionReader(productions.client, no_manifest, Metrics())
    gateway = ProductionGateway(productions.client, reader, SearchableTitles.of(productions.client))
    request = Regenerate(asset_id="text-1", budget_usd=Decimal(1))
    sending = asyncio.create_task(gateway.update(production_id, REGENERATE, request))
    await overlook(productions.client, handle.id)
    async with fakes.working(productions.client):
        assert (await sending).status is ProductionStatus.PRODUCING
        seen = await productions.newest(handle).result()
    assert seen.status is ProductionStatus.DELIVERED
    assert fakes.produced == [("text-1", 1), ("text-1", 2)]
