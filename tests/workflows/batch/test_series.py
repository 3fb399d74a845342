"""Series of real productions: one plan, one approval and one budget, which no part exceeds."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError

with workflow.unsafe.imports_passed_through():
    from activities.storage.bucket import Storage
    from activities.takes.accounts.account import Account, AccountFile
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
    from tests.support.waiting import eventually
    from workflows import keys
    from workflows.batch.records import Admit, BatchRow, BatchStart, BatchView
    from workflows.batch.workflow import BatchWorkflow
    from workflows.brief import ApprovalPolicy, Brief, Platform
    from workflows.events import Snapshot
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import Approval, Decision, Regenerate, Rejection

Series = WorkflowHandle[Any, BatchView]


@pytest.fixture
def fakes(storage: Storage) -> FakeActivities:
    """Two assets of up to 0.01 USD in each part."""
    made = FakeActivities(2, price_usd="0.01")
    made.accounts = storage
    made.keep_in(storage)
    return made


class Parts:
    """A series and its parts."""

    def __init__(self, client: Client, storage: Storage, series_id: str, handle: Series, rows: list[BatchRow]) -> None:
        self.client = client
        self.handle = handle
        self._account = AccountFile(storage, keys.batch_account("default", series_id))
        self.ids = [row.production_id for row in rows]

    def part(self, number: int) -> Handle:
        workflow_id = keys.workflow_id(self.ids[number - 1])
        return self.client.get_workflow_handle(workflow_id, result_type=Snapshot)

    async def account(self) -> Account:
        return await self._account.read()

    async def until(self, status: str) -> BatchView:
        async def poll() -> BatchView | None:
            view = await self.handle.query(BatchWorkflow.progress)
            return view if view.status == status else None

        return await eventually(poll)

    async def admit(self, **admit: Any) -> BatchView:
        view: BatchView = await self.handle.execute_update("admit", Admit(**admit), result_type=BatchView)
        return view

    async def approved(self, **admit: Any) -> BatchView:
        view = await self.until("planned")
        return await self.admit(plan_digest=view.plan_digest, **admit)


async def start(client: Client, storage: Storage, count: int = 3, **terms: Any) -> Parts:
    series_id = uuid4().hex
    policy = terms.pop("policy", ApprovalPolicy())
    brief = Brief(text="Say it.", platform=Platform.COPY, approval=policy, requester="ana")
    rows = [
        BatchRow(row=n, key=f"part-{n}", production_id=f"{series_id}-{n}", brief=brief) for n in range(1, count + 1)
    ]
    wanted = {"batch_id": series_id, "rows": rows, "created_at": datetime.now(UTC), "series": True, **terms}
    handle: Series = await client.start_workflow(
        BatchWorkflow.run,
        BatchStart.model_validate(wanted),
        id=keys.batch_workflow_id(series_id),
        task_queue=keys.TASK_QUEUE,
    )
    return Parts(client, storage, series_id, handle, rows)


async def regenerate(productions: Productions, parts: Parts, number: int, **given: Any) -> Any:
    closed = await parts.part(number).result()
    return await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1", **given))


async def test_one_approval_within_one_budget(client: Client, fakes: FakeActivities, storage: Storage) -> None:
    """A part alone is not approved; the digest and a budget of exactly the price release all parts, less does not."""
    async with fakes.working(client):
        parts = await start(client, storage, policy=ApprovalPolicy(not_by_requester=True), requester="ana")
        view = await parts.until("planned")
        assert (view.totals.high_usd, view.totals.assets, len(view.plan_digest)) == (Decimal("0.06"), 6, 32)
        plan = (await snapshot(parts.part(1))).plan
        assert plan
        alone = Decision(approve=Approval(plan_digest=plan.digest))
        found = await refusal(update(parts.part(1), ProductionWorkflow.decide, alone))
        assert "parts are approved together; approve the series" in found.message
        for wrong, field in (
            ({}, "plan_digest"),
            ({"plan_digest": "other"}, "plan_digest"),
            ({"plan_digest": view.plan_digest, "approver": "ana"}, "approver"),
            ({"plan_digest": view.plan_digest, "budget_usd": Decimal("0.0599")}, "budget_usd"),
        ):
            assert (await refusal(parts.admit(**wrong))).field == field
        view = await parts.approved(budget_usd=Decimal("0.06"), approver="bo")
        view = await parts.until("done")
        assert (view.totals.statuses, view.totals.spent_usd) == ({"delivered": 3}, Decimal("0.06"))
        seen = await parts.part(2).result()
        assert seen.approval
        assert (seen.approval.approver, seen.budget_usd) == ("bo", Decimal("0.02"))
    account = await parts.account()
    assert (account.cap_usd, account.taken_usd()) == (Decimal("0.06"), Decimal("0.06"))


async def test_unspent_money_is_for_other_parts(
    client: Client, productions: Productions, fakes: FakeActivities, storage: Storage
) -> None:
    """What a part does not spend pays for a take of another one, also after the delivery, until the budget is used;
    then it can be raised, and a part that was reset spends nothing of what it has returned."""
    fakes.costs = {"text-2": Decimal(0)}
    async with fakes.working(client):
        parts = await start(client, storage, 2)
        productions.started += [parts.handle.id, parts.part(1).id]
        await parts.approved(budget_usd=Decimal("0.04"))
        await parts.until("done")
        assert (await parts.account()).taken_usd() == Decimal("0.02")
        await regenerate(productions, parts, 1)
        await until(parts.part(1), "delivered")
        await regenerate(productions, parts, 1, budget_usd=Decimal("0.03"))
        await until(parts.part(1), "delivered")
        assert (await parts.account()).taken_usd() == Decimal("0.04")
        reset = await reset_after_approval(client, parts.ids[1])
        seen = await until(reset, "needs_attention")
        assert "reset after its series had settled its costs" in (seen.assets["text-1"].error or "")
        await reset.cancel()
        await reset.result()
        assert (await parts.account()).taken_usd() == Decimal("0.04")
        short = await refusal(regenerate(productions, parts, 1, budget_usd=Decimal("0.04")))
        assert "the budget of the series (0.04 USD); approve the series again with a higher budget_usd" in short.message
        await parts.admit(budget_usd=Decimal("0.05"))
        reserved = regenerate(productions, parts, 1, count=2, budget_usd=Decimal("0.0399"))
        assert "these 2 takes cost up to 0.02" in (await refusal(reserved)).message
        await parts.part(1).result()
        assert (await parts.account()).taken_usd() == Decimal("0.04")
        await regenerate(productions, parts, 1, budget_usd=Decimal("0.04"))
        assert (await until(parts.part(1), "delivered")).spent_usd == Decimal("0.04")


@pytest.mark.trial
async def test_the_money_of_a_terminated_part_is_for_others(
    client: Client, productions: Productions, fakes: FakeActivities, storage: Storage
) -> None:
    """A part gets the money of another one that an operator terminated, half a minute later."""
    fakes.hold("text-2")
    async with fakes.working(client):
        parts = await start(client, storage, 2)
        await parts.approved(budget_usd=Decimal("0.04"))
        for number in (1, 2):
            await until(parts.part(number), "producing", at_once=True)
        await parts.part(1).terminate("enough")
        fakes.release("text-2")
        await until(parts.part(2), "delivered")
        await regenerate(productions, parts, 2, budget_usd=Decimal("0.03"))
        assert (await until(parts.part(2), "delivered")).spent_usd == Decimal("0.03")
    assert (await parts.account()).taken_usd() == Decimal("0.03")


async def reset_after_approval(client: Client, production_id: str) -> Handle:
    """The new run of a production, which goes on from the first task after its approval."""
    handle = client.get_workflow_handle(keys.workflow_id(production_id), result_type=Snapshot)
    described = await handle.describe()
    history = await client.get_workflow_handle(handle.id, run_id=described.run_id).fetch_history()
    made = next(
        e.event_id
        for e in history.events
        if e.activity_task_scheduled_event_attributes.activity_type.name == "produce_asset"
    )
    tasks = (e.event_id for e in history.events if e.HasField("workflow_task_completed_event_attributes"))
    task = max(event_id for event_id in tasks if event_id < made)
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=described.run_id),
            workflow_task_finish_event_id=task,
            request_id=uuid4().hex,
            reason="a test",
        )
    )
    return client.get_workflow_handle(handle.id, result_type=Snapshot)


async def test_a_killed_worker_and_a_rejected_part(client: Client, fakes: FakeActivities, storage: Storage) -> None:
    """A worker that dies between parts leaves the budget as it is, a part that is rejected returns what was reserved
    for it, and a part that is changed after the approval waits for another one."""
    fakes.hold("text-1")
    parts = await start(client, storage, 3, at_once=1)
    async with fakes.working(client):
        await parts.approved()
        await until(parts.part(1), "producing", at_once=True)
        await update(parts.part(2), ProductionWorkflow.decide, Decision(reject=Rejection()))
        await parts.part(2).result()
        assert (await parts.account()).taken_usd() == Decimal("0.04")
    async with fakes.working(client):
        fakes.release("text-1")
        view = await parts.until("done")
    assert (view.totals.statuses, view.totals.spent_usd) == ({"delivered": 2, "rejected": 1}, Decimal("0.04"))
    assert (await parts.account()).taken_usd() == Decimal("0.04")


@pytest.mark.trial
@pytest.mark.parametrize("seed", range(3))
async def test_parts_compete_while_workers_are_killed(
    client: Client, productions: Productions, fakes: FakeActivities, storage: Storage, seed: int
) -> None:
    """Six parts whose workers are killed every second, and that all request more takes than the budget holds, cost no
    more together than the budget, and the account ends with exactly what they have cost."""
    chance, budget = random.Random(seed), Decimal("0.12")
    fakes.costs = {"text-2": Decimal("0.0020")}
    parts = await start(client, storage, 6, at_once=3)
    requests: set[asyncio.Task[Any]] = set()
    ended = asyncio.Event()

    async def ask(number: int) -> None:
        for _ in range(4):
            with suppress(WorkflowUpdateFailedError, RPCError, WorkflowFailureError):
                await regenerate(productions, parts, number, budget_usd=Decimal("0.05"), count=chance.choice((1, 2)))

    async def people() -> None:
        await parts.approved(budget_usd=budget)
        await parts.until("done")
        async with asyncio.TaskGroup() as group:
            for number in range(1, 7):
                requests.add(group.create_task(ask(number)))
        await parts.until("done")
        ended.set()

    acting = asyncio.create_task(people())
    while not ended.is_set():
        async with fakes.working(client):
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(ended.wait()), chance.uniform(0.5, 2.0))
    await acting
    takes = {(r.production_id, r.asset.asset_id, r.take) for r in fakes.requests}
    paid = sum((fakes.costs.get(asset_id, fakes.price_usd) for _, asset_id, _ in takes), Decimal(0))
    seen = [await parts.part(number).result() for number in range(1, 7)]
    assert sum((each.spent_usd for each in seen), Decimal(0)) == paid <= budget
    assert (await parts.account()).taken_usd() == paid
