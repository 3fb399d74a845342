"""Batches on a real Temporal server: rows are productions, planned together and admitted to one budget all or none."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, TemporalError
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.batch import ProductionReports, ReadCost
from tests.support.productions import Productions
from tests.support.waiting import eventually
from tests.workflows.production.steps import server
from workflows import keys
from workflows.batch.records import Admit, BatchRow, BatchStart, BatchView
from workflows.batch.state import Batch
from workflows.batch.workflow import BatchWorkflow
from workflows.brief import ApprovalPolicy, Brief, Platform
from workflows.events import ProductionStart, ProductionStatus, Report, Snapshot
from workflows.models import Asset, Modality, Plan, Quote, utc
from workflows.refusals import Refusal
from workflows.requests import Approval

S = ProductionStatus
Handle = WorkflowHandle[Any, BatchView]


@workflow.defn(name=keys.WORKFLOW_TYPE, sandboxed=False)  # the sandbox would import this module for each of them
class ReportingProduction:
    """A production that makes nothing and reports to its batch. The text of the brief is its script, e.g. "price=0.02
    planning=held making=held end=failed"; a held step continues after the signal `go`."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        self._start = start
        self._part = dict(word.split("=") for word in start.brief.text.split() if "=" in word)
        self._released = self._held = 0
        self._approval: Approval | None = None
        quote = Quote(
            low_usd=Decimal(0),
            high_usd=Decimal(self._part.get("price", "0.01")),
            expected_seconds=1,
            unknown="unknown" in self._part,
        )
        asset = {"asset_id": "a", "asset_type": Modality.TEXT, "role": "body", "prompt": "x", "provider": "p"}
        self._plan = Plan.of("A plan", [Asset.model_validate({**asset, "model": "m", "quote": quote})])
        self._seen = S.PLANNING

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        await self._hold("planning")
        await self._report(S.AWAITING_APPROVAL)
        await workflow.wait_condition(lambda: self._approval is not None)
        await self._report(S.PRODUCING)
        await self._hold("making")
        if "attention" in self._part:
            await self._report(S.NEEDS_ATTENTION)
            await self._hold("attention")
        await self._report(S(self._part.get("end", "delivered")))
        return self.snapshot()

    async def _hold(self, step: str) -> None:
        if self._part.get(step) == "held":
            self._held += 1
            await workflow.wait_condition(lambda: self._released >= self._held)

    async def _report(self, status: ProductionStatus) -> None:
        self._seen = status
        spent = self._plan.high_usd if status.closed else Decimal(0)
        report = Report(
            production_id=self._start.production_id,
            status=status,
            plan_digest=self._plan.digest,
            high_usd=self._plan.high_usd,
            unknown_prices="unknown" in self._part,
            spent_usd=spent,
            error="no luck" if status is S.FAILED else "",
        )
        with suppress(TemporalError):  # no batch receives it
            await workflow.get_external_workflow_handle(self._start.reports_to).signal("report", report)

    @workflow.signal
    def go(self) -> None:
        self._released += 1

    @workflow.signal
    def approve(self, approval: Approval) -> None:
        if approval.plan_digest == self._plan.digest:
            self._approval = approval

    @workflow.query
    def approved(self) -> Approval | None:
        return self._approval

    @workflow.query
    def snapshot(self) -> Snapshot:
        now = utc(workflow.now())
        return Snapshot(
            production_id=self._start.production_id,
            status=self._seen,
            brief=self._start.brief,
            created_at=now,
            updated_at=now,
            plan=self._plan,
        )


async def _no_manifest(_: str) -> None:
    return None


async def _open_request(_: str) -> Decimal:
    """The cost by the ledgers of a production that was terminated with a request under way."""
    return Decimal("0.07")


@asynccontextmanager
async def working(client: Client, read_cost: ReadCost = _open_request) -> AsyncIterator[None]:
    looking = ProductionReports(_no_manifest, read_cost)
    async with Worker(
        client,
        task_queue=keys.TASK_QUEUE,
        workflows=[BatchWorkflow, ReportingProduction],
        activities=[looking.report_production, looking.find_production],
        graceful_shutdown_timeout=timedelta(0),
    ):
        yield


