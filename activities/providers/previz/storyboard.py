"""Storyboard frames: a placeholder picture with an overlay of guides, label, prompt and the PREVIZ tag."""

import hashlib
import json
import math
import random
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, PngImagePlugin

from activities.errors import OutputUnusable
from activities.media.fonts import Color, Face, right_to_left
from activities.media.stills import BROKEN, decode_picture
from activities.providers.previz.scene import DAY, DUSK, HOURS, NIGHT, SUPERSAMPLING, Palette, Scene
from activities.providers.previz.subjects import choose_subject, subjects_in
from activities.providers.protocol import Request
from workflows.brief import Aspect

SIZES: Final[dict[Aspect, tuple[int, int]]] = {
    "16:9": (1280, 720),
    "9:16": (720, 1280),
    "1:1": (960, 960),
    "4:3": (1104, 828),
    "3:4": (828, 1104),
    "4:5": (864, 1080),
    "21:9": (1280, 548),
}
"""Width and height in pixels, with similar areas; both are even, because yuv420p has one colour for 2x2 pixels."""

INK: Final[Color] = (250, 248, 242, 255)
QUIET: Final[Color] = (250, 248, 242, 170)
TAG: Final[Color] = (255, 196, 61, 255)
TAG_INK: Final[Color] = (24, 20, 10, 255)
PAPER: Final[Color] = (250, 248, 242, 255)
SHADE: Final[Color] = (8, 10, 16, 110)

_PLATE: Final = "greenlight-plate"
"""PNG text chunk of a frame: the arguments to paint its picture again without lettering, for the animatic."""


@dataclass(frozen=True)
class Plate:
    """The arguments of `paint`: a picture without lettering."""

    seed: int
    film: int
    words: str

    @classmethod
    def of(cls, request: Request) -> "Plate":
        digest = hashlib.sha256(request.brief.text.encode("utf-8", "replace")).digest()
        own = request.asset.prompt
        words = own if subjects_in(own) else f"{own[:300]} {request.brief.text}"
        return cls(request.seed, int.from_bytes(digest[:4]), words[:600])

    def paint(self, size: tuple[int, int]) -> Image.Image:
        return paint(size, seed=self.seed, film=self.film, words=self.words)


def read_still(still: Path, size: tuple[int, int]) -> Image.Image:
    """The picture of a still, RGB, filling `size` pixels: painted again without lettering if it is one of our frames.

    Raises:
        OutputUnusable: the still does not open.
    """
    if plate := _plate_of(still):
        return plate.paint(size)
    try:
        with decode_picture(still) as picture:
            rgb = picture.convert("RGB")
            scale = max(size[0] / rgb.width, size[1] / rgb.height)
            left, top = (rgb.width - size[0] / scale) / 2, (rgb.height - size[1] / scale) / 2
            return rgb.resize(size, Image.Resampling.LANCZOS, box=(left, top, rgb.width - left, rgb.height - top))
    except BROKEN as error:
        raise OutputUnusable(f"the still does not open as an image: {error}") from None


def _plate_of(still: Path) -> Plate | None:
    """The arguments that one of our frames contains; None for any other picture."""
    with suppress(*BROKEN, TypeError), Image.open(still, formats=["PNG"]) as image:
        note = image.info.get(_PLATE)
        return Plate(**json.loads(note)) if isinstance(note, str) else None
    return None


