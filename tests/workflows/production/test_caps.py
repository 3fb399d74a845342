"""No production spends more than was approved, whoever edits, whatever answers are lost and whatever vendors charge."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from tests.support.fakes import FakeActivities, Film
from tests.support.productions import Handle, Productions, eventually, names, refusal, snapshot, until, update
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.events import AssetStatus, Snapshot
from workflows.models import ApprovalPolicy
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, Pause, PlanEdit, Regenerate, Resolve, Resume


async def edit(handle: Handle, *edits: EditOp, **more: object) -> None:
    seen = await snapshot(handle)
    assert seen.plan
    change = PlanEdit.model_validate({"plan_digest": seen.plan.digest, "edits": edits, **more})
    await update(handle, ProductionWorkflow.edit_plan, change)


async def approve_again(handle: Handle, **more: object) -> None:
    seen = await snapshot(handle)
    assert seen.plan
    again = Approval.model_validate({"plan_digest": seen.plan.digest, "approver": "bo", **more})
    await update(handle, ProductionWorkflow.decide, Decision(approve=again))


async def generating(handle: Handle, *asset_ids: str) -> Snapshot:
    async def look() -> Snapshot | None:
        seen = await snapshot(handle)
        return seen if all(seen.assets[i].status is AssetStatus.GENERATING for i in asset_ids) else None

    return await eventually(look)


def waiting(seen: Snapshot) -> dict[str, str]:
    return {i: s.attention for i, s in seen.assets.items() if s.attention}


DEARER = EditOp(op="change", asset_id="shot-1", model="dear")


async def paused_film(productions: Productions, fakes: FakeActivities, budget: str | None = None) -> Handle:
    """A film whose still is being made, and whose shot is to be made after it; three assets of 0.10, 0.30 approved."""
    fakes.hold("still-1")
    handle = await productions.approved(budget, platform="video")
    await generating(handle, "still-1")
    return handle


async def test_a_dearer_edit_of_a_pending_asset_asks_the_approvers_again(productions: Productions) -> None:
    """What an edit makes an asset cost, that was approved and is still to be made, is spent only after the approvers
    released it; whoever edited it."""
    fakes = Film(price_usd="0.1000")
    fakes.prices = {"dear": Decimal("0.90")}
    async with fakes.working(productions.client):
        handle = await paused_film(productions, fakes)
        await edit(handle, DEARER, editor="req")
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert waiting(seen) == {"shot-1": "change_to_approve"}
        assert (seen.spent_usd, [i for i, _ in fakes.produced if i == "shot-1"]) == (Decimal("0.2000"), [])
        await approve_again(handle)
        seen = await handle.result()
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.3000"), Decimal("1.1000"))


async def test_a_dearer_edit_within_the_budget_asks_nobody(productions: Productions) -> None:
    """What fits the released budget asks nobody again, and an edit that makes it fit withdraws the question."""
    fakes = Film(price_usd="0.1000")
    fakes.prices = {"dear": Decimal("0.90")}
    async with fakes.working(productions.client):
        handle = await paused_film(productions, fakes)
        await edit(handle, DEARER)
        assert waiting(await snapshot(handle)) == {"shot-1": "change_to_approve"}
        await edit(handle, EditOp(op="change", asset_id="shot-1", model="words"))
        seen = await snapshot(handle)
        assert waiting(seen) == {}
        assert "attention_withdrawn" in names(seen)
        await edit(handle, DEARER, budget_usd=Decimal("1.10"), editor="bo")
        assert waiting(await snapshot(handle)) == {}
        fakes.release("still-1")
        seen = await handle.result()
    (raised,) = [e.data for e in seen.events if e.name == "budget_raised"]
    assert (raised["by"], raised["budget_usd"], raised["before_usd"]) == ("bo", "1.10", "0.3000")


async def test_an_edit_to_an_unknown_price_needs_permission(productions: Productions) -> None:
    """A pending asset cannot be edited to a model without a published price unless that is allowed by name; a fallback
    that has none counts as well as the model itself."""
    fakes = Film(price_usd="0.1000")
    fakes.prices = {"secret": None}
    async with fakes.working(productions.client):
        handle = await paused_film(productions, fakes, budget="2")
        before = await snapshot(handle)
        assert before.plan
        secret = EditOp(op="change", asset_id="shot-1", model="secret")
        change = PlanEdit(plan_digest=before.plan.digest, edits=(secret,), editor="req")
        assert (await refusal(update(handle, ProductionWorkflow.edit_plan, change))).kind == "price_unknown"
        assert (await snapshot(handle)).plan == before.plan
        await edit(handle, secret, allow_unknown_prices=True, editor="bo")
        assert (await snapshot(handle)).assets["shot-1"].unknown_allowed == ("fake/secret",)
        fakes.release("still-1")
        assert (await handle.result()).status == "delivered"


@pytest.mark.parametrize(
    ("policy", "by", "refused"),
    [
        (ApprovalPolicy(not_by_requester=True), "req", True),
        (ApprovalPolicy(not_by_requester=True), "bo", False),
        (ApprovalPolicy(approvers=2), "bo", True),
        (ApprovalPolicy(max_budget_usd=Decimal("0.39")), "bo", True),
        (ApprovalPolicy(max_budget_usd=Decimal("0.40")), "bo", False),
    ],
)
async def test_who_raises_a_budget_is_held_to_the_policy(
    productions: Productions, policy: ApprovalPolicy, by: str, refused: bool
) -> None:
    """Whoever may not release money alone at first may not do it later by an edit, a new take or an answer."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(approval=policy, requester="req", budget_usd="0.15")
        for approver in ("ana", "eva")[: policy.approvers]:
            approval = Approval(plan_digest=plan.digest, approver=approver)
            await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await generating(handle, "text-1")
        assert seen.plan
        more = Decimal("0.40")
        edits = (EditOp(op="change", asset_id="text-2", prompt="another"),)
        change = PlanEdit(plan_digest=seen.plan.digest, edits=edits, editor=by, budget_usd=more)
        fakes.release("text-1")
        await until(handle, "needs_attention")
        answer = Resolve(asset_id="text-2", action="raise_budget", budget_usd=more, resolver=by)
        new_take = Regenerate(asset_id="text-1", requested_by=by, budget_usd=more)
        if refused:
            for method, request in (("edit_plan", change), ("resolve", answer), ("regenerate", new_take)):
                told = await refusal(handle.execute_update(method, request))
                assert (told.kind, told.field) == ("not_allowed", "budget_usd"), method
            assert (await snapshot(handle)).budget_usd == Decimal("0.15")
            await handle.cancel()
            await handle.result()
            return
        await update(handle, ProductionWorkflow.resolve, answer)
        seen = await handle.result()
    (raised,) = [e.data for e in seen.events if e.name == "budget_raised"]
    assert (raised["by"], raised["brief_budget_usd"]) == (by, "0.15")


