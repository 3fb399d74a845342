"""The pauses of a decoded narration, and the times of its words estimated from them.

Times are seconds from the start of the narration. Samples are as `decode_voice` writes them.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, NamedTuple

from activities.finishing.captions.line_breaks import width
from activities.finishing.captions.word_times import Word, is_spoken, parts_of

SAMPLE_RATE: Final = 48_000
CHANNELS: Final = 2
WINDOW_SECONDS: Final = 0.01
"""Of a measurement of loudness: the shortest in which a low voice has a full period."""
SHORTEST_PAUSE: Final = 0.12
"""The closure of a plosive is shorter (about 0.05 to 0.1 s)."""
_QUIET_SHARE: Final = 0.05
"""Of the loudness of speech, 26 dB below it: above the noise of a recording."""
_QUIET: Final = 30.0
"""Of 32,768: below this there is no voice, however low the speech is."""
_BLOCK_SECONDS: Final = 60
"""Read at once: 11 MB."""
_DIGIT_WEIGHT: Final = 4.0
""""24" is said as two words of eleven letters."""
_SENTENCE_END: Final = re.compile(r"[.!?…।॥؟۔。！？｡]+[\"'”’»)\]」』）]*$")
_CLAUSE_END: Final = re.compile(r"(?:[,;:،؛、，；：]|\s[–—-]+)[\"'”’»)\]」』）]*$")
_CLAUSE_GAIN: Final = 0.6
"""A clause ends at a pause less often than a sentence does."""
_LONG_PAUSE: Final = 0.5
"""At a pause this long or longer, a sentence surely ends."""
_DRIFT_SECONDS, _DRIFT_SHARE = 1.0, 0.8
"""How much longer or shorter a stretch of speech is than its letters: as much as this costs a long pause."""
_FARTHEST, _FARTHEST_SHARE = 3.0, 0.2
"""A pause farther than this from the estimated place is not considered."""
_MOST_SKIPPED: Final = 6
"""Ends of sentences and clauses in a row without a pause."""


class Pause(NamedTuple):
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


def pauses_of(pcm: Path) -> list[Pause]:
    """Where the decoded narration is silent for SHORTEST_PAUSE or longer, also at its start and at its end."""
    loud = _loudness(pcm)
    if not loud:
        return []
    speech = sorted(loud)[round((len(loud) - 1) * 0.9)]
    least = max(_QUIET, speech * _QUIET_SHARE)
    pauses, begin = [], None
    for number, level in enumerate([*loud, least]):
        if level < least:
            begin = number if begin is None else begin
        elif begin is not None:
            if (number - begin) * WINDOW_SECONDS >= SHORTEST_PAUSE - 1e-9:
                pauses.append(Pause(begin * WINDOW_SECONDS, number * WINDOW_SECONDS))
            begin = None
    return pauses


def _loudness(pcm: Path) -> list[float]:
    """The root mean square of each window of the first channel."""
    import numpy as np

    window = round(SAMPLE_RATE * WINDOW_SECONDS)
    loud: list[float] = []
    with pcm.open("rb") as samples:
        while block := samples.read(_BLOCK_SECONDS * SAMPLE_RATE * 2 * CHANNELS):
            channel = np.frombuffer(block[: len(block) // (2 * CHANNELS) * 2 * CHANNELS], np.int16)[::CHANNELS]
            whole = channel[: len(channel) // window * window].reshape(-1, window).astype(np.float32)
            loud += np.sqrt((whole * whole).mean(axis=1)).tolist()
    return loud


def weight(text: str) -> float:
    """About how long a text is spoken, in letters."""
    return sum(_DIGIT_WEIGHT if c.isdigit() else width(c) for c in text if c.isalnum())


def estimate(text: str, seconds: float, pauses: Sequence[Pause]) -> tuple[Word, ...]:
    """A time for each part of a text, by its length within the speech between the pauses.

    Sentences end at pauses where such a place is near.
    """
    places = [place for place in parts_of(text) if is_spoken(text[slice(*place)])]
    if not places:
        return ()
    speech = _Speech(seconds, pauses)
    said = [0.0, *accumulate(max(1.0, weight(text[slice(*place)])) for place in places)]
    gains = {k + 1: _gain(text[a:b].rstrip()) for k, ((a, _), (b, _)) in enumerate(pairwise(places))}
    ends = {k: gain for k, gain in gains.items() if gain}
    anchors = _anchors(said, ends, speech)
    words = []
    for k, (at, until) in enumerate(places):
        start, end = (speech.time(_between(anchors, said[n]), after=n == k) for n in (k, k + 1))
        words.append(Word(at, until, start, max(start, end)))
    return tuple(words)


def _gain(text: str) -> float:
    """How surely there is a pause after a text."""
    return 1.0 if _SENTENCE_END.search(text) else _CLAUSE_GAIN if _CLAUSE_END.search(text) else 0.0


class _Speech:
    """The parts of a narration in which someone speaks, joined: places in it are seconds of speech."""

    def __init__(self, seconds: float, pauses: Sequence[Pause]) -> None:
        inside = [Pause(max(0.0, p.start), min(p.end, seconds)) for p in pauses if p.start < seconds]
        spoken = seconds - sum(p.seconds for p in inside)
        if spoken <= 0.1 * seconds:  # as quiet as that, it is not known where someone speaks
            inside, spoken = [], seconds
        self.seconds = spoken
        self._pauses = inside
        before = accumulate((p.seconds for p in inside), initial=0.0)
        self._places = [p.start - silent for p, silent in zip(inside, before, strict=False)]
        self.inner = [(v, p) for v, p in zip(self._places, inside, strict=True) if 0 < v < spoken - 1e-6]
        """The pauses between two parts, with their places."""

    def time(self, place: float, *, after: bool) -> float:
        """The time of a place; at a pause, that after it or that before it."""
        nudge = 1e-6 if after else -1e-6
        passed = bisect_right(self._places, place + nudge)
        return place + sum(p.seconds for p in self._pauses[:passed])


def _between(anchors: Sequence[tuple[float, float]], letters: float) -> float:
    """The place in the speech after so many letters."""
    for (l1, v1), (l2, v2) in pairwise(anchors):
        if letters <= l2:
            return v1 + (v2 - v1) * (letters - l1) / (l2 - l1) if l2 > l1 else v1
    return anchors[-1][1]


def _anchors(said: Sequence[float], ends: Mapping[int, float], speech: _Speech) -> list[tuple[float, float]]:
    """Letters -> place in the speech, where a sentence or a clause ends at a pause: the best match in order.

    The length of each stretch between two such places is compared with that of its letters, so no error adds up.

    Args:
        ends: After which part of the text a sentence or a clause ends, and how surely there is a pause.
    """
    pace = speech.seconds / said[-1]
    expected = [0.0, *(said[k] * pace for k in ends), speech.seconds]
    surely = [0.0, *ends.values(), 0.0]
    pauses = [(0.0, 0.0), *((v, p.seconds) for v, p in speech.inner), (speech.seconds, 0.0)]
    best: dict[tuple[int, int], tuple[float, tuple[int, int] | None]] = {(0, 0): (0.0, None)}
    for k, place in enumerate(expected[1:], start=1):
        for j, (at, silent) in enumerate(pauses[1:], start=1):
            last = k == len(expected) - 1
            if last != (j == len(pauses) - 1) or abs(at - place) > _FARTHEST + _FARTHEST_SHARE * place:
                continue
            found = surely[k] * min(silent, _LONG_PAUSE) / _LONG_PAUSE
            for before in ((b, i) for b in range(max(0, k - _MOST_SKIPPED), k) for i in range(j)):
                if before in best:
                    wanted, length = place - expected[before[0]], at - pauses[before[1]][0]
                    gain = best[before][0] + found - abs(length - wanted) / (_DRIFT_SECONDS + _DRIFT_SHARE * wanted)
                    if (k, j) not in best or gain > best[k, j][0]:
                        best[k, j] = gain, before
    after, anchors = list(ends), [(said[-1], speech.seconds)]
    end = best.get((len(expected) - 1, len(pauses) - 1), (0.0, None))[1]
    while end and end != (0, 0):
        anchors.append((said[after[end[0] - 1]], pauses[end[1]][0]))
        end = best[end][1]
    return [(0.0, 0.0), *reversed(anchors)]
