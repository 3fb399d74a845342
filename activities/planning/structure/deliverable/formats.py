"""The forms in which a brief orders its film in words: shapes, destinations, subtitles in the picture."""

import re
from typing import Final, NamedTuple, get_args

from activities.planning.structure.conjunctions import AND, AND_WIDE
from activities.planning.structure.deliverable.cards import asked_destinations, names_only_destinations
from activities.planning.structure.orders import words as orders
from activities.planning.structure.orders.remarks import PLEASE, names_film
from activities.planning.structure.orders.sentences import ORDER_FIRST
from activities.planning.structure.text import QUOTED, has_words, western_digits
from activities.planning.structure.vocabulary import formats as words
from activities.planning.structure.vocabulary.pictures import PICTURE
from activities.text.patterns import LETTER, Pattern, as_word
from workflows.base import Aspect

ASPECTS: Final = get_args(Aspect)
_NUMBERS: Final = r"(?<![\d:.])\d{1,2}(?:[.,]\d{1,2})?\s?[:：x×/]\s?\d{1,2}(?![\d:：])"
_SHAPES: Final = {"9:16": words.VERTICAL, "1:1": words.SQUARE, "16:9": words.HORIZONTAL}
_NAMED: Final = Pattern(rf"{_NUMBERS}|{as_word('|'.join(_SHAPES.values()))}", re.IGNORECASE)
_AND: Final = rf"(?:{AND}|as well as|plus|sowie|ainsi que)"
_BETWEEN: Final = Pattern(
    rf"\s*(?:\([^()\n]{{0,30}}\)\s*)?(?:[,;/&+、，・]|{as_word(_AND)}|ו|{AND_WIDE}|와|과)+"
    rf"\s*(?:{_AND}\s+)?(?:(?:in|as|an?|als|ein\w{{0,2}}|une?|una?|uma?|el|la|le|il|en)\s+){{0,2}}$",
    re.IGNORECASE,
)
"""Between two of a row."""
_LED: Final = Pattern(
    r"(?:^|[,;:(（、，]|(?<![^\W\d_])(?:in|for|as|für|als|en|au|aux|pour|para|per|em|no|w|i|på|в|у|に|で))\W*$",
    re.IGNORECASE,
)
_CLOSED: Final = Pattern(r"^\s*(?:$|[,;.!)）、，。])")
_NO_PICTURE: Final = Pattern(words.ONLY_SHAPES, re.IGNORECASE)
_VERSION: Final = Pattern(as_word(words.VERSION), re.IGNORECASE)
_ORDERS: Final = Pattern(as_word(f"{words.VERSION}|{words.DELIVER}"), re.IGNORECASE)
_AFTER: Final = Pattern(rf"^\W*(?:{words.VERSION})(?!{LETTER})", re.IGNORECASE)
_BEFORE: Final = Pattern(rf"{as_word(words.VERSION)}\W*$", re.IGNORECASE)
_FILM: Final = f"(?:{orders.MEDIUM})(?!{LETTER})|{orders.MEDIUM_ANYWHERE}"
_FILM_BESIDE: Final = Pattern(
    rf"(?<![^\W\d_])(?:{orders.MEDIUM})[\s-]*“shape”|“shape”[\s-]*(?:\d+[\s-]*\w+[\s-]+)?(?:{_FILM})", re.IGNORECASE
)
_PICTURE_BESIDE: Final = Pattern(
    rf"(?<![^\W\d_])(?:{PICTURE})[\s-]*“shape”|“shape”[\s-]*(?:{PICTURE})(?!{LETTER})", re.IGNORECASE
)
HEAD_WORDS: Final = 6
"""In front of a shape at the begin of a brief: "Design brief: square picture"."""
_SENTENCE: Final = Pattern(r"(?<=[.!?。！？])\s+|\n|(?<=[。！？])")
_BURNED: Final = Pattern(
    rf"{as_word(words.BURNED)}[^.!?\n]{{0,40}}?{as_word(words.CAPTIONS)}"
    rf"|{as_word(words.CAPTIONS)}[^.!?\n]{{0,40}}?{as_word(words.BURNED)}|{as_word(words.OPEN_CAPTIONS)}",
    re.IGNORECASE,
)
_CAPTIONS: Final = Pattern(as_word(words.CAPTIONS), re.IGNORECASE)
_LABEL: Final = Pattern(r"[^:：]{1,60}[:：](?=\s|$)")
"""What a line begins with, such as "Shot 3:", whose sentence is seen."""
_NEGATED: Final = Pattern(
    r"(?<![^\W\d_])(?:no|not|never|don['’]t|without|kein\w*|nicht|ohne|pas|sans|sin|no|senza|non|sem|não|geen|niet|"
    r"zonder|bez|nie|inga|inte|ingen|ikke|uden|uten|ei|ilman|без|не|χωρίς|بدون|ללא|不要|无|無|なし|없이)(?![^\W\d_])",
    re.IGNORECASE,
)
_ASKED: Final = Pattern(
    as_word(rf"{PLEASE}|oh|and|also|make it|it should be|und|auch|et|aussi|y|también|e|anche|também|en|ook|och|också|и")
    + "|请|請|にして|お願い|で|로|부탁",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(r"[,;:.!?()。！？、，；：–—]")
MOST_WORDS: Final = 16
"""In a sentence that is nothing but an order of a delivery."""


class Formats(NamedTuple):
    """The forms in which a brief orders its film.

    Attributes:
        aspects: The shapes of its picture, in the order of the brief.
        unknown: Shapes that no film has.
        burned_captions: Whether subtitles are in the picture.
        destinations: Where it is published.
        problems: A warning for each destination that does not take a film of this length.
    """

    aspects: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    burned_captions: bool = False
    destinations: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def renditions(self, aspect: str) -> tuple[str, ...]:
        """The destinations and the shapes next to a film of this aspect."""
        return (*self.destinations, *(each for each in self.aspects if each != aspect))


def asked_formats(text: str, seconds: float) -> Formats:
    """The forms that the sentences of a brief order for a film of this length; what is quoted orders nothing."""
    aspects, burned = list[str](), False
    for sentence in _sentences(text):
        aspects += _aspects(sentence)
        burned = burned or _asks_for_burned(sentence)
    named = tuple(dict.fromkeys(aspects))
    known = tuple(each for each in named if each in ASPECTS)
    unknown = tuple(each for each in named if each not in ASPECTS)
    return Formats(known, unknown, burned, *asked_destinations(text, seconds))


def asked_shapes(text: str) -> tuple[str, ...]:
    """The aspects that a brief orders for its pictures, of those that there are."""
    found = dict.fromkeys(each for sentence in _sentences(text) for each in _aspects(sentence, pictures=True))
    return tuple(each for each in found if each in ASPECTS)


def without_deliveries(text: str) -> str:
    """The text without the sentences that only order a delivery; its first sentence stays."""
    first, kept = True, list[str]()
    for line in text.splitlines():
        said = _SENTENCE.split(line)
        rest = [each for k, each in enumerate(said) if (first and not k) or not _only_orders(each)]
        first = first and not line.strip()
        if rest or not line.strip():
            kept.append(line if len(rest) == len(said) else " ".join(rest))
    return "\n".join(kept)


def _only_orders(sentence: str) -> bool:
    """Whether a sentence says nothing else: few words, and nothing that is quoted or labelled."""
    label = _LABEL.match(sentence)
    if len(sentence.split()) > MOST_WORDS or QUOTED.search(sentence) or "|" in sentence:
        return False
    if label and not (_ORDERS.search(label[0]) or _CAPTIONS.search(label[0])):
        return False
    if _asks_for_burned(sentence) or names_only_destinations(sentence):
        return True
    only_shape = _is_asked(_NAMED.sub(" ", sentence), "")
    return (only_shape or _ORDERS.search(sentence) is not None) and bool(_aspects(sentence))


def _sentences(text: str) -> list[str]:
    plain = QUOTED.sub(" “” ", western_digits(text))
    return [each for each in _SENTENCE.split(plain) if each.strip()]


def _asks_for_burned(sentence: str) -> bool:
    found = _BURNED.search(sentence)
    return bool(found) and not _NEGATED.search(sentence)


def _aspects(sentence: str, *, pictures: bool = False) -> list[str]:
    """The aspects that a sentence orders: several in a row, or one next to a word for a version of the film."""
    rows = list[list[re.Match[str]]]()
    for match in _NAMED.finditer(sentence):
        if rows and _BETWEEN.fullmatch(sentence[rows[-1][-1].end() : match.start()]):
            rows[-1].append(match)
        else:
            rows.append([match])
    return [
        _name(match[0])
        for row in rows
        if _is_ordered(sentence, row, pictures=pictures)
        for match in row
        if _is_shape(match[0])
    ]


def _is_ordered(sentence: str, row: list[re.Match[str]], *, pictures: bool) -> bool:
    before, after = sentence[: row[0].start()], sentence[row[-1].end() :]
    if _AFTER.match(after) or _BEFORE.search(before) or _is_asked(before, after) or _is_alone(before, row[0][0], after):
        return True
    beside = f"{before}“shape”{after}"
    if _FILM_BESIDE.search(beside) or (pictures and _PICTURE_BESIDE.search(beside)):
        return ORDER_FIRST.search(sentence) is not None or len(before.split()) <= HEAD_WORDS
    if len(row) > 1 or row[0][0][0].isdigit():
        leads = _LED.search(before) and (len(row) > 1 or _CLOSED.match(after))
        is_number = any(match[0][0].isdigit() for match in row)
        return _ORDERS.search(sentence) is not None or bool(leads and is_number)
    return False


def _is_asked(before: str, after: str) -> bool:
    """Whether the clause around a shape has nothing but words of a request: "…, vertical please"."""
    clause = f"{_CLAUSE_END.split(before)[-1]} {_CLAUSE_END.split(after)[0]}"
    return _ASKED.search(clause) is not None and not has_words(_ASKED.sub(" ", clause))


def _is_alone(before: str, shape: str, after: str) -> bool:
    """Whether a shape that is no picture is a clause of a sentence about the film, or all of a sentence: "竖屏。"."""
    if not _NO_PICTURE.fullmatch(shape) or has_words(f"{_CLAUSE_END.split(before)[-1]}{_CLAUSE_END.split(after)[0]}"):
        return False
    return names_film(before + after) or not has_words(before + after)


def _is_shape(text: str) -> bool:
    """Whether a text is a shape of pictures, and no time or score."""
    return not text[0].isdigit() or _name(text) in ASPECTS or bool(re.search(r"\d[.,]\d+\s?[:：x×]", text))


def _name(text: str) -> str:
    if text[0].isdigit():
        return re.sub(r"\s?[:：x×/]\s?", ":", text).replace(",", ".")
    return next(aspect for aspect, pattern in _SHAPES.items() if re.fullmatch(pattern, text, re.IGNORECASE))
