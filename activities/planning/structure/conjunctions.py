"""Words for "and" in the languages of briefs, and the items of enumerations within a sentence."""

import re
from typing import Final

from activities.planning.structure.text import has_words
from activities.text.patterns import Pattern

AND: Final = (
    r"(?:and|und|et|y|e|ed|en(?! (?:off|la|el|los|las|le|les|l['’]|una?|une?)\b)|i|och|og|ja|и|і|та|και|ve|dan|và|"
    r"kemudian|और|او|و)"
)
"""Between spaces. Czech and Slovak "a" is none: it is an article or a preposition in other languages."""
AND_WIDE: Final = r"(?:和|以及|および|と|及)"
"""Without spaces, where an item begins."""
COMMA: Final = r"\s*[,，،、]\s*"
_SEMICOLON: Final = Pattern(rf"\s*[;；؛]\s*(?:{AND}\s+)?", re.IGNORECASE)
_COMMA: Final = Pattern(COMMA)
_FIRST: Final = Pattern(rf"^(?:{AND}(?: finally)?\s+|و(?=\S)|{AND_WIDE})", re.IGNORECASE)
_BETWEEN: Final = Pattern(rf"\s+(?:{AND}\s+|و(?=\S))", re.IGNORECASE)
_WIDE: Final = Pattern(r"[和と与]")
EDGES: Final = " \t,，、;；:：.。!–—-"


def divided(items: str, count: int = 0) -> list[str]:
    """The items of an enumeration: between semicolons, otherwise between commas and in front of the "and" of the last
    one. A text that is no enumeration is one item.

    Args:
        count: The number of items where the text gives it, so that an "and" without spaces is read.
    """
    if _SEMICOLON.search(items):
        parts = _SEMICOLON.split(items)
    else:
        parts = _COMMA.split(items)
        last = parts.pop()
        parts += [_FIRST.sub("", last)] if parts and _FIRST.match(last) else _BETWEEN.split(last)
        if len(parts) < count:
            parts[-1:] = _WIDE.split(parts[-1])
    return [each for part in parts if has_words(each := part.strip(EDGES))]
