"""Which sound is in the film from when to when: pure arithmetic, without decoding. Times are seconds of the film."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from activities.finishing.timeline import Timeline

MUSIC_FADES: Final = (0.5, 2.0)
"""In and out."""
AMBIENCE_FADES: Final = (0.5, 0.8)
CUT_FADE: Final = 0.2
"""Of an effect that the end of the film cuts."""
DECLICK: Final = 0.01
"""Where a recording begins or ends within a wave."""
OWN_FADE: Final = 0.02
"""At both ends of a shot's own sound: a cut of the picture is not a click."""
OWN_END: Final = 0.2
"""The shortest fade of the last shot's own sound, which nothing follows."""
CROSS_FADE: Final = 2.0
"""Between two passes of a recording that has no bars."""
MOST_FADED: Final = 0.25
"""The share of a sound that one of its fades may take."""


@dataclass(frozen=True)
class Sound:
    """A recording for the film.

    Attributes:
        role: music, effects or ambience.
        seconds: Its real length.
        shots: Ids of the shots that it belongs to; none stands for the whole film.
        at_seconds: From the begin of its first shot, or of the film.
        bar_seconds: The length of a bar of music; None if it is unknown.
    """

    asset_id: str
    role: str
    seconds: float
    shots: tuple[str, ...] = ()
    at_seconds: float = 0.0
    bar_seconds: float | None = None


@dataclass(frozen=True)
class Part:
    """A stretch of a recording in the film, from its begin on; the fades are its first and last seconds."""

    start: float
    seconds: float
    fade_in: float = 0.0
    fade_out: float = 0.0

    @property
    def end(self) -> float:
        return self.start + self.seconds


def place(sound: Sound, timeline: Timeline) -> list[Part]:
    """The parts of the film in which a recording sounds; none where it begins after the end of the film.

    Music and ambience last as long as their shots, an effect as long as its recording.
    """
    start, end = _span(sound.shots, timeline)
    start += max(0.0, sound.at_seconds)
    if sound.role == "effects":
        seconds = min(sound.seconds, timeline.seconds - start)
        fade = DECLICK if seconds >= sound.seconds else CUT_FADE
        return [_faded(start, seconds, (DECLICK, fade))] if seconds > 0 else []
    if end <= start:
        return []
    fades = AMBIENCE_FADES if sound.role == "ambience" else MUSIC_FADES
    if sound.seconds >= end - start:
        return [_faded(start, end - start, fades)]
    bar = sound.bar_seconds
    if bar and sound.seconds >= bar:
        return _by_bars(start, end, sound.seconds, bar, fades)
    return _cross_faded(start, end, sound.seconds, fades)


def own_sound(timeline: Timeline, index: int, seconds: float) -> Part:
    """The part of a shot's own sound: from the shot's first frame, at most to its last.

    It fades with the picture: a dissolve or a wipe is a cross-fade, and black is silent.

    Args:
        seconds: The real length of the sound.
    """
    placed, rate = timeline.shots[index], timeline.rate
    last = index + 1 == len(timeline.shots)
    from_black, to_black = timeline.fades(index)
    shared = 0 if last else timeline.shots[index + 1].join.overlap
    into = max(OWN_FADE, (placed.join.overlap or from_black) / rate)
    out = max(OWN_END if last else OWN_FADE, (shared or to_black) / rate)
    lasts = placed.frames / rate
    if seconds < lasts:  # it is over before the picture
        lasts, out = seconds, max(OWN_FADE, out - (lasts - seconds))
    most = lasts / 2
    return Part(placed.start, lasts, min(into, most), min(out, most))


def _span(shots: Sequence[str], timeline: Timeline) -> tuple[float, float]:
    """From the begin of the first of these shots to the end of the last; the film if none of them is in it."""
    spans = [
        (placed.start, placed.start + placed.frames / timeline.rate)
        for placed in timeline.shots
        if placed.shot.asset_id in shots
    ]
    return (min(a for a, _ in spans), max(b for _, b in spans)) if spans else (0.0, timeline.seconds)


def _faded(start: float, seconds: float, fades: tuple[float, float]) -> Part:
    most = seconds * MOST_FADED
    return Part(start, seconds, min(fades[0], most), min(fades[1], most))


def _by_bars(start: float, end: float, seconds: float, bar: float, fades: tuple[float, float]) -> list[Part]:
    """Passes of whole bars, each beginning where the one before it ends. The last one is cut at the end of the span;
    where less than its fade would be left of it, the music ends with the pass before."""
    unit = math.floor(seconds / bar + 1e-6) * bar
    fade_in, fade_out = fades
    count = math.ceil((end - start) / unit - 1e-6)
    if count > 1 and (end - start) - (count - 1) * unit < fade_out:
        count, end = count - 1, start + (count - 1) * unit
    parts = []
    for k in range(count):
        at, last = start + k * unit, k == count - 1
        # What the recording has beyond its last bar line fades under the first beat of the next pass.
        length = end - at if last else min(seconds, unit + DECLICK)
        most = length * MOST_FADED
        out = min(fade_out, most) if last else DECLICK
        parts.append(Part(at, length, min(fade_in, most) if k == 0 else DECLICK / 2, out))
    return parts


def _cross_faded(start: float, end: float, seconds: float, fades: tuple[float, float]) -> list[Part]:
    """Passes of equal length that overlap by a cross-fade, and end exactly at the end of the span."""
    cross = min(CROSS_FADE, seconds * MOST_FADED)
    count = max(2, math.ceil(((end - start) - cross) / (seconds - cross) - 1e-6))
    length = ((end - start) + (count - 1) * cross) / count
    parts = []
    for k in range(count):
        most = length * MOST_FADED
        into = min(fades[0], most) if k == 0 else cross
        out = min(fades[1], most) if k == count - 1 else cross
        parts.append(Part(start + k * (length - cross), length, into, out))
    return parts
