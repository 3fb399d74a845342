"""Each format of an export, read back: no clip and no frame is lost."""

import re
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree

import pytest

pytest.importorskip("opentimelineio", reason="it has no wheel for this Python")

import opentimelineio as otio
from otio_fcpx_xml_adapter import fcpx_xml

from activities.finishing.editorial import PlacedSound
from activities.finishing.timeline import Join
from api.export import edl, fcp7xml, fcpxml
from api.export.archive import files_of
from api.export.timeline import Clip, read_timeline, without_gaps
from api.views.exports import ExportFormat
from tests.activities.finishing.timelines import Cutting, Frame, holds, plays, without_early_holds

DISSOLVE = Join("dissolve", 13)
LONG = "a-very-long-name-of-a-shot"

FILMS = {
    "one shot": Cutting([3.0]),
    "sixty shots": Cutting(
        [1.0 + n % 7 / 3 for n in range(60)],
        25,
        dict.fromkeys(range(0, 60, 3), 0.8),
        dict.fromkeys(range(5, 60, 5), DISSOLVE),
    ),
    "30 fps": Cutting([29 / 30, 58 / 30, 1.0], 30, {0: 1.7, 2: 0.5}),
    "narration over several shots": Cutting([1.0, 1.0, 1.0], 25, {0: 2.6}),
    "a held frame and a dissolve": Cutting([2.0, 2.0, 2.0], 24, {0: 2.3, 1: 5.0}, {1: DISSOLVE, 2: Join("wipe", 20)}),
    "fades": Cutting([2.0, 2.0, 2.0], 24, {}, {0: Join("fade", 12), 1: Join("fade", 17), 2: DISSOLVE}, ending=20),
    "a fade of a held frame": Cutting([1.0, 2.0], 24, {0: 1.5}, {1: Join("fade", 20)}, ending=9),
    "stills": Cutting([4.0, 3.0], 24, {0: 1.0}, {1: DISSOLVE}, stills=True),
    "names": Cutting(
        [1.0, 1.0, 1.0, 1.0],
        names=[f"{LONG}-1", f"{LONG}-2", "bl", "a-very-l"],
        labels=['L\'Étoile <&> "x"', "المنارة في الليل", "🎬 夜\n001  AX V C", "x|y"],
        title="L'été\n002  BL 'V' 🎞️",
    ),
    "music and effects": Cutting(
        [4.0, 4.0],
        25,
        {0: 1.0, 1: 2.0},
        sounds=(
            PlacedSound("narration-1", 0.15, 1.0),
            PlacedSound("narration-2", 4.15, 2.0),
            PlacedSound("bed", 0, 8.0, first=2.0, role="music"),
            PlacedSound("door", 3.5, 1.5, role="effects"),
            PlacedSound("bell", 4.0, 1.0, role="effects"),
        ),
    ),
}


@pytest.fixture(params=FILMS)
def cutting(request: pytest.FixtureRequest) -> Cutting:
    return FILMS[request.param]


def shown(timeline: otio.schema.Timeline) -> list[list[Frame]]:
    """The frames of each track, the picture first."""
    return [plays(track) for track in (*timeline.video_tracks(), *timeline.audio_tracks())]


def test_opentimelineio(cutting: Cutting) -> None:
    """The .otio file of an archive has all tracks, and is the file of the deliverable."""
    content = cutting.content
    files, media = files_of(content, ExportFormat.OTIO, ("captions.srt",))
    assert files["timeline.otio"] == content
    read = otio.adapters.read_from_string(content.decode(), "otio_json")
    assert shown(read) == shown(cutting.timeline)
    assert {clip.media_reference.target_url for clip in read.find_clips()} == set(media)
    assert "captions.srt" in files["README.txt"].decode()


