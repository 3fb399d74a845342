"""The shots that feedback names, in English words: numbers, ordinals, lists."""

import re
from typing import Final

NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
WORD: Final = rf"(?:{'|'.join(NUMBERS)})"
ORDINAL: Final = rf"(?:{'|'.join(ORDINALS)}|last)"
ANY: Final = rf"(?:\d{{1,3}}|{WORD})"
REFERENCE: Final = (
    rf"(?:(?:shots?|scenes?)\s+(?:no\.?\s*|number\s+)?{ANY}|"
    rf"the\s+{ORDINAL}\s+(?:shot|scene)|{ORDINAL}\s+(?:shot|scene))"
)
SHOTS: Final = rf"{REFERENCE}(?:\s*(?:,|and|&|to|-|–)\s*(?:shots?\s+)?{ANY}(?!\s*(?:s\b|sec)))*"


def amount(text: str) -> float:
    word = text.lower()
    return NUMBERS.index(word) + 1 if word in NUMBERS else float(word)


def value(text: str) -> int:
    return int(amount(text))


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers of "shots 2 and 4", "shots 2 to 4" or "the last shot"."""
    found: list[int] = []
    for match in re.finditer(rf"(?:(to|-|–)\s*)?(?:\b(\d{{1,3}}|{WORD})\b|\b({ORDINAL})\b)", text, re.IGNORECASE):
        if match.group(3):
            word = match.group(3).lower()
            found.append(-1 if word == "last" else ORDINALS.index(word) + 1)
            continue
        number = value(match.group(2))
        found += range(found[-1] + 1, number + 1) if match.group(1) and found else [number]
    return tuple(dict.fromkeys(found))
