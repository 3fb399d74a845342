"""The file of a batch: one brief per row, as CSV or as JSON lines."""

import csv
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from api.views.batches import BatchRowBody
from workflows.evaluation.cases import given_once
from workflows.series.items import Item

COLUMNS: Final = (
    "text",
    "platform",
    "title",
    "style",
    "language",
    "aspect",
    "duration_seconds",
    "budget_usd",
    "modalities",
    "models",
    "reuse",
    "key",
)
"""The columns of a CSV file: fields of a brief. `models` is e.g. "judge=openai/gpt-6-luna
planner=template", with blanks between the stages. JSON lines take all fields of a brief, as the API does."""


_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""Between the cells. Spreadsheets write semicolons where the decimal separator is a comma."""
_NUMBERS: Final = ("duration_seconds", "budget_usd")


class BatchFileError(ValueError):
    """The file is not a valid batch; the message names the place and the remedy."""


def read_batch(path: Path) -> list[BatchRowBody]:
    """The rows of a .csv or .jsonl file, each a partial or complete brief.

    Raises:
        BatchFileError: another kind of file, unknown columns, an invalid line, or no row at all.
    """
    try:
        text = path.read_text("utf-8-sig")  # spreadsheets put a byte order mark first
    except (OSError, UnicodeDecodeError) as error:
        raise BatchFileError(f"{path} cannot be read ({error}); save it as UTF-8 text") from None
    kind = path.suffix.lower()
    if kind == ".csv":
        rows = _parse_csv(text)
    elif kind in (".jsonl", ".ndjson"):
        rows = _parse_json_lines(text)
    else:
        raise BatchFileError(
            f"{path.name} is neither .csv nor .jsonl; save it as CSV, or as JSON with one object per line"
        )
    if not rows:
        raise BatchFileError(f"{path.name} has no rows; add one brief per row")
    return rows


def read_items(path: Path) -> list[Item]:
    """The pictures of a catalogue in a .csv or .jsonl file: one a row, with the columns key and text.

    Raises:
        BatchFileError: as `read_batch`, or a row has no key, no text, or other columns.
    """
    found = []
    for number, row in enumerate(read_batch(path), start=1):
        if other := [name for name in row.brief if name != "text"]:
            raise BatchFileError(f"row {number} has {other[0]!r}; a picture has only a key and a text")
        try:
            found.append(Item.model_validate({"key": row.key or "", "text": row.brief.get("text", "")}))
        except ValidationError as error:
            problem = error.errors()[0]
            raise BatchFileError(f"row {number}: {problem['loc'][0]} {problem['msg'].lower()}; fix it") from None
    return found


def batch_id_of(path: Path, *others: str) -> str:
    """A batch id derived from the file's content and `others`: an unchanged file is the same batch."""
    content = hashlib.sha256("\0".join(others).encode() + b"\0" + path.read_bytes())
    return f"b-{content.hexdigest()[:20]}"


def _parse_csv(text: str) -> list[BatchRowBody]:
    text, delimiter = _find_delimiter(text)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    while names and not names[-1]:  # spreadsheets write columns that were emptied
        names.pop()
    reader.fieldnames = names
    if unknown := [name for name in names if name not in COLUMNS]:
        raise BatchFileError(
            f"there is no column {', '.join(map(repr, unknown))}; the columns are {', '.join(COLUMNS)}"
        )
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BatchFileError(f"the column {twice!r} is given twice; keep one of them")
    _check_quotes(text, delimiter)
    rows = []
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cells.pop(None, ())):  # the cells without a column
                remedy = f"quote a cell with {_DELIMITERS[delimiter]}"
                raise BatchFileError(f"row {number} has more cells than there are columns; {remedy}")
            filled = {name: cell.strip() for name, cell in cells.items() if cell and cell.strip()}
            if delimiter != ",":
                filled |= {name: _decimal_point(filled[name]) for name in _NUMBERS if name in filled}
            if filled:  # spreadsheets write rows that were emptied
                rows.append(_row(filled))
    except csv.Error as error:
        raise BatchFileError(f"row {len(rows) + 1} is not valid CSV ({error}); quote cells with line breaks") from None
    return rows


def _check_quotes(text: str, delimiter: str) -> None:
    """
    Raises:
        BatchFileError: a quotation mark is not closed, so that all rows after it would be one cell.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    begin = 1
    try:
        for _ in reader:
            begin = reader.line_num + 1
    except csv.Error as error:
        if "end of data" in str(error):
            problem = f"the row that begins in line {begin} has a quotation mark that is not closed"
            raise BatchFileError(f"{problem}; close it, or write it twice inside a cell") from None


def _find_delimiter(text: str) -> tuple[str, str]:
    """The text without a line `sep=;`, and the character between its cells: the one that finds the most columns."""
    first, _, rest = text.partition("\n")
    if (named := first.strip().casefold().strip('"')).startswith("sep=") and named[4:] in _DELIMITERS:
        return rest, named[4:]

    def known_columns(delimiter: str) -> int:
        header = next(csv.reader([first], delimiter=delimiter, skipinitialspace=True), [])
        return sum(name.strip().lower() in COLUMNS for name in header)

    return text, max(_DELIMITERS, key=known_columns)


def _decimal_point(cell: str) -> str:
    """The number with a decimal point: where semicolons separate cells, a comma separates decimals."""
    return cell.replace(",", ".") if re.fullmatch(r"\d+,\d+", cell) else cell


def _row(cells: dict[str, Any]) -> BatchRowBody:
    if "modalities" in cells:
        cells["modalities"] = cells["modalities"].split()
    if "language" in cells:
        cells["languages"] = re.split(r"[\s,;]+", cells.pop("language").strip())
    if "models" in cells:
        cells["models"] = _models(cells["models"])
    return BatchRowBody(key=cells.pop("key", None), brief=cells)


def _models(cell: str) -> dict[str, str]:
    """The models of stages in a cell such as 'judge=openai/gpt-6-luna planner=template'."""
    pairs = [pair.partition("=") for pair in cell.split()]
    if wrong := next((stage for stage, _, model in pairs if not model), None):
        raise BatchFileError(f"models: {wrong!r} has no model; write STAGE=PROVIDER/MODEL, with blanks between them")
    return {stage: model for stage, _, model in pairs}


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _parse_json_lines(text: str) -> list[BatchRowBody]:
    rows = []
    # Not `splitlines`, which would also split at U+2028, a character that a text may contain.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line, object_pairs_hook=given_once, parse_constant=_refuse_constant)
        except RecursionError:
            raise BatchFileError(f"line {number} is nested too deeply; write an object of few levels") from None
        except ValueError as error:
            raise BatchFileError(f"line {number} is not JSON ({error}); write one object per line") from None
        if not isinstance(fields, dict):
            raise BatchFileError(f'line {number} is not a JSON object; write one per line, e.g. {{"text": "…"}}')
        key = fields.pop("key", None)
        if not isinstance(key, str | None):
            raise BatchFileError(f"line {number}: key is no text; write it in quotation marks")
        rows.append(BatchRowBody(key=key, brief=fields))
    return rows
