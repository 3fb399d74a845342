"""The lettering on frames of previz: the PREVIZ tag, the label, and the slate at the lower edge.

Text has at least TEXT_SHARE of the frame's width, so that it is readable on a telephone's page.
"""

import math
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw

from activities.media.fonts import Color, Face, right_to_left
from activities.media.timecode import TEXT_SHARE, slate_height

INK: Final[Color] = (250, 248, 242, 255)
QUIET: Final[Color] = (250, 248, 242, 190)
TAG: Final[Color] = (255, 196, 61, 255)
TAG_INK: Final[Color] = (24, 20, 10, 255)
PILL: Final[Color] = (10, 12, 18, 190)
SLATE: Final[Color] = (10, 12, 18, 215)


class Overlay:
    """What is drawn over a frame and does not move, as on a monitor."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.image = Image.new("RGBA", size)
        self.canvas = ImageDraw.Draw(self.image, "RGBA")
        self.unit = min(size) / 100
        self.text = size[0] * TEXT_SHARE
        """The size of text, in pixels."""
        self.margin = round(5 * self.unit)
        """Text at the upper edge stays inside the title-safe area, 90 % of the frame."""

    @property
    def top(self) -> float:
        """The lower end of label and tag."""
        return self.margin + 1.6 * self.text

    def corners(self) -> None:
        """Draw the upper corners of the frame; the slate has the lower ones."""
        edge, arm, thick = round(2.4 * self.unit), round(3.2 * self.unit), max(2, round(self.unit / 3.6))
        for x, towards in ((edge, 1), (self.size[0] - 1 - edge, -1)):
            self.canvas.line((x, edge, x + towards * arm, edge), fill=QUIET, width=thick)
            self.canvas.line((x, edge, x, edge + arm), fill=QUIET, width=thick)

    def tag(self) -> float:
        """Draw PREVIZ at the top right, as on every picture of this provider; return its left end."""
        t, face = self.text, Face(round(self.text * 0.95), bold=True, system=False)
        right = self.size[0] - self.margin
        left = right - face.width("PREVIZ") - t
        self.canvas.rounded_rectangle((left, self.margin, right, self.top), radius=0.3 * t, fill=TAG)
        face.draw(self.image, (left + 0.5 * t, self.margin + 1.13 * t), "PREVIZ", TAG_INK)
        return left

    def label(self, text: str, asset_id: str) -> None:
        """Draw the label at the top left, with the id of the asset where it is another text."""
        t, y = self.text, self.margin + 1.13 * self.text
        face, small = Face.of(text, round(t), bold=True), Face.of(asset_id, round(0.85 * t))
        also = "" if text == asset_id else asset_id
        room = self.size[0] - 2 * self.margin - 8 * t
        name = face.fit(text, room - (small.width(also) + 0.7 * t if also else 0))
        wide = face.width(name) + (0.7 * t + small.width(also) if also else 0)
        box = (self.margin, self.margin, self.margin + wide + t, self.top)
        self.canvas.rounded_rectangle(box, radius=0.3 * t, fill=PILL)
        face.draw(self.image, (self.margin + 0.5 * t, y), name, INK)
        small.draw(self.image, (box[2] - 0.5 * t - small.width(also), y), also, QUIET)

    def lettering(self, texts: Sequence[str], *, above: float) -> None:
        """Draw on-screen text in the lower half, one box each, above a band of `above` pixels at the lower edge."""
        t, (width, height) = self.text, self.size
        bottom = height - above - 0.8 * t
        for text in reversed(texts):
            face = Face.of(text, round(1.5 * t), bold=True)
            lines = face.wrap(text, width - 2 * self.margin - 3 * t, 2)
            wide = max(map(face.width, lines), default=0)
            top = bottom - (0.9 + 1.8 * len(lines)) * t
            box = ((width - wide) / 2 - 0.9 * t, top, (width + wide) / 2 + 0.9 * t, bottom)
            self.canvas.rounded_rectangle(box, radius=0.3 * t, fill=PILL)
            for k, line in enumerate(lines):
                face.draw(self.image, ((width - face.width(line)) / 2, top + (1.75 + 1.8 * k) * t), line, INK)
            bottom = top - 0.5 * t

    def slate(self, prompt: str, note: str, lines: int = 2, room_right: float = 0) -> None:
        """Draw a band with the prompt's first lines, and a note under them that ends `room_right` before the edge."""
        t, (width, height) = self.text, self.size
        band = self.band(lines)
        self.canvas.rectangle((0, height - band, width, height), fill=SLATE)
        side = round(1.4 * t)
        face, small = Face.of(prompt, round(t)), Face.of(note, round(0.88 * t))
        room = width - 2 * side
        shown = face.wrap(prompt, room, lines)
        for k, line in enumerate(shown):
            self._line(face, height - band + (0.98 + 1.22 * k) * t, line, INK, room)
        note_room = room - room_right
        self._line(small, math.floor(height - 0.72 * t), small.fit(note, note_room), QUIET, note_room)

    def band(self, lines: int = 2) -> int:
        """The height of a slate with so many lines of a prompt, in pixels."""
        return slate_height(self.size[0], lines)

    def _line(self, face: Face, baseline: float, text: str, fill: Color, room: float) -> None:
        indent = room - face.width(text) if right_to_left(text) else 0
        face.draw(self.image, (round(1.4 * self.text) + indent, baseline), text, fill)
