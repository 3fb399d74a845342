"""Pictures within one sentence of an order, which get a line each.

"We need a film: first the oven, then the queue, and at last a child.", "It should cover: the oven and a queue."
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from activities.planning.structure import words as names
from activities.planning.structure.conjunctions import AND, EDGES, divided
from activities.planning.structure.labels import segments
from activities.planning.structure.notations.silence import asks_for_no_voice
from activities.planning.structure.orders.remarks import is_courtesy, names_film
from activities.planning.structure.orders.sentences import is_order, read, shown_in
from activities.planning.structure.quoted import asks_for_film, sentences_with_quotes
from activities.planning.structure.text import LEAD, QUOTED, has_words
from activities.planning.structure.vocabulary import dictation, places
from activities.planning.structure.vocabulary import sequences as words
from activities.text.patterns import Pattern, as_word

_BEGIN: Final = (
    r"(?:^|(?<=[,;:،؛，；：(–—-])|(?<=[,;:،؛，；：(–—-] )|(?<= and )|(?<= und )|(?<= et )|(?<= och )|(?<= e )|(?<= y ))"
)
_TURN: Final = Pattern(
    rf"{_BEGIN}(?P<word>(?P<first>{words.FIRST})|{words.NEXT}|(?P<last>{words.LAST}))(?![^\W\d_])"
    rf"|(?:^|(?<=\s))(?P<start>{words.STARTS})(?![^\W\d_])|(?:^|(?<=[,，、;；:：。\s]))"
    rf"(?P<wide>(?P<wide_first>{words.WIDE_FIRST})|{words.WIDE})",
    re.IGNORECASE,
)
"""Where the next picture of a sentence begins."""
_COVERS: Final = Pattern(rf"(?:^|[\s,;])(?:{words.COVERS})[^:：,;“”\"]{{0,30}}[:：]\s*(?=\S)", re.IGNORECASE)
_AT_END: Final = Pattern(rf"^\W*(?:{places.END})\s*[:：]", re.IGNORECASE)
_SIGN: Final = Pattern(
    rf"(?<![^\W\d_])(?:sign|poster|banner|schild|plakat|enseigne|pancarte|panneau|cartel|insegna|placa|bord|"
    rf"{names.SIGNS})"
    rf"(?![^\W\d_])|看板|招牌|간판|لافتة|साइनबोर्ड",
    re.IGNORECASE,
)
"""What is in the picture with its text; other texts at the end are cards."""
_COVERS_FIRST: Final = Pattern(rf"^\W*(?:{words.COVERS})\s+(?=\S)", re.IGNORECASE)
_SEEN: Final = Pattern(rf"^[\s,，、]*(?:{dictation.SEEN})(?![^\W\d_])\s*", re.IGNORECASE)
_REQUEST: Final = Pattern(as_word(dictation.REQUESTS), re.IGNORECASE)
_AND_LAST: Final = Pattern(rf"[\s,，、]+{AND}$", re.IGNORECASE)
_DETERMINED: Final = Pattern(rf"^(?:{words.DETERMINERS})(?![^\W\d_])", re.IGNORECASE)
_COLON: Final = re.compile(r":\s|：")
_STRUCTURED: Final = Pattern(
    rf"^{LEAD}(?:[^\W\d_]{{1,12}}\.?\s*)?(?:#|no\.?|nr\.?)?\s?\d{{1,3}}\s*[.):：–—|(\[-]|^\s*[-*•+–—]\s|\||\t|"
    r"^(?:INT|EXT)[. /]|^\s*[\[(（]?\d{1,2}:\d{2}",
    re.MULTILINE,
)
"""A list, a table, a shot list or a screenplay, whose own marks divide it."""
_RELATIVE: Final = Pattern(
    r"[\s,，、]+(?:where|in which|that|with|wo|in dem|das|mit|où|dans laquelle|avec|donde|en el que|con|dove|in cui|"
    r"onde|em que|com|waarin|met|gdzie|där|med|где|в котором)\s*$",
    re.IGNORECASE,
)
"""What leads from the film to its first picture: "a film where first …"."""
_AFTER: Final = re.compile(r"(?<=[^\W\d_]{3}[.!?])\s+|(?<=[\"”»“][.!?])\s+")
"""Before a sentence in small letters."""
_OBJECT: Final = re.compile(r"(?<=[가-힣])[을를]$|(?<=[\u3040-\u9fff])を$")
"""The mark of what a verb shows, where the verb is left out."""
SPOKEN: Final = ("voice", "speaker")
"""Of lines that belong to the shot above; the others are about the film."""
LEAST_PICTURES: Final = 2
LEAST_LISTED: Final = 3


@dataclass
class _Writer:
    """Writes the lines of a shot list."""

    lines: list[str] = field(default_factory=list)
    number: int = 0
    early: list[str] = field(default_factory=list)
    """What is said before the first picture."""

    def picture(self, text: str) -> None:
        self.number += 1
        self.lines.append(f"Shot {self.number}: {text[:1].upper()}{text[1:]}.")

    def read(self, unit: str, *, is_picture: bool) -> None:
        """Write what a sentence or a part of it is for."""
        if _AT_END.match(unit):
            self.lines.append(unit)
            return
        kind, found = segments(unit)[0].kind, read(unit)
        if kind and not (kind in SPOKEN and found.lines):
            (self.lines if self.number or kind not in SPOKEN else self.early).extend(
                [unit] if kind in SPOKEN else ["", unit]
            )
            return
        seen = found.text if found.purpose in ("seen", "said") else ""
        if found.purpose == "end" and is_picture and _SIGN.search(QUOTED.sub(" ", unit)):
            self.picture(_plain(unit))
        elif found.purpose == "end":
            text = found.text.replace("\n", " · ")
            self.lines.append(f"End card: “{text}”")
        elif found.lines or found.lettering:
            if has_words(seen):
                self.picture(seen.strip(EDGES))
            said = [f"{line.speaker or 'VO'}: “{line.text}”" for line in found.lines]
            if self.number:
                self.lines += said
            else:
                self.early += said
            self.lines += [f"Text: “{text}”" for text in found.lettering]
        elif is_picture or (found.purpose == "seen" and found.sure):
            self.picture(_plain(unit))
        elif found.purpose == "" and self.number and not is_courtesy(unit):
            self.lines.append(f"VO: “{unit}”")
        else:
            self.lines += ["", unit] if self.number else [unit]


def with_sequences(text: str) -> str:
    """The text of an order with a line for each picture, where a sentence has several in their order; any other text as
    it is."""
    if _STRUCTURED.search(text) or not (names_film(text) or _REQUEST.search(text)):
        return text
    is_silent = any(asks_for_no_voice(s) for line in text.splitlines() for s in sentences_with_quotes(line))
    units = [unit for line in text.splitlines() for unit in _units(line, is_silent=is_silent)]
    if sum(is_picture for _, is_picture in units) < LEAST_PICTURES:
        return text
    writer = _Writer()
    for unit, is_picture in units:
        writer.read(unit, is_picture=is_picture)
    return "\n".join((*writer.lines, "", *writer.early))


def _units(line: str, *, is_silent: bool) -> Iterator[tuple[str, bool]]:
    """The sentences of a line, and the pictures of those that have several; each with whether it is such a picture.

    Where nothing is said, sentences that begin with "first", "then" or "at last" are pictures, too.
    """
    if segments(line) and segments(line)[0].kind:
        yield line, False
        return
    for sentence in sentences_with_quotes(line):
        head, pictures = _in_order(sentence) or _listed(sentence) or ("", ())
        if not pictures:
            yield sentence, is_silent and _TURN.match(sentence) is not None
            continue
        if has_words(head):
            yield _RELATIVE.sub("", head.strip(EDGES)) + ".", False
        last, *after = _AFTER.split(pictures[-1])
        yield from ((each, True) for each in (*pictures[:-1], last))
        yield from ((each, False) for each in after)


def _in_order(sentence: str) -> tuple[str, Sequence[str]] | None:
    """What stands before the pictures of a sentence that "first", "then" and "at last" divide, and these."""
    turns = [*_TURN.finditer(QUOTED.sub(lambda quote: "_" * len(quote[0]), sentence))]
    if not turns:
        return None
    head = sentence[: turns[0].start()]
    is_first = turns[0]["first"] or turns[0]["start"] or turns[0]["wide_first"]
    shows = not is_first and (shown_in(head) is not None or _SEEN.match(head))
    if len(turns) + bool(shows) < LEAST_PICTURES:
        return None
    ends = [*(turn.start() for turn in turns[1:]), len(sentence)]
    pictures = [sentence[turn.start() : end] for turn, end in zip(turns, ends, strict=True)]
    if has_words(head) and not is_first and not is_order(head) and not names_film(head):
        head, pictures = "", [head, *pictures]
    pictures = [_AND_LAST.sub("", each.strip(EDGES)) for each in pictures]
    return (head, pictures) if all(map(has_words, pictures)) else None


def _listed(sentence: str) -> tuple[str, Sequence[str]] | None:
    """The same of a sentence whose verb introduces a list: "It should cover: boots, a hand and a bed."."""
    if QUOTED.search(sentence):
        return None
    if found := _COVERS.search(sentence):
        items, head = sentence[found.end() :], sentence[: found.start()]
        pictures = divided(items)
        return (head, pictures) if len(pictures) >= LEAST_PICTURES else None
    head, *rest = _COLON.split(sentence, maxsplit=1)
    items = "".join(rest)
    if items and (is_order(head) or asks_for_film(head)) and len(pictures := divided(items)) >= LEAST_LISTED:
        return (head, pictures) if 2 * _determined(pictures) >= len(pictures) else None
    verb = _COVERS_FIRST.match(sentence)
    seen = sentence[verb.end() :] if verb else shown_in(sentence)
    pictures = divided(seen) if seen else []
    return ("", pictures) if len(pictures) >= LEAST_LISTED and _determined(pictures) == len(pictures) else None


def _determined(pictures: Sequence[str]) -> int:
    """How many begin with an article or the like, as things that are seen; other parts of a list may be statements."""
    return sum(_DETERMINED.match(each) is not None for each in pictures)


def _plain(unit: str) -> str:
    """A picture without the word that orders it and without a verb of seeing."""
    seen = shown_in(unit)
    if seen is None:
        turn = _TURN.match(unit)
        seen = _SEEN.sub("", unit[turn.end() :] if turn else unit)
    rest = seen.strip(EDGES)
    turn = _TURN.match(rest)
    rest = rest[turn.end() :].strip(EDGES) if turn and has_words(rest[turn.end() :]) else rest
    return _OBJECT.sub("", rest)
