"""A document as lines of cells, each with its page and, where it is known, its place there."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from workflows.references.analysis import Part

Box = tuple[float, ...]
"""Left, top, right and bottom as parts of the page; empty where it is unknown."""
_GAP: Final = re.compile(r"\t|\s{3,}|\s*\|\s*")


@dataclass(frozen=True)
class Cell:
    """A piece of a line."""

    text: str
    box: Box = ()


@dataclass(frozen=True)
class Line:
    """A line of a page, or a row of a table.

    Attributes:
        row: Whether it is a row of a table, whose empty cells count.
        read_by: provider/model that read it in a picture; empty for this machine.
    """

    page: int | None
    cells: tuple[Cell, ...]
    row: bool = False
    read_by: str = ""

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells if cell.text)


def lines_of(layout: Mapping[str, Any] | None, parts: Sequence[Part]) -> list[Line]:
    """The lines of a document: of a PDF by its layout, of its scanned pages and of other files by what was read."""
    found = [_laid_out(each) for each in layout["lines"]] if layout else []
    laid_out = {line.page for line in found}
    for part in parts:
        if part.kind not in ("text", "table") or (layout and not part.read_by and part.page in laid_out):
            continue
        found += _rows(part) if part.kind == "table" else _texts(part)
    return sorted(found, key=lambda line: line.page or 0)


def _laid_out(line: Mapping[str, Any]) -> Line:
    return Line(line["page"], tuple(Cell(str(c[0]), tuple(float(edge) for edge in c[1:])) for c in line["cells"]))


def _rows(part: Part) -> Iterator[Line]:
    for row in csv.reader(io.StringIO(part.text)):
        yield Line(part.page, tuple(Cell(" ".join(cell.split())) for cell in row), row=True, read_by=part.read_by)


def _texts(part: Part) -> Iterator[Line]:
    for line in part.text.split("\n"):
        cells = tuple(Cell(" ".join(cell.split())) for cell in _GAP.split(line.strip().strip("|")) if cell.strip())
        if cells:
            yield Line(part.page, cells, read_by=part.read_by)


def text_of(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines)


def plain(text: str) -> str:
    """For comparing words: one case, one kind of spaces, quotes and dashes, and nothing between them."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("−", "-").replace("–", "-")
    return " ".join(folded.split())


class Words:
    """Finds the words of a document."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = [(line, plain(line.text)) for line in lines]
        self._whole = plain(text_of(lines))

    def find(self, quote: str, page: int | None = None) -> Line | None:
        """The line with these words, on that page first; None where they are in several lines, or in none."""
        wanted = plain(quote)
        if not wanted:
            return None
        holding = [line for line, text in self._lines if _holds(text, wanted)]
        return next((line for line in holding if line.page == page), next(iter(holding), None))

    def has(self, quote: str) -> bool:
        """Whether the document has these words, also over the end of a line."""
        wanted = plain(quote)
        return bool(wanted) and _holds(self._whole, wanted)


def _holds(text: str, wanted: str) -> bool:
    """Whether a text has these words as a whole: 49 is not in 490, nor in 1.49."""
    at = text.find(wanted)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(wanted) : at + len(wanted) + 2]
        inside = before.isalnum() and wanted[0].isalnum()
        inside |= before in (".", ",") and before != "" and wanted[0].isdigit() and text[at - 2 : at - 1].isdigit()
        inside |= after[:1].isalnum() and wanted[-1].isalnum()
        inside |= after[:1] in (".", ",") and after[1:].isdigit() and wanted[-1].isdigit()
        if not inside:
            return True
        at = text.find(wanted, at + 1)
    return False


def box_of(line: Line, quote: str) -> Box:
    """The place of the cells of a line that hold these words."""
    wanted = plain(quote)
    cells = [
        c for c in line.cells if c.box and (wanted in plain(c.text) or (plain(c.text) and plain(c.text) in wanted))
    ]
    exact = [c for c in cells if wanted in plain(c.text)]
    boxes = [c.box for c in (exact[:1] or cells)]
    if not boxes:
        return ()
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
