"""The production workflow on a real Temporal server, with activities that make nothing."""

import json
import os
from collections.abc import Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowUpdateFailedError

from tests.support.productions import Productions, names, plan_of, refusal, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import Scripted, server
from workflows.events import Snapshot
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import (
    Approval,
    Decision,
    EditOp,
    PlanEdit,
    Regenerate,
    Rejection,
    Resolve,
    Revision,
    SelectTake,
)
from workflows.start_options import COST, STATUS


@pytest.mark.parametrize("as_text", [False, True])
async def test_approved_by_a_signal_from_the_ui(productions: Productions, as_text: bool) -> None:
    """The signal `approve` with plain JSON, an object or only the digest, releases the plan, which is delivered."""
    async with Scripted(2).working(productions.client):
        handle, plan = await productions.planned()
        plain = plan.digest if as_text else {"plan_digest": plan.digest, "approver": "ana"}
        await productions.client.get_workflow_handle(handle.id).signal("approve", plain)
        seen = await handle.result()
    assert seen.status == "delivered"
    assert names(seen) == [
        "plan_start",
        "plan_ready",
        "approved",
        "asset_start",
        "asset_start",
        "asset_complete",
        "asset_complete",
        "finishing",
        "done",
    ]
    assert seen.approval is not None
    assert seen.approval.approver == ("someone" if as_text else "ana")
    assert seen.spent_usd == Decimal("0.02")


async def test_an_approval_of_another_plan_does_nothing(productions: Productions) -> None:
    """A signal that names another digest, or is not a valid approval, only adds a line to the event log."""
    async with Scripted(1).working(productions.client):
        handle, plan = await productions.planned()
        for wrong in ({"plan_digest": "0" * 32}, {"approver": "ana"}, 7, None):
            await handle.signal("approve", wrong)
        seen = await snapshot(handle)
        assert seen.status == "awaiting_approval"
        ignored = [e for e in seen.events if e.name == "approval_ignored"]
        assert len(ignored) == 4
        assert all(e.data["plan_digest"] == plan.digest for e in ignored)
        await handle.signal("reject", "too expensive")
        assert (await handle.result()).status == "rejected"


async def test_an_invalid_decision_is_refused(productions: Productions) -> None:
    """The update `decide` refuses another digest and names the current one, and refuses any decision after the
    first."""
    fakes = Scripted(1)
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        stale = await refusal(
            update(handle, ProductionWorkflow.decide, Decision(approve=Approval(plan_digest="0" * 32)))
        )
        assert (stale.kind, stale.field, stale.plan_digest) == ("stale_digest", "plan_digest", plan.digest)
        approve = Decision(approve=Approval(plan_digest=plan.digest))
        assert (await update(handle, ProductionWorkflow.decide, approve)).status == "producing"
        for late in (approve, Decision(reject=Rejection())):
            assert (await refusal(update(handle, ProductionWorkflow.decide, late))).kind == "wrong_phase"
        fakes.release("text-1")
        assert (await handle.result()).status == "delivered"


async def test_edits_and_revisions_make_new_digests(productions: Productions) -> None:
    """Every edit and every revision is a new plan with its own digest to approve; impossible ones change nothing."""
    async with Scripted(2).working(productions.client):
        handle, first = await productions.planned()

        def edit(digest: str, *edits: EditOp) -> Coroutine[Any, Any, Plan]:
            return update(handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=digest, edits=edits))

        edited = await edit(first.digest, EditOp(op="drop", asset_id="text-1"))
        assert [a.asset_id for a in edited.assets] == ["text-2"]
        assert (await refusal(edit(first.digest, EditOp(op="drop", asset_id="text-2")))).kind == "stale_digest"
        assert (await refusal(edit(edited.digest, EditOp(op="drop", asset_id="text-2")))).kind == "invalid_edit"
        unknown = EditOp(op="change", asset_id="text-2", provider="nobody")
        assert (await refusal(edit(edited.digest, unknown))).kind == "invalid_plan"
        impossible = update(handle, ProductionWorkflow.revise, Revision(feedback="impossible"))
        assert (await refusal(impossible)).kind == "invalid_plan"
        assert (await plan_of(handle)).digest == edited.digest

        revised = await update(handle, ProductionWorkflow.revise, Revision(feedback="shorter"))
        assert len({first.digest, edited.digest, revised.digest}) == 3
        assert revised.assets[0].prompt == "part 1 · shorter"
        await handle.signal("approve", revised.digest)
        assert (await handle.result()).status == "delivered"


