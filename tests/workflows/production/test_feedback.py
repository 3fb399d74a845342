"""Feedback and refused prompts: the rewrites of a language model, and the decisions of a person."""

from decimal import Decimal

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError

from api.views.assets import asset_records
from tests.support.fake_film import Film, SpokenFilm
from tests.support.productions import Productions, names, refusal, snapshot, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import delivered, made, reopened
from workflows.activity_io import AssetFailure, RewritePrompt, Rewritten
from workflows.events import ProductionStatus, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Regenerate, Resolve


async def test_feedback_becomes_a_prompt(productions: Productions) -> None:
    """The planner writes a prompt from a person's feedback; the take has it, its price is counted, and the log names
    the person."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle, _ = await delivered(productions)
        fakes.drafting_usd = Decimal("0.0030")
        request = Regenerate(asset_id="still-1", feedback="darker", requested_by="bo")
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, request)
    assert seen.assets["still-1"].takes[-1].prompt == "make still-1, darker"
    assert seen.spent_usd == Decimal("0.0430")
    requested = next(e for e in seen.events if e.name == "take_requested")
    assert (requested.data["by"], requested.data["feedback"]) == ("bo", "darker")


class Directed(SpokenFilm):
    @activity.defn(name="rewrite_prompt")
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        return Rewritten(prompt=request.asset.prompt, delivery="sadder")


async def test_feedback_on_speech_changes_its_delivery_in_each_language(productions: Productions) -> None:
    """The new take has the new delivery and the same words; the translation follows, is stale for its delivery alone,
    and keeps its words too."""
    fakes = Directed(price_usd="0")
    async with fakes.working(productions.client):
        handle, before = await delivered(productions, languages=("en", "de"))
        request = Regenerate(asset_id="narration-1", feedback="Sadder", requested_by="bo")
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, request)
    assert before.plan
    assert seen.plan
    assert {a.asset_id: a.prompt for a in seen.plan.assets} == {a.asset_id: a.prompt for a in before.plan.assets}
    assert {a.asset_id for a in seen.plan.assets if a.delivery == "sadder"} == {"narration-1", "narration-1-de"}
    take = seen.assets["narration-1"].takes[-1]
    assert (take.number, take.delivery, take.prompt) == (2, "sadder", before.plan.by_id["narration-1"].prompt)
    assert seen.assets["narration-1-de"].stale_because == ("delivery",)
    edited = next(e for e in seen.events if e.name == "plan_edited")
    assert {line["field"] for line in edited.data["changes"]} == {"delivery"}  # type: ignore[index, union-attr, call-overload]


class WithoutModel(Film):
    @activity.defn(name="rewrite_prompt")
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        failure = AssetFailure(message="no model answers", billed_usd=Decimal("0.0100"), summed=True)
        raise ApplicationError("no model answers", failure, non_retryable=True)


async def test_feedback_without_a_language_model_is_refused(productions: Productions) -> None:
    """When no language model responds, the request is refused with the remedy, and the billed cost is counted."""
    fakes = WithoutModel()
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)
        request = Regenerate(asset_id="still-1", feedback="darker")
        refused = await refusal(productions.reopen(seen, ProductionWorkflow.regenerate, request))
        assert (refused.kind, refused.field) == ("invalid_edit", "feedback")
        seen = await productions.newest(handle).result()
    assert seen.status is ProductionStatus.DELIVERED
    assert seen.spent_usd == Decimal("0.0400")
    assert made(fakes, "still-1") == [1]


async def test_a_refused_prompt_gets_a_proposal_that_waits_for_a_person(productions: Productions) -> None:
    """A prompt that a provider refused waits with a softer proposal, which only a person's answer to this question
    submits."""
    fakes = Film()
    fakes.failures["still-1"] = AssetFailure(reason="content_refused", message="too violent", refused="prompt")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")

        async def proposed() -> Snapshot | None:
            seen = await snapshot(handle)
            waiting = seen.assets["still-1"].waiting if seen.assets else None
            return seen if waiting and waiting.proposal else None

        seen = await eventually(proposed)
        item = asset_records(seen)[0].waiting
        assert item
        assert item.proposal == "make still-1, softened"
        assert (item.reason, item.message, item.answers[0]) == ("content_refused", "too violent", "retry")
        assert made(fakes, "still-1") == [1]
        fakes.failures.clear()

        def answer(number: int) -> Resolve:
            return Resolve(asset_id="still-1", action="retry", prompt=item.proposal, attention=number, resolver="ana")

        stale = await refusal(update(handle, ProductionWorkflow.resolve, answer(item.id - 1)))
        assert stale.kind == "stale_attention"
        await update(handle, ProductionWorkflow.resolve, answer(item.id))
        late = await refusal(update(handle, ProductionWorkflow.resolve, answer(item.id)))
        assert (late.kind, "retry by ana" in late.message) == ("wrong_phase", True)
        seen = await handle.result()
    assert seen.assets["still-1"].takes[-1].prompt == "make still-1, softened"
    names(seen)


@pytest.mark.parametrize(("budget", "room"), [("0.30", "0.00"), ("0.35", "0.05")])
async def test_a_proposal_leaves_the_money_of_the_other_assets(
    productions: Productions, budget: str, room: str
) -> None:
    """A question that nobody asked costs at most what the budget has beyond the assets that are still to be made: with
    a budget of exactly the plan's price, each of them is made."""
    fakes = Film(price_usd="0.10")
    fakes.failures["still-1"] = AssetFailure(reason="content_refused", message="too violent", refused="prompt")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget=budget, platform="video")

        async def asked() -> RewritePrompt | None:
            return fakes.rewritten[0] if fakes.rewritten else None

        request = await eventually(asked)
        assert request.brief.budget_usd is not None
        assert request.brief.budget_usd - request.spent_usd == Decimal(room)
        await handle.cancel()
        await handle.result()
