"""No production spends more than was approved, for any editor, lost response or charge of a vendor."""

from decimal import Decimal

import pytest

from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, Productions, names, refusal, snapshot, until, update
from tests.workflows.production.steps import attention_of, generating, made
from workflows.brief import ApprovalPolicy
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit, Regenerate, Resolve


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


REGENERATE = ProductionWorkflow.regenerate
EXPENSIVE = EditOp(op="change", asset_id="shot-1", model="expensive")


async def paused_film(productions: Productions, fakes: FakeActivities, budget: str | None = None) -> Handle:
    """A film whose still is in progress, with a pending shot that depends on it; three assets of 0.10, 0.30
    approved."""
    fakes.hold("still-1")
    handle = await productions.approved(budget, platform="video")
    await generating(handle, "still-1")
    return handle


async def test_a_more_expensive_edit_of_a_pending_asset_needs_approval(productions: Productions) -> None:
    """The new cost of an approved and pending asset is spent only after the approvers released it, for any editor."""
    fakes = Film(price_usd="0.1000")
    fakes.prices = {"expensive": Decimal("0.90")}
    async with fakes.working(productions.client):
        handle = await paused_film(productions, fakes)
        await edit(handle, EXPENSIVE, editor="req")
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"shot-1": "change_to_approve"}
        assert (seen.spent_usd, [i for i, _ in fakes.produced if i == "shot-1"]) == (Decimal("0.2000"), [])
        await approve_again(handle)
        seen = await handle.result()
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.3000"), Decimal("1.1000"))


async def test_a_more_expensive_edit_within_the_budget_needs_no_approval(productions: Productions) -> None:
    """An edit within the released budget needs no new approval, and an edit that makes the plan fit withdraws the
    question; a request that names a lower budget than the present one is refused."""
    fakes = Film(price_usd="0.1000")
    fakes.prices = {"expensive": Decimal("0.90")}
    async with fakes.working(productions.client):
        handle = await paused_film(productions, fakes)
        await edit(handle, EXPENSIVE)
        assert attention_of(await snapshot(handle)) == {"shot-1": "change_to_approve"}
        await edit(handle, EditOp(op="change", asset_id="shot-1", model="words"))
        seen = await snapshot(handle)
        assert attention_of(seen) == {}
        assert "attention_withdrawn" in names(seen)
        await edit(handle, EXPENSIVE, budget_usd=Decimal("1.10"), editor="bo")
        assert attention_of(await snapshot(handle)) == {}
        lower = Regenerate(asset_id="title-1", budget_usd=Decimal("1.09"))
        for request in (edit(handle, EXPENSIVE, budget_usd=Decimal("1.09")), update(handle, REGENERATE, lower)):
            assert "cannot be lowered" in (await refusal(request)).message
        fakes.release("still-1")
        seen = await handle.result()
    (raised,) = [e.data for e in seen.events if e.name == "budget_raised"]
    assert (raised["by"], raised["budget_usd"], raised["before_usd"]) == ("bo", "1.10", "0.3000")


async def test_an_edit_to_an_unknown_price_needs_permission(productions: Productions) -> None:
    """A pending asset cannot be edited to a model with an unpublished price unless that is allowed explicitly; a
    fallback with an unpublished price counts as well as the model itself."""
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
async def test_raising_a_budget_follows_the_policy(
    productions: Productions, policy: ApprovalPolicy, by: str, refused: bool
) -> None:
    """A person who may not release money alone at first may not do it later by an edit, a new take or an answer."""
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
                error = await refusal(handle.execute_update(method, request))
                assert (error.kind, error.field) == ("not_allowed", "budget_usd"), method
            assert (await snapshot(handle)).budget_usd == Decimal("0.15")
            await handle.cancel()
            await handle.result()
            return
        await update(handle, ProductionWorkflow.resolve, answer)
        seen = await handle.result()
    (raised,) = [e.data for e in seen.events if e.name == "budget_raised"]
    assert (raised["by"], raised["brief_budget_usd"]) == (by, "0.15")


