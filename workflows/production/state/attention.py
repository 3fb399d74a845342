"""What waits for a person, with the evidence and the possible answers: pure, from the state of a production."""

from typing import TYPE_CHECKING, Final

from workflows.events import (
    Answer,
    AttentionItem,
    AttentionReason,
    Event,
    EventName,
    ProductionStatus,
)
from workflows.models import ZERO, Asset, Plan
from workflows.production.state import policies
from workflows.production.state.approvals import FOR_MONEY, MAX_MESSAGE_CHARS

if TYPE_CHECKING:
    from workflows.production.state.state import ProductionState

ANY: Final = "*"
_DECIDE: Final[tuple[Answer, ...]] = ("approve", "reject", "edit_plan", "revise", "cancel")
_RETRY: Final[tuple[Answer, ...]] = ("retry", "upload", "accept_without", "cancel")
_MONEY: Final[tuple[Answer, ...]] = ("approve", "raise_budget", "edit_plan", "upload", "accept_without", "cancel")
ANSWERS: Final[dict[AttentionReason, tuple[Answer, ...]]] = {
    "approval": _DECIDE,
    "deadline_near": _DECIDE,
    "price_unknown": ("approve", "reject", "edit_plan", "revise", "upload", "accept_without", "cancel"),
    "stills_to_approve": ("approve", "reject", "edit_plan", "cancel"),
    "paused": ("resume", "cancel"),
    "asset_failed": _RETRY,
    "content_refused": _RETRY,
    "output_unusable": _RETRY,
    "model_retired": _RETRY,
    "store_unsupported": _RETRY,
    "ambiguous_submission": ("adopt", "resubmit", "raise_budget", "accept_without", "cancel"),
    "budget_short": _MONEY,
    "overrun": _MONEY,
    "change_to_approve": _MONEY,
    "finishing_failed": ("retry", "cancel"),
}
"""What may answer each reason, in the order to offer; `answers_to` says what is accepted now."""


def answers_to(state: "ProductionState", reason: AttentionReason, asset_id: str | None = None) -> tuple[Answer, ...]:
    """What the production accepts now as an answer; of a closed one nothing.

    Args:
        asset_id: The asset that waits; None where the whole production does.
    """
    if state.status.closed:
        return ()
    if reason == "overrun" and asset_id is None:
        return tuple(a for a in ("edit_plan", "pause", "resume", "cancel") if _accepted(state, a, None))
    return tuple(a for a in ANSWERS[reason] if _accepted(state, a, asset_id))


def _accepted(state: "ProductionState", answer: Answer, asset_id: str | None) -> bool:
    before = state.status is ProductionStatus.AWAITING_APPROVAL
    match answer:
        case "approve":
            return before or state.gate == "waiting" or (asset_id is not None and not state.preview_of)
        case "reject":
            return before or (asset_id is None and state.gate == "waiting")
        case "revise":
            return before
        case "edit_plan":
            # Further takes of the asset that are under way hold what it is made from.
            return not state.preview_of and not (asset_id and state.assets[asset_id].extra)
        case "upload":
            return not state.preview_of and asset_id is not None
        case "pause":
            return state.paused is None
        case "resume":
            return state.paused is not None
        case "accept_without":
            return asset_id is not None
        case "resubmit":
            return asset_id is not None and not state.second_bill_short(asset_id)
        case "raise_budget":
            needed = asset_id is not None and state.needs_more_budget(asset_id)
            # Where several people have to approve, they do it by approving again.
            alone = state.brief.approval.approvers == 1
            return needed and not state.preview_of and alone and state.may_be_raised
        case _:
            return True


def items(state: "ProductionState", at_most: int) -> list[AttentionItem]:
    """What waits: what concerns the whole production, then its assets, the longest waiting first."""
    if state.status.closed:
        return []
    whole = whole_production(state)
    oldest = sorted(state.attention(), key=lambda i: w.id if (w := state.assets[i].waiting) else 0)[:at_most]
    assets = (a for i in oldest if state.plan and (a := state.plan.find(i)))
    found = [item_of(state, a) for a in assets]
    return [*([whole] if whole else ()), *(item for item in found if item)][:at_most]


