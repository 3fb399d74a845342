"""The titles, lower thirds and end card of a film, drawn on its frames (yuv420p). Sizes are pixels."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from activities.finishing.captions.line_breaks import atoms_of
from activities.finishing.timeline import ScreenText
from activities.media.fonts import Face, missing_fonts, without_font
from activities.media.overlays import Overlay, compose

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

FADE_FRAMES: Final = 8
THIRD_BOTTOM: Final = 0.74
"""The lower edge of a lower third, of the height: captions that are drawn into the picture have their place below."""
GROUND: Final = (18, 20, 25)
"""Behind an end card; RGB."""

_TITLE_SIZE, _THIRD_SIZE = 0.085, 0.045
"""Of text, of the shorter side of the frame."""
_LINE: Final = 1.35
_ROOM: Final = 0.8
"""Of a line, of the width of the frame."""
_INK: Final = (255, 255, 255, 255)
_SHADE: Final = (10, 12, 16, 150)
_SHADOW: Final = (0, 0, 0, 140)
_BT709: Final = 1


def lines_of(text: str, face: Face, room: float) -> list[str]:
    """Lines that fit; they break by the rules of the script, and where the text breaks itself."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for atom in atoms_of(paragraph.strip()):
            if line.strip() and face.width(line + atom) > room:
                lines.append(line.strip())
                line = ""
            line += atom
        lines.append(line.strip())
    return [line for line in lines if line]


def undrawn(texts: Iterable[str]) -> list[str]:
    """A note on the letters that no font of this machine has: they are drawn as bars."""
    missing = "".join(map(without_font, texts))
    if not missing:
        return []
    named, remedy = missing_fonts(missing)
    return [f"titles with {named} are drawn as bars, because {remedy} and change the cut again"]


def draw(kind: str, text: str, size: tuple[int, int]) -> Image.Image:
    """The text on a transparent picture of the size of the frame; an end card on its ground."""
    short = min(size)
    points = max(8, round(short * (_THIRD_SIZE if kind == "lower third" else _TITLE_SIZE)))
    face = Face.of(text, points, bold=kind != "lower third")
    lines = lines_of(text, face, size[0] * _ROOM)
    picture = Image.new("RGBA", size, (*GROUND, 255) if kind == "end card" else (0, 0, 0, 0))
    height = points * _LINE * len(lines)
    if kind == "lower third":
        left, top = round(size[0] * 0.05), size[1] * THIRD_BOTTOM - height
        width = max(map(face.width, lines))
        box = (left, top - points * 0.4, left + width + points * 1.6, top + height + points * 0.4)
        ImageDraw.Draw(picture).rounded_rectangle(box, points * 0.3, fill=_SHADE)
    else:
        top = (size[1] - height) / 2
    for number, line in enumerate(lines):
        x = left + points * 0.8 if kind == "lower third" else (size[0] - face.width(line)) / 2
        baseline = top + points * (_LINE * number + 1)
        if kind == "title":
            face.draw(picture, (x + points / 20, baseline + points / 20), line, _SHADOW)
        face.draw(picture, (x, baseline), line, _INK)
    return picture


class Titles:
    """Draws texts on the frames of a film of one size."""

    def __init__(self, texts: Iterable[ScreenText], size: tuple[int, int]) -> None:
        self._texts = tuple(texts)
        self._size = size

    def onto(self, frame: "VideoFrame", number: int) -> "VideoFrame":
        """The frame of this number in the film with all that is shown then; texts fade in and out."""
        for each in self._texts:
            at = number - each.first
            if 0 <= at < each.frames:
                step = min(FADE_FRAMES, at + 1, each.frames - at)
                frame = compose(frame, _overlay(each.kind, each.text, self._size, step))
        return frame


@cache
def _overlay(kind: str, text: str, size: tuple[int, int], step: int) -> Overlay:
    """The part of the frame with the text, at a step of FADE_FRAMES of its fade."""
    picture = draw(kind, text, size)
    left, top, right, bottom = picture.getbbox() or (0, 0, 2, 2)
    box = (left // 2 * 2, top // 2 * 2, min(size[0], -(-right // 2) * 2), min(size[1], -(-bottom // 2) * 2))
    part = picture.crop(box)
    part.putalpha(part.getchannel("A").point(lambda value: value * step // FADE_FRAMES))
    return Overlay(part, box[0], box[1])


def card_frame(text: str, size: tuple[int, int]) -> "VideoFrame":
    """The frame of an end card."""
    return _yuv(draw("end card", text, size).convert("RGB"))


def _yuv(picture: Image.Image) -> "VideoFrame":
    from av.video.frame import VideoFrame

    frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    made = frame.reformat(format="yuv420p", dst_colorspace=_BT709, dst_color_range=_BT709)
    made.colorspace, made.color_range = _BT709, _BT709
    return made