async def test_dependencies_come_first(productions: Productions) -> None:
    """An asset starts when all its dependencies are complete, and receives their takes."""
    fakes = Scripted()
    fakes.needs = {"film": ("shot-1", "shot-2"), "shot-1": ("still-1",), "shot-2": (), "still-1": ()}
    async with fakes.working(productions.client):
        seen = await (await productions.approved()).result()
    began = [str(e.asset_id) for e in seen.events if e.name == "asset_start"]
    assert sorted(began[:2]) == ["shot-2", "still-1"]
    assert began[2:] == ["shot-1", "film"]


async def test_one_failure_stops_no_sibling(productions: Productions) -> None:
    """An asset that fails for good waits for a person, and all others are made; a retry with another prompt is
    delivered."""
    fakes = Scripted(4)
    fakes.fail = {"text-2"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")
        seen = await until(handle, "needs_attention")
        assert {i: s.status.value for i, s in seen.assets.items()} == {
            "text-1": "completed",
            "text-2": "failed",
            "text-3": "completed",
            "text-4": "completed",
        }
        assert seen.assets["text-2"].attention == "asset_failed"
        assert "text-2 cannot be made" in (seen.assets["text-2"].error or "")
        idle = Resolve(asset_id="text-1", action="retry")
        assert (await refusal(update(handle, ProductionWorkflow.resolve, idle))).kind == "wrong_phase"
        fakes.fail = set()
        retry = Resolve(asset_id="text-2", action="retry", prompt="other words")
        await update(handle, ProductionWorkflow.resolve, retry)
        seen = await handle.result()
    assert seen.status == "delivered"
    take = seen.assets["text-2"].take
    assert take is not None
    assert (take.number, take.prompt) == (2, "other words")
    assert sorted(fakes.produced) == [("text-1", 1), ("text-2", 1), ("text-2", 2), ("text-3", 1), ("text-4", 1)]


async def test_a_production_can_continue_without_an_asset(productions: Productions) -> None:
    """An asset that is skipped is left out, and its dependents are made all the same."""
    fakes = Scripted()
    fakes.needs = {"still-1": (), "shot-1": ("still-1",)}
    fakes.fail = {"still-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention")
        without = Resolve(asset_id="still-1", action="accept_without")
        await update(handle, ProductionWorkflow.resolve, without)
        seen = await handle.result()
    assert seen.status == "delivered"
    assert {i: s.status.value for i, s in seen.assets.items()} == {"still-1": "cancelled", "shot-1": "completed"}


async def test_nothing_starts_beyond_the_budget(productions: Productions) -> None:
    """With a budget for two of five assets exactly two are made; the rest waits until the budget is raised."""
    fakes = Scripted(5, price_usd="0.0100")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.025")
        seen = await until(handle, "needs_attention")
        assert len(fakes.produced) == 2
        assert seen.spent_usd == Decimal("0.02")
        short = [i for i, s in seen.assets.items() if s.attention == "budget_short"]
        assert len(short) == 3
        low = Resolve(asset_id=short[0], action="raise_budget", budget_usd=Decimal("0.02"))
        assert (await refusal(update(handle, ProductionWorkflow.resolve, low))).kind == "budget_short"
        more = Resolve(asset_id=short[0], action="raise_budget", budget_usd=Decimal("0.05"))
        await update(handle, ProductionWorkflow.resolve, more)
        seen = await handle.result()
    assert (seen.status, seen.spent_usd) == ("delivered", Decimal("0.05"))


async def test_a_closed_production_is_opened_again(productions: Productions) -> None:
    """Long after delivery one asset is made again: no other one is, numbers continue, and dependents become stale."""
    fakes = Scripted()
    fakes.needs = {"still-1": (), "shot-1": ("still-1",), "shot-2": ()}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        closed = await handle.result()
        poor = Regenerate(asset_id="still-1", prompt="at night")
        assert (await refusal(productions.reopen(closed, ProductionWorkflow.regenerate, poor))).kind == "budget_short"
        closed = await productions.newest(handle).result()
        again = poor.model_copy(update={"budget_usd": Decimal("0.04")})
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        reopened = await productions.newest(handle).result()
        names(reopened)
        assert len(fakes.produced) == 4
        assert reopened.assets["still-1"].selected == 2
        assert [i for i, s in reopened.assets.items() if s.stale] == ["shot-1"]
        assert reopened.deliverable is not None
        assert reopened.deliverable.revision == 2

        await productions.reopen(reopened, ProductionWorkflow.select_take, SelectTake(asset_id="still-1", take=1))
        selected = await productions.newest(handle).result()
        names(selected)
        assert len(fakes.produced) == 4
        assert (selected.assets["still-1"].selected, selected.deliverable and selected.deliverable.revision) == (1, 3)
        for request, kind in (
            (SelectTake(asset_id="still-1", take=9), "unknown_take"),
            (SelectTake(asset_id="nobody", take=1), "unknown_asset"),
        ):
            refused = await refusal(productions.reopen(selected, ProductionWorkflow.select_take, request))
            assert refused.kind == kind


async def test_a_decision_starts_no_second_take(productions: Productions) -> None:
    """A retry, a regeneration and a raised budget while a sibling is being made do not affect that sibling."""
    fakes = Scripted(3)
    fakes.hold("text-2")
    fakes.fail = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")

        async def settled() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if seen.assets["text-1"].attention and seen.assets["text-3"].take else None

        await eventually(settled)
        fakes.fail = set()
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="retry"))
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="text-3"))

        async def remade() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if len(seen.assets["text-3"].takes) == 2 and seen.assets["text-1"].take else None

        await eventually(remade)
        fakes.release("text-2")
        seen = await handle.result()
    assert sorted(fakes.produced) == [("text-1", 1), ("text-1", 2), ("text-2", 1), ("text-3", 1), ("text-3", 2)]
    assert names(seen).count("asset_complete") == 4


