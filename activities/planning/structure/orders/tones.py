"""Fragments about the film next to its order, its length or its format: "Local, honest, a bit funny.", "Warm."."""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure.conjunctions import COMMA, divided
from activities.planning.structure.labels import segments
from activities.planning.structure.orders.remarks import (
    CLAUSE,
    is_absence,
    is_courtesy,
    is_remark,
    is_setting,
    names_length,
)
from activities.planning.structure.orders.sentences import end_text, is_order, read
from activities.planning.structure.quoted import asks_for_film, sentences_with_quotes
from activities.planning.structure.text import LEAD, QUOTED
from activities.text.patterns import Pattern
from activities.text.speech import is_wide

_MARKED: Final = Pattern(
    rf"^\s*(?:[-*+•#|>]|\d{{1,3}}[.):]|[^\W\d_]{{1,12}} \d{{1,2}}\b)|\||\t|^{LEAD}[^\W\d_][^.!?]{{0,40}}[:：]"
)
"""A line that its own marks divide, or with a label."""
_COMMA: Final = Pattern(COMMA)
MOST_WORDS: Final = 8
MOST_CLAUSE_WORDS: Final = 3
MOST_PAIR_WORDS: Final = 2
"""Of what follows one word: "Emotional but not cheesy."."""
CHARS_OF_WORD: Final = 2
"""In scripts without spaces."""


def tones(found: Sequence[str]) -> list[str]:
    """The sentences that only say what the film is like: fragments of one word, or of several short clauses, next to a
    sentence about the film. There are none where nothing else would be left."""
    about = [is_order(s) or asks_for_film(s) or names_length(s) or is_setting(s) or is_remark(s) for s in found]
    fragments = [not film and _is_fragment(s) for s, film in zip(found, about, strict=True)]
    next_to = list(about)
    for order in (range(len(found)), reversed(range(len(found)))):
        before = False
        for k in order:
            next_to[k] = next_to[k] or (before and fragments[k])
            before = next_to[k]
    made = [s for s, fragment, near in zip(found, fragments, next_to, strict=True) if fragment and near]
    return made if len(made) + sum(about) < len(found) else []


def without_tones(text: str) -> str:
    """The text without such fragments, where a paragraph of it has more than these."""
    return "\n".join(map(_without, text.split("\n")))


def tones_in(text: str) -> list[str]:
    """The fragments that `without_tones` leaves out."""
    return [tone for line in text.split("\n") for tone in tones(_sentences(line))]


def _without(line: str) -> str:
    found = _sentences(line)
    left_out = tones(found)
    return " ".join(s for s in found if s not in left_out) if left_out else line


def _sentences(line: str) -> list[str]:
    return sentences_with_quotes(line) if not _MARKED.search(line) else []


def _is_fragment(sentence: str) -> bool:
    words = sentence.split()
    ends = sentence.rstrip()[-1:] in (".", "。", "।") or sentence.rstrip()[-1:].isalpha()
    if not ends or len(words) > MOST_WORDS or QUOTED.search(sentence) or any(map(str.isdigit, sentence)):
        return False
    if is_courtesy(sentence) or segments(sentence)[0].kind or re.search("[:：]", sentence):
        return False
    if read(sentence).purpose or end_text(sentence):
        return False
    counts = [_count(clause) for clause in divided(sentence)]
    is_list = len(counts) > 1 and _COMMA.search(sentence) and max(counts) <= MOST_CLAUSE_WORDS
    parts = [_count(clause) for clause in CLAUSE.split(sentence.strip(" .。।"))]
    is_pair = len(parts) > 1 and parts[0] == 1 and max(parts) <= MOST_PAIR_WORDS
    return max(counts) == 1 or bool(is_list) or is_pair or (len(words) <= MOST_CLAUSE_WORDS and is_absence(sentence))


def _count(clause: str) -> int:
    """The words of a clause."""
    wide = sum(map(is_wide, clause))
    return -(-wide // CHARS_OF_WORD) if wide else len(clause.split())
