"""An order in prose: what is seen and said in a film that somebody asks for in sentences, without labels or a list."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from activities.planning.structure.cards import Cards, asked_cards
from activities.planning.structure.labels import segments, speaker_name
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.orders.sentences import Sentence, read, topic
from activities.planning.structure.quoted import sentences_with_quotes, take_quotations
from activities.planning.structure.text import spoken_text

LABELS: Final = ("voice", "lettering", "endline", "speaker")


def parse_order(text: str) -> Structure | None:
    """The shots of an order that says what is seen, and perhaps what is said; None for any other prose.

    Where the order has lines that somebody says, nothing else is spoken. Otherwise, the sentences that are neither an
    order nor a direction are.
    """
    found = [read(s) for line in text.splitlines() for s in sentences_with_quotes(line)]
    if any(part.kind in LABELS for each in found if each.purpose in ("", "seen") for part in segments(each.text)):
        return None
    said = sum(each.purpose == "said" for each in found)
    shown = sum(each.purpose == "seen" and each.sure for each in found)
    if not any(each.purpose == "order" for each in found) or not (said or shown > 1):
        return None
    shots = _shots(found, speaks=not said)
    end = next((each.text for each in found if each.purpose == "end"), "")
    title = next((t for each in found if each.purpose == "order" and (t := topic(each.text))), "")
    cards = asked_cards(text)
    return Structure("advert", numbered(shots), title, cards=Cards(cards.title, end or cards.end)) if shots else None


def _shots(found: Sequence[Sentence], *, speaks: bool) -> list[Shot]:
    """A shot for each picture, with the lines after it."""
    shots: list[Shot] = []
    for each in found:
        if each.purpose == "said":
            line = Line(spoken_text(each.text), speaker_name(each.speaker))
            if shots and not shots[-1].lines:
                shots[-1] = replace(shots[-1], lines=(line,))
            else:
                shots.append(Shot(0, line.speaker, lines=(line,)))
        elif each.purpose in ("seen", ""):
            parts = take_quotations(each.text)
            lines = parts.lines
            if not each.purpose and speaks and not lines:
                lines = (Line(spoken_text(each.text)),)
            shots.append(Shot(0, parts.description, lines=lines, lettering=parts.lettering))
    return shots
