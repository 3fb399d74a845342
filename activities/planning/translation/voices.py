"""The voices of further languages: the original one where it speaks the language, otherwise the preferred one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.planning.pricing import invalid
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer, rank_offers
from workflows.brief import Brief
from workflows.models import SPEECH, Alternative, Asset, Modality

_LANGUAGE: Final = ("language", "language_code")
"""Parameters that name the language of a voice."""


def speakers_of(language: str, providers: Mapping[str, Provider], brief: Brief, today: date) -> list[Offer]:
    """The voices that speak a language and may be planned, the preferred first."""
    offers = rank_offers(Modality.AUDIO, providers, today, known_prices_only=brief.known_prices_only)
    return [o for o in offers if o.makes(SPEECH) and not o.requires and o.speaks(language)]


def check_spoken(languages: Sequence[str], providers: Mapping[str, Provider], brief: Brief, today: date) -> None:
    """
    Raises:
        ApplicationError: type PLAN_INVALID; no enabled voice speaks one of the languages.
    """
    for language in languages:
        if not speakers_of(language, providers, brief, today):
            raise invalid(
                f"languages: no enabled voice speaks {language!r}; leave it out, enable a provider that speaks it, or "
                "leave out audio"
            )


def spoken_in(
    language: str, narrations: Sequence[Asset], providers: Mapping[str, Provider], brief: Brief, today: date
) -> list[Asset]:
    """The narrations as a voice of the language speaks them; their texts are unchanged.

    Raises:
        ApplicationError: type PLAN_INVALID; no enabled voice speaks the language.
    """
    if narrations:
        check_spoken([language], providers, brief, today)
    speakers = speakers_of(language, providers, brief, today)
    return [_spoken(asset, language, speakers, providers) for asset in narrations]


def _spoken(asset: Asset, language: str, speakers: Sequence[Offer], providers: Mapping[str, Provider]) -> Asset:
    own = _offer_of(asset.provider, asset.model, providers)
    if own is None or own not in speakers:
        other = speakers[0]
        changes = {"provider": other.provider, "model": other.model, "parameters": {}, "fallbacks": ()}
        return asset.model_copy(update=changes)
    fallbacks = [
        each.model_copy(update={"parameters": _parameters(offer, each.parameters, language), "quote": None})
        for each in asset.fallbacks
        if (offer := _fallback(each, language, providers))
    ]
    parameters = _parameters(own, asset.parameters, language)
    return asset.model_copy(update={"parameters": parameters, "fallbacks": tuple(fallbacks)})


def _offer_of(provider: str, model: str, providers: Mapping[str, Provider]) -> Offer | None:
    found = providers.get(provider)
    return find_offer(found, model, Modality.AUDIO) if found else None


def _fallback(each: Alternative, language: str, providers: Mapping[str, Provider]) -> Offer | None:
    offer = _offer_of(each.provider, each.model, providers)
    return offer if offer and offer.speaks(language) else None


def _parameters(offer: Offer, given: Mapping[str, JsonValue], language: str) -> dict[str, JsonValue]:
    """The parameters of the original voice for another language.

    A model that lists its languages, and no voices, has a voice for each language: that of the original is left out.
    """
    rule = offer.rules.get("voice")
    bound = bool(offer.languages) and not (rule and rule.choices)
    kept = {n: v for n, v in given.items() if n not in _LANGUAGE and not (n == "voice" and bound)}
    for name in _LANGUAGE:
        rule = offer.rules.get(name)
        if name in given and rule and rule.problem(tag := language.split("-")[0]) is None:
            kept[name] = tag
    return kept
