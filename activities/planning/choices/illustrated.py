"""Texts with pictures in one response: what a brief asks for, and the models that write them."""

import re
from collections.abc import Sequence
from typing import Final

from activities.catalogue.offers import Offer
from activities.text.patterns import Pattern
from workflows.brief import Brief, Platform
from workflows.illustrated.parts import PICTURES
from workflows.models import Modality

USUAL_PICTURES: Final = 3
MOST_PICTURES: Final = 8
_TEXT: Final = (
    r"(?:articles?|recipes?|tutorials?|guides?|how[- ]?tos?|stor(?:y|ies)|blog ?posts?|walk-?throughs?|manuals?|"
    r"instructions|lessons?|texts?|"
    r"artikel|rezepte?|anleitung(?:en)?|leitfaden|geschichten?|ratgeber|"
    r"recettes?|tutoriels?|guides?|histoires?|récits?|modes? d['’]emploi|"
    r"art[ií]culos?|recetas?|tutoriales?|gu[ií]as?|historias?|cuentos?)"
)
_PICTURED: Final = (
    r"(?:pictures?|images?|photos?|photographs?|illustrations?|drawings?|"
    r"bilder[n]?|fotos?|illustrationen|im[aá]genes|ilustraciones)"
)
_NUMBER: Final = (
    r"(?P<count>\d{1,3}|one|two|three|four|five|six|seven|eight|zwei|drei|vier|deux|trois|quatre|dos|tres|cuatro)"
)
_ASKED: Final = Pattern(
    rf"\b(?:illustrated|illustrier\w+|bebildert\w*|ilustrad[oa]s?)\s+(?:[\w-]+\s+){{0,4}}?{_TEXT}\b"
    rf"|\b{_TEXT}\s+(?:[\w-]+\s+){{0,2}}?(?:illustr[ée]+e?s?|ilustrad[oa]s?)\b"
    rf"|\b{_TEXT}\b[^.!?\n]{{0,60}}?\b(?:with|including|mit|avec|con)\s+(?:[\w'’-]+\s+){{0,3}}?{_PICTURED}\b"
    rf"|\b{_PICTURED}\s+(?:between|inside|within|in)\s+the\s+text\b|\btext (?:and|with) pictures in one\b",
    re.IGNORECASE,
)
_COUNTED: Final = Pattern(rf"\b{_NUMBER}\s+(?:[\w-]+\s+){{0,2}}?{_PICTURED}\b", re.IGNORECASE)
_NUMBERS: Final = {
    word: number
    for number, words in enumerate(
        (
            "one",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five",
            "six",
            "seven",
            "eight",
        ),
        1,
    )
    for word in words.split()
}
_NEGATED: Final = Pattern(r"\b(?:no|not|without|ohne|kein\w*|sans|sin)\b[^.!?\n]{0,12}$", re.IGNORECASE)
ROLE: Final = "article"


def may_illustrate(brief: Brief) -> bool:
    """Whether a plan of the brief may have texts with pictures: it has both, and delivers a document."""
    return Modality.IMAGE in brief.modalities and brief.platform is not Platform.VIDEO


def asks_for_illustrated(brief: Brief, feedback: Sequence[str] = ()) -> bool:
    """Whether the brief or its feedback asks for an illustrated text, such as "a recipe with four pictures"."""
    if not may_illustrate(brief):
        return False
    return any(
        not _NEGATED.search(text[max(0, match.start() - 24) : match.start()])
        and not re.search(r"\bwithout\b|\bohne\b|\bsans\b", match[0], re.IGNORECASE)
        for text in (brief.text, *feedback)
        for match in _ASKED.finditer(text)
    )


def asked_pictures(brief: Brief, feedback: Sequence[str] = ()) -> int:
    """The number of pictures that the brief or its feedback names, the newest first; 1 to MOST_PICTURES."""
    for text in (*reversed(feedback), brief.text):
        if match := _COUNTED.search(text):
            word = match["count"].lower()
            return min(max(int(word) if word.isdigit() else _NUMBERS[word], 1), MOST_PICTURES)
    return USUAL_PICTURES


def illustrator(offers: Sequence[Offer], writer: Offer) -> Offer | None:
    """The model that the template takes; a placeholder only where the text of the plan is one anyway."""
    able = (o for o in offers if o.illustrates)
    return next((o for o in able if writer.placeholder or not o.placeholder), None)


def pictures_problem(asset_pictures: object, offer: Offer) -> str | None:
    """Why an asset and its model do not fit as to pictures; None where they do."""
    if offer.illustrates and asset_pictures is None:
        few, many = offer.rules[PICTURES].choices[0], offer.rules[PICTURES].choices[-1]
        return (
            f"parameters.{PICTURES}: {offer.model} writes a text with pictures in one response; give how many, {few} "
            f"to {many}, or choose a model of text alone"
        )
    if asset_pictures is not None and offer.modality is Modality.TEXT and not offer.illustrates:
        return (
            f"parameters.{PICTURES}: {offer.model} makes no pictures with its text; choose a model that does, such as "
            "google gemini-3-pro-image or previz previz-illustrated, or leave it out"
        )
    return None
