"""The titles, lower thirds and end card of a film, drawn on its frames (yuv420p). Sizes are pixels."""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from activities.finishing.captions.leaning import leans
from activities.finishing.captions.line_breaks import atoms_of
from activities.finishing.captions.texts import Line
from activities.finishing.captions.texts import lines_of as two_lines_of
from activities.finishing.picture.burned_captions import captions_top
from activities.finishing.timeline import ScreenText
from activities.media.fonts import Face, missing_fonts, right_to_left, without_font
from activities.media.overlays import Overlay, compose
from workflows.destinations.profiles import SafeArea

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

FADE_FRAMES: Final = 8
GROUND: Final = (18, 20, 25)
"""Behind an end card; RGB."""

_TITLE_SIZE, _THIRD_SIZE = 0.085, 0.045
"""Of text, of the shorter side of the frame."""
_LINE: Final = 1.35
_ROOM: Final = 0.8
"""Of a line, of the width of the frame."""
_MARGINS: Final = 0.1
"""Of the box of a lower third, of the width."""
_ABOVE_CAPTIONS: Final = 0.017
"""The distance of a title and of the box of a lower third to captions below it, of the shorter side."""
_NARROWER: Final = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
"""The widths, of the room for it, in which a text of more than two lines is also tried."""
_PHRASE: Final = 0.15
"""Of the room: lines may be so much less even for each one that does not end inside a phrase."""
_INK: Final = (255, 255, 255, 255)
_SHADE: Final = (10, 12, 16, 150)
_EDGE: Final = (0, 0, 0, 190)
_OUTLINE, _SHADOW = 0.06, 0.02
"""Of the edge of a title, of its size: its width, and how far it is moved to the right and down."""
_BT709: Final = 1


def lines_of(text: str, face: Face, room: float, widths: Sequence[float] = ()) -> list[tuple[str, bool]]:
    """One line, two about as long, or as few as it takes, each with whether it is written from right to left; they
    break by the rules of the script and of its phrases, and where the text breaks itself.

    Args:
        widths: Further shares of the room in which lines are tried, the largest first, so that they are more even.
    """
    lines: list[tuple[str, bool]] = []
    for paragraph in text.splitlines():
        atoms = list(atoms_of(paragraph.strip()))
        made = two_lines_of(atoms, Line(room, face.width)) or _even(atoms, face, room, widths)
        lines += [(line, right_to_left(paragraph)) for line in made if line]
    return lines


def _even(atoms: Sequence[str], face: Face, room: float, widths: Sequence[float]) -> list[str]:
    """As few lines as there can be, and of these the most even ones that end with phrases."""
    tried = [_filled(atoms, face, room)]
    for share in widths:
        lines = _filled(atoms, face, room * share)
        if len(lines) > len(tried[0]):
            break
        tried.append(lines)

    def error(lines: list[str]) -> float:
        long = [*map(face.width, lines)]
        return max(long) - min(long) + _PHRASE * room * sum(map(leans, lines[:-1]))

    return min(tried, key=error)


def _filled(atoms: Sequence[str], face: Face, room: float) -> list[str]:
    """Lines that are each as long as they can be."""
    lines, line = list[str](), ""
    for atom in atoms:
        if line.strip() and face.width(line + atom) > room:
            lines.append(line.strip())
            line = ""
        line += atom
    return [*lines, line.strip()]


def undrawn(texts: Iterable[str]) -> list[str]:
    """A note on the letters that no font of this machine has: they are drawn as bars."""
    missing = "".join(map(without_font, texts))
    if not missing:
        return []
    named, remedy = missing_fonts(missing)
    return [f"titles with {named} are drawn as bars, because {remedy} and change the cut again"]


