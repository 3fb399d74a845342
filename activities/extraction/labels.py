"""Fields by their labels and tables, without a model: "Total: 119.00 EUR", and tables with known column heads.

It reads what has a label, in the languages of the presets. It does not understand sentences.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from activities.extraction.found import SEVERAL, Found
from activities.extraction.lines import Cell, Line, plain
from workflows.extraction.review import typed
from workflows.extraction.schema import FieldSpec
from workflows.extraction.values import NUMBER, Ambiguous, Notation

LABELLED: Final = Decimal("0.95")
FOLLOWED: Final = Decimal("0.9")
"""A label and a value in one piece of text, without a colon."""
BELOW: Final = Decimal("0.85")
TITLE: Final = Decimal("0.82")
MAX_ROWS: Final = 500
_PERCENT: Final = re.compile(r"\(?\s*(\d{1,2}(?:[.,]\d{1,2})?)\s*%\s*\)?")
_ENDS: Final = frozenset({"subtotal", "tax", "total", "shipping", "discount"})


class _Label(NamedTuple):
    spec: FieldSpec
    words: str


class LabelReader:
    """Reads the fields of one schema in the lines of a document."""

    def __init__(self, specs: Sequence[FieldSpec], notation: Notation) -> None:
        self._specs = [spec for spec in specs if spec.type != "table"]
        self._tables = [spec for spec in specs if spec.type == "table"]
        self._notation = notation
        names = ((spec, word) for spec in self._specs for word in names_in_documents(spec))
        self._labels = sorted((_Label(s, _label(w)) for s, w in names), key=lambda each: -len(each.words))
        self._exact = {label.words: label.spec for label in reversed(self._labels)}

    def read(self, lines: Sequence[Line]) -> list[Found]:
        """The values that were found, at most one for each field and cell."""
        found: list[Found] = []
        used: set[int] = set()
        for table in self._tables:
            rows, taken = _TableReader(table, self._notation, self._ends_table).read(lines)
            found += rows
            used |= taken
        free = [line if n not in used else Line(line.page, ()) for n, line in enumerate(lines)]
        single: dict[str, list[Found]] = {}
        for each in self._labelled(free):
            single.setdefault(each.path, []).append(each)
        return found + [self._chosen(candidates) for candidates in single.values()]

    def _ends_table(self, line: Line) -> bool:
        first = next((c.text for c in line.cells if c.text), "")
        spec = self._exact.get(_label(_PERCENT.sub(" ", first).partition(":")[0]))
        return bool(spec and spec.name in _ENDS)

    def _labelled(self, lines: Sequence[Line]) -> Iterator[Found]:
        for number, line in enumerate(lines):
            following = lines[number + 1] if number + 1 < len(lines) else None
            for place, cell in enumerate(line.cells):
                yield from self._in_cell(line, place, cell, following)

    def _in_cell(self, line: Line, place: int, cell: Cell, below: Line | None) -> Iterator[Found]:
        head, colon, tail = cell.text.partition(":")
        rate = _PERCENT.search(head)
        spec = self._exact.get(_label(_PERCENT.sub(" ", head) if rate else head))
        if spec is None and rate is None and colon:
            return
        if spec is None:
            yield from self._followed(line, cell)
            return
        if rate and spec.name == "tax":
            yield Found("tax_rate", rate[1], rate[0].strip("() "), line.page, cell.box, LABELLED, line.read_by)
        if tail.strip():
            yield self._found(spec, line, cell, tail.strip(), LABELLED)
        elif value := next((c for c in line.cells[place + 1 :] if c.text.strip()), None):
            if not self._is_label(value.text):
                yield self._found(spec, line, value, value.text, LABELLED)
        elif colon and below and (under := _under(cell, below)) and not self._is_label(under.text):
            yield self._found(spec, below, under, under.text, BELOW)

    def _followed(self, line: Line, cell: Cell) -> Iterator[Found]:
        """A label and its value in one piece of text: 'Total 119,00 EUR'."""
        text = " ".join(cell.text.split())
        folded = plain(text)
        for label in self._labels:
            if not folded.startswith(f"{label.words} ") or len(folded) != len(text):
                continue
            rest = text[len(label.words) :].strip(" .#")
            rate = _PERCENT.match(rest) if label.spec.name == "tax" else None
            value = rest[rate.end() :].strip() if rate else rest
            if label.spec.type in ("string", "boolean") or not self._reads(label.spec, value):
                continue
            if rate:
                yield Found("tax_rate", rate[1], rate[0].strip("() "), line.page, cell.box, FOLLOWED, line.read_by)
            yield self._found(label.spec, line, cell, value, FOLLOWED)
            return

    def _reads(self, spec: FieldSpec, text: str) -> bool:
        try:
            typed(spec, text, self._notation)
        except Ambiguous:
            return True
        except ValueError:
            return False
        return True

    def _is_label(self, text: str) -> bool:
        return text.rstrip().endswith(":") or _label(text.partition(":")[0]) in self._exact

    def _found(self, spec: FieldSpec, line: Line, cell: Cell, text: str, confidence: Decimal) -> Found:
        return Found(spec.name, text, text, line.page, cell.box, confidence, line.read_by)

    def _chosen(self, candidates: Sequence[Found]) -> Found:
        """The surest one; less sure where others differ."""
        spec = next((s for s in self._specs if s.name == candidates[0].path), None)
        best = max(candidates, key=lambda each: each.confidence)
        others = [c for c in candidates if self._value(spec, c) != self._value(spec, best)]
        if not others:
            return best
        problem = f"the document also gives {others[0].text[:60]!r} for it"
        return replace(best, problems=(*best.problems, (problem, SEVERAL)))

    def _value(self, spec: FieldSpec | None, found: Found) -> object:
        try:
            return typed(spec, found.text, self._notation) if spec else plain(found.text)
        except ValueError:
            return plain(found.text)


def names_in_documents(spec: FieldSpec) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*spec.labels, spec.label, spec.name.replace("_", " ")))) if spec.name else spec.labels


def _label(text: str) -> str:
    return plain(text).strip(" .:#*-–").replace("  ", " ")


def _under(cell: Cell, below: Line) -> Cell | None:
    """The cell of the next line that begins under this one."""
    if not cell.box:
        return next((c for c in below.cells if c.text), None) if len(below.cells) == 1 else None
    return next((c for c in below.cells if c.box and abs(c.box[0] - cell.box[0]) < 0.03), None)


class _TableReader:
    """Reads the rows of a table below a line with the names of its columns."""

    def __init__(self, spec: FieldSpec, notation: Notation, ends: Callable[[Line], bool]) -> None:
        self._spec = spec
        self._notation = notation
        self._ends = ends
        self._columns = {_label(word): column for column in spec.columns for word in names_in_documents(column)}

    def read(self, lines: Sequence[Line]) -> tuple[list[Found], set[int]]:
        """The cells that were found, and the numbers of the lines that they are in."""
        found: list[Found] = []
        taken: set[int] = set()
        heads: Mapping[str, Cell | int] = {}
        row = 0
        for number, line in enumerate(lines):
            if named := self._heads(line):
                heads = named
                taken.add(number)
                continue
            if not heads:
                continue
            cells = self._cells(line, heads)
            full = len(heads) > 2 and sum(bool(cell.text) for cell in cells.values()) == len(heads)
            if row >= MAX_ROWS or (self._ends(line) and not full):  # an item may be named Delivery
                heads = {}
                continue
            if self._is_row(cells):
                row += 1
                taken.add(number)
                found += [self._found(row, name, line, cell) for name, cell in cells.items() if cell.text]
            elif row and self._continues(cells):
                taken.add(number)
                found = self._lengthened(found, row, line)
            elif line.text:
                heads = {}
        return found, taken

    def _heads(self, line: Line) -> dict[str, Cell | int]:
        """Column -> its head, or its place in the row; empty where the line is no head of this table."""
        heads: dict[str, Cell | int] = {}
        for place, cell in enumerate(line.cells):
            column = self._columns.get(_label(re.sub(r"\(.*?\)", "", cell.text)))
            if column and column.name not in heads:
                heads[column.name] = place if line.row or not cell.box else cell
        least = 2 if len(self._spec.columns) > 1 else 1
        return heads if len(heads) >= least else {}

    def _cells(self, line: Line, heads: Mapping[str, Cell | int]) -> dict[str, Cell]:
        placed = {name: at for name, at in heads.items() if isinstance(at, int)}
        if placed:
            return {name: line.cells[at] for name, at in placed.items() if at < len(line.cells)}
        cells: dict[str, Cell] = {}
        for cell in line.cells:
            name = min(heads, key=lambda each: _distance(cell, heads[each]))
            if name in cells:
                joined = f"{cells[name].text} {cell.text}"
                cells[name] = Cell(joined, cells[name].box)
            else:
                cells[name] = cell
        return cells

    def _is_row(self, cells: Mapping[str, Cell]) -> bool:
        """Whether a line has a number in a column of numbers, and something else."""
        columns = {column.name: column for column in self._spec.columns}
        numeric = [n for n, c in cells.items() if c.text and columns[n].type in ("money", "number", "integer")]
        if not numeric:
            return not any(c.type in ("money", "number", "integer") for c in columns.values()) and len(cells) > 1
        return len([c for c in cells.values() if c.text]) > 1 and any(NUMBER.search(cells[n].text) for n in numeric)

    def _continues(self, cells: Mapping[str, Cell]) -> bool:
        """Whether a line only continues a text above."""
        texts = {column.name for column in self._spec.columns if column.type == "string"}
        filled = {name for name, cell in cells.items() if cell.text}
        return len(filled) == 1 and filled <= texts

    def _lengthened(self, found: list[Found], row: int, line: Line) -> list[Found]:
        name = next(column.name for column in self._spec.columns if column.type == "string")
        path = f"{self._spec.name}.{row}.{name}"
        return [
            replace(f, text=f"{f.text} {line.text}", quote=f"{f.quote} {line.text}") if f.path == path else f
            for f in found
        ]

    def _found(self, row: int, name: str, line: Line, cell: Cell) -> Found:
        return Found(
            f"{self._spec.name}.{row}.{name}", cell.text, cell.text, line.page, cell.box, LABELLED, line.read_by
        )


def _distance(cell: Cell, head: Cell | int) -> float:
    """How far a cell is from the head of a column: their left edges, right edges or middles."""
    if isinstance(head, int) or not cell.box or not head.box:
        return 1.0
    a, b = cell.box, head.box
    return min(abs(a[0] - b[0]), abs(a[2] - b[2]), abs(a[0] + a[2] - b[0] - b[2]) / 2)


def pairs(lines: Iterable[Line]) -> Iterator[tuple[str, Found]]:
    """Every label with its value, for a form without a schema: the label, and its value under a name made of it."""
    for line in lines:
        cells = [cell for cell in line.cells if cell.text]
        if len(cells) == 2 and (cells[0].text.endswith(":") or line.row):
            yield _pair(cells[0].text, cells[1].text, line, cells[1])
            continue
        for cell in cells:
            head, colon, tail = cell.text.partition(":")
            if colon and tail.strip() and 1 < len(head) <= 60 and not head.strip()[-1:].isdigit():
                yield _pair(head, tail, line, cell)


def _pair(head: str, tail: str, line: Line, cell: Cell) -> tuple[str, Found]:
    label = " ".join(head.strip(" :•-*").split())[:100]
    text = tail.strip()
    return label, Found("", text, text, line.page, cell.box, FOLLOWED, line.read_by)
