"""Renditions for destinations: their size, rate, sound, text and bytes, measured in the finished files."""

import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from activities.finishing.captions.cues import Cue
from activities.finishing.film import Film as StoredFilm
from activities.finishing.picture.burned_captions import SAFE_AREA, burn
from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.titles import _NARROWER, draw, extent, lines_of
from activities.finishing.renditions.checks import Heard, measure_file, notes_on
from activities.finishing.timeline import Shot, lay_out
from activities.media.fonts import Face
from activities.media.timecode import slate_height
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Film, Takes, finished, shot_file, voice_file
from tests.activities.finishing.sound.test_film_sound import decoded
from tests.activities.finishing.timelines import NONE
from workflows.brief import Platform
from workflows.cut import Card, Cut, Levels, LowerThird
from workflows.destinations.profiles import PROFILES, Profile, SafeArea, rate_of
from workflows.models import DeliverableFile, Modality


async def test_a_film_for_destinations(storage: Storage, tmp_path: Path) -> None:
    """Each rendition has the size, rate and loudness of its destination; its text is in the safe area, in every frame
    too; the record has what was measured, and the label for films that models made."""
    takes = Takes(storage, "destinations")
    voice = voice_file(tmp_path / "v.wav", 2.1)
    words = "The lighthouse keeper climbs all of the stairs at night."
    await takes.add("narration-1", Modality.AUDIO, "narration", voice, "audio/wav", prompt=words)
    shot = shot_file(tmp_path / "s.mp4", seconds=2.2, hue=80)
    await takes.add("shot-1", Modality.VIDEO, "shot", shot, "video/mp4", depends_on=("narration-1",), provider="runway")
    cut = Cut(
        renditions=("tiktok", "broadcast"),
        lower_thirds=(LowerThird(asset_id="shot-1", text="A keeper of a lighthouse, for forty years", seconds=1),),
        end_card=Card(text="The end", seconds=1),
    )
    request = takes.request(Platform.VIDEO).model_copy(update={"cut": cut})
    deliverable, files = await finished(takes, request, tmp_path)
    made = {f.name: f for f in deliverable.files}
    assert [f.name for f in deliverable.files[:3]] == [
        "deliverable.mp4", "deliverable-tiktok.mp4", "deliverable-broadcast.mp4",
    ]  # fmt: skip
    for name, lufs, rate in (("tiktok", -14, 25), ("broadcast", -23, 25)):
        file = f"deliverable-{name}.mp4"
        measured = made[file].measured
        assert measured is not None
        assert measured.failed == ()
        assert {check.name for check in measured.checks} >= {"size", "rate", "loudness", "true peak", "safe area"}
        assert (measured.profile, measured.frame_rate) == (name, rate)
        assert "AI" in measured.ai_label or "synthetic" in measured.ai_label
        _, heard = decoded(files[file])
        assert heard.lufs == pytest.approx(lufs, abs=0.5)
        assert heard.peak_dbtp <= -1.0
        assert measured.loudness_lufs == pytest.approx(heard.lufs, abs=0.1)
        assert Film(files[file]).size == PROFILES[name].size
        assert b"elst" not in files[file], "YouTube and Instagram ask for films without edit lists"
        assert b"trainedAlgorithmicMedia" in files[file] or b"compositeWithTrained" in files[file]
    assert_text_is_inside(files["deliverable-tiktok.mp4"], PROFILES["tiktok"])
    sharpness = [note for note in deliverable.notes if "are enlarged" in note]
    assert [note.partition(",")[0] for note in sharpness] == [
        "tiktok: the shots are enlarged 10.7 times", "broadcast: the shots are enlarged 6.0 times"
    ]  # fmt: skip
    main = made["deliverable.mp4"].measured
    assert main is not None
    assert (main.profile, main.ai_label, main.failed) == ("", "", ())
    overview = json.loads(files["overview.json"])
    assert overview["seconds"] == pytest.approx(deliverable.duration_seconds)
    assert [clip["asset_id"] for clip in overview["picture"]] == ["shot-1"]
    assert max(overview["peaks"]) > 10


