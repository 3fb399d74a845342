"""What follows from verdicts, without a server: refinements within the approved price, and the choice of the best."""

from decimal import Decimal

import pytest

from tests.workflows.production.quality.test_flagged_takes import flagged
from tests.workflows.production.state.states import clock, take, text
from workflows.activity_io import AssetFailure
from workflows.brief import Brief, Platform
from workflows.events import AssetStatus, ProductionStart
from workflows.judging.policy import Review, Terms
from workflows.judging.verdicts import Score, Verdict, unjudged
from workflows.models import Asset, Plan
from workflows.production.state.approvals import approve_plan, set_plan
from workflows.production.state.attention import items
from workflows.production.state.budget import held_usd, left_usd, maker_of
from workflows.production.state.changes import leave_out, select_take
from workflows.production.state.record import Record
from workflows.production.state.reviews.judged import (
    begin_verdict,
    book_verdict,
    end_refining,
    end_unaffordable_refinements,
    follow_verdict,
)
from workflows.production.state.takes import fail_take, start_take
from workflows.requests import Approval

TAKE, VERDICT, RETAKE = Decimal("0.10"), Decimal("0.02"), Decimal("0.11")
REVIEW = Review(
    judge="b/judge", low_usd=Decimal("0.01"), high_usd=VERDICT, retake_usd=RETAKE, refinements=2
)  # fmt: skip


def production(*assets: Asset, budget: Decimal | None = None, **terms: object) -> Record:
    state = Record.begin(ProductionStart(production_id="p1", brief=Brief(text="x", platform=Platform.COPY)), clock())
    quality = Terms.model_validate({"mode": "advise", "refinements": 2, **terms})
    plan = Plan.of("A plan", assets, quality=quality)
    set_plan(state, plan)
    approve_plan(state, Approval(plan_digest=plan.digest, approver="ana", budget_usd=budget))
    return state


def reviewed(number: int = 1, **more: object) -> Asset:
    return text(number, review=REVIEW, **more)


def verdict(score: float, prompt: str = "Say it better.", **more: object) -> Verdict:
    scores = (Score(criterion="prompt", score=score, reason="it is dull"), Score(criterion="style", score=1))
    good = score >= 0.8
    known = {"judge": "b/judge", "score": score, "matches": good, "scores": scores, "billed_usd": Decimal("0.0150")}
    return Verdict.model_validate({**known, "prompt": "" if good else prompt, **more})


def made(state: Record, asset_id: str, found: Verdict, usd: Decimal = TAKE) -> None:
    """Start the next take of an asset, make it, and judge it."""
    asset = state.find(asset_id)
    assert asset is not None
    maker = maker_of(state, asset)
    start_take(state, maker)
    number = state.assets[asset_id].next_take
    done = take(maker, number).model_copy(update={"cost_usd": usd, "billed_usd": usd})
    begin_verdict(state, asset_id, done)
    follow_verdict(state, asset_id, book_verdict(state, asset, done, found))


def takes_of(state: Record, asset_id: str = "text-1") -> list[tuple[int, str, int]]:
    return [(t.number, t.prompt[:14], t.refined_from) for t in state.assets[asset_id].takes]


def test_the_price_holds_all_refinements() -> None:
    """The low price is one take and one verdict, the high one all refinements and verdicts; an approval without a
    budget releases the high one."""
    state = production(reviewed())
    plan = state.plan
    assert plan is not None
    assert (plan.low_usd, plan.high_usd) == (Decimal("0.01"), TAKE + 2 * RETAKE + 3 * VERDICT)
    assert state.budget_usd == plan.high_usd


def test_a_take_that_matches_ends_the_refinements() -> None:
    """The better prompt makes the next take; the one that matches is used, and nothing more is made."""
    state = production(reviewed())
    made(state, "text-1", verdict(0.4))
    assert state.assets["text-1"].status is AssetStatus.PENDING
    made(state, "text-1", verdict(0.9), RETAKE)
    found = state.assets["text-1"]
    assert (found.status, found.selected, found.refinement, found.judging) == (AssetStatus.COMPLETED, 2, None, False)
    assert takes_of(state) == [(1, "Say it well. S", 0), (2, "Say it better.", 1)]
    assert state.spent_usd == TAKE + RETAKE + 2 * Decimal("0.0150")
    assert not found.stale
    assert [e.name for e in state.events].count("take_judged") == 2


