"""Labels and times in the forms of notes: "– SFX whistle", "t=4 –", "On screen for step 2: …"."""

import re
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.labels import LETTERING_LABELS
from activities.text.patterns import Pattern

_BARE: Final = Pattern(
    r"(?P<before>(?:^|[–—|/]|\s-)\s+)(?P<label>SFX|FX|MUSIC|SUPER|GFX|VO|V\.O\.|NARR)[ \t]+(?=[\w])", re.MULTILINE
)
"""A label in capitals after a dash, without its colon."""
_T_EQUALS: Final = Pattern(
    r"^(?P<lead>[\s>#*•+–—-]*+)[tT]\s*[=:]\s*(?P<seconds>\d{1,3})\s*(?:s|sec)?\b\.?\s*(?=[–—:|-])", re.MULTILINE
)
_IN_BRACKETS: Final = Pattern(r"^(\s*)(?:[(（](\d{1,2})[)）]|[\[【](\d{1,2})[\]】])\s*(?=\S)", re.MULTILINE)
_NUMBERED: Final = Pattern(
    rf"^\s*[*_•–—-]*\s*(?:{LETTERING_LABELS})\s*(?:text\s*)?[(（]?\s*"
    r"(?:for|at|in|on|over|during|bei|zu|für|über|in der|im|pour|sur|à|dans|para|en|sobre|per|su|"
    r"per il|no|na|для|на|в|の|在)?\s*"
    rf"(?:(?:the |la |le |el |der |die |das |o |a )?(?:{words.SHOT_NOUNS}|{words.STEPS}|plan)\w{{0,2}}\s*#?\s*|"
    r"(?<= (?:on|in|at|en|su|zu) )|(?<= (?:sur|bei|für|for|auf|per) )|(?<= [àв] ))"
    r"(?P<number>\d{1,2})(?!\s*[:：]\d)\s*[)）]?\s*[:：]\s*(?P<text>\S.*)$",
    re.IGNORECASE,
)
_NUMBER_BEFORE_COLON: Final = Pattern(r"\d\s*+(?:[)）]\s*+)?[:：]")
"""What every line of _NUMBERED has, and few others."""


def with_colons(text: str) -> str:
    """The text with the colons of its labels, "(1)" at the begin of a line as "1.", and "t=4" as a clock."""
    text = _IN_BRACKETS.sub(lambda m: f"{m[1]}{m[2] or m[3]}. ", text)
    text = _T_EQUALS.sub(lambda m: f"{m['lead']}{int(m['seconds']) // 60}:{int(m['seconds']) % 60:02d} ", text)
    return _BARE.sub(lambda m: f"{m['before']}{m['label']}: ", text)


def text_of_number(line: str) -> tuple[int, str] | None:
    """The number of the shot or item to which a line gives on-screen text, and the text: "Super on shot 3: “0 EUR”"."""
    found = _NUMBERED.match(line) if _NUMBER_BEFORE_COLON.search(line) else None
    return (int(found["number"]), found["text"].strip()) if found else None