async def test_an_ambiguous_take_blocks_other_takes(productions: Productions) -> None:
    """While a submission is ambiguous neither retry nor regenerate makes another take; the person's decision names the
    take."""
    fakes = Scripted(1)
    fakes.doubt = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")
        await until(handle, "needs_attention")
        for method, request in (
            (ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="retry")),
            (ProductionWorkflow.regenerate, Regenerate(asset_id="text-1")),
        ):
            assert (await refusal(update(handle, method, request))).kind == "wrong_phase"
        fakes.doubt = set()
        adopt = Resolve(asset_id="text-1", action="adopt", job_id="job-7")
        await update(handle, ProductionWorkflow.resolve, adopt)
        seen = await handle.result()
    assert fakes.produced == [("text-1", 1), ("text-1", 1)]
    assert fakes.orders == [None, "job-7"]
    assert seen.spent_usd == Decimal("0.01")


async def test_a_take_selected_while_finishing_is_in_the_deliverable(productions: Productions) -> None:
    """A selection during finishing leads to one more revision, made from the selected take."""
    fakes = Scripted(1)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        fakes.hold("finishing")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        handle = productions.of(productions.started[0])
        await until(handle, "finishing")
        await update(handle, ProductionWorkflow.select_take, SelectTake(asset_id="text-1", take=1))
        fakes.release("finishing")
        seen = await handle.result()
    assert fakes.finished == [1, 2, 1]
    assert seen.deliverable is not None
    assert (seen.deliverable.revision, seen.assets["text-1"].selected) == (3, 1)
    assert fakes.manifests[seen.production_id].events == seen.events


async def test_a_hostile_signal_cannot_fill_the_record(productions: Productions) -> None:
    """Oversized and repeated wrong approvals leave short lines, a hundred at most; the correct approval is still
    accepted."""
    async with Scripted(1).working(productions.client):
        handle, plan = await productions.planned()
        productions.started.clear()  # the history would be a megabyte and is not recorded
        await handle.signal("approve", "x" * 900_000)
        for _ in range(120):
            await handle.signal("approve", {"plan_digest": "wrong"})
        await handle.signal("approve", plan.digest)
        seen = await handle.result()
    assert seen.status == "delivered"
    assert names(seen).count("approval_ignored") == 100
    assert len(seen.model_dump_json()) < 100_000


