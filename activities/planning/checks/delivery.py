"""Checks before a plan is approved: each voice can speak its lines as their deliveries say."""

from collections.abc import Mapping, Sequence

from activities.catalogue.offers import Offer
from activities.planning.checks.narration import list_some
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.text.delivery.prosody import USUAL, prosody_of
from workflows.models import Asset


def undirected(assets: Sequence[Asset], providers: Mapping[str, Provider]) -> list[str]:
    """A warning for each model that does not follow the deliveries of its narrations, or only a part of them."""
    found: dict[tuple[str, str], list[str]] = {}
    for asset in assets:
        provider = providers.get(asset.provider)
        offer = find_offer(provider, asset.model, asset.asset_type) if provider and asset.delivery else None
        if offer and (missing := _missing(offer, asset)):
            found.setdefault((offer.model, missing), []).append(asset.asset_id)
    return [
        f"{list_some(ids)}: {model} {missing}; choose a model that takes directions in words, such as gpt-4o-mini-tts "
        "or gemini-3.8-flash-tts, or change the delivery. The words stay as they are"
        for (model, missing), ids in found.items()
    ]


def _missing(offer: Offer, asset: Asset) -> str:
    """What a model does not take of a delivery; empty where it takes all of it."""
    if offer.takes_directions:
        return ""
    how = prosody_of(asset.delivery)
    if "rate" in offer.parameters:
        followed = how != USUAL or offer.placeholder  # a placeholder is no performance
        return "" if followed else f"knows only pace, pitch and volume, and not “{asset.delivery[:80]}”"
    if "speed" in offer.parameters:
        return "takes no delivery except its pace" if how.pace != 1 else "takes no delivery"
    return "takes no delivery"
