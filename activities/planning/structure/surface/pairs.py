"""Lists that belong together by their numbers: "Visual 1: …" and "Audio 1: …", or quotations each with its picture."""

from typing import Final

from activities.planning.structure.labels import kind_of, segments
from activities.planning.structure.text import QUOTED, has_words
from activities.text.patterns import Pattern

_NUMBERED: Final = Pattern(
    r"^[\s>#*•+–—-]*([^\W\d_][^\W\d_ -]{1,20}(?: [^\W\d_]{1,12})?)\s*#?\s*(\d{1,2})\s*[:：.–—-]\s*(.*)$"
)
_WITH_PICTURE: Final = Pattern(rf"^\s*({QUOTED.pattern})\s*[(（\[]([^()（）\[\]\n]{{2,200}})[)）\]]\s*$")
LEAST: Final = 2


def with_pairs(text: str) -> str:
    """The text with what is seen and heard under one number as one shot; any other text as it is."""
    lines = text.splitlines()
    return _of_quotations(lines) or _of_numbers(lines) or _of_lines(lines) or text


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


def _of_lines(lines: list[str]) -> str:
    """Quotations in lines of their own, each with a line for its picture below it: "“We weave.”", "Image: a loom"."""
    filled = [line for line in lines if line.strip()]
    pairs = [k for k in range(len(filled) - 1) if QUOTED.fullmatch(filled[k].strip()) and _picture_of(filled[k + 1])]
    if len(pairs) < LEAST or _picture_of(filled[pairs[0] - 1]):
        return ""
    before = filled[: pairs[0] - bool(pairs[0] and filled[pairs[0] - 1].rstrip().endswith((":", "：")))]
    inside = {k + add for k in pairs for add in (0, 1)}
    after = [line for k, line in enumerate(filled) if k > pairs[0] and k not in inside]
    shots = [f"Shot {n}: {_picture_of(filled[k + 1])}\nVO: {filled[k].strip()}" for n, k in enumerate(pairs, start=1)]
    return "\n\n".join(["\n".join(before), *shots, "\n\n".join(after)]).strip()


def _picture_of(line: str) -> str:
    """The value of a line with the label of a picture; otherwise empty."""
    parts = segments(line)
    return parts[0].value if len(parts) == 1 and parts[0].kind == "picture" else ""


def _of_quotations(lines: list[str]) -> str:
    """Lines of a story in quotation marks, each with what is seen in brackets after it."""
    filled = [line for line in lines if line.strip()]
    found = [_WITH_PICTURE.match(line) for line in filled]
    if sum(match is not None for match in found) < max(LEAST, len(filled) * 0.6):
        return ""
    pairs = enumerate(filter(None, found), start=1)
    return "\n\n".join(f"Shot {number}: {match.groups()[-1]}\nVO: {match[1]}" for number, match in pairs)