def whole_production(state: "ProductionState") -> AttentionItem | None:
    """What waits for a decision about the whole production."""
    plan = state.plan
    if state.status is ProductionStatus.AWAITING_APPROVAL and plan:
        reason: AttentionReason = "price_unknown" if plan.unknown_prices else "approval"
        given = f"; {len(state.approvals)} of {state.brief.approval.approvers} approved" if state.approvals else ""
        return _item(
            state,
            _telling(state, "plan_ready"),
            "deadline_near" if state.reminded else reason,
            message=f"the plan costs {_range(plan)}{given}",
            cost_usd=state.spent_usd,
            price_usd=None if plan.unknown_prices else plan.high_usd,
            plan_digest=plan.digest,
            deadline=state.deadline,
        )
    if state.status is ProductionStatus.NEEDS_ATTENTION and (found := _stopped(state)):
        return found
    return None if state.status.closed else _overrun(state)


def _overrun(state: "ProductionState") -> AttentionItem | None:
    """A notice while work goes on: vendors charged more than their published prices."""
    if not state.overrun_usd:
        return None
    words = f"{state.overrun_usd} USD were charged beyond published prices; the rest is held at what was charged"
    return _item(state, _telling(state, "overrun", asset_id=ANY), "overrun", message=words, cost_usd=state.spent_usd)


def _stopped(state: "ProductionState") -> AttentionItem | None:
    """Why nothing can go on before somebody decides."""
    if state.gate == "waiting":
        gated = state.gated()
        return _item(
            state,
            _telling(state, "needs_attention", "stills_to_approve"),
            "stills_to_approve",
            message=f"look at what the video is made from; {len(gated)} video assets follow",
            cost_usd=state.spent_usd,
            price_usd=sum((state.price_usd(a.asset_id) for a in gated), ZERO),
            plan_digest=state.digest_to_approve,
        )
    if state.paused:
        why = f": {state.paused.reason}" if state.paused.reason else ""
        words = f"paused by {state.paused.paused_by}{why}"
        return _item(state, _telling(state, "paused"), "paused", message=words, cost_usd=state.spent_usd)
    if state.error and not state.attention():
        return _item(
            state,
            _telling(state, "needs_attention", "finishing_failed"),
            "finishing_failed",
            asset_id=next(iter(policies.RESERVED_IDS)),
            message=state.error[:MAX_MESSAGE_CHARS],
            cost_usd=state.spent_usd,
        )
    return None


def _range(plan: Plan) -> str:
    unknown = f", and what {len(plan.unknown_prices)} assets of unknown price cost" if plan.unknown_prices else ""
    return (f"{plan.low_usd:.2f} to {plan.high_usd:.2f} USD" if plan.high_usd else "nothing") + unknown


def item_of(state: "ProductionState", asset: Asset) -> AttentionItem | None:
    """What is to be decided about one asset."""
    of = state.assets.get(asset.asset_id)
    if state.status.closed or of is None or of.attention is None or of.waiting is None:
        return None
    maker, since = asset.made_by(of.model), of.waiting
    return AttentionItem(
        id=since.id,
        since=since.since,
        reason=of.attention,
        asset_id=asset.asset_id,
        message=of.error or "",
        job_id=since.job_id,
        provider=maker.provider,
        model=maker.model,
        cost_usd=sum((t.billed_usd for t in of.takes), ZERO) + of.booked_usd,
        price_usd=None if asset.unknown_price else state.reserve_usd(asset),
        proposal=since.proposal,
        replacement=since.replacement,
        plan_digest=state.digest_to_approve if of.attention in FOR_MONEY else None,
        answers=answers_to(state, of.attention, asset.asset_id),
    )


def _item(state: "ProductionState", event: Event, reason: AttentionReason, **evidence: object) -> AttentionItem:
    told = {"id": event.id, "since": event.at, "reason": reason, "answers": answers_to(state, reason)}
    return AttentionItem.model_validate({**told, **evidence})


def _telling(state: "ProductionState", name: EventName, reason: str = "", asset_id: str | None = None) -> Event:
    """The event that told of it last."""
    for event in reversed(state.events):
        if event.name == name and asset_id in (event.asset_id, ANY) and reason in ("", event.data.get("reason")):
            return event
    return state.events[-1]