async def test_nobody_approves_above_the_policy(productions: Productions) -> None:
    """What a policy allows at most holds for every approval, the first and the next, also where none names a
    sum."""
    fakes = FakeActivities(2, price_usd="0.10")
    most = Decimal("0.15")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(approval=ApprovalPolicy(max_budget_usd=most))
        above = Decision(approve=Approval(plan_digest=plan.digest, approver="bo", budget_usd=Decimal("0.16")))
        told = await refusal(update(handle, ProductionWorkflow.decide, above))
        assert (told.kind, told.field) == ("not_allowed", "budget_usd")
        approval = Approval(plan_digest=plan.digest, approver="bo")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await until(handle, "needs_attention")
        assert (seen.budget_usd, waiting(seen)) == (most, {"text-2": "budget_short"})
        told = await refusal(update(handle, ProductionWorkflow.decide, above))
        assert (told.kind, told.field) == ("not_allowed", "budget_usd")
        await approve_again(handle)
        seen = await until(handle, "needs_attention")
        assert (seen.budget_usd, waiting(seen)) == (most, {"text-2": "budget_short"})
        await handle.cancel()
        await handle.result()


async def test_several_people_release_more_by_approving_again(productions: Productions) -> None:
    """Where two have to approve, two have to release what does not fit, each of them the plan that is there now."""
    fakes = FakeActivities(2, price_usd="0.10")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(approval=ApprovalPolicy(approvers=2))
        for approver in ("ana", "eva"):
            low = Approval(plan_digest=plan.digest, approver=approver, budget_usd=Decimal("0.15"))
            await update(handle, ProductionWorkflow.decide, Decision(approve=low))
        seen = await until(handle, "needs_attention")
        assert waiting(seen) == {"text-2": "budget_short"}
        await approve_again(handle)
        assert waiting(await snapshot(handle)) == {"text-2": "budget_short"}
        await approve_again(handle, approver="ana")
        seen = await handle.result()
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.2000"), Decimal("0.2000"))


