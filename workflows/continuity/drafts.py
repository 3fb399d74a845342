"""A plan that is made as a draft first: its assets have the draft's models, and `finals` those of the finals. Pure."""

from typing import Final

from workflows.models import ZERO, Alternative, Asset, Estimate, Plan

NOTE: Final = "this is the draft: approve it to make the finals"


def final_asset(plan: Plan, asset: Asset) -> Asset:
    """The asset as the finals make it."""
    if not (models := plan.finals.get(asset.asset_id)):
        return asset
    own, *others = models
    given = {"provider": own.provider, "model": own.model, "parameters": own.parameters, "quote": own.quote}
    return asset.model_copy(update={**given, "fallbacks": tuple(others)})


def models_of(asset: Asset) -> tuple[Alternative, ...]:
    """The models of an asset, as `finals` of a plan has them: its own, then its fallbacks."""
    own = Alternative(provider=asset.provider, model=asset.model, parameters=asset.parameters, quote=asset.quote)
    return (own, *asset.fallbacks)


def finals_of(plan: Plan) -> Plan:
    """The plan of the finals, with its own digest."""
    assets = [final_asset(plan, a) for a in plan.assets]
    made = Plan.of(plan.title, assets, plan.planner, plan.warnings, plan.cut, quality=plan.quality)
    return made.model_copy(update={"drafting_usd": plan.drafting_usd, "prompts": plan.prompts})


def finals_price(plan: Plan) -> Estimate:
    """What the finals cost after the draft, USD."""
    made = [final_asset(plan, a) for a in plan.assets if a.asset_id in plan.finals]
    ranges = (Estimate(low=a.least_usd, high=a.most_usd, unknown=a.unknown_price) for a in made)
    return sum(ranges, Estimate(low=ZERO, high=ZERO))


def unknown_finals(plan: Plan) -> tuple[str, ...]:
    """Ids of the assets whose finals have no published price."""
    return tuple(a.asset_id for a in plan.assets if a.asset_id in plan.finals and final_asset(plan, a).unknown_price)
