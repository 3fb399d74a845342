"""A scratch music bed: a chord progression with bass and plucked notes, in the mood and at the tempo of its prompt.

Everything follows from the prompt and the parameters: the same request gives the same bed. A bed begins on a bar line,
so that a film can loop it by bars.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from activities.providers.previz.sound.synthesis import FRAME_BYTES, RATE, Formula, evaluate, write_wav

BEATS: Final = 4
TEMPI: Final = (50.0, 180.0)
USUAL_TEMPO: Final = 92.0

_MINOR: Final = re.compile(
    r"\b(?:minor|sad|dark|tense|suspense|dramatic|drama|melanchol\w*|sombre|somber|mysteri\w*|serious|moody|noir|"
    r"traurig\w*|düster\w*|dunk\w*|spannend\w*|ernst\w*|moll|triste|oscur\w*|sombr\w*|tristes?)\b",
    re.IGNORECASE,
)
_FAST: Final = re.compile(
    r"\b(?:fast|upbeat|energetic|happy|cheerful|driving|dance|electronic|techno|rock|pop|funk\w*|punchy|dynamic|"
    r"schnell\w*|fröhlich\w*|flott\w*|treibend\w*|lebhaft\w*|rápid\w*|alegre|energétic\w*|rapide|joyeu\w*|entraînant\w*|allegr\w*)\b",
    re.IGNORECASE,
)
_SLOW: Final = re.compile(
    r"\b(?:slow|calm|gentle|soft|quiet|ambient|peaceful|relax\w*|dreamy|lullaby|meditat\w*|sad|"
    r"langsam\w*|ruhig\w*|sanft\w*|leise|lent[oae]?|tranquil\w*|suave|calme|douce?|piano solo)\b",
    re.IGNORECASE,
)
_BPM: Final = re.compile(r"\b(\d{2,3})\s*bpm\b", re.IGNORECASE)

_SCALES: Final = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_PROGRESSIONS: Final = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 5, 4), (3, 0, 4, 5)),
    "minor": ((0, 5, 2, 6), (0, 3, 5, 4), (0, 6, 5, 6), (0, 2, 5, 6)),
}
"""Degrees of the scale, one a bar."""
_ROOTS: Final = range(48, 58)
"""MIDI numbers."""
_ROOM: Final = (
    ("lowpass", "f=6500"),
    ("chorus", "0.7:0.9:31|43:0.35|0.3:0.23|0.31:1.6|2.1"),
    ("haas", "side_gain=0.5:middle_source=mid"),
    ("aecho", "0.9:0.8:83|149|263:0.22|0.16|0.11"),
    ("volume", "2dB"),
    ("alimiter", "limit=0.7:level=disabled:attack=5:release=60"),
)


@dataclass(frozen=True)
class Bed:
    """The character of a bed."""

    bpm: float
    mode: str
    busy: bool
    root: int
    degrees: tuple[int, ...]
    pattern: tuple[int, ...]

    @property
    def bar_seconds(self) -> float:
        return BEATS * 60 / self.bpm


def bed_of(prompt: str, bpm: float | None = None) -> Bed:
    """The bed that a prompt describes; a tempo in it counts where the parameter gives none."""
    dice = Random(prompt)  # noqa: S311 - music, not secrets
    mode = "minor" if _MINOR.search(prompt) else "major"
    busy = bool(_FAST.search(prompt))
    if bpm is None:
        named = _BPM.search(prompt)
        slow = 72.0 if _SLOW.search(prompt) else USUAL_TEMPO
        bpm = float(named[1]) if named else 122.0 if busy else slow
        bpm = min(max(bpm, TEMPI[0]), TEMPI[1])
    pattern = tuple(dice.choice((0, 1, 2, 3)) for _ in range(8))
    return Bed(bpm, mode, busy, dice.choice(_ROOTS), dice.choice(_PROGRESSIONS[mode]), pattern)


def music(
    prompt: str, target: Path, seconds: float, bpm: float | None = None, stop: Callable[[], bool] = lambda: False
) -> Path:
    """Write the bed as a WAV file of exactly `seconds`, whose comment names the tempo."""
    bed = bed_of(prompt, bpm)
    return write_wav(target, _bars(bed, seconds), _ROOM, seconds, stop, f", {bed.bpm:g} bpm")


def _bars(bed: Bed, seconds: float) -> Iterator[bytes]:
    """The bars one after another; each begins on the sample that is nearest to its time."""
    made: dict[int, bytes] = {}
    number, period = 0, 2 * len(bed.degrees)
    while round(number * bed.bar_seconds * RATE) < seconds * RATE:
        begin, end = (round(k * bed.bar_seconds * RATE) for k in (number, number + 1))
        which = number % period
        if which not in made:
            made[which] = evaluate(_bar(bed, which), bed.bar_seconds + 2 / RATE)
        yield made[which][: (end - begin) * FRAME_BYTES]
        number += 1


def _bar(bed: Bed, number: int) -> Formula:
    scale, degree = _SCALES[bed.mode], bed.degrees[number % len(bed.degrees)]
    chord = [_pitch(bed.root, scale, degree + step) for step in (0, 2, 4)]
    second = number >= len(bed.degrees)
    voices = [_pad(_hertz(_near(note, 60)), bed.bar_seconds) for note in (*chord, chord[0] + 12)]
    voices.append(_bass(_hertz(_near(chord[0], 41)), bed.bar_seconds))
    for k in range(0, 8, 1 if bed.busy else 2):
        at = k * bed.bar_seconds / 8
        note = (*chord, chord[0] + 12)[bed.pattern[(k + 3 * second) % 8]]
        voices.append(_pluck(_hertz(_near(note, 76)), at))
    if bed.busy:
        voices += [_kick(k * bed.bar_seconds / BEATS) for k in range(BEATS)]
    return ("+".join(voices),)


def _pitch(root: int, scale: tuple[int, ...], degree: int) -> int:
    return root + scale[degree % 7] + 12 * (degree // 7)


def _near(note: int, middle: int) -> int:
    """The note in the octave around `middle`."""
    return middle - 6 + (note - middle + 6) % 12


def _hertz(note: float) -> float:
    return 440.0 * math.exp2((note - 69) / 12)


def _wave(hertz: float, at: float = 0.0) -> str:
    """The phase of a tone."""
    return f"{6.283185307 * hertz:.5f}*(t-{at:.5f})" if at else f"{6.283185307 * hertz:.5f}*t"


def _pad(hertz: float, bar: float) -> str:
    swell = f"min(1,t/0.3)*min(1,({bar:.5f}-t)/0.2)"
    return f"0.05*max(0,{swell})*(sin({_wave(hertz)})+0.4*sin({_wave(2.003 * hertz)}))"


def _bass(hertz: float, bar: float) -> str:
    fall = f"min(1,t/0.02)*exp(-0.6*t)*min(1,({bar:.5f}-t)/0.08)"
    return f"0.16*max(0,{fall})*(sin({_wave(hertz)})+0.3*sin({_wave(2 * hertz)}))"


def _pluck(hertz: float, at: float) -> str:
    tone = f"sin({_wave(hertz, at)})+0.45*exp(-6*(t-{at:.5f}))*sin({_wave(2 * hertz, at)})"
    return f"if(gte(t,{at:.5f}),0.11*min(1,(t-{at:.5f})/0.004)*exp(-3.6*(t-{at:.5f}))*({tone}),0)"


def _kick(at: float) -> str:
    u = f"(t-{at:.5f})"
    return f"if(gte(t,{at:.5f}),0.3*min(1,{u}/0.003)*exp(-14*{u})*sin(6.2832*(52*{u}+3*(1-exp(-30*{u})))),0)"
