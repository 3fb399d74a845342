"""The word error rate: how far spoken words are from those of a text. Pure.

Punctuation, case and accents of stress do not count. Scripts without spaces are compared by characters.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

MAX_WORDS: Final = 3_000
"""Of a text; the comparison takes about a second for so many."""
_EDIT: Final = MAX_WORDS + 1
_MISS: Final = _EDIT + 1
_WORD: Final = re.compile(r"[\w'’]+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese."""


class WordErrors(NamedTuple):
    """Of a recording against its text: the rate from 0, and the first words of the text that were not heard."""

    rate: float
    missed: tuple[str, ...]


def words_of(text: str) -> list[str]:
    """The words in lower case without punctuation; of scripts without spaces the characters."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    found: list[str] = []
    for word in _WORD.findall(plain):
        bare = word.strip("'_")
        found += [c for c in bare if c.isalnum()] if _UNSPACED.search(bare) else [bare] if bare else []
    return found[:MAX_WORDS]


def word_errors(text: str, heard: str) -> WordErrors:
    """Insertions, deletions and substitutions, divided by the words of the text (Levenshtein)."""
    wanted, said = words_of(text), words_of(heard)
    if not wanted:
        return WordErrors(0.0 if not said else 1.0, ())
    table = _distances(wanted, said)
    return WordErrors(table[-1][-1] // _EDIT / len(wanted), _missed(wanted, said, table))


def _distances(wanted: Sequence[str], said: Sequence[str]) -> list[list[int]]:
    """The costs of all beginnings: _EDIT for each edit and one for each missed word, so that of equally many edits
    those count that leave the most words in their place."""
    rows = [[number * _EDIT for number in range(len(said) + 1)]]
    for number, word in enumerate(wanted, start=1):
        row, before = [number * _MISS], rows[-1]
        for at, other in enumerate(said, start=1):
            row.append(min(before[at] + _MISS, row[at - 1] + _EDIT, before[at - 1] + _MISS * (word != other)))
        rows.append(row)
    return rows


def _missed(wanted: Sequence[str], said: Sequence[str], table: list[list[int]]) -> tuple[str, ...]:
    """The words of the text that were left out or replaced, in their order, at most five."""
    i, j, missed = len(wanted), len(said), []
    while i:
        here = table[i][j]
        if j and here == table[i - 1][j - 1] + _MISS * (wanted[i - 1] != said[j - 1]):
            if wanted[i - 1] != said[j - 1]:
                missed.append(wanted[i - 1])
            i, j = i - 1, j - 1
        elif here == table[i - 1][j] + _MISS:
            missed.append(wanted[i - 1])
            i -= 1
        else:
            j -= 1
    return tuple(reversed(missed))[:5]
