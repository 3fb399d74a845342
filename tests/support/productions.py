"""Productions on a real Temporal server: started, approved and queried, and their histories recorded for replay."""

import json
import re
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from tests import ROOT
from tests.support.waiting import eventually
from workflows import keys
from workflows.agents.grants import Grant
from workflows.brief import Brief, Platform
from workflows.events import AssetStatus, ProductionStart, Receipt, Snapshot
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.refusals import Refusal
from workflows.requests import Approval, Decision

HISTORIES = ROOT / "tests" / "histories" / "4"
"""One folder a generation: a change that needs `patched` is recorded into a new one, and the old ones stay."""
T = TypeVar("T")
Handle = WorkflowHandle[Any, Snapshot]


class Productions:
    """Starts productions and, when RECORD_HISTORIES is set, records their histories for the replay test."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name
        self.started: list[str] = []

    async def start(self, *, grant: Grant | None = None, **brief: Any) -> Handle:
        production_id = uuid4().hex
        asked = Brief.model_validate({"text": "Say it.", "platform": Platform.COPY, **brief})
        handle = await self.client.start_workflow(
            ProductionWorkflow.run,
            ProductionStart(production_id=production_id, brief=asked, grant=grant),
            id=keys.workflow_id(production_id),
            task_queue=keys.TASK_QUEUE,
        )
        self.started.append(handle.id)
        return handle

    async def planned(self, **brief: Any) -> tuple[Handle, Plan]:
        handle = await self.start(**brief)
        return handle, await plan_of(handle)

    async def approved(self, budget: str | None = None, **brief: Any) -> Handle:
        handle, plan = await self.planned(**brief)
        approval = Approval(
            plan_digest=plan.digest, approver="ana", budget_usd=Decimal(budget) if budget is not None else None
        )
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        return handle

    async def reopen(self, closed: Snapshot, method: Any, request: Any) -> Receipt:
        start = WithStartWorkflowOperation(
            ProductionWorkflow.run,
            ProductionStart(production_id=closed.production_id, brief=closed.brief, carried=closed),
            id=keys.workflow_id(closed.production_id),
            task_queue=keys.TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        receipt: Receipt = await self.client.execute_update_with_start_workflow(
            method, request, start_workflow_operation=start
        )
        return receipt

    def of(self, workflow_id: str) -> Handle:
        """The newest run."""
        return self.client.get_workflow_handle_for(ProductionWorkflow.run, workflow_id)

    def newest(self, handle: Handle) -> Handle:
        return self.of(handle.id)

    async def record(self) -> None:
        HISTORIES.mkdir(parents=True, exist_ok=True)
        for number, workflow_id in enumerate(self.started):
            history = json.loads((await self.client.get_workflow_handle(workflow_id).fetch_history()).to_json())
            text = json.dumps(anonymous(history), ensure_ascii=False)
            (HISTORIES / f"{self.name}-{number}.json").write_text(text + "\n")


def anonymous(part: Any) -> Any:
    """A history without the machine it was recorded on: replay needs neither stack traces nor identities."""
    if isinstance(part, dict):
        return {k: anonymous(v) for k, v in part.items() if k not in ("stackTrace", "identity")}
    if isinstance(part, list):
        return [anonymous(p) for p in part]
    return re.sub(r"^\d+@[\w.-]+", "worker@machine", part) if isinstance(part, str) else part


async def update(handle: Handle, method: Any, request: Any) -> Any:
    """Execute an update; the SDK's decorator with a description loses the result type of the method."""
    return await handle.execute_update(method, request)


async def snapshot(handle: Handle) -> Snapshot:
    """The record of a production; a query that times out on a busy machine is repeated."""

    async def ask() -> Snapshot | None:
        try:
            return await handle.query(ProductionWorkflow.snapshot)
        except RPCError as error:
            if error.status not in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                raise
            return None

    return await eventually(ask)


async def until(handle: Handle, status: str, *, at_once: bool = False) -> Snapshot:
    """The production once it has this status and no asset is generating.

    Args:
        at_once: Also while assets are generating.
    """

    async def poll() -> Snapshot | None:
        seen = await snapshot(handle)
        making = any(
            s.status is AssetStatus.GENERATING or any(e.started for e in s.extra) for s in seen.assets.values()
        )
        return seen if seen.status == status and (at_once or not making) else None

    return await eventually(poll)


async def plan_of(handle: Handle) -> Plan:
    plan = (await until(handle, "awaiting_approval")).plan
    assert plan is not None
    return plan


async def refusal(call: Coroutine[Any, Any, Any]) -> Refusal:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await call
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    return Refusal.model_validate(cause.details[0])


def names(seen: Snapshot) -> list[str]:
    """The event names, after checking that the numbers are 1, 2, 3, …"""
    assert [e.id for e in seen.events] == list(range(1, len(seen.events) + 1))
    return [e.name for e in seen.events]
