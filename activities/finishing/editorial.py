"""A film as a timeline for editing software: the JSON of OpenTimelineIO, exact to the frame at the film's rate.

It is written here, because the package opentimelineio has no wheel for Python 3.14. The tests read it with that.

The first track is the picture, those after it are the texts over it, and the other tracks are sound, each without
overlaps. Texts are clips on pictures that finishing draws. A shot is one clip on the file of its take, except for what
no file contains:

- A dissolve or a wipe of n frames has its cut in its middle, n // 2 frames after its start. Each shot has the frames of
  the whole transition in its file, so editing software finds the handles that it needs.
- A fade goes to a gap, which is black, and from it to the next shot, with a dissolve for each half.
- A last frame that is held is a clip of its own with the effect FreezeFrame. If a transition follows, the frame is held
  for longer than the transition, because a transition may only cover one clip on each side.

Each further language has a track of its own, which is off: its narrations begin where those of the original do, and
last as long as they are.

Sound begins at the frame that is nearest to its time, and a part of a frame at its end counts as a frame.
"""

import json
import math
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from activities.finishing.picture import text_files
from activities.finishing.picture.text_files import TextFile
from activities.finishing.timeline import CUT, Join, PlacedShot, Timeline
from activities.media.facts import extension_of
from workflows.activity_io import FinishDeliverable, FinishedAsset

FILE: Final = "timeline.otio"
ROLE: Final = "timeline"
MEDIA_TYPE: Final = "application/vnd.otio+json"
KEY: Final = "greenlight"
"""The key of our metadata."""
NARRATION: Final = "narration"
PROMPT_CHARS: Final = 300
"""Of a prompt in the metadata of a clip."""
_TRACKS: Final = (NARRATION, "own-sound", "effects", "ambience", "music")
"""The order of the sound tracks by role; other roles follow."""

Json = dict[str, Any]
"""An object of OpenTimelineIO: its schema and its fields."""
_TEXTS: Final = "Texts"
"""The track of the texts over the picture."""
_GAP: Final = "Gap.1"
_ITEM: Final[Json] = {"source_range": None, "effects": [], "enabled": True}


@dataclass(frozen=True)
class PlacedSound:
    """A part of an asset's sound, in seconds: from `first` of its file, at `start` of the film, played at `speed`."""

    asset_id: str
    start: float
    seconds: float
    first: float = 0.0
    role: str = NARRATION
    speed: float = 1.0


@dataclass(frozen=True)
class _Span:
    """Consecutive frames of a file, or one frame that is held."""

    first: int
    frames: int
    frozen: bool = False


def timeline_of(
    request: FinishDeliverable,
    film: Timeline,
    size: tuple[int, int],
    *,
    sounds: Sequence[PlacedSound] | None = None,
) -> Json:
    """The timeline of a film, with a marker at each shot.

    Args:
        size: Of the film, in pixels.
        sounds: The sounds of the film; if None, its narrations.
    """
    if sounds is None:
        sounds = [PlacedSound(v.voice.asset_id, v.start, v.voice.seconds, speed=v.voice.speed) for v in film.voices]
    assets = {each.asset.asset_id: each for each in request.assets}
    facts = {"rate": film.rate, "width": size[0], "height": size[1]}
    made = {"production_id": request.production_id, "revision": request.revision, **facts}
    tracks = [_picture(film, assets, size), *_text_tracks(film, size)]
    tracks += _sound_tracks(sounds, assets, film.rate, film.frames)
    markers = [
        _marker(assets[placed.shot.asset_id], round(placed.start * film.rate), film.rate) for placed in film.shots
    ]
    return _object(
        "Timeline.1",
        printable(request.title),
        {**made, "version": 1},
        global_start_time=_time(0, film.rate),
        tracks=_object("Stack.1", "tracks", {}, children=tracks, markers=markers, **_ITEM),
    )


def as_json(timeline: Json) -> str:
    """The content of an .otio file: the same for the same timeline."""
    return json.dumps(timeline, indent=1, ensure_ascii=False) + "\n"


