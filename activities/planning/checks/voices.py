"""Checks before a plan is approved: each narration has a voice that speaks its language."""

from activities.catalogue.offers import Offer
from workflows.models import Asset
from workflows.runtime.language import language_name, same_language


def voice_problem(asset: Asset, offer: Offer, language: str) -> str:
    """Why a model cannot speak a narration of a language, with the remedy; empty if it can.

    A person may choose a foreign voice for the original, but a further language is there to be spoken by its own.
    """
    if not offer.speaks(language):
        return f"model: {offer.model} does not speak {language_name(language)} ({language}); choose one that does"
    voice = asset.parameters.get("voice")
    if not asset.language or not offer.languages or not isinstance(voice, str):
        return ""
    tag = voice.partition("+")[0].lower()
    if tag.split("-")[0] not in offer.languages or same_language(tag, language):
        return ""
    return f"parameters.voice: {voice!r} does not speak {language!r}; leave it out, or give a voice of {language!r}"
