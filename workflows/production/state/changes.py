"""Decisions about takes, plan and budget after the approval, and the end: each change logs its event. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from workflows.events import (
    AssetState,
    AssetStatus,
    ExtraTake,
    ProductionStatus,
    TakeOrder,
)
from workflows.models import ZERO, Deliverable, Plan, Take
from workflows.production.state import staleness
from workflows.production.state.approvals import DECIDED, above_brief, draft_waits, gated_assets, reset_gate
from workflows.production.state.budget import (
    allow_unknown_prices,
    book_bill,
    doubt_usd,
    left_usd,
    maker_of,
    price_usd,
    to_make_usd,
)
from workflows.production.state.checked import best_of
from workflows.production.state.record import Record
from workflows.production.state.stale_takes import follow_script, mark_all_stale, mark_stale
from workflows.production.state.take_numbers import number_after
from workflows.production.state.takes import (
    assets_in_attention,
    complete_take,
    release_held,
    reopen,
    request_decision,
    usable_take,
)
from workflows.requests import Rejection

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetCancelled


# What people decide


def reject_plan(record: Record, rejection: Rejection) -> None:
    """End the production; what was delivered before the second gate stays delivered, without the new video."""
    gate = "draft" if draft_waits(record) else "stills"
    at_gate: dict[str, JsonValue] = {"gate": gate} if record.gate == "waiting" else {}
    record.log("rejected", rejecter=rejection.rejecter, reason=rejection.reason, **at_gate)
    if at_gate and record.deliverable and not record.deliverable.draft:
        for asset in gated_assets(record):
            leave_out(record, asset.asset_id, by=rejection.rejecter)
        record.status = ProductionStatus.PRODUCING
    else:
        record.status = ProductionStatus.REJECTED
    reset_gate(record)


def leave_out(record: Record, asset_id: str, *, drop: bool = False, **data: JsonValue) -> None:
    """Go on without the missing take: with an earlier one where there is one, otherwise without the asset.

    Args:
        drop: Go on without the asset although there is a take of it; the take stays, and can be selected again.
    """
    _book_doubt(record, asset_id)
    before = record.assets[asset_id]
    refused = before.attention == "below_score"  # by its score, and now by a person
    best = None if refused else best_of(before.takes)
    selected = before.selected or (best.number if best else 0)
    status = AssetStatus.COMPLETED if selected and not drop else AssetStatus.CANCELLED
    record.update(
        asset_id,
        status=status,
        selected=selected,
        attention=None,
        waiting=None,
        order=None,
        **_numbers_after(before),
    )
    record.log("asset_cancelled", asset_id, **data)
    reset_gate(record)
    if status is AssetStatus.COMPLETED:
        _accept_as_is(record, asset_id)
        mark_stale(record, asset_id, with_dependents=False)
        follow_script(record)


def _book_doubt(record: Record, asset_id: str) -> None:
    """Count a submission in doubt as billed."""
    if record.assets[asset_id].attention == "ambiguous_submission":
        before, asset = record.assets[asset_id], record.find(asset_id)
        doubtful = doubt_usd(record, asset_id)
        record.spent_usd += doubtful
        booked = before.booked_usd + doubtful
        record.update(asset_id, booked_usd=booked)
        if asset:
            maker = asset.made_by(before.model)
            given_up = ExtraTake(number=before.next_take, asset=maker, started=True, booked_usd=booked)
            record.update(asset_id, lost=(*before.lost, given_up))


def queue_takes(record: Record, asset_id: str, count: int = 1) -> None:
    """Queue new takes of an asset; the selected take stays in use until the last new one is made."""
    before, asset = record.assets[asset_id], record.find(asset_id)
    first = next_take_number(record, asset_id)
    last = first + count - 1
    extra = [ExtraTake(number=number, asset=asset) for number in range(first, last) if asset]
    record.update(
        asset_id,
        **{**_numbers_after(before), **DECIDED, "next_take": last},
        status=AssetStatus.PENDING,
        extra=(*before.extra, *extra),
        order=None,
        model=0,
        made_with={},
        seconds=None,
        cancelled=None,
        job_id=None,
    )
    reopen(record)


def continue_take(record: Record, asset_id: str, adopt_job_id: str | None) -> None:
    """Continue the same take, as a person decided: with the job that runs, or by one more submission.

    One more submission books the one in doubt as if it was billed, as its ledger does.
    """
    if adopt_job_id is None and record.assets[asset_id].attention == "ambiguous_submission":
        doubtful = doubt_usd(record, asset_id)
        record.spent_usd += doubtful
        record.update(asset_id, booked_usd=record.assets[asset_id].booked_usd + doubtful)
    about = waiting.job_id if (waiting := record.assets[asset_id].waiting) else None
    order = TakeOrder(number=len(record.events), adopt_job_id=adopt_job_id, about_job_id=about)
    # An adopted job costs no more than what is reserved for it.
    status = AssetStatus.PENDING if adopt_job_id is None else AssetStatus.GENERATING
    record.update(asset_id, status=status, order=order, **DECIDED)
    reopen(record)


def next_take_number(record: Record, asset_id: str) -> int:
    """The number of the next take: a take that was started keeps its number."""
    before = record.assets[asset_id]
    return number_after(before, before.next_take if _is_started(before) else before.next_take - 1)


def use_upload(record: Record, asset_id: str, take: Take, actor: str) -> None:
    """Use a person's own file; takes that were made or failed before stay in the record."""
    record.update(asset_id, **_numbers_after(record.assets[asset_id]))
    complete_take(record, asset_id, take, by=actor, note=take.note)
    reopen(record)


