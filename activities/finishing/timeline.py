"""The begin and end of each shot and narration of a film: pure arithmetic, without decoding.

Times are seconds from the film's start; a shot lasts a whole number of frames.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from activities.finishing.captions.word_times import Word

LEAD_SECONDS: Final = 0.15
"""A voice on the first frame of a shot sounds clipped; it begins this much later if there is time for that."""
TAIL_SECONDS: Final = 0.5
"""A still that is held for its narration stays this long after its end."""
UNTIED_STILL_SECONDS: Final = 4.0
"""The length of a still without narration in a film whose other stills have one: enough to see a picture."""
NOTED_OVERRUN_SECONDS: Final = 0.1
"""A shorter overrun is rounding of durations to frames, and is not visible."""


@dataclass(frozen=True)
class Shot:
    """A moving picture, or a still that is held for `seconds`.

    Attributes:
        voices: The narrations that are spoken over it.
        timecode: The size of an animatic in pixels, on which the film draws its time; None for other shots.
    """

    asset_id: str
    path: Path
    seconds: float
    still: bool = False
    voices: tuple[str, ...] = ()
    timecode: tuple[int, int] | None = None


@dataclass(frozen=True)
class Voice:
    """A narration, decoded: `pcm` holds 48 kHz 16 bit stereo samples.

    Parts of the text that are not in `words` are timed by their length.
    """

    asset_id: str
    text: str
    pcm: Path
    seconds: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class PlacedShot:
    shot: Shot
    start: float
    frames: int


@dataclass(frozen=True)
class PlacedVoice:
    voice: Voice
    start: float

    @property
    def end(self) -> float:
        return self.start + self.voice.seconds


@dataclass(frozen=True)
class Timeline:
    shots: tuple[PlacedShot, ...]
    voices: tuple[PlacedVoice, ...]
    notes: tuple[str, ...]
    rate: int

    @property
    def frames(self) -> int:
        return sum(placed.frames for placed in self.shots)

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def lay_out(shots: Sequence[Shot], voices: Sequence[Voice], rate: int) -> Timeline:
    """Place the shots in sequence and each narration at its shot, and hold last frames so that no narration is cut.

    A narration belongs to the shots that name it, and begins with the first of them. One that no shot names begins
    at the end of the previous narration. Voices never overlap. `rate` is frames a second.
    """
    first, last = _spans(shots)
    spoken_from: dict[int, list[Voice]] = {}
    index = 0
    for voice in voices:
        index = first.get(voice.asset_id, index)
        spoken_from.setdefault(index, []).append(voice)

    placed_shots: list[PlacedShot] = []
    placed_voices: dict[str, PlacedVoice] = {}
    notes: list[str] = []
    frame, silent_from = 0, 0.0
    for index, shot in enumerate(shots):
        start = frame / rate
        for voice in spoken_from.get(index, ()):
            at = silent_from or LEAD_SECONDS
            if voice.asset_id in first:
                room = sum(s.seconds for s in shots[index : last[voice.asset_id] + 1]) - voice.seconds
                at = max(start + min(LEAD_SECONDS, max(0.0, room)), silent_from)
            placed_voices[voice.asset_id] = PlacedVoice(voice, at)
            silent_from = at + voice.seconds
        frames = max(1, round(shot.seconds * rate))
        for voice_id in shot.voices:
            placed = placed_voices.get(voice_id)
            if placed is None or last[voice_id] != index:
                continue
            overrun = placed.end - (frame + frames) / rate
            if overrun >= NOTED_OVERRUN_SECONDS:
                whose = "its shot" if first[voice_id] == index else "its shots"
                notes.append(
                    f"{voice_id} overruns {whose} by {overrun:.1f} s; the last frame of {shot.asset_id} is held"
                )
            frames = max(frames, math.ceil(round(placed.end * rate, 6)) - frame)
        placed_shots.append(PlacedShot(shot, start, frames))
        frame += frames

    left = silent_from - frame / rate
    if placed_shots and left > 0:
        final = placed_shots[-1]
        placed_shots[-1] = replace(final, frames=final.frames + math.ceil(round(left * rate, 6)))
        if left >= NOTED_OVERRUN_SECONDS:
            notes.append(
                f"narration runs {left:.1f} s past the last shot; the last frame of {final.shot.asset_id} is held"
            )
    return Timeline(tuple(placed_shots), tuple(placed_voices.values()), tuple(notes), rate)


def _spans(shots: Sequence[Shot]) -> tuple[dict[str, int], dict[str, int]]:
    """Narration id -> index of the first, and of the last shot that names it."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, shot in enumerate(shots):
        for voice_id in shot.voices:
            first.setdefault(voice_id, index)
            last[voice_id] = index
    return first, last


def hold_stills(stills: Sequence[Shot], voices: Sequence[Voice], film_seconds: float) -> list[Shot]:
    """Give each still the length of its narration.

    If no still names a narration, the n-th still gets the n-th narration if there are as many of each; otherwise all
    stills share the whole narration evenly. Without narration they share `film_seconds`.
    """
    if not voices:
        return [replace(still, seconds=film_seconds / len(stills)) for still in stills]
    seconds = {voice.asset_id: voice.seconds for voice in voices}
    if not any(voice_id in seconds for still in stills for voice_id in still.voices):
        if len(stills) != len(voices):
            share = (LEAD_SECONDS + sum(seconds.values()) + TAIL_SECONDS) / len(stills)
            return [replace(still, seconds=share, voices=()) for still in stills]
        stills = [replace(s, voices=(v.asset_id,)) for s, v in zip(stills, voices, strict=True)]
    _, last = _spans(stills)
    held = []
    for index, still in enumerate(stills):
        spoken = [seconds[v] for v in still.voices if v in seconds and last[v] == index]
        hold = LEAD_SECONDS + sum(spoken) + TAIL_SECONDS if spoken else UNTIED_STILL_SECONDS
        held.append(replace(still, seconds=hold))
    return held
