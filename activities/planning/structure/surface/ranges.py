"""Times of shots without a unit: "Shot 1 (0-6)", where each one begins at the end of the one before."""

import re
from itertools import pairwise
from typing import Final

from activities.planning.structure.text import western_digits

_RANGE: Final = re.compile(r"[\[(（【]\s*(\d{1,3})\s*[-–—~〜～]\s*(\d{1,3})\s*[\])）】]")
_HEAD: Final = re.compile(r"^[^\n]{0,60}?(?=[\[(（【]\s*\d{1,3}\s*[-–—~〜～]\s*\d{1,3}\s*[\])）】])", re.MULTILINE)


def with_units(text: str) -> str:
    """The text with "s" in ranges that follow on from each other and begin at 0; any other text as it is."""
    western = western_digits(text)
    found = [match for head in _HEAD.finditer(western) if (match := _RANGE.match(western, head.end()))]
    times = [(int(match[1]), int(match[2])) for match in found]
    if len(times) < 2 or times[0][0] or any(a[1] not in (b[0], b[0] - 1) for a, b in pairwise(times)):
        return text
    at = 0
    made = []
    for match in found:
        made.append(f"{text[at : match.start()]}({match[1]}-{match[2]} s)")
        at = match.end()
    return "".join(made) + text[at:]