def select_take(record: Record, asset_id: str, number: int, **data: JsonValue) -> None:
    _book_doubt(record, asset_id)
    numbers = _numbers_after(record.assets[asset_id])
    record.update(
        asset_id,
        selected=number,
        status=AssetStatus.COMPLETED,
        order=None,
        **DECIDED,
        **numbers,
    )
    _accept_as_is(record, asset_id)
    record.log("take_selected", asset_id, take=number, **data)
    mark_stale(record, asset_id, with_dependents=True)
    follow_script(record)
    reopen(record)


def replace_plan(
    record: Record, plan: Plan, dropped: Mapping[str, str], *, allow_unknown: bool, **data: JsonValue
) -> None:
    """Change the plan after the approval: new assets are made, changed ones become stale, dropped ones are left out.
    A pending asset that costs more than was approved waits for the approvers.

    Args:
        dropped: Asset -> who left it out.
        allow_unknown: The editor may release money, and allows prices that are not published.
    """
    before, costs = record.plan, {i: price_usd(record, i) for i in record.assets}
    record.plan = plan
    record.log("plan_edited", plan_digest=plan.digest, **data)
    added = [a.asset_id for a in plan.assets if a.asset_id not in record.assets]
    record.assets = {a.asset_id: record.assets.get(a.asset_id, AssetState()) for a in plan.assets}
    for asset_id, actor in dropped.items():
        leave_out(record, asset_id, drop=True, by=actor)
    pending = [a for a in plan.assets if record.assets[a.asset_id].status is AssetStatus.PENDING]
    if allow_unknown:
        for asset in pending:
            allow_unknown_prices(record, asset)
    record.approvals = ()
    _hold_what_costs_more(
        record, [a.asset_id for a in pending if price_usd(record, a.asset_id) > costs.get(a.asset_id, ZERO)]
    )
    mark_all_stale(record, [a.asset_id for a in plan.assets])
    moved = before is None or [a.asset_id for a in before.assets] != [a.asset_id for a in plan.assets]
    shown = before and (before.title, before.cut) != (plan.title, plan.cut)
    if added or dropped or moved or shown:
        reopen(record)


def request_approval_of_languages(record: Record, added: Collection[str]) -> None:
    """Make the narrations of languages that an edit has added, after an approval of their texts if they cost money."""
    spoken = [a for a in record.plan.assets if a.language in added] if record.plan else []
    for asset in spoken:
        if record.assets[asset.asset_id].status is AssetStatus.CANCELLED:
            queue_takes(record, asset.asset_id)
        price = price_usd(record, asset.asset_id)
        if record.assets[asset.asset_id].status is AssetStatus.PENDING and (price or asset.unknown_price):
            message = (
                f"it speaks {asset.language}, which an edit has added, and costs up to {price} USD; read its text, "
                "then approve the plan again, edit it, or remove the language"
            )
            request_decision(record, asset.asset_id, "change_to_approve", message)


def _hold_what_costs_more(record: Record, raised: list[str]) -> None:
    """Where the pending assets no longer fit the budget, let those of `raised` wait for the approvers."""
    short = to_make_usd(record) - left_usd(record)
    for asset_id in assets_in_attention(record):
        asset = record.find(asset_id)
        if asset and asset.language:  # a person has to read it first
            continue
        if short <= 0 and record.assets[asset_id].attention == "change_to_approve":
            record.log("attention_withdrawn", asset_id, reason="change_to_approve")
            record.update(asset_id, **DECIDED)
    if short > 0:
        for asset_id in raised:
            price = price_usd(record, asset_id)
            message = (
                f"it costs up to {price} USD now, which takes the plan above what was approved; approve it again, "
                "edit it, or go on without"
            )
            request_decision(record, asset_id, "change_to_approve", message, f"{short} USD above it")


def _accept_as_is(record: Record, asset_id: str) -> None:
    """A person accepts this take for the asset as the plan has it now, whatever it was made from."""
    if asset := record.find(asset_id):
        record.update(asset_id, settled=staleness.spec(asset))


