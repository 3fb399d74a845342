"""Verdicts and refinements on a real Temporal server: within the price, and never a reason to lose a take."""

import asyncio
from decimal import Decimal

import pytest

from tests.support.productions import Productions, names, until, update
from tests.support.waiting import eventually
from tests.workflows.production.quality.judged import BILL, VERDICT, JudgedActivities
from workflows.activity_io import SettledQuestions
from workflows.events import AssetStatus
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Pause, Regenerate, Resolve, Resume, SelectTake

TAKE = Decimal("0.1000")


async def test_a_take_is_refined_until_it_matches(productions: Productions) -> None:
    """The better prompt of each verdict makes the next take; the one that matches ends it, and is delivered."""
    fakes = JudgedActivities()
    fakes.scores = {"text-1": [0.3, 0.6, 0.9]}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        done = await handle.result()
    state = done.assets["text-1"]
    assert done.status == "delivered"
    assert fakes.produced == [("text-1", 1), ("text-1", 2), ("text-1", 3)]
    assert fakes.prompts == ["part 1", "part 1, better", "part 1, better, better"]
    assert [(t.refined_from, t.verdict.score) for t in state.takes if t.verdict] == [(0, 0.3), (1, 0.6), (2, 0.9)]
    assert (state.selected, state.stale) == (3, False)
    assert done.spent_usd == 3 * TAKE + 3 * BILL
    assert done.budget_usd is not None
    assert done.spent_usd <= done.budget_usd
    assert names(done).count("take_judged") == 3
    assert not any(s.judging or s.refinement for s in done.assets.values())


async def test_the_best_take_is_delivered(productions: Productions) -> None:
    """Where no take matches, the best one is used after the last refinement."""
    fakes = JudgedActivities()
    fakes.scores = {"text-1": [0.3, 0.7, 0.5]}
    async with fakes.working(productions.client):
        done = await (await productions.approved()).result()
    assert done.assets["text-1"].selected == 2
    assert done.deliverable is not None
    assert done.deliverable.takes["text-1"] == 2


@pytest.mark.parametrize(("budget", "takes"), [("0.36", 3), ("0.3599", 2), ("0.24", 2), ("0.12", 1)])
async def test_a_cap_is_never_exceeded(productions: Productions, budget: str, takes: int) -> None:
    """A budget of exactly the price holds every refinement; a lower one holds fewer, and the production goes on."""
    fakes = JudgedActivities()
    fakes.scores = {"text-1": [0.3]}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget=budget)
        done = await handle.result()
    assert done.status == "delivered"
    assert done.spent_usd <= Decimal(budget)
    # The bills of verdicts are lower than their prices, which may leave room for one more.
    assert takes <= len(done.assets["text-1"].takes) <= takes + (BILL < VERDICT)


async def test_a_judge_that_is_down_stops_nothing(productions: Productions) -> None:
    """The take is used without a verdict and says so; what the questions cost is summed and booked."""
    fakes = JudgedActivities(2)
    fakes.down = True
    fakes.bill = SettledQuestions(billed_usd=Decimal("0.0050"))
    async with fakes.working(productions.client):
        done = await (await productions.approved()).result()
    assert done.status == "delivered"
    for state in done.assets.values():
        assert state.take
        assert state.take.verdict
        assert "the judge is down" in state.take.verdict.unjudged
    assert [s.inquiry for s in fakes.settled] == ["verdict", "verdict"]
    assert all(s.subject.startswith("_judge-") for s in fakes.settled)
    assert done.spent_usd == 2 * TAKE + Decimal("0.0100")


async def test_questions_whose_cost_a_person_gives_up_count(productions: Productions) -> None:
    """Where the sum of the costs of a verdict is failed by hand, it counts at its price, as a cost in doubt."""
    fakes = JudgedActivities()
    fakes.down = fakes.unsummed = True
    async with fakes.working(productions.client):
        done = await (await productions.approved()).result()
    assert done.status == "delivered"
    assert done.spent_usd == TAKE + VERDICT
    (take,) = done.assets["text-1"].takes
    assert take.verdict
    assert (take.verdict.billed_usd, take.verdict.doubt_usd) == (VERDICT, VERDICT)
    (event,) = [e for e in done.events if e.name == "planning_billed"]
    assert "could not be summed, and it counts as 0.0200 USD: ended by a person" in str(event.data["message"])


