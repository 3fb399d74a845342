"""Rows that were pasted from a spreadsheet as text: cells between commas or semicolons, quoted as in CSV files."""

import csv
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_DELIMITERS: Final = (",", ";")
_LEAST_ROWS: Final = 2
_MOST_LINES_OF_CELL: Final = 12


class Sheet(NamedTuple):
    """Its cells, the first row being the header, and the number of lines that it takes."""

    rows: tuple[tuple[str, ...], ...]
    lines: int


def sheet_at(lines: Sequence[str], is_header: Callable[[Sequence[str]], bool]) -> Sheet | None:
    """The sheet that begins with the first line; None where that is no header.

    Args:
        lines: The text from the header on.
        is_header: Whether some names are those of the columns of a shot list.
    """
    for delimiter in _DELIMITERS:
        header = _row(lines, delimiter)
        if header and is_header(header[0]):
            return _read(lines, delimiter, len(header[0]))
    return None


def _read(lines: Sequence[str], delimiter: str, width: int) -> Sheet | None:
    rows: list[tuple[str, ...]] = []
    at = 0
    while at < len(lines) and lines[at].strip():
        found = _row(lines[at:], delimiter)
        if found is None or not width // 2 < len(found[0]) <= width:
            break
        rows.append(found[0])
        at += found[1]
    return Sheet(tuple(rows), at) if len(rows) > _LEAST_ROWS else None


def _row(lines: Sequence[str], delimiter: str) -> tuple[tuple[str, ...], int] | None:
    """The cells of the first row and the lines that it takes; None for a line without the delimiter."""
    if not lines or delimiter not in lines[0]:
        return None
    reader = csv.reader(
        [f"{line}\n" for line in lines[:_MOST_LINES_OF_CELL]], delimiter=delimiter, skipinitialspace=True
    )
    cells = next(reader, None)
    return (tuple(" ".join(cell.split()) for cell in cells), reader.line_num) if cells else None