def raise_budget(record: Record, budget_usd: Decimal, actor: str) -> None:
    """Raise the budget; the event shows where it is above the brief's."""
    before = record.budget_usd or ZERO
    if budget_usd <= before:
        return
    record.budget_usd, record.lowered_usd = budget_usd, None
    above = above_brief(record, budget_usd)
    record.log("budget_raised", by=actor, budget_usd=str(budget_usd), before_usd=str(before), **above)
    release_held(record)
    _hold_what_costs_more(record, [])  # assets that cost more than was approved may fit now


def lower_budget(record: Record, budget_usd: Decimal, actor: str, reason: str) -> None:
    """Lower the budget. Approvals that were given before and are not complete end: they may have named more."""
    before = record.budget_usd or ZERO
    record.budget_usd = record.lowered_usd = budget_usd
    record.approvals = ()
    record.log("budget_lowered", by=actor, budget_usd=str(budget_usd), before_usd=str(before), reason=reason)


# The deliverable


def takes_in_use(record: Record) -> dict[str, int]:
    """The number of the take of each asset from which a deliverable is made."""
    return {i: take.number for i in record.assets if (take := usable_take(record, i))}


def deliver(record: Record, deliverable: Deliverable) -> None:
    record.deliverable, record.error, record.paused = deliverable, None, None
    record.status = ProductionStatus.DELIVERED
    record.log(
        "done",
        revision=deliverable.revision,
        files=[f.name for f in deliverable.files],
        cost_usd=str(record.spent_usd),
        notes=list(deliverable.notes),
    )


# Cancelling

MAX_CANCEL_REASON_CHARS: Final = 500
"""Of the reason in the event log; one from Temporal's UI may have any length."""


def cancel_production(record: Record, stopped: "Mapping[tuple[str, int], AssetCancelled]", reason: str = "") -> None:
    """End what is not made. A production that was delivered before stays delivered, as it was.

    Args:
        stopped: The results of stopping the takes that cost money, by asset and number.
        reason: Of the request, as Temporal has it: the API's has the name of the caller.
    """
    made = record.deliverable
    delivered = made if made and not made.draft else None
    for (asset_id, number), end in stopped.items():
        before, asset = record.assets[asset_id], record.find(asset_id)
        extra = next((e for e in before.extra if e.number == number), None)
        if extra:
            book_bill(record, extra.asset, end.billed_usd, extra.booked_usd, end.earlier)
        elif asset:
            book_bill(record, maker_of(record, asset), end.billed_usd, before.booked_usd, end.earlier)
            if before.attention:  # its ledger has the end of the submission in doubt
                known = {"cancelled": end.outcome, "job_id": end.job_id, "booked_usd": end.billed_usd}
                record.update(asset_id, attention=None, waiting=None, **known)
    for asset_id, state in record.assets.items():
        ends = [end for (each, _), end in stopped.items() if each == asset_id]
        unfinished = bool(state.extra) or state.status in (AssetStatus.PENDING, AssetStatus.GENERATING)
        ended = unfinished or (delivered is not None and state.status is AssetStatus.FAILED)
        if state.attention == "ambiguous_submission":
            record.update(asset_id, cancelled="running", job_id=state.waiting.job_id if state.waiting else None)
            if not ended:  # otherwise it is left out, which books the doubt
                _book_doubt(record, asset_id)
        if ended:
            _end_asset(record, asset_id, ends)
        record.update(asset_id, attention=None, waiting=None)  # nothing of a closed production waits for a person
    if record.status.closed:
        return
    if delivered is None:
        record.status = ProductionStatus.CANCELLED
    else:
        record.status = ProductionStatus.DELIVERED
        for asset_id, number in delivered.takes.items():
            if record.assets[asset_id].selected != number:
                record.update(asset_id, selected=number)
                record.log("take_selected", asset_id, take=number)
                mark_stale(record, asset_id, with_dependents=True)
    record.log("cancelled", cost_usd=str(record.spent_usd), **({"reason": reason} if reason else {}))


def _end_asset(record: Record, asset_id: str, ends: "list[AssetCancelled]") -> None:
    """Leave out what was being made of an asset; the event shows the take that may still cost most."""
    order = ("running", "stopped", "billed", "free")
    worst = min(ends, key=lambda end: order.index(end.outcome), default=None)
    details = worst.model_dump(mode="json", exclude={"earlier"}, exclude_defaults=True) if worst else {}
    leave_out(record, asset_id, **details)
    record.update(
        asset_id,
        extra=(),
        cancelled=worst.outcome if worst else record.assets[asset_id].cancelled or "free",
        job_id=worst.job_id if worst else record.assets[asset_id].job_id,
    )


def _is_started(state: AssetState) -> bool:
    return state.status in (AssetStatus.FAILED, AssetStatus.GENERATING) or state.order is not None


def _numbers_after(state: AssetState) -> dict[str, object]:
    """A take that was started keeps its number and its ledger; the next one gets another."""
    ended: dict[str, object] = {"judging": False, "refinement": None}
    if not _is_started(state):
        return ended
    return {**ended, "next_take": number_after(state, state.next_take), "booked_usd": ZERO}
