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
from workflows.batch.records import Admit, BatchRow, BatchStart, BatchView
from workflows.batch.state import Batch as Planned
from workflows.batch.workflow import BatchWorkflow
from workflows.brief import ApprovalPolicy, Brief, Platform
from workflows.events import ProductionStatus, Report, Snapshot

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
        client.get_workflow_handle(keys.workflow_id(row.production_id), result_type=Snapshot) for row in rows
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


def planned_rows(budget: str) -> Planned:
    """Three planned rows; each has cost 0.05 for planning, and its assets may cost as much."""
    rows = tuple(BatchRow(row=n, key=str(n), production_id=f"p-{n}", brief=brief()) for n in (1, 2, 3))
    terms = {"batch_id": "b", "rows": rows, "created_at": datetime.now(UTC), "approve": True, "budget_usd": budget}
    batch = Planned(BatchStart.model_validate(terms))
    for row in rows:
        batch.record_start(row)
        report = {"status": "awaiting_approval", "plan_digest": row.key, "high_usd": "0.10", "spent_usd": "0.05"}
        batch.record_report(Report.model_validate({"production_id": row.production_id, **report}))
    return batch


def test_planning_leaves_the_money_of_approved_rows() -> None:
    """Planning again while other rows of the batch are made cannot spend what those rows may cost: the productions get
    the rest of the budget, again after each change of it, and only where it becomes less."""
    batch = planned_rows("0.40")
    assert batch.budget.budget_usd == Decimal("0.40")
    assert batch.limit_planning()
    assert batch.budget.budget_usd == Decimal("0.25")
    batch.approve(batch.rows[0])
    assert not batch.limit_planning()
    batch.record_report(Report(production_id="p-1", status=ProductionStatus.DELIVERED, spent_usd=Decimal("0.07")))
    assert not batch.limit_planning()
    assert Planned(batch.to_start()).budget.budget_usd == Decimal("0.25")
    batch.terms = batch.terms_with(Admit(budget_usd=Decimal("0.50")))
    assert batch.limit_planning()
    assert batch.budget.budget_usd == Decimal("0.38")


def test_planning_without_a_budget_is_not_limited_by_the_batch() -> None:
    """Without a budget the batch limits no planning."""
    batch = planned_rows("0.40")
    batch.terms = batch.terms.model_copy(update={"budget_usd": None})
    assert not batch.limit_planning()
    assert batch.budget.budget_usd is None


def test_a_plan_without_a_language_of_its_brief_waits_for_a_person() -> None:
    """A batch does not approve a plan that lacks a language of its brief: its row says why, until it is edited."""

    def waits(digest: str, *missing: str) -> Report:
        given = {"plan_digest": digest, "high_usd": Decimal("0.01"), "missing_languages": missing}
        return Report.model_validate({"production_id": "p", "status": ProductionStatus.AWAITING_APPROVAL, **given})

    row = BatchRow(row=1, key="one", production_id="p", brief=Brief(text="x", platform=Platform.COPY))
    batch = Planned(BatchStart(batch_id="b", rows=(row,), created_at=datetime.now(UTC), approve=True))
    batch.record_start(row)
    batch.record_report(waits("first", "de", "ja"))
    assert (batch.rows_to_approve(), batch.status) == ([], "needs_attention")
    assert "no narration in de, ja" in batch.view().rows[0].error
    batch.record_report(waits("second"))
    assert [each.production_id for each in batch.rows_to_approve()] == ["p"]
    assert batch.view().rows[0].error == ""
