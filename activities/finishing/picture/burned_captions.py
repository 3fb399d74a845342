"""Captions drawn into the picture, in three styles, for a frame of any size.

Sizes are pixels. Lines that are too wide for the frame are broken anew; a cue then becomes several, each at the time of
its words.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from PIL import Image, ImageDraw

from activities.finishing.captions.cues import Cue, CueWord
from activities.finishing.captions.texts import Line, letters, split, unbroken
from activities.media.fonts import Color, Face, missing_fonts, right_to_left, without_font
from activities.media.overlays import Overlay, compose
from workflows.destinations.profiles import SafeArea

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Style = Literal["plain", "boxed", "words"]
"""Text with an outline, text on a translucent box, or outlined text whose current word is highlighted."""
CaptionStyle = Literal["sidecar", "plain", "boxed", "words"]
"""Sidecar: in files and a track of the film, not in the picture."""

SAFE_AREA: Final = SafeArea(bottom=0.1)
"""Of a film for no destination in particular; one with buttons over the picture needs more."""
TEXT_SHARE: Final = 0.05
"""The size of the text, of the film's shorter side: 42 characters then take two thirds of the width of 16:9."""
LINE_HEIGHT: Final = 1.3
"""Of the size."""
_BASELINE: Final = 1.0
_OUTLINE: Final = 0.09
_MARGIN: Final = 0.35
_RADIUS: Final = 0.25
_OVERHANG: Final = 0.03
"""Of the size."""
_INK: Final[Color] = (255, 255, 255, 255)
_SPOKEN: Final[Color] = (255, 214, 10, 255)
_EDGE: Final[Color] = (0, 0, 0, 255)
_BOX: Final[Color] = (8, 10, 14, 178)


def captions_top(size: tuple[int, int], safe: SafeArea | None = None) -> float:
    """The upper edge of captions of two lines in a film of this size; other texts stay above it."""
    block = (2 * LINE_HEIGHT + 2 * _MARGIN) * text_size(size)
    return size[1] * (1 - (safe or SAFE_AREA).bottom) - block


def text_size(size: tuple[int, int]) -> int:
    """The size of the text of captions in a film of this size."""
    return max(8, round(min(size) * TEXT_SHARE))


@dataclass(frozen=True)
class _Shown:
    """Text on the frames from `start` to `end`."""

    start: int
    end: int
    lines: tuple[str, ...]
    words: tuple[CueWord, ...]
    rtl: bool
    size: int


class BurnedCaptions:
    """The pictures of captions for a film of `rate` frames a second.

    Args:
        safe: The area in which they are drawn, at its lower edge.
    """

    def __init__(
        self, cues: Sequence[Cue], style: Style, width: int, height: int, rate: int, safe: SafeArea = SAFE_AREA
    ) -> None:
        self._style = style
        self._frame = (width, height)
        self._rate = rate
        self._bottom = height * (1 - safe.bottom)
        self._centre = width * (1 + safe.left - safe.right) / 2
        self._size = text_size((width, height))
        # A destination's area holds the box of the text, not only the text.
        margins = 2 * _MARGIN * self._size + 4 if safe != SAFE_AREA else 0.0
        self._room = width * (1 - safe.left - safe.right) - margins
        missing = {cue: without_font(cue.text, bold=True) for cue in cues}
        self.notes = tuple(_notes("".join(missing.values())))
        """About cues that cannot be drawn on this machine, and are left out."""
        self._shown = [shown for cue in cues if not missing[cue] for shown in self._fitted(cue)]
        self._starts = [shown.start for shown in self._shown]
        self._last: tuple[tuple[int, int], Overlay] | None = None
        self._layers: tuple[int, Image.Image, Image.Image] | None = None

    def image(self, frame_number: int) -> Overlay | None:
        """The caption over a frame, or None; the same object while it does not change."""
        k = bisect_right(self._starts, frame_number) - 1
        if k < 0 or frame_number >= self._shown[k].end:
            return None
        key = k, self._spoken(self._shown[k], frame_number)
        if self._last is None or self._last[0] != key:
            self._last = key, self._draw(*key)
        return self._last[1]

    def onto(self, frame: "VideoFrame", frame_number: int) -> "VideoFrame":
        """The frame (yuv420p, of the film's size) with its caption: a copy, or the frame itself if it has none."""
        overlay = self.image(frame_number)
        return compose(frame, overlay) if overlay else frame

    def _spoken(self, shown: _Shown, frame_number: int) -> int:
        """The index of the word that is spoken at this frame; -1 if there is none, or the style does not show it."""
        if self._style != "words":
            return -1
        now = (frame_number + 0.5) / self._rate
        return next((k for k, word in enumerate(shown.words) if word.start <= now < word.end), -1)

    def _fitted(self, cue: Cue) -> Iterator[_Shown]:
        """The cue in lines that fit into the frame; in parts, if they are more than two."""
        face = Face(self._size, bold=True)
        texts = [cue.text]
        if any(face.width(line) > self._room for line in cue.text.split("\n")):
            texts = split(unbroken(cue.text), Line(self._room, face.width))
        begins = [0]
        for text in texts:
            begins.append(begins[-1] + len(letters(text)))
        times = [cue.start, *(self._time(cue, begin) for begin in begins[1:-1]), cue.end]
        for k, text in enumerate(texts):
            lines = tuple(text.split("\n"))
            widest = max(map(face.width, lines))
            words = tuple(
                word._replace(at=max(0, word.at - begins[k]), until=word.until - begins[k])
                for word in cue.words
                if word.at < begins[k + 1] and word.until > begins[k]
            )
            size = math.floor(self._size * min(1.0, self._room / widest)) if widest else self._size
            start, end = (round(time * self._rate) for time in times[k : k + 2])
            if end > start:
                yield _Shown(start, end, lines, words, right_to_left(cue.text), size)

    @staticmethod
    def _time(cue: Cue, letter: int) -> float:
        """When a part of a cue that begins with this letter is shown."""
        started = next((word.start for word in cue.words if word.until > letter), None)
        if started is None:
            started = cue.start + (cue.end - cue.start) * letter / max(1, len(letters(cue.text)))
        return min(max(started, cue.start), cue.end)

    def _draw(self, k: int, spoken: int) -> Overlay:
        shown = self._shown[k]
        if self._layers is None or self._layers[0] != k:
            quiet, loud = _block(shown, self._style, _INK), None
            if self._style == "words":
                loud = _block(shown, self._style, _SPOKEN)
            self._layers = k, quiet, loud or quiet
        _, image, highlighted = self._layers
        if spoken >= 0:
            image = image.copy()
            for box in _boxes(shown, shown.words[spoken]):
                image.paste(highlighted.crop(box), box[:2])
        left, top = self._place(image.width, image.height)
        return Overlay(*_inside(image, left, top, self._frame))

    def _place(self, width: int, height: int) -> tuple[int, int]:
        return round(self._centre - width / 2) // 2 * 2, math.floor(self._bottom - height) // 2 * 2

    def extents(self) -> Iterator[tuple[int, int, int, int]]:
        """The box of each caption in the frame: left, top, right and lower edge."""
        for shown in self._shown:
            width, height = _size(shown, Face(shown.size, bold=True))
            left, top = self._place(width, height)
            yield left, top, left + width, top + height


