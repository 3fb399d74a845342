"""Rows of a shot list with pipes between their cells and no names of columns: they become the heads of shots.

"01 | WS | Mountain ridge at dawn | VO: “…”" becomes "Shot 1: WS – Mountain ridge at dawn. VO: “…”".
"""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure.labels import FRAMING, segments
from activities.planning.structure.notations.silence import without_no_voice
from activities.planning.structure.text import LENGTH

LEAST_CELLS: Final = 3
LEAST_ROWS: Final = 2
_NUMBER: Final = re.compile(r"\W*(?:[^\W\d_]{1,12}\W{0,2})?(\d{1,3})\W*")
_SAID: Final = re.compile(r"[.!?…。！？]\W*$|[“”„«»「」\"]")
_EMPTY: Final = re.compile(r"\W*")


def with_heads(text: str) -> str:
    """The text with a head for each of such rows."""
    lines = text.splitlines()
    made, k = list[str](), 0
    while k < len(lines):
        rows = _rows_from(lines, k)
        framed = sum(FRAMING.match(row[1]) is not None for row in rows) * 2 >= len(rows)
        made += [_head(row, framed=framed) for row in rows] or [lines[k]]
        k += len(rows) or 1
    return "\n".join(made)


def _rows_from(lines: Sequence[str], k: int) -> list[list[str]]:
    """The cells of the rows from a line on that are numbered from 1; none where they are too few or another table."""
    rows = list[list[str]]()
    for line in lines[k:]:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        number = _NUMBER.fullmatch(cells[0]) if len(cells) >= LEAST_CELLS else None
        if not number or int(number[1]) != len(rows) + 1:
            break
        rows.append(cells)
    return rows if len(rows) >= LEAST_ROWS and (not k or "|" not in lines[k - 1]) else []


def _head(cells: Sequence[str], *, framed: bool) -> str:
    """A row as the head of a shot. Of its cells without a label, the first is seen; others that are sentences are
    said."""
    number, *rest = cells
    framing = f"{rest.pop(0)} – " if framed else ""
    seen, labelled, length = list[str](), list[str](), ""
    for cell in rest:
        if _EMPTY.fullmatch(without_no_voice(cell)):
            continue
        if LENGTH.fullmatch(cell):
            length = f" ({cell.strip('()[] ')})"
        elif segments(cell)[0].kind:
            labelled.append(cell)
        elif seen and _SAID.search(cell):
            labelled.append(f"VO: {cell}")
        else:
            seen.append(cell)
    return " ".join((f"Shot {int(re.sub(r'[^0-9]', '', number))}{length}: {framing}{', '.join(seen)}.", *labelled))
