"""When each word of a narration is spoken.

Words come from the synthesis with their place in its text, or from a transcript without it. Times are seconds from the
start of the narration; places are indexes of characters of its text.
"""

import json
import math
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Final

from activities.finishing.captions.line_breaks import atoms_of

MOST_WORDS: Final = 20_000
"""More than an hour of speech."""


@dataclass(frozen=True)
class Word:
    """The characters from `at` to `until` of a text, spoken from `start` to `end`."""

    at: int
    until: int
    start: float
    end: float


def printable(text: str) -> str:
    """The text with control characters as spaces; every character keeps its place."""
    return "".join(c if unicodedata.category(c) != "Cc" else " " for c in text)


def parts_of(text: str) -> list[tuple[int, int]]:
    """The place of each unbreakable part of a text that is not a space: a word, a Chinese character with its marks."""
    places, at = [], 0
    shown = printable(text)
    for atom in atoms_of(shown):
        if atom == " ":
            continue
        at = shown.index(atom, at)
        places.append((at, at := at + len(atom)))
    return places


def is_spoken(text: str) -> bool:
    """Whether it has a letter or a digit."""
    return any(c.isalnum() for c in text)


def words_of(data: bytes, text: str) -> tuple[Word, ...]:
    """The words in the data of a take that speaks `text`, or of a transcript of it; empty if it has none."""
    try:
        record = json.loads(data)
    except ValueError:
        return ()
    said = record.get("words") if isinstance(record, dict) else None
    if not isinstance(said, list):
        return ()
    timed = [each for each in said[:MOST_WORDS] if _is_timed(each)]
    if timed and all(isinstance(each.get("at"), int) for each in timed):
        places = [Word(e["at"], e["at"] + len(e["word"]), float(e["start"]), float(e["end"])) for e in timed]
        return _in_order(w for w in places if 0 <= w.at < w.until <= len(text)) if record.get("text") == text else ()
    return _in_order(_located(timed, text))


def _is_timed(word: Any) -> bool:
    if not isinstance(word, dict) or not isinstance(word.get("word"), str):
        return False
    start, end = word.get("start"), word.get("end")
    if not (isinstance(start, int | float) and isinstance(end, int | float)):
        return False
    return 0 <= start <= end < math.inf


def _in_order(words: Iterator[Word]) -> tuple[Word, ...]:
    """The words that follow each other, in the text as well as in time; a word ends before the next one starts."""
    kept: list[Word] = []
    for word in words:
        last = kept[-1] if kept else None
        if last and (word.at < last.until or word.start < last.start):
            continue
        if last and last.end > word.start:
            kept[-1] = replace(last, end=word.start)
        kept.append(word)
    return tuple(kept)


def _located(said: Sequence[Mapping[str, Any]], text: str) -> Iterator[Word]:
    """The words of a transcript that are in the text, in its order: what was heard differently is left out."""
    heard: list[tuple[str, float, float]] = []
    for each in said:
        spoken, start, end = str(each["word"]), float(each["start"]), float(each["end"])
        places = parts_of(spoken)
        for begin, until in places:  # a Chinese word has several parts
            share = (end - start) / len(spoken)
            heard.append((_letters(spoken[begin:until]), start + begin * share, start + until * share))
    heard = [each for each in heard if each[0]]
    written = [place for place in parts_of(text) if _letters(text[place[0] : place[1]])]
    wanted = [_letters(text[begin:until]) for begin, until in written]
    matcher = SequenceMatcher(None, wanted, [each[0] for each in heard], autojunk=False)
    for block in matcher.get_matching_blocks():
        for k in range(block.size):
            _, start, end = heard[block.b + k]
            yield Word(*written[block.a + k], start, end)


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def at_speed(words: Sequence[Word], speed: float) -> tuple[Word, ...]:
    """The words of a narration that is played faster (above 1) or slower."""
    return tuple(replace(word, start=word.start / speed, end=word.end / speed) for word in words)


def complete(words: Sequence[Word], text: str, seconds: float, weigh: Callable[[str], float]) -> tuple[Word, ...]:
    """The words and, for each part of the text without one, a word in the time between its neighbours.

    Args:
        weigh: The share of a part in that time.
    """
    found: list[Word | None] = []
    places: list[tuple[int, int]] = []
    starts = [word.at for word in words]
    for at, until in parts_of(text):
        if is_spoken(text[at:until]):
            nearest = bisect_left(starts, until) - 1
            covered = nearest >= 0 and words[nearest].until > at
            found.append(words[nearest] if covered else None)
            places.append((at, until))
    added: list[Word] = []
    for missing, group in groupby(range(len(places)), lambda k: found[k] is None):
        run = list(group)
        if not missing:
            continue
        before = found[run[0] - 1] if run[0] else None
        after = found[run[-1] + 1] if run[-1] + 1 < len(found) else None
        start = before.end if before else 0.0
        end = max(start, after.start if after else seconds)
        weights = [max(1.0, weigh(text[slice(*places[k])])) for k in run]
        left = sum(weights)
        for k, weight in zip(run, weights, strict=True):
            stop = start + (end - start) * weight / left
            added.append(Word(*places[k], start, stop))
            start, left = stop, left - weight
    return tuple(sorted((*words, *added), key=lambda word: word.at))


class Clock:
    """When each character of a text is spoken.

    Args:
        words: In order, and complete.
    """

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._starts = [word.at for word in words]

    def span(self, at: int, until: int) -> tuple[float, float]:
        """When the characters from `at` to `until` are spoken; what is not spoken takes no time after its neighbour."""
        first = max(0, bisect_left(self._starts, at + 1) - 1)
        if first < len(self._words) and self._words[first].until <= at:
            first += 1
        last = bisect_left(self._starts, until) - 1
        if first > last:
            before = self._words[first - 1].end if 0 < first <= len(self._words) else 0.0
            return before, before
        return _time(self._words[first], at), _time(self._words[last], until)


def _time(word: Word, place: int) -> float:
    """When a character inside a word is spoken."""
    share = (min(max(place, word.at), word.until) - word.at) / (word.until - word.at)
    return word.start + (word.end - word.start) * share
