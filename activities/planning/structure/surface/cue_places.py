"""The shots over which a sound is heard, where its own words name them: "none until shot 5, then drums"."""

import re
from collections.abc import Iterator
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.labels import is_nothing
from activities.planning.structure.model import SoundCue
from activities.text.patterns import Pattern

_SHOT: Final = rf"(?:the |der |die |das |le |la |les |el |los |las )?(?:{words.SHOT_NOUNS}|plan)\w{{0,3}}\s*#?\s*"
_BEFORE: Final = r"until|till|jusqu['’](?:à|au)|hasta|fino a[l]?|até|vor|before"
_TO: Final = rf"{_BEFORE}|to|up to|through|bis(?: zu)?|à|a|al|до|から|-|–|—|~"
_HOW: Final = (
    rf"(?P<until>{_BEFORE})|(?P<to>up to|through|bis(?: zu)?|до)|"
    r"(?P<since>(?:(?:starts?|starting|begins?|beginning|enters?|comes? in|kicks? in|setzt ein|empieza|commence)\s+)?"
    r"(?:from|ab|von|à partir (?:de|du)|dès|desde|a partir d[eo]|da[l]?|с|since)|"
    r"(?:starts?|starting|begins?|beginning|enters?|comes? in|kicks? in)\s+(?:at|in|on|with|over))|"
    r"(?:only |just |nur |solo |seulement )?(?:in|over|under|at|on|during|for|über|unter|sobre|en|sur|sous|dans|su)"
)
_PLACE: Final = Pattern(
    rf"[(\[]?(?<![A-Za-zÀ-ÿ])(?:(?:{_HOW})\s+)?{_SHOT}(?P<first>\d{{1,3}})(?:\s*(?:{_TO})\s*(?:{_SHOT})?(?P<last>\d{{1,3}}))?"
    r"(?!\d)(?P<on>\s*(?:から|以降|부터|起|开始)|\s+(?:on(?:wards?)?|an|and on)\b)?[)\]]?",
    re.IGNORECASE,
)
_THEN: Final = Pattern(
    r"\s*(?:;\s*(?:then\b|dann\b)?|[,.]?\s+(?:(?:and|und|y|et|e) )?"
    r"(?:then|dann|danach|puis|ensuite|luego|después|poi|depois|затем|потом)\b)\s*",
    re.IGNORECASE,
)
_NOTHING: Final = Pattern(r"(?:no|kein\w*|sin|sans|pas de|senza|sem) (?:\w+)|silen\w+|stille", re.IGNORECASE)


def over_shots(cue: SoundCue, count: int) -> list[SoundCue]:
    """The cues that the words of one for the whole film name, each with its shots; the cue itself where they name none.

    Args:
        count: The number of shots; a cue that names another shot is left as it is.
    """
    numbers = [int(n) for match in _PLACE.finditer(cue.text) for n in match.group("first", "last") if n]
    if cue.first or not numbers or not all(0 < n <= count for n in numbers):
        return [cue]
    return list(_parts(cue, count))


def _parts(cue: SoundCue, count: int) -> Iterator[SoundCue]:
    begin = 0
    for part in _THEN.split(cue.text):
        match = _PLACE.search(part)
        text = " ".join((part[: match.start()] + " " + part[match.end() :]).split()) if match else part
        text = text.strip(" .,;:、，。–—-") or cue.role.capitalize()
        first, last, following = _span(match, count) if match else (begin, count if begin else 0, 0)
        is_silent = is_nothing(text) or _NOTHING.fullmatch(text) is not None
        begin = last + 1 if match and is_silent and not following else following
        if not is_silent and first <= last:
            yield SoundCue(cue.role, text, first, last)


def _span(match: re.Match[str], count: int) -> tuple[int, int, int]:
    """The first and the last shot of a part, and the one with which the next part begins where it names none."""
    first = int(match["first"])
    if match["last"]:
        return first, max(first, int(match["last"])), 0
    if match["until"]:
        return 1, first - 1, first
    if match["to"]:
        return 1, first, first + 1
    return (first, count, 0) if match["since"] or match["on"] else (first, first, 0)
