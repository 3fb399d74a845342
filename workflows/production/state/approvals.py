"""Plans and their approval: deadlines, approvers, the second gate, and pauses. Each change logs its event. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from workflows.agents.grants import Grant
from workflows.continuity.drafts import NOTE, finals_price
from workflows.events import AssetState, AssetStatus, ProductionStatus
from workflows.models import ZERO, Asset, Deliverable, Modality, Plan, digest_of
from workflows.production.state import policies
from workflows.production.state.budget import (
    allow_unknown_prices,
    is_part,
    keep_lowered,
    needed_usd,
    within_limits,
)
from workflows.production.state.plans.finals import start_finals
from workflows.production.state.record import Record
from workflows.requests import Approval, Pause, Resume
from workflows.series.accounts import Allowance
from workflows.spoken import languages

MAX_MESSAGE_CHARS = 300
"""So much of a failure's message is kept: an outage fails 1,000 assets, and the record must stay below 2 MB."""
MAX_PLAN_MESSAGE_CHARS = 1_500
"""The same for a plan, which fails once: its message has the reason of each language model, and the remedy."""
REMINDER_SHARE = 0.25
"""The reminder is logged when a quarter of the time to approve is left."""
ESCALATION_SHARE = 0.1
"""The escalation is logged when a tenth of it is left."""
DECIDED: Final[Mapping[str, object]] = {"attention": None, "waiting": None, "error": None, "error_kind": ""}
"""The fields of an asset that no longer waits for a person."""
FOR_MONEY: Final = frozenset({"change_to_approve", "price_unknown", "budget_short", "overrun"})
"""Reasons for which an asset waits before it is started, until a person with that right releases the money."""
POLICY = "the approval policy"
"""The name under which an approval without a person is logged."""


def abridged(message: str, chars: int = MAX_MESSAGE_CHARS) -> str:
    """A message of at most so many characters: a longer one loses its middle, because it ends with the remedy."""
    if len(message) <= chars:
        return message
    end = chars // 2
    return f"{message[: chars - end - 3].rstrip()} … {message[-end:].lstrip()}"


# Plans


def set_plan(record: Record, plan: Plan, **data: JsonValue) -> None:
    """Let a new or edited plan wait for approval; the time to approve starts again."""
    record.plan = plan
    record.status = ProductionStatus.AWAITING_APPROVAL
    record.deadline = record.clock() + timedelta(seconds=record.brief.approval_deadline_seconds)
    record.reminded = record.escalated = False
    record.approvals = ()
    record.log(
        "plan_ready",
        plan_digest=plan.digest,
        assets=len(plan.assets),
        low_usd=str(plan.low_usd),
        high_usd=str(plan.high_usd),
        unknown_prices=len(plan.unknown_prices),
        **_language_shares(plan),
        warnings=list(plan.warnings),
        **_finals(plan),
        **data,
    )


def _language_shares(plan: Plan) -> dict[str, JsonValue]:
    """The price range of each further language, for the event; nothing where there is none."""
    found: dict[str, JsonValue] = {
        tag: {"low_usd": str(price.low), "high_usd": str(price.high)} for tag, price in languages.shares(plan).items()
    }
    return {"languages": found} if found else {}


def _finals(plan: Plan) -> dict[str, JsonValue]:
    """The price of the finals, for the event of a draft; otherwise nothing."""
    if not plan.finals:
        return {}
    price = finals_price(plan)
    return {"finals_low_usd": str(price.low), "finals_high_usd": str(price.high)}


def fail_plan(
    record: Record, message: str, billed_usd: Decimal = ZERO, *, doubt_usd: Decimal = ZERO, kind: str = ""
) -> None:
    """Keep the former plan where a revision failed; end the production where its first plan failed.

    Args:
        doubt_usd: The part of `billed_usd` that only counts as billed, because the answers were lost.
    """
    record.spent_usd += billed_usd
    message = abridged(message, MAX_PLAN_MESSAGE_CHARS)
    details: dict[str, JsonValue] = {"kind": kind} if kind else {}
    details |= {k: str(v) for k, v in {"billed_usd": billed_usd, "doubt_usd": doubt_usd}.items() if v}
    record.log("plan_failed", reason=message, **details)
    if record.plan is None:
        record.status, record.error = ProductionStatus.FAILED, message
    else:
        record.status = ProductionStatus.AWAITING_APPROVAL


def book_planning(record: Record, billed_usd: Decimal, doubt_usd: Decimal = ZERO, asset_id: str | None = None) -> None:
    """Book the cost of questions to language models that gave no result, or whose answers were lost."""
    record.spent_usd += billed_usd
    if billed_usd:
        details: dict[str, JsonValue] = {"doubt_usd": str(doubt_usd)} if doubt_usd else {}
        record.log("planning_billed", asset_id, billed_usd=str(billed_usd), **details)


# Time to approve


