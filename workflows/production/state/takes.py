"""The takes of a production, from their start to the end: each change logs its event. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import JsonValue

from workflows.continuity.lengths import chosen_length
from workflows.events import AssetStatus, AttentionReason, ExtraTake, ProductionStatus, Waiting
from workflows.models import ZERO, Asset, Take
from workflows.production.state import staleness
from workflows.production.state.approvals import DECIDED, MAX_MESSAGE_CHARS, abridged, is_gated, reset_gate
from workflows.production.state.budget import (
    book_bill,
    extra_usd,
    learned_of,
    left_usd,
    maker_of,
    price_usd,
    verdict_usd,
)
from workflows.production.state.checked import findings_data, with_take
from workflows.production.state.record import Record
from workflows.production.state.stale_takes import follow_script, mark_stale
from workflows.production.state.take_numbers import book_again, number_after

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetFailure

_REPLACEABLE = frozenset({"asset_failed", "output_unusable", "model_retired"})
"""Failures after which another model may make the asset; a person decides about refused content and doubts."""
_OF_THE_ACCOUNT = frozenset({"authentication_failed", "quota_exhausted"})
"""Failures of a key or a balance: most likely every model of the provider fails with them."""


def assets_in_attention(record: Record) -> list[str]:
    """Ids of the assets that wait for a person."""
    return [i for i, s in record.assets.items() if s.attention]


def assets_to_start(record: Record) -> Iterator[Asset]:
    """The assets to start, in plan order: first those that an earlier run was making, then those with all inputs."""
    assets = record.plan.assets if record.plan and record.assets else ()
    states, generating, pending = record.assets, AssetStatus.GENERATING, AssetStatus.PENDING
    for asset in assets:
        if states[asset.asset_id].status is generating:
            yield asset
    for asset in assets:
        state = states[asset.asset_id]
        if state.status is not pending or state.attention or record.paused or is_gated(record, asset):
            continue
        if inputs_ready(record, asset):
            yield asset


def inputs_ready(record: Record, asset: Asset) -> bool:
    """Whether all inputs of the asset are made, or were left out by a person's decision."""
    done = (AssetStatus.COMPLETED, AssetStatus.CANCELLED)
    made = (i for i in asset.depends_on if i not in record.brief.reference_ids)
    return all(record.assets[i].status in done for i in made)


def extras_to_start(record: Record) -> Iterator[tuple[str, ExtraTake]]:
    """The further takes to make: those that an earlier run started, and those that nothing holds back."""
    for asset in record.plan.assets if record.plan and record.assets else ():
        free = not record.paused and not is_gated(record, asset) and inputs_ready(record, asset)
        for extra in record.assets[asset.asset_id].extra:
            if extra.started or free:
                yield asset.asset_id, extra


def start_take(record: Record, asset: Asset) -> None:
    """Mark the asset as being made. After continue-as-new it is marked already: then nothing is logged again."""
    before = record.assets[asset.asset_id]
    if before.status is not AssetStatus.GENERATING:
        book_again(record, asset.asset_id, before.next_take)
        made_with = before.made_with if before.order else _inputs_in_use(record, asset)
        seconds = before.seconds if before.order else chosen_seconds(record, asset)
        given = {"made_with": made_with, "seconds": seconds}
        record.update(asset.asset_id, status=AssetStatus.GENERATING, error=None, **given)
        made: dict[str, JsonValue] = {"take": before.next_take, "provider": asset.provider, "model": asset.model}
        quote = asset.quote
        job: dict[str, JsonValue] = {"job": True} if quote and quote.job else {}
        paid: dict[str, JsonValue] = {"paid": True} if quote and (quote.high_usd or quote.unknown) else {}
        length: dict[str, JsonValue] = {} if seconds is None else {"seconds": seconds}
        record.log("asset_start", asset.asset_id, **made, **job, **paid, **length)


def _inputs_in_use(record: Record, asset: Asset) -> dict[str, int]:
    """The inputs of a take that starts now: they stay the same whichever takes are selected until it is made."""
    used = {i: usable_take(record, i) for i in asset.depends_on if i in record.assets}
    return {i: take.number for i, take in used.items() if take}