def printable(text: str) -> str:
    """The text in one line, without characters that XML forbids."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs") or c in "\ufffe\uffff" else c for c in text)
    return " ".join("".join(kept).split())


def _short(prompt: str) -> str:
    text = printable(prompt)
    return text if len(text) <= PROMPT_CHARS else f"{text[: PROMPT_CHARS - 1]}…"


def _picture(film: Timeline, assets: Mapping[str, FinishedAsset], size: tuple[int, int]) -> Json:
    children: list[Json] = []
    rate = film.rate
    for index, placed in enumerate(film.shots):
        into = placed.join
        after = film.shots[index + 1].join if index + 1 < len(film.shots) else CUT
        fade_in, fade_out = film.fades(index)
        if into.overlap:
            children.append(_transition(into.kind, into.overlap // 2, into.overlap - into.overlap // 2, rate))
        elif fade_in and (not index or children[-1]["OTIO_SCHEMA"] == _GAP):
            children.append(_transition("fade", 0, fade_in, rate))
        available = _available(placed, rate)
        for span in _spans(placed.frames, available, into, after, fade_out):
            still: Json = {"still": True} if placed.shot.still else {}
            children.append(_clip(assets[placed.shot.asset_id], span, available, rate, still, placed.shot.speed))
        if fade_out:
            children += _to_black(fade_out, rate)
    if card := text_files.end_card(film):
        children.append(_text_clip(card, card.frames - film.ending, size, rate))
        children += _to_black(film.ending, rate) if film.ending else []
    return _track("Picture", "Video", {"role": "picture"}, children)


def _to_black(frames: int, rate: int) -> list[Json]:
    return [_transition("fade", 0, frames, rate), _gap(frames, rate)]


def _text_tracks(film: Timeline, size: tuple[int, int]) -> Iterator[Json]:
    """The texts over the picture, on more than one track where they overlap."""
    lanes: list[list[TextFile]] = []
    for text in sorted(text_files.overlays(film), key=lambda t: t.first):
        free = (lane for lane in lanes if lane[-1].first + lane[-1].frames <= text.first)
        lane = next(free, None)
        if lane is None:
            lanes.append(lane := [])
        lane.append(text)
    for number, lane in enumerate(lanes, start=1):
        children: list[Json] = []
        at = 0
        for text in lane:
            children += [_gap(text.first - at, film.rate)] if text.first > at else []
            children.append(_text_clip(text, text.frames, size, film.rate))
            at = text.first + text.frames
        yield _track(_TEXTS + (f" {number}" if number > 1 else ""), "Video", {"role": "texts"}, children)


def _available(placed: PlacedShot, rate: int) -> int:
    """The number of frames in the file of a shot, as they are played; a still has as many as it needs."""
    return placed.frames if placed.shot.still else min(placed.frames, max(1, round(placed.shot.seconds * rate)))


def _spans(frames: int, available: int, into: Join, after: Join, fade_out: int) -> Iterator[_Span]:
    """The frames of a shot between the cuts on its two sides, as far as they move, and the held frame.

    Args:
        frames: All frames of the shot, with those of both transitions.
        available: The frames in its file.
    """
    head = into.overlap // 2
    end = frames - (after.overlap - after.overlap // 2) - fade_out
    held = frames - available
    if held:
        shared = after.overlap or fade_out
        needed = shared + 1 if shared else 0  # an EDL has the transition after the event of the clip before it
        held = max(1, min(max(held, needed), frames - max(into.overlap, head + 1)))
    moving = min(end, frames - held)
    yield _Span(head, moving - head)
    if end > moving:
        yield _Span(moving - 1, end - moving, frozen=True)


def _sound_tracks(
    sounds: Sequence[PlacedSound], assets: Mapping[str, FinishedAsset], rate: int, film_frames: int
) -> Iterator[Json]:
    """A track for each role, and more where sounds of a role overlap."""
    lengths: dict[str, int] = {}
    for sound in sounds:
        end = _frames_up(sound.first + sound.seconds, rate)  # as played
        lengths[sound.asset_id] = max(end, lengths.get(sound.asset_id, 0))
    for role in sorted({sound.role for sound in sounds}, key=_track_order):
        for number, lane in enumerate(_lanes([s for s in sounds if s.role == role], rate, film_frames), start=1):
            name = role.replace("-", " ").capitalize() + (f" {number}" if number > 1 else "")
            children: list[Json] = []
            at = 0
            for sound, start, span in lane:
                if start > at:
                    children.append(_gap(start - at, rate))
                exact = {"start_seconds": round(sound.start, 6)}
                length = lengths[sound.asset_id]
                children.append(_clip(assets[sound.asset_id], span, length, rate, exact, sound.speed))
                at = start + span.frames
            track = _track(name, "Audio", {"role": role}, children)
            yield track | {"enabled": False} if role.startswith(f"{NARRATION}-") else track


def _track_order(role: str) -> tuple[float, str]:
    if role.startswith(f"{NARRATION}-"):  # of a further language
        return 0.5, role
    return (_TRACKS.index(role) if role in _TRACKS else len(_TRACKS), role)


def _lanes(sounds: Iterable[PlacedSound], rate: int, film_frames: int) -> list[list[tuple[PlacedSound, int, _Span]]]:
    """The sounds with their first frame in the film, in as few lanes without overlaps as possible."""
    lanes: list[list[tuple[PlacedSound, int, _Span]]] = []
    for sound in sorted(sounds, key=lambda s: (s.start, s.asset_id)):
        start = min(round(sound.start * rate), film_frames - 1)
        frames = max(1, min(_frames_up(sound.seconds, rate), film_frames - start))
        for lane in lanes:
            _, before, span = lane[-1]
            # A voice may begin when another one ends: rounded to frames, they overlap by one.
            if before + span.frames - start <= (1 if span.frames > 1 else 0):
                lane[-1] = (lane[-1][0], before, _Span(span.first, min(span.frames, start - before)))
                break
        else:
            lanes.append(lane := [])
        lane.append((sound, start, _Span(round(sound.first * rate), frames)))
    return lanes


def _frames_up(seconds: float, rate: int) -> int:
    return max(1, math.ceil(round(seconds * rate, 6)))


def _clip(finished: FinishedAsset, span: _Span, available: int, rate: int, about: Json, speed: float = 1.0) -> Json:
    """A clip on the file of a take. At another speed, its first frame is that of its file, and its length as played.

    Args:
        available: The frames of the file, as played.
    """
    asset, take = finished.asset, finished.take
    file = f"{asset.asset_id}.{extension_of(take.media.media_type)}"
    end = max(available, span.first + (1 if span.frozen else span.frames))
    first = span.first if speed == 1 else int(span.first * speed)
    of_take: Json = {"asset_id": asset.asset_id, "take": take.number, "sha256": take.media.sha256}
    size = {n: v for n, v in (("width", take.media.width), ("height", take.media.height)) if v}
    reference = _object(
        "ExternalReference.1",
        file,
        {**of_take, "media_type": take.media.media_type, **size},
        available_range=_range(0, _of_file(end, speed), rate),
        available_image_bounds=None,
        target_url=f"media/{file}",
    )
    made = {"provider": take.provider, "model": take.model, "prompt": _short(take.prompt), "role": asset.role}
    effects = [_object("FreezeFrame.1", "Held frame", {}, effect_name="FreezeFrame", time_scalar=0.0)]
    if not span.frozen:
        warp = _object("LinearTimeWarp.1", "Speed", {}, effect_name="LinearTimeWarp", time_scalar=round(speed, 6))
        effects = [warp] if speed != 1 else []
    return _object(
        "Clip.2",
        printable(asset.label) or asset.asset_id,
        {**of_take, **made, **about},
        media_references={"DEFAULT_MEDIA": reference},
        active_media_reference_key="DEFAULT_MEDIA",
        **{**_ITEM, "source_range": _range(first, span.frames, rate), "effects": effects},
    )


def _of_file(frames: int, speed: float) -> int:
    """The frames of a file in a number of frames as they are played; a part of a frame counts as one."""
    return frames if speed == 1 else max(1, math.ceil(round(frames * speed, 3)))


def _text_clip(text: TextFile, frames: int, size: tuple[int, int], rate: int) -> Json:
    """A clip of `frames` on the picture of a text, which has as many as the film shows of it."""
    reference = _object(
        "ExternalReference.1",
        text.name,
        {"media_type": text_files.MEDIA_TYPE, "width": size[0], "height": size[1]},
        available_range=_range(0, text.frames, rate),
        available_image_bounds=None,
        target_url=f"media/{text.name}",
    )
    return _object(
        "Clip.2",
        printable(text.text),
        {"kind": text.kind, "text": printable(text.text), "still": True},
        media_references={"DEFAULT_MEDIA": reference},
        active_media_reference_key="DEFAULT_MEDIA",
        **{**_ITEM, "source_range": _range(0, frames, rate)},
    )


def _transition(kind: str, before: int, after: int, rate: int) -> Json:
    """A transition from `before` frames before the cut to `after` frames after it."""
    return _object(
        "Transition.1",
        kind.capitalize(),
        {"kind": kind},
        transition_type="SMPTE_Wipe" if kind == "wipe" else "SMPTE_Dissolve",
        in_offset=_time(before, rate),
        out_offset=_time(after, rate),
    )


def _gap(frames: int, rate: int) -> Json:
    return _object(_GAP, "", {}, **{**_ITEM, "source_range": _range(0, frames, rate)})


def _track(name: str, kind: Literal["Video", "Audio"], about: Json, children: list[Json]) -> Json:
    return _object("Track.1", name, about, kind=kind, children=children, markers=[], **_ITEM)


def _marker(finished: FinishedAsset, at: int, rate: int) -> Json:
    asset = finished.asset
    return _object(
        "Marker.2",
        printable(asset.label) or asset.asset_id,
        {"asset_id": asset.asset_id},
        marked_range=_range(at, 1, rate),
        color="GREEN",
        comment=_short(asset.prompt),
    )


def _object(schema: str, name: str, about: Json, **fields: Any) -> Json:
    return {"OTIO_SCHEMA": schema, "metadata": {KEY: about} if about else {}, "name": name, **fields}


def _time(frames: int, rate: int) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(frames)}


def _range(first: int, frames: int, rate: int) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "duration": _time(frames, rate), "start_time": _time(first, rate)}
