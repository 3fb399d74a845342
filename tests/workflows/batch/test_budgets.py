"""Batches of real productions: what the batch approves is what each brief allows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from temporalio.client import Client, WorkflowHandle

from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, until
from tests.support.waiting import eventually
from tests.workflows.production.steps import attention_of
from workflows import keys
from workflows.batch.records import BatchRow, BatchStart, BatchView
from workflows.batch.workflow import BatchWorkflow
from workflows.brief import ApprovalPolicy, Brief, Platform
from workflows.production.workflow import ProductionWorkflow

Batch = WorkflowHandle[Any, BatchView]


async def start(client: Client, briefs: list[Brief], **terms: object) -> tuple[Batch, list[Handle]]:
    """A batch and its productions."""
    batch_id = uuid4().hex
    rows = [
        BatchRow(row=n, key=str(n), production_id=f"{batch_id}-{n}", brief=brief)
        for n, brief in enumerate(briefs, start=1)
    ]
    wanted = {"batch_id": batch_id, "rows": rows, "created_at": datetime.now(UTC), "approver": "bo", **terms}
    handle: Batch = await client.start_workflow(
        BatchWorkflow.run,
        BatchStart.model_validate(wanted),
        id=keys.batch_workflow_id(batch_id),
        task_queue=keys.TASK_QUEUE,
    )
    productions = [
        client.get_workflow_handle_for(ProductionWorkflow.run, keys.workflow_id(row.production_id)) for row in rows
    ]

    async def planned() -> bool | None:
        view = await handle.query(BatchWorkflow.progress)
        return all(row.status not in ("pending", "planning") for row in view.rows) or None

    await eventually(planned)
    return handle, productions


def brief(**more: object) -> Brief:
    return Brief.model_validate({"text": "Say it.", "platform": Platform.COPY, **more})


async def test_a_row_is_approved_within_the_limit_of_its_brief(client: Client) -> None:
    """A row whose plan costs more than its policy or its brief allows is approved for what is allowed, and counts with
    that: the batch neither exceeds the limit nor waits for an approval that is never accepted."""
    fakes = FakeActivities(2, price_usd="0.10")
    limit = Decimal("0.15")
    limited = [brief(approval=ApprovalPolicy(max_budget_usd=limit)), brief(budget_usd=limit)]
    async with fakes.working(client):
        batch, productions = await start(client, limited, approve=True, budget_usd=Decimal("0.30"))
        for each in productions:
            seen = await until(each, "needs_attention")
            assert (seen.budget_usd, attention_of(seen)) == (limit, {"text-2": "budget_short"})
            await each.cancel()
        view = await batch.result()
    assert view.totals.spent_usd == Decimal("0.2000")