def next_approval_step(record: Record) -> datetime:
    """When the next reminder, escalation or expiry is due."""
    assert record.deadline is not None
    whole = record.brief.approval_deadline_seconds
    if not record.reminded:
        return record.deadline - timedelta(seconds=whole * REMINDER_SHARE)
    if not record.escalated and record.brief.approval.escalate_to:
        return record.deadline - timedelta(seconds=whole * ESCALATION_SHARE)
    return record.deadline


def end_of_prices(record: Record) -> datetime | None:
    """When the first rate of the plan ends: midnight (UTC) after its last day; None where no rate ends."""
    quotes = (quote for a in record.plan.assets for _, quote in a.quotes) if record.plan else ()
    last = min((quote.until for quote in quotes if quote.until), default=None)
    return datetime.combine(last + timedelta(days=1), time(), UTC) if last else None


def take_approval_step(record: Record) -> None:
    """Remind, escalate or expire: the step for which `next_approval_step` gave the time."""
    deadline = record.deadline.isoformat() if record.deadline else None
    if not record.reminded:
        record.reminded = True
        record.log("approval_reminder", deadline=deadline)
    elif not record.escalated and record.brief.approval.escalate_to:
        record.escalated = True
        record.log("approval_escalated", deadline=deadline, to=list(record.brief.approval.escalate_to))
    else:
        record.status = ProductionStatus.EXPIRED
        record.log("expired", deadline=deadline)


# Decisions


def digest_to_approve(record: Record) -> str | None:
    """The digest that an approval must name: of the plan, or at the second gate of the plan and its takes."""
    if record.plan and record.gate == "waiting":
        return digest_of([record.plan.digest, {i: s.selected for i, s in record.assets.items()}])
    return record.plan.digest if record.plan else None


def approve_plan(record: Record, approval: Approval, *, by_policy: bool = False, grant: Grant | None = None) -> None:
    """Add one approval; the last one that the policy requires releases the plan."""
    assert record.plan is not None
    record.approvals = (*record.approvals, approval)
    needed = record.brief.approval.approvers
    if len(record.approvals) < needed and not by_policy:
        record.log(
            "approval_given",
            approver=approval.approver,
            plan_digest=approval.plan_digest,
            given=len(record.approvals),
            needed=needed,
        )
        return
    whole = _combined(record, approval)
    data: dict[str, JsonValue] = {"approvers": [a.approver for a in record.approvals]} if needed > 1 else {}
    data |= {"grant": grant.grant_id, "granted_by": grant.granted_by} if grant else {}
    if draft_waits(record):
        start_finals(record, whole)
        data["gate"] = "draft"
    elif record.gate == "waiting":
        record.gate = "open"
        if whole.budget_usd is not None:
            record.budget_usd = policies.allowance(record.brief, record.plan, whole, record.spent_usd)
            keep_lowered(record)
        data["gate"] = "stills"
    elif record.assets:
        data |= _approve_again(record, whole)
    else:
        if is_part(record):
            record.allowance = Allowance(planned_usd=record.spent_usd)
        record.approval, record.approved_at = whole, record.clock()
        record.budget_usd = policies.allowance(record.brief, record.plan, whole, record.spent_usd)
        record.assets = {a.asset_id: AssetState() for a in record.plan.assets}
    if whole.allow_unknown_prices:
        for asset in record.plan.assets:
            allow_unknown_prices(record, asset)
    record.status = ProductionStatus.PRODUCING
    record.approvals = ()
    record.log(
        "approved",
        approver=whole.approver,
        plan_digest=whole.plan_digest,
        budget_usd=str(record.budget_usd),
        note=whole.note,
        **data,
    )


def assets_waiting_for_money(record: Record) -> list[str]:
    """Ids of the assets that another approval releases: their price rose, is unknown, or does not fit the budget."""
    return [i for i, s in record.assets.items() if s.attention in FOR_MONEY]


def _approve_again(record: Record, whole: Approval) -> dict[str, JsonValue]:
    """Release what waits for money, up to the named budget; without one, up to the cost of all pending assets, within
    the brief's budget."""
    released = assets_waiting_for_money(record)
    budget = budget_to_approve(record, whole)
    record.budget_usd = budget
    keep_lowered(record)
    for asset_id in released:
        record.update(asset_id, **DECIDED)
    return {"again": True, "assets": list(released), **above_brief(record, budget)}


def above_brief(record: Record, budget_usd: Decimal) -> dict[str, JsonValue]:
    """The brief's budget, for events about a budget above it; otherwise nothing."""
    limit = record.brief.budget_usd
    return {"brief_budget_usd": str(limit)} if limit is not None and budget_usd > limit else {}


def budget_to_approve(record: Record, whole: Approval) -> Decimal:
    """The budget after another approval, USD."""
    if whole.budget_usd is not None:
        return whole.budget_usd
    before = record.budget_usd or ZERO
    return max(before, within_limits(record, max(before, needed_usd(record))))


