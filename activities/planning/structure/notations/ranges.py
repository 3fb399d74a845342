"""Times of shots in other forms: without a unit, "Shot 1 (0-6)", and with hours or frames, "00:00:04:12"."""

import re
from itertools import pairwise
from statistics import median
from typing import Final

from activities.planning.structure.text import LEAD, western_digits
from activities.text.patterns import Pattern

_CODE: Final = Pattern(r"(?<![\d:;.])(\d{1,2}):(\d{2})[:;](\d{2})(?:[:;.](\d{2}))?(?![\d:;])")
_RATE: Final = Pattern(
    r"\b(\d{2}(?:\.\d{1,3})?)\s*(?:fps|frames? (?:per|a) second|bilder/s|i/s|b/s|コマ/秒)", re.IGNORECASE
)
_USUAL_RATE: Final = 25.0
LONGEST_SECONDS: Final = 60.0
"""Shots are shorter: codes such as 00:04:12 are minutes, seconds and frames where they would be longer as hours."""
_RANGE: Final = Pattern(r"[\[(（【]\s*(\d{1,3})\s*[-–—~〜～]\s*(\d{1,3})\s*[\])）】]")
_HEAD: Final = Pattern(r"^[^\n]{0,60}?(?=[\[(（【]\s*\d{1,3}\s*[-–—~〜～]\s*\d{1,3}\s*[\])）】])", re.MULTILINE)


_NAMED: Final = Pattern(
    rf"^({LEAD})(?:(?:from|von|de|da|desde|van|od|från|fra|с|от)\s+)?(?:the\s+)?(?:seconds?|secs?|sekunden?|"
    rf"secondes?|segundos?|"
    r"secondi|seconden|sekund[ya]|sekunder|секунд[ыа]|saniye|第)\s*(\d{1,3})\s*(?:[-–—~〜～]|to|bis|à|a|al|tot|do|до|"
    r"till|til|"
    r"到|至)\s*(\d{1,3})(?!\d)(?:\s*秒)?",
    re.IGNORECASE | re.MULTILINE,
)
"""Seconds in front of their numbers: "Sekunde 0 bis 5: …"."""


def with_units(text: str) -> str:
    """The text with "s" in ranges that follow on from each other and begin at 0; any other text as it is."""
    text = _NAMED.sub(r"\1\2-\3 s", text)
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


def with_seconds(text: str) -> str:
    """The text with timecodes of three or four parts as minutes and seconds, frames as fractions of a second."""
    codes = list(_CODE.finditer(text))
    if not codes:
        return text
    has_frames = _counts_frames([m for m in codes if m.group(4) is None])
    frames = [int(m.group(4) or m.group(3)) for m in codes if m.group(4) or has_frames]
    rate = float(found.group(1)) if (found := _RATE.search(text)) else _USUAL_RATE
    if frames and max(frames) >= rate:
        rate = 30.0 if max(frames) < 30 else 60.0

    def seconds(match: re.Match[str]) -> str:
        one, two, three, four = (int(part or 0) for part in match.groups())
        if match.group(4) is None and not has_frames:
            total = one * 3600 + two * 60 + three * 1.0
        elif match.group(4) is None:
            total = one * 60 + two + three / rate
        else:
            total = one * 3600 + two * 60 + three + four / rate
        return f"{int(total // 60)}:{total % 60:06.3f}" if total % 1 else f"{int(total // 60)}:{int(total % 60):02d}"

    return _CODE.sub(seconds, text)


def _counts_frames(codes: list[re.Match[str]]) -> bool:
    """Whether codes of three parts are minutes, seconds and frames: as hours, their shots would be too long."""
    at = sorted({int(m.group(1)) * 3600 + int(m.group(2)) * 60 + int(m.group(3)) for m in codes})
    return len(at) > 2 and median(b - a for a, b in pairwise(at)) > LONGEST_SECONDS
