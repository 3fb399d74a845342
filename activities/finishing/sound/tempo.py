"""The tempo of a recording, where it has a clear one: by the autocorrelation of its onsets. Times are seconds."""

import math
import re
from array import array
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Final

from activities.finishing.picture.frames import check_stopped
from activities.finishing.sound.samples import SAMPLE_BYTES, SAMPLE_RATE, frame_of, read_blocks
from activities.media.recordings import open_recording

BEATS: Final = 4
"""In a bar. A cut in other metres is on a beat, and not always on a bar line."""
TEMPI: Final = (60.0, 180.0)
"""Beats a minute. Half or double the real tempo still gives bar lines on beats."""
USUAL: Final = 100.0
CLEAR: Final = 0.3
"""The share of the energy of the onsets that has to repeat at the beat."""
MEASURED_SECONDS: Final = 60
STEPS: Final = 100
"""Values of the envelope a second."""
LEAST_RISE: Final = 0.1
"""Of the level within a step, as a logarithm: about 1 dB. Less is no onset."""
_RATE: Final = 8_000
_LIMITS: Final = (30.0, 300.0)


_TAGS: Final = ("tbpm", "bpm", "tempo")
"""Names of metadata with the tempo; MP3 has the first (ID3v2.4, section 4.2.3)."""
_NAMED: Final = re.compile(r"\b(\d{2,3}(?:\.\d{1,3})?)\s*bpm\b", re.IGNORECASE)


def bar_seconds(bpm: float) -> float:
    return BEATS * 60 / bpm


def tagged_tempo(source: Path) -> float | None:
    """The beats a minute in the metadata of a recording; None where they name none, or one that is not usual."""
    with open_recording(source) as container:
        tags = {name.lower(): value for name, value in container.metadata.items()}
    named = _NAMED.search(tags.get("comment", ""))
    values = [*(tags[name] for name in _TAGS if name in tags), *([named[1]] if named else [])]
    for value in values:
        with suppress(ValueError):
            if _LIMITS[0] <= float(value) <= _LIMITS[1]:
                return float(value)
    return None


def find_tempo(pcm: Path, stop: Event) -> float | None:
    """The beats a minute of a file of samples; None where it has no clear beat."""
    onsets = _onsets(_envelope(pcm, stop))
    energy = sum(x * x for x in onsets)
    shortest, longest = (round(60 * STEPS / bpm) for bpm in reversed(TEMPI))
    if energy <= 0 or len(onsets) < 3 * BEATS * longest // 2:
        return None
    scores = {lag: _correlation(onsets, lag) / energy for lag in range(shortest - 1, longest + 2)}
    peaks = [lag for lag in range(shortest, longest + 1) if scores[lag] >= max(scores[lag - 1], scores[lag + 1], CLEAR)]
    if not peaks:
        return None
    best = max(peaks, key=lambda lag: scores[lag] * math.exp(-0.5 * math.log2(60 * STEPS / lag / USUAL) ** 2))
    return 60 * STEPS / _refined(onsets, best)


def _refined(onsets: Sequence[float], lag: float) -> float:
    """The length of a beat in steps, exact to a fraction: measured over more and more beats."""
    beats = 1
    while (beats := beats * 2) * lag < len(onsets) / 2 and beats <= 32:
        near = range(math.floor(beats * lag - beats / 4 - 1), math.ceil(beats * lag + beats / 4 + 1) + 1)
        values = {k: _correlation(onsets, k) for k in (near.start - 1, *near, near.stop)}
        top = max(near, key=lambda k: values[k])
        below, at, above = values[top - 1], values[top], values[top + 1]
        curve = below - 2 * at + above
        lag = (top + (0.5 * (below - above) / curve if curve < 0 else 0.0)) / beats
    return lag


def _correlation(values: Sequence[float], lag: int) -> float:
    return sum(map(float.__mul__, values[:-lag], values[lag:])) * len(values) / (len(values) - lag)


def _onsets(envelope: Sequence[float]) -> list[float]:
    """The rises of the level, without their mean."""
    rises = [max(0.0, b - a - LEAST_RISE) for a, b in pairwise(envelope)]
    mean = sum(rises) / len(rises) if rises else 0.0
    return [x - mean for x in rises]


def _envelope(pcm: Path, stop: Event) -> list[float]:
    """The logarithm of the level, `STEPS` times a second."""
    import av

    resampler = av.AudioResampler("s16", "mono", _RATE)
    samples = array("h")
    left = MEASURED_SECONDS * SAMPLE_RATE * SAMPLE_BYTES
    with pcm.open("rb") as file:
        for data in read_blocks(file, SAMPLE_BYTES):
            check_stopped(stop)
            for piece in resampler.resample(frame_of(data, "s16", 0)):
                samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
            left -= len(data)
            if left <= 0:
                break
    width = _RATE // STEPS
    levels = [sum(map(abs, samples[k : k + width])) / width for k in range(0, len(samples) - width, width)]
    floor = max(levels, default=0) / 300 + 1
    return [math.log(level + floor) for level in levels]