async def test_a_resubmission_is_reserved_first(productions: Productions) -> None:
    """A cheap request in doubt is submitted again unasked only where the budget holds both; else a person decides."""
    fakes = FakeActivities(2, price_usd="0.01")
    fakes.lost_once = {"text-1", "text-2"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        seen = await until(handle, "needs_attention")
        assert waiting(seen) == {"text-1": "ambiguous_submission", "text-2": "ambiguous_submission"}
        assert (seen.spent_usd, seen.budget_usd) == (Decimal(0), Decimal("0.0200"))
        await handle.cancel()
        assert (await handle.result()).spent_usd == Decimal("0.0200")
        handle = await productions.approved(budget="0.03")
        seen = await until(handle, "needs_attention")
        assert sorted(waiting(seen).values()) == ["ambiguous_submission"]
        assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.0200"), Decimal("0.0300"))
        assert [e.data["by"] for e in seen.events if e.name == "resolved"] == ["the resubmission policy"]
        await handle.cancel()
        assert (await handle.result()).spent_usd == Decimal("0.0300")


@pytest.mark.parametrize(("budget", "takes"), [("0.03", 1), ("0.04", 2)])
async def test_a_further_take_is_resubmitted_within_the_budget(
    productions: Productions, budget: str, takes: int
) -> None:
    """A lost answer of a further take counts as billed; it is asked for again only where that fits besides."""
    fakes = FakeActivities(1, price_usd="0.01")
    async with fakes.working(productions.client):
        closed = await (await productions.approved()).result()
        fakes.lost_once = {"text-1"}
        fakes.lost_takes = {2}
        again = Regenerate(asset_id="text-1", count=2, budget_usd=Decimal(budget))
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        seen = await productions.of(productions.started[0]).result()
    assert seen.spent_usd == Decimal(budget)
    assert len([t for t in seen.assets["text-1"].takes if t.number == 2]) == takes - 1


async def test_a_bill_above_its_price_is_told(productions: Productions) -> None:
    """A bill above the published price is an event, and a reason for attention while the production runs."""
    fakes = FakeActivities(4, price_usd="0.10")
    fakes.costs = dict.fromkeys((f"text-{n}" for n in range(1, 5)), Decimal("1.00"))
    for asset in ("text-2", "text-3", "text-4"):
        fakes.hold(asset)
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2.50")

        async def overrun() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if "overrun" in names(seen) else None

        seen = await eventually(overrun)
        (told,) = [e for e in seen.events if e.name == "overrun"]
        assert (told.asset_id, told.data["price_usd"], told.data["cost_usd"]) == ("text-1", "0.10", "1.00")
        assert seen.waiting
        assert (seen.waiting.reason, seen.overrun_usd) == ("overrun", Decimal("0.9000"))
        await handle.cancel()
        await handle.result()


async def test_what_is_not_begun_is_held_at_what_was_charged(productions: Productions) -> None:
    """After a bill of ten times the price, an asset that is not begun is started at that price or not at all."""
    fakes = Film(price_usd="0.10")
    fakes.costs = {"still-1": Decimal("1.00"), "title-1": Decimal("0.05")}
    async with fakes.working(productions.client):
        handle = await productions.approved(platform="video", budget="1.20")
        seen = await until(handle, "needs_attention")
        assert waiting(seen) == {"shot-1": "overrun"}
        assert "above its published 0.10" in (seen.assets["shot-1"].error or "")
        assert (seen.spent_usd, [i for i, _ in fakes.produced if i == "shot-1"]) == (Decimal("1.0500"), [])
        answer = Resolve(asset_id="shot-1", action="raise_budget", budget_usd=Decimal("2.05"), resolver="bo")
        await update(handle, ProductionWorkflow.resolve, answer)
        assert (await handle.result()).status == "delivered"


async def test_a_price_that_changed_before_the_claim(productions: Productions) -> None:
    """A take whose attempt knows a higher price than was reserved submits nothing; it is reserved at that or waits."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.failures["text-1"] = AssetFailure(message="dearer", kind="price_changed", now_usd=Decimal("0.50"))
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.40")
        seen = await until(handle, "needs_attention")
        assert (waiting(seen), seen.spent_usd) == ({"text-1": "overrun"}, Decimal(0))
        fakes.failures.clear()
        answer = Resolve(asset_id="text-1", action="raise_budget", budget_usd=Decimal("0.50"))
        await update(handle, ProductionWorkflow.resolve, answer)
        assert (await handle.result()).spent_usd == Decimal("0.1000")


async def test_a_short_budget_is_told_at_once(productions: Productions) -> None:
    """What can only wait for a person is told when it begins to wait, in status, log and reason, though another asset
    is still being made; money that comes free after all withdraws the question."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.fixed = True
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.15")
        seen = await until(handle, "needs_attention", at_once=True)
        assert seen.assets["text-1"].status is AssetStatus.GENERATING
        assert waiting(seen) == {"text-2": "budget_short"}
        described = await handle.describe()
        found = {p.key.name: p.value for p in described.typed_search_attributes}
        assert found[keys.ATTENTION_ATTRIBUTE] == ["budget_short"]
        fakes.costs["text-1"] = Decimal("0.05")
        fakes.release("text-1")
        seen = await handle.result()
    assert (seen.spent_usd, "attention_withdrawn" in names(seen)) == (Decimal("0.1500"), True)


async def test_a_failure_is_told_while_others_are_made(productions: Productions) -> None:
    """An asset that failed, and a pause that holds something back, make the status needs_attention at once."""
    fakes = Film(price_usd="0.10")
    fakes.hold("still-1")
    fakes.fail = {"title-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(platform="video")
        seen = await until(handle, "needs_attention", at_once=True)
        assert (waiting(seen), seen.assets["still-1"].status) == ({"title-1": "asset_failed"}, AssetStatus.GENERATING)
        fakes.fail = set()
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="title-1", action="retry"))
        await until(handle, "producing", at_once=True)
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="bo"))
        seen = await until(handle, "needs_attention", at_once=True)
        assert seen.waiting
        assert (seen.waiting.reason, seen.waiting.answers) == ("paused", ("resume", "cancel"))
        await update(handle, ProductionWorkflow.resume, Resume())
        fakes.release("still-1")
        assert (await handle.result()).status == "delivered"