async def test_no_approval_exceeds_the_policy(productions: Productions) -> None:
    """The maximum of a policy holds for every approval, the first and the next, and also when the approval names no
    sum."""
    fakes = FakeActivities(2, price_usd="0.10")
    most = Decimal("0.15")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(approval=ApprovalPolicy(max_budget_usd=most))
        above = Decision(approve=Approval(plan_digest=plan.digest, approver="bo", budget_usd=Decimal("0.16")))
        error = await refusal(update(handle, ProductionWorkflow.decide, above))
        assert (error.kind, error.field) == ("not_allowed", "budget_usd")
        approval = Approval(plan_digest=plan.digest, approver="bo")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await until(handle, "needs_attention")
        assert (seen.budget_usd, attention_of(seen)) == (most, {"text-2": "budget_short"})
        error = await refusal(update(handle, ProductionWorkflow.decide, above))
        assert (error.kind, error.field) == ("not_allowed", "budget_usd")
        await approve_again(handle)
        seen = await until(handle, "needs_attention")
        assert (seen.budget_usd, attention_of(seen)) == (most, {"text-2": "budget_short"})
        await handle.cancel()
        await handle.result()


async def test_several_people_release_more_by_approving_again(productions: Productions) -> None:
    """When two people have to approve, both have to release money above the budget, each for the current plan."""
    fakes = FakeActivities(2, price_usd="0.10")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(approval=ApprovalPolicy(approvers=2))
        for approver in ("ana", "eva"):
            low = Approval(plan_digest=plan.digest, approver=approver, budget_usd=Decimal("0.15"))
            await update(handle, ProductionWorkflow.decide, Decision(approve=low))
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"text-2": "budget_short"}
        await approve_again(handle)
        assert attention_of(await snapshot(handle)) == {"text-2": "budget_short"}
        await approve_again(handle, approver="ana")
        seen = await handle.result()
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.2000"), Decimal("0.2000"))


async def test_a_resubmission_is_reserved_first(productions: Productions) -> None:
    """An inexpensive ambiguous request is submitted again without an order only when the budget holds both; otherwise a
    person decides."""
    fakes = FakeActivities(2, price_usd="0.01")
    fakes.lost_once = {"text-1", "text-2"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"text-1": "ambiguous_submission", "text-2": "ambiguous_submission"}
        assert (seen.spent_usd, seen.budget_usd) == (Decimal(0), Decimal("0.0200"))
        await handle.cancel()
        assert (await handle.result()).spent_usd == Decimal("0.0200")
        handle = await productions.approved(budget="0.03")
        seen = await until(handle, "needs_attention")
        assert sorted(attention_of(seen).values()) == ["ambiguous_submission"]
        assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.0200"), Decimal("0.0300"))
        assert [e.data["by"] for e in seen.events if e.name == "resolved"] == ["the resubmission policy"]
        await handle.cancel()
        assert (await handle.result()).spent_usd == Decimal("0.0300")


@pytest.mark.parametrize(("budget", "takes"), [("0.03", 1), ("0.04", 2)])
async def test_a_further_take_is_resubmitted_within_the_budget(
    productions: Productions, budget: str, takes: int
) -> None:
    """A lost response of a further take counts as billed; it is requested again only when the budget holds that as
    well."""
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


async def test_further_takes_without_a_published_price_await_the_first_bill(productions: Productions) -> None:
    """Several takes of a model without a published price are made one after the other until its first bill, and then
    only as many as the budget holds at that price; the others are reported."""
    fakes = FakeActivities(1, price_usd="0.10")
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="2.00")).result()
        fakes.prices, fakes.costs = {"verse": None}, {"text-1": Decimal("0.90")}
        again = Regenerate(asset_id="text-1", model="verse", count=5, allow_unknown_prices=True)
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        seen = await productions.of(productions.started[0]).result()
    assert (seen.spent_usd, len(made(fakes, "text-1"))) == (Decimal("1.9000"), 3)
    dropped = [e for e in seen.events if e.name == "take_failed"]
    assert [e.data["kind"] for e in dropped] == ["budget_short"] * 3


async def test_further_takes_are_not_started_above_the_budget(productions: Productions) -> None:
    """Further takes that wait for their input, while a bill shows that their model charges more, start only as far as
    the budget holds them at that price."""
    fakes = Film(price_usd="0.10")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="3.50", platform="video")
        await handle.result()
        fakes.hold("still-1")
        await productions.reopen(await handle.result(), ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
        handle = productions.newest(handle)
        await generating(handle, "still-1")
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="shot-1", count=4))
        fakes.costs = dict.fromkeys(("still-1", "shot-1"), Decimal("1.00"))
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"shot-1": "overrun"}
        assert (seen.spent_usd, len(made(fakes, "shot-1"))) == (Decimal("3.3000"), 3)
        await handle.cancel()
        await handle.result()
