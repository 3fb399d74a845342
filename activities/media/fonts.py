"""Text of any script on an image: the best font of this machine, or neutral bars if it has none; emoji in colour.

Pillow's built-in font covers ASCII; other letters need a system font. If no font covers a character, its word is drawn
as bars ("greeked", as drafts of layouts do), so every text can be drawn.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from activities.media.emoji import ADVANCE, PICTURE, assigned, clusters, combines, is_emoji, picture_of, plain

Color = tuple[int, int, int, int]

MAX_FONT_FILES: Final = 600
"""Opening a font file takes about 0.1 ms; some desktops have thousands."""
_PREFERRED: Final = ("notosans-", "notosans", "dejavusans", "liberationsans", "arial", "notosanscjk", "helvetica")
_UNFIT: Final = ("italic", "oblique", "mono", "condensed", "light", "thin")
_COLOURED: Final = ("coloremoji", "color emoji", "seguiemj", "twemoji")
_ENDS: Final = " .,;:，、。"
_NEVER_FIRST: Final = frozenset("。，、！？；：」』）”’…")
_NO_GLYPH: Final = "\U0010fffd"
_WORDS: Final = re.compile(r" +|[^ ]+")
_SHAPED: Final = ((0x0590, 0x0DFF), (0x0F00, 0x109F), (0x1780, 0x18AF), (0xFB1D, 0xFDFF), (0xFE70, 0xFEFF))
"""Hebrew and Arabic to Sinhala, Tibetan, Burmese, Khmer, Mongolian: their letters depend on their neighbours."""
NAMED_CHARACTERS: Final = 8
"""Of those that no font here has, in a note."""
_KEPT_SHARE: Final = 0.6
"""A text is cut between words if this share of its line is kept; otherwise it is cut inside a word."""


@dataclass(frozen=True)
class _Emoji:
    """The source of a run that is one emoji, drawn from its picture."""


_Source = Path | _Emoji | bool | None
"""Of a run: a font file, an emoji's picture, None for the built-in font, False if no font has its characters."""


