"""Shots of any camera or model, and stills of any size, in one film: its size and rate, their colours and motion."""

from fractions import Fraction
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from activities.finishing.picture.formats import FilmFormat, ShotFacts
from activities.finishing.picture.frames import frames_of
from activities.finishing.picture.pieces import pieces_of
from activities.finishing.placing import shape_notes
from activities.finishing.timeline import Shot, lay_out
from activities.media.recordings import Skipped
from tests.activities.finishing.media import display_p3
from tests.activities.finishing.timelines import NONE

GREEN = (0, 190, 0)


def facts(width: int, height: int, rate: float, seconds: float = 4.0) -> ShotFacts:
    return ShotFacts(width, height, seconds, rate, sound=False)


def shown(path: Path, output: FilmFormat, seconds: float, *, still: bool = False) -> list[av.VideoFrame]:
    (piece,) = pieces_of(lay_out([Shot("s", NONE, seconds, still=still)], [], output.rate))
    return list(frames_of(piece, {"s": path}, output, Event(), Skipped()))


def write(path: Path, pictures: list[Image.Image], matrix: int, options: dict[str, str] | None = None) -> Path:
    """A film of 24 frames a second that does not name its colours."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"preset": "ultrafast", "crf": "4", **(options or {})})
        stream.width, stream.height, stream.pix_fmt = *pictures[0].size, "yuv420p"
        for number, picture in enumerate(pictures):
            whole = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
            frame = whole.reformat(format="yuv420p", dst_colorspace=matrix)
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("size", "matrix"), [((1280, 32), 1), ((32, 640), 1), ((720, 576), 5)], ids=str)
def test_colours_without_a_name_are_those_of_players(tmp_path: Path, size: tuple[int, int], matrix: int) -> None:
    """A source that names no matrix is read as BT.709 from HD on and as BT.601 below, as players do."""
    source = write(tmp_path / "s.mp4", [Image.new("RGB", size, GREEN)], matrix)
    (frame,) = shown(source, FilmFormat(64, 64, crop=True), 1 / 24)
    made = frame.reformat(format="rgb24", src_colorspace=1, dst_color_range=2).to_ndarray()[32, 32].astype(int)
    assert made == pytest.approx(GREEN, abs=6)


def test_interlaced_shots_have_no_combs(tmp_path: Path) -> None:
    """A bar that moves between the two fields of a frame has even edges in the film."""
    pictures = []
    for number in range(6):
        fields = [Image.new("L", (320, 240), 40) for _ in range(2)]
        for at, field in enumerate(fields):
            left = 40 + 20 * number + 10 * at
            ImageDraw.Draw(field).rectangle((left, 60, left + 60, 180), fill=220)
        rows = np.asarray(fields[0]).copy()
        rows[1::2] = np.asarray(fields[1])[1::2]
        pictures.append(Image.fromarray(rows).convert("RGB"))
    source = write(tmp_path / "s.mp4", pictures, 5, {"flags": "+ilme+ildct", "x264-params": "tff=1"})
    frame = shown(source, FilmFormat(320, 240), 6 / 24)[3].to_ndarray(format="gray")[80:160].astype(int)
    combs = np.abs(2 * frame[1:-1] - frame[:-2] - frame[2:]).max()
    assert combs < 60


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    """The colours under transparent parts of a shot are not seen."""
    picture = Image.new("RGBA", (64, 36), (255, 0, 0, 0))
    picture.paste((*GREEN, 255), (0, 0, 32, 36))
    with av.open(str(tmp_path / "s.mov"), "w") as out:
        stream = out.add_stream("qtrle", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "argb"
        frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgba").reformat(format="argb")
        out.mux([*stream.encode(frame), *stream.encode(None)])
    (shot,) = shown(tmp_path / "s.mov", FilmFormat(64, 36), 1 / 24)
    made = shot.reformat(format="rgb24", src_colorspace=1, dst_color_range=2).to_ndarray()[18].astype(int)
    assert made[8] == pytest.approx(GREEN, abs=6)
    assert made[56] == pytest.approx((0, 0, 0), abs=6)


def test_photographs_keep_the_colours_of_their_profile(tmp_path: Path) -> None:
    """A red of Display P3 is a purer red in the film; a profile that does not open changes nothing."""
    for profile, expected in ((display_p3(), (218, 65, 46)), (b"no profile", (200, 80, 60))):
        Image.new("RGB", (64, 36), (200, 80, 60)).save(tmp_path / "s.png", icc_profile=profile)
        (frame, *_) = shown(tmp_path / "s.png", FilmFormat(64, 36), 1 / 24, still=True)
        made = frame.reformat(format="rgb24", src_colorspace=1, dst_color_range=2).to_ndarray()[18, 32].astype(int)
        assert made == pytest.approx(expected, abs=4)


def test_a_still_moves_evenly(tmp_path: Path) -> None:
    """The zoom into a still moves a point by the same part of a pixel from frame to frame, and not by whole pixels."""
    picture = Image.new("L", (1280, 720), 20)
    ImageDraw.Draw(picture).ellipse((100, 100, 180, 180), fill=255)
    picture.save(tmp_path / "s.png")
    frames = shown(tmp_path / "s.png", FilmFormat(640, 360), 1.0, still=True)
    places = []
    for frame in frames:
        light = frame.to_ndarray(format="gray")[20:120, 20:120].astype(float)
        light = np.where(light > 40, light, 0)
        places.append(float((light.sum(axis=0) * np.arange(100)).sum() / light.sum()))
    steps = np.diff(places)
    assert len(frames) == 24
    assert steps == pytest.approx(np.full(23, steps.mean()), abs=0.03)
    assert steps.mean() < -0.2


@pytest.mark.parametrize(
    ("shots", "made"),
    [
        ([facts(720, 1280, 30, 2), facts(1920, 1080, 24)], (1920, 1080, 24)),
        ([facts(1280, 720, 24), facts(3840, 2160, 25), facts(1280, 720, 24, 5)], (1280, 720, 24)),
        ([facts(1280, 768, 24), facts(640, 480, 25, 2)], (1280, 768, 24)),
        ([facts(720, 1280, 30), facts(720, 1280, 24, 9)], (720, 1280, 24)),
        ([facts(1280, 720, 50)], (1280, 720, 25)),
        ([facts(1280, 720, 59.94)], (1280, 720, 30)),
        ([facts(1280, 720, 48)], (1280, 720, 24)),
        ([facts(1280, 720, 15)], (1280, 720, 30)),
        ([facts(1280, 720, 16)], (1280, 720, 24)),
    ],
)
def test_a_film_has_the_shape_of_its_brief_and_of_most_shots(
    shots: list[ShotFacts], made: tuple[int, int, int]
) -> None:
    """The first shot does not decide: of the shots in about the brief's aspect, the size of most of the time counts,
    and a rate in which motion stays even."""
    output = FilmFormat.of_shots(shots, "16:9")
    assert (output.width, output.height, output.rate) == made


def test_stills_decide_how_large_their_film_is() -> None:
    """A film of photographs has 1,080 lines, one of smaller or unknown pictures 720; it is cropped a little to fill the
    frame, and a note names what is cropped, has bars or another shape."""
    photos = {"a": (6000, 4000), "b": (3000, 4000), "c": (1920, 1080)}
    output = FilmFormat.of_stills([*photos.values()], "16:9")
    assert (output.width, output.height) == (1920, 1080)
    assert FilmFormat.of_stills([(1280, 720), (0, 0)], "16:9").height == 720
    assert [*shape_notes("16:9", photos, output)] == [
        "a is 6000 x 4000 and is cropped around its focus in 1920 x 1080",
        "b is 3000 x 4000 and is shown with bars in 1920 x 1080",
    ]
    (note,) = shape_notes("9:16", {"c": (1920, 1080)}, output)
    assert note == ("the film is 1920 x 1080, because no shot is about 9:16; for 9:16 add it to the cut's renditions")
