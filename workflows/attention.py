"""What waits for a person, with the evidence and the possible answers: pure, from the state of a production."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from workflows import policies
from workflows.approving import MAX_MESSAGE_CHARS
from workflows.events import (
    Answer,
    AssetState,
    AttentionItem,
    AttentionReason,
    Event,
    EventName,
    ProductionStatus,
)
from workflows.models import ZERO, Asset, Plan

if TYPE_CHECKING:
    from workflows.state import ProductionState

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DECIDE: Final[tuple[Answer, ...]] = ("approve", "reject", "edit_plan", "revise", "cancel")
_MEND: Final[tuple[Answer, ...]] = ("retry", "upload", "accept_without", "cancel")
ANSWERS: Final[dict[AttentionReason, tuple[Answer, ...]]] = {
    "approval": _DECIDE,
    "deadline_near": _DECIDE,
    "price_unknown": _DECIDE,
    "stills_to_approve": ("approve", "reject", "edit_plan", "cancel"),
    "paused": ("resume", "cancel"),
    "asset_failed": _MEND,
    "content_refused": _MEND,
    "output_unusable": _MEND,
    "model_retired": _MEND,
    "store_unsupported": _MEND,
    "ambiguous_submission": ("adopt", "resubmit", "raise_budget", "accept_without", "cancel"),
    "budget_short": ("raise_budget", "accept_without", "cancel"),
    "finishing_failed": ("retry", "cancel"),
}


def items(state: "ProductionState", at_most: int) -> list[AttentionItem]:
    """What waits: what concerns the whole production, then its assets, the longest waiting first."""
    whole = whole_production(state)
    oldest = sorted(state.attention(), key=lambda i: w.id if (w := state.assets[i].waiting) else 0)[:at_most]
    assets = (a for i in oldest if state.plan and (a := state.plan.find(i)))
    found = [item_of(a, state.assets[a.asset_id]) for a in assets]
    return [*([whole] if whole else ()), *(item for item in found if item)][:at_most]


def whole_production(state: "ProductionState") -> AttentionItem | None:
    """What waits for a word about the whole production."""
    plan = state.plan
    if state.status is ProductionStatus.AWAITING_APPROVAL and plan:
        capped = state.brief.budget_usd is not None
        reason: AttentionReason = "price_unknown" if plan.unknown_prices and capped else "approval"
        given = f"; {len(state.approvals)} of {state.brief.approval.approvers} approved" if state.approvals else ""
        return _item(
            _telling(state, "plan_ready"),
            "deadline_near" if state.reminded else reason,
            message=f"the plan costs {_range(plan)}{given}",
            cost_usd=state.spent_usd,
            price_usd=None if plan.unknown_prices else plan.high_usd,
            plan_digest=plan.digest,
            deadline=state.deadline,
        )
    if state.status is not ProductionStatus.NEEDS_ATTENTION:
        return None
    if state.gate == "waiting":
        gated = state.gated()
        return _item(
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
        return _item(_telling(state, "paused"), "paused", message=words, cost_usd=state.spent_usd)
    if state.error and not state.attention():
        return _item(
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


def item_of(asset: Asset, state: AssetState) -> AttentionItem | None:
    """What is to be decided about one asset; records of before there were numbers say it without one."""
    if state.attention is None:
        return None
    maker, since = asset.made_by(state.model), state.waiting
    return AttentionItem(
        id=since.id if since else 0,
        since=since.since if since else EPOCH,
        reason=state.attention,
        asset_id=asset.asset_id,
        message=state.error or "",
        job_id=since.job_id if since else None,
        provider=maker.provider,
        model=maker.model,
        cost_usd=sum((t.billed_usd for t in state.takes), ZERO) + state.booked_usd,
        price_usd=None if asset.unknown_price else asset.high_usd,
        proposal=since.proposal if since else "",
        replacement=since.replacement if since else (),
        answers=ANSWERS[state.attention],
    )


def _item(event: Event, reason: AttentionReason, **evidence: object) -> AttentionItem:
    told = {"id": event.id, "since": event.at, "reason": reason, "answers": ANSWERS[reason]}
    return AttentionItem.model_validate({**told, **evidence})


def _telling(state: "ProductionState", name: EventName, reason: str = "", asset_id: str | None = None) -> Event:
    """The event that told of it last."""
    for event in reversed(state.events):
        if event.name == name and event.asset_id == asset_id and reason in ("", event.data.get("reason")):
            return event
    return state.events[-1]
