"""An order in prose: what is seen and said in a film that somebody asks for in sentences, without labels or a list."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from activities.planning.structure.deliverable.cards import Cards, asked_cards
from activities.planning.structure.labels import segments
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.orders.remarks import is_courtesy, names_length
from activities.planning.structure.orders.sentences import (
    CLOSING_SENTENCES,
    ORDER_SENTENCES,
    Sentence,
    end_picture,
    parts,
    read,
    topic,
)
from activities.planning.structure.quoted import asks_for_film, sentences_with_quotes
from activities.planning.structure.text import QUOTED, description_text, spoken_text
from activities.planning.structure.vocabulary import voices
from activities.text.patterns import Pattern

SIGNATURE_WORDS: Final = 3
_READER: Final = Pattern(voices.READER, re.IGNORECASE)
LABELS: Final = ("voice", "lettering", "endline", "speaker")


def parse_order(text: str) -> Structure | None:
    """The shots of an order that says what is seen, and perhaps what is said; None for any other prose.

    Where the order has lines that somebody says, nothing else is spoken. Otherwise, the sentences that are neither an
    order nor a direction are.
    """
    whole = [part for line in text.splitlines() for s in sentences_with_quotes(line) for part in parts(s)]
    found = _without_signature(
        _with_said_courtesies(_with_order([read(sentence) for sentence in whole], narrates=_narrates(whole)))
    )
    if any(_needs_labels(s) for s, each in zip(whole, found, strict=True) if each.purpose in ("", "seen", "said")):
        return None
    said = sum(each.purpose == "said" for each in found)
    shown = sum(each.purpose == "seen" and each.sure for each in found)
    if not (any(each.purpose == "order" for each in found) or _narrates(whole)) or not (said or shown > 1):
        return None
    pictures = (end_picture(s) if each.purpose == "end" else "" for s, each in zip(whole, found, strict=True))
    shots = list(_shots(found, list(pictures), speaks=not said))
    end = next((each.text for each in found if each.purpose == "end"), "")
    title = next((t for each in found if each.purpose in ("order", "setting") and (t := topic(each.text))), "")
    cards = asked_cards(text)
    return Structure("advert", numbered(shots), title, cards=Cards(cards.title, end or cards.end)) if shots else None


def _with_order(found: list[Sentence], *, narrates: bool) -> list[Sentence]:
    """The sentences, where the first one that names a film and its length is an order in words that are not known:
    "hier het idee voor een filmpje van een halve minuut"."""
    first = next(
        (
            k
            for k, each in enumerate(found[:ORDER_SENTENCES])
            if names_length(each.text) or (narrates and asks_for_film(each.text))
        ),
        None,
    )
    if first is None or any(each.purpose not in ("", "setting") for each in found[: first + 1]):
        return found
    return [replace(each, purpose="order") if k <= first else each for k, each in enumerate(found)]


def _without_signature(found: list[Sentence]) -> list[Sentence]:
    """The sentences, where a name after the greeting at the end is none of the film."""
    last = found[-1] if found else None
    is_name = last and not last.purpose and len(last.text.split()) <= SIGNATURE_WORDS and last.text[-1:].isalpha()
    if not last or not is_name or len(found) < 2 or not is_courtesy(found[-2].text):
        return found
    return [*found[:-1], replace(last, purpose="setting")]


def _with_said_courtesies(found: list[Sentence]) -> list[Sentence]:
    """The sentences, where a greeting between the order and its end is one of the film."""
    order = next((k for k, each in enumerate(found) if each.purpose == "order"), len(found))
    return [
        replace(each, purpose="")
        if order < k < len(found) - CLOSING_SENTENCES and each.purpose == "setting" and is_courtesy(each.text)
        else each
        for k, each in enumerate(found)
    ]


def _narrates(whole: Sequence[str]) -> bool:
    """Whether the only label is that of the narration, after other sentences."""
    labelled = [part.label.strip() for sentence in whole for part in segments(sentence) if part.kind]
    return len(labelled) == 1 < len(whole) and _READER.fullmatch(labelled[0]) is not None


def _needs_labels(sentence: str) -> bool:
    """Whether a sentence begins with the label of an end line, or has a label before text without quotation marks: only
    the parser of adverts reads these."""
    found = segments(sentence)
    unquoted = (part.kind in LABELS and part.value and not QUOTED.match(part.value) for part in found)
    return any(part.kind == "endline" for part in found[:1]) or any(unquoted)


def _shots(found: Sequence[Sentence], end_pictures: Sequence[str], *, speaks: bool) -> Iterator[Shot]:
    """A shot for each picture, with the lines and the on-screen text after it."""
    shot: Shot | None = None
    waiting: tuple[str, ...] = ()  # text that is read before the first picture
    for each, end in zip(found, end_pictures, strict=True):
        if each.purpose in ("order", "setting") or (each.purpose == "end" and not end):
            continue
        seen = end if each.purpose == "end" else description_text(each.text)
        lines = each.lines
        if not each.purpose and speaks:
            lines = (Line(spoken_text(each.text)),)
        lettering = each.lettering if each.purpose != "end" else ()
        if shot and not seen and not (lines and shot.lines):
            shot = replace(shot, lines=shot.lines + lines, lettering=shot.lettering + lettering)
            continue
        if not shot and not seen and not lines:
            waiting += lettering
            continue
        if shot:
            yield shot
        shot = Shot(0, seen or (lines[0].speaker if lines else ""), lines=lines, lettering=waiting + lettering)
        waiting = ()
    if shot:
        yield shot
