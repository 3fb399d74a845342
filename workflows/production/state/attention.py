"""Attention items: what waits for a person, with the evidence and the answers that are accepted. Pure."""

from typing import Final

from workflows.continuity.drafts import finals_price
from workflows.events import (
    Answer,
    AttentionItem,
    AttentionReason,
    Event,
    EventName,
    ProductionStatus,
    Snapshot,
)
from workflows.models import ZERO, Asset, Plan
from workflows.production.state import policies
from workflows.production.state.approvals import (
    FOR_MONEY,
    abridged,
    digest_to_approve,
    draft_waits,
    gated_assets,
    missing_languages,
)
from workflows.production.state.budget import (
    can_raise_budget,
    needs_more_budget,
    price_usd,
    reserve_usd,
    second_bill_short,
)
from workflows.production.state.corrections import awaits_review, review_message
from workflows.production.state.record import Record
from workflows.production.state.takes import assets_in_attention

ANY: Final = "*"
_DECIDE: Final[tuple[Answer, ...]] = ("approve", "reject", "edit_plan", "revise", "cancel")
_RETRY: Final[tuple[Answer, ...]] = ("retry", "upload", "accept_without", "cancel")
_MONEY: Final[tuple[Answer, ...]] = ("approve", "raise_budget", "edit_plan", "upload", "accept_without", "cancel")
ANSWERS: Final[dict[AttentionReason, tuple[Answer, ...]]] = {
    "fields_to_review": ("review_fields", "cancel"),
    "approval": _DECIDE,
    "deadline_near": _DECIDE,
    "price_unknown": ("approve", "reject", "edit_plan", "revise", "upload", "accept_without", "cancel"),
    "stills_to_approve": ("approve", "reject", "edit_plan", "cancel"),
    "draft_to_approve": ("approve", "reject", "edit_plan", "cancel"),
    "paused": ("resume", "cancel"),
    "asset_failed": _RETRY,
    "content_refused": _RETRY,
    "output_unusable": _RETRY,
    "below_score": _RETRY,
    "model_retired": _RETRY,
    "store_unsupported": _RETRY,
    "ambiguous_submission": ("adopt", "resubmit", "raise_budget", "accept_without", "cancel"),
    "budget_short": _MONEY,
    "overrun": _MONEY,
    "change_to_approve": _MONEY,
    "finishing_failed": ("retry", "cancel"),
}
"""The possible answers to each reason, in the order to offer; `answers_to` gives those that are accepted now."""


def answers_to(record: Record, reason: AttentionReason, asset_id: str | None = None) -> tuple[Answer, ...]:
    """The answers that the production accepts now; none where it is closed.

    Args:
        asset_id: The asset that waits; None where the whole production waits.
    """
    if record.status.closed:
        return ()
    if reason == "overrun" and asset_id is None:
        return tuple(a for a in ("edit_plan", "pause", "resume", "cancel") if _accepted(record, a, None))
    return tuple(a for a in ANSWERS[reason] if _accepted(record, a, asset_id))


def _accepted(record: Record, answer: Answer, asset_id: str | None) -> bool:
    before = record.status is ProductionStatus.AWAITING_APPROVAL
    match answer:
        case "approve":
            return before or record.gate == "waiting" or (asset_id is not None and not record.preview_of)
        case "reject":
            return before or (asset_id is None and record.gate == "waiting")
        case "revise":
            return before
        case "edit_plan":
            # Further takes under way need the asset as it was requested.
            return not record.preview_of and not (asset_id and record.assets[asset_id].extra)
        case "upload":
            return not record.preview_of and asset_id is not None
        case "pause":
            return record.paused is None
        case "resume":
            return record.paused is not None
        case "accept_without":
            return asset_id is not None
        case "resubmit":
            return asset_id is not None and not second_bill_short(record, asset_id)
        case "raise_budget":
            needed = asset_id is not None and needs_more_budget(record, asset_id)
            # Where several people have to approve, each of them approves again.
            alone = record.brief.approval.approvers == 1
            return needed and not record.preview_of and alone and can_raise_budget(record)
        case _:
            return True


def items(record: Record, at_most: int) -> list[AttentionItem]:
    """The item of the whole production, then those of its assets, the longest waiting first."""
    if record.status.closed:
        return []
    whole = whole_production(record)
    oldest = sorted(assets_in_attention(record), key=lambda i: w.id if (w := record.assets[i].waiting) else 0)[:at_most]
    assets = (a for i in oldest if record.plan and (a := record.plan.find(i)))
    found = [item_of(record, a) for a in assets]
    return [*([whole] if whole else ()), *(item for item in found if item)][:at_most]


