"""Placeholder pictures for shots: flat landscapes and still lifes, composed from a text and a seed.

The text decides the subject and the time of day, the film (a digest of the brief) the colours, the seed the
composition: the shots of one film match, but no two are the same. The same arguments give the same pixels.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from activities.providers.previz.vocabulary import position

Rgb = tuple[int, int, int]

SUPERSAMPLING: Final = 2
"""Pillow's shapes are not antialiased, so they are drawn twice as large and scaled down."""


@dataclass(frozen=True)
class Palette:
    """Colours from far to near; `light` is the sun or the lamp, `accent` the centre of attention."""

    sky: Rgb
    glow: Rgb
    far: Rgb
    near: Rgb
    light: Rgb
    accent: Rgb


DAY: Final = (
    Palette((92, 148, 178), (247, 226, 190), (122, 150, 160), (24, 52, 66), (255, 246, 220), (222, 92, 62)),
    Palette((126, 170, 168), (250, 236, 206), (136, 164, 150), (28, 58, 54), (255, 250, 226), (226, 124, 56)),
    Palette((108, 134, 186), (250, 214, 200), (138, 140, 172), (36, 40, 74), (255, 240, 222), (232, 96, 90)),
)
DUSK: Final = (
    Palette((62, 52, 98), (250, 150, 98), (132, 84, 112), (28, 22, 46), (255, 222, 158), (255, 190, 92)),
    Palette((36, 68, 102), (244, 176, 116), (94, 98, 122), (16, 30, 48), (255, 230, 176), (248, 122, 78)),
    Palette((94, 54, 84), (252, 176, 126), (146, 88, 100), (40, 20, 40), (255, 226, 182), (250, 206, 110)),
)
NIGHT: Final = (
    Palette((12, 20, 44), (58, 84, 122), (38, 58, 92), (6, 12, 26), (240, 240, 220), (255, 206, 112)),
    Palette((18, 16, 44), (78, 72, 124), (50, 46, 92), (10, 8, 26), (236, 232, 246), (255, 176, 120)),
)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """The mixture of `share` of `b` and the rest of `a`."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


class Scene:
    """A canvas in fractions of its height: x is 0 to `wide`, y is 0 (top) to 1."""

    def __init__(
        self, size: tuple[int, int], palette: Palette, rng: random.Random, words: str = "", room: bool = False
    ) -> None:
        self.width, self.height = size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING
        self.image = Image.new("RGB", (self.width, self.height))
        self.canvas = ImageDraw.Draw(self.image, "RGBA")
        self.colors = palette
        self.rng = rng
        self.view = "wide view"
        self.drawn: list[str] = []
        """What is in the picture, the setting first; both are stated on the frame."""
        self.room = room
        """Whether something is placed in the middle afterwards, so that the scene leaves it free."""
        self._words = words
        self.wide = self.width / self.height
        self.unit = min(1.0, self.wide * 0.75)
        """Sizes are scaled by this in tall frames, so that a subject fits between the edges."""
        self.side = rng.choice((1 / 3, 2 / 3))
        self.horizon = rng.choice((0.58, 0.64, 0.7))

    def asks(self, name: str) -> bool:
        """Whether the text of the shot names this thing of the vocabulary."""
        return position(name, self._words) is not None

    def gradient(self, top: Rgb, bottom: Rgb, y0: float, y1: float) -> None:
        y0, y1 = round(y0 * self.height), round(y1 * self.height)
        strip = Image.new("RGB", (1, 64))
        for i in range(64):
            strip.putpixel((0, i), mix(top, bottom, i / 63))
        self.image.paste(strip.resize((self.width, y1 - y0), Image.Resampling.BICUBIC), (0, y0))

    def shape(self, points: list[tuple[float, float]], color: Rgb, alpha: int = 255) -> None:
        self.canvas.polygon([(x * self.height, y * self.height) for x, y in points], fill=(*color, alpha))

    def box(self, x0: float, y0: float, x1: float, y1: float, color: Rgb, alpha: int = 255, radius: float = 0) -> None:
        h = self.height
        self.canvas.rounded_rectangle((x0 * h, y0 * h, x1 * h, y1 * h), radius=radius * h, fill=(*color, alpha))

    def disc(self, x: float, y: float, rx: float, color: Rgb, alpha: int = 255, ry: float | None = None) -> None:
        h, ry = self.height, rx if ry is None else ry
        self.canvas.ellipse(((x - rx) * h, (y - ry) * h, (x + rx) * h, (y + ry) * h), fill=(*color, alpha))

    def halo(self, x: float, y: float, size: float, reach: float) -> None:
        """Draw light around a disc of `size` that fades out over `reach`."""
        radius = round((size + reach) * self.height)
        fade = Image.radial_gradient("L").point([round(130 * max(0, 1 - i / 181) ** 2) for i in range(256)])
        mask = fade.resize((2 * radius, 2 * radius), Image.Resampling.BICUBIC)
        corner = (round(x * self.height) - radius, round(y * self.height) - radius)
        self.image.paste(self.colors.light, (*corner, corner[0] + 2 * radius, corner[1] + 2 * radius), mask)

    def sky(self, horizon: float) -> None:
        """Draw a gradient, sun or moon with a halo, stars at night, and a few bands of cloud."""
        c, rng = self.colors, self.rng
        self.gradient(c.sky, c.glow, 0, horizon)
        night = sum(c.sky) < 120
        if night:
            for _ in range(90):
                self.disc(
                    rng.uniform(0, self.wide), rng.uniform(0, horizon * 0.8), rng.uniform(0.0008, 0.0022), c.light
                )
        x, y = (1 - self.side) * self.wide, horizon * (rng.uniform(0.28, 0.5) if night else rng.uniform(0.5, 0.86))
        size = self.unit * rng.uniform(0.055, 0.11)
        self.halo(x, y, size, size * 4)
        self.disc(x, y, size, c.light)
        for _ in range(rng.randint(2, 4)):
            cx, cy = rng.uniform(0, self.wide), horizon * rng.uniform(0.12, 0.7)
            for _ in range(3):
                w, x0 = self.unit * rng.uniform(0.12, 0.34), cx + rng.uniform(-0.12, 0.12)
                y0 = cy + rng.uniform(-0.018, 0.018)
                self.box(x0, y0, x0 + w, y0 + 0.014, mix(c.glow, c.light, 0.5), 70, 0.007)

    def ridge(self, base: float, height: float, color: Rgb, rough: float = 1.0) -> Callable[[float], float]:
        """Draw a range of hills down to the bottom edge, and return its outline, y for x."""
        waves = [(self.rng.uniform(0.6, 1.4) * f, self.rng.uniform(0, 7), 1 / f**1.1) for f in (1.3, 2.9, 6.1, 13)]

        def outline(x: float) -> float:
            return base - height * sum(a * math.sin(f * x + p) * (rough if f > 4 else 1) for f, p, a in waves) / 1.6

        steps = [self.wide * i / 160 for i in range(161)]
        self.shape([(0, 1.01), *((x, outline(x)) for x in steps), (self.wide, 1.01)], color)
        return outline
