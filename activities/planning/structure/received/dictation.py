"""Dictated text without full stops: words such as "then" and "at the end" separate its pictures.

"i want a film about our bakery first we see the oven then the queue and the voice says fresh since 1962"
"""

import re
from collections.abc import Iterator
from typing import Final

from activities.planning.structure.orders.remarks import PLEASE, is_courtesy, names_film
from activities.planning.structure.text import QUOTED
from activities.planning.structure.vocabulary import dictation as words
from activities.planning.structure.vocabulary.sounds import names_music
from activities.text.patterns import Pattern, as_word
from activities.text.speech import is_wide

_MARKS: Final = Pattern(r"[.!?;:。！？；：।](?=\s|$|[^\W\d_])")
_TURN: Final = Pattern(
    rf"(?P<silent>{as_word(words.SILENT)})|(?P<speaks>{as_word(words.SPEAKS)})|"
    rf"(?P<then>{as_word(words.THEN)}(?! (?:to the|aid|class|prize|floor|time|thing))|{words.THEN_WIDE})|"
    rf"(?P<reads>{as_word(words.READS)})",
    re.IGNORECASE,
)
"""Where the next thing begins that is seen, said or read."""
_SENTENCE: Final = Pattern(r"(?<=[.!?])\s+")
_SEEN: Final = Pattern(rf"^[\s,，、]*(?:{words.SEEN})(?![^\W\d_])\s*", re.IGNORECASE)
_PLEASE: Final = Pattern(rf"[\s,]+(?:(?:and|und|et|y|e|en|i|и|och|og)\s+)?(?:{PLEASE})(?![^\W\d_])\s*", re.IGNORECASE)
_REQUEST: Final = Pattern(as_word(words.REQUESTS), re.IGNORECASE)
LEAST_WORDS: Final = 18
LEAST_SIGNS: Final = 30
"""Of a text in a script without spaces between its words."""
LEAST_SHOTS: Final = 2
MOST_LINES: Final = 3
_QUOTES: Final = ' :：,"“”„«»「」'
HEAD_WORDS: Final = 3
FILM_WORDS: Final = 12
"""Of what only names the film; a longer head shows something as well."""


def with_dictated_shots(text: str) -> str:
    """The text, where it is dictated, with a line for each shot, line and text that it has; any other text as it is."""
    whole = " ".join(text.split())
    if len([line for line in text.splitlines() if line.strip()]) > MOST_LINES:
        return text
    if not _is_dictated(whole):
        return text
    made = list(_lines(whole))
    return "\n".join(made) if sum(line.startswith("Shot ") for line in made) >= LEAST_SHOTS else text


def _is_dictated(text: str) -> bool:
    """Whether a text is long, orders something and has no full stop or colon but at its end, and no quotation."""
    is_long = len(text.split()) >= LEAST_WORDS or sum(map(is_wide, text)) >= LEAST_SIGNS
    if not is_long or not (_REQUEST.search(text) or names_film(text)):
        return False
    return not (QUOTED.search(text) or _MARKS.search(text[:-1]))


def _lines(text: str) -> Iterator[str]:
    """The lines of the shots, in their order."""
    turns = list(_TURN.finditer(text))
    number = 0
    head = _first_picture(text[: turns[0].start()] if turns else text)
    if head:
        number += 1
        yield f"Shot {number}: {head}"
    ends = [*(turn.start() for turn in turns[1:]), len(text)]
    for turn, end in zip(turns, ends, strict=False):
        said, *asked = _PLEASE.split(_without_thanks(text[turn.end() : end]).strip(" ,，、.。"))
        if turn["silent"]:
            yield f"{turn[0].strip().capitalize()}{f', {said}' if said else ''}."
        elif not said:
            pass
        elif turn["speaks"]:
            yield f"VO: “{_sentence(said.strip(_QUOTES).rstrip('.'))}.”"
        elif turn["reads"]:
            yield f"End card: “{_sentence(said.strip(_QUOTES))}”"
        else:
            number += 1
            yield f"Shot {number}: {_SEEN.sub('', said)}"
        for each in filter(str.strip, asked):
            yield f"\nMusic: {each}." if names_music(each) else f"\n{_sentence(each)}."


def _without_thanks(text: str) -> str:
    return " ".join(each for each in _SENTENCE.split(text) if not is_courtesy(each))


def _first_picture(head: str) -> str:
    """The picture that stands before the first "then": what is asked for, where that is not the film itself."""
    found = _REQUEST.search(head)
    rest = head[found.end() :].strip(" ,，、") if found else ""
    is_film = names_film(rest) and len(rest.split()) <= FILM_WORDS
    return rest if len(rest.split()) >= HEAD_WORDS and not is_film else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
