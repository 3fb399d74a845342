"""A budget that a person lowers while the production goes on."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import WorkflowUpdateFailedError

from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import approve, attention_of, digest, generating, made, waiting
from tests.workflows.production.test_races import Slow
from workflows.events import Receipt, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import LowerBudget, Pause, Regenerate, Resume


async def lower(handle: Handle, usd: str, actor: str = "ana") -> Receipt:
    request = LowerBudget(budget_usd=Decimal(usd), actor=actor, reason="less")
    receipt: Receipt = await update(handle, ProductionWorkflow.lower_budget, request)
    return receipt


async def test_what_is_not_started_keeps_to_a_lower_budget(productions: Productions) -> None:
    """The budget is lowered no further than what is spent and held, whichever of several people is first; what does
    not fit any more waits, and only an approval that names more releases it."""
    fakes = Film(price_usd="0.10")
    fakes.hold("still-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(platform="video")
        assert (await refusal(lower(handle, "0.20"))).kind == "wrong_phase"
        await approve(handle, plan.digest, "ana")
        await generating(handle, "still-1")
        await eventually(lambda: _spent(handle, "0.10"))
        for usd, words in (("0.1999", "0.10 USD are spent and 0.10 USD are held"), ("0.31", "is above it")):
            found = await refusal(lower(handle, usd))
            assert (found.kind, found.field) == ("budget_short", "budget_usd")
            assert words in found.message
            assert usd == "0.31" or "lowest possible budget now is 0.20 USD" in found.message
        both = await asyncio.gather(lower(handle, "0.25"), lower(handle, "0.20", "bo"), return_exceptions=True)
        assert not isinstance(both[1], BaseException)
        assert isinstance(both[0], Receipt | WorkflowUpdateFailedError)
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert (seen.budget_usd, seen.spent_usd) == (Decimal("0.20"), Decimal("0.2000"))
        assert attention_of(seen) == {"shot-1": "budget_short"}
        found = await refusal(approve(handle, digest(seen), "bo"))
        assert (found.kind, "name a budget_usd of 0.30 or more" in found.message) == ("budget_short", True)
        await approve(handle, digest(seen), "bo", budget_usd=Decimal("0.30"))
        seen = await handle.result()
    assert (seen.budget_usd, seen.spent_usd, seen.lowered_usd) == (Decimal("0.30"), Decimal("0.3000"), None)
    event = [e.data for e in seen.events if e.name == "budget_lowered"][-1]
    assert (event["by"], event["budget_usd"], event["reason"]) == ("bo", "0.20", "less")


async def _spent(handle: Handle, usd: str) -> Snapshot | None:
    seen = await snapshot(handle)
    return seen if seen.spent_usd == Decimal(usd) else None


@pytest.mark.parametrize("lost", [True, False])
async def test_a_retry_keeps_to_a_lower_budget(productions: Productions, lost: bool) -> None:
    """A take that is under way while the budget is lowered to exactly its price is not requested a second time, if its
    response is lost; its next model has the price that is held."""
    fakes = FakeActivities(2, price_usd="0.01")
    fakes.others = () if lost else ("verse",)
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle = await productions.approved("0.05")
        await generating(handle, "text-1")
        await eventually(lambda: _spent(handle, "0.01"))
        await lower(handle, "0.02")
        if lost:
            fakes.lost_once = {"text-1"}
        else:
            fakes.fail_takes = {("text-1", 1)}
        fakes.release("text-1")
        seen = await until(handle, "needs_attention") if lost else await handle.result()
        assert attention_of(seen) == ({"text-1": "ambiguous_submission"} if lost else {})
        assert (seen.budget_usd, len(made(fakes, "text-1"))) == (Decimal("0.02"), 1 if lost else 2)
        if lost:
            await handle.cancel()
            seen = await handle.result()
    assert seen.spent_usd == Decimal("0.0200")


async def test_unknown_prices_end_with_a_lower_budget(productions: Productions) -> None:
    """Of models without a published price, which no budget limited, no further take begins when it is lowered to what
    is spent."""
    fakes = FakeActivities(2)
    fakes.unknown, fakes.fail = True, {"text-1"}
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned()
        await approve(handle, plan.digest, "ana", allow_unknown_prices=True)
        await generating(handle, "text-1")
        await lower(handle, "0")
        fakes.release("text-1")
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"text-1": "asset_failed", "text-2": "budget_short"}
        assert made(fakes, "text-2") == []
        await handle.cancel()
        await handle.result()


async def test_a_request_that_came_before_does_not_raise_it_again(productions: Productions) -> None:
    """A new take with a budget of its own, whose price was not known yet when the budget was lowered, is refused."""
    fakes = Slow(price_usd="0.10")
    fakes.hold("shot-1")
    async with fakes.working(productions.client):
        handle = await productions.approved("0.50", platform="video")
        await generating(handle, "shot-1")
        priced = fakes.priced
        fakes.hold("pricing")
        again = Regenerate(asset_id="title-1", budget_usd=Decimal("0.50"))
        waiting = asyncio.create_task(refusal(update(handle, ProductionWorkflow.regenerate, again)))

        async def being_priced() -> bool | None:
            return fakes.priced > priced or None

        await eventually(being_priced)
        await lower(handle, "0.30")
        fakes.release("pricing")
        assert "lowered to 0.30 USD meanwhile" in (await waiting).message
        fakes.release("shot-1")
        seen = await handle.result()
    assert (seen.budget_usd, seen.spent_usd) == (Decimal("0.30"), Decimal("0.3000"))


async def test_a_reset_keeps_a_lower_budget(productions: Productions) -> None:
    """A run that is reset to a time when more was held than the lower budget keeps it: the server sends the request
    again, in the first workflow task. What was refused before the reset stays refused."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.costs = {"text-1": Decimal("0.01")}
    for asset_id in ("text-1", "text-2"):
        fakes.hold(asset_id)
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await generating(handle, "text-1", "text-2")
        assert (await refusal(lower(handle, "0.05"))).kind == "budget_short"
        await update(handle, ProductionWorkflow.pause, Pause())
        tasks = [e.event_id async for e in handle.fetch_history_events() if ends_task(e)]
        await update(handle, ProductionWorkflow.resume, Resume())
        fakes.release("text-1")
        await eventually(lambda: _spent(handle, "0.01"))
        await lower(handle, "0.11")
        await reset(productions, handle, tasks[-1])
        again = productions.newest(handle)
        await eventually(lambda: _spent(again, "0.01"))
        seen = await snapshot(again)
        assert (seen.budget_usd, seen.lowered_usd) == (Decimal("0.11"), Decimal("0.11"))
        assert (await refusal(lower(again, "0.10"))).kind == "budget_short"
    async with fakes.working(productions.client):  # it replays the whole run
        assert (await snapshot(again)).budget_usd == Decimal("0.11")
        fakes.release("text-2")
        assert (await again.result()).budget_usd == Decimal("0.11")


