"""The review of takes: what is judged, and what follows from a verdict: the next refinement, the choice of the best
take, or the decision of a person. Each change logs its event. Pure."""

from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from workflows.events import AssetStatus, ExtraTake, Refinement
from workflows.judging.policy import Criterion
from workflows.judging.requests import kind_of
from workflows.judging.verdicts import MANY_ASSETS, Verdict
from workflows.models import ZERO, Asset, Take
from workflows.production.state.approvals import abridged
from workflows.production.state.budget import book_bill, left_usd, maker_of, to_make_usd
from workflows.production.state.checked import best_of, findings_data, with_take
from workflows.production.state.record import Record
from workflows.production.state.take_numbers import number_after
from workflows.production.state.takes import complete_take, keep_rejected, wait_for_decision, with_origin

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetFailure

_PROMPT_CHARS: Final = 300
"""Of a better prompt in an event; the next take has it whole."""


def is_reviewed(record: Record) -> bool:
    """Whether the takes of the production get a verdict, or the statement that they are unjudged."""
    return record.plan is not None and record.plan.quality is not None


def criteria_of(record: Record, asset: Asset) -> tuple[Criterion, ...]:
    terms = record.plan.quality if record.plan else None
    return terms.criteria_of(kind_of(asset)) if terms else ()


def why_unjudged(record: Record, asset: Asset) -> str:
    """The reason for which no judge is asked about a take of the asset; empty where one is asked."""
    terms, kind = record.plan.quality if record.plan else None, kind_of(asset)
    if terms is None or asset.review:
        return ""
    known = terms.unjudged.get(kind)
    return known or f"no criterion of the brief suits {kind}"


def begin_verdict(record: Record, asset_id: str, take: Take) -> None:
    """Book the bill of a take that is made; from now on only the price of its verdict is held."""
    asset, before = record.find(asset_id), record.assets[asset_id]
    if asset:
        book_bill(record, maker_of(record, asset), take.billed_usd, before.booked_usd)
        record.update(asset_id, judging=True, booked_usd=take.billed_usd)


def book_verdict(record: Record, asset: Asset, take: Take, verdict: Verdict) -> Take:
    """The take with its verdict, whose cost is booked; the event has the scores and reasons."""
    record.spent_usd += verdict.billed_usd
    if asset.review and verdict.billed_usd > asset.review.high_usd:
        record.overrun_usd += verdict.billed_usd - asset.review.high_usd
    assets, terms = len(record.assets), record.plan.quality if record.plan else None
    verdict = verdict.shortened(assets, terms.min_score if terms else 1)
    record.log("take_judged", asset.asset_id, **_event_data(take, verdict, many=assets > MANY_ASSETS))
    return take.model_copy(update={"verdict": verdict})


def _event_data(take: Take, verdict: Verdict, *, many: bool) -> dict[str, JsonValue]:
    """The result with scores and reasons; of a production with many assets the result alone."""
    known: dict[str, JsonValue] = {"take": take.number}
    if verdict.score is None:
        known["unjudged"] = True if many else verdict.unjudged
    else:
        known |= {"score": verdict.score, "matches": verdict.matches}
    known |= {"billed_usd": str(verdict.billed_usd)} if verdict.billed_usd else {}
    known |= {"doubt_usd": str(verdict.doubt_usd)} if verdict.doubt_usd else {}
    known |= {"reason": abridged(verdict.complaint)} if verdict.complaint else {}
    if not many:
        known |= {"judge": verdict.judge} if verdict.judge else {}
        known |= {"scores": {s.criterion: s.score for s in verdict.scores}} if verdict.scores else {}
        known |= {"prompt": verdict.prompt[:_PROMPT_CHARS]} if verdict.prompt else {}
    return known


def follow_verdict(record: Record, asset_id: str, take: Take) -> None:
    """Queue a refinement, complete the asset with its best take, or let a person decide."""
    asset, state = record.find(asset_id), record.assets[asset_id]
    if state.refinement:
        take = take.model_copy(update={"refined_from": state.refinement.from_take})
    if asset and (refinement := _next_refinement(record, asset, take)):
        kept = with_take(state.takes, with_origin(record, asset_id, take))
        changes = {"status": AssetStatus.PENDING, "booked_usd": ZERO, "judging": False, "order": None}
        record.update(
            asset_id, takes=kept, next_take=number_after(state, take.number), refinement=refinement, **changes
        )
    else:
        _finish(record, asset_id, take)


