"""Pictures that are made here: scenes with texture and edges, drawings, title cards, night shots."""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@cache
def texture(seed: int, width: int, height: int) -> Pixels:
    """RGB noise with the spectrum of a photograph."""
    dice = np.random.default_rng(seed)
    power = np.fft.fftfreq(width)[None, :] ** 2 + np.fft.fftfreq(height)[:, None] ** 2
    power[0, 0] = 1
    planes = []
    for _ in range(3):
        plane = np.real(np.fft.ifft2(np.fft.fft2(dice.normal(size=(height, width))) / power**0.7))
        planes.append((plane - plane.mean()) / plane.std() * 35 + dice.integers(80, 170))
    made: Pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return made


def photograph(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """Texture with a few hard-edged things on it."""
    dice = Random(seed)
    picture = Image.fromarray(texture(seed % 12, *size))
    pen = ImageDraw.Draw(picture)
    for _ in range(4):
        pen.ellipse(_box(dice, size), fill=_colour(dice))
    return picture


def shallow_focus(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A sharp subject on a strongly blurred ground."""
    sharp = photograph(seed, size)
    ground = sharp.filter(ImageFilter.GaussianBlur(9))
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).ellipse((size[0] // 3, size[1] // 4, size[0] * 2 // 3, size[1]), fill=255)
    ground.paste(sharp, mask=mask)
    return ground


def night(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """Nearly black, with a few small lights."""
    dice = Random(seed)
    dark = (texture(seed % 12, *size).astype(np.float32) * 0.06).astype(np.uint8)
    picture = Image.fromarray(dark)
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        pen.ellipse((x, y, x + size[0] // 60, y + size[0] // 60), fill=(230, 200, 120))
    return picture


def flat(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A drawing of a few flat colours, as previz makes."""
    dice = Random(seed)
    picture = Image.new("RGB", size, _colour(dice))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, size[1] * 2 // 3, *size), fill=_colour(dice))
    for _ in range(2):
        pen.ellipse(_box(dice, size), fill=_colour(dice))
    return picture


def title(seed: int, size: tuple[int, int] = (640, 360), ground: str = "white", ink: str = "black") -> Image.Image:
    picture = Image.new("RGB", size, ground)
    words = ("The End", "Chapter One", "Northern Lights", "Thank you")[seed % 4]
    ImageDraw.Draw(picture).text((size[0] // 3, size[1] * 2 // 5), words, fill=ink, font_size=size[1] // 8)
    return picture


def cut_out(seed: int, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """A black logo on a transparent ground."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse(_box(Random(seed), size), fill=(0, 0, 0, 255))
    return picture


GOOD: Final[dict[str, Callable[[int, tuple[int, int]], Image.Image]]] = {
    "photograph": photograph,
    "shallow focus": shallow_focus,
    "night": night,
    "flat": flat,
    "title": title,
    "cut-out": cut_out,
}


def as_file(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _box(dice: Random, size: tuple[int, int]) -> tuple[int, int, int, int]:
    wide, high = size
    x, y = dice.randrange(wide // 2), dice.randrange(high // 2)
    return (x, y, x + dice.randrange(wide // 8, wide // 2), y + dice.randrange(high // 8, high // 2))


def _colour(dice: Random) -> tuple[int, int, int]:
    return (dice.randrange(40, 240), dice.randrange(40, 240), dice.randrange(40, 240))