def budget_to_offer(record: Record) -> Decimal:
    """The budget that another approval may name, to release all that waits, within the brief's; USD."""
    before = record.budget_usd or ZERO
    return max(before, policies.within(record.brief, max(before, needed_usd(record))))


def _combined(record: Record, last: Approval) -> Approval:
    """What all approvals together allow: the lowest budget, and unknown prices where each allows them."""
    named = [a.budget_usd for a in record.approvals if a.budget_usd is not None]
    return last.model_copy(
        update={
            "budget_usd": min(named) if named else None,
            "allow_unknown_prices": all(a.allow_unknown_prices for a in record.approvals),
        }
    )


def missing_languages(record: Record) -> tuple[str, ...]:
    """The languages of the brief that the plan could not add; its warnings say why."""
    return record.brief.languages_beyond(record.plan.cut.languages if record.plan else ())


def approve_by_policy(record: Record, *, exactly: bool = True) -> bool:
    """Release a first draft that costs no more than the brief allows without a person; whether it was released.

    Args:
        exactly: Release what the draft may cost, and not the budget of the brief, which a person has to release.
    """
    limit = record.brief.approval.auto_below_usd
    waits = any(each.waiting_usd for each in record.analyses)  # a person decides about its price
    if (
        limit is None
        or is_part(record)
        or record.plan is None
        or record.plan.unknown_prices
        or record.feedback
        or waits
    ):
        return False
    if missing_languages(record):
        return False
    cost = record.spent_usd + record.plan.high_usd
    if cost > limit or (record.brief.budget_usd is not None and cost > record.brief.budget_usd):
        return False
    note = f"costs at most {cost} USD, and up to {limit} USD need no approval by a person"
    budget = cost if exactly else None
    approval = Approval(plan_digest=record.plan.digest, approver=POLICY, budget_usd=budget, note=note)
    approve_plan(record, approval, by_policy=True)
    return True


# The second gate


def is_gated(record: Record, asset: Asset) -> bool:
    """Whether the asset is a video that costs money, while the stills are not approved yet."""
    closed = record.brief.approval.stills_first and record.gate != "open"
    return closed and asset.asset_type is Modality.VIDEO and bool(asset.high_usd or asset.unknown_price)


def gated_assets(record: Record) -> list[Asset]:
    """The videos that wait for the approval of their stills."""
    if record.plan is None or not record.assets:
        return []
    return [a for a in record.plan.assets if is_gated(record, a) and _to_start(record, a.asset_id)]


def _to_start(record: Record, asset_id: str) -> bool:
    state = record.assets[asset_id]
    return state.status is AssetStatus.PENDING or any(not extra.started for extra in state.extra)


def reset_gate(record: Record) -> None:
    """Discard the approvals at the gate: the takes that they approved have changed."""
    if record.gate == "waiting":
        record.gate, record.approvals = "", ()


def reach_gate(record: Record) -> None:
    """Request the second approval, once for each set of takes: all assets but the videos are made."""
    if record.gate != "waiting":
        record.gate, record.approvals = "waiting", ()
        ids: list[JsonValue] = [a.asset_id for a in gated_assets(record)]
        record.log("needs_attention", reason="stills_to_approve", plan_digest=digest_to_approve(record), assets=ids)


# The draft


def draft_waits(record: Record) -> bool:
    """Whether the finished draft waits for the approval of its finals; the stills of a draft come before."""
    draft = record.plan is not None and bool(record.plan.finals) and record.deliverable is not None
    return record.gate == "waiting" and draft and not gated_assets(record)


def hold_draft(record: Record, deliverable: Deliverable) -> None:
    """Keep the finished draft, and request the approval of the finals."""
    assert record.plan is not None
    record.deliverable = deliverable.model_copy(update={"draft": True, "notes": (NOTE, *deliverable.notes)})
    record.status, record.gate, record.approvals = ProductionStatus.NEEDS_ATTENTION, "waiting", ()
    price = finals_price(record.plan)
    costs: dict[str, JsonValue] = {"low_usd": str(price.low), "high_usd": str(price.high)}
    digest = digest_to_approve(record)
    record.log("needs_attention", reason="draft_to_approve", plan_digest=digest, revision=deliverable.revision, **costs)


# Pauses


def pause_production(record: Record, pause: Pause) -> None:
    record.paused = pause
    record.log("paused", by=pause.paused_by, reason=pause.reason)


def resume_production(record: Record, resume: Resume) -> None:
    record.paused = None
    record.log("resumed", by=resume.resumed_by)


def is_held_back(record: Record) -> bool:
    """Whether a pause keeps an asset from being started."""
    return record.paused is not None and is_unfinished(record)


def is_unfinished(record: Record) -> bool:
    """Whether a take is to be made, or being made."""
    making = (AssetStatus.PENDING, AssetStatus.GENERATING)
    return any(s.extra or (s.status in making and not s.attention) for s in record.assets.values())
