"""The numbers in a text, as digits of any script and as words of many languages, so that translations can be compared.

The words are those of the Unicode CLDR, by unicode-rbnf. Whole values only: a decimal is
compared by its digits, because its point is a comma in other languages.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from unicode_rbnf import RbnfEngine

from activities.text.patterns import Pattern

_DIGITS: Final = Pattern(r"\d+(?:[.,'’\u00a0\u202f٬٫]\d+)*")
_MULTIPLE: Final = Pattern(r"(\d[\d.,]*)\s?([千백천百万萬만億亿억兆])")
_MULTIPLES: Final = {
    **dict.fromkeys("百백", 2),
    **dict.fromkeys("千천", 3),
    **dict.fromkeys("万萬만", 4),
    **dict.fromkeys("億亿억", 8),
    "兆": 12,
}
"""Sign -> zeros."""
_HAN: Final = Pattern(
    r"[一二三四五六七八九十百千万萬〇零两兩]{2,}|[二三四五六七八九十](?=[つ個人分秒年月日時点點倍本枚号号歳])"
)
_HAN_DIGITS: Final = {c: k for k, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_HAN_UNITS: Final = {"十": 10, "百": 100, "千": 1_000}

_CHINESE: Final = ("ja", "zh", "yue")
_ENGINES: Final = frozenset(RbnfEngine.get_supported_languages())
_CONNECTORS: Final = frozenset({"and", "et", "y", "e", "en", "und", "og", "och", "i"})
"""Words between the parts of a number, which some languages have and others lack."""
_LONGEST: Final = 6
"""Words of one number."""
_WORDS_AND_MARKS: Final = Pattern(r"[^\W\d_]+|[^\s\w-]|\d+")


def speaks_numbers(language: str) -> bool:
    """Whether the words for numbers are known."""
    return _base(language) in _CHINESE or _base(language) in _ENGINES


def digits_in(text: str) -> list[str]:
    """The numbers that are written in digits, without the signs that group them: "1.000,50" is "100050"."""
    plain = "".join(str(unicodedata.decimal(c, c)) for c in unicodedata.normalize("NFKC", text))
    plain = _MULTIPLE.sub(_expanded, plain)
    return [re.sub(r"\D", "", found).lstrip("0") or "0" for found in _DIGITS.findall(plain)]


def words_in(text: str, language: str) -> list[str]:
    """The numbers that are written in words, as digits; "one" is left out, because it is an article too."""
    base = _base(language)
    if base in _CHINESE:
        return [str(value) for found in _HAN.findall(text) if (value := _han(found)) > 1]
    return list(map(str, _spelled(text, base))) if base in _ENGINES else []


def _base(language: str) -> str:
    return language.lower().split("-")[0]


def _expanded(found: re.Match[str]) -> str:
    """E.g. 3.5万 as 35000."""
    number, zeros = found[1].replace(",", ""), _MULTIPLES[found[2]]
    whole, _, part = number.partition(".")
    return f"{whole}{part.ljust(zeros, '0')}" if len(part) <= zeros else found[0]


def _han(text: str) -> int:
    """The value of a number in Chinese characters; 0 if it is none."""
    if not any(c in "十百千万萬" for c in text):
        return int("".join(str(_HAN_DIGITS[c]) for c in text))
    total = part = digit = 0
    for c in text:
        if c in _HAN_DIGITS:
            digit = _HAN_DIGITS[c]
        elif c in _HAN_UNITS:
            part, digit = part + (digit or 1) * _HAN_UNITS[c], 0
        else:
            total, part, digit = total + (part + digit or 1) * 10_000, 0, 0
    return total + part + digit


def _spelled(text: str, base: str) -> Iterator[int]:
    """Each number of consecutive words, e.g. "two hundred and five" as 205."""
    words, known = _words_of(text), _phrases(base)
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + _LONGEST), at, -1):
            value = known.get(_joined(words[at:end]))
            if value is not None and not {words[at], words[end - 1]} & _CONNECTORS:
                yield value
                at = end
                break
        else:
            at += 1


@cache
def _phrases(base: str) -> dict[str, int]:
    """The words of a number, written together -> its value: up to 999, and whole thousands."""
    engine = RbnfEngine.for_language(base)
    values = (*range(999, 1, -1), *range(1_000, 101_000, 1_000), 1_000_000)
    return {_joined(_words_of(engine.format_number(value).text)): value for value in values}


def _words_of(text: str) -> list[str]:
    """The words and marks of a text, without accents and soft hyphens."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("\u00ad", ""))
    return _WORDS_AND_MARKS.findall("".join(c for c in plain if not unicodedata.combining(c)))


def _joined(words: Sequence[str]) -> str:
    return "".join(word for word in words if word not in _CONNECTORS)
