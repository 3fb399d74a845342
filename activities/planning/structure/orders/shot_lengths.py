"""The length that a brief gives each of its shots: "3 shots of 4 s", "5 seconds per shot", "各カット5秒". Seconds."""

import re
from typing import Final, NamedTuple

from activities.planning.structure import words as names
from activities.planning.structure.orders.lengths import SECONDS, named_lengths
from activities.planning.structure.text import QUOTED, western_digits
from activities.planning.structure.vocabulary import shot_lengths as words
from activities.text.patterns import LETTER, Pattern

_NUMBERS: Final = rf"\d{{1,2}}|{names.NUMBER_WORDS}"
_COUNT: Final = rf"(?P<count>{_NUMBERS})"
_SHOT: Final = rf"(?:{words.SHOTS})(?!{LETTER})"
_LENGTH: Final = (
    rf"(?:(?:about|around|circa|ca\.?|etwa|environ|unos|~)\s*)?"
    rf"(?:\d{{1,3}}(?:[.,]\d)?|{names.NUMBER_WORDS})[\s-]*(?:{SECONDS})(?!{LETTER})(?:\s*long)?"
)
_BEGIN: Final = (
    rf"(?:[,;(–—-]\s*)?(?<!{LETTER})"
    r"(?:(?:in|with|as|aus|mit|en|avec|con|em|com|i|med|w|z|из|в|met|uit)\s+)?(?<![\d.,:])"
)
_JOINED: Final = r"\s*[,;:(–—-]*\s*"
_EACH_SHOT: Final = Pattern(
    rf"{_BEGIN}(?:{_COUNT}\s*[x×]?\s*(?:[^\W\d_]{{3,12}}\s+)?{_SHOT}{_JOINED}(?:"
    rf"(?:(?:{words.OF})\s*)(?:(?:{words.EACH})\s+)?{_LENGTH}(?:\s*(?:{words.EACH})(?!{LETTER}))?"
    rf"|(?:{words.EACH})\s+{_LENGTH}|{_LENGTH}\s*(?:{words.EACH})(?!{LETTER}))"
    rf"|(?:{words.EVERY})\s+{_SHOT}\s*[:=,]?\s*(?:(?:{words.LASTS}|{words.OF})\s+)*{_LENGTH}"
    rf"(?:[,;]\s*(?P<of>{_NUMBERS})\s+{_SHOT})?"
    rf"|{_LENGTH}\s*(?:/|(?:{words.EVERY})\s)\s*{_SHOT})\)?",
    re.IGNORECASE,
)
_WIDE: Final = Pattern(
    rf"[、，,]?(?:(?P<count>\d{{1,2}}|[{names.HAN_DIGITS}])(?:个|個|つの|つ|개의)?\s?(?:{words.WIDE_SHOTS})(?:で|、|，|,|\s)*"
    rf"(?:各|每个|每個|それぞれ|각각?)\s?\d{{1,3}}\s?(?:{SECONDS})(?:ずつ|씩)?"
    rf"|(?:各|每个|每個|1|一)(?:{words.WIDE_SHOTS})(?:は|约|約|\s)*\d{{1,3}}\s?(?:{SECONDS})(?:ずつ)?"
    rf"|(?:{words.WIDE_SHOTS})당\s?\d{{1,3}}\s?(?:{SECONDS}))",
    re.IGNORECASE,
)
_SENTENCE_ENDS: Final = ".!?:。！？："


class EachShot(NamedTuple):
    """The length of each shot, and how many there are; 0 where the brief does not say."""

    seconds: float
    shots: int = 0


def each_shot(text: str) -> EachShot | None:
    """The length of each shot; None where the brief gives none, or several."""
    found = {each for match in _matches(western_digits(text)) if (each := _read(match))}
    return found.pop() if len(found) == 1 else None


def without_each_shot(text: str) -> str:
    """The text without the words that give the length of each shot."""
    for match in reversed(_matches(western_digits(text))):
        before, after = text[: match.start()], text[match.end() :]
        begins = before.rstrip(" ")[-1:] in ("", "\n", *_SENTENCE_ENDS)
        text = f"{before}{after.lstrip(' ,;:–—.。，、')}" if begins else f"{before.rstrip()}{after}"
    return text


def _matches(text: str) -> list[re.Match[str]]:
    quoted = [match.span() for match in QUOTED.finditer(text)]
    found = [*_EACH_SHOT.finditer(text), *_WIDE.finditer(text)]
    outside = [m for m in found if not any(begin <= m.start() < end for begin, end in quoted)]
    return sorted(outside, key=re.Match.start)


def _read(match: re.Match[str]) -> EachShot | None:
    """None where the number of seconds is a word of a language whose numbers are not known."""
    groups = match.groupdict()
    count, begin = groups["count"] or groups.get("of") or "", match.end("count") if groups["count"] else match.start()
    seconds = named_lengths(match.string[begin : match.end()])
    return EachShot(seconds[0], names.count_of(count) if count else 0) if seconds else None
