"""What a production may still spend: prices, and what is reserved for takes under way or in doubt. USD. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from workflows.events import AssetStatus, ExtraTake
from workflows.models import ZERO, Asset, Charges
from workflows.prices import EarlierRequest
from workflows.production.state import policies
from workflows.production.state.record import Record


def left_usd(record: Record, budget_usd: Decimal | None = None) -> Decimal:
    """What may still be reserved: the budget less what is spent, and less what takes under way or in doubt may cost.

    Args:
        budget_usd: A higher budget that a request names.
    """
    budget = record.budget_usd or ZERO if budget_usd is None else budget_usd
    return within_allowance(record, budget) - record.spent_usd - held_usd(record)


def is_part(record: Record) -> bool:
    """Whether it belongs to a series, which grants what it may spend."""
    return record.batch is not None and record.batch.series


def within_allowance(record: Record, usd: Decimal) -> Decimal:
    """At most what its series has granted, for a part of a series."""
    if not is_part(record):
        return usd
    return min(usd, record.allowance.usd if record.allowance else ZERO)


def within_limits(record: Record, usd: Decimal) -> Decimal:
    """A budget that no request names, USD: at most that of the brief, of its policy, and to which it was lowered."""
    most = policies.within(record.brief, usd)
    return most if record.lowered_usd is None else min(most, record.lowered_usd)


def was_lowered(record: Record, before: Decimal | None) -> bool:
    """Whether a person has lowered the budget since it was `before`, USD. Without a person, that of a part of a series
    may become lower too: it is what the series has granted."""
    return record.lowered_usd is not None and (record.budget_usd or ZERO) < (before or ZERO)


def keep_lowered(record: Record) -> None:
    """Follow a budget that an approval named: a lower one than a person's takes its place, and a higher one ends it."""
    if record.lowered_usd is not None:
        budget = record.budget_usd or ZERO
        record.lowered_usd = budget if budget <= record.lowered_usd else None


def needed_usd(record: Record) -> Decimal:
    """The most that it costs to make all pending assets, with what is spent and held."""
    return record.spent_usd + held_usd(record) + to_make_usd(record)


def held_usd(record: Record) -> Decimal:
    """What takes under way or in doubt, and questions to language models, may cost."""
    held = record.questions_usd
    for asset_id, state in record.assets.items():
        if state.status is AssetStatus.GENERATING:
            held += price_usd(record, asset_id)
        elif state.attention == "ambiguous_submission":
            held += doubt_usd(record, asset_id)
        held += sum((extra_usd(record, e) for e in state.extra), ZERO)
    return held


def returnable_usd(record: Record) -> Decimal:
    """Of what is held, the most that may be returned without a decision or a failure: takes under way may cost less
    than their high price, and a verdict nothing."""
    back = record.questions_usd
    for asset, number in takes_in_progress(record):
        state, quote = record.assets[asset.asset_id], asset.quote
        made = state.judging and number == state.next_take
        back += verdict_usd(asset)
        back += ZERO if quote is None or made else max(learned_of(record, asset).price(quote) - quote.low_usd, ZERO)
    return back


# Prices


def learned_of(record: Record, asset: Asset) -> Charges:
    return record.learned.get(f"{asset.provider}/{asset.model}", Charges())


def verdict_usd(asset: Asset) -> Decimal:
    """The most that one verdict about a take of the asset may cost."""
    return asset.review.high_usd if asset.review else ZERO


def reserve_usd(record: Record, asset: Asset) -> Decimal:
    """The most that one take with its verdict may cost, with any of the asset's models, by their quotes and what they
    have charged."""
    known = (record.learned.get(name, Charges()).price(quote) for name, quote in asset.quotes)
    return max(known, default=ZERO) + verdict_usd(asset)


def maker_of(record: Record, asset: Asset) -> Asset:
    """The asset as its next take is made: by the model in use, and with the prompt and price of a refinement."""
    state = record.assets[asset.asset_id]
    maker, refinement, quote = asset.made_by(state.model), state.refinement, asset.made_by(state.model).quote
    if refinement is None:
        return maker
    if quote and asset.review:
        quote = quote.model_copy(update={"high_usd": max(quote.high_usd, asset.review.retake_usd)})
    return maker.model_copy(update={"prompt": refinement.prompt, "quote": quote})


def extra_usd(record: Record, extra: ExtraTake) -> Decimal:
    """The most that a further take may cost, as it was requested."""
    quote = extra.asset.quote
    return (learned_of(record, extra.asset).price(quote) if quote else ZERO) + verdict_usd(extra.asset)


def price_usd(record: Record, asset_id: str) -> Decimal:
    """The most that the next take of the asset may cost with its verdict, or the verdict alone where the take is made;
    of an unpublished price, what it has cost in this production."""
    asset, state = record.find(asset_id), record.assets.get(asset_id)
    if asset is None:
        return ZERO
    if state and state.judging:
        return verdict_usd(asset)
    price = reserve_usd(record, asset)
    if state and state.refinement and (quote := (maker := maker_of(record, asset)).quote):
        price = max(price, learned_of(record, maker).price(quote) + verdict_usd(asset))
    return price


