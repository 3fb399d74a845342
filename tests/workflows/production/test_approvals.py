"""Approval policies, the second gate, and the attributes of pending decisions, on a real server with fake
activities."""

import asyncio
from decimal import Decimal

from temporalio import workflow
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import Film
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Productions, names, plan_of, refusal, snapshot, until, update
    from tests.support.waiting import WITHIN, eventually
    from tests.workflows.production.steps import approve, digest, made, server, waiting
    from workflows import keys
    from workflows.brief import ApprovalPolicy, Brief, Platform
    from workflows.events import AttentionItem, ProductionStart, ProductionStatus, Report, Snapshot
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import Decision, EditOp, PlanEdit, Regenerate, Rejection, Revision


async def test_several_people_have_to_approve(productions: Productions) -> None:
    """With two approvers nothing starts before the second approval; one person counts once, and the requester does not
    count."""
    fakes = FakeActivities(1, price_usd="1.0000")
    async with fakes.working(productions.client):
        policy = {"approvers": 2, "not_by_requester": True}
        handle, plan = await productions.planned(approval=policy, requester="rita")
        own = await refusal(approve(handle, plan.digest, "rita"))
        assert (own.kind, own.field) == ("not_allowed", "approver")
        receipt = await approve(handle, plan.digest, "ana", budget_usd=Decimal(3))
        assert receipt.status == "awaiting_approval"
        again = await refusal(approve(handle, plan.digest, "ana"))
        assert "approved already" in again.message
        assert not any(e.name == "asset_start" for e in (await snapshot(handle)).events)
        await approve(handle, plan.digest, "bo", budget_usd=Decimal(2))
        seen = await handle.result()
    assert seen.budget_usd == 2
    given, approved = (e for e in seen.events if e.name in ("approval_given", "approved"))
    assert (given.data["approver"], given.data["needed"]) == ("ana", 2)
    assert approved.data["approvers"] == ["ana", "bo"]


async def test_an_edit_restarts_the_approvals(productions: Productions) -> None:
    """An approval counts for its plan only: after an edit the count starts at zero."""
    async with FakeActivities(1).working(productions.client):
        handle, plan = await productions.planned(approval={"approvers": 2})
        await approve(handle, plan.digest, "ana")
        change = EditOp(op="change", asset_id="text-1", prompt="other words")
        await update(handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=plan.digest, edits=(change,)))
        edited = await plan_of(handle)
        await approve(handle, edited.digest, "ana")
        assert (await snapshot(handle)).status is ProductionStatus.AWAITING_APPROVAL
        await approve(handle, edited.digest, "bo")
        assert (await handle.result()).status is ProductionStatus.DELIVERED


async def test_an_inexpensive_draft_is_approved_by_the_policy(productions: Productions) -> None:
    """A first draft within the amount starts without a person, for its price and not for the budget of the brief, and
    records it; a more expensive one and any revision wait for a person."""
    fakes = FakeActivities(2, price_usd="0.0500")
    async with fakes.working(productions.client):
        cheap = await productions.start(budget_usd="5", approval={"auto_below_usd": "0.10", "approvers": 2})
        seen = await cheap.result()
        assert seen.approval
        assert (seen.approval.approver, seen.budget_usd) == ("the approval policy", Decimal("0.1000"))
        expensive, _ = await productions.planned(approval={"auto_below_usd": "0.09"})
        fakes.price_usd = Decimal("0.0100")
        await update(expensive, ProductionWorkflow.revise, Revision(feedback="shorter", reviser="bo"))
        seen = await snapshot(expensive)
    assert seen.status is ProductionStatus.AWAITING_APPROVAL
    revised = seen.events[-1]
    assert (revised.data["how"], revised.data["by"], revised.data["feedback"]) == ("revise", "bo", "shorter")
    changed = revised.data["changes"]
    assert isinstance(changed, list)
    assert {"asset_id": "text-1", "field": "prompt", "before": "part 1", "after": "part 1 · shorter"} in changed


