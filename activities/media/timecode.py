"""The timecode of a film on the frames of its animatics, as minutes, seconds and tenths.

An animatic is made with the time at which its shot starts by the plan; the film then draws the exact time over it,
because other shots may have become longer or shorter since. Both draw the same box at the same place. Times are
seconds.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from activities.media.fonts import Face
from activities.media.overlays import Overlay
from activities.media.planes import frame_of, planes_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

MARK: Final = "PREVIZ animatic with timecode"
"""The comment in the file of an animatic, by which the film recognises it."""
TEXT_SHARE: Final = 0.0265
"""The size of text of a frame's width: 10 pixels on a page of 390."""
OF_FILM, OF_SHOT = "FILM", "SHOT"

_INK_Y, _BOX_Y, _NEUTRAL = 235, 30, 128
_ROOM: Final = "FILM 00:00.0"
_MARK, _MARK_SHARE = "PREVIZ", 0.035
_MARK_GROUND, _MARK_INK = (255, 190, 60, 255), (32, 24, 8, 255)


def slate_height(width: int, lines: int = 2) -> int:
    """The height of the slate at the lower edge of a storyboard frame or an animatic of this width, in pixels.

    Args:
        lines: Of the prompt; a note is under them.
    """
    return round(width * TEXT_SHARE * (1.75 + 1.3 * lines)) // 2 * 2


class Timecode:
    """The box with the time, for frames of one size in yuv420p.

    Args:
        at: Where such a frame begins in a larger one; both are even.
    """

    def __init__(self, size: tuple[int, int], kind: str = OF_FILM, at: tuple[int, int] = (0, 0)) -> None:
        text = size[0] * TEXT_SHARE
        self._kind = kind
        self._face = Face(max(6, round(text)), bold=True, system=False)
        self._cell = max(self._face.width(c) for c in "0123456789")
        width = round(sum(map(self._width, _ROOM)) + text) // 2 * 2
        height = round(text * 1.35) // 2 * 2
        right = at[0] + round(size[0] - text * 1.4) // 2 * 2
        bottom = at[1] + round(size[1] - text * 0.45) // 2 * 2
        self.box = (right - width, bottom - height, right, bottom)
        """Left, top, right and bottom, in pixels; all are even."""
        self._last = ("", Image.new("L", (width, height)))

    def _width(self, character: str) -> float:
        return self._cell if character.isdigit() else self._face.width(character)

    def text(self, seconds: float) -> str:
        """The time as it is drawn; a tenth has begun, not been rounded to."""
        tenths = int(seconds * 10 + 1e-6)
        return f"{self._kind} {tenths // 600:02}:{tenths // 10 % 60:02}.{tenths % 10}"

    def picture(self, seconds: float) -> Image.Image:
        """The luma of the box."""
        text = self.text(seconds)
        if self._last[0] != text:
            self._last = (text, self._draw(text))
        return self._last[1]

    def _draw(self, text: str) -> Image.Image:
        width, height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        mask = Image.new("RGBA", (width, height))
        x = (width - sum(map(self._width, text))) / 2
        for character in text:
            inset = (self._width(character) - self._face.width(character)) / 2
            self._face.draw(mask, (x + inset, height * 0.78), character, (255, 255, 255, 255))
            x += self._width(character)
        luma = Image.new("L", (width, height), _BOX_Y)
        luma.paste(_INK_Y, (0, 0, width, height), mask.getchannel("A"))
        return luma

    def onto(self, planes: Sequence[Image.Image], seconds: float) -> None:
        """Draw the time on the planes Y, U and V of a frame."""
        left, top, right, bottom = self.box
        planes[0].paste(self.picture(seconds), (left, top))
        for plane in planes[1:]:
            plane.paste(_NEUTRAL, (left // 2, top // 2, right // 2, bottom // 2))


@cache
def mark_of(size: tuple[int, int], right: float, top: float) -> Overlay:
    """The word PREVIZ for an animatic whose own mark is cropped.

    Args:
        right: The margin of a frame of this size, as a share of its width; `top` is that of its height.
    """
    text = max(8, round(min(size) * _MARK_SHARE))
    face = Face(text, bold=True, system=False)
    width, height = (round(side / 2) * 2 for side in (face.width(_MARK) + text, text * 1.6))
    picture = Image.new("RGBA", (width, height))
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, width - 1, height - 1), radius=0.3 * text, fill=_MARK_GROUND)
    face.draw(picture, (text / 2, text * 1.17), _MARK, _MARK_INK)
    left, upper = round(size[0] * (1 - right)) - width, round(size[1] * top)
    return Overlay(picture, max(0, left // 2 * 2), upper // 2 * 2)


class FilmTimecode:
    """Draws the time of a film over that of an animatic, which is scaled to a part of the film's frame."""

    def __init__(self, size: tuple[int, int], output: tuple[int, int]) -> None:
        scale = min(output[0] / size[0], output[1] / size[1])
        shown = round(size[0] * scale) // 2 * 2, round(size[1] * scale) // 2 * 2
        x, y = ((whole - part) // 4 * 2 for whole, part in zip(output, shown, strict=True))
        self._code = Timecode(shown, at=(x, y))
        self.box = self._code.box
        """Left, top, right and bottom in the film's frame."""

    def onto(self, frame: "VideoFrame", seconds: float) -> "VideoFrame":
        """A copy of the frame (yuv420p) with the time."""
        planes = planes_of(frame)
        self._code.onto(planes, seconds)
        return frame_of(planes, frame)