def chosen_seconds(record: Record, asset: Asset) -> float | None:
    """The length that the narrations in use choose for a shot; None where there is nothing to choose."""
    return chosen_length(record.plan, record.assets, asset) if record.plan else None


def complete_take(record: Record, asset_id: str, take: Take, use: Take | None = None, **data: JsonValue) -> None:
    """Add the take and use it, or another one of the asset."""
    before, asset, used = record.assets[asset_id], record.find(asset_id), use or take
    if asset:
        book_bill(record, maker_of(record, asset), take.billed_usd, before.booked_usd)
    record.update(
        asset_id,
        status=AssetStatus.COMPLETED,
        takes=with_take(before.takes, with_origin(record, asset_id, take)),
        selected=used.number,
        next_take=number_after(before, take.number),
        booked_usd=ZERO,
        judging=False,
        refinement=None,
        settled={},
        corrected=(),
        order=None,
        made_with={},
        seconds=None,
        **DECIDED,
    )
    record.log("asset_complete", asset_id, **_summary_of(used), **data)
    mark_stale(record, asset_id, with_dependents=bool(before.takes))
    if before.settled or (asset and asset.composed):  # a take that was accepted as it is had words of its own
        follow_script(record)


def start_extra(record: Record, asset_id: str, number: int) -> None:
    book_again(record, asset_id, number)
    extra = record.assets[asset_id].extra
    begun = tuple(e.model_copy(update={"started": True}) if e.number == number else e for e in extra)
    record.update(asset_id, extra=begun)


def complete_extra(record: Record, asset_id: str, take: Take) -> None:
    """Add a further take, to choose from; the take in use does not change."""
    before = record.assets[asset_id]
    extra = next((e for e in before.extra if e.number == take.number), None)
    if extra:
        book_bill(record, extra.asset, take.billed_usd, extra.booked_usd)
    known = with_origin(record, asset_id, take, extra.asset if extra else None)
    takes = sorted((*before.takes, known), key=lambda t: t.number)
    record.update(asset_id, takes=tuple(takes), extra=without(before.extra, take.number))
    record.log("asset_complete", asset_id, **_summary_of(take), extra=True)
    if extra and extra.asset.composed:
        follow_script(record)


def fail_extra(record: Record, asset_id: str, number: int, failure: "AssetFailure") -> None:
    """Drop a further take that failed: no decision is requested, and what may have been billed counts as billed."""
    extra = record.assets[asset_id].extra
    for each in extra:
        if each.number == number:
            book_bill(record, each.asset, failure.billed_usd, each.booked_usd, failure.earlier)
    record.spent_usd += failure.doubt_usd
    record.update(asset_id, extra=without(extra, number))
    if failure.reason == "ambiguous_submission":
        booked = failure.billed_usd + failure.doubt_usd
        given_up = (e.model_copy(update={"booked_usd": booked}) for e in extra if e.number == number)
        record.update(asset_id, lost=(*record.assets[asset_id].lost, *given_up))
    if extra:
        keep_rejected(record, asset_id, failure, next((e.asset for e in extra if e.number == number), None))
    details = failure.model_dump(mode="json", exclude={"message", "rejected", "earlier"}, exclude_defaults=True)
    evidence = findings_data(failure.rejected)
    record.log("take_failed", asset_id, take=number, message=abridged(failure.message), **details, **evidence)


def keep_rejected(record: Record, asset_id: str, failure: "AssetFailure", requested: Asset | None = None) -> None:
    """Keep a take that failed its checks, unselected: a person may use it anyway."""
    if failure.rejected:
        take = with_origin(record, asset_id, failure.rejected, requested)
        record.update(asset_id, takes=with_take(record.assets[asset_id].takes, take))


def with_origin(record: Record, asset_id: str, take: Take, requested: Asset | None = None) -> Take:
    """The take with the digests of its inputs."""
    asset = requested or (record.find(asset_id))
    if asset is None:
        return take
    return take.model_copy(update={"made_from": staleness.made_from(asset, take, record.assets)})


def requeue_at_new_price(record: Record, asset_id: str, failure: "AssetFailure") -> None:
    """Queue again what was not submitted because the model costs more by now than was reserved."""
    asset = record.find(asset_id)
    if asset:
        _learn(record, asset.made_by(record.assets[asset_id].model), failure)
    record.update(asset_id, status=AssetStatus.PENDING)


