"""The spending of a production, on a real Temporal server: fallbacks, unknown prices, and the cost of planning."""

from decimal import Decimal

import pytest

from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names, refusal, snapshot, until, update
from tests.support.waiting import eventually
from workflows.activity_io import AssetFailure
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, Regenerate, Resolve


async def test_a_fallback_replaces_an_unbilled_failure(productions: Productions) -> None:
    """When a model fails for good and billed nothing, the next one of the approved plan makes the asset."""
    fakes = FakeActivities(1)
    fakes.others = ("verse", "prose")
    fakes.failures = {
        "words": AssetFailure(message="too much", kind="overloaded"),
        "verse": AssetFailure(message="down", kind="provider_unavailable"),
    }
    async with fakes.working(productions.client):
        seen = await (await productions.approved()).result()
    assert seen.status == "delivered"
    fell = [(e.data["model"], e.data["kind"]) for e in seen.events if e.name == "asset_fallback"]
    assert fell == [("verse", "overloaded"), ("prose", "provider_unavailable")]
    take = seen.assets["text-1"].take
    assert take is not None
    assert (take.model, take.number, seen.spent_usd) == ("prose", 3, Decimal("0.0100"))
    assert "needs_attention" not in names(seen)


@pytest.mark.parametrize(
    "failure",
    [
        AssetFailure(message="failed after it was billed", billed_usd=Decimal("0.004")),
        AssetFailure(message="not with these words", reason="content_refused", category="violence"),
        AssetFailure(message="perhaps it arrived", reason="ambiguous_submission"),
        AssetFailure(message="no key", kind="authentication_failed"),
    ],
    ids=lambda f: str(f.kind or f.reason),
)
async def test_no_fallback_where_a_person_must_decide(productions: Productions, failure: AssetFailure) -> None:
    """A failure that was billed, refused or may have been submitted is not repeated with another model without an
    order, nor with a provider without a key.

    A person's retry starts again with the first model.
    """
    fakes = FakeActivities(1)
    fakes.others = ("verse",)
    fakes.failures = {"words": failure}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")
        seen = await until(handle, "needs_attention")
        assert "asset_fallback" not in names(seen)
        assert seen.spent_usd == failure.billed_usd
        recorded = next(e.data for e in seen.events if e.name == "asset_failed")
        assert recorded["message"] == failure.message
        assert recorded.get("category", "") == failure.category
        fakes.failures = {}
        action = "resubmit" if failure.reason == "ambiguous_submission" else "retry"
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action=action))
        done = await handle.result()
    take = done.assets["text-1"].take
    assert take is not None
    assert take.model == "words"


async def test_a_chosen_model_has_no_fallback(productions: Productions) -> None:
    """A request for a certain model removes the plan's fallbacks of the asset."""
    fakes = FakeActivities(1)
    fakes.others = ("verse",)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        fakes.failures = {"ode": AssetFailure(message="down")}
        ask = Regenerate(asset_id="text-1", model="ode")
        await productions.reopen(closed, ProductionWorkflow.regenerate, ask)
        handle = productions.of(productions.started[0])
        seen = await until(handle, "needs_attention")
        assert seen.assets["text-1"].attention == "asset_failed"
        await handle.cancel()
        await handle.result()


async def test_the_budget_holds_the_most_expensive_model(productions: Productions) -> None:
    """An asset whose fallback may cost more than the rest of the budget does not start."""
    fakes = FakeActivities(1, price_usd="0.50")
    fakes.others = ("verse",)
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.40")
        assert (await until(handle, "needs_attention")).assets["text-1"].attention == "budget_short"
        await handle.cancel()
        await handle.result()


async def test_unknown_prices_need_explicit_permission(productions: Productions) -> None:
    """An approval with a cap refuses a plan with an unpublished price, unless it allows that explicitly."""
    fakes = FakeActivities(1)
    fakes.unknown = True
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        capped = Approval(plan_digest=plan.digest, budget_usd=Decimal(5))
        no = await refusal(update(handle, ProductionWorkflow.decide, Decision(approve=capped)))
        assert (no.kind, no.field) == ("price_unknown", "allow_unknown_prices")
        await handle.signal("approve", capped.model_dump(mode="json"))
        assert names(await snapshot(handle))[-1] == "approval_ignored"
        allowed = capped.model_copy(update={"allow_unknown_prices": True})
        await update(handle, ProductionWorkflow.decide, Decision(approve=allowed))
        seen = await handle.result()
    assert (seen.status, seen.spent_usd) == ("delivered", Decimal("0.0100"))


async def test_an_unknown_price_needs_permission_without_a_cap_too(productions: Productions) -> None:
    """Nothing with an unpublished price is made before a person allows it explicitly: not by an update, nor by a
    signal, with a budget or without; the log gives the reason."""
    fakes = FakeActivities(1)
    fakes.unknown = True
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        waits = (await snapshot(handle)).waiting
        assert waits
        assert (waits.reason, waits.price_usd) == ("price_unknown", None)
        for budget in (None, Decimal(5)):
            plain = Approval(plan_digest=plan.digest, budget_usd=budget)
            refused = await refusal(update(handle, ProductionWorkflow.decide, Decision(approve=plain)))
            assert (refused.kind, refused.field) == ("price_unknown", "allow_unknown_prices")
            await handle.signal(ProductionWorkflow.approve, plain.model_dump(mode="json"))
        await handle.signal(ProductionWorkflow.approve, plan.digest)
        seen = await snapshot(handle)
        ignored = [str(e.data["reason"]) for e in seen.events if e.name == "approval_ignored"]
        assert [("not published" in reason) for reason in ignored] == [True] * 3
        assert (fakes.produced, seen.status.value) == ([], "awaiting_approval")
        allowed = Approval(plan_digest=plan.digest, allow_unknown_prices=True)
        await update(handle, ProductionWorkflow.decide, Decision(approve=allowed))
        assert (await handle.result()).status == "delivered"