@pytest.fixture(scope="module")
async def batches(client: Client) -> AsyncIterator["Batches"]:
    async with working(client):
        made = Batches(client)
        yield made
        if os.environ.get("RECORD_HISTORIES"):
            kept = Productions(client, "batch")
            kept.started = made.started
            await kept.record()


class Batches:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.started: list[str] = []

    async def start(
        self, *parts: str, batch_id: str = "", policy: ApprovalPolicy | None = None, **terms: Any
    ) -> Handle:
        batch_id = batch_id or uuid4().hex
        rows = tuple(
            BatchRow(
                row=number,
                key=f"key-{number}",
                production_id=f"{batch_id}-{number}",
                brief=Brief(text=part or "plain", platform=Platform.COPY, approval=policy or ApprovalPolicy()),
            )
            for number, part in enumerate(parts, start=1)
        )
        handle = await self.client.start_workflow(
            BatchWorkflow.run,
            BatchStart(batch_id=batch_id, rows=rows, created_at=datetime.now(UTC), **terms),
            id=keys.batch_workflow_id(batch_id),
            task_queue=keys.TASK_QUEUE,
        )
        self.started.append(handle.id)
        return self.client.get_workflow_handle_for(BatchWorkflow.run, handle.id)

    def production(self, handle: Handle, row: int) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(keys.workflow_id(f"{handle.id.removeprefix('batch-')}-{row}"))

    async def go(self, handle: Handle, *rows: int) -> None:
        for row in rows:
            await eventually(partial(self._gone, handle, row))

    async def _gone(self, handle: Handle, row: int) -> bool | None:
        try:
            await self.production(handle, row).signal("go")
        except RPCError:  # the batch has requested it, and the server has not started it yet
            return None
        return True

    async def approved(self, handle: Handle, row: int) -> Approval | None:
        found = await self.production(handle, row).query("approved")
        return Approval.model_validate(found) if found else None


async def until(handle: Handle, *statuses: str, batch: str = "") -> BatchView:
    """Wait until the rows have these statuses, or the batch has this status."""

    async def poll() -> BatchView | None:
        view = await handle.query(BatchWorkflow.progress)
        fits = [str(r.status) for r in view.rows] == list(statuses) if statuses else view.status == batch
        return view if fits else None

    return await eventually(poll)


async def refusal(handle: Handle, update: Any, *args: Any) -> Refusal:
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(update, *args)
    assert isinstance(refused.value.cause, ApplicationError)
    return Refusal.model_validate(refused.value.cause.details[0])


async def test_at_once_limits_concurrent_rows(batches: Batches) -> None:
    """At most `at_once` rows are planned at a time, and afterwards at most as many are in production."""
    handle = await batches.start(*["planning=held making=held"] * 3, at_once=2, approve=True)
    await until(handle, "planning", "planning", "pending")
    await batches.go(handle, 1)
    await until(handle, "awaiting_approval", "planning", "planning")
    await batches.go(handle, 2, 3)
    await until(handle, "producing", "producing", "awaiting_approval")
    await batches.go(handle, 2)
    await until(handle, "producing", "delivered", "producing")
    await batches.go(handle, 1, 3)
    view = await handle.result()
    assert (view.status, view.totals.statuses, view.totals.spent_usd) == ("done", {"delivered": 3}, Decimal("0.03"))


