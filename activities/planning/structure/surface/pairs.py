"""Lists that belong together by their numbers: "Visual 1: …" and "Audio 1: …", or quotations each with its picture."""

import re
from typing import Final

from activities.planning.structure.labels import kind_of, segments
from activities.planning.structure.text import QUOTED, has_words

_NUMBERED: Final = re.compile(
    r"^[\s>#*•+–—-]*([^\W\d_][^\W\d_ -]{1,20}(?: [^\W\d_]{1,12})?)\s*#?\s*(\d{1,2})\s*[:：.–—-]\s*(.*)$"
)
_WITH_PICTURE: Final = re.compile(rf"^\s*({QUOTED.pattern})\s*[(（\[]([^()（）\[\]\n]{{2,200}})[)）\]]\s*$")
LEAST: Final = 2


def with_pairs(text: str) -> str:
    """The text with what is seen and heard under one number as one shot; any other text as it is."""
    lines = text.splitlines()
    return _of_quotations(lines) or _of_numbers(lines) or text


def _of_numbers(lines: list[str]) -> str:
    seen: dict[int, str] = {}
    heard: dict[int, str] = {}
    others, last = list[str](), list[str]()
    for line in lines:
        found = _NUMBERED.match(line)
        kind = kind_of(found[1]) if found else None
        if found and kind == "picture":
            seen.setdefault(int(found[2]), found[3])
        elif found and kind in ("voice", "sound"):
            is_bare = kind == "voice" and has_words(found[3]) and not segments(found[3])[0].kind
            heard.setdefault(int(found[2]), f"VO: {found[3]}" if is_bare else found[3])
        elif line.strip():
            (last if seen else others).append(line)
    if len(seen) < LEAST or not LEAST <= len(heard) <= len(seen) or not heard.keys() <= seen.keys():
        return ""
    shots = [f"Shot {n}: {seen[n]}\n{heard.get(n, '')}".rstrip() for n in sorted(seen)]
    return "\n\n".join(["\n".join(others), *shots, "\n".join(last)]).strip()


def _of_quotations(lines: list[str]) -> str:
    """Lines of a story in quotation marks, each with what is seen in brackets after it."""
    filled = [line for line in lines if line.strip()]
    found = [_WITH_PICTURE.match(line) for line in filled]
    if sum(match is not None for match in found) < max(LEAST, len(filled) * 0.6):
        return ""
    pairs = enumerate(filter(None, found), start=1)
    return "\n\n".join(f"Shot {number}: {match.groups()[-1]}\nVO: {match[1]}" for number, match in pairs)