def requeue_extra_at_new_price(record: Record, asset_id: str, number: int, failure: "AssetFailure") -> bool:
    """The same for a further take; False where the budget does not hold it at that price."""
    extra = next((e for e in record.assets[asset_id].extra if e.number == number), None)
    if extra is None or failure.now_usd is None or (extra.asset.quote and failure.now_usd <= _take_usd(record, extra)):
        return False
    _learn(record, extra.asset, failure)
    return left_usd(record) >= ZERO


def _take_usd(record: Record, extra: ExtraTake) -> Decimal:
    """What is reserved for the take itself, without its verdict."""
    return extra_usd(record, extra) - verdict_usd(extra.asset)


def _learn(record: Record, maker: Asset, failure: "AssetFailure") -> None:
    known = learned_of(record, maker)
    if maker.quote and failure.now_usd is not None and failure.now_usd > known.price(maker.quote):
        record.learned[f"{maker.provider}/{maker.model}"] = known.with_bill(maker.quote, failure.now_usd)


def fail_take(record: Record, asset_id: str, failure: "AssetFailure") -> None:
    before, asset = record.assets[asset_id], record.find(asset_id)
    if asset:
        book_bill(record, asset.made_by(before.model), failure.billed_usd, before.booked_usd, failure.earlier)
    message = abridged(failure.message)
    kept = f"; take {failure.rejected.number} is kept: select it to use it anyway" if failure.rejected else ""
    record.update(
        asset_id,
        status=AssetStatus.FAILED,
        # The bills of a rejected take are in the take.
        booked_usd=ZERO if failure.rejected else failure.billed_usd,
        error=abridged(failure.message, MAX_MESSAGE_CHARS - len(kept)) + kept,
        error_kind=failure.kind,
        order=None,
    )
    keep_rejected(record, asset_id, failure)
    details = failure.model_dump(
        mode="json",
        exclude={"reason", "message", "job_id", "replacement", "resubmit", "rejected", "earlier"},
        exclude_defaults=True,
    )
    evidence = findings_data(failure.rejected)
    record.log("asset_failed", asset_id, reason=failure.reason, message=message, **details, **evidence)
    record.log("needs_attention", asset_id, reason=failure.reason, job_id=failure.job_id)
    wait_for_decision(
        record,
        asset_id,
        failure.reason,
        job_id=failure.job_id,
        replacement=failure.replacement[:5],
        doubt_usd=failure.doubt_usd,
    )


def wait_for_decision(record: Record, asset_id: str, reason: AttentionReason, **known: object) -> None:
    """Record the reason; the asset waits since the newest event."""
    event = record.events[-1]
    waiting = Waiting.model_validate({"id": event.id, "since": event.at, **known})
    record.update(asset_id, attention=reason, waiting=waiting)


def accept_late_answer(record: Record, asset_id: str, take: int) -> bool:
    """A take in doubt was answered after all, late: its ledger is read again; False where nothing changes.

    The attention item is withdrawn where it still waits. A take that was given up meanwhile becomes a further take, to
    choose from, and costs what was billed.
    """
    state = record.assets.get(asset_id)
    if state is None:
        return False
    if given_up := [e for e in state.lost if e.number == take]:
        found = (e.model_copy(update={"started": True, "given_up": True}) for e in given_up)
        record.update(asset_id, extra=(*state.extra, *found), lost=without(state.lost, take))
        record.log("attention_withdrawn", asset_id, reason="ambiguous_submission", take=take)
        reopen(record)
        return True
    if state.attention != "ambiguous_submission" or state.next_take != take:
        return False
    record.log("attention_withdrawn", asset_id, reason="ambiguous_submission", take=take)
    # Its price is spent or reserved already: the budget is not checked again.
    record.update(asset_id, status=AssetStatus.GENERATING, **DECIDED)
    return True


def keep_proposal(record: Record, asset_id: str, number: int, prompt: str) -> None:
    """Keep a prompt that a person may accept, where the same attention item still waits."""
    waiting = record.assets[asset_id].waiting
    if prompt and waiting and waiting.id == number:
        record.update(asset_id, waiting=waiting.model_copy(update={"proposal": prompt}))
        record.log("prompt_proposed", asset_id, attention=number)


