"""Which models stand behind each asset of a plan, should its own one fail for good."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning import pricing
from activities.providers import selection
from activities.providers.protocol import Provider
from activities.providers.selection import offer_of
from workflows.models import ZERO, Alternative, Asset, Brief, Media, Plan

FALLBACKS: Final = 2


def with_fallbacks(
    plan: Plan,
    brief: Brief,
    providers: Mapping[str, Provider],
    today: date,
    budget_usd: Decimal | None = None,
    references: Sequence[Media] = (),
) -> Plan:
    """The same plan, unpriced, where every asset of a paid model has up to two other models behind it.

    Each is the best-ranked one of its provider that can make the asset as planned, from the same kinds of inputs, and
    at a known price where the asset's own is known. Other providers come first; of the asset's own, which helps less
    often, one that costs no more.

    Args:
        budget_usd: A fallback that could make the plan cost more than this is left out.
    """
    assets = list(plan.assets)
    costs = [_high(plan, a, providers, references) for a in assets] if budget_usd is not None else []
    for at, asset in enumerate(assets):
        provider = providers.get(asset.provider)
        own = offer_of(provider, asset.model, asset.asset_type) if provider else None
        if own is None or own.free:
            continue
        found: list[Alternative] = []
        for each in _alternatives(plan, brief, asset, own, providers, today, references):
            if len(found) == FALLBACKS:
                break
            high = each.quote.high_usd if each.quote else ZERO
            if budget_usd is not None:
                if sum(costs) - costs[at] + max(costs[at], high) > budget_usd:
                    continue
                costs[at] = max(costs[at], high)
            found.append(each.model_copy(update={"quote": None}))
        assets[at] = asset.model_copy(update={"fallbacks": tuple(found)})
    made = Plan.of(plan.title, assets, planner=plan.planner, warnings=plan.warnings)
    return made.model_copy(update={"drafting_usd": plan.drafting_usd})


def _alternatives(
    plan: Plan,
    brief: Brief,
    asset: Asset,
    own: Offer,
    providers: Mapping[str, Provider],
    today: date,
    references: Sequence[Media],
) -> Iterator[Alternative]:
    """One quoted alternative for each provider that can make the asset: the preferred first, the asset's own last."""
    taken = {"previz"}
    cost = _high(plan, asset, providers, references)
    used = own.accepts & {i.asset_type for name in asset.depends_on if (i := plan.find(name))}
    known = brief.known_prices_only
    ranked = selection.ranked(asset.asset_type, providers, today, brief.aspect, known_prices_only=known)
    for offer in sorted(ranked, key=lambda o: o.provider == asset.provider):
        # Behind a known price an unknown one would make the whole plan one that no budget can hold.
        surprising = offer.unknown and not own.unknown
        if offer.provider in taken or surprising or offer == own or not used <= offer.accepts:
            continue
        other = Alternative(provider=offer.provider, model=offer.model, parameters=_kept(asset, offer))
        as_planned = asset.model_copy(update={**other.model_dump(exclude={"quote"}), "fallbacks": ()})
        quoted = _quoted(plan, as_planned, providers, references)
        if quoted is None or (offer.provider == asset.provider and not own.unknown and quoted.high_usd > cost):
            continue
        taken.add(offer.provider)
        yield other.model_copy(update={"quote": quoted.quote})


def _kept(asset: Asset, offer: Offer) -> dict[str, JsonValue]:
    """The parameters that another model has too; a number that it does not take becomes the nearest that it does."""
    kept: dict[str, JsonValue] = {}
    for name, value in asset.parameters.items():
        rule = offer.rules.get(name)
        if name not in offer.parameters or rule is None:
            continue
        if rule.problem(value) is None:
            kept[name] = value
        elif rule.type == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            kept[name] = rule.nearest(value)
    return kept


def _quoted(plan: Plan, asset: Asset, providers: Mapping[str, Provider], references: Sequence[Media]) -> Asset | None:
    """The asset with its price, among what it is made from; None where it cannot be made so."""
    inputs = [i for name in asset.depends_on if (i := plan.find(name))]
    try:
        return pricing.price(Plan.of(plan.title, [asset, *inputs]), providers, references=references).assets[0]
    except ApplicationError:
        return None


def _high(plan: Plan, asset: Asset, providers: Mapping[str, Provider], references: Sequence[Media]) -> Decimal:
    quoted = _quoted(plan, asset.model_copy(update={"fallbacks": ()}), providers, references)
    return quoted.high_usd if quoted else ZERO
