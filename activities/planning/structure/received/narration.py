"""What is said, after a label within a line and without quotation marks: "The hall fills. Narration: Tonight we …"."""

import re
from typing import Final

from activities.planning.structure.labels import segments
from activities.planning.structure.orders.lengths import named_lengths
from activities.planning.structure.orders.remarks import is_aside, is_remark, is_setting
from activities.planning.structure.orders.sentences import end_text, is_order
from activities.planning.structure.vocabulary import voices
from activities.text.patterns import Pattern
from activities.text.speech import sentences

_LABEL: Final = Pattern(
    rf"(?<=[.!?…])[ \t]+(?P<label>{voices.READER})[ \t]*:[ \t]*(?P<said>[^\s:“„«»「」\"‘][^\n“„«»「」\"]*)$",
    re.IGNORECASE | re.MULTILINE,
)


def with_quoted_narration(text: str) -> str:
    """The text with quotation marks around what the only such label introduces, up to an order or a remark about the
    film."""
    found = _LABEL.search(text)
    if not found or any(segment.kind for segment in segments(found["said"])):
        return text
    return _LABEL.sub(_quoted, text) if len(_LABEL.findall(text)) == 1 else text


def _quoted(match: re.Match[str]) -> str:
    said, after = [*sentences(match["said"])], list[str]()
    while len(said) > 1 and any(map(_is_about_film, said[1:])):
        after.insert(0, said.pop())
    return " ".join((f" {match['label']}: “{' '.join(said)}”", *after))


def _is_about_film(sentence: str) -> bool:
    return (
        is_aside(sentence)
        or is_setting(sentence)
        or is_remark(sentence)
        or is_order(sentence)
        or bool(named_lengths(sentence))
        or bool(end_text(sentence))
    )