async def test_an_impossible_model_changes_nothing(productions: Productions) -> None:
    """An edit or a regeneration with a model that the asset cannot have is refused, and the production continues."""
    async with Scripted(1).working(productions.client):
        handle, plan = await productions.planned()
        raw = {"plan_digest": plan.digest, "edits": [{"op": "change", "asset_id": "text-1", "model": ""}]}
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("edit_plan", raw)
        await handle.signal("approve", plan.digest)
        assert (await handle.result()).status == "delivered"


async def test_without_a_decision_it_expires() -> None:
    """A reminder comes when a quarter of the time is left, then the production expires; the test skips the days."""
    async with server("frontend.WorkflowTimeSkippingEnabled=true", skipping=True) as environment:
        productions = Productions(environment.client, "expires")
        async with Scripted(1).working(environment.client):
            handle, _ = await productions.planned(approval_deadline_seconds=4 * 86_400)
            await environment.fast_forward(handle)
            seen = await handle.result()
            if os.environ.get("RECORD_HISTORIES"):
                await productions.record()
    assert seen.status == "expired"
    assert names(seen) == ["plan_start", "plan_ready", "approval_reminder", "expired"]
    ready, reminder, expired = (e.at for e in seen.events[1:])
    assert abs(reminder - ready - timedelta(days=3)) < timedelta(minutes=1)
    assert abs(expired - ready - timedelta(days=4)) < timedelta(minutes=1)


async def test_continue_as_new_keeps_assets_and_numbers() -> None:
    """Over several runs every asset is made once, a held one included, and the event numbers have no gap."""
    async with server("limit.historyCount.suggestContinueAsNew=60") as environment:
        productions = Productions(environment.client, "continue_as_new")
        fakes = Scripted(60)
        async with fakes.working(environment.client):
            handle = await productions.approved()
            seen = await handle.result()
            newest = await productions.newest(handle).describe()
            if os.environ.get("RECORD_HISTORIES"):
                await productions.record()
    assert newest.run_id != handle.first_execution_run_id
    assert seen.status == "delivered"
    assert len(fakes.produced) == 60
    assert names(seen).count("asset_start") == names(seen).count("asset_complete") == 60


async def test_edits_survive_continue_as_new_while_waiting() -> None:
    """A production that is edited many times continues as new while it waits, and keeps its plan and its numbers."""
    async with server("limit.historyCount.suggestContinueAsNew=40") as environment:
        productions = Productions(environment.client, "edited_over_runs")
        async with Scripted(1).working(environment.client):
            handle, plan = await productions.planned()
            for number in range(12):
                edit = EditOp(op="change", asset_id="text-1", prompt=f"version {number}")
                plan = await update(
                    productions.newest(handle),
                    ProductionWorkflow.edit_plan,
                    PlanEdit(plan_digest=plan.digest, edits=(edit,)),
                )
            await productions.newest(handle).signal("approve", plan.digest)
            seen = await handle.result()
            runs = (await productions.newest(handle).describe()).run_id
    assert runs != handle.first_execution_run_id
    assert (seen.status, names(seen).count("plan_ready")) == ("delivered", 13)


async def test_the_ui_describes_the_run(productions: Productions) -> None:
    """Search attributes, current details and activity summaries describe the progress of the run in Temporal's
    terms, and the JSON of the details approves when it is sent as a signal."""
    async with Scripted(2).working(productions.client):
        handle, plan = await productions.planned()
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        assert "awaiting approval" in metadata.current_details
        sample = json.loads(metadata.current_details.split("```json")[1].split("```")[0])
        assert sample == {"plan_digest": plan.digest, "approver": "your name"}
        await productions.client.get_workflow_handle(handle.id).signal("approve", sample)
        await handle.result()
        described = await handle.describe()
        history = json.loads((await handle.fetch_history()).to_json())
    assert described.typed_search_attributes[STATUS] == "delivered"
    assert described.typed_search_attributes[COST] == pytest.approx(0.02)
    summaries = [json.dumps(e.get("userMetadata", {})) for e in history["events"]]
    assert any(_encoded("text-1 · text · fake") in s for s in summaries)


def _encoded(text: str) -> str:
    import base64

    return base64.b64encode(json.dumps(text, ensure_ascii=False).encode()).decode()
