"""Shots of a brief that are there already: "(existing footage)", "our drone footage (yard.mp4)"."""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure.delivered.word import as_word
from activities.planning.structure.vocabulary import footage
from activities.text.patterns import Pattern

_OWN: Final = Pattern(as_word(footage.OWN), re.IGNORECASE)
_FILE: Final = Pattern(footage.FILE, re.IGNORECASE)
MOST_WORDS: Final = 14


def names_footage(description: str) -> bool:
    """Whether what is seen in a shot is a recording of the requester; a longer description may only mention one."""
    found = _OWN.search(description) or _FILE.search(description)
    return found is not None and len(description.split()) <= MOST_WORDS


def named_file(text: str) -> str:
    """The file of a recording that a text names; empty where it names none."""
    found = _FILE.search(text)
    return found[0] if found else ""


def reference_named(description: str, names: Sequence[str]) -> int | None:
    """The number from 0 of the recording that a description means: the one it names, otherwise the only one."""
    file = named_file(description).casefold()
    named = next((k for k, name in enumerate(names) if file and file in name.casefold()), None)
    return named if named is not None else 0 if len(names) == 1 and not file else None
