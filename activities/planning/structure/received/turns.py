"""The turns of people in a brief, each in a line: "Claire (warm): Welcome."."""

from typing import Final, NamedTuple

from activities.planning.structure.text import MARKS
from activities.text.patterns import Pattern

_LETTER: Final = rf"(?:[^\W\d_]|[{MARKS}'’.-])"
_NAME: Final = rf"[^\W\d_]{_LETTER}{{0,20}}(?: [^\W\d_]{_LETTER}{{0,16}}){{0,2}}"
_TURN: Final = Pattern(
    rf"^(?P<lead>[\s>*_•–—-]*+)(?P<name>{_NAME})[*_]{{0,2}}\s*"
    r"(?:[(（\[](?P<how>[^()（）\[\]\n]{1,80})[)）\]])?[*_]{0,2}\s*[:：][*_]{0,2}\s*(?P<said>\S.*)$"
)


class Turn(NamedTuple):
    """What is in front of a name of at most three words, the name, how it is said, and what."""

    lead: str
    name: str
    how: str
    said: str


def turn_in(line: str) -> Turn | None:
    """The turn in a line, also where its name is another label; None without a label."""
    found = _TURN.match(line) if ":" in line or "：" in line else None
    return Turn(found["lead"], found["name"], (found["how"] or "").strip(), found["said"]) if found else None
