"""A list of pictures with one narration for all of them, or with none: its items are seen, and not said.

"1. … 2. … 3. … Voice-over: “Made by hand. Made to last.”" and "1. … 2. … No voice, just a guitar."
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from activities.planning.structure.labels import quoted_run, segments
from activities.planning.structure.model import Line, Shot
from activities.planning.structure.notations.silence import asks_for_no_voice
from activities.planning.structure.orders import words
from activities.planning.structure.orders.sentences import ORDER_FIRST
from activities.planning.structure.text import quotations, spoken_text
from activities.text.patterns import Pattern, as_word
from activities.text.speech import sentences

_ANNOUNCES: Final = Pattern(as_word(words.ANNOUNCES), re.IGNORECASE)


def asks_for(line: str) -> bool:
    """Whether a line asks for something, or announces an order: "We need this for the open day:", "The order:"."""
    return bool(ORDER_FIRST.search(line) or _ANNOUNCES.search(line))


def narration_in(line: str) -> tuple[str, ...]:
    """The sentences of a line that a label gives to the narrator, and nothing else; empty for any other line."""
    parts = segments(line)
    if len(parts) != 1 or parts[0].kind != "voice" or not parts[0].value:
        return ()
    value = parts[0].value
    texts = quotations(value) if quoted_run(value) else [value]
    return tuple(sentence for text in texts for sentence in sentences(spoken_text(text)))


class Narrated(NamedTuple):
    """A text without the line that is said over all of its shots, and what that says.

    Attributes:
        quotes: What is said in quotation marks, each for itself.
        is_apart: Whether an empty line is above the line.
    """

    rest: str
    sentences: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    is_apart: bool = False

    def over(self, shots: Sequence[Shot]) -> list[Shot]:
        """The shots with the sentences, or with a quotation each where there are as many."""
        each = self.quotes if len(self.quotes) == len(shots) else self.sentences
        return as_pictures(shots, each) if each else [*shots]


def split_narration(text: str) -> Narrated:
    """The text without the narration after its shots, where nothing else in it is said."""
    lines = text.splitlines()
    said = [k for k, line in enumerate(lines) if any(part.kind in ("voice", "speaker") for part in segments(line))]
    if len(said) != 1 or not said[0] or not (sentences_said := narration_in(lines[said[0]])):
        return Narrated(text)
    k = said[0]
    rest = "\n".join((*lines[:k], *lines[k + 1 :]))
    quotes = tuple(map(spoken_text, quotations(lines[k])))
    return Narrated(rest, sentences_said, quotes, is_apart=not lines[k - 1].strip())


def is_silent(line: str) -> bool:
    """Whether a sentence of a line says that nothing is said."""
    return any(map(asks_for_no_voice, sentences(line)))


def narrated(
    beats: Sequence[Shot], places: Sequence[int], narrations: Sequence[tuple[int, Sequence[str]]]
) -> list[Shot]:
    """The items as pictures with what is said over them; other sentences around the list are about the film.

    Args:
        places: The index of the beat of each item.
        narrations: What a narrator says, each with the index of the beat directly above it, or -1. Several belong to
            these beats; one alone is for the whole list.
    """
    owned = dict(narrations) if len(narrations) > 1 and all(k >= 0 for k, _ in narrations) else {}
    items = set(places)
    kept = [
        replace(_seen(beat), lines=tuple(map(Line, owned[k]))) if k in owned else beat
        for k, beat in enumerate(beats)
        if k in items or beat.lettering or not beat.lines
    ]
    return as_pictures(kept, () if owned else [sentence for _, said in narrations for sentence in said])


def as_pictures(beats: Iterable[Shot], narration: Sequence[str]) -> list[Shot]:
    """The beats as pictures, where only the narration is said: its sentences are spread over them in order."""
    seen = [_seen(beat) for beat in beats if beat.description or beat.lettering]
    pictures = [k for k, beat in enumerate(seen) if beat.description] or list(range(len(seen)))
    for k, sentence in enumerate(narration):
        place = pictures[k * len(pictures) // len(narration)]
        seen[place] = replace(seen[place], lines=(*seen[place].lines, Line(sentence)))
    return seen


def _seen(beat: Shot) -> Shot:
    """A beat without the line that only reads what is seen."""
    said = tuple(line for line in beat.lines if line.text.casefold().strip(" .。") not in beat.description.casefold())
    return replace(beat, lines=said)
