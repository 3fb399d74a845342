"""Races between people, failures and the end of a production."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from temporalio import activity

from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, Productions, names, refusal, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import NEW_SHOT, approve, digest, edit, made, reopened, waiting
from workflows.activity_io import AssetFailure, FinishDeliverable, PricePlan
from workflows.events import AssetState, AssetStatus, ProductionStatus, Snapshot
from workflows.models import Deliverable, Plan
from workflows.preview.plan import preview_start
from workflows.production.state.approvals import POLICY
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import (
    Decision,
    EditOp,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    Rejection,
    Resolve,
    Resume,
    SelectTake,
)


class Slow(Film):
    """Holds the steps "pricing" and "finish" too, and records the titles of the finished revisions."""

    def __init__(self, price_usd: str = "0.0100") -> None:
        super().__init__(price_usd=price_usd)
        self.titles: list[str] = []
        self.priced = 0

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        self.priced += 1
        if held := self._held.get("pricing"):
            await held.wait()
        return await FakeActivities.price_plan(self, request)

    @activity.defn(name="finish_deliverable")
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        self.titles.append(request.title)
        if held := self._held.get("finish"):
            await held.wait()
        return await FakeActivities.finish_deliverable(self, request)


async def seen_when(handle: Handle, holds: Any) -> Snapshot:
    async def poll() -> Snapshot | None:
        seen = await snapshot(handle)
        return seen if holds(seen) else None

    return await eventually(poll)


async def test_an_approval_wins_over_an_edit_in_progress(productions: Productions) -> None:
    """The approval wins and the edit is refused; the production is made as it was approved."""
    fakes = Slow()
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(platform="video")
        fakes.hold("pricing")
        change = PlanEdit(plan_digest=plan.digest, edits=(EditOp(op="add", asset=NEW_SHOT),))
        editing = asyncio.create_task(refusal(update(handle, ProductionWorkflow.edit_plan, change)))

        async def being_priced() -> bool | None:
            return True if fakes.priced == 2 else None

        await eventually(being_priced)
        await approve(handle, plan.digest, "ana")
        fakes.release("pricing")
        assert (await editing).kind == "wrong_phase"
        seen = await handle.result()
    assert set(seen.assets) == {"still-1", "shot-1", "title-1"}
    assert seen.status is ProductionStatus.DELIVERED


async def test_no_approver_can_use_the_name_of_the_policy(productions: Productions) -> None:
    """An approval in the name of the policy is refused: it would count as the approval of all required people."""
    async with FakeActivities(1).working(productions.client):
        handle, plan = await productions.planned(approval={"approvers": 3})
        assert (await refusal(approve(handle, plan.digest, POLICY))).kind == "not_allowed"
        assert (await snapshot(handle)).status is ProductionStatus.AWAITING_APPROVAL


async def test_the_gate_is_closed_during_a_change(productions: Productions) -> None:
    """While a still is made again, the displayed stills can neither be approved nor rejected, by one or by two
    people."""
    fakes = Slow(price_usd="0.5000")
    async with fakes.working(productions.client):
        policy = {"stills_first": True, "approvers": 2}
        handle, plan = await productions.planned(platform="video", approval=policy)
        for who in ("ana", "bo"):
            await approve(handle, plan.digest, who, budget_usd=Decimal(5))
        await until(handle, "needs_attention")
        (item,) = await waiting(productions.client, handle)
        assert item.plan_digest
        await approve(handle, item.plan_digest, "ana")
        fakes.hold("still-1")
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
        assert (await refusal(approve(handle, item.plan_digest, "bo"))).kind == "wrong_phase"
        no = Decision(reject=Rejection(rejecter="bo"))
        assert (await refusal(update(handle, ProductionWorkflow.decide, no))).kind == "wrong_phase"
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert seen.approvals == ()
        assert made(fakes, "shot-1") == []
        (item,) = await waiting(productions.client, handle)
        assert item.plan_digest
        for who in ("bo", "ana"):
            await approve(handle, item.plan_digest, who)
        seen = await handle.result()
    assert seen.assets["shot-1"].takes[0].inputs == {"still-1": 2}
    assert seen.budget_usd == 5


async def test_further_takes_wait_for_the_gate_and_their_inputs(productions: Productions) -> None:
    """Several takes of a video are not paid for before the stills are approved, nor made from a still that is
    replaced."""
    fakes = Slow(price_usd="0.1000")
    async with fakes.working(productions.client):
        policy = {"stills_first": True}
        handle = await productions.approved(budget="5", platform="video", approval=policy)
        seen = await until(handle, "needs_attention")
        drop = edit(seen, EditOp(op="drop", asset_id="shot-1"))
        await update(handle, ProductionWorkflow.edit_plan, drop)
        await handle.result()
        closed = await productions.newest(handle).result()
        again = Regenerate(asset_id="shot-1", count=3)
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        handle = productions.newest(handle)
        await until(handle, "needs_attention")
        assert made(fakes, "shot-1") == []
        fakes.hold("still-1")
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
        fakes.release("still-1")
        await until(handle, "needs_attention")
        (item,) = await waiting(productions.client, handle)
        assert item.plan_digest
        await approve(handle, item.plan_digest, "ana")
        seen = await handle.result()
    assert sorted(made(fakes, "shot-1")) == [1, 2, 3]
    assert all(t.inputs == {"still-1": 2} for t in seen.assets["shot-1"].takes)


async def test_a_rejection_at_the_gate_keeps_the_delivery(productions: Productions) -> None:
    """A new video that is rejected at the gate is left out; the production stays delivered and can still be changed."""
    fakes = Slow(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video", approval={"stills_first": True})
        seen = await until(handle, "needs_attention")
        await update(handle, ProductionWorkflow.edit_plan, edit(seen, EditOp(op="drop", asset_id="shot-1")))
        closed = await handle.result()
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="shot-1"))
        handle = productions.newest(handle)
        await until(handle, "needs_attention")
        no = Decision(reject=Rejection(rejecter="bo", reason="no video"))
        await update(handle, ProductionWorkflow.decide, no)
        seen = await handle.result()
        assert seen.status is ProductionStatus.DELIVERED
        assert made(fakes, "shot-1") == []
        seen = await reopened(
            productions, handle, ProductionWorkflow.select_take, SelectTake(asset_id="still-1", take=1)
        )
    assert seen.status is ProductionStatus.DELIVERED


async def test_a_cancel_refuses_a_request_in_pricing(productions: Productions) -> None:
    """A request that is being priced when the cancel arrives is refused; a later request is made once."""
    fakes = Slow(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        closed = await handle.result()
        fakes.hold("pricing")
        request = Regenerate(asset_id="still-1")
        asking = asyncio.create_task(refusal(productions.reopen(closed, ProductionWorkflow.regenerate, request)))

        async def being_priced() -> bool | None:
            return True if fakes.priced == 2 else None

        await eventually(being_priced)
        await productions.newest(handle).cancel()
        fakes.release("pricing")
        assert "being cancelled" in (await asking).message
        seen = await productions.newest(handle).result()
        assert seen.status is ProductionStatus.DELIVERED
        fakes.fail = {"still-1"}
        await productions.reopen(seen, ProductionWorkflow.regenerate, request)
        handle = productions.newest(handle)
        await until(handle, "needs_attention")
        assert len(made(fakes, "still-1")) == 2
        await handle.cancel()
        await handle.result()


async def test_a_request_during_finishing_is_kept(productions: Productions) -> None:
    """A take that is requested while the last step is paused keeps the production open; resumed, it is made and
    delivered."""
    fakes = Slow()
    fakes.hold("finish")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        await until(handle, "finishing")
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="ana"))
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
        fakes.release("finish")
        seen = await until(handle, "needs_attention")
        assert seen.waiting
        assert seen.waiting.reason == "paused"
        await update(handle, ProductionWorkflow.resume, Resume(resumed_by="ana"))
        seen = await handle.result()
    assert seen.assets["still-1"].selected == 2
    names(seen)


async def test_a_title_that_changes_during_finishing(productions: Productions) -> None:
    """The revision in progress keeps the old title, and another one with the new title follows at once."""
    fakes = Slow()
    fakes.hold("finish")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        seen = await until(handle, "finishing")
        await update(handle, ProductionWorkflow.edit_plan, edit(seen, EditOp(op="title", title="Another")))
        fakes.release("finish")
        seen = await handle.result()
    assert fakes.titles == ["A film", "Another"]
    assert seen.deliverable
    assert seen.deliverable.revision == 2


async def test_a_changed_plan_keeps_the_price_of_takes_in_progress(productions: Productions) -> None:
    """Further takes reserve the price at the time of their request, whatever the asset costs now."""
    fakes = Slow(price_usd="1.0000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5.05", platform="video")
        closed = await handle.result()
        fakes.hold_takes = {("still-1", 2)}
        fakes.hold("still-1")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1", count=2))
        handle = productions.newest(handle)
        await seen_when(handle, lambda s: s.assets["still-1"].selected == 3)
        fakes.price_usd = Decimal("0.0100")
        cheap = Regenerate(asset_id="still-1", prompt="cheap")
        await update(handle, ProductionWorkflow.regenerate, cheap)
        await seen_when(handle, lambda s: s.assets["still-1"].selected == 4)
        fakes.price_usd = Decimal("1.0000")
        expensive = Regenerate(asset_id="title-1")
        assert (await refusal(update(handle, ProductionWorkflow.regenerate, expensive))).kind == "budget_short"
        fakes.release("still-1")
        seen = await handle.result()
    late = next(t for t in seen.assets["still-1"].takes if t.number == 2)
    used = seen.assets["still-1"].take
    assert used
    assert late.made_from["prompt"] != used.made_from["prompt"]
    assert seen.budget_usd
    assert seen.spent_usd <= seen.budget_usd


async def test_a_refresh_does_not_resolve_an_ambiguous_submission(productions: Productions) -> None:
    """A stale asset whose submission is ambiguous is not refreshed before a person decides about the submission."""
    fakes = Slow(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        closed = await handle.result()
        fakes.doubt = {"still-1"}
        change = edit(closed, EditOp(op="change", asset_id="still-1", prompt="at night"))
        await reopened(productions, handle, ProductionWorkflow.edit_plan, change)
        closed = await productions.newest(handle).result()
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
        handle = productions.newest(handle)
        await until(handle, "needs_attention")
        request = Refresh(asset_ids=("still-1",), max_usd=Decimal(1))
        assert "may have been submitted" in (await refusal(update(handle, ProductionWorkflow.refresh, request))).message
        before = (await snapshot(handle)).spent_usd
        without = Resolve(asset_id="still-1", action="accept_without")
        await update(handle, ProductionWorkflow.resolve, without)
        seen = await handle.result()
    assert seen.spent_usd == before + Decimal("0.1000")


async def test_a_changed_plan_reaches_the_manifest(productions: Productions) -> None:
    """A change after delivery is written to the manifest although nothing is made, because the record outlives the
    history."""
    fakes = Slow()
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        closed = await handle.result()
        change = edit(closed, EditOp(op="change", asset_id="still-1", prompt="at night"))
        seen = await reopened(productions, handle, ProductionWorkflow.edit_plan, change)
        kept = fakes.manifests[seen.production_id]
    assert kept.plan == seen.plan
    assert kept.events == seen.events
    assert digest(kept) != digest(closed)


async def test_a_preview_spends_nothing(productions: Productions) -> None:
    """A preview is never approved: no edit, take or budget adds a cost, even after it is closed."""
    fakes = Slow(price_usd="1.0000")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(platform="video")
        seen = await snapshot(handle)
        start = preview_start(seen, plan, seen.created_at)
        assert start.carried
        assert start.carried.plan
        free = [a.model_copy(update={"provider": "fake", "model": "words"}) for a in start.carried.plan.assets]
        whole = {i: AssetState(status=AssetStatus.COMPLETED) for i in start.carried.assets}
        shown = start.carried.model_copy(
            update={"plan": Plan.of("A film", free), "status": ProductionStatus.DELIVERED, "assets": whole}
        )
        for method, request in (
            (ProductionWorkflow.regenerate, Regenerate(asset_id="still-1", budget_usd=Decimal(50))),
            (
                ProductionWorkflow.edit_plan,
                PlanEdit(plan_digest=digest(shown), edits=(EditOp(op="add", asset=NEW_SHOT),), budget_usd=Decimal(50)),
            ),
            (ProductionWorkflow.refresh, Refresh(max_usd=Decimal(50), budget_usd=Decimal(50))),
        ):
            refused = await refusal(productions.reopen(shown, method, request))
            assert f"change the production {seen.production_id}" in refused.message
        await handle.cancel()
    assert fakes.produced == []


@pytest.mark.parametrize("action", ["select", "accept_without"])
async def test_skipping_an_ambiguous_submission_counts_its_price(productions: Productions, action: str) -> None:
    """A person who skips a submission that may have been billed keeps its price out of the budget."""
    fakes = Slow(price_usd="1.0000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        closed = await handle.result()
        fakes.doubt = {"title-1"}
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="title-1"))
        handle = productions.newest(handle)
        await until(handle, "needs_attention")
        if action == "select":
            await update(handle, ProductionWorkflow.select_take, SelectTake(asset_id="title-1", take=1))
        else:
            await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="title-1", action="accept_without"))
        seen = await handle.result()
    assert seen.spent_usd == 4


async def test_a_rewrite_is_limited_by_free_money(productions: Productions) -> None:
    """A request for a softer prompt may cost the money that no take in progress needs, and never more than its own
    limit."""
    fakes = Slow(price_usd="0.1000")
    fakes.failures["title-1"] = AssetFailure(reason="content_refused", message="no", refused="prompt")
    fakes.hold("still-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.35", platform="video")

        async def asked() -> bool | None:
            return True if fakes.rewritten else None

        await eventually(asked)
        request = fakes.rewritten[0]
        assert request.brief.budget_usd is not None
        assert request.brief.budget_usd - request.spent_usd <= Decimal("0.25")
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert seen.assets["shot-1"].status is AssetStatus.COMPLETED
        await handle.cancel()
        await handle.result()


async def test_a_restored_input_makes_its_dependents_stale(productions: Productions) -> None:
    """An asset that was made without a skipped input is stale once that input exists."""
    fakes = Slow()
    fakes.fail = {"still-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        await until(handle, "needs_attention")
        without = Resolve(asset_id="still-1", action="accept_without")
        await update(handle, ProductionWorkflow.resolve, without)
        seen = await handle.result()
        assert seen.assets["shot-1"].takes[0].inputs == {}
        fakes.fail = set()
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1"))
    assert seen.assets["shot-1"].stale_because == ("still-1",)