async def test_an_unanswered_approval_is_escalated() -> None:
    """Without a decision there is a reminder, then an escalation that names people, then the production expires."""
    async with server("frontend.WorkflowTimeSkippingEnabled=true", skipping=True) as environment:
        productions = Productions(environment.client, "escalates")
        async with FakeActivities(1).working(environment.client):
            policy = {"escalate_to": ["head of content"]}
            handle, _ = await productions.planned(approval_deadline_seconds=4 * 86_400, approval=policy)
            await environment.fast_forward(handle)
            seen = await handle.result()
    assert names(seen) == ["plan_start", "plan_ready", "approval_reminder", "approval_escalated", "expired"]
    assert seen.events[3].data["to"] == ["head of content"]
    ready, _, escalated, expired = (e.at for e in seen.events[1:])
    assert abs((expired - escalated).total_seconds() - 0.1 * (expired - ready).total_seconds()) < 60


async def test_stills_are_approved_before_video_is_paid_for(productions: Productions) -> None:
    """Video waits for a second approval of exactly the current takes; a new still requires another approval."""
    fakes = Film(price_usd="0.5000")
    async with fakes.working(productions.client):
        policy = {"stills_first": True}
        handle = await productions.approved(budget="5", platform="video", approval=policy)
        seen = await until(handle, "needs_attention")
        assert made(fakes, "shot-1") == []
        assert seen.gate == "waiting"
        (item,) = await waiting(productions.client, handle)
        assert (item.reason, item.price_usd) == ("stills_to_approve", Decimal("0.5000"))
        plan_only = await refusal(approve(handle, digest(seen), "ana"))
        assert (plan_only.kind, plan_only.plan_digest) == ("stale_digest", item.plan_digest)

        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))

        async def asked_again() -> AttentionItem | None:
            found = await waiting(productions.client, handle)
            return found[0] if found and found[0].plan_digest != item.plan_digest else None

        other = await eventually(asked_again)
        assert item.plan_digest
        assert other.plan_digest
        assert (await refusal(approve(handle, item.plan_digest, "ana"))).kind == "stale_digest"
        assert made(fakes, "shot-1") == []
        await approve(handle, other.plan_digest, "ana")
        seen = await handle.result()
    assert made(fakes, "shot-1") == [1]
    assert seen.assets["shot-1"].takes[0].inputs == {"still-1": 2}
    assert [e.data.get("gate") for e in seen.events if e.name == "approved"] == [None, "stills"]
    names(seen)


async def test_a_rejection_at_the_second_gate_ends_the_production(productions: Productions) -> None:
    """A production that is rejected at the second gate ends without a video; its record keeps the finished takes."""
    fakes = Film(price_usd="0.5000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video", approval={"stills_first": True})
        await until(handle, "needs_attention")
        no = Decision(reject=Rejection(rejecter="ana", reason="dull"))
        await update(handle, ProductionWorkflow.decide, no)
        seen = await handle.result()
    assert seen.status is ProductionStatus.REJECTED
    assert seen.spent_usd == 1
    assert len(seen.assets["still-1"].takes) == 1


async def test_ordered_takes_stay_reserved(productions: Productions) -> None:
    """Takes that were ordered at the second gate are reserved: an approval below their price is refused."""
    fakes = Film(price_usd="0.5000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video", approval={"stills_first": True})
        seen = await until(handle, "needs_attention")
        drop = PlanEdit(plan_digest=digest(seen), edits=(EditOp(op="drop", asset_id="shot-1"),))
        await update(handle, ProductionWorkflow.edit_plan, drop)
        more = Regenerate(asset_id="shot-1", count=2)
        await productions.reopen(await handle.result(), ProductionWorkflow.regenerate, more)
        handle = productions.newest(handle)
        named = (await until(handle, "needs_attention")).waiting
        assert named
        assert named.plan_digest
        refused = await refusal(approve(handle, named.plan_digest, "ana", budget_usd="1.20"))
        assert (refused.kind, refused.field) == ("budget_short", "budget_usd")
        assert refused.message.startswith("1.5000 USD are spent, or held")
        signal = {"plan_digest": named.plan_digest, "approver": "ana", "budget_usd": "1.20"}
        await handle.signal(ProductionWorkflow.approve, signal)
        await approve(handle, named.plan_digest, "ana", budget_usd="2.00")
        seen = await handle.result()
    assert [e.data["reason"] for e in seen.events if e.name == "approval_ignored"] == [refused.message]
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("2.0000"), Decimal("2.00"))


