"""Sentences of a shot's description that are directions of the cut: transitions, and the card after the last shot.

A direction is a sentence of its own: "Fade in from black.", "Dissolve.", "End with the line “…”.".
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from activities.planning.structure.cards import ordered_end
from activities.planning.structure.model import Join, Shot
from activities.text.patterns import Pattern

_TO_NEXT: Final = r"(?: ?(?:in)?to (?:the )?(?:next|following)(?: shot| scene)?| zur nächsten (?:einstellung|szene))?"
_INTO: Final[Sequence[tuple[Join, Pattern]]] = (
    (
        "fade",
        Pattern(
            r"(?:slow )?fades? (?:in|up)(?: from black)?|aufblende(?: aus (?:dem )?schwarz)?|"
            r"(?:aus )?schwarz aufblenden|"
            r"ouverture (?:au|en) (?:noir|fondu)|fondu d.ouverture|fundido desde negro|abre de negro|"
            r"dissolvenza (?:da|dal) nero|apertura da nero|fade (?:de|do) preto",
            re.IGNORECASE,
        ),
    ),
)
"""Directions of the transition into their own shot."""
_AFTER: Final[Sequence[tuple[Join, Pattern]]] = (
    (
        "fade",
        Pattern(
            r"(?:slow )?fades? (?:out|to black|out to black|through black)|abblende(?: (?:auf|in|nach) schwarz)?|"
            r"(?:auf )?schwarz(?:blende| abblenden)|blende auf schwarz|fondu au noir|fundido a negro|funde a negro|"
            r"dissolvenza (?:in|al|a) nero|fade (?:para|a) preto",
            re.IGNORECASE,
        ),
    ),
    (
        "dissolve",
        Pattern(
            rf"(?:slow )?(?:cross[- ]?)?dissolves?{_TO_NEXT}|cross[- ]?fades?{_TO_NEXT}|"
            rf"(?:weiche )?überblendung{_TO_NEXT}|überblenden|fondu enchaîné|fundido encadenado|encadenado|"
            r"dissolvenza incrociata|fusão",
            re.IGNORECASE,
        ),
    ),
    ("wipe", Pattern(rf"wipes?{_TO_NEXT}|wischblende", re.IGNORECASE)),
)
"""Directions of the transition from their shot to the next one; a fade after the last shot ends the film."""
_SENTENCE: Final = Pattern(r"(?<=[.!?。！？])(?<!\b[A-Z]\.)\s+|(?<=[.!?][\"”»“])\s+")


class Directed(NamedTuple):
    """The shots without directions, and what these say.

    Attributes:
        end: The text of the end card; empty if none is ordered.
    """

    shots: tuple[Shot, ...]
    fades_out: bool = False
    end: str = ""


def take_directions(shots: Sequence[Shot]) -> Directed:
    """Take the directions of the cut out of the descriptions of shots, and follow them."""
    made: list[Shot] = []
    carried: Join = ""
    end = ""
    for shot in shots:
        join, carried = shot.join or carried, ""
        kept = []
        for sentence in _SENTENCE.split(shot.description):
            plain = sentence.strip(" .!…()[]*_")
            if into := _kind(_INTO, plain):
                join = into
            elif after := _kind(_AFTER, plain):
                carried = after
            elif card := ordered_end(sentence):
                end = card
            else:
                kept.append(sentence)
        made.append(replace(shot, description=" ".join(kept), join=join))
    return Directed(tuple(made), carried == "fade", end)


def _kind(directions: Sequence[tuple[Join, Pattern]], sentence: str) -> Join:
    return next((join for join, words in directions if words.fullmatch(sentence)), "")