def test_the_best_take_is_used() -> None:
    """After the last refinement the take with the best score is used, and all takes keep their verdicts."""
    state = production(reviewed())
    for score in (0.4, 0.7, 0.5):
        made(state, "text-1", verdict(score))
    found = state.assets["text-1"]
    assert (found.status, found.selected, found.next_take) == (AssetStatus.COMPLETED, 2, 4)
    assert [t.verdict.score for t in found.takes if t.verdict] == [0.4, 0.7, 0.5]


@pytest.mark.parametrize("short", [Decimal(0), Decimal("0.0001")])
def test_a_cap_at_exactly_the_price(short: Decimal) -> None:
    """At the plan's high price every refinement is made, at any bill; a cap below it ends before the last one."""
    state = production(reviewed(), budget=TAKE + 2 * RETAKE + 3 * VERDICT - short)
    for number, usd in enumerate((TAKE, RETAKE, RETAKE)):
        end_unaffordable_refinements(state)
        if state.assets["text-1"].status is AssetStatus.COMPLETED:
            break
        made(state, "text-1", verdict(0.4 + number / 10, billed_usd=VERDICT), usd)
        assert left_usd(state) >= 0
    assert len(state.assets["text-1"].takes) == (3 if not short else 2)
    assert state.assets["text-1"].status is AssetStatus.COMPLETED
    assert state.budget_usd is not None
    assert state.spent_usd <= state.budget_usd


def test_takes_come_before_refinements() -> None:
    """With a budget for the first takes alone, none of it is used for a refinement."""
    state = production(reviewed(1), reviewed(2), budget=2 * (TAKE + VERDICT))
    made(state, "text-1", verdict(0.4, billed_usd=VERDICT))
    end_unaffordable_refinements(state)
    assert state.assets["text-1"].status is AssetStatus.COMPLETED
    assert left_usd(state) == TAKE + VERDICT


def test_only_the_verdict_is_held_while_it_is_pending() -> None:
    """The bill of a take is booked before its verdict is requested."""
    state = production(reviewed())
    asset = reviewed()
    start_take(state, asset)
    assert held_usd(state) == TAKE + VERDICT
    begin_verdict(state, "text-1", take(asset).model_copy(update={"billed_usd": Decimal("0.0700")}))
    assert (held_usd(state), state.spent_usd) == (VERDICT, Decimal("0.0700"))


def test_an_unjudged_take_is_used() -> None:
    """Without a verdict nothing is refined, also with `gate`, and the take states why."""
    state = production(reviewed(), mode="gate")
    made(state, "text-1", unjudged("the judge is down", judge="b/judge"))
    found = state.assets["text-1"]
    assert (found.status, found.selected) == (AssetStatus.COMPLETED, 1)
    assert found.take
    assert found.take.verdict
    assert found.take.verdict.unjudged == "the judge is down"


@pytest.mark.parametrize("reason", ["asset_failed", "content_refused", "ambiguous_submission"])
def test_a_refinement_that_fails_is_given_up(reason: str) -> None:
    """The best take so far is used; what the refinement was billed, or may have been, counts as spent."""
    state = production(reviewed())
    made(state, "text-1", verdict(0.4))
    start_take(state, maker_of(state, reviewed()))
    failure = AssetFailure.model_validate(
        {"reason": reason, "message": "no", "billed_usd": "0.05", "doubt_usd": "0.06" if "amb" in reason else "0"}
    )
    before = state.spent_usd
    assert end_refining(state, "text-1", failure)
    found = state.assets["text-1"]
    assert (found.status, found.selected, found.next_take, found.attention) == (AssetStatus.COMPLETED, 1, 3, None)
    assert state.spent_usd - before == failure.billed_usd + failure.doubt_usd
    assert [e.number for e in found.lost] == ([2] if reason == "ambiguous_submission" else [])
    assert held_usd(state) == 0


