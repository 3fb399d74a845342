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
from activities.finishing.picture.text_files import overlays
from activities.finishing.timeline import Join, ScreenText
from api.export import edl, fcp7xml, fcpxml
from api.export.archive import archive_of
from api.export.timeline import Clip, read_timeline, without_gaps
from api.views.exports import ExportFormat
from tests.activities.finishing.timelines import Cutting, Frame, holds, is_black, plays, speed_of, without_early_holds

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
    "texts and an end card": Cutting(
        [2.0, 2.0],
        25,
        {},
        {0: Join("fade", 10), 1: DISSOLVE},
        ending=12,
        card_frames=50,
        texts=(
            ScreenText("title", 'A "title" & <more>', 0, 60),
            ScreenText("lower third", "Ada", 20, 10),
            ScreenText("lower third", "Ada", 70, 12),
            ScreenText("lower third", "漢字", 75, 12),
        ),
    ),
    "other speeds": Cutting([2.0, 2.0, 2.0], 25, {0: 2.2, 1: 2.5}, fitted=True),
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
    "own sound": Cutting(
        [2.0, 2.0],
        25,
        {0: 1.0},
        sounds=(
            PlacedSound("narration-1", 0.2, 1.0),
            PlacedSound("shot-1", 0.0, 2.0, role="own-sound"),
            PlacedSound("shot-2", 2.0, 2.0, role="own-sound"),
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
    archive = archive_of(content, ExportFormat.OTIO, ("captions.srt",))
    assert archive.files["timeline.otio"] == content
    read = otio.adapters.read_from_string(content.decode(), "otio_json")
    assert shown(read) == shown(cutting.timeline)
    assert {clip.media_reference.target_url for clip in read.find_clips()} == {*archive.takes, *archive.texts}
    assert "captions.srt" in archive.files["README.txt"].decode()


def test_edl(cutting: Cutting) -> None:
    """An EDL for each track, read back by the adapter, shows the same frames of the same files."""
    written = edl.write(read_timeline(cutting.content))
    tracks = [*cutting.timeline.video_tracks(), *cutting.timeline.audio_tracks()]
    names = [f"V{n}.edl" for n, _ in enumerate(cutting.timeline.video_tracks(), start=1)]
    names += [f"A{n}.edl" for n, _ in enumerate(cutting.timeline.audio_tracks(), start=1)]
    assert list(written) == [*names, "markers.edl"]
    for name, track in zip(names, tracks, strict=True):
        read = otio.adapters.read_from_string(written[name], "cmx_3600", rate=cutting.rate)
        (found,) = read.tracks
        held = holds(track)
        expected = without_early_holds(plays(track), held)
        read_frames = without_early_holds(plays(found), held)
        assert _from_record_time(read_frames, found, expected) == expected, written[name]
        clips = list(found.find_clips())
        assert len([clip for clip in clips if not is_black(clip)]) == len(list(track.find_clips()))
        assert all(clip.duration().value > 0 for clip in clips[1:]), written[name]
        assert [t.out_offset.value for t in _transitions(found)] == [t.duration().value for t in _transitions(track)]


def _from_record_time(found: list[Frame], track: otio.schema.Track, expected: list[Frame]) -> list[Frame]:
    """The frames with the black before the first event, which an EDL only has in its times, and after the last one."""
    start = -track.source_range.start_time.value if track.source_range else 0
    frames = [frozenset[tuple[str, int]]()] * round(start) + found
    return frames + [frozenset[tuple[str, int]]()] * (len(expected) - len(frames))


def _transitions(track: otio.schema.Track) -> list[otio.schema.Transition]:
    return [each for each in track if isinstance(each, otio.schema.Transition)]


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


def test_speeds_are_exported() -> None:
    """A narration that is played faster and a shot that is played slower have their speeds in each format, and lose no
    frame of their files."""
    cutting = FILMS["other speeds"]
    timeline = read_timeline(cutting.content)
    picture, narration = timeline.picture.clips, timeline.sounds[0].clips
    assert [clip.speed for clip in (*picture, *narration)] == pytest.approx([1, 50 / 54, 1, 1.1, 2.5 / 2.16])
    assert [(clip.frames, clip.of_file(clip.frames), clip.available) for clip in (picture[1], *narration)] == [
        (54, 50, 50), (50, 55, 55), (54, 62, 63)
    ]  # fmt: skip
    document = ElementTree.fromstring(fcpxml.write(timeline))  # noqa: S314  # written here
    maps = [[(p.get("time"), p.get("value")) for p in m] for m in document.iter("timeMap")]
    ends = {(points[1], points[0]) for points in maps}
    assert ends == {
        (end, ("0s", "0s"))
        for end in (("5400/2500s", "5000/2500s"), ("5000/2500s", "5500/2500s"), ("5400/2500s", "6300/2500s"))
    }
    speeds = {"V1": [1, 50 / 54, 1], "A1": [1.1, 2.5 / 2.16]}
    for name, expected in speeds.items():
        (track,) = otio.adapters.read_from_string(edl.write(timeline)[f"{name}.edl"], "cmx_3600", rate=25).tracks
        assert [speed_of(clip) for clip in track.find_clips()] == pytest.approx(expected, abs=0.002)
    read = otio.adapters.read_from_string(fcp7xml.write(timeline), "fcp_xml")
    assert [speed_of(clip) for clip in read.find_clips()] == pytest.approx([1, 50 / 54, 1, 1.1, 2.5 / 2.16], abs=0.001)


def test_the_own_sound_of_a_shot_is_exported() -> None:
    """A shot whose sound the film uses is on a sound track of each format, and its file is described with a picture
    and a sound; one whose sound is off has only a picture."""
    timeline = read_timeline(FILMS["own sound"].content)
    assert [(t.role, [c.file for c in t.clips]) for t in timeline.sounds] == [
        ("narration", ["narration-1.wav"]), ("own-sound", ["shot-1.mp4", "shot-2.mp4"])
    ]  # fmt: skip
    assert re.findall(r"CLIP: media/(\S+)", edl.write(timeline)["A2.edl"]) == ["shot-1.mp4", "shot-2.mp4"]
    document = ElementTree.fromstring(fcpxml.write(timeline))  # noqa: S314  # written here
    uses = {a.get("name"): (a.get("hasVideo"), a.get("hasAudio")) for a in document.iter("asset")}
    assert uses == {"shot-1.mp4": ("1", "1"), "shot-2.mp4": ("1", "1"), "narration-1.wav": (None, "1")}
    document = ElementTree.fromstring(fcp7xml.write(timeline))  # noqa: S314  # written here
    media = {f.findtext("name"): [m.tag for m in f.find("media") or ()] for f in document.iter("file") if len(f)}
    assert media == {"shot-1.mp4": ["video", "audio"], "shot-2.mp4": ["video", "audio"], "narration-1.wav": ["audio"]}
    silent = ElementTree.fromstring(fcpxml.write(read_timeline(FILMS["one shot"].content)))  # noqa: S314
    assert [(a.get("hasVideo"), a.get("hasAudio")) for a in silent.iter("asset")] == [("1", None)]


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
    drawn = {f"media/{text.name}": 0 for text in overlays(cutting.film)}
    stills |= {"media/text_end-card.png": 0} | drawn
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
        points, still, start = item.findall("timeMap/timept"), item.find("video"), frame(item, "start")
        url = urls[(item if still is None else still).get("ref")]
        only = None if still is None else 0
        if len({each.get("value") for each in points}) == 1:
            only = frame(points[0], "value")
        for number in range(-early, duration + late):
            show(0, at + number, url, start + number if only is None else only)
        for child in item.findall("clip"):
            text = urls[child.find("video").get("ref")]
            for number in range(frame(child, "duration")):
                show(-int(child.get("lane")), at + frame(child, "offset") - start + number, text, 0)
        for child in item.findall("asset-clip"):
            lane, begin, first = -int(child.get("lane")), at + frame(child, "offset") - start, frame(child, "start")
            for number in range(frame(child, "duration")):
                show(lane, begin + number, urls[child.get("ref")], first + number)
    assert end == length
    played = [[frozenset(each) for each in lanes[lane]] for lane in sorted(lanes)]
    picture = sorted(lanes).index(0)
    seen = [played[picture], *reversed(played[:picture]), *played[picture + 1 :]]
    return [seen[0], *(_without_end(each) for each in seen[1:])]


def _without_end(frames: list[Frame]) -> list[Frame]:
    return frames[: max(n for n, each in enumerate(frames, start=1) if each)]


@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
def test_fcpxml_is_read_by_the_adapter(cutting: Cutting, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTimelineIO's adapter finds every clip of an FCPXML document at its time and in its length."""
    # Version 1.0 of the adapter rounds down: 58 frames at 25 a second are 57.999…, and become 57.
    monkeypatch.setattr(fcpx_xml, "int", lambda value: round(float(value)), raising=False)
    timeline = read_timeline(cutting.content)
    (read,) = fcpx_xml.read_from_string(fcpxml.write(timeline))
    # The lanes above the picture follow it, and then those below it.
    lanes = sorted(read.tracks, key=lambda track: (int(track.name) < 0, abs(int(track.name))))
    expected = [
        [(f"media/{clip.file}", clip.start, clip.frames) for clip in without_gaps(track) if isinstance(clip, Clip)]
        for track in (*timeline.pictures, *timeline.sounds)
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
            archive_of(content.encode(), to, ())
