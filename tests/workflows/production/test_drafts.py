"""A brief with a draft: cheap takes first, then the finals after a second approval; no draft take is in the result."""

from decimal import Decimal

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from tests.support.fakes import PROVIDER, FakeActivities
    from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
    from tests.support.waiting import eventually
    from tests.workflows.production.steps import approve, digest
    from workflows.activity_io import DraftPlan, PricePlan
    from workflows.events import AssetStatus, AttentionItem, ProductionStatus, Snapshot
    from workflows.models import Alternative, Plan
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import Decision, Regenerate, Rejection, Resolve


class Drafts(FakeActivities):
    """Plans three texts at 0.01 USD, of which the finals make the first with another model, at 0.05 USD."""

    def __init__(self) -> None:
        super().__init__(3, price_usd="0.0100")
        self.fixed = True
        self.prices = {"finest": Decimal("0.0500")}
        self.costs = {}

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        plan = await super().draft_plan(request)
        finals = {"text-1": (Alternative(provider=PROVIDER, model="finest"),)}
        return Plan.of(plan.title, plan.assets, finals=finals)

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        plan = await super().price_plan(request)
        finals = {
            i: tuple(m.model_copy(update={"quote": self._quote(m.model)}) for m in models)
            for i, models in request.plan.finals.items()
        }
        return Plan.of(plan.title, plan.assets, plan.planner, finals=finals)


def models(seen: Snapshot, asset_id: str) -> list[tuple[int, str]]:
    return [(take.number, take.model) for take in seen.assets[asset_id].takes]


async def drafted(productions: Productions, budget: str | None = None) -> tuple[Handle, AttentionItem]:
    """A production whose draft is finished, and the decision that it waits for."""
    handle = await productions.approved(budget=budget)
    seen = await until(handle, "needs_attention")
    assert seen.waiting is not None
    assert seen.waiting.plan_digest is not None
    return handle, seen.waiting


async def test_the_approval_of_the_draft_starts_the_finals(productions: Productions) -> None:
    """Both prices are shown before the first approval. The draft waits for a second approval of exactly its takes; then
    only what the finals make by another model is made again, within a budget of exactly both prices."""
    fakes = Drafts()
    async with fakes.working(productions.client):
        handle, item = await drafted(productions, budget="0.08")
        seen = await until(handle, "needs_attention")
        ready = next(e for e in seen.events if e.name == "plan_ready")
        assert (ready.data["high_usd"], ready.data["finals_high_usd"]) == ("0.0300", "0.0500")
        assert (item.reason, item.price_usd, "approve" in item.answers) == ("draft_to_approve", Decimal("0.0500"), True)
        assert seen.deliverable is not None
        assert seen.deliverable.draft
        assert seen.plan is not None
        assert (await refusal(approve(handle, seen.plan.digest, "ana"))).kind == "stale_digest"
        assert item.plan_digest is not None
        fakes.costs = {"text-1": Decimal("0.0500")}
        await approve(handle, item.plan_digest, "bo")
        seen = await handle.result()
    assert seen.status is ProductionStatus.DELIVERED
    assert (models(seen, "text-1"), models(seen, "text-2")) == ([(2, "finest")], [(1, "words")])
    assert seen.deliverable is not None
    assert (seen.deliverable.revision, seen.deliverable.draft) == (2, False)
    assert seen.deliverable.takes == {"text-1": 2, "text-2": 1, "text-3": 1}
    assert (seen.spent_usd, seen.budget_usd) == (Decimal("0.0800"), Decimal("0.08"))
    assert [e.data.get("gate") for e in seen.events if e.name == "approved"] == [None, "draft"]
    assert seen.plan is not None
    assert seen.plan.finals == {}


async def test_a_draft_take_never_replaces_a_final(productions: Productions) -> None:
    """An asset whose final fails is left out where a person accepts that; its draft take is not used instead."""
    fakes = Drafts()
    async with fakes.working(productions.client):
        handle, item = await drafted(productions)
        assert item.plan_digest is not None
        fakes.fail_takes = {("text-1", 2)}
        await approve(handle, item.plan_digest, "ana")
        await until(handle, "needs_attention")
        without = Resolve(asset_id="text-1", action="accept_without")
        await update(handle, ProductionWorkflow.resolve, without)
        seen = await handle.result()
    assert seen.assets["text-1"].status is AssetStatus.CANCELLED
    assert seen.deliverable is not None
    assert set(seen.deliverable.takes) == {"text-2", "text-3"}


async def test_a_new_draft_take_requires_another_approval(productions: Productions) -> None:
    """A draft take that is made again gives another draft, which is approved by another digest."""
    async with Drafts().working(productions.client):
        handle, item = await drafted(productions)
        more = Regenerate(asset_id="text-2", budget_usd=Decimal("0.04"))
        await update(handle, ProductionWorkflow.regenerate, more)

        async def drafted_again() -> Snapshot | None:
            now = await snapshot(handle)
            return now if now.waiting and now.waiting.plan_digest not in (None, item.plan_digest) else None

        seen = await eventually(drafted_again)
        assert seen.deliverable is not None
        assert seen.deliverable.revision == 2
        assert item.plan_digest is not None
        assert seen.waiting is not None
        assert seen.waiting.plan_digest is not None
        assert (await refusal(approve(handle, item.plan_digest, "ana"))).kind == "stale_digest"
        await approve(handle, seen.waiting.plan_digest, "ana")
        seen = await handle.result()
    assert (models(seen, "text-1"), models(seen, "text-2")) == ([(2, "finest")], [(1, "words"), (2, "words")])
    assert digest(seen)


async def test_a_rejected_draft_ends_the_production(productions: Productions) -> None:
    """A rejection at the draft ends the production without the finals, and so does a cancel: a draft is no delivery."""
    async with Drafts().working(productions.client):
        handle, _ = await drafted(productions)
        await update(handle, ProductionWorkflow.decide, Decision(reject=Rejection(rejecter="ana", reason="dull")))
        assert (await handle.result()).status is ProductionStatus.REJECTED
        handle, _ = await drafted(productions)
        await handle.cancel()
        seen = await handle.result()
    assert seen.status is ProductionStatus.CANCELLED
    assert models(seen, "text-1") == [(1, "words")]
