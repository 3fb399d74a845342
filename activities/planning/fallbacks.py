"""The fallbacks of each asset of a plan: other models that make it where its own model fails for good."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning.task import PlanningTask
from activities.providers.selection import find_offer
from workflows.continuity.inputs import inputs_of, made_as
from workflows.continuity.lengths import AT_MOST, PLANNED
from workflows.models import FILM_PARAMETERS, UNSPOKEN_ROLES, ZERO, Alternative, Asset, Plan

FALLBACKS: Final = 2


def with_fallbacks(plan: Plan, task: PlanningTask, budget_usd: Decimal | None = None) -> Plan:
    """The same plan, unpriced, where every asset of a paid model has up to two fallbacks.

    Each is the best-ranked model of its provider that can make the asset as planned, from the same types of inputs, and
    at a known price where the asset's own price is known. Other providers come first. The asset's own provider, which
    helps less often, comes last, with a model that costs no more.

    Args:
        budget_usd: A fallback that could make the plan cost more than this is left out.
    """
    assets = list(plan.assets)
    costs = [_high_usd(plan, a, task) for a in assets] if budget_usd is not None else []
    for at, asset in enumerate(assets):
        provider = task.providers.get(asset.provider)
        own = find_offer(provider, asset.model, asset.asset_type) if provider else None
        if own is None or own.free:
            continue
        found: list[Alternative] = []
        for each in _alternatives(plan, asset, own, task):
            if len(found) == FALLBACKS:
                break
            high = each.quote.high_usd if each.quote else ZERO
            if budget_usd is not None:
                if sum(costs) - costs[at] + max(costs[at], high) > budget_usd:
                    continue
                costs[at] = max(costs[at], high)
            found.append(each.model_copy(update={"quote": None}))
        assets[at] = asset.model_copy(update={"fallbacks": tuple(found)})
    return plan.with_assets(assets)


def _alternatives(plan: Plan, asset: Asset, own: Offer, task: PlanningTask) -> Iterator[Alternative]:
    """One quoted alternative for each provider that can make the asset: the preferred first, the asset's own last."""
    taken: set[str] = set()
    cost = _high_usd(plan, asset, task)
    used = own.accepts & {i.asset_type for i in inputs_of(asset, plan.by_id)}
    for offer in sorted(task.offers.get(asset.asset_type, ()), key=lambda o: o.provider == asset.provider):
        # No budget could hold the plan any more with such a fallback.
        surprising = offer.unknown and (task.brief.known_prices_only or not own.unknown)
        fits = used <= offer.accepts and offer.speaks(asset.language or task.brief.language)
        fits = fits and offer.illustrates == own.illustrates
        if offer.placeholder or offer.provider in taken or surprising or offer == own or not fits:
            continue
        other = Alternative(provider=offer.provider, model=offer.model, parameters=kept_parameters(asset, offer))
        as_planned = asset.model_copy(update={**other.model_dump(exclude={"quote"}), "fallbacks": ()})
        if made_as(as_planned) != made_as(asset):  # the mode is a parameter that the other model does not have
            continue
        quoted = _quoted(plan, as_planned, task)
        if quoted is None or (offer.provider == asset.provider and not own.unknown and quoted.high_usd > cost):
            continue
        taken.add(offer.provider)
        yield other.model_copy(update={"quote": quoted.quote})


def kept_parameters(asset: Asset, offer: Offer) -> dict[str, JsonValue]:
    """The parameters that another model has too; a number that it does not take becomes the nearest that it takes."""
    placed = FILM_PARAMETERS if asset.sound in UNSPOKEN_ROLES else ()
    kept: dict[str, JsonValue] = {n: asset.parameters[n] for n in placed if n in asset.parameters}
    for name, value in asset.parameters.items():
        rule = offer.rules.get(name)
        if name not in offer.parameters or rule is None:
            continue
        if rule.problem(value) is None:
            kept[name] = value
        elif rule.type == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            kept[name] = rule.nearest(value)
    most, longest = asset.number(AT_MOST), offer.seconds
    if most is not None and longest:
        kept[AT_MOST] = max(most, asset.model_copy(update={"parameters": kept}).number(PLANNED) or longest[0])
    return kept


def _quoted(plan: Plan, asset: Asset, task: PlanningTask) -> Asset | None:
    """The asset with its quote; None where it cannot be made as planned."""
    try:
        return task.price_asset(plan, asset)
    except ApplicationError:
        return None


def _high_usd(plan: Plan, asset: Asset, task: PlanningTask) -> Decimal:
    quoted = _quoted(plan, asset.model_copy(update={"fallbacks": ()}), task)
    return quoted.high_usd if quoted else ZERO
