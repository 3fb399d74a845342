"""Films with their timelines, and what a timeline shows in each frame: ours, and one that was read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import opentimelineio as otio

from activities.finishing.editorial import PlacedSound, as_json, timeline_of
from activities.finishing.timeline import CUT, Join, ScreenText, Shot, Timeline, Voice, fit_voices, lay_out
from workflows.activity_io import FinishDeliverable, FinishedAsset
from workflows.brief import Brief, Platform
from workflows.models import Asset, Media, Modality, Take

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
NONE: Final = Media(key="none", bytes=0, sha256="", media_type="video/mp4")

Frame = frozenset[tuple[str, int]]
"""The files that are shown in a frame of the film, each with its frame."""


@dataclass(frozen=True)
class Cutting:
    """A film: lengths of its shots and narrations in seconds. A narration starts with the shot of the same index.

    Attributes:
        joins: Index of a shot -> the transition into it.
        card_frames: The length of its end card, if it has one.
        fitted: Whether narrations and shots are played at other speeds where that helps.
    """

    shots: Sequence[float]
    rate: int = 24
    voices: Mapping[int, float] = field(default_factory=dict)
    joins: Mapping[int, Join] = field(default_factory=dict)
    ending: int = 0
    stills: bool = False
    names: Sequence[str] = ()
    labels: Sequence[str] = ()
    title: str = "A film"
    sounds: Sequence[PlacedSound] | None = None
    texts: Sequence[ScreenText] = ()
    card_frames: int = 0
    fitted: bool = False

    def name(self, index: int) -> str:
        return self.names[index] if self.names else f"shot-{index + 1}"

    @property
    def request(self) -> FinishDeliverable:
        kind, media_type = (Modality.IMAGE, "image/png") if self.stills else (Modality.VIDEO, "video/mp4")
        assets = [
            _finished(self.name(i), kind, "shot", media_type, self.labels[i] if self.labels else "")
            for i in range(len(self.shots))
        ]
        assets += [_finished(f"narration-{i + 1}", Modality.AUDIO, "narration", "audio/wav") for i in self.voices]
        named = {a.asset.asset_id for a in assets}
        others = {s.asset_id: s.role for s in self.sounds or () if s.asset_id not in named}
        assets += [_finished(asset_id, Modality.AUDIO, role, "audio/mpeg") for asset_id, role in others.items()]
        brief = Brief(text="x", platform=Platform.VIDEO)
        return FinishDeliverable(production_id="p", revision=1, brief=brief, title=self.title, assets=tuple(assets))

    @property
    def film(self) -> Timeline:
        """The film as it is laid out; a transition that shows two shots makes it shorter."""
        shots = [
            Shot(
                self.name(i),
                NONE,
                s,
                still=self.stills,
                voices=(f"narration-{i + 1}",) if i in self.voices else (),
            )
            for i, s in enumerate(self.shots)
        ]
        voices = [Voice(f"narration-{i + 1}", "words", NONE, s) for i, s in self.voices.items()]
        if self.fitted:
            shots, voices, _ = fit_voices(shots, voices, self.rate)
        placed = lay_out(shots, voices, self.rate)
        earlier, moved = 0, []
        for index, shot in enumerate(placed.shots):
            earlier += self.joins.get(index, CUT).overlap
            start = shot.start - earlier / self.rate
            moved.append(replace(shot, start=start, join=self.joins.get(index, CUT)))
        placed = replace(placed, card="Fin" if self.card_frames else "", card_frames=self.card_frames)
        return replace(placed, shots=tuple(moved), ending=self.ending, texts=tuple(self.texts))

    @property
    def content(self) -> bytes:
        """The file timeline.otio."""
        return as_json(timeline_of(self.request, self.film, (1280, 720), sounds=self.sounds)).encode()

    @property
    def timeline(self) -> otio.schema.Timeline:
        """The file, as OpenTimelineIO reads it."""
        return otio.adapters.read_from_string(self.content.decode(), "otio_json")

    def file(self, index: int) -> str:
        return f"media/{self.name(index)}.{'png' if self.stills else 'mp4'}"

    def frames(self) -> list[Frame]:
        """What each frame of the film shows, as the renderer shows it: a last frame is held as long as needed."""
        film = self.film
        overlaps = [self.joins.get(i, CUT).overlap for i in range(len(film.shots))]
        total = sum(p.frames for p in film.shots) - sum(overlaps)
        card = [frozenset({("media/text_end-card.png", number)}) for number in range(self.card_frames)]
        shown: list[set[tuple[str, int]]] = [set() for _ in range(total)]
        start = 0
        for index, placed in enumerate(film.shots):
            start -= overlaps[index]
            last = placed.frames if self.stills else max(1, round(placed.shot.seconds * self.rate))
            for number in range(placed.frames):
                shown[start + number].add((self.file(index), min(number, last - 1)))
            start += placed.frames
        return [*(frozenset(each) for each in shown), *card]


def _finished(asset_id: str, kind: Modality, role: str, media_type: str, label: str = "") -> FinishedAsset:
    asset = Asset(
        asset_id=asset_id, asset_type=kind, role=role, prompt=f"Of {asset_id}", provider="previz", model="x",
        label=label,
    )  # fmt: skip
    media = Media(key=f"k/{asset_id}", bytes=1, sha256=f"of {asset_id}", media_type=media_type, width=1280, height=720)
    take = Take(
        number=2, prompt="p" * 999, provider="previz", model="any", started_at=NOW, finished_at=NOW, media=media
    )  # fmt: skip
    return FinishedAsset(asset=asset, take=take)


def plays(track: otio.schema.Track, length: int | None = None) -> list[Frame]:
    """What each frame of a track shows. During a transition both clips are shown, from the frames beyond their cut.

    Args:
        length: In frames, where the end of the track is not known to be its last clip.
    """
    shown: list[set[tuple[str, int]]] = []
    at = 0
    items = list(track)
    for index, item in enumerate(items):
        if isinstance(item, otio.schema.Transition):
            continue
        frames = _frames(item.duration())
        before = items[index - 1] if index else None
        after = items[index + 1] if index + 1 < len(items) else None
        early = _frames(before.in_offset) if isinstance(before, otio.schema.Transition) else 0
        late = _frames(after.out_offset) if isinstance(after, otio.schema.Transition) else 0
        shown += [set() for _ in range(at + frames + late - len(shown))]
        if isinstance(item, otio.schema.Clip) and not is_black(item):
            first, frozen = _frames(item.source_range.start_time), _is_frozen(item)
            # The reader of EDLs finds no file for a clip after a transition, but its name.
            url = getattr(item.media_reference, "target_url", f"media/{item.name}")
            for number in range(-early, frames + late):
                shown[at + number].add((url, first if frozen else first + number))
        at += frames
    del shown[length if length is not None else at :]
    return [frozenset(each) for each in shown]


def without_early_holds(frames: Iterable[Frame], held: Mapping[str, int]) -> list[Frame]:
    """The frames, where each frame of a file that is later than `held` stands for that one: a timeline holds a frame
    earlier than the film where a transition follows."""
    return [frozenset((file, min(n, held.get(file, n))) for file, n in frame) for frame in frames]


def holds(track: otio.schema.Track) -> dict[str, int]:
    """File -> the frame of it that is held."""
    return {
        clip.media_reference.target_url: _frames(clip.source_range.start_time)
        for clip in track.find_clips()
        if _is_frozen(clip)
    }


def _frames(time: otio.opentime.RationalTime) -> int:
    assert time.value == round(time.value), "the time is not a whole frame"
    return int(time.value)


def _is_frozen(clip: Any) -> bool:
    return speed_of(clip) == 0


def speed_of(clip: Any) -> float:
    """How fast a clip plays its file; 0 where it holds a frame."""
    for effect in clip.effects:
        if effect.name == "Time Remap":  # of Final Cut Pro 7 XML
            parameters = effect.metadata["fcp_xml"]["parameter"]
            return float(next(p["value"] for p in parameters if p["parameterid"] == "speed")) / 100
        return float(effect.time_scalar)
    return 1.0


def is_black(clip: Any) -> bool:
    return isinstance(clip.media_reference, otio.schema.GeneratorReference)