async def test_pending_decisions_are_search_attributes(productions: Productions) -> None:
    """The server lists pending decisions with their reasons, oldest first, without a query to a worker; an answered one
    is not listed."""
    fakes = FakeActivities(3, price_usd="0.1000")
    fakes.fail = {"text-2"}
    fakes.doubt = {"text-3"}
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(text="Attention, please.")
        (item,) = await waiting(productions.client, handle)
        assert (item.reason, item.plan_digest, item.price_usd) == ("approval", plan.digest, Decimal("0.3000"))
        assert "approve" in item.answers
        await approve(handle, plan.digest, "ana")
        await until(handle, "needs_attention")

    async def listed() -> list[AttentionItem] | None:
        found = await waiting(productions.client, handle)
        return found if len(found) == 2 else None

    found = {item.asset_id: item for item in await eventually(listed)}
    assert {i: item.reason for i, item in found.items()} == {
        "text-2": "asset_failed",
        "text-3": "ambiguous_submission",
    }
    assert found["text-2"].message == "text-2 cannot be made"
    assert "upload" in found["text-2"].answers
    assert found["text-3"].answers[:2] == ("adopt", "resubmit")

    async def visible() -> bool | None:
        query = f"{keys.ATTENTION_ATTRIBUTE} = 'ambiguous_submission' AND WorkflowId = '{handle.id}'"
        return True if [e async for e in productions.client.list_workflows(query)] else None

    await eventually(visible)
    async with fakes.working(productions.client):
        await productions.client.get_workflow_handle(handle.id).cancel()
        await handle.result()
    assert await waiting(productions.client, handle) == []


@workflow.defn(name="Parent")
class Parent:
    """Starts a production, and keeps its reports until the last."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    @workflow.signal
    def report(self, report: Report) -> None:
        self.reports.append(report)

    @workflow.run
    async def run(self) -> list[Report]:
        await workflow.wait_condition(lambda: any(r.status.closed for r in self.reports))
        return self.reports


async def test_a_production_reports_to_its_parent(productions: Productions) -> None:
    """Each change of its status or plan is reported to the workflow that started it, and so is the end."""
    client = productions.client
    async with (
        FakeActivities(1, price_usd="0.2000").working(client),
        Worker(client, task_queue="parents", workflows=[Parent]),
    ):
        parent = await client.start_workflow(Parent.run, id="parent-1", task_queue="parents")
        brief = Brief(text="Say it.", platform=Platform.COPY, approval=ApprovalPolicy(auto_below_usd=Decimal(1)))
        await client.start_workflow(
            ProductionWorkflow.run,
            ProductionStart(production_id="reports-1", brief=brief, reports_to=parent.id),
            id=keys.workflow_id("reports-1"),
            task_queue=keys.TASK_QUEUE,
        )
        reports = await asyncio.wait_for(parent.result(), WITHIN)
    statuses = [r.status.value for r in reports]
    assert statuses[-1] == "delivered"
    assert {"producing", "delivered"} <= set(statuses)
    assert reports[-1].spent_usd == Decimal("0.2000")


async def test_two_simultaneous_decisions(productions: Productions) -> None:
    """Of two simultaneous decisions one wins, and the other caller receives the result and the name of the first
    person."""
    fakes = FakeActivities(1)
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        decided = await asyncio.gather(
            approve(handle, plan.digest, "ana"), approve(handle, plan.digest, "bo"), return_exceptions=True
        )
        (lost,) = [d for d in decided if isinstance(d, BaseException)]
        seen: Snapshot = await snapshot(handle)
        assert seen.approval
        assert f"approved by {seen.approval.approver}" in str(lost.__cause__)
        fakes.release("text-1")
        await handle.result()
