"""The text of a narration in readable parts of at most two lines, in any script.

Width is counted in columns, where a CJK character takes more than one, or in pixels of a font.
"""

import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from activities.finishing.captions.leaning import phrase_end
from activities.finishing.captions.line_breaks import LINE_COLUMNS, SPACES, atoms_of, width
from activities.finishing.captions.word_times import printable

_SENTENCE: Final = re.compile(r".+?(?:[.!?…।॥؟۔։။។]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[」』）”’】〉》］｣]*|$)", re.DOTALL)


_CLAUSE_END: Final = re.compile(r"(?:[,;:.!?…،؛।॥؟۔、，；：。！？]|\s[–—-]+)[\"'”’»)\]」』）]*$")
_CLAUSE_SHARE: Final = 0.3
"""Of a line or a part: so much longer or shorter may it be, to end with a clause."""
_PHRASE_SHARE: Final = 0.15
"""The same to end with a phrase; a line that ends inside one has to be so much more even."""


class Line(NamedTuple):
    """What fits into a line."""

    limit: float
    measure: Callable[[str], float]


COLUMNS: Final = Line(LINE_COLUMNS, width)


def split(text: str, line: Line = COLUMNS) -> list[str]:
    """Readable texts: whole sentences if they fit, otherwise parts of about equal length."""
    pieces: list[list[str]] = []
    for sentence in _SENTENCE.findall(SPACES.sub(" ", printable(text)).strip()):
        atoms = list(atoms_of(sentence.strip()))
        if not atoms:
            continue
        space = [" "] if sentence[0].isspace() else []  # none between Chinese or Japanese sentences
        if pieces and lines_of([*pieces[-1], *space, *atoms], line):
            pieces[-1] += [*space, *atoms]
        else:
            pieces += _parts(atoms, line)
    return ["\n".join(lines_of(piece, line) or ["".join(piece)]) for piece in pieces]


def halves(text: str) -> list[str]:
    """A text of `split` in two parts of about equal width, or as it is if it has no place to break."""
    atoms = list(atoms_of(unbroken(text)))
    parts = _even(atoms, 2, COLUMNS, clauses=True)
    return ["\n".join(lines_of(part, COLUMNS) or ["".join(part)]) for part in parts]


def unbroken(text: str) -> str:
    """The lines of a text as one line."""
    first, *rest = text.split("\n")
    for line in rest:
        # Where a line may break without a space, as in Chinese, there was none.
        joint = "" if len(list(atoms_of(first[-1:] + line[:1]))) > 1 else " "
        first += joint + line
    return first


def letters(text: str) -> list[int]:
    """The places of the characters that are not spaces: the same ones, however a text is broken into lines."""
    return [k for k, c in enumerate(text) if not c.isspace()]


def lines_of(atoms: Sequence[str], line: Line) -> list[str] | None:
    """One line, or two about as long, the first one to the end of a clause or a phrase if it can; None if they do not
    fit."""
    whole = "".join(atoms).strip()
    if line.measure(whole) <= line.limit:
        return [whole]
    best: tuple[float, list[str]] | None = None
    for cut in range(1, len(atoms)):
        pair = ["".join(atoms[:cut]).strip(), "".join(atoms[cut:]).strip()]
        longest = max(map(line.measure, pair))
        uneven = longest - line.limit * _gain(*pair)
        if all(pair) and longest <= line.limit and (best is None or uneven < best[0]):
            best = (uneven, pair)
    return best[1] if best else None


def _gain(before: str, after: str) -> float:
    """How much longer or shorter a line may be to break between these texts, as a share of a line."""
    if _CLAUSE_END.search(before):
        return _CLAUSE_SHARE
    return _PHRASE_SHARE * phrase_end(before, after)


def _parts(atoms: list[str], line: Line) -> list[list[str]]:
    """Split a sentence into the fewest parts that fit, all about as long, at the ends of clauses if they can."""
    for count in range(1, len(atoms) + 1):
        for clauses in (True, False):
            parts = _even(atoms, count, line, clauses=clauses)
            if all(lines_of(part, line) for part in parts):
                return parts
    return [[atom] for atom in atoms if not atom.isspace()]


def _even(atoms: list[str], count: int, line: Line, *, clauses: bool) -> list[list[str]]:
    """A text in parts about as long; with `clauses`, one may be longer or shorter to end with a clause."""
    ends = list(accumulate(map(line.measure, atoms)))
    share = ends[-1] / count
    parts: list[list[str]] = []
    begin = 0
    for number in range(1, count):
        places = [k for k in range(begin + 1, len(atoms)) if not atoms[k].isspace()]
        if not places:
            break

        def error(place: int, number: int = number) -> float:
            before, after = "".join(atoms[:place][-2:]).rstrip(), "".join(atoms[place : place + 1])
            spare = _gain(before, after) if clauses else 0.0
            return abs(ends[place - 1] - share * number) - share * spare

        cut = min(places, key=error)
        parts.append(atoms[begin:cut])
        begin = cut
    parts.append(atoms[begin:])
    trimmed = ("".join(part).strip() and part for part in parts)
    return [part for part in trimmed if part]
