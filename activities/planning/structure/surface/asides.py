"""Labelled text in brackets at the end of a line: "Cut the dough (super: 600 g)" is read as two lines."""

from typing import Final

from activities.planning.structure.labels import Kind, segments
from activities.text.patterns import Pattern

_BRACKETS: Final = Pattern(r"(?:^|(?<=\S))[ \t]*[(（\[【](?P<inside>[^()（）\[\]【】|\n]{3,200})[)）\]】][.。]?[ \t]*$")
_READ: Final[tuple[Kind, ...]] = ("voice", "lettering", "endline", "picture", "sound", "speaker", "note")


def without_brackets(text: str) -> str:
    """The text with such labels in lines of their own; rows of tables stay."""
    return "\n".join(part for line in text.splitlines() for part in _parts(line))


def _parts(line: str) -> list[str]:
    found = None if "|" in line or "\t" in line else _BRACKETS.search(line)
    if not found or segments(found["inside"])[0].kind not in _READ:
        return [line]
    before = line[: found.start()]
    return [*([before] if before.strip() else []), found["inside"].strip()]