def _next_refinement(record: Record, asset: Asset, take: Take) -> Refinement | None:
    """The next refinement of an asset; None where the take matches, or nothing more was approved.

    A take that a person requests is not refined: it replaces one that is in use. A narration keeps its words, and a
    text that follows the plan its prompt.
    """
    state, verdict, review = record.assets[asset.asset_id], take.verdict, asset.review
    if verdict is None or verdict.score is None or verdict.matches or review is None or state.selected:
        return None
    number = (state.refinement.number if state.refinement else 0) + 1
    prompt = asset.prompt if asset.spoken else verdict.prompt
    if number > review.refinements or asset.composed or asset.unknown_price or not prompt:
        return None
    if record.full:
        return None
    return Refinement(number=number, from_take=take.number, prompt=prompt)


def _finish(record: Record, asset_id: str, take: Take, **data: JsonValue) -> None:
    """Complete the asset with the best take. With `gate`, a person decides where it is below the score."""
    state, terms = record.assets[asset_id], record.plan.quality if record.plan else None
    round_ = (*state.takes, take) if not state.selected else (take,)
    best = best_of(round_) or take
    low = best.verdict is not None and best.verdict.score is not None and not best.verdict.matches
    if terms and terms.mode == "gate" and low:
        _wait_below(record, asset_id, take, best)
    else:
        complete_take(record, asset_id, take, best, **data)


def _wait_below(record: Record, asset_id: str, take: Take, best: Take) -> None:
    terms, verdict = record.plan.quality if record.plan else None, best.verdict
    assert terms is not None
    assert verdict is not None
    state, asset = record.assets[asset_id], record.find(asset_id)
    if asset:
        book_bill(record, maker_of(record, asset), take.billed_usd, state.booked_usd)
    score = "does not match" if (verdict.score or 0) >= terms.min_score else f"is below {terms.min_score:g}"
    remedy = f"select take {best.number} to use it anyway, or make another one"
    message = f"take {best.number} has the score {verdict.score:.2f}, which {score}; {remedy}: {verdict.complaint}"
    kept = with_take(state.takes, with_origin(record, asset_id, take))
    ended = {"judging": False, "refinement": None, "booked_usd": ZERO, "order": None, "error_kind": ""}
    record.update(asset_id, takes=kept, status=AssetStatus.FAILED, error=abridged(message), **ended)
    record.update(asset_id, next_take=take.number)
    found: dict[str, JsonValue] = {"take": best.number, "score": verdict.score}
    record.log("needs_attention", asset_id, reason="below_score", message=abridged(message), **found)
    proposal = "" if asset and asset.spoken else verdict.prompt
    wait_for_decision(record, asset_id, "below_score", proposal=proposal)


def end_unaffordable_refinements(record: Record) -> None:
    """Go on without the refinements that the budget does not hold besides all takes that are still to be made."""
    for asset_id, state in list(record.assets.items()):
        if state.refinement and state.status is AssetStatus.PENDING and to_make_usd(record) > left_usd(record):
            end_refining(record, asset_id)


def end_refining(record: Record, asset_id: str, failure: "AssetFailure | None" = None) -> bool:
    """Go on with the best take so far; False where the next take of the asset is no refinement.

    Args:
        failure: Of the refinement. Its bills are booked, a submission in doubt too. If absent, the budget holds no
            further refinement.
    """
    state, asset = record.assets[asset_id], record.find(asset_id)
    best = best_of(state.takes)
    if state.refinement is None or asset is None or best is None:
        return False
    if failure:
        _book_failure(record, asset, failure)
        state = record.assets[asset_id]
    # The newest judged take is completed again, so that its number, bill and verdict are booked once.
    newest = max((t for t in state.takes if t.verdict), key=lambda t: t.number, default=best)
    record.update(asset_id, booked_usd=newest.billed_usd)
    number = number_after(state, state.next_take) if failure else state.next_take
    _finish(record, asset_id, newest, **({} if failure else {"note": "the budget holds no further refinement"}))
    if record.assets[asset_id].next_take <= number:
        record.update(asset_id, next_take=number)
    return True


def _book_failure(record: Record, asset: Asset, failure: "AssetFailure") -> None:
    asset_id, state = asset.asset_id, record.assets[asset.asset_id]
    maker = maker_of(record, asset)
    book_bill(record, maker, failure.billed_usd, state.booked_usd, failure.earlier)
    record.spent_usd += failure.doubt_usd
    if failure.reason == "ambiguous_submission":
        booked = failure.billed_usd + failure.doubt_usd
        lost = ExtraTake(number=state.next_take, asset=maker, started=True, booked_usd=booked)
        record.update(asset_id, lost=(*state.lost, lost))
    keep_rejected(record, asset_id, failure, maker)
    details = failure.model_dump(mode="json", exclude={"message", "rejected", "earlier"}, exclude_defaults=True)
    evidence = findings_data(failure.rejected)
    message = abridged(failure.message)
    record.log("take_failed", asset_id, take=state.next_take, message=message, **details, **evidence)
