"""Plain text, Markdown, HTML and CSV: recognised by their content, read as texts and tables.

Synchronous; it runs in the child process.
"""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents.encodings import decoded_text
from activities.references.reading.documents.tables import divided
from activities.references.reading.limits import Unusable, check_chars

_HTML: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype html|<html|<head|<body)", re.IGNORECASE | re.DOTALL
)
_MARKDOWN: Final = re.compile(r"^(?:#{1,6} \S|[-*+] \S|\d+\. \S|> |```|\|.+\|)", re.MULTILINE)
_DELIMITERS: Final = ",;\t|"
_SNIFFED_LINES: Final = 20
_LONG_CELL_CHARS: Final = 40


def inspect(path: Path) -> dict[str, Any]:
    """The type of a text file.

    Raises:
        Unusable: it is no text, or has none.
    """
    text = decoded(path.read_bytes())
    if type_of(text) == "text/html" and not read(path)["parts"]:
        raise Unusable("the page shows no text without its scripts; save it as PDF")
    return {"media_type": type_of(text)}


def decoded(data: bytes) -> str:
    """The text of a file, with line breaks as "\\n".

    Raises:
        Unusable: it is no text, is empty, or is too long.
    """
    text = decoded_text(data).rstrip("\x1a")
    text = re.sub(r"\Asep=[,;\t|]\r?\n", "", text, flags=re.IGNORECASE)  # the delimiter, as Excel notes it
    if not text.strip():
        raise Unusable("it contains no text; give a file with content")
    check_chars(len(text))
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


def type_of(text: str) -> str:
    if _HTML.match(text):
        return "text/html"
    if _delimiter(text):
        return "text/csv"
    return "text/markdown" if _MARKDOWN.search(text) else "text/plain"


def _delimiter(text: str) -> str:
    """The delimiter of a CSV file; empty if the text is none."""
    sample = text[:100_000]
    lines = [line for line in sample.split("\n") if line.strip()][:_SNIFFED_LINES]
    if len(lines) < 2:
        return ""
    for delimiter in _DELIMITERS:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(widths) == 1 and widths != {1} and not _is_prose(lines, rows):
            return delimiter
    return ""


def _is_prose(lines: list[str], rows: list[list[str]]) -> bool:
    """Whether lines with as many commas each are sentences, or a table of Markdown, all the same."""
    cells = [cell for row in rows for cell in row]
    long = sum(len(cell) for cell in cells) / max(len(cells), 1) >= _LONG_CELL_CHARS
    spaced = sum(cell.startswith(" ") for row in rows for cell in row[1:]) * 2 > len(cells) - len(rows)
    ended = any(line.rstrip().endswith((".", "!", "?", ":")) for line in lines)
    return long or (spaced and ended) or lines[0].startswith("|")


def read(path: Path) -> dict[str, Any]:
    """The parts of a text file."""
    text = decoded(path.read_bytes())
    kind = type_of(text)
    if kind == "text/csv":
        rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
        return {"parts": [{"kind": "table", "text": piece} for piece in divided([r for r in rows if any(r)])]}
    if kind == "text/html":
        return {"parts": page_parts(text)}
    return {"parts": [{"kind": "text", "text": text.strip()}]}


def page_parts(text: str) -> list[dict[str, Any]]:
    """The texts and tables that a web page shows."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.finished()


class _Page(HTMLParser):
    """Collects the visible text and the tables of a web page; scripts and styles are left out."""

    _HIDDEN: Final = frozenset({"script", "style", "noscript", "template", "svg", "head"})
    _BLOCKS: Final = frozenset({"p", "div", "section", "article", "li", "tr", "br", "ul", "ol", "table", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._hidden = 0
        self._text: list[str] = []
        self._parts: list[dict[str, Any]] = []
        self._rows: list[list[str]] | None = None
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._hidden = 0  # the end of the head may be left out
        elif tag in self._HIDDEN:
            self._hidden += 1
        elif tag == "table":
            self._flush()
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._end_cell()
            self._rows.append([])
        elif tag in ("td", "th") and self._rows is not None:
            self._end_cell()
            self._cell = []
        elif re.fullmatch(r"h[1-6]", tag):
            self._text.append(f"\n\n{'#' * int(tag[1])} ")
        elif tag in self._BLOCKS:
            self._text.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._HIDDEN:
            self._hidden = max(self._hidden - 1, 0)
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self._rows is not None:
            self._end_cell()
            rows = [row for row in self._rows if any(row)]
            self._parts += [{"kind": "table", "text": text} for text in divided(rows)] if rows else []
            self._rows = None
        elif tag in self._BLOCKS or re.fullmatch(r"h[1-6]", tag):
            self._text.append("\n")

    def _end_cell(self) -> None:
        """End the open cell of a table, whose end tag may be left out."""
        if self._cell is not None and self._rows is not None:
            if not self._rows:
                self._rows.append([])
            self._rows[-1].append(" ".join("".join(self._cell).split()))
        self._cell = None

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif self._rows is None:
            self._text.append(re.sub(r"\s+", " ", data))

    def finished(self) -> list[dict[str, Any]]:
        self._flush()
        return self._parts

    def _flush(self) -> None:
        text = re.sub(r"[ \t]*\n[ \t]*", "\n", "".join(self._text))
        text = re.sub(r"\n{3,}", "\n\n", text).strip()
        if text:
            self._parts.append({"kind": "text", "text": text})
        self._text.clear()