def assert_text_is_inside(data: bytes, profile: Profile) -> None:
    """White letters and dark boxes, which differ from the plain picture, are inside the safe area."""
    with av.open(BytesIO(data), "r") as film:
        frames = list(film.decode(video=0))
    shown = frames[len(frames) // 2].to_ndarray(format="gray").astype(int)
    height, width = shown.shape
    area = profile.safe
    left, right = round(area.left * width) - 2, round((1 - area.right) * width) + 2
    low = round((1 - area.bottom) * height) + 2
    ground = int(np.median(shown[low:]))
    assert np.abs(shown[low:] - ground).max() < 40, "below the area is only the picture"
    text = np.abs(shown[height // 2 : low] - ground) > 60
    columns = np.flatnonzero(text.any(axis=0))
    assert columns.size, "there is text"
    assert columns.min() >= left
    assert columns.max() <= right


@pytest.mark.parametrize("kind", ["title", "lower third", "end card"])
@pytest.mark.parametrize("name", list(PROFILES))
def test_text_fits_every_safe_area(kind: str, name: str) -> None:
    """The longest text, also of one word, is drawn inside the area of each destination."""
    profile = PROFILES[name]
    for text in ("A word and another one " * 8, "Donaudampfschifffahrtsgesellschaft" * 5):
        box = draw("title" if kind == "end card" else kind, text[:200], profile.size, profile.safe).getbbox()
        assert box is not None
        width, height = profile.size
        area = profile.safe
        assert box[0] >= area.left * width - 2
        assert box[1] >= area.top * height - 2
        assert box[2] <= (1 - area.right) * width + 2
        assert box[3] <= (1 - area.bottom) * height + 2


@pytest.mark.parametrize("name", ["", *PROFILES])
@pytest.mark.parametrize("kind", ["title", "lower third"])
def test_texts_stay_above_captions(kind: str, name: str) -> None:
    """A title or a lower third is never under captions of two lines that are drawn into the picture, in any shape."""
    safe = PROFILES[name].safe if name else None
    for size in [PROFILES[name].size] if name else [(1280, 720), (960, 960), (720, 1280), (1680, 720)]:
        captions = burn([Cue(0, 1, "First\nand second")], "boxed", *size, 24, safe or SAFE_AREA)
        assert captions is not None
        ((_, top, _, _),) = captions.extents()
        for text in ("Anna Berg, baker", "A very long title that is broken into lines " * 3):
            box = draw(kind, text, size, safe).getbbox()
            assert box is not None
            assert box[3] <= top, (size, text)


@pytest.mark.parametrize("name", ["", *PROFILES])
def test_a_title_ends_above_the_lower_thirds_that_are_shown_with_it(name: str) -> None:
    """A title of any length is above a lower third at the same moment, inside the safe area."""
    safe = PROFILES[name].safe if name else None
    third = LowerThird(asset_id="shot-1", text="Anna Berg\nBäckerin in dritter Generation", seconds=2)
    later = third.model_copy(update={"at_seconds": 3.0})
    for title in ("Dawn", "Three lines of a title\nthat names the film\nand its maker", "A very long title " * 10):
        cut = Cut(title=Card(text=title[:200], seconds=2.5), lower_thirds=(third, later))
        shown = lay_out([Shot("shot-1", NONE, 6)], [], 24, cut).texts
        assert shown[0].over == (third.text,)
        for size in [PROFILES[name].size] if name else [(1280, 720), (960, 960), (720, 1280)]:
            box, below = (extent(each.kind, each.text, size, safe, each.over) for each in shown[:2])
            assert box[3] < below[1]
            assert box[1] >= (safe.top if safe else 0) * size[1] - 2
    alone = lay_out([Shot("shot-1", NONE, 6)], [], 24, Cut(title=cut.title, lower_thirds=(later,))).texts
    assert alone[0].over == ()


@pytest.mark.parametrize("rendition", ["", "9:16", "1:1", "youtube", "tiktok"])
def test_texts_stay_above_the_slates_of_animatics(rendition: str) -> None:
    """Captions and lower thirds of a preview are drawn above the prompts on its animatics, which would cover them; a
    film of other shots has them where they were, and so has one that crops the slate."""
    shot = Shot("shot-1", NONE, 2, timecode=(1280, 720))
    film = StoredFilm(lay_out([shot, replace(shot, timecode=None)], [], 24), FilmFormat(1280, 720))
    film = replace(film, cues=(Cue(0, 1, "First\nand second"),), captions="boxed", muted_captions="boxed")
    output, captions = film.format_of(rendition), film.burned(rendition)
    assert captions is not None
    slate = output.height * (1 - slate_height(1280) / 720)
    third = draw("lower third", "Anna Berg", (output.width, output.height), output.safe).getbbox()
    assert third is not None
    for _, _, _, low in (*captions.extents(), third):
        assert low <= slate
    others = replace(film, timeline=lay_out([replace(shot, timecode=None)], [], 24))
    assert others.format_of("").safe is None
    assert FilmFormat(1280, 300, crop=True).above_slates([shot]).safe is None, "the slate is cropped"


def test_lines_of_a_long_title_are_even() -> None:
    """A title of three lines or more has no short last line where its words can be divided otherwise."""
    face = Face(40, bold=True)
    text = "Four in the Morning: a very long title that has to be broken in three lines or so"
    room = face.width("Four in the Morning: a very long title")
    filled, even = ([line for line, _ in lines_of(text, face, room, each)] for each in ((), _NARROWER))
    assert " ".join(even) == text
    assert len(even) == len(filled)
    assert min(map(face.width, filled)) < 0.2 * room, "filled line by line, the last one is short"
    assert min(map(face.width, even)) > 0.6 * room


def test_a_line_has_the_direction_of_its_paragraph() -> None:
    """A line of an Arabic title that begins with a Latin name is written from right to left."""
    assert lines_of("مخبز\nAnna", Face(40), 900) == [("مخبز", True), ("Anna", False)]
    long = "في كل صباح تفتح آنا باب أقدم مخبز في المدينة " + "Anna Berg Bakery in the old town"
    made = lines_of(long, Face(40), 500)
    assert made[-1][0][0].isascii()
    assert all(rtl for _, rtl in made)


def test_a_file_that_misses_its_profile_is_named(tmp_path: Path) -> None:
    """Each property that the destination refuses fails its check, and a note says what, how much and what to do."""
    file = shot_file(tmp_path / "f.mp4", size=(320, 180), seconds=1.0, rate=12)
    made = measure_file(file, "tiktok", Heard(-30.0, -0.2), Levels(), [(0, 0, 320, 180)], ai_label=True)
    assert {check.name for check in made.failed} == {"size", "rate", "length", "loudness", "true peak", "safe area"}
    notes = list(notes_on(made))
    assert (
        "tiktok: length is 1.0 s instead of 3 to 600 s; change the film's length, or leave this rendition out" in notes
    )
    good = measure_file(file, "", Heard(None, None), Levels(), (), ai_label=True)
    assert good.checks == ()


def test_rates_and_bit_rates() -> None:
    """The rate of a film is one that all its destinations take; the bit rate follows from the size of the file."""
    assert (rate_of((), 24.0), rate_of(("tiktok",), 29.97), rate_of(("tiktok", "broadcast"), 30.0)) == (24, 30, 25)
    linkedin = PROFILES["linkedin"]
    assert linkedin.kbps(10) == linkedin.most_kbps
    assert linkedin.kbps(1_800) * 1_800 / 8 * 1_000 < 500_000_000
    assert linkedin.kbps(1_790) == linkedin.kbps(1_800), "a little longer, and nothing is encoded again"


def test_safe_area_of_a_record() -> None:
    """The record is what the page and the API read."""
    file = DeliverableFile.model_validate(
        {"name": "deliverable.mp4", "role": "video", "media": {"key": "k", "bytes": 1, "sha256": "", "media_type": ""}}
    )
    assert file.measured is None, "a record of an older version has no measurements"
    assert SafeArea() == PROFILES["broadcast"].safe