def test_edl(cutting: Cutting) -> None:
    """An EDL for each track, read back by the adapter, shows the same frames of the same files."""
    written = edl.write(read_timeline(cutting.content))
    tracks = [*cutting.timeline.video_tracks(), *cutting.timeline.audio_tracks()]
    names = ["V1.edl", *(f"A{n}.edl" for n in range(1, len(tracks)))]
    assert list(written) == [*names, "markers.edl"]
    for name, track in zip(names, tracks, strict=True):
        # The adapter writes a fade at the start of a track, and cannot read it.
        text = re.sub(r"^001  BL .*\n(001 .*) D    \d{3} ", r"\1 C        ", written[name], flags=re.MULTILINE)
        read = otio.adapters.read_from_string(text, "cmx_3600", rate=cutting.rate)
        (found,) = read.tracks
        held = holds(track)
        expected = without_early_holds(plays(track), held)
        read_frames = without_early_holds(plays(found), held)
        assert _from_record_time(read_frames, found, expected) == expected, written[name]
        clips = list(found.find_clips())
        assert len(clips) >= len(list(track.find_clips()))
        assert all(clip.duration().value > 0 for clip in clips), written[name]


def _from_record_time(found: list[Frame], track: otio.schema.Track, expected: list[Frame]) -> list[Frame]:
    """The frames with the black before the first event, which an EDL only has in its times, and after the last one."""
    start = -track.source_range.start_time.value if track.source_range else 0
    frames = [frozenset[tuple[str, int]]()] * round(start) + found
    return frames + [frozenset[tuple[str, int]]()] * (len(expected) - len(frames))


def test_edl_reels() -> None:
    """Reel names have at most eight characters, differ for each file, and are none of the reserved ones; a title or a
    label adds no event."""
    written = edl.write(read_timeline(FILMS["names"].content))["V1.edl"]
    events = re.findall(r"^(\d{3})  (\S+) +V     C ", written, re.MULTILINE)
    reels = [reel for _, reel in events]
    assert [int(number) for number, _ in events] == [1, 2, 3, 4]
    assert len(set(reels)) == 4
    assert all(len(reel) <= 8 and reel.isalnum() for reel in reels)
    assert "BL" not in reels
    assert f"* FROM CLIP NAME:  {LONG}-1.mp4" in written


def test_edl_wipes() -> None:
    """A wipe is written as one, with its frames, and a dissolve next to it stays a dissolve."""
    written = edl.write(read_timeline(FILMS["a held frame and a dissolve"].content))["V1.edl"]
    assert re.findall(r" V +(D|W001) +(\d{3}) \d\d:", written) == [("D", "013"), ("W001", "020")]


def test_final_cut_pro_7_xml(cutting: Cutting) -> None:
    """The XML, read back by the adapter, shows the same frames of the same files on the same tracks."""
    read = otio.adapters.read_from_string(fcp7xml.write(read_timeline(cutting.content)), "fcp_xml")
    found, expected = shown(read), shown(cutting.timeline)
    assert [each[: len(other)] for each, other in zip(found, expected, strict=True)] == expected
    assert all(not frame for each, other in zip(found, expected, strict=True) for frame in each[len(other) :])
    assert [m.name for m in read.tracks.markers] == [m.name for m in cutting.timeline.tracks.markers]


def test_fcpxml(cutting: Cutting) -> None:
    """Each frame of an FCPXML document shows the same frames of the same files, and its times are whole frames."""
    document = fcpxml.write(read_timeline(cutting.content))
    root = ElementTree.fromstring(document)  # noqa: S314  # written here
    for element in root.iter():
        for name in ("offset", "start", "duration", "time", "value", "tcStart"):
            if (time := element.get(name, "")).endswith("s") and element.tag != "marker":
                assert (_seconds(time) * cutting.rate).denominator == 1, (element.tag, name, time)
    # A still has no time of its own.
    stills = dict.fromkeys(map(cutting.file, range(len(cutting.shots))), 0) if cutting.stills else {}
    held = holds(cutting.timeline.video_tracks()[0]) | stills
    expected = [without_early_holds(each, held) for each in shown(cutting.timeline)]
    found = _played(root, cutting.rate, len(expected[0]))
    assert [without_early_holds(each, held) for each in found] == expected


