"""The on-screen text that a prompt quotes, for a frame of the storyboard."""

import re
from typing import Final

_MENTION: Final = re.compile(
    r"\b(?:lettering|spelled exactly|words?|text|titles?|supers?|captions?|sign|label|headline|logo|end line|reads?|"
    r"reading)\b[^“”\n.!?]{0,40}$",
    re.IGNORECASE,
)
_NEXT: Final = re.compile(r"[\s,;]{0,3}(?:and )?")
_QUOTED: Final = re.compile(r"“([^“”\n]{1,200})”")
MOST: Final = 4
"""Texts on one frame; a picture with more is unreadable at this size."""


def lettering_of(prompt: str) -> list[str]:
    """The quoted texts that the prompt asks to read in the picture, at most MOST, in order."""
    found: list[str] = []
    end = -1
    for match in _QUOTED.finditer(prompt):
        follows = end >= 0 and _NEXT.fullmatch(prompt, end, match.start()) is not None
        if follows or _MENTION.search(prompt[max(0, match.start() - 80) : match.start()]):
            found.append(" ".join(match.group(1).split()))
            end = match.end()
    return list(dict.fromkeys(found))[:MOST]
