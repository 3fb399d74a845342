"""The timeline of a film for editing software: every frame of the film, and only frames that the files have."""

import json
from dataclasses import replace
from typing import Any, Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("opentimelineio", reason="it has no wheel for this Python")

import opentimelineio as otio

from activities.finishing.editorial import KEY, PlacedSound
from activities.finishing.timeline import Join
from tests.activities.finishing.timelines import Cutting, holds, plays, without_early_holds
from workflows.destinations.profiles import USUAL_RATES

Kind = Literal["cut", "dissolve", "fade", "wipe"]
KINDS: Final[tuple[Kind, ...]] = ("cut", "dissolve", "fade", "wipe")
FIRST_KINDS: Final[tuple[Kind, ...]] = ("cut", "fade")


@st.composite
def cuttings(draw: st.DrawFn) -> Cutting:
    """Films of any shots, narrations and transitions; a transition takes at most half of each of its shots."""
    rate = draw(st.sampled_from(USUAL_RATES))
    shots = draw(st.lists(st.integers(2, 90), min_size=1, max_size=6))
    voices = {i: draw(st.floats(0.1, 6)) for i in range(len(shots)) if draw(st.booleans())}
    joins = {}
    for index, frames in enumerate(shots):
        most = min(frames, shots[index - 1] if index else frames) // 2
        kind = draw(st.sampled_from(KINDS if index else FIRST_KINDS))
        joins[index] = Join(kind, draw(st.integers(1, most)) if kind != "cut" and most else 0)
    card = draw(st.sampled_from((0, 0, 1, 40)))
    ending = draw(st.integers(0, (card or shots[-1]) // 2))
    lengths = [frames / rate for frames in shots]
    return Cutting(lengths, rate, voices, joins, ending, stills=draw(st.booleans()), card_frames=card)


@settings(max_examples=60, deadline=None)
@given(cuttings())
def test_the_timeline_shows_the_film(cutting: Cutting) -> None:
    """Each frame of the timeline shows the same frames of the same files as the film, also during transitions and
    while a last frame is held."""
    track = cutting.timeline.video_tracks()[0]
    held = holds(track)
    assert without_early_holds(plays(track), held) == without_early_holds(cutting.frames(), held)
    assert track.duration().value == len(cutting.frames())


@settings(max_examples=60, deadline=None)
@given(cuttings())
def test_transitions_have_handles(cutting: Cutting) -> None:
    """The clips on both sides of a transition have its frames in their files, and are as long as their side of it."""
    track = list(cutting.timeline.video_tracks()[0])
    for index, item in enumerate(track):
        if not isinstance(item, otio.schema.Transition):
            continue
        before, after = (track[index - 1] if index else None), track[index + 1]
        assert after.duration() >= item.out_offset
        if isinstance(after, otio.schema.Clip):
            assert after.source_range.start_time >= item.in_offset
        if isinstance(before, otio.schema.Clip):
            assert before.duration() >= item.in_offset
            end = before.source_range.end_time_exclusive() + item.out_offset
            assert before.effects or end <= before.media_reference.available_range.end_time_exclusive()


def test_sounds_have_their_times() -> None:
    """A sound starts at the nearest frame and keeps its whole length; sounds at the same time are on tracks of their
    own, by role; a voice that follows another one stays on its track."""
    sounds = (
        PlacedSound("narration-1", 0.15, 2.03),
        PlacedSound("narration-2", 2.18, 1.0),
        PlacedSound("narration-3", 2.5, 1.0),
        PlacedSound("bed", 0.0, 5.0, first=1.5, role="music"),
        PlacedSound("door", 1.0, 0.2, role="effects"),
        PlacedSound("shot-1", 0.0, 4.0, role="own-sound"),
    )
    timeline = Cutting([4.0, 2.0], voices={0: 1.0, 1: 1.0}, sounds=sounds).timeline
    tracks = {track.name: track for track in timeline.audio_tracks()}
    assert list(tracks) == ["Narration", "Narration 2", "Own sound", "Effects", "Music"]
    spans = {}
    for track in tracks.values():
        for clip in track.find_clips():
            placed = clip.trimmed_range_in_parent()
            first = clip.source_range.start_time.value
            spans[clip.metadata[KEY]["asset_id"]] = (placed.start_time.value, first, placed.duration.value)
    assert spans == {
        "narration-1": (4, 0, 48),  # 48.72 frames from 3.6; the next voice begins at 52.32
        "narration-2": (52, 0, 24),
        "narration-3": (60, 0, 24),
        "bed": (0, 36, 120),
        "door": (24, 0, 5),
        "shot-1": (0, 0, 96),
    }


def test_the_file_is_the_same_for_the_same_film() -> None:
    """Two timelines of a film have the same bytes, which name the take, its file and its maker, and a title in any
    script; OpenTimelineIO reads every field of it."""
    cutting = Cutting([1.0, 2.0], voices={0: 0.7}, labels=["מגדלור 🏝️\n", "a\x00b"], title="الليل\x0b 🎬")
    assert cutting.content == replace(cutting).content
    read = cutting.timeline
    assert _lost(json.loads(cutting.content), json.loads(read.to_json_string())) == []
    assert read.name == "الليل 🎬"
    first, second = read.video_tracks()[0]
    assert (first.name, second.name) == ("מגדלור 🏝️", "a b")
    assert first.media_reference.target_url == "media/shot-1.mp4"
    made = dict(first.metadata[KEY])
    assert (made["asset_id"], made["take"], made["sha256"]) == ("shot-1", 2, "of shot-1")
    assert (made["provider"], made["model"], len(made["prompt"])) == ("previz", "any", 300)
    markers = [(m.name, m.marked_range.start_time.value, m.comment) for m in read.tracks.markers]
    assert markers == [("מגדלור 🏝️", 0, "Of shot-1"), ("a b", 24, "Of shot-2")]


def _lost(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """The paths of our values that the library did not read, or read as others."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [each for name in ours for each in _lost(ours[name], theirs.get(name), f"{path}.{name}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [each for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) for each in _lost(a, b, f"{path}[{n}]")]
    return [] if ours == theirs else [path]