def whole_production(record: Record) -> AttentionItem | None:
    """The item about the whole production; None where it needs no decision."""
    plan = record.plan
    if record.status is ProductionStatus.AWAITING_APPROVAL and plan:
        reason: AttentionReason = "price_unknown" if plan.unknown_prices else "approval"
        given = f"; {len(record.approvals)} of {record.brief.approval.approvers} approved" if record.approvals else ""
        missing = missing_languages(record)
        silent = f"; it has no narration in {', '.join(missing)}" if missing else ""
        return _item(
            record,
            _newest_event(record, "plan_ready"),
            "deadline_near" if record.reminded else reason,
            message=f"the plan costs {_range(plan)}{silent}{given}",
            cost_usd=record.spent_usd,
            price_usd=None if plan.unknown_prices else plan.high_usd,
            plan_digest=plan.digest,
            missing_languages=missing,
            deadline=record.deadline,
        )
    if record.status is ProductionStatus.NEEDS_ATTENTION and (found := _stopped(record)):
        return found
    return None if record.status.closed else _overrun(record)


def _overrun(record: Record) -> AttentionItem | None:
    """A notice while assets are made: vendors charged more than their published prices."""
    if not record.overrun_usd:
        return None
    message = f"{record.overrun_usd} USD were charged beyond published prices; the rest is held at what was charged"
    return _item(
        record, _newest_event(record, "overrun", asset_id=ANY), "overrun", message=message, cost_usd=record.spent_usd
    )


def _stopped(record: Record) -> AttentionItem | None:
    """Why the production cannot go on without a decision; None where it can."""
    if awaits_review(record):
        message = abridged(review_message(record))
        event = _newest_event(record, "needs_attention", "fields_to_review")
        return _item(record, event, "fields_to_review", message=message, cost_usd=record.spent_usd)
    if draft_waits(record) and record.plan:
        price = finals_price(record.plan)
        return _item(
            record,
            _newest_event(record, "needs_attention", "draft_to_approve"),
            "draft_to_approve",
            message=f"review the draft; the finals cost {price.low:.2f} to {price.high:.2f} USD",
            cost_usd=record.spent_usd,
            price_usd=None if price.unknown else price.high,
            plan_digest=digest_to_approve(record),
        )
    if record.gate == "waiting":
        gated = gated_assets(record)
        return _item(
            record,
            _newest_event(record, "needs_attention", "stills_to_approve"),
            "stills_to_approve",
            message=f"review the stills; {len(gated)} video assets are made from them",
            cost_usd=record.spent_usd,
            price_usd=sum((price_usd(record, a.asset_id) for a in gated), ZERO),
            plan_digest=digest_to_approve(record),
        )
    if record.paused:
        why = f": {record.paused.reason}" if record.paused.reason else ""
        message = f"paused by {record.paused.paused_by}{why}"
        return _item(record, _newest_event(record, "paused"), "paused", message=message, cost_usd=record.spent_usd)
    if record.error and not assets_in_attention(record):
        return _item(
            record,
            _newest_event(record, "needs_attention", "finishing_failed"),
            "finishing_failed",
            asset_id=next(iter(policies.RESERVED_IDS)),
            message=abridged(record.error),
            cost_usd=record.spent_usd,
        )
    return None


def _range(plan: Plan) -> str:
    unknown = f", and what {len(plan.unknown_prices)} assets of unknown price cost" if plan.unknown_prices else ""
    return (f"{plan.low_usd:.2f} to {plan.high_usd:.2f} USD" if plan.high_usd else "nothing") + unknown


def item_of(record: Record, asset: Asset) -> AttentionItem | None:
    """The item of one asset; None where it waits for no decision."""
    of = record.assets.get(asset.asset_id)
    if record.status.closed or of is None or of.attention is None or of.waiting is None:
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
        price_usd=None if asset.unknown_price else reserve_usd(record, asset),
        proposal=since.proposal,
        replacement=since.replacement,
        plan_digest=digest_to_approve(record) if of.attention in FOR_MONEY else None,
        answers=answers_to(record, of.attention, asset.asset_id),
    )


def _item(record: Record, event: Event, reason: AttentionReason, **evidence: object) -> AttentionItem:
    fields = {"id": event.id, "since": event.at, "reason": reason, "answers": answers_to(record, reason)}
    return AttentionItem.model_validate({**fields, **evidence})


def _newest_event(record: Record, name: EventName, reason: str = "", asset_id: str | None = None) -> Event:
    """The newest event of that name, reason and asset."""
    for event in reversed(record.events):
        if event.name == name and asset_id in (event.asset_id, ANY) and reason in ("", event.data.get("reason")):
            return event
    return record.events[-1]


def published(record: Record) -> Snapshot:
    """The snapshot for callers, with what waits for a decision about the whole production.

    A delivery is published when its manifest is stored, not before.
    """
    status, count = record.published_until or (record.status, len(record.events))
    shown = {"waiting": whole_production(record), "status": status, "events": record.events[:count]}
    return record.model_copy(update=shown)
