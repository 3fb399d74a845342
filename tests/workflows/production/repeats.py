"""Requests with a key, the productions and batches that they start, and the deletions of retention."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest, ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from tests.support.servers.serving import Api
from tests.support.waiting import WITHIN, eventually
from workflows import keys
from workflows.batch.records import BatchStart
from workflows.batch.workflow import BatchWorkflow

BRIEF = {"text": "Say it.", "platform": "copy", "budget_usd": "1"}


def path(production_id: str, *rest: str) -> str:
    return "/".join(("/api/v1/productions", production_id, *rest))


async def forget(client: Client, workflow_id: str) -> None:
    """Delete the closed workflow from the server, as Temporal's retention does later."""
    handle = client.get_workflow_handle(workflow_id)
    async with asyncio.timeout(WITHIN):
        while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:  # noqa: ASYNC110 - nothing to wait for
            await asyncio.sleep(0.05)
        execution = WorkflowExecution(workflow_id=workflow_id)
        await client.workflow_service.delete_workflow_execution(
            DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        )
        while await _known(handle):  # noqa: ASYNC110 - nothing to wait for
            await asyncio.sleep(0.05)


async def reset_to_start(client: Client, production_id: str) -> None:
    """Reset a production to its first workflow task, before its plan."""
    handle = client.get_workflow_handle(keys.workflow_id(production_id))
    described = await handle.describe()
    first = next(
        e.event_id
        for e in (await handle.fetch_history()).events
        if e.HasField("workflow_task_completed_event_attributes")
    )
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=described.run_id),
            reason="made again",
            workflow_task_finish_event_id=first,
            request_id=uuid4().hex,
        )
    )


async def _known(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def post(api: Api, where: str, body: Any, key: str = "") -> httpx.Response:
    return await api.http.post(where, json=body, headers={"Idempotency-Key": key} if key else {})


async def delivered(api: Api, key: str) -> str:
    """A production that a request with a key started, delivered."""
    production_id = str((await post(api, "/api/v1/productions", BRIEF, key)).json()["production_id"])
    ready = await api.until(production_id, "plan_ready")
    assert (await api.approve(production_id, ready.data["data"]["plan_digest"])).status_code == 200
    assert (await api.events(production_id))[-1].name == "done"
    return production_id


async def regenerate(api: Api, production_id: str, key: str = "", **body: Any) -> httpx.Response:
    return await post(api, path(production_id, "assets", "text-1", "regenerate"), body, key)


async def done(api: Api, production_id: str) -> dict[str, Any]:
    """The production once it is delivered and closed again."""

    async def poll() -> dict[str, Any] | None:
        view = await api.get(production_id)
        return view if view["status"] == "delivered" else None

    return await eventually(poll)


async def batch_done(api: Api, batch_id: str) -> dict[str, Any]:
    async def poll() -> dict[str, Any] | None:
        view = (await api.http.get(f"/api/v1/batches/{batch_id}")).json()
        return dict(view) if view["status"] == "done" else None

    return await eventually(poll)


async def rerun(client: Client, batch_id: str, ids: list[str], texts: list[str]) -> Any:
    """A batch that is started without the API, over productions that exist."""
    rows = [
        {
            "row": n,
            "key": f"key-{n}",
            "production_id": production_id,
            "brief": {"text": text, "platform": "copy", "requester": "another person"},
        }
        for n, (production_id, text) in enumerate(zip(ids, texts, strict=True), start=1)
    ]
    start = {"batch_id": batch_id, "rows": rows, "created_at": datetime.now(UTC), "approve": True, "budget_usd": "1"}
    return await client.execute_workflow(
        BatchWorkflow.run,
        BatchStart.model_validate(start),
        id=keys.batch_workflow_id(batch_id),
        task_queue=keys.TASK_QUEUE,
    )