def _folders() -> Iterator[Path]:
    home = Path.home()
    yield from (home / ".fonts", home / ".local/share/fonts")
    if sys.platform == "darwin":
        yield from (home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts"))
    elif sys.platform == "win32":
        yield Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts")
    else:
        yield from (Path("/usr/local/share/fonts"), Path("/usr/share/fonts"))


@cache
def _installed() -> tuple[Path, ...]:
    files = (f for d in _folders() if d.is_dir() for f in d.rglob("*") if f.suffix.lower() in {".ttf", ".otf", ".ttc"})
    return tuple(sorted(files))


@cache
def _colour_fonts() -> tuple[Path, ...]:
    return tuple(f for f in _installed() if any(w in f.stem.lower() for w in _COLOURED))


@cache
def _files(bold: bool) -> tuple[Path, ...]:
    """Upright fonts of this machine, the plain sans-serif ones first."""
    upright = [f for f in _installed() if not any(w in f.stem.lower() for w in (*_UNFIT, *_COLOURED))]

    def rank(file: Path) -> tuple[bool, int, bool, str]:
        stem = file.stem.lower()
        starts = [start for start in _PREFERRED if stem.startswith(start)]
        family = _PREFERRED.index(max(starts, key=len)) if starts else len(_PREFERRED)
        is_bold = any(w in stem for w in ("bold", "black", "heavy"))
        return "serif" in stem and "sansserif" not in stem, family, is_bold != bold, str(file)

    return tuple(sorted(upright, key=rank)[:MAX_FONT_FILES])


@cache
def _open(file: Path | None, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        font = ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)
    except (OSError, ValueError):  # a bitmap font without this size, or a broken file
        return None
    return font if isinstance(font, ImageFont.FreeTypeFont) else None


@cache
def _covers(file: Path | None, character: str) -> bool:
    """Whether a font has a glyph for a character, or for each part of one such as ế, from which a shaper draws it."""
    if _has_glyph(file, character):
        return True
    parts = unicodedata.normalize("NFD", character) if features.check("raqm") else ""
    return len(parts) > 1 and all(_has_glyph(file, part) for part in parts)


@cache
def _has_glyph(file: Path | None, character: str) -> bool:
    """Asked without a shaper, which writes SARA AM of Thai as two signs, even where both are missing."""
    font = _open(file, 24)
    if font is None:
        return False
    plain = _unshaped(font)
    return bytes(plain.getmask(character)) != bytes(plain.getmask(_NO_GLYPH))


@cache
def _unshaped(font: ImageFont.FreeTypeFont) -> ImageFont.FreeTypeFont:
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _has(source: _Source, character: str) -> bool:
    """Whether the font of a run has this character too."""
    return (source is None or isinstance(source, Path)) and _covers(source, character)


@cache
def _file_for(character: str, bold: bool) -> _Source:
    """The first font with this character: a file, None for the built-in font, False if no font has it."""
    return next((f for f in (*_files(bold), None) if _covers(f, character)), False)


def right_to_left(text: str) -> bool:
    """Whether the first strong character is written from right to left."""
    strong = (unicodedata.bidirectional(c) for c in text)
    return next((b in {"R", "AL"} for b in strong if b in {"L", "R", "AL"}), False)


def missing_fonts(missing: str) -> tuple[str, str]:
    """For a note: the first of the characters that this machine cannot draw, each once, and the remedy."""
    distinct = "".join(dict.fromkeys(missing))
    more = "…" if len(distinct) > NAMED_CHARACTERS else ""
    remedy = "this worker has no font for them: install one (Debian: fonts-noto-core, fonts-noto-cjk)"
    return f"{distinct[:NAMED_CHARACTERS]}{more}", remedy


def without_font(text: str, *, bold: bool = False) -> str:
    """The characters, each once, that this machine cannot draw: no font has them, or it cannot shape their script."""
    shapes = features.check("raqm")
    firsts = (cluster[0] for cluster in clusters(_visible(text)) if not is_emoji(cluster))
    missing = (c for c in firsts if not c.isspace() and not combines(c))
    return "".join(dict.fromkeys(c for c in missing if _file_for(c, bold) is False or not (shapes or _is_simple(c))))


def _is_simple(character: str) -> bool:
    """Whether each letter has one form, whatever is next to it."""
    return not any(first <= ord(character) <= last for first, last in _SHAPED)


def _visual_words(run: str, rtl: bool) -> list[tuple[int, str, bool]]:
    """The words and the spaces of a run from left to right: begin, characters, and whether they are written leftwards.

    The order is that of Unicode's UAX #9, by whole words.
    """
    words = [(match.start(), match[0]) for match in _WORDS.finditer(run)]
    base = 1 if rtl else 0
    found = [_level(word, base) for _, word in words]
    levels = [
        base if level is None and (k in (0, len(found) - 1) or found[k - 1] != found[k + 1]) else level
        for k, level in enumerate(found)
    ]
    known = [found[k - 1] if level is None else level for k, level in enumerate(levels)]
    order = list(range(len(words)))
    for least in (2, 1):
        begin = 0
        for k in range(len(order) + 1):
            if k == len(order) or (known[order[k]] or 0) < least:
                order[begin:k] = reversed(order[begin:k])
                begin = k + 1
    return [(*words[k], (known[k] or 0) == 1) for k in order]


def _level(word: str, base: int) -> int | None:
    """The level of embedding of a word; None for spaces and marks alone."""
    for character in word:
        kind = unicodedata.bidirectional(character)
        if kind in {"R", "AL"}:
            return 1
        if kind in {"L", "EN", "AN"}:
            return 2 * base
    return None


def _pictured(cluster: str, size: int = 24) -> Image.Image | None:
    return picture_of(cluster, size, _colour_fonts()) if is_emoji(cluster) else None


def _built_in(text: str) -> bool:
    return all(c.isspace() or _pictured(c) or all(_covers(None, each) for each in c) for c in set(clusters(text)))


def _visible(text: str) -> str:
    """One line of printable characters; direction marks and joiners stay, control characters are removed."""
    kept = (" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in kept if assigned(c)).split())


@dataclass(frozen=True)
class Face:
    """A size in pixels and a weight; measures and draws single lines.

    `system` uses the fonts of the machine, where it has some, so that texts of any letters look alike. Otherwise the
    built-in font is used, which is the same everywhere.
    """

    size: int
    bold: bool = False
    system: bool = True

    @classmethod
    def of(cls, text: str, size: int, *, bold: bool = False) -> "Face":
        """A face that draws all of this text in one style: with the built-in font if it covers the text."""
        return cls(size, bold, system=not _built_in(text))

    def _runs(self, text: str) -> Iterator[tuple[_Source, str]]:
        """Runs of one font each, and each emoji.

        Spaces and combining marks belong to the run before them, and marks of punctuation if its font has them.
        """
        run, current = "", None
        for cluster in clusters(text):
            file: _Source
            if is_emoji(cluster):
                file = _Emoji() if _pictured(cluster) else self._file(cluster[0])
                cluster = cluster if file == _Emoji() else plain(cluster)[:1]
            elif cluster[0] == " " or combines(cluster[0]):
                file = None if current == _Emoji() else current
            elif run and not cluster[0].isalpha() and _has(current, cluster[0]):
                file = current
            else:
                file = self._file(cluster[0])
            if run and (file != current or file == _Emoji()):
                yield current, run
                run = ""
            run, current = run + cluster, file
        if run:
            yield current, run

    def _file(self, character: str) -> _Source:
        return _file_for(character, self.bold) if self.system else None

    def width(self, text: str) -> float:
        return sum(self._run_width(file, run) for file, run in self._runs(text))

    def _run_width(self, file: _Source, run: str) -> float:
        if isinstance(file, _Emoji):
            return self.size * ADVANCE
        font = None if isinstance(file, bool) else _open(file, self.size)
        return font.getlength(run) if font else sum(self._bar(c) for c in run)

    def _bar(self, character: str) -> float:
        if combines(character):
            return 0
        wide = unicodedata.east_asian_width(character) in {"W", "F"}
        return self.size * (0.3 if character == " " else 0.95 if wide else 0.55)

    def _placed(self, text: str, rtl: bool) -> list[tuple[float, int, _Source, str]]:
        """The runs from left to right: where each begins in pixels and in the text, its font, and its characters."""
        runs = list(self._runs(text))
        begins = list(accumulate((len(run) for _, run in runs), initial=0))
        x, placed = 0.0, []
        for k in reversed(range(len(runs))) if rtl else range(len(runs)):
            file, run = runs[k]
            placed.append((x, begins[k], file, run))
            x += self._run_width(file, run)
        return placed

    def draw(
        self,
        image: Image.Image,
        at: tuple[float, float],
        text: str,
        fill: Color,
        *,
        rtl: bool | None = None,
        stroke: float = 0,
    ) -> None:
        """Draw one line with its baseline at `at`; `at` is its left end, whatever its direction.

        Args:
            rtl: The direction, where it is not that of the first letter of the line.
            stroke: Pixels by which letters are thicker on each side, for an outline under them.
        """
        canvas = ImageDraw.Draw(image, "RGBA")
        rtl = right_to_left(text) if rtl is None else rtl
        for left, _, file, run in self._placed(text, rtl):
            place = (at[0] + left, at[1])
            if isinstance(file, _Emoji):
                self._emoji(image, *place, run, fill[3])
                continue
            font = None if isinstance(file, bool) else _open(file, self.size)
            if font:
                weight = stroke + (self.size / 40 if self.bold and file is None else 0)  # that font has no bold cut
                direction = "rtl" if rtl and font.layout_engine == ImageFont.Layout.RAQM else None
                canvas.text(place, run, font=font, fill=fill, anchor="ls", stroke_width=weight, direction=direction)
            else:
                self._greek(canvas, *place, run, fill)

    def extent(self, text: str, at: int, until: int, *, rtl: bool | None = None) -> tuple[float, float]:
        """The left and the right end of the characters from `at` to `until` of a line, in pixels from its left end."""
        rtl = right_to_left(text) if rtl is None else rtl
        edges = []
        for x, begin, file, run in self._placed(text, rtl):
            left = x
            for start, word, leftwards in _visual_words(run, rtl):
                wide = self._run_width(file, word)
                first, last = (min(max(k - begin - start, 0), len(word)) for k in (at, until))
                if first < last:
                    ends = [self._run_width(file, word[:k]) for k in (first, last)]
                    edges += [left + (wide - end if leftwards else end) for end in ends]
                left += wide
        return (min(edges), max(edges)) if edges else (0.0, 0.0)

    def _emoji(self, image: Image.Image, x: float, baseline: float, cluster: str, alpha: int) -> None:
        picture = _pictured(cluster, self.size)
        assert picture is not None
        mask = picture.getchannel("A").point(lambda value: value * alpha // 255)
        x, y = x + (ADVANCE - PICTURE) / 2 * self.size, baseline - (0.36 + PICTURE / 2) * self.size
        place = (round(x), round(y))
        if image.mode != "RGBA":
            image.paste(picture, place, mask)
            return
        layer = Image.new("RGBA", image.size) if min(place) < 0 else None
        toned = picture.copy()
        toned.putalpha(mask)
        if layer:  # a part is outside of the image
            layer.paste(toned, place)
            image.alpha_composite(layer)
        else:
            image.alpha_composite(toned, place)

    def _greek(self, canvas: ImageDraw.ImageDraw, x: float, baseline: float, run: str, fill: Color) -> None:
        for word in run.split(" "):
            width = sum(self._bar(c) for c in word)
            if width:
                box = (x, baseline - 0.52 * self.size, x + width - 0.12 * self.size, baseline - 0.08 * self.size)
                canvas.rounded_rectangle(box, radius=0.18 * self.size, fill=(*fill[:3], fill[3] * 55 // 100))
            x += width + self._bar(" ")

    def fit(self, text: str, width: float) -> str:
        """The text, cut with an ellipsis where it is wider than `width` pixels."""
        lines = self.wrap(text, width, 1)
        return lines[0] if lines else ""

    def wrap(self, text: str, width: float, lines: int) -> list[str]:
        """At most `lines` lines of at most `width` pixels, cut between words with "…"; huge words are broken."""
        begin = text[: lines * 400]  # more never fits, and prompts may have 8,000 characters
        done, line = [], ""
        for piece, space in self._pieces(_visible(begin), width):
            candidate = f"{line} {piece}" if line and space else line + piece
            if not line or self.width(candidate) <= width:
                line = candidate
                continue
            done.append(line)
            line = piece
            if len(done) == lines:
                return [*done[:-1], self._shorten(done[-1], width)]
        done = [*done, line] if line else done
        return [*done[:-1], self._shorten(done[-1], width)] if done and len(begin) < len(text) else done

    def _pieces(self, text: str, width: float) -> Iterator[tuple[str, bool]]:
        """The pieces between which a line may break, and whether a space precedes each."""
        for word in text.split(" "):
            parts = clusters(word)
            broken = any(unicodedata.east_asian_width(c[0]) in {"W", "F"} and not is_emoji(c) for c in parts)
            if not broken and self.width(word) <= width:
                yield word, True
                continue
            piece, first = "", True
            for part in parts:
                if piece and part[0] not in _NEVER_FIRST:
                    yield piece, first
                    piece, first = "", False
                piece += part
            yield piece, first

    def _shorten(self, line: str, width: float) -> str:
        """The line with an ellipsis: without its last words, or where this leaves little of it, cut inside a word."""
        line = line.rstrip(_ENDS)
        short = line
        while short and self.width(short + "…") > width:
            short = short.rpartition(" ")[0].rstrip(_ENDS)
        if self.width(short) >= _KEPT_SHARE * min(width, self.width(line)):
            return short + "…"
        parts = clusters(line)
        while parts and self.width("".join(parts) + "…") > width:
            parts.pop()
        return "".join(parts).rstrip(_ENDS) + "…"
