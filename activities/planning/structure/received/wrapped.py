"""Paragraphs whose lines a mail program has broken."""

from typing import Final

from activities.planning.structure.labels import segments
from activities.text.patterns import Pattern

_WRAPPED_CHARS: Final = 45
_BROKEN_ENDS: Final = Pattern(r"[.!?:…。！？：।۔)\]”»]\s*$")


def unwrapped(text: str) -> str:
    """The text with the lines of a paragraph joined that a mail program has broken at about the same width."""
    made: list[str] = []
    for line in text.splitlines():
        if made and _is_broken(made[-1].rsplit("\n")[-1], line):
            made[-1] = f"{made[-1].rstrip()} {line.strip()}"
        else:
            made.append(line)
    return "\n".join(made)


def _is_broken(line: str, following: str) -> bool:
    """Whether a sentence goes on in the next line: the line is long, and neither it nor the next one has a mark."""
    if len(line) < _WRAPPED_CHARS or not following[:1].isalpha() or not following[:1].islower():
        return False
    if _BROKEN_ENDS.search(line) or "|" in line + following or "\t" in line + following:
        return False
    return not any(part.kind for part in segments(following))