def use_fallback(record: Record, asset_id: str, failure: "AssetFailure") -> bool:
    """Queue the asset for its next model, where it has one and the failure cost nothing; otherwise change nothing.

    A person decides about refused content, a submission in doubt, and a take that a person ordered.
    """
    before, asset = record.assets[asset_id], record.find(asset_id)
    billed = failure.billed_usd or failure.maybe_billed
    free = failure.reason in _REPLACEABLE and not (billed or failure.flagged) and before.order is None
    if asset is None or not free:
        return False
    account = failure.kind in _OF_THE_ACCOUNT
    barred = asset.made_by(before.model).provider if account else None
    behind = enumerate(asset.fallbacks[before.model :], start=before.model + 1)
    number, other = next(((n, a) for n, a in behind if a.provider != barred), (0, None))
    if other is None:
        return False
    following = number_after(before, before.next_take)
    record.update(asset_id, status=AssetStatus.PENDING, model=number, next_take=following)
    record.log(
        "asset_fallback",
        asset_id,
        provider=other.provider,
        model=other.model,
        kind=failure.kind,
        message=abridged(failure.message),
    )
    return True


def providers_in_use(record: Record) -> list[str]:
    """The names of the providers that make the assets now, fallbacks included, sorted."""
    tried = {asset_id: state.model for asset_id, state in record.assets.items() if state.model}
    assets = record.plan.assets if record.plan else ()
    return sorted({a.made_by(tried.get(a.asset_id, 0)).provider for a in assets})


def hold_for_budget(record: Record, asset_id: str, left: Decimal, price: Decimal) -> None:
    """Request a decision because the price does not fit what is left of the budget."""
    asset = record.find(asset_id)
    message = "its price does not fit what is left of the budget; raise the budget or go on without"
    reason: AttentionReason = "budget_short"
    if asset and price > asset.high_usd + verdict_usd(asset) and not asset.unknown_price:
        reason = "overrun"
        message = f"its model charges more than its published {asset.high_usd} USD, and {message}"
    request_decision(record, asset_id, reason, message, f"up to {price} USD, and {max(left, ZERO)} USD were left")


def request_decision(
    record: Record, asset_id: str, reason: AttentionReason, message: str, amounts_now: str = ""
) -> None:
    """Let the asset wait for a person before it is started.

    Args:
        message: True as long as the asset waits.
        amounts_now: What changes while it waits, such as what is left of the budget: for the event only.
    """
    record.update(asset_id, error=abridged(message))
    logged = f"{message} ({amounts_now})" if amounts_now else message
    record.log("needs_attention", asset_id, reason=reason, message=abridged(logged))
    wait_for_decision(record, asset_id, reason)


def release_held(record: Record) -> None:
    """Withdraw the items of assets that waited for money where the budget holds their price now."""
    for asset_id in assets_in_attention(record):
        if record.assets[asset_id].attention in ("budget_short", "overrun"):
            if price_usd(record, asset_id) > left_usd(record):
                continue
            record.log("attention_withdrawn", asset_id, reason=record.assets[asset_id].attention)
            record.update(asset_id, **DECIDED)


def reopen(record: Record) -> None:
    """Go on producing after a delivery."""
    reset_gate(record)
    if record.status is ProductionStatus.DELIVERED:
        record.status = ProductionStatus.PRODUCING


def usable_take(record: Record, asset_id: str) -> Take | None:
    """The take from which other assets and the deliverable are made; None where the asset was left out."""
    state = record.assets[asset_id]
    return None if state.status is AssetStatus.CANCELLED else state.take


def without(extra: tuple[ExtraTake, ...], number: int) -> tuple[ExtraTake, ...]:
    return tuple(e for e in extra if e.number != number)


def _summary_of(take: Take) -> dict[str, JsonValue]:
    data: dict[str, JsonValue] = {
        "take": take.number,
        "cost_usd": str(take.cost_usd),
        "cost_source": take.cost_source,
        "media_type": take.media.media_type,
    }
    if take.media.duration_seconds is not None:
        data["duration_seconds"] = take.media.duration_seconds
    reused: dict[str, JsonValue] = {"reused": take.reused.model_dump(mode="json")} if take.reused else {}
    return data | reused | findings_data(take)