async def test_a_budget_admits_all_rows_or_none(batches: Batches) -> None:
    """With a price of one cent above the budget nothing is approved; an admission that is too low is refused, and a
    sufficient one admits all."""
    handle = await batches.start("price=0.02", "price=0.03", approve=True, budget_usd=Decimal("0.04"))
    view = await until(handle, batch="over_budget")
    assert [r.status for r in view.rows] == ["awaiting_approval"] * 2
    assert "0.05 USD in total, which is 0.01 USD more than the budget of 0.04 USD" in view.message
    low = await refusal(handle, BatchWorkflow.admit, Admit(budget_usd=Decimal("0.0499")))
    assert (low.kind, low.field) == ("budget_short", "budget_usd")
    assert [await batches.approved(handle, row) for row in (1, 2)] == [None, None]
    await handle.execute_update("admit", Admit(budget_usd=Decimal("0.05"), approver="ana"))
    view = await handle.result()
    assert (view.status, view.totals.statuses) == ("done", {"delivered": 2})
    approval = await batches.approved(handle, 2)
    assert approval is not None
    assert (approval.approver, approval.budget_usd) == ("ana", Decimal("0.03"))
    assert not approval.allow_unknown_prices


async def test_an_unknown_price_blocks_all_rows(batches: Batches) -> None:
    """An unpublished price fits no budget: the rows wait until a person allows it."""
    handle = await batches.start("price=0.02", "unknown=1 price=0", approve=True, budget_usd=Decimal(1))
    view = await until(handle, batch="over_budget")
    assert "row 2 would use models without a published price" in view.message
    assert (await refusal(handle, BatchWorkflow.admit, Admit())).kind == "price_unknown"
    await handle.execute_update("admit", Admit(allow_unknown_prices=True))
    assert (await handle.result()).totals.statuses == {"delivered": 2}
    approval = await batches.approved(handle, 2)
    assert approval is not None
    assert (approval.budget_usd, approval.allow_unknown_prices) == (None, True)


async def test_people_approve(batches: Batches) -> None:
    """Without `approve` the batch plans all rows and follows the decisions of people; `admit` approves the rest."""
    handle = await batches.start("making=held", "")
    view = await until(handle, batch="planned")
    assert [r.status for r in view.rows] == ["awaiting_approval"] * 2
    plan = await batches.production(handle, 1).query("snapshot", result_type=Snapshot)
    assert plan.plan is not None
    await batches.production(handle, 1).signal("approve", Approval(plan_digest=plan.plan.digest))
    await until(handle, "producing", "awaiting_approval")
    await handle.execute_update("admit", Admit())
    await until(handle, "producing", "delivered")
    await batches.go(handle, 1)
    assert (await handle.result()).status == "done"


async def test_a_row_with_two_approvers_waits_for_people(batches: Batches) -> None:
    """A row whose brief requires two approvers is not approved by the batch, and blocks no other row."""
    handle = await batches.start("", approve=True, policy=ApprovalPolicy(approvers=2))
    await until(handle, batch="needs_attention")
    assert await batches.approved(handle, 1) is None
    assert (await handle.execute_update(BatchWorkflow.stop)).status == "stopped"


async def test_a_row_that_fails_or_waits_stops_no_other(batches: Batches) -> None:
    """One row fails and one waits for a person; the third is started instead, and the batch is done when all are
    closed."""
    handle = await batches.start("end=failed", "attention=held", "", approve=True, at_once=1)
    view = await until(handle, "failed", "needs_attention", "delivered")
    assert view.status == "needs_attention"
    assert view.rows[0].error == "no luck"
    await batches.go(handle, 2)
    assert (await handle.result()).totals.statuses == {"failed": 1, "delivered": 2}


async def begun(production: Handle) -> None:
    """Return when the server has started it: the batch records it a moment earlier."""

    async def there() -> bool | None:
        try:
            await production.describe()
        except RPCError:
            return None
        return True

    await eventually(there)


async def test_stop_starts_no_more_rows(batches: Batches) -> None:
    """After `stop` nothing is started or approved any more, running rows continue, and the batch ends without the
    rest."""
    handle = await batches.start("making=held", "", "", approve=True, at_once=1)
    await until(handle, "producing", "awaiting_approval", "awaiting_approval")
    view = await handle.execute_update(BatchWorkflow.stop)
    assert view.status == "stopped"
    assert (await refusal(handle, BatchWorkflow.admit, Admit())).kind == "wrong_phase"
    await batches.go(handle, 1)
    view = await until(handle, "delivered", "awaiting_approval", "awaiting_approval")
    assert view.status == "stopped"

    early = await batches.start("planning=held", "", at_once=1)
    await until(early, "planning", "pending")
    await early.execute_update(BatchWorkflow.stop)
    await begun(batches.production(early, 1))
    await batches.production(early, 1).terminate("enough")
    view = await early.result()
    assert [(r.status, r.error) for r in view.rows][1] == ("pending", "")
    assert view.rows[0].status == "failed"
    assert "terminated by an operator" in view.rows[0].error
    assert view.rows[0].spent_usd == Decimal("0.07")


