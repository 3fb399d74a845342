"""Tables as CSV, which keeps rows and cells and is shorter than markup."""

import csv
import io
from collections.abc import Iterator, Sequence

from workflows.references.parts import MAX_PART_CHARS


def csv_of(rows: Sequence[Sequence[str]]) -> str:
    """The rows as CSV with commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().strip("\n")


def divided(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table as one or more CSV texts of at most MAX_PART_CHARS; each begins with the first row."""
    header = csv_of(rows[:1])[: MAX_PART_CHARS // 2]
    piece, size = [header], len(header)
    for row in rows[1:]:
        line = csv_of([row])[: MAX_PART_CHARS // 2]
        if size + len(line) + 1 > MAX_PART_CHARS:
            yield "\n".join(piece)
            piece, size = [header], len(header)
        piece.append(line)
        size += len(line) + 1
    yield "\n".join(piece)