def doubt_usd(record: Record, asset_id: str) -> Decimal:
    """What a submission in doubt counts for, by its ledger."""
    waiting = record.assets[asset_id].waiting
    return waiting.doubt_usd if waiting else ZERO


def to_make_usd(record: Record) -> Decimal:
    """The most that all pending assets cost, with those that wait for money."""
    pending = (i for i, s in record.assets.items() if s.status is AssetStatus.PENDING)
    return sum((price_usd(record, i) for i in pending), ZERO)


def spare_usd(record: Record) -> Decimal:
    """What is left beyond what all assets may cost that are not made, because they are pending or failed: questions to
    language models do not use their money."""
    unmade = (i for i, s in record.assets.items() if s.status in (AssetStatus.PENDING, AssetStatus.FAILED))
    return left_usd(record) - sum((price_usd(record, i) for i in unmade), ZERO)


def second_bill_short(record: Record, asset_id: str) -> bool:
    """Whether the budget does not hold one more submission of a take in doubt."""
    return price_usd(record, asset_id) > left_usd(record)


def needs_more_budget(record: Record, asset_id: str) -> bool:
    """Whether the asset waits for a higher budget."""
    state = record.assets[asset_id]
    if state.attention == "ambiguous_submission":
        return second_bill_short(record, asset_id)
    return state.attention in ("budget_short", "overrun", "change_to_approve")


def can_raise_budget(record: Record) -> bool:
    """Whether the policy leaves room for a higher budget."""
    most = record.brief.approval.max_budget_usd
    return most is None or (record.budget_usd or ZERO) < most


# Unpublished prices


def disallowed_models(record: Record, asset: Asset) -> tuple[str, ...]:
    """provider/model of the asset's models whose price is unknown and not allowed for this asset."""
    state = record.assets.get(asset.asset_id)
    allowed = state.unknown_allowed if state else ()
    return tuple(name for name, quote in asset.quotes if quote.unknown and name not in allowed)


def allow_unknown_prices(record: Record, asset: Asset) -> None:
    """Allow spending on the asset's models without a published price."""
    known = record.assets[asset.asset_id].unknown_allowed
    record.update(asset.asset_id, unknown_allowed=tuple(dict.fromkeys((*known, *disallowed_models(record, asset)))))


def is_model_being_tried(record: Record, maker: Asset, *, further_takes: bool = True) -> bool:
    """Whether the model is making its first take, of this or another asset: its bill shows the price.

    Args:
        maker: An asset as the model makes it.
        further_takes: Further takes count as well.
    """
    names = [(maker.provider, maker.model)]
    making = takes_in_progress(record, further_takes=further_takes)
    return any((a.provider, a.model) in names for a, _ in making) and not any(
        (t.provider, t.model) in names for s in record.assets.values() for t in s.takes
    )


# Takes


def takes_in_progress(record: Record, *, further_takes: bool = True) -> Iterator[tuple[Asset, int]]:
    """The takes that are being made: the asset as the model in use makes it, and the number."""
    for asset_id, state in record.assets.items():
        yield from ((e.asset, e.number) for e in state.extra if e.started and further_takes)
        asset = record.find(asset_id)
        if asset and state.status is AssetStatus.GENERATING:
            yield maker_of(record, asset), state.next_take


def paid_takes_in_progress(record: Record) -> list[tuple[Asset, int]]:
    """The takes that are being made and may cost something."""
    return [(a, n) for a, n in takes_in_progress(record) if may_cost(a)]


def takes_in_doubt(record: Record) -> list[tuple[Asset, int]]:
    """The takes that wait for a decision because a submission may have been billed, in the same form."""
    doubtful = ((i, s) for i, s in record.assets.items() if s.attention == "ambiguous_submission")
    return [(asset.made_by(s.model), s.next_take) for i, s in doubtful if (asset := record.find(i))]


def may_cost(maker: Asset) -> bool:
    """Whether a take may cost something; `maker` is the asset as its model makes it."""
    return maker.quote is not None and bool(maker.quote.high_usd or maker.quote.unknown)


def book_bill(
    record: Record, asset: Asset, billed_usd: Decimal, booked_usd: Decimal, earlier: EarlierRequest | None = None
) -> None:
    """Book the bill of a take, and learn from a bill above its price.

    Args:
        asset: The asset as the model makes it to which the take was submitted.
        billed_usd: The bills of all submissions of the take, by its ledger.
        booked_usd: The part that is booked already, by estimate where a submission was in doubt.
        earlier: The request that was billed instead, of another run that used the number of the take.
    """
    bill = billed_usd - booked_usd
    record.spent_usd += bill
    if earlier:
        asset = asset.model_copy(update={"provider": earlier.provider, "model": earlier.model, "quote": earlier.quote})
        bill = min(bill, earlier.price_usd + earlier.above_usd)
    quote = asset.quote
    if quote is None:
        return
    after = learned_of(record, asset).with_bill(quote, bill)
    if after != learned_of(record, asset):
        record.learned[f"{asset.provider}/{asset.model}"] = after
    if bill > quote.high_usd and not quote.unknown:
        record.overrun_usd += bill - quote.high_usd
        record.log(
            "overrun",
            asset.asset_id,
            provider=asset.provider,
            model=asset.model,
            price_usd=str(quote.high_usd),
            cost_usd=str(bill),
        )