async def test_a_restarted_batch_starts_nothing_twice(batches: Batches) -> None:
    """A batch that is started again after it was terminated continues with its productions, closed ones too."""
    parts = ("", "making=held", "making=held")
    first = await batches.start(*parts, approve=True)
    await until(first, "delivered", "producing", "producing")
    runs = [(await batches.production(first, row).describe()).run_id for row in (1, 2, 3)]
    await first.terminate("by mistake")
    await batches.go(first, 2)
    await batches.production(first, 2).result()  # and no batch received its report
    again = await batches.start(*parts, approve=True, batch_id=first.id.removeprefix("batch-"))
    await until(again, "delivered", "delivered", "producing")
    await batches.go(again, 3)
    assert (await again.result()).totals.statuses == {"delivered": 3}
    assert runs == [(await batches.production(again, row).describe()).run_id for row in (1, 2, 3)]


def test_an_edited_plan_is_checked_again() -> None:
    """A plan that was edited after its approval was sent needs another one, which has to fit the budget too."""

    def waits(digest: str, high_usd: str) -> Report:
        return Report(production_id="p", status=S.AWAITING_APPROVAL, plan_digest=digest, high_usd=Decimal(high_usd))

    row = BatchRow(row=1, key="one", production_id="p", brief=Brief(text="x", platform=Platform.COPY))
    terms = {"approve": True, "budget_usd": Decimal("0.05")}
    batch = Batch(BatchStart(batch_id="b", rows=(row,), created_at=datetime.now(UTC), **terms))
    batch.record_start(row)
    batch.record_report(waits("first", "0.05"))
    (ready,) = batch.rows_to_approve()
    assert batch.approve(ready).plan_digest == "first"
    assert (batch.rows_to_approve(), batch.status) == ([], "producing")
    batch.record_report(waits("second", "0.04"))
    assert batch.approve(*batch.rows_to_approve()).budget_usd == Decimal("0.04")
    batch.record_report(waits("third", "0.06"))
    assert (batch.rows_to_approve(), batch.status) == ([], "over_budget")


async def test_a_silent_production_is_read_once_a_day() -> None:
    """Once a day the batch reads productions without a report, so that no lost report keeps it open forever."""
    skipping = server("frontend.WorkflowTimeSkippingEnabled=true", skipping=True)
    async with skipping as environment, working(environment.client):
        batches = Batches(environment.client)
        handle = await batches.start("mute=1", approve=True)
        await environment.fast_forward(handle, timedelta(days=2))
        assert (await handle.result()).totals.statuses == {"delivered": 1}


async def test_continue_as_new_keeps_rows_and_terms() -> None:
    """A batch over several runs starts each row once, receives every report and keeps its terms."""
    async with server("limit.historyCount.suggestContinueAsNew=30") as environment, working(environment.client):
        batches = Batches(environment.client)
        handle = await batches.start(*["making=held", *[""] * 8], approve=True, at_once=3, budget_usd=Decimal(1))
        view = await until(handle, "producing", *["delivered"] * 8)
        first_run = (await handle.describe()).run_id
        await batches.go(handle, 1)
        view = await handle.result()
        started = [e async for e in environment.client.list_workflows("WorkflowType = 'Production'")]
        runs = [e.run_id async for e in environment.client.list_workflows("WorkflowType = 'Batch'")]
    assert view.totals.statuses == {"delivered": 9}
    assert view.budget_usd == Decimal(1)
    assert len(started) == 9
    assert len(runs) > 2, first_run
