"""Text that stands at the end of a film and is not said: its end card, by label or by order, and its legal line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from activities.planning.structure.deliverable.cards import MAX_CARD_CHARS, Cards
from activities.planning.structure.labels import quoted_run
from activities.planning.structure.notations.endings import with_end_cards
from activities.planning.structure.text import QUOTED, lettering_text, quoted_words
from activities.planning.structure.vocabulary import legal, places
from activities.text.patterns import Pattern

_BEGIN: Final = r"^[\s>#*_•+–—-]{0,8}"
_MORE: Final = r"(?![^\W\d_])[^.!?:：\n\d\"“”„«»「」|]{0,70}"
"""What may follow a label, such as a place: "Rechtlicher Hinweis klein am unteren Rand der Endkarte"."""
_VALUE: Final = r"(?:\s*[*_]{0,3}[:：][*_]{0,3}[ \t]*(?P<value>\S.*)|(?<=\s)(?P<quoted>[\"“„«「].*))$"
_CARD: Final = Pattern(rf"{_BEGIN}(?:{places.END_CARD}){_MORE}{_VALUE}", re.IGNORECASE)
_ORDER: Final = Pattern(rf"{_BEGIN}(?:{legal.ENDS_WITH_CARD}){_MORE}{_VALUE}", re.IGNORECASE)
_LEGAL: Final = Pattern(rf"{_BEGIN}\(?(?:{legal.LABELS}){_MORE}{_VALUE}", re.IGNORECASE)
_STOCK: Final = Pattern(rf"^[\s>#_•–—-]{{0,8}}\(?\*?\s?(?P<value>(?:{legal.STOCK})[.!。]?)[*_)]?\s*$", re.IGNORECASE)
_ANY: Final = Pattern(
    rf"(?<![^\W\d_])(?:{legal.LABELS}|{legal.STOCK}|{legal.ENDS_WITH_CARD}|{places.END_CARD})", re.IGNORECASE
)
_MARK: Final = Pattern(r"[:：\"“„«「]")
"""What every _VALUE has."""
_SENTENCE: Final = Pattern(r"(?<=[.!?。！？”“»」\"])[ \t]+(?=[^\W\d_]|[*(])")
_TWO_SENTENCES: Final = Pattern(r"[^.!?。]*[.!?。]\s+\S")
_TABLE: Final = Pattern(r"[|\t]")


class EndTexts(NamedTuple):
    """The text of a brief without the lines of its cards, and these."""

    rest: str
    cards: Cards


@dataclass
class _Found:
    """The texts in the order of the brief. `labelled` is whether a labelled end card is taken out of its shot."""

    labelled: bool
    ends: list[str] = field(default_factory=list)
    legal: list[str] = field(default_factory=list)

    def rest_of(self, part: str) -> str:
        """A part of a line without such a text, which is then in one of the lists."""
        legal_line = _LEGAL.match(part) or _STOCK.match(part)
        card = None if legal_line else _ORDER.match(part) or (_CARD.match(part) if self.labelled else None)
        value = _value(legal_line or card)
        if not value or (card and not _is_text(value)):
            return part
        run = quoted_run(value)
        quoted = [quoted_words(match) for match in QUOTED.finditer(value[:run])] or [value.strip("*_ )")]
        (self.legal if legal_line else self.ends).append("\n".join(map(lettering_text, quoted)))
        return value[run:].lstrip(" .,;)*_") if run else ""


def split_end_texts(text: str, *, labelled: bool = True) -> EndTexts:
    """The text without its legal lines and its end card, and these; those of a table stay in their cells.

    Args:
        labelled: Take out an end card with a label too ("End card: …"), and not only by an order ("End with a card").
    """
    found, kept = _Found(labelled), list[str]()
    for line in with_end_cards(text).splitlines():
        if _TABLE.search(line) or not _may_have_text(line):
            kept.append(line)
            continue
        parts = list(_parts(line))
        rest = [each for part in parts if (each := found.rest_of(part))]
        if rest or not line.strip():
            kept.append(line if rest == parts else " ".join(rest))
    return EndTexts("\n".join(kept), Cards(end=_joined(found.ends[-1:]), legal=_joined(found.legal)))


def _may_have_text(line: str) -> bool:
    """Whether a line may have such a text: what follows a colon or is quoted, or a usual wording."""
    if _MARK.search(line):
        return _ANY.search(line) is not None
    begins = (0, *(match.end() for match in _SENTENCE.finditer(line)))
    return any(_STOCK.match(line[begin:]) for begin in begins)


def _parts(line: str) -> Iterator[str]:
    """The line, divided where such a text begins after the end of a sentence or of a quotation."""
    start = 0
    for match in _SENTENCE.finditer(line):
        following = line[match.end() :]
        if any(pattern.match(following) for pattern in (_LEGAL, _ORDER, _CARD, _STOCK)):
            yield line[start : match.start()]
            start = match.end()
    yield line[start:]


def _value(found: re.Match[str] | None) -> str:
    groups = found.groupdict() if found else {}
    return (groups.get("value") or groups.get("quoted") or "").strip()


def _is_text(value: str) -> bool:
    """Whether the value of an end card is its text, and no picture or description."""
    return bool(QUOTED.match(value)) or (not QUOTED.search(value) and not _TWO_SENTENCES.match(value))


def _joined(texts: list[str]) -> str:
    return "\n".join(dict.fromkeys(texts))[:MAX_CARD_CHARS].strip()
