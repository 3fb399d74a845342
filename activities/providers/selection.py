"""Choose among the models of the enabled providers."""

from collections.abc import Mapping
from datetime import date

from activities.catalogue.loader import problem_with
from activities.catalogue.offers import Offer
from activities.providers.protocol import Provider
from workflows.models import Modality


def find_offer(provider: Provider, model: str, modality: Modality) -> Offer | None:
    """The offer of a provider for this model, from the catalogue or for an unlisted model; None where there is none."""
    listed = next((o for o in provider.offers() if o.model == model and o.modality == modality), None)
    found = listed or provider.unlisted_offer(model, modality)
    return provider.sendable(found) if found else None


def plannable_offers(provider: Provider, modality: Modality, today: date) -> list[Offer]:
    """The offers of a modality that can be planned on this day."""
    offers = (provider.sendable(o) for o in provider.offers() if o.modality == modality)
    return [o for o in offers if problem_with(o, today) is None]


def supports_aspect(offer: Offer, aspect: str) -> bool:
    """Whether a model can make this aspect; "" stands for any aspect."""
    return not (offer.aspects and aspect) or aspect in offer.aspects


def rank_offers(
    modality: Modality,
    providers: Mapping[str, Provider],
    today: date,
    aspect: str = "",
    *,
    known_prices_only: bool = False,
    illustrated: bool = False,
) -> list[Offer]:
    """The offers that can be planned for a modality and an aspect ("" for any), the preferred one first.

    Args:
        illustrated: Those that write texts with pictures in one response; otherwise those that do not.
    """
    found = [o for p in providers.values() for o in plannable_offers(p, modality, today) if supports_aspect(o, aspect)]
    offers = [o for o in found if o.illustrates == illustrated]
    return sorted((o for o in offers if not (known_prices_only and o.unknown)), key=lambda o: o.preference)