async def test_a_closed_production_asks_for_nothing(productions: Productions) -> None:
    """A cancelled production has no attention left: not in its record, and not in its search attribute."""
    fakes = FakeActivities(3, price_usd="0.10")
    fakes.fail = {"text-1"}
    fakes.doubt = {"text-2"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.15")
        seen = await until(handle, "needs_attention")
        assert sorted(waiting(seen).values()) == ["ambiguous_submission", "asset_failed", "budget_short"]
        await handle.cancel()
        seen = await handle.result()
    assert (waiting(seen), seen.waiting) == ({}, None)
    assert seen.assets["text-1"].error == "text-1 cannot be made"
    described = await handle.describe()
    assert keys.ATTENTION_ATTRIBUTE not in {p.key.name for p in described.typed_search_attributes}


async def test_a_question_is_withdrawn_when_its_answer_comes(productions: Productions) -> None:
    """A worker that was suspended, and has its answer after all, withdraws the question: the ledger is read again."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.doubt = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention")
        await handle.signal("take_settled", args=["text-1", 2])
        assert waiting(await snapshot(handle)) == {"text-1": "ambiguous_submission"}
        fakes.doubt = set()
        await handle.signal("take_settled", args=["text-1", 1])
        seen = await handle.result()
    assert (seen.spent_usd, fakes.produced) == (Decimal("0.1000"), [("text-1", 1), ("text-1", 1)])


async def test_a_take_that_somebody_else_ended_is_stopped_and_counted(productions: Productions) -> None:
    """`temporal activity fail` on a running take is no proof that nothing was billed: it is stopped, what its ledger
    knows is counted, and no other model makes it unasked."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.others = ("verse",)
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await generating(handle, "text-1")
        activity = productions.client.get_async_activity_handle(
            workflow_id=handle.id, run_id=None, activity_id="text-1/1"
        )
        await activity.fail(ApplicationError("an operator ended it", non_retryable=True))
        seen = await until(handle, "needs_attention")
        fakes.release("text-1")
        assert fakes.stopped == [("text-1", 1)]
        assert (seen.spent_usd, waiting(seen)) == (Decimal("0.0040"), {"text-1": "asset_failed"})
        assert "asset_fallback" not in names(seen)
        await handle.cancel()
        await handle.result()


async def test_a_number_that_was_used_before_is_passed_over(productions: Productions) -> None:
    """A take that another run made from another request keeps its number and its bill; this one takes the next."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.used = {("text-1", 1): Decimal("0.10"), ("text-1", 2): Decimal("0.05")}
    async with fakes.working(productions.client):
        seen = await (await productions.approved(budget="1")).result()
    assert [t.number for t in seen.assets["text-1"].takes] == [3]
    assert seen.spent_usd == Decimal("0.2500")


async def test_a_plan_is_priced_again_when_its_rates_end(productions: Productions) -> None:
    """Rates that end while a plan waits make it a new plan, at prices that hold: the old digest approves nothing."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.until = datetime.now(UTC).date() - timedelta(days=1)
    fakes.then_usd = Decimal("0.20")
    async with fakes.working(productions.client):
        handle = await productions.start()

        async def first() -> str | None:
            ready = [e for e in (await snapshot(handle)).events if e.name == "plan_ready"]
            return str(ready[0].data["plan_digest"]) if ready else None

        digest = await eventually(first)
        old = Decision(approve=Approval(plan_digest=digest, approver="ana"))

        async def again() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if seen.plan and seen.plan.high_usd == fakes.then_usd else None

        seen = await eventually(again)
        assert (await refusal(update(handle, ProductionWorkflow.decide, old))).kind == "stale_digest"
        assert seen.plan
        (ready,) = [e for e in seen.events if e.name == "plan_ready" and e.data.get("how") == "reprice"]
        assert ready.data["by"] == "the end of its rates"
        new = Decision(approve=Approval(plan_digest=seen.plan.digest, approver="ana"))
        await update(handle, ProductionWorkflow.decide, new)
        assert (await handle.result()).spent_usd == Decimal("0.2000")


async def test_what_was_given_up_in_doubt_is_counted_when_it_comes(productions: Productions) -> None:
    """A take that a person did without, as its answer was lost, counts what it was billed once it is there."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.doubt = {"text-1"}
    fakes.hold("text-2")
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention", at_once=True)
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="accept_without"))
        assert (await snapshot(handle)).spent_usd == Decimal("0.1000")
        fakes.doubt, fakes.costs["text-1"] = set(), Decimal("0.04")
        await handle.signal("take_settled", args=["text-1", 1])
        fakes.release("text-2")
        seen = await handle.result()
    assert [t.number for t in seen.assets["text-1"].takes] == [1]
    assert (seen.spent_usd, seen.assets["text-1"].selected) == (Decimal("0.1400"), 0)