async def test_the_cost_of_planning_is_spent(productions: Productions) -> None:
    """The planner's own bill counts against the brief's budget, and an approval without a sum leaves room for it."""
    fakes = FakeActivities(2)
    fakes.drafting_usd = Decimal("0.03")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        assert (await snapshot(handle)).spent_usd == Decimal("0.03")
        await update(handle, ProductionWorkflow.decide, Decision(approve=Approval(plan_digest=plan.digest)))
        seen = await handle.result()
        assert (seen.status, seen.budget_usd, seen.spent_usd) == ("delivered", Decimal("0.0500"), Decimal("0.0500"))
        short = await productions.approved(budget_usd="0.04")
        assert (await until(short, "needs_attention")).spent_usd == Decimal("0.0400")
        await short.cancel()
        await short.result()


async def test_unknown_prices_end_with_the_budget(productions: Productions) -> None:
    """The first asset has an unknown cost; the others reserve as much, and none starts when nothing is left."""
    fakes = FakeActivities(6, price_usd="1.25")
    fakes.unknown = True
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        allowed = Approval(plan_digest=plan.digest, budget_usd=Decimal(3), allow_unknown_prices=True)
        await update(handle, ProductionWorkflow.decide, Decision(approve=allowed))
        seen = await until(handle, "needs_attention")
        assert (seen.spent_usd, len(fakes.produced)) == (Decimal("2.5000"), 2)
        assert {s.attention for s in seen.assets.values() if not s.takes} == {"budget_short"}
        began = [e.asset_id for e in seen.events if e.name in ("asset_start", "asset_complete")]
        assert began == ["text-1", "text-1", "text-2", "text-2"]
        await handle.cancel()
        await handle.result()


async def test_an_ambiguous_bill_has_no_fallback(productions: Productions) -> None:
    """A failure that may have been billed waits for a person, even when no bill is known."""
    fakes = FakeActivities(1)
    fakes.others = ("verse",)
    fakes.failures = {"words": AssetFailure(message="no media", kind="output_unusable", maybe_billed=True)}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")
        assert "asset_fallback" not in names(await until(handle, "needs_attention"))
        await handle.cancel()
        await handle.result()


async def test_ambiguous_money_is_reserved(productions: Productions) -> None:
    """Money that may have been billed is not available to others, and one more request for the take needs room for
    both."""
    fakes = FakeActivities(3, price_usd="0.40")
    fakes.doubt = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1.20")
        seen = await until(handle, "needs_attention")
        assert seen.spent_usd == Decimal("0.8000")
        again = Resolve(asset_id="text-1", action="resubmit")
        assert (await refusal(update(handle, ProductionWorkflow.resolve, again))).kind == "budget_short"
        more = Resolve(asset_id="text-1", action="raise_budget", budget_usd=Decimal("1.60"))
        await update(handle, ProductionWorkflow.resolve, more)
        fakes.doubt, fakes.billed_before = set(), Decimal("0.40")
        await update(handle, ProductionWorkflow.resolve, again)
        done = await handle.result()
        assert (done.status, done.spent_usd) == ("delivered", Decimal("1.6000"))


async def test_a_cancelled_take_keeps_its_number(productions: Productions) -> None:
    """A cancelled take and the next take are different: each has its own ledger and job."""
    fakes = FakeActivities(1)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        fakes.hold("text-1")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1", prompt="a barn"))
        handle = productions.of(productions.started[0])
        await eventually_made(fakes, ("text-1", 2))
        await handle.cancel()
        closed = await handle.result()
        fakes.release("text-1")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1", prompt="a ship"))
        again = productions.of(productions.started[0])
        done = await again.result()
    assert fakes.produced == [("text-1", 1), ("text-1", 2), ("text-1", 3)]
    take = done.assets["text-1"].take
    assert take is not None
    assert (take.number, take.prompt) == (3, "a ship")


async def eventually_made(fakes: FakeActivities, take: tuple[str, int]) -> None:
    async def poll() -> bool | None:
        return take in fakes.produced or None

    await eventually(poll)


async def test_a_repeated_take_is_priced_again(productions: Productions) -> None:
    """A model that was removed or became more expensive since the approval is detected before the take starts, not
    after."""
    fakes = FakeActivities(2)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="0.05")).result()
        fakes.price_usd = Decimal("0.50")
        ask = productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        assert (await refusal(ask)).kind == "budget_short"
        more = Regenerate(asset_id="text-1", budget_usd=Decimal(1))
        await productions.reopen(closed, ProductionWorkflow.regenerate, more)
        again = productions.of(productions.started[0])
        done = await again.result()
        plan = done.plan
        assert plan is not None
        assert [a.high_usd for a in plan.assets] == [Decimal("0.5000"), Decimal("0.0100")]


async def test_a_cancel_stops_and_counts_running_takes(productions: Productions) -> None:
    """Each paid take in progress is stopped at its provider, and its cost is counted and reported."""
    fakes = FakeActivities(3)
    fakes.hold("text-2")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")

        async def two_are_made() -> bool | None:
            return names(await snapshot(handle)).count("asset_complete") == 2 or None

        await eventually(two_are_made)
        await handle.cancel()
        seen = await handle.result()
    assert (seen.status, fakes.stopped) == ("cancelled", [("text-2", 1)])
    assert seen.spent_usd == Decimal("0.0240")
    recorded = next(e.data for e in seen.events if e.name == "asset_cancelled" and e.asset_id == "text-2")
    assert recorded == {"outcome": "stopped", "billed_usd": "0.0040", "job_id": "job-1"}