def test_a_gate_waits_for_a_person() -> None:
    """Below the score the asset waits with its best take and a better prompt; a person may use the take anyway."""
    state = production(reviewed(), mode="gate", refinements=2)
    for score in (0.4, 0.6, 0.5):
        made(state, "text-1", verdict(score))
    item = next(i for i in items(state, 5) if i.asset_id == "text-1")
    assert (item.reason, item.proposal) == ("below_score", "Say it better.")
    assert "take 2 has the score 0.60" in item.message
    assert "it is dull" in item.message
    assert item.cost_usd == 3 * TAKE
    select_take(state, "text-1", 2, by="ana")
    found = state.assets["text-1"]
    assert (found.status, found.selected, found.attention) == (AssetStatus.COMPLETED, 2, None)
    assert found.next_take == 4


def test_a_person_may_go_on_without_a_low_take() -> None:
    """`accept_without` leaves the asset out: its takes were found too low."""
    state = production(reviewed(), mode="gate", refinements=0)
    made(state, "text-1", verdict(0.4))
    made_more = state.assets["text-1"].status
    if made_more is AssetStatus.PENDING:
        made(state, "text-1", verdict(0.4))
        made(state, "text-1", verdict(0.4))
    leave_out(state, "text-1", accepted_by="ana")
    assert (state.assets["text-1"].status, state.assets["text-1"].selected) == (AssetStatus.CANCELLED, 0)


def test_takes_of_people_are_not_refined() -> None:
    """A take that a person requests later is judged once, and used."""
    from workflows.production.state.changes import queue_takes

    state = production(reviewed())
    made(state, "text-1", verdict(0.9))
    queue_takes(state, "text-1")
    made(state, "text-1", verdict(0.4))
    assert (state.assets["text-1"].status, state.assets["text-1"].selected) == (AssetStatus.COMPLETED, 2)


def test_the_words_of_a_narration_stay() -> None:
    """A narration is made again with the same words and its delivery, whatever prompt a judge proposes."""
    state = production(reviewed(asset_type="audio", role="narration", prompt="Keep the light.", delivery="softly"))
    made(state, "text-1", verdict(0.4, prompt="Say something else."))
    refinement = state.assets["text-1"].refinement
    assert refinement
    assert refinement.prompt == "Keep the light."
    asset = state.find("text-1")
    assert asset
    assert maker_of(state, asset).delivery == "softly"


def test_a_flagged_refinement_is_never_used() -> None:
    """A refinement that a moderation flags is kept, and the take before it is used, however low its score was."""
    state = production(reviewed())
    made(state, "text-1", verdict(0.1))
    start_take(state, maker_of(state, reviewed()))
    failure = flagged()
    assert failure.rejected
    second = failure.model_copy(update={"rejected": failure.rejected.model_copy(update={"number": 2})})
    assert end_refining(state, "text-1", second)
    found = state.assets["text-1"]
    assert (found.status, found.selected, [t.number for t in found.takes]) == (AssetStatus.COMPLETED, 1, [1, 2])


@pytest.mark.parametrize("mode", ["advise", "gate"])
def test_a_flagged_take_waits_without_a_verdict(mode: str) -> None:
    """A first take that is flagged is not judged, and waits for a person as without a review."""
    state = production(reviewed(), mode=mode)
    start_take(state, reviewed())
    assert not end_refining(state, "text-1", flagged())
    fail_take(state, "text-1", flagged())
    found = state.assets["text-1"]
    assert (found.attention, found.selected, found.refinement) == ("output_unusable", 0, None)
    leave_out(state, "text-1", by="ana")
    assert state.assets["text-1"].selected == 0


def test_a_thousand_verdicts_fit_into_the_record() -> None:
    """The record of 1,000 judged assets stays below its limit: it keeps reasons for low scores alone."""
    from workflows.production.state import policies

    names = ("prompt", "subject", "text", "anatomy", "style", "safety")
    scores = tuple(Score.model_validate({"criterion": n, "score": 0.9, "reason": "It is fine. " * 12}) for n in names)
    state = production(*(reviewed(n) for n in range(1, 1_001)))
    for number in range(1, 1_001):
        found = verdict(0.9).model_copy(update={"scores": scores, "key": "productions/x/assets/_judge-0/verdict.json"})
        made(state, f"text-{number}", found)
    assert len(state.model_dump_json(exclude_defaults=True).encode()) < policies.INLINE_RECORD_BYTES