async def test_a_reset_keeps_the_lower_budget_of_an_approval(productions: Productions) -> None:
    """The approval of the stills, which names less than that of the plan, comes before the stills in a run that is
    reset: it releases nothing, but its budget holds, and the stills are approved again."""
    fakes = Slow(price_usd="0.10")
    for asset_id in ("still-1", "shot-1"):
        fakes.hold(asset_id)
    async with fakes.working(productions.client):
        handle = await productions.approved("0.50", platform="video", approval={"stills_first": True})
        await generating(handle, "still-1")
        await update(handle, ProductionWorkflow.pause, Pause())
        tasks = [e.event_id async for e in handle.fetch_history_events() if ends_task(e)]
        await update(handle, ProductionWorkflow.resume, Resume())
        fakes.release("still-1")
        await until(handle, "needs_attention")
        (item,) = await waiting(productions.client, handle)
        assert item.plan_digest
        await approve(handle, item.plan_digest, "bo", budget_usd=Decimal("0.30"))
        await generating(handle, "shot-1")
        await reset(productions, handle, tasks[-1])
        again = productions.newest(handle)
        seen = await until(again, "needs_attention")
        assert (seen.budget_usd, seen.lowered_usd) == (Decimal("0.30"), Decimal("0.30"))
        assert (await refusal(approve(again, digest(seen), "bo", budget_usd=Decimal("0.10")))).kind == "stale_digest"
    async with fakes.working(productions.client):  # it replays the whole run
        (item,) = await waiting(productions.client, again)
        assert item.plan_digest
        await approve(again, item.plan_digest, "bo")
        fakes.release("shot-1")
        seen = await again.result()
    assert (seen.budget_usd, seen.spent_usd) == (Decimal("0.30"), Decimal("0.3000"))


async def reset(productions: Productions, handle: Handle, event_id: int) -> None:
    await productions.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=productions.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=(await handle.describe()).run_id),
            reason="made again",
            workflow_task_finish_event_id=event_id,
            request_id=uuid4().hex,
        )
    )


def ends_task(event: HistoryEvent) -> bool:
    return bool(event.HasField("workflow_task_completed_event_attributes"))
