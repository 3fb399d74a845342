"""Choose among the models of the enabled providers."""

from collections.abc import Mapping
from datetime import date

from activities.catalogue.loader import problem_with
from activities.catalogue.offers import Offer
from activities.providers.protocol import Provider
from workflows.models import Modality


def offer_of(provider: Provider, model: str, modality: Modality) -> Offer | None:
    """What a provider offers under this name, from the catalogue or beside it."""
    listed = next((o for o in provider.offers() if o.model == model and o.modality == modality), None)
    return listed or provider.other(model, modality)


def plannable(provider: Provider, modality: Modality, today: date) -> list[Offer]:
    """The offers of a modality that can be planned today."""
    return [o for o in provider.offers() if o.modality == modality and problem_with(o, today) is None]


def makes(offer: Offer, aspect: str) -> bool:
    """Whether a model makes this aspect; "" leaves it open."""
    return not (offer.aspects and aspect) or aspect in offer.aspects


def ranked(
    modality: Modality,
    providers: Mapping[str, Provider],
    today: date,
    aspect: str = "",
    *,
    known_prices_only: bool = False,
) -> list[Offer]:
    """Everything that can be planned for a modality in an aspect ("" for any), the preferred first."""
    offers = [o for p in providers.values() for o in plannable(p, modality, today) if makes(o, aspect)]
    return sorted((o for o in offers if not (known_prices_only and o.unknown)), key=lambda o: o.rank)
