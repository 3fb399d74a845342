"""The time of the film on animatics: exact, whatever the time at which they were made."""

from fractions import Fraction
from itertools import chain
from pathlib import Path
from threading import Event

import av
import pytest
from PIL import Image

from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.frames import frames_of, shot_facts
from activities.finishing.picture.pieces import pieces_of
from activities.finishing.timeline import Shot, lay_out
from activities.media.recordings import Skipped
from activities.media.timecode import MARK, FilmTimecode, Timecode, mark_of
from workflows.models import Media

SIZE = (640, 360)
NONE = Media(key="none", bytes=0, sha256="", media_type="video/mp4")


def video(path: Path, comment: str, seconds: float = 1.0) -> Path:
    with av.open(str(path), "w") as container:
        container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for number in range(round(seconds * 24)):
            picture = Image.new("RGB", SIZE, (40 + number * 3, 90, 200))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def shot(path: Path, name: str, seconds: float) -> Shot:
    facts = shot_facts(name, path)
    return Shot(name, NONE, seconds, timecode=(facts.width, facts.height) if facts.timecode else None)


@pytest.mark.parametrize("output", [FilmFormat(*SIZE), FilmFormat(1280, 720), FilmFormat(480, 480, 25)])
def test_a_film_draws_its_time_over_animatics(tmp_path: Path, output: FilmFormat) -> None:
    """Every frame of an animatic shows the time of the film in any size of film, also where it is held; no other shot
    is drawn on."""
    first = shot(video(tmp_path / "1.mp4", MARK), "shot-1", 1.0)
    other = shot(video(tmp_path / "2.mp4", "by a vendor"), "shot-2", 1.0)
    held = shot(video(tmp_path / "3.mp4", MARK), "shot-3", 1.5)
    assert other.timecode is None
    timeline = lay_out([first, other, held], [], output.rate)
    code = FilmTimecode(SIZE, (output.width, output.height))
    scale = min(output.width / SIZE[0], output.height / SIZE[1])
    times = Timecode((round(SIZE[0] * scale), round(SIZE[1] * scale)))
    paths = {f"shot-{n}": tmp_path / f"{n}.mp4" for n in (1, 2, 3)}
    shown = (frames_of(piece, paths, output, Event(), Skipped()) for piece in pieces_of(timeline))
    for number, frame in enumerate(chain.from_iterable(shown)):
        plane = frame.planes[0]
        luma = Image.frombytes("L", (output.width, output.height), bytes(plane), "raw", "L", plane.line_size, 1)
        seconds = number / output.rate
        same = luma.crop(code.box).tobytes() == times.picture(seconds).tobytes()
        assert same == (not 1.0 <= seconds < 2.0), seconds


def test_a_cropped_animatic_has_its_mark(tmp_path: Path) -> None:
    """A rendition in another aspect, which crops the mark of an animatic, has one of its own; no other shot has."""
    shots = [shot(video(tmp_path / f"{n}.mp4", comment), f"shot-{n}", 0.1) for n, comment in ((1, MARK), (2, "other"))]
    output = FilmFormat(180, 320, crop=True)
    first, second = (
        next(frames_of(piece, {f"shot-{n}": tmp_path / f"{n}.mp4"}, output, Event(), Skipped()))
        for n, piece in enumerate(pieces_of(lay_out(shots, [], 24)), start=1)
    )
    mark = mark_of((180, 320), 0.05, 0.05)
    rows, columns = slice(mark.top + 1, mark.top + 6), slice(mark.left + 4, mark.left + mark.image.width - 4)
    light, plain = (frame.to_ndarray(format="gray")[rows, columns].mean() for frame in (first, second))
    assert light > plain + 40


def test_the_time_is_minutes_seconds_and_tenths() -> None:
    """A tenth is shown from its begin, also where the sum of frames is a little below it."""
    code = Timecode(SIZE)
    assert [code.text(s) for s in (0, 0.0999, 0.1, 59.99, 60, 599.95, 0.1 + 0.2)] == [
        *(
            "FILM 00:00.0",
            "FILM 00:00.0",
            "FILM 00:00.1",
            "FILM 00:59.9",
            "FILM 01:00.0",
            "FILM 09:59.9",
            "FILM 00:00.3",
        )
    ]