def draw(
    kind: str, text: str, size: tuple[int, int], safe: SafeArea | None = None, over: Sequence[str] = ()
) -> Image.Image:
    """The text on a transparent picture of the size of the frame; an end card on its ground.

    Args:
        safe: The area in which the text is drawn, smaller where it would not fit.
        over: The lower thirds above which a title ends.
    """
    area = safe or SafeArea()
    side = max(area.left, area.right)  # a text in the middle of the frame has equal margins
    left, right = (area.left, area.right) if kind == "lower third" else (side, side)
    across, down = 1 - left - right, 1 - area.top - area.bottom
    middle = (area.top + down / 2) * size[1]
    gap = _ABOVE_CAPTIONS * min(size)
    low = size[1] * (1 - area.bottom) if kind == "end card" else captions_top(size, safe) - gap
    high = 2 * (low - middle)
    if over:
        low = min(extent("lower third", third, size, safe)[1] for third in over) - gap
        high = min(high, low - size[1] * area.top)
    room = size[0] * (min(_ROOM, across - _MARGINS) if safe else _ROOM), high
    points, face, lines = _fitted(kind, text, min(size), room)
    picture = Image.new("RGBA", size, (*GROUND, 255) if kind == "end card" else (0, 0, 0, 0))
    height = points * _LINE * len(lines)
    centre = size[0] / 2
    top = min(middle - height / 2, low - height)
    if kind == "lower third":
        left, top = round(size[0] * area.left), low - points * 0.4 - height
        width = max(face.width(line) for line, _ in lines)
        box = (left, top - points * 0.4, left + width + points * 1.6, low)
        ImageDraw.Draw(picture).rounded_rectangle(box, points * 0.3, fill=_SHADE)
    for number, (line, rtl) in enumerate(lines):
        x = left + points * 0.8 if kind == "lower third" else centre - face.width(line) / 2
        baseline = top + points * (_LINE * number + 1)
        if kind == "title":  # on a picture, which may be as light as its letters
            moved = points * _SHADOW
            face.draw(picture, (x + moved, baseline + moved), line, _EDGE, rtl=rtl, stroke=max(1.0, points * _OUTLINE))
        face.draw(picture, (x, baseline), line, _INK, rtl=rtl)
    return picture


def _fitted(kind: str, text: str, short: int, room: tuple[float, float]) -> tuple[int, Face, list[tuple[str, bool]]]:
    """The size, the font and the lines of a text that fit into a room of pixels."""
    points = max(8, round(short * (_THIRD_SIZE if kind == "lower third" else _TITLE_SIZE)))
    while True:
        face = Face(points, bold=kind != "lower third")
        lines = lines_of(text, face, room[0])
        wide = max((face.width(line) for line, _ in lines), default=0)
        high = points * _LINE * len(lines)
        if points <= 8 or (wide <= room[0] and high <= room[1]):
            return points, face, lines_of(text, face, room[0], _NARROWER)
        # Smaller letters also make fewer lines. The factor is for lines that are not full.
        fits = min(room[0] / max(wide, 1), 1.05 * math.sqrt(room[1] / max(high, 1)))
        points = max(8, math.floor(points * min(0.92, fits)))


def extent(
    kind: str, text: str, size: tuple[int, int], safe: SafeArea | None, over: Sequence[str] = ()
) -> tuple[int, int, int, int]:
    """The box of a text in the frame: left, top, right and lower edge."""
    drawn = draw("title" if kind == "end card" else kind, text, size, safe, over)
    return drawn.getbbox() or (size[0] // 2, size[1] // 2, size[0] // 2, size[1] // 2)


class Titles:
    """Draws texts on the frames of a film of one size."""

    def __init__(self, texts: Iterable[ScreenText], size: tuple[int, int], safe: SafeArea | None = None) -> None:
        self._texts = tuple(texts)
        self._size = size
        self._safe = safe

    def onto(self, frame: "VideoFrame", number: int) -> "VideoFrame":
        """The frame of this number in the film with all that is shown then; texts fade in and out."""
        for each in self._texts:
            at = number - each.first
            if 0 <= at < each.frames:
                step = min(FADE_FRAMES, at + 1, each.frames - at)
                frame = compose(frame, _overlay(each, self._size, self._safe, step))
        return frame


@cache
def _overlay(shown: ScreenText, size: tuple[int, int], safe: SafeArea | None, step: int) -> Overlay:
    """The part of the frame with the text, at a step of FADE_FRAMES of its fade."""
    picture = draw(shown.kind, shown.text, size, safe, shown.over)
    left, top, right, bottom = picture.getbbox() or (0, 0, 2, 2)
    box = (left // 2 * 2, top // 2 * 2, min(size[0], -(-right // 2) * 2), min(size[1], -(-bottom // 2) * 2))
    part = picture.crop(box)
    part.putalpha(part.getchannel("A").point(lambda value: value * step // FADE_FRAMES))
    return Overlay(part, box[0], box[1])


def card_frame(text: str, size: tuple[int, int], safe: SafeArea | None = None) -> "VideoFrame":
    """The frame of an end card."""
    return _yuv(draw("end card", text, size, safe).convert("RGB"))


def _yuv(picture: Image.Image) -> "VideoFrame":
    from av.video.frame import VideoFrame

    frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    made = frame.reformat(format="yuv420p", dst_colorspace=_BT709, dst_color_range=_BT709)
    made.colorspace, made.color_range = _BT709, _BT709
    return made