def _seconds(time: str) -> Fraction:
    return Fraction(time.removesuffix("s"))


def _played(root: Any, rate: int, length: int) -> list[list[Frame]]:
    """The frames of each lane of an FCPXML document, by the rules of Apple's reference."""
    urls = {a.get("id"): a.get("src").removeprefix("./") for a in root.iter("asset")}
    spine = root.find(".//spine")
    assert spine is not None
    lanes: dict[int, list[set[tuple[str, int]]]] = {}

    def show(lane: int, at: int, url: str, source_frame: int) -> None:
        lanes.setdefault(lane, [set() for _ in range(length)])[at].add((url, source_frame))

    def frame(element: Any, name: str) -> int:
        return int(_seconds(element.get(name, "0s")) * rate)

    items = list(spine)
    end = 0
    for index, item in enumerate(items):
        at, duration = frame(item, "offset"), frame(item, "duration")
        if item.tag == "transition":
            continue
        assert at == end, "the storyline has no gap and no overlap"
        end = at + duration
        before, after = (items[i] if 0 <= i < len(items) else None for i in (index - 1, index + 1))
        early = at - frame(before, "offset") if before is not None and before.tag == "transition" else 0
        late = 0
        if after is not None and after.tag == "transition":
            late = frame(after, "offset") + frame(after, "duration") - end
        held, still, start = item.find("timeMap/timept"), item.find("video"), frame(item, "start")
        url = urls[(item if still is None else still).get("ref")]
        only = None if held is None and still is None else 0 if held is None else frame(held, "value")
        for number in range(-early, duration + late):
            show(0, at + number, url, start + number if only is None else only)
        for child in item.findall("asset-clip"):
            lane, begin, first = -int(child.get("lane")), at + frame(child, "offset") - start, frame(child, "start")
            for number in range(frame(child, "duration")):
                show(lane, begin + number, urls[child.get("ref")], first + number)
    assert end == length
    played = [[frozenset(each) for each in lanes[lane]] for lane in sorted(lanes)]
    return [played[0], *(_without_end(each) for each in played[1:])]


def _without_end(frames: list[Frame]) -> list[Frame]:
    return frames[: max(n for n, each in enumerate(frames, start=1) if each)]


@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
def test_fcpxml_is_read_by_the_adapter(cutting: Cutting, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTimelineIO's adapter finds every clip of an FCPXML document at its time and in its length."""
    # Version 1.0 of the adapter rounds down: 58 frames at 25 a second are 57.999…, and become 57.
    monkeypatch.setattr(fcpx_xml, "int", lambda value: round(float(value)), raising=False)
    timeline = read_timeline(cutting.content)
    (read,) = fcpx_xml.read_from_string(fcpxml.write(timeline))
    lanes = sorted(read.tracks, key=lambda track: -int(track.name))
    expected = [
        [(f"media/{clip.file}", clip.start, clip.frames) for clip in without_gaps(track) if isinstance(clip, Clip)]
        for track in (timeline.picture, *timeline.sounds)
    ]
    found = [
        [
            (c.media_reference.target_url.removeprefix("./"), r.start_time.value, r.duration.value)
            for c, r in ((clip, clip.trimmed_range_in_parent()) for clip in track.find_clips())
        ]
        for track in lanes
    ]
    assert found == expected


@pytest.mark.parametrize("to", ExportFormat)
def test_a_damaged_timeline_is_refused(to: ExportFormat) -> None:
    """A file that is no timeline, or one that names a file outside the archive's media, raises ValueError."""
    outside = Cutting([1.0]).content.decode().replace("media/shot-1.mp4", "media/../../shot-1.mp4")
    for content in ("", "{}", '{"OTIO_SCHEMA": "Clip.2", "name": "x"}', outside):
        with pytest.raises(ValueError, match=r"timeline|media|column"):
            files_of(content.encode(), to, ())