def burn(
    cues: Sequence[Cue], style: CaptionStyle, width: int, height: int, rate: int, safe: SafeArea = SAFE_AREA
) -> BurnedCaptions | None:
    """The captions of a film in this style; None if they are not in the picture."""
    return BurnedCaptions(cues, style, width, height, rate, safe) if cues and style != "sidecar" else None


def _block(shown: _Shown, style: Style, ink: Color) -> Image.Image:
    """The lines of a caption, centred, as RGBA; its sides are even."""
    face = Face(shown.size, bold=True)
    places = _places(shown, face)
    image = Image.new("RGBA", _size(shown, face))
    if style == "boxed":
        canvas = ImageDraw.Draw(image, "RGBA")
        canvas.rounded_rectangle((0, 0, image.width - 1, image.height - 1), _RADIUS * shown.size, fill=_BOX)
    else:
        for place, line in zip(places, shown.lines, strict=True):
            face.draw(image, place, line, _EDGE, rtl=shown.rtl, stroke=max(1.0, _OUTLINE * shown.size))
    for place, line in zip(places, shown.lines, strict=True):
        face.draw(image, place, line, ink, rtl=shown.rtl)
    return image


def _size(shown: _Shown, face: Face) -> tuple[int, int]:
    margin = 2 * _MARGIN * shown.size
    wide = max(map(face.width, shown.lines)) + margin
    high = len(shown.lines) * LINE_HEIGHT * shown.size + margin
    return math.ceil(wide / 2) * 2, math.ceil(high / 2) * 2


def _places(shown: _Shown, face: Face) -> list[tuple[float, float]]:
    """The left end of the baseline of each line."""
    wide, _ = _size(shown, face)
    tops = (_MARGIN + LINE_HEIGHT * k for k in range(len(shown.lines)))
    return [
        (round((wide - face.width(line)) / 2), round((top + _BASELINE) * shown.size))
        for top, line in zip(tops, shown.lines, strict=True)
    ]


def _boxes(shown: _Shown, word: CueWord) -> Iterator[tuple[int, int, int, int]]:
    """The parts of the block with a word: one, or two if a line ends inside it."""
    face = Face(shown.size, bold=True)
    edge = _OVERHANG * shown.size
    wide, high = _size(shown, face)
    before = 0
    for (x, baseline), line in zip(_places(shown, face), shown.lines, strict=True):
        places = letters(line)
        inside = places[max(0, word.at - before) : max(0, word.until - before)]
        before += len(places)
        if inside:
            left, right = face.extent(line, inside[0], inside[-1] + 1, rtl=shown.rtl)
            top = baseline - _BASELINE * shown.size
            low = top + LINE_HEIGHT * shown.size
            yield (
                max(0, math.floor(x + left - edge)),
                max(0, round(top)),
                min(wide, math.ceil(x + right + edge)),
                min(high, round(low)),
            )


def _inside(image: Image.Image, left: int, top: int, frame: tuple[int, int]) -> tuple[Image.Image, int, int]:
    """The part of the picture that is inside the frame, and its place."""
    x, y = max(0, -left), max(0, -top)
    right, bottom = min(image.width, frame[0] - left), min(image.height, frame[1] - top)
    whole = (x, y, right, bottom) == (0, 0, *image.size)
    return image if whole else image.crop((x, y, right, bottom)), left + x, top + y


def _notes(missing: str) -> Iterator[str]:
    if missing:
        named, remedy = missing_fonts(missing)
        yield (
            f"captions with {named} are not in the picture, because {remedy} and finish again; the caption files have "
            "them"
        )
