"""Lists within a list: each outer item is a shot, and its inner items are what is seen, said and read in it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from activities.planning.structure.labels import segments
from activities.planning.structure.text import QUOTED
from activities.planning.structure.vocabulary import saying
from activities.text.patterns import Pattern

_ITEM: Final = re.compile(r"^([ \t]*)(?:[-*+•‣▪◦–—]|\(?\d{1,2}[.)])[ \t]+(?=\S)")
_SAYS: Final = Pattern(rf"^(?:{saying.EVERY}|say)\s*[:：]\s*(?=[“„”«»‹「『\"])", re.IGNORECASE)
_EDGES: Final = " \t*_:：."
LEAST: Final = 2


class _Item(NamedTuple):
    text: str
    inner: list[str]


def with_nested_shots(text: str) -> str:
    """The text with such lists as shots; other lists, and those whose outer items are labels, stay."""
    lines = text.splitlines()
    made, k = list[str](), 0
    while k < len(lines):
        end = next((j for j in range(k, len(lines)) if not _ITEM.match(lines[j])), len(lines))
        block = lines[k:end]
        made += [*_shots(_items(block))] if _are_shots(block) else block or [lines[k]]
        k = max(end, k + 1)
    return "\n".join(made)


def _items(lines: Sequence[str]) -> list[_Item]:
    items, outer = list[_Item](), None
    for line in lines:
        found = _ITEM.match(line)
        depth, rest = (len(found[1].expandtabs(4)), line[found.end() :].strip()) if found else (0, line.strip())
        if outer is None or depth <= outer:
            outer = depth
            items.append(_Item(rest, []))
        else:
            items[-1].inner.append(rest)
    return items


def _are_shots(lines: Sequence[str]) -> bool:
    items = _items(lines)
    nested = sum(bool(item.inner) for item in items)
    return nested >= LEAST and nested * 2 > len(items) and not any(segments(item.text)[0].kind for item in items)


def _shots(items: Sequence[_Item]) -> Iterator[str]:
    for number, item in enumerate(items, start=1):
        inner = [_SAYS.sub("VO: ", each) for each in item.inner]
        labelled = [each for each in inner if segments(each)[0].kind or QUOTED.fullmatch(each)]
        seen = [each.strip(_EDGES) for each in inner if each not in labelled]
        yield f"Shot {number}: {': '.join(filter(None, (item.text.strip(_EDGES), '. '.join(seen))))}."
        yield from labelled
