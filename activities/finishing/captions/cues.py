"""Captions of the narrations of a film: their texts in readable parts, at the times of their words.

Cue times are seconds from the film's start, on whole frames.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from activities.finishing.captions.pauses import weight
from activities.finishing.captions.reading import (
    CLOSED_SECONDS,
    GAP_FRAMES,
    LEAST_SECONDS,
    LONGEST_SECONDS,
    characters,
    reading_seconds,
)
from activities.finishing.captions.texts import halves, letters, split, unbroken
from activities.finishing.captions.word_times import Clock, Word, complete, parts_of, printable
from activities.finishing.timeline import PlacedVoice, Voice

NAMED_NARRATIONS: Final = 5
"""Of those that are spoken too fast, in a note."""


class CueWord(NamedTuple):
    """A word of a cue, spoken from `start` to `end`.

    `at` and `until` count the characters of the cue that are not spaces: they stay right when its lines are broken
    anew.
    """

    at: int
    until: int
    start: float
    end: float


@dataclass(frozen=True)
class Cue:
    """A caption from `start` to `end`; `text` has one or two lines, and `asset_id` is its narration."""

    start: float
    end: float
    text: str
    words: tuple[CueWord, ...] = field(default=(), repr=False)
    asset_id: str = ""


class Cues(NamedTuple):
    cues: list[Cue]
    notes: list[str]


def cues_of(voices: Iterable[PlacedVoice], rate: int, film_seconds: float = math.inf) -> Cues:
    """The captions of a film at `rate` frames a second, and a note on narrations that are spoken too fast for them."""
    spoken = [cue for placed in voices for cue in _spoken(placed)]
    shown = _shown(sorted(spoken, key=lambda cue: cue.start), rate, film_seconds)
    return Cues(shown, _notes(shown, rate))


def _spoken(placed: PlacedVoice) -> list[Cue]:
    """The cues of one narration, each for as long as its words are spoken."""
    voice = placed.voice
    clock = Clock(_words(voice))
    source = letters(printable(voice.text))
    cues: list[Cue] = []
    texts = list(reversed(split(voice.text)))
    at = 0
    while texts:
        text = texts.pop()
        places = source[at : at + len(letters(text))]
        if not places:
            continue
        start, end = clock.span(places[0], places[-1] + 1)
        if end - start > LONGEST_SECONDS and len(parts := halves(text)) > 1:
            texts += reversed(parts)
            continue
        words = tuple(
            word._replace(start=placed.start + word.start, end=placed.start + word.end)
            for word in _words_of(text, places, clock)
        )
        cues.append(Cue(placed.start + start, placed.start + end, text, words, voice.asset_id))
        at += len(places)
    return cues


def _words(voice: Voice) -> Sequence[Word]:
    known = [replace(w, end=min(w.end, voice.seconds)) for w in voice.words if w.start < voice.seconds]
    return complete(known, voice.text, voice.seconds, weight)


def _words_of(text: str, places: Sequence[int], clock: Clock) -> Iterable[CueWord]:
    """The words of a cue as it shows them: with their punctuation, one word where a number is read as several."""
    line, at = unbroken(text), 0
    for begin, until in parts_of(line):
        count = len(letters(line[begin:until]))
        if count:
            yield CueWord(at, at + count, *clock.span(places[at], places[at + count - 1] + 1))
        at += count


def _shown(spoken: Sequence[Cue], rate: int, film_seconds: float) -> list[Cue]:
    """The cues on whole frames: long enough to be read where the voice leaves the time, and never two at once."""
    starts: list[int] = []
    for cue in spoken:
        least = starts[-1] + GAP_FRAMES + 1 if starts else 0
        starts.append(max(least, round(cue.start * rate)))
    last = math.floor(film_seconds * rate + 1e-6) if math.isfinite(film_seconds) else math.inf
    shown = []
    for k, cue in enumerate(spoken):
        until = starts[k + 1] - GAP_FRAMES if k + 1 < len(spoken) else last
        needed = starts[k] + math.ceil(max(reading_seconds(cue.text), LEAST_SECONDS) * rate - 1e-6)
        end: float = max(math.ceil(cue.end * rate - 1e-6), needed)
        if end >= until - CLOSED_SECONDS * rate and k + 1 < len(spoken):
            end = until
        shown.append(replace(cue, start=starts[k] / rate, end=max(starts[k] + 1, min(end, until)) / rate))
    return shown


def _notes(cues: Sequence[Cue], rate: int) -> list[str]:
    """A note that names the narrations whose captions are shown too short, with the highest speed of each."""
    fastest: dict[str, tuple[float, float]] = {}
    for cue in cues:
        shown, needed = cue.end - cue.start, reading_seconds(cue.text)
        if needed > shown + 0.5 / rate:
            count = characters(cue.text)
            fastest[cue.asset_id] = max(fastest.get(cue.asset_id, (0.0, 0.0)), (count / shown, count / needed))
    if not fastest:
        return []
    named = sorted(fastest.items(), key=lambda item: item[1][0] / item[1][1], reverse=True)
    limits = sorted({f"{limit:.0f}" for _, (_, limit) in named})
    texts = [f"{asset_id} ({speed:.1f})" for asset_id, (speed, _) in named[:NAMED_NARRATIONS]]
    more = f" and {len(named) - NAMED_NARRATIONS} more narrations" if len(named) > NAMED_NARRATIONS else ""
    return [
        f"captions are readable up to {' or '.join(limits)} characters a second, and are faster for {', '.join(texts)}"
        f"{more}; shorten the text or choose a slower voice if that matters"
    ]