async def test_a_refinement_that_fails_costs_no_decision(productions: Productions) -> None:
    """The first take is delivered where the second cannot be made."""
    fakes = JudgedActivities()
    fakes.scores, fakes.fail_takes = {"text-1": [0.3]}, {("text-1", 2)}
    async with fakes.working(productions.client):
        done = await (await productions.approved()).result()
    assert (done.status, done.assets["text-1"].selected) == ("delivered", 1)
    assert "needs_attention" not in names(done)


async def test_a_cancel_keeps_the_take(productions: Productions) -> None:
    """A cancel during a verdict keeps the paid take without one, and sums what the verdict has cost."""
    fakes = JudgedActivities()
    fakes.held = asyncio.Event()
    fakes.bill = SettledQuestions(billed_usd=VERDICT)
    async with fakes.working(productions.client):
        handle = await productions.approved()

        async def judging() -> bool | None:
            return bool(fakes.judged) or None

        await eventually(judging)
        await handle.cancel()
        done = await handle.result()
    assert done.status == "cancelled"
    (take,) = done.assets["text-1"].takes
    assert take.verdict
    assert "cancelled" in take.verdict.unjudged
    assert done.spent_usd == TAKE + VERDICT
    assert fakes.stopped == []


async def test_a_pause_starts_no_refinement(productions: Productions) -> None:
    """A verdict ends during a pause, and its refinement is made after it."""
    fakes = JudgedActivities()
    fakes.scores, fakes.held = {"text-1": [0.3, 0.9]}, asyncio.Event()
    async with fakes.working(productions.client):
        handle = await productions.approved()

        async def judging() -> bool | None:
            return bool(fakes.judged) or None

        await eventually(judging)
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="ana"))
        fakes.held.set()
        seen = await until(handle, "needs_attention")
        assert (seen.assets["text-1"].status, fakes.produced) == (AssetStatus.PENDING, [("text-1", 1)])
        await update(handle, ProductionWorkflow.resume, Resume(resumed_by="ana"))
        done = await handle.result()
    assert done.assets["text-1"].selected == 2


async def test_a_gate_waits_and_a_person_selects(productions: Productions) -> None:
    """With `gate` a low score waits with its reason and a better prompt; `select` uses the take."""
    fakes = JudgedActivities(mode="gate", refinements=0)
    fakes.scores = {"text-1": [0.3]}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        seen = await until(handle, "needs_attention")
        state = seen.assets["text-1"]
        assert (state.attention, state.selected) == ("below_score", 0)
        assert state.waiting
        assert state.waiting.proposal == "part 1, better"
        assert "0.30" in str(await handle.query("__temporal_workflow_metadata"))
        await update(handle, ProductionWorkflow.select_take, SelectTake(asset_id="text-1", take=1))
        done = await handle.result()
    assert (done.status, done.assets["text-1"].selected) == ("delivered", 1)
    assert done.spent_usd == TAKE + BILL


async def test_a_retry_at_the_gate_makes_the_next_take(productions: Productions) -> None:
    """`retry` with the better prompt makes take 2, which is judged, and passes."""
    fakes = JudgedActivities(mode="gate", refinements=0)
    fakes.scores = {"text-1": [0.3, 0.9]}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")
        await until(handle, "needs_attention")
        answer = Resolve(asset_id="text-1", action="retry", prompt="part 1, better")
        await update(handle, ProductionWorkflow.resolve, answer)
        done = await handle.result()
    assert [t.number for t in done.assets["text-1"].takes] == [1, 2]
    assert done.assets["text-1"].selected == 2


async def test_further_takes_are_judged(productions: Productions) -> None:
    """Takes to choose from have verdicts, within the budget that holds both; none of them is refined."""
    fakes = JudgedActivities()
    fakes.scores = {"text-1": [0.9, 0.3, 0.5, 0.4]}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2")
        closed = await handle.result()
        more = Regenerate(asset_id="text-1", count=3, requested_by="ana")
        await productions.reopen(closed, ProductionWorkflow.regenerate, more)
        done = await productions.newest(handle).result()
    assert sorted(t.verdict.score for t in done.assets["text-1"].takes if t.verdict and t.verdict.score) == [
        0.3,
        0.4,
        0.5,
        0.9,
    ]
    assert done.spent_usd == 4 * TAKE + 4 * BILL


async def test_nothing_is_judged_without_a_review(productions: Productions) -> None:
    """A brief with `off` has no verdicts and no events of them."""
    fakes = JudgedActivities()
    async with fakes.working(productions.client):
        done = await (await productions.approved(quality={"mode": "off"})).result()
    assert fakes.judged == []
    assert "take_judged" not in names(done)
