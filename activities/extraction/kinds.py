"""The kind of a document by its words, without a model."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from activities.extraction.lines import Line, plain, text_of
from workflows.extraction.presets import PRESETS

HEAD_LINES: Final = 6
"""The first lines of a document name its kind."""
HEAD_WEIGHT: Final = 4
SURE, UNSURE, UNKNOWN = Decimal("0.95"), Decimal("0.6"), Decimal("0.3")


class Kind(NamedTuple):
    """A preset, and how sure it is."""

    name: str
    confidence: Decimal
    model: str = ""


def kind_of(lines: Sequence[Line]) -> Kind:
    """The preset whose words the document has; `form` where it has none."""
    head, whole = plain(text_of(lines[:HEAD_LINES])), plain(text_of(lines))
    scores = {name: _score(template.words, head, whole) for name, template in PRESETS.items()}
    ranked = sorted(scores, key=lambda name: -scores[name])
    best, second = scores[ranked[0]], scores[ranked[1]]
    if best == 0:
        return Kind("form", UNKNOWN)
    return Kind(ranked[0], SURE if best >= 2 and best >= second + 2 else UNSURE)


def _score(words: Sequence[str], head: str, whole: str) -> int:
    found = 0
    for word in words:
        pattern = re.compile(rf"(?<!\w){re.escape(plain(word))}(?!\w)")
        found += HEAD_WEIGHT if pattern.search(head) else 1 if pattern.search(whole) else 0
    return found
