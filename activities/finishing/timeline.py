"""The begin and end of each shot and narration of a film: pure arithmetic, without decoding.

Times are seconds from the film's start; a shot lasts a whole number of frames.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from activities.finishing.captions.word_times import Word, at_speed
from workflows.cut import Cut
from workflows.models import Media

LEAD_SECONDS: Final = 0.15
"""A voice on the first frame of a shot sounds clipped; it begins this much later if there is time for that."""
TAIL_SECONDS: Final = 0.5
"""A still that is held for its narration stays this long after its end."""
UNTIED_STILL_SECONDS: Final = 4.0
"""The length of a still without narration in a film whose other stills have one: enough to see a picture."""
MOST_SPEED: Final = 1.15
"""Of a narration that is a little longer than its shots: up to this, a voice still sounds natural."""
LEAST_SPEED: Final = 0.9
"""Of the shots of a narration that is still longer at MOST_SPEED: down to this, a movement still looks natural."""
NOTED_OVERRUN_SECONDS: Final = 0.1
"""A shorter overrun is rounding of durations to frames, and is not visible."""

NO_TRANSITIONS: Final = Cut()


@dataclass(frozen=True)
class Join:
    """A transition, in frames of the film."""

    kind: Literal["cut", "dissolve", "fade", "wipe"] = "cut"
    frames: int = 0

    @property
    def overlap(self) -> int:
        """The number of frames that show both shots."""
        return self.frames if self.kind in ("dissolve", "wipe") else 0


CUT: Final = Join()


@dataclass(frozen=True)
class Shot:
    """A moving picture, or a still that is held for `seconds`.

    Attributes:
        voices: The narrations that are spoken over it.
        timecode: The size of an animatic in pixels, on which the film draws its time; None for other shots.
        focus: The point that stays in view where the shot is cropped, as shares of its width and height.
        fill: Whether it fills the frame of a film that does not crop every shot.
        sound: Whether it has a sound of its own.
        speed: How fast it is played; `seconds` is as played.
    """

    asset_id: str
    media: Media
    seconds: float
    still: bool = False
    voices: tuple[str, ...] = ()
    timecode: tuple[int, int] | None = None
    focus: tuple[float, float] = (0.5, 0.5)
    fill: bool = False
    sound: bool = False
    speed: float = 1.0


@dataclass(frozen=True)
class Voice:
    """A narration and its real length, which its header may have wrong.

    Parts of the text that are not in `words` are timed by their length.

    Attributes:
        speed: How much faster than recorded it is played; `seconds` and `words` are as played.
    """

    asset_id: str
    text: str
    media: Media
    seconds: float
    words: tuple[Word, ...] = ()
    speed: float = 1.0


@dataclass(frozen=True)
class PlacedShot:
    """A shot from `start`.

    Attributes:
        frames: All of its frames, including those of both transitions.
        join: The transition from the previous shot.
    """

    shot: Shot
    start: float
    frames: int
    join: Join = CUT


@dataclass(frozen=True)
class PlacedVoice:
    voice: Voice
    start: float

    @property
    def end(self) -> float:
        return self.start + self.voice.seconds


@dataclass(frozen=True)
class ScreenText:
    """Text over the picture, in frames of the film.

    Attributes:
        over: Of a title, the lower thirds that are shown with it at some moment.
    """

    kind: Literal["title", "lower third"]
    text: str
    first: int
    frames: int
    over: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """All shots and narrations of a film.

    Attributes:
        ending: The number of frames at the end that fade to black.
        card: The text of the end card; empty if there is none.
        card_frames: Its length.
    """

    shots: tuple[PlacedShot, ...]
    voices: tuple[PlacedVoice, ...]
    notes: tuple[str, ...]
    rate: int
    ending: int = 0
    texts: tuple[ScreenText, ...] = ()
    card: str = ""
    card_frames: int = 0

    @property
    def frames(self) -> int:
        return sum(placed.frames - placed.join.overlap for placed in self.shots) + self.card_frames

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    def fades(self, index: int) -> tuple[int, int]:
        """How many frames of a shot come from black, and how many go to black."""
        into = self.shots[index].join
        last = index + 1 == len(self.shots)
        after = Join("fade", 0 if self.card_frames else self.ending) if last else self.shots[index + 1].join
        whole = into.frames if into.kind == "fade" else 0
        fade_out = (after.frames if last else after.frames // 2) if after.kind == "fade" else 0
        return whole - whole // 2 if index else whole, fade_out


def fit_voices(shots: Sequence[Shot], voices: Sequence[Voice], rate: int) -> tuple[list[Shot], list[Voice], list[str]]:
    """The shots and narrations, at another speed where that lets a longer narration end with its shots; with notes.

    The narration is played faster, up to MOST_SPEED. If that is not enough, its shots are played slower too, down to
    LEAST_SPEED. If that is not enough either, nothing changes, and the last frame will be held.

    Only moving shots have a length of their own, and only a narration that shares its shots with no other is fitted.
    """
    shown = {shot.asset_id: shot for shot in shots}
    spoken, notes = [], []
    for voice in voices:
        own = [shot for shot in shots if voice.asset_id in shot.voices]
        room = sum(shot.seconds for shot in own)
        alone = own and not any(shot.still or len(shot.voices) > 1 for shot in own)
        if alone and NOTED_OVERRUN_SECONDS <= voice.seconds - room <= (MOST_SPEED / LEAST_SPEED - 1) * room:
            if voice.seconds > MOST_SPEED * room:
                own = [_slower(shot, voice.seconds / room / MOST_SPEED, rate) for shot in own]
                room = sum(shot.seconds for shot in own)
            speed = voice.seconds / room
            notes.append(_speed_note(voice.asset_id, own, speed))
            voice = replace(voice, seconds=room, words=at_speed(voice.words, speed), speed=speed)
            shown |= {shot.asset_id: shot for shot in own}
        spoken.append(voice)
    return [shown[shot.asset_id] for shot in shots], spoken, notes


def _slower(shot: Shot, times: float, rate: int) -> Shot:
    """The shot about so many times as long, in whole frames."""
    seconds = round(shot.seconds * times * rate) / rate
    return replace(shot, seconds=seconds, speed=shot.seconds / seconds) if seconds > shot.seconds else shot


def _speed_note(voice: str, shots: Sequence[Shot], speed: float) -> str:
    slower = [f"{shot.asset_id} {shot.speed:.2f} times" for shot in shots if shot.speed != 1]
    if not slower:
        return f"{voice} is played {speed:.2f} times as fast, so that it ends with its shot"
    return f"{voice} is played {speed:.2f} times as fast and {', '.join(slower)}, so that they end together"


def lay_out(shots: Sequence[Shot], voices: Sequence[Voice], rate: int, cut: Cut = NO_TRANSITIONS) -> Timeline:
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
        frames = max(1, round(shot.seconds * rate))
        join = _join(cut, shot, frames, placed_shots[-1].frames if placed_shots else None, rate, notes)
        frame -= join.overlap
        start = frame / rate
        for voice in spoken_from.get(index, ()):
            at = silent_from or LEAD_SECONDS
            if voice.asset_id in first:
                room = sum(s.seconds for s in shots[index : last[voice.asset_id] + 1]) - voice.seconds
                lead = LEAD_SECONDS + join.overlap / 2 / rate
                at = max(start + min(lead, max(0.0, room)), silent_from)
            placed_voices[voice.asset_id] = PlacedVoice(voice, at)
            silent_from = at + voice.seconds
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
        placed_shots.append(PlacedShot(shot, start, frames, join))
        frame += frames

    left = silent_from - frame / rate
    if placed_shots and left > 0:
        final = placed_shots[-1]
        placed_shots[-1] = replace(final, frames=final.frames + math.ceil(round(left * rate, 6)))
        if left >= NOTED_OVERRUN_SECONDS:
            notes.append(
                f"narration runs {left:.1f} s past the last shot; the last frame of {final.shot.asset_id} is held"
            )
    card_frames = round(cut.end_card.seconds * rate) if cut.end_card else 0
    last_frames = card_frames or (placed_shots[-1].frames if placed_shots else 0)
    wanted = round(cut.fade_out_seconds * rate)
    ending = min(wanted, last_frames // 2)
    if wanted - ending > 1:
        faded = "end card" if card_frames else "last shot"
        short = f"{ending / rate:.1f} s instead of {cut.fade_out_seconds:g} s"
        notes.append(f"the fade at the end takes {short}, half of the {faded}")
    texts = _texts(cut, placed_shots, rate, notes)
    return Timeline(
        tuple(placed_shots),
        tuple(placed_voices.values()),
        tuple(notes),
        rate,
        ending=ending,
        texts=texts,
        card=cut.end_card.text if cut.end_card else "",
        card_frames=card_frames,
    )


def _texts(cut: Cut, shots: Sequence[PlacedShot], rate: int, notes: list[str]) -> tuple[ScreenText, ...]:
    """The texts over the picture; none is shown longer than its shot, or the title than the film."""
    found: list[ScreenText] = []
    if cut.title and shots:
        end = round((shots[-1].start + shots[-1].frames / rate) * rate)
        found.append(ScreenText("title", cut.title.text, 0, min(round(cut.title.seconds * rate), end)))
    by_id = {placed.shot.asset_id: placed for placed in shots}
    for third in cut.lower_thirds:
        placed = by_id.get(third.asset_id)
        if placed is None:
            continue
        start = round(placed.start * rate)
        first = start + round(third.at_seconds * rate)
        frames = min(round(third.seconds * rate), start + placed.frames - first)
        if frames > 0:
            found.append(ScreenText("lower third", third.text, first, frames))
        else:
            notes.append(f"“{third.text}” would begin after the end of {third.asset_id}, and is not shown")
    if found and found[0].kind == "title":
        over = tuple(third.text for third in found[1:] if third.first < found[0].frames)
        found[0] = replace(found[0], over=over)
    return tuple(found)


def _join(cut: Cut, shot: Shot, frames: int, previous: int | None, rate: int, notes: list[str]) -> Join:
    """The transition into a shot: at most half of each shot, so that each is also seen alone."""
    wanted = cut.transitions.get(shot.asset_id)
    if wanted is None or wanted.kind == "cut" or (previous is None and wanted.kind != "fade"):
        return CUT
    full = round(wanted.seconds * rate)
    length = min(full, frames // 2, full if previous is None else previous // 2)
    if full - length > 1:
        notes.append(
            f"the {wanted.kind} to {shot.asset_id} takes {length / rate:.1f} s instead of {wanted.seconds:g} s, "
            "half of the shorter shot"
        )
    return Join(wanted.kind, length) if length else CUT


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
