"""The timeline of a film, read from the OpenTimelineIO file of its deliverable. All lengths are whole frames."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

FILE: Final = "timeline.otio"
KEY: Final = "greenlight"
"""The key of our metadata."""
_MEDIA: Final = re.compile(r"media/[a-z0-9][a-z0-9_-]*\.[a-z0-9]+")


@dataclass
class Clip:
    """A clip with its place in the film.

    Attributes:
        file: The name of its file in the archive's folder `media`; editing software finds media by it.
        asset_id: The asset whose take the file is; empty for a text of the film, whose file is one of the deliverable.
        first: The first frame that it uses of its file.
        available: The number of frames of its file.
        held: Whether it shows only its first frame.
        speed: How fast its file is played.
        still: Whether its file is a picture.
        fade_in: The number of its first frames that come from black; only in `without_gaps`.
        fade_out: The number of its last frames that go to black; only in `without_gaps`.
    """

    label: str
    prompt: str
    asset_id: str
    take: int
    file: str
    start: int
    frames: int
    first: int
    available: int
    width: int
    height: int
    held: bool = False
    still: bool = False
    fade_in: int = 0
    fade_out: int = 0
    speed: float = 1.0

    def as_played(self, frames: int) -> int:
        """The length of this many frames of its file in the film."""
        return frames if self.speed == 1 else round(frames / self.speed)

    def of_file(self, frames: int) -> int:
        """The number of frames of its file in this many of the film."""
        return frames if self.speed == 1 else max(1, int(frames * self.speed))


@dataclass(frozen=True)
class Gap:
    """Black, or silence."""

    start: int
    frames: int


@dataclass(frozen=True)
class Transition:
    """A transition from `before` frames before the cut to `after` frames after it. A fade goes to a gap, or from it."""

    kind: str
    cut: int
    before: int
    after: int

    @property
    def start(self) -> int:
        return self.cut - self.before

    @property
    def frames(self) -> int:
        return self.before + self.after


Item = Clip | Gap | Transition


@dataclass(frozen=True)
class Track:
    """A track that is off, as that of a further language, is not heard until it is turned on."""

    name: str
    role: str
    items: tuple[Item, ...]
    enabled: bool = True

    @property
    def clips(self) -> list[Clip]:
        return [item for item in self.items if isinstance(item, Clip)]


@dataclass(frozen=True)
class Marker:
    name: str
    note: str
    start: int


@dataclass(frozen=True)
class Timeline:
    """The tracks of a film; `rate` is frames a second, the size is pixels, and `texts` lie over the picture."""

    title: str
    production_id: str
    revision: int
    rate: int
    width: int
    height: int
    picture: Track
    sounds: tuple[Track, ...]
    markers: tuple[Marker, ...] = field(default=())
    texts: tuple[Track, ...] = ()

    @property
    def frames(self) -> int:
        return sum(item.frames for item in self.picture.items if not isinstance(item, Transition))

    @property
    def pictures(self) -> tuple[Track, ...]:
        """The tracks that are seen, from the lowest one."""
        return (self.picture, *self.texts)

    @property
    def clips(self) -> list[Clip]:
        return [clip for track in (*self.pictures, *self.sounds) for clip in track.clips]

    @property
    def seen(self) -> frozenset[str]:
        """The media files of which the picture is used."""
        return frozenset(clip.file for track in self.pictures for clip in track.clips)

    @property
    def heard(self) -> frozenset[str]:
        """The media files of which the sound is used: also shots, where the film has their own sound."""
        return frozenset(clip.file for track in self.sounds for clip in track.clips)


def read_timeline(content: bytes) -> Timeline:
    """The timeline of an .otio file that Greenlight made.

    Raises:
        ValueError: it is none.
    """
    try:
        found = json.loads(content)
        made, stack = found["metadata"][KEY], found["tracks"]
        picture, *others = [_track(track) for track in stack["children"]]
        texts, sounds = ([t for t in others if (t.role == "texts") is wanted] for wanted in (True, False))
        markers = [Marker(m["name"], m["comment"], _start(m["marked_range"])) for m in stack["markers"]]
        facts = {name: int(made[name]) for name in ("revision", "rate", "width", "height")}
        return Timeline(
            found["name"],
            made["production_id"],
            **facts,
            picture=picture,
            sounds=(*sounds,),
            markers=(*markers,),
            texts=(*texts,),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it is no timeline of Greenlight: {error!r}") from None


def _track(track: dict[str, Any]) -> Track:
    return Track(track["name"], track["metadata"][KEY]["role"], (*_items(track["children"]),), track["enabled"])


def _items(children: Sequence[dict[str, Any]]) -> Iterator[Item]:
    at = 0
    for child in children:
        if child["OTIO_SCHEMA"].startswith("Transition."):
            before, after = int(child["in_offset"]["value"]), int(child["out_offset"]["value"])
            yield Transition(child["metadata"][KEY]["kind"], at, before, after)
            continue
        frames = _frames(child["source_range"])
        yield Gap(at, frames) if child["OTIO_SCHEMA"].startswith("Gap.") else _clip(child, at, frames)
        at += frames


def _clip(clip: dict[str, Any], at: int, frames: int) -> Clip:
    media, about = clip["media_references"][clip["active_media_reference_key"]], clip["metadata"][KEY]
    if not _MEDIA.fullmatch(media["target_url"]):
        raise ValueError(f"{media['target_url'][:100]!r} is not in media/")
    return Clip(
        label=clip["name"],
        prompt=about.get("prompt", ""),
        asset_id=about.get("asset_id", ""),
        take=int(about.get("take", 0)),
        file=media["target_url"].removeprefix("media/"),
        start=at,
        frames=frames,
        first=_start(clip["source_range"]),
        available=_frames(media["available_range"]),
        width=int(media["metadata"][KEY].get("width", 0)),
        height=int(media["metadata"][KEY].get("height", 0)),
        held=any(each["OTIO_SCHEMA"].startswith("FreezeFrame.") for each in clip["effects"]),
        still=bool(about.get("still")),
        speed=next((float(e["time_scalar"]) for e in clip["effects"] if _is_warp(e)), 1.0),
    )


def _is_warp(effect: dict[str, Any]) -> bool:
    return bool(effect["OTIO_SCHEMA"].startswith("LinearTimeWarp."))


def _start(span: dict[str, Any]) -> int:
    return int(span["start_time"]["value"])


def _frames(span: dict[str, Any]) -> int:
    return int(span["duration"]["value"])


def without_gaps(track: Track) -> list[Clip | Transition]:
    """The clips and transitions of a track. A gap to which a clip fades becomes the end of the clip, which fades."""
    found: list[Clip | Transition] = []
    fade_in = 0
    for index, item in enumerate(track.items):
        match item:
            case Transition(kind="fade") if index + 1 < len(track.items) and isinstance(track.items[index + 1], Gap):
                clip = found[-1]
                assert isinstance(clip, Clip)
                clip.fade_out, clip.frames = item.after, clip.frames + item.after
            case Transition(kind="fade"):
                fade_in = item.after
            case Transition():
                found.append(item)
            case Clip():
                found.append(Clip(**{**vars(item), "fade_in": fade_in}))
                fade_in = 0
    return found
