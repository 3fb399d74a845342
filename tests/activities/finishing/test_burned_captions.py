"""Burned-in captions: where they are, when they change, and what they cannot draw."""

import threading
from itertools import pairwise
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops

from activities.finishing.captions.cues import Cue, cues_of
from activities.finishing.picture import segments
from activities.finishing.picture.burned_captions import SAFE_AREA, BurnedCaptions, Style, burn
from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.pieces import pieces_of
from activities.finishing.timeline import PlacedVoice, Shot, Voice, lay_out
from activities.media.fonts import Face
from activities.media.overlays import Overlay
from tests.activities.finishing.media import shot_file
from workflows.destinations.profiles import SafeArea
from workflows.models import Media

STYLES: tuple[Style, ...] = ("plain", "boxed", "words")
TEXT = "Every night for ninety years, the lamp on the cape has turned. Nobody climbs tonight."
FORMATS = {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (720, 720), "4:5": (720, 900)}

NONE = Media(key="none", bytes=0, sha256="", media_type="audio/wav")


def cues(text: str = TEXT, seconds: float = 6.0, rate: int = 24) -> list[Cue]:
    return cues_of([PlacedVoice(Voice("n", text, NONE, seconds), 1.0)], rate, seconds + 2)[0]


def yellow(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around what is highlighted."""
    red, _, blue, _ = image.split()
    mask = ImageChops.multiply(red.point(lambda v: 255 * (v > 200)), blue.point(lambda v: 255 * (v < 100)))
    return mask.getbbox()


def shown(burned: BurnedCaptions, frame_number: int) -> Overlay:
    overlay = burned.image(frame_number)
    assert overlay is not None
    return overlay


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("size", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("safe", [SAFE_AREA, SafeArea(left=0.06, right=0.14, bottom=0.25)], ids=["usual", "controls"])
def test_captions_are_inside_the_safe_area(style: Style, size: tuple[int, int], safe: SafeArea) -> None:
    """In frames of every aspect, text is inside the safe area and centred in it, on at most two lines."""
    burned = BurnedCaptions(cues(), style, *size, 24, safe)
    heights = set()
    for number in range(24, 7 * 24, 12):
        overlay = burned.image(number)
        if overlay is None:
            continue
        assert overlay.left % 2 == overlay.top % 2 == overlay.image.width % 2 == overlay.image.height % 2 == 0
        assert overlay.left >= (safe.left * size[0] - 2 if safe != SAFE_AREA else 0)
        assert overlay.left + overlay.image.width / 2 == pytest.approx(
            size[0] * (1 + safe.left - safe.right) / 2, abs=2
        )
        assert overlay.top + overlay.image.height <= size[1] * (1 - safe.bottom) + 1
        heights.add(overlay.image.height)
        left, _, right, _ = overlay.image.getchannel("A").getbbox() or (0, 0, 0, 0)
        assert right - left <= size[0] * 0.95
    assert heights
    assert max(heights) < 0.05 * min(size) * 3.6


def test_captions_are_shown_with_their_cues() -> None:
    """A caption is on exactly the frames of its cue, the same object on each of them."""
    (cue,) = cues("The lamp turns tonight.", 2.0)
    burned = BurnedCaptions([cue], "plain", 320, 180, 24)
    frames = [number for number in range(120) if burned.image(number)]
    assert frames == list(range(round(cue.start * 24), round(cue.end * 24)))
    assert burned.image(frames[0]) is burned.image(frames[-1])


def test_the_spoken_word_is_highlighted() -> None:
    """Word by word, the highlight is over the word that is spoken: it moves to the right, then to the next line, and
    in Arabic and Hebrew to the left."""
    (cue,) = cues("Every night for ninety years, the lamp has turned above the sea.", 4.0)
    burned = BurnedCaptions([cue], "words", 1280, 720, 24)
    line = cue.text.split("\n")[0]
    face = Face(36, bold=True)
    boxes = [yellow(shown(burned, round((word.start + word.end) * 12)).image) for word in cue.words]
    assert None not in boxes
    found = [box for box in boxes if box]
    lines = [box[1] > 36 for box in found]
    assert lines == sorted(lines)
    assert True in lines
    first = [box for box, low in zip(found, lines, strict=True) if not low]
    assert all(a[0] < b[0] for a, b in pairwise(first))
    for word, box in zip(line.split(), first, strict=True):
        assert box[2] - box[0] == pytest.approx(face.width(word), abs=8), word
    for text in ("المنارة تضيء البحر كل ليلة", "המגדלור מאיר את הים"):
        (cue,) = cues(text, 3.0)
        burned = BurnedCaptions([cue], "words", 1280, 720, 24)
        boxes = [yellow(shown(burned, round((word.start + word.end) * 12)).image) for word in cue.words]
        lefts = [box[0] for box in boxes if box]
        assert len(lefts) == len(text.split())
        assert lefts == sorted(lefts, reverse=True)


def test_a_latin_word_in_hebrew_has_its_place() -> None:
    """In text of both directions, the extent of a word is where its ink is."""
    text = "המגדלור של Haifa Bay מאיר את הים"
    face, height = Face.of(text, 40, bold=True), 80
    whole = Image.new("RGBA", (900, height))
    face.draw(whole, (20, 60), text, (255, 255, 255, 255))
    begin = text.index("Haifa")
    for word in ("Haifa", "Bay", "הים", "המגדלור"):
        at = text.index(word)
        left, right = face.extent(text, at, at + len(word))
        alone = Image.new("RGBA", (900, height))
        face.draw(alone, (20 + left, 60), word, (255, 255, 255, 255))
        box = (round(20 + left) - 2, 0, round(20 + right) + 2, height)
        difference = ImageChops.difference(whole.crop(box).getchannel("A"), alone.crop(box).getchannel("A"))
        ink = sum(alone.getchannel("A").tobytes()) / 255
        assert sum(difference.tobytes()) / 255 < 0.35 * ink, word
    assert face.extent(text, begin, begin + 5) < face.extent(text, begin + 6, begin + 9)


def test_a_narrow_frame_splits_a_cue_by_its_words() -> None:
    """Where two lines do not hold a cue, its parts follow each other, each from its first word on."""
    (cue,) = cues("Thunderstorms, he wrote, never frightened anybody who had lived beside lighthouses.", 5.0)
    wide, narrow = (BurnedCaptions([cue], "plain", *size, 24) for size in ((1280, 720), (406, 720)))
    assert len({id(wide.image(n)) for n in range(24, 140) if wide.image(n)}) == 1
    starts = [s.start / 24 for s in narrow._shown]
    assert len(starts) > 1
    words = [word.start for word in cue.words]
    assert all(min(abs(start - word) for word in words) <= 1 / 24 for start in starts)
    assert narrow._shown[-1].end == round(cue.end * 24)


def test_a_word_wider_than_the_frame_is_smaller() -> None:
    """A word that no line holds is drawn smaller, so that it is inside the frame."""
    (cue,) = cues("Donaudampfschifffahrtsgesellschaft", 3.0)
    overlay = shown(BurnedCaptions([cue], "boxed", 240, 426, 24), 40)
    assert overlay.image.width <= 240
    assert overlay.image.getchannel("A").getbbox()


def test_letters_without_a_font_are_left_out_with_a_note() -> None:
    """A caption whose letters no font here has is not drawn as bars; a note names the letters and the remedy."""
    both = [Cue(1.0, 2.0, "A lamp."), Cue(3.0, 4.0, "\U000130b8\U000131cb")]
    burned = BurnedCaptions(both, "plain", 320, 180, 24)
    assert burned.image(30)
    assert burned.image(80) is None
    (note,) = burned.notes
    assert "\U000130b8" in note
    assert "install" in note
    assert burn(both, "sidecar", 320, 180, 24) is None


@pytest.mark.parametrize("style", STYLES)
def test_a_film_has_its_captions_in_the_picture(tmp_path: Path, style: Style) -> None:
    """In the frames of a film, the caption is white over its lower part during its cue, also over a held frame, and
    never before or after."""
    size = (320, 180)
    source = shot_file(tmp_path / "s.mp4", size=size, seconds=1.0)
    line = lay_out([Shot("s", NONE, 1.0, voices=("n",))], [Voice("n", "One two three.", NONE, 2.0)], 24)
    text = [Cue(0.5, 1.75, "One two three.", (), "n")]
    target = tmp_path / "film.mp4"
    (piece,), burned = pieces_of(line), burn(text, style, *size, 24)
    segments.encode(
        target, piece, {"s": source}, FilmFormat(*size), burned, stop=threading.Event(), on_progress=lambda _: None
    )
    with av.open(str(target)) as container:
        luma = [frame.reformat(format="gray8").to_ndarray() for frame in container.decode(video=0)]
    white = [int((picture[130:162] > 200).sum()) for picture in luma]
    assert [count > 30 for count in white] == [12 <= number < 42 for number in range(48)]
    assert all(int((picture[:100] != luma[47][:100]).sum()) < 200 for picture in luma[24:47]), "the held frame"
