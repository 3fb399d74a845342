"""Line breaks of captions by the rules of each script: a small part of Unicode's UAX #14.

Words of scripts with spaces, numbers and Korean words are not broken. Chinese and Japanese break between characters,
except at marks that may not begin or end a line (JIS X 4051, kinsoku; W3C CLREQ). Thai and related scripts have no
spaces: a certain begin or end of a syllable is preferred, and a vowel or tone mark stays with its base.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

LINE_COLUMNS: Final = 42.0
"""Characters a line in the usual subtitle guidelines, for scripts of narrow letters."""
WIDE_COLUMNS: Final = LINE_COLUMNS / 16
"""16 full-width characters fill a line (the Japanese guide of Pixelogic and the Chinese one of Netflix)."""

SPACES: Final = re.compile(r"([^\S\u00a0\u2007\u202f]+)")
"""All spaces except the non-breaking ones, such as between the digits of a number."""

_NO_START: Final = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ〜～゠‐–℃℉°′″￠¢"
)
"""May not begin a line; neither may closing brackets and marks of punctuation or repetition."""
_NO_END: Final = frozenset("¥￥$＄£￡€₩￦№#＃@＠※§¿¡")
"""May not end a line; neither may opening brackets."""
_EITHER: Final = frozenset("\"'＂＇&＆/／")
"""May belong to either side."""
_PAIRS: Final = frozenset("—―…‥⸺")
"""Written twice, they are one mark."""
_IN_NUMBERS: Final = frozenset(",.:，．：")
_LEADING: Final = frozenset("เแโใไເແໂໃໄ")
"""Vowels of Thai and Lao that precede their consonant."""
_FOLLOWING: Final = frozenset("ะาำๅๆฯະາຳຽໆຯៗ។៕၊။")
"""Signs of Thai, Lao, Khmer and Burmese that follow their consonant or end a word, and are not marks."""
_ENDING: Final = frozenset("ะำๆฯະຳໆຯៗ។៕၊။\u0f0b")
"""A syllable ends after these; the last one is Tibetan."""
_STACKING: Final = frozenset("\u17d2\u1039\u200d\u2060")
"""The next character is written below or together with the previous one."""
_SILENCING: Final = ("\u103a", "\u1039")
"""Burmese: the consonant before it ends a syllable."""
_AFTER: Final = frozenset("/-_.?&=")
"""An address that is longer than a line may break after these."""

_SPACELESS: Final = ((0x0E00, 0x0EFF), (0x0F00, 0x0FFF), (0x1000, 0x109F), (0x1780, 0x17FF))
"""Thai and Lao, Tibetan, Burmese, Khmer."""
HANGUL: Final = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF), (0xFFA0, 0xFFDC))

Rule = Callable[[str, int], bool]
"""Whether a text may break before the character at this index."""


def atoms_of(text: str) -> Iterator[str]:
    """The unbreakable parts of a text in order, and " " for each space between; none is wider than a line."""
    for token in filter(None, SPACES.split(text)):
        if SPACES.fullmatch(token):
            yield " "
            continue
        for piece in _cut(token, _by_script):
            spaceless = any(is_in(c, _SPACELESS) for c in piece)
            if width(piece) <= (LINE_COLUMNS / 2 if spaceless else LINE_COLUMNS):
                yield piece
                continue
            for part in _cut(piece, _between_bases if spaceless else _in_address):
                yield from [part] if width(part) <= LINE_COLUMNS else _cut(part, _between_bases)


def width(text: str) -> float:
    """The width of a text in columns; marks take none."""
    return sum(WIDE_COLUMNS if is_wide(c) else 1.0 for c in text if not is_mark(c))


def _cut(text: str, rule: Rule) -> list[str]:
    places = [0, *(place for place in range(1, len(text)) if rule(text, place)), len(text)]
    return [text[begin:end] for begin, end in pairwise(places)]


def _by_script(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if not _between_bases(text, place):
        return False
    if is_in(before, _SPACELESS) or is_in(after, _SPACELESS):
        return after in _LEADING or before in _ENDING
    if not (_is_ideographic(before) or _is_ideographic(after)) or is_in(before, HANGUL) or is_in(after, HANGUL):
        return False
    if _cannot_end(before) or _cannot_start(after) or (before == after and before in _PAIRS):
        return False
    number = before in _IN_NUMBERS and place > 1 and text[place - 2].isdigit() and after.isdigit()
    return not number


def _in_address(text: str, place: int) -> bool:
    return text[place - 1] in _AFTER and _between_bases(text, place)


def _between_bases(text: str, place: int) -> bool:
    """Whether the character at `place` does not belong to the one before it, so that no sign leaves its base."""
    before, after = text[place - 1], text[place]
    if is_mark(after) or after == "\u2060" or before in _STACKING or before in _LEADING or after in _FOLLOWING:
        return False
    return text[place + 1 : place + 2] not in _SILENCING


def is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")


def is_mark(character: str) -> bool:
    """Whether it belongs to the previous character: combining marks, variation selectors, joiners, skin tones, tags."""
    if unicodedata.category(character) in ("Mn", "Me", "Mc") or character == "\u200d":
        return True
    return 0x1F3FB <= ord(character) <= 0x1F3FF or 0xE0020 <= ord(character) <= 0xE007F


def _is_ideographic(character: str) -> bool:
    """Whether it is a Chinese character, kana or as wide; full-width letters and digits form words and numbers."""
    plain = unicodedata.normalize("NFKC", character)
    return is_wide(character) and not (plain.isascii() and plain.isalnum())


def is_in(character: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in blocks)


def _cannot_start(character: str) -> bool:
    if character in _NO_END:
        return False
    kind = unicodedata.category(character)
    return character in _NO_START or character in _EITHER or kind in ("Pe", "Pf", "Po", "Lm")


def _cannot_end(character: str) -> bool:
    return character in _NO_END or character in _EITHER or unicodedata.category(character) in ("Ps", "Pi")
