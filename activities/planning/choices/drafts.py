"""A draft of a plan: its pictures and shots on the cheapest models or settings that can make them. Prices are USD."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.planning.fallbacks import kept_parameters
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.providers.selection import find_offer
from workflows.continuity.drafts import finals_price, models_of
from workflows.models import Alternative, Asset, Modality, Plan
from workflows.production.state.policies import dependents

_KINDS: Final = (Modality.IMAGE, Modality.VIDEO)
"""What is cheaper as a draft. Texts and narrations cost little, and the length of shots follows from them."""


def with_draft(plan: Plan, task: PlanningTask) -> Plan:
    """The plan as a draft, with the plan's own models as its finals, where the brief asks for one.

    What is made from a cheaper picture or shot is made again for the finals too. Without a cheaper model or setting,
    the plan stays as it is, with a warning.
    """
    if not task.brief.draft:
        return plan
    cheaper = {a.asset_id: each for a in plan.assets if (each := _cheapest(plan, a, task))}
    if not cheaper:
        return _with_warning(plan, "draft: no enabled model or setting is cheaper than those of the plan; it is final")
    again = {i for asset_id in cheaper for i in dependents(plan, asset_id) if plan.by_id[i].asset_type != "audio"}
    finals = {a.asset_id: models_of(a) for a in plan.assets if a.asset_id in cheaper.keys() | again}
    assets = [_as_draft(a, cheaper.get(a.asset_id)) for a in plan.assets]
    made = Plan.of(plan.title, assets, plan.planner, plan.warnings, plan.cut, finals)
    made = made.model_copy(update={"drafting_usd": plan.drafting_usd})
    return _with_budget_warning(made, task)


def _with_budget_warning(plan: Plan, task: PlanningTask) -> Plan:
    budget = task.brief.budget_usd
    if budget is None:
        return plan
    priced = price(plan, task.providers, references=task.request.references)
    total = priced.high_usd + finals_price(priced).high
    if total <= budget:
        return plan
    text = f"draft: the draft and the finals cost up to {total:f} USD together, and the budget is {budget:f} USD"
    return _with_warning(plan, f"{text}; raise it, or leave the draft out")


def _with_warning(plan: Plan, text: str) -> Plan:
    return plan.model_copy(update={"warnings": (*plan.warnings, text)})


def _as_draft(asset: Asset, model: Alternative | None) -> Asset:
    if model is None:
        return asset
    given = {"provider": model.provider, "model": model.model, "parameters": model.parameters}
    return asset.model_copy(update={**given, "quote": None, "fallbacks": ()})


def _cheapest(plan: Plan, asset: Asset, task: PlanningTask) -> Alternative | None:
    """The cheapest way to make an asset, if it costs less than the plan's own."""
    provider = task.providers.get(asset.provider)
    own = find_offer(provider, asset.model, asset.asset_type) if provider else None
    if asset.asset_type not in _KINDS or own is None or own.free:
        return None
    found = [(cost, each) for each in _ways(asset, own, task) if (cost := _cost(plan, asset, each, task)) is not None]
    cost, best = min(found, key=lambda way: way[0], default=(Decimal(0), None))
    now = None if own.unknown else _cost(plan, asset, models_of(asset)[0], task)
    return best if now is None or cost < now else None


def _ways(asset: Asset, own: Offer, task: PlanningTask) -> Iterator[Alternative]:
    """Every model of known price with each of its settings that decide the price; first those of the asset's model."""
    for offer in (own, *(o for o in task.offers.get(asset.asset_type, ()) if o.model != own.model)):
        if offer.unknown or offer.placeholder or offer.free:
            continue
        same = offer.model == own.model and offer.provider == own.provider
        kept = dict(asset.parameters) if same else kept_parameters(asset, offer)
        yield Alternative(provider=offer.provider, model=offer.model, parameters=kept)
        names = {name for rate in offer.rates for name in rate.when}
        names |= {offer.output_tokens.parameter} if offer.output_tokens else set()
        for name in sorted(names & offer.rules.keys()):
            for value in (False,) if offer.rules[name].type == "flag" else offer.rules[name].choices:
                given = {**kept, name: value}
                yield Alternative(provider=offer.provider, model=offer.model, parameters=given)


def _cost(plan: Plan, asset: Asset, way: Alternative, task: PlanningTask) -> Decimal | None:
    try:
        quote = task.price_asset(plan, _as_draft(asset, way)).quote
    except ApplicationError:  # it cannot be made that way
        return None
    return quote.high_usd if quote and not quote.unknown else None