def _guides(picture: Image.Image) -> None:
    """Draw thirds and a centre cross as hairlines."""
    canvas, (w, h) = ImageDraw.Draw(picture, "RGBA"), picture.size
    for k in (1, 2):
        canvas.line((w * k // 3, 0, w * k // 3, h), fill=(255, 255, 255, 48))
        canvas.line((0, h * k // 3, w, h * k // 3), fill=(255, 255, 255, 48))
    for dx, dy in ((0.016, 0), (0, 0.016)):
        arm_x, arm_y = dx * min(w, h), dy * min(w, h)
        canvas.line((w / 2 - arm_x, h / 2 - arm_y, w / 2 + arm_x, h / 2 + arm_y), fill=(255, 255, 255, 130), width=2)


def _scrim(picture: Image.Image, top: float, bottom: float) -> None:
    """Darken these shares of the height from the edges, so that lettering is readable on any picture."""
    canvas, (width, height) = ImageDraw.Draw(picture, "RGBA"), picture.size
    for share, strength, below in ((top, 130, False), (bottom, 250, True)):
        rows = round(share * height)
        for y in range(rows):
            alpha = round(strength * min(1, 1.25 * (1 - y / rows)) ** 1.3)
            row = height - 1 - y if below else y
            canvas.line((0, row, width, row), fill=(8, 10, 16, min(alpha, 255)))


class Overlay:
    """The overlay of a frame, as on a monitor. Sizes are in hundredths of the frame's shorter side."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.image = Image.new("RGBA", size)
        self.canvas = ImageDraw.Draw(self.image, "RGBA")
        self.unit = min(size) / 100
        self.margin = round(5 * self.unit)
        """Text stays inside the title-safe area, 90 % of the frame."""

    def corners(self) -> None:
        (w, h), edge, arm, thick = (
            self.size,
            round(2.4 * self.unit),
            round(3.2 * self.unit),
            max(2, round(self.unit / 3.6)),
        )
        for x, sx in ((edge, 1), (w - 1 - edge, -1)):
            for y, sy in ((edge, 1), (h - 1 - edge, -1)):
                self.canvas.line((x, y, x + sx * arm, y), fill=QUIET, width=thick)
                self.canvas.line((x, y, x, y + sy * arm), fill=QUIET, width=thick)

    def tag(self) -> None:
        """Draw PREVIZ at the top right, as on every picture of this provider."""
        u, face = self.unit, Face(round(2.7 * self.unit), bold=True, system=False)
        width, right, top = face.width("PREVIZ"), self.size[0] - self.margin, self.margin
        box = (right - width - 2.4 * u, top, right, top + 4.6 * u)
        self.canvas.rounded_rectangle(box, radius=0.8 * u, fill=TAG)
        face.draw(self.image, (box[0] + 1.2 * u, top + 3.3 * u), "PREVIZ", TAG_INK)

    def slate(self, label: str, note: str) -> None:
        """Draw label and a small note on dark pills, which are readable on a moving picture."""
        u, top = self.unit, self.margin
        big = Face.of(label, round(2.9 * u), bold=True)
        small = Face.of(note, round(2.1 * u))
        room = self.size[0] - 2 * self.margin - 22 * u
        for face, text, y, tall, ink in (
            (big, big.fit(label, room), top, 4.6, INK),
            (small, small.fit(note, room), self.size[1] - self.margin - 4.6 * u, 4.6, QUIET),
        ):
            box = (self.margin, y, self.margin + face.width(text) + 2.4 * u, y + tall * u)
            self.canvas.rounded_rectangle(box, radius=0.8 * u, fill=(10, 12, 18, 170))
            face.draw(self.image, (self.margin + 1.2 * u, y + 3.25 * u), text, ink)

    def label(self, text: str) -> None:
        face = Face.of(text, round(3.8 * self.unit), bold=True)
        room = self.size[0] - 2 * self.margin - 20 * self.unit
        self._line(face, self.margin + 3.6 * self.unit, face.fit(text, room), INK, room)

    def caption(self, text: str, note: str, lines: int) -> None:
        """Draw the prompt's first lines at the bottom, with a small note under them."""
        u, face = self.unit, Face.of(text, round(3.3 * self.unit))
        small = Face.of(note, round(2.1 * u))
        room = self.size[0] - 2 * self.margin
        wrapped = face.wrap(text, room, lines)
        baseline = self.size[1] - self.margin
        self._line(small, baseline, small.fit(note, room), QUIET, room)
        for k, line in enumerate(reversed(wrapped)):
            self._line(face, baseline - (4.4 + 4.5 * k) * u, line, INK, room)

    def _line(self, face: Face, baseline: float, text: str, fill: Color, room: float) -> None:
        indent = room - face.width(text) if right_to_left(text) else 0
        face.draw(self.image, (self.margin + indent, baseline), text, fill)


def _paper_print(picture: Path, number: int, side: float, unit: float) -> Image.Image:
    """A picture as a small paper print with its number, at most `side` pixels each way, RGBA.

    Raises:
        OutputUnusable: the picture does not open.
    """
    edge, strip = round(0.6 * unit), round(2.6 * unit)
    room = (round(side) - 2 * edge, round(side) - edge - strip)
    try:
        with decode_picture(picture, room) as shown:
            small = shown.convert("RGBA")
    except BROKEN as error:
        raise OutputUnusable(f"the picture does not open as an image: {error}") from None
    paper = Image.new("RGBA", (small.width + 2 * edge, small.height + edge + strip), PAPER)
    paper.alpha_composite(small, (edge, edge))
    face, text = Face(round(1.7 * unit), bold=True, system=False), f"REF {number}"
    face.draw(paper, ((paper.width - face.width(text)) / 2, paper.height - 0.75 * unit), text, TAG_INK)
    return paper


def _pin_references(overlay: Overlay, pictures: Sequence[Path]) -> None:
    """Draw the input pictures as small prints on the right side, under the tag."""
    u, columns = overlay.unit, 1 if len(pictures) <= 3 else 2
    rows = max(math.ceil(len(pictures) / columns), 1)
    cell = min(22 * u, 62 * u / rows)
    for k, picture in enumerate(pictures):
        card = _paper_print(picture, k + 1, cell * 0.92, u)
        turned = card.rotate((2.2, -1.8)[k % 2], Image.Resampling.BICUBIC, expand=True)
        x = round(overlay.size[0] - overlay.margin - (columns - k // rows - 0.5) * cell - turned.width / 2)
        y = round(11.5 * u + (k % rows + 0.5) * cell - turned.height / 2)
        shade = Image.new("RGBA", turned.size, SHADE)
        shade.putalpha(turned.getchannel("A").point(lambda alpha: alpha * SHADE[3] // 255))
        overlay.image.alpha_composite(shade, (x + round(0.5 * u), y + round(0.6 * u)))
        overlay.image.alpha_composite(turned, (x, y))


def storyboard(request: Request, pictures: Sequence[Path] = ()) -> Path:
    """Draw the frame; PNG in the brief's aspect. Synchronous: about 0.3 s of CPU.

    Args:
        pictures: The input pictures, drawn small as a reminder.
    """
    size = SIZES[request.aspect]
    plate = Plate.of(request)
    frame = plate.paint(size)
    _guides(frame)
    _scrim(frame, 0.24, 0.36 if size[0] > size[1] else 0.3)
    overlay = Overlay(size)
    overlay.corners()
    overlay.tag()
    _pin_references(overlay, pictures)
    asset = request.asset
    overlay.label(asset.label or asset.asset_id)
    note = f"STORYBOARD  ·  {request.aspect}  ·  {asset.role}  ·  take {request.take}  ·  made without a model"
    overlay.caption(asset.prompt, note, lines=4 if size[0] < size[1] else 3)
    frame.paste(overlay.image, mask=overlay.image)
    about = PngImagePlugin.PngInfo()
    about.add_itxt(_PLATE, json.dumps(asdict(plate)))
    about.add_text("Comment", "PREVIZ storyboard frame")
    path = request.file("storyboard.png")
    frame.save(path, pnginfo=about, compress_level=4)
    return path


def _choose_palette(palette_key: int, text: str) -> Palette:
    hour = next((h for h, pattern in HOURS.items() if re.search(pattern, text, re.IGNORECASE)), None)
    rng = random.Random(palette_key)  # noqa: S311 - pictures, not secrets
    if hour is None:
        hour = rng.choice(("day", "dusk", "dusk"))
    return rng.choice({"day": DAY, "dusk": DUSK, "night": NIGHT}[hour])


def paint(size: tuple[int, int], *, seed: int, film: int, words: str) -> Image.Image:
    """The picture without any lettering, RGB, `size` in pixels."""
    rng = random.Random(seed)  # noqa: S311 - pictures, not secrets
    scene = Scene(size, _choose_palette(film, words), rng)
    choose_subject(words, rng)(scene)
    return scene.image.reduce(SUPERSAMPLING)
