"""Tables whose columns only spaces divide, as they are copied from a document: they become tables with pipes.

"镜号  景别  画面  台词  时长", and below each name its cells.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

_GAP: Final = re.compile(r"\s{2,}|\u3000+")
_RULE: Final = re.compile(r"[\s=_–—-]+")
LEAST_COLUMNS: Final = 3
LEAST_ROWS: Final = 2

Row = tuple[str, ...]


def with_pipes(text: str, is_header: Callable[[Sequence[str]], bool]) -> str:
    """The text with pipes between the cells of such tables.

    Args:
        is_header: Whether some names are those of the columns of a shot list.
    """
    lines = text.splitlines()
    made, k = list[str](), 0
    while k < len(lines):
        table, after = _table_at(lines, k, is_header)
        made += table or lines[k : k + 1]
        k = after if table else k + 1
    return "\n".join(made)


def _table_at(lines: Sequence[str], k: int, is_header: Callable[[Sequence[str]], bool]) -> tuple[list[str], int]:
    """The table that begins at a line, with pipes, and the number of the line after it; no lines without a table."""
    line = lines[k]
    if "|" in line or "\t" in line.strip():
        return [], k
    header, is_wide = _cells(line), True
    words = tuple(line.split())
    if len(header) < LEAST_COLUMNS <= len(words) and all(is_header((word, word)) for word in words):
        header, is_wide = words, False
    if len(header) < LEAST_COLUMNS or not is_header(header):
        return [], k
    rows, at = list[Row](), k + 1
    while at < len(lines):
        if not lines[at].strip() or _RULE.fullmatch(lines[at]):
            at += 1
            continue
        row = _row(lines[at], line, header, is_wide=is_wide)
        if row is None:
            break
        if rows and not row[0]:
            rows[-1] = tuple(f"{a} {b}".strip() for a, b in zip(rows[-1], row, strict=True))
        else:
            rows.append(row)
        at += 1
    if len(rows) < LEAST_ROWS:
        return [], k
    return [_piped(header), _piped(("---",) * len(header)), *map(_piped, rows), ""], at


def _cells(line: str) -> Row:
    return tuple(cell for cell in _GAP.split(line.strip()) if cell)


def _row(line: str, header_line: str, header: Row, *, is_wide: bool) -> Row | None:
    """The cells of a line below a header; None where it has other columns."""
    cells = _cells(line) if is_wide else tuple(line.split())
    if len(cells) == len(header) or "|" in line:
        return cells if "|" not in line else None
    if not is_wide or not 1 < len(cells) < len(header) + 1:
        return None
    starts = [_width(header_line[:m]) for m in _starts(header_line, header)]
    placed = [""] * len(header)
    at = 0
    for cell in cells:
        at = line.index(cell, at)
        column = max((k for k, start in enumerate(starts) if start <= _width(line[:at]) + 1), default=0)
        placed[column] = f"{placed[column]} {cell}".strip()
        at += len(cell)
    return tuple(placed)


def _starts(line: str, cells: Row) -> list[int]:
    """Where each cell begins in its line."""
    found, at = list[int](), 0
    for cell in cells:
        at = line.index(cell, at)
        found.append(at)
        at += len(cell)
    return found


def _width(text: str) -> int:
    """The columns that a text takes in a font of one width."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _piped(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
