"""ODT, ODP and ODS: their texts and tables, by page, slide or sheet (OpenDocument 1.3, part 3).

They are ZIP archives with one tree of XML. Synchronous; it runs in the child process.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from activities.references.reading.documents.office import MAX_COLUMNS, MAX_ROWS
from activities.references.reading.documents.paged import PagedParts, Parts, check_contents
from activities.references.reading.documents.tables import divided
from activities.references.reading.documents.zipped import Archive
from activities.references.reading.limits import Unusable, check_chars

_TYPE: Final = "application/vnd.oasis.opendocument"
ODT: Final = f"{_TYPE}.text"
ODP: Final = f"{_TYPE}.presentation"
ODS: Final = f"{_TYPE}.spreadsheet"
_BODIES: Final = {"text": ODT, "presentation": ODP, "spreadsheet": ODS}
_MANIFEST: Final = "META-INF/manifest.xml"
_OLD: Final = b"application/vnd.sun.xml"
_HIDDEN: Final = frozenset(
    {"tracked-changes", "annotation", "note-citation", "notes", "object", "object-ole", "binary-data", "ruby-text"}
)
"""Deleted text, comments, notes of slides, and what is no text; a drawing also has a title."""


def is_one(archive: Archive) -> bool:
    return "content.xml" in archive.names or (
        "mimetype" in archive.names and archive.data("mimetype").startswith(_TYPE.encode())
    )


def inspect(path: Path) -> dict[str, Any]:
    """The type of the file, and its slides or sheets.

    Raises:
        Unusable: encrypted, damaged, empty, a bomb, or another OpenDocument file, such as a drawing.
    """
    media_type, parts, _ = _contents(path)
    pages = max((part["page"] for part in parts), default=None) if media_type != ODT else None
    check_contents(parts, pages)
    return {"media_type": media_type, "pages": pages}


def read(path: Path) -> dict[str, Any]:
    """The parts of the file, and what of it was not read."""
    _, parts, unread = _contents(path)
    return {"parts": parts, "unread": unread, "pages": max((p["page"] for p in parts), default=None)}


def _contents(path: Path) -> tuple[str, Parts, list[str]]:
    with Archive(path) as archive:
        _check(archive)
        root = archive.xml("content.xml")
    body = root.find("body") if root is not None else None
    name = next((each.tag for each in body if each.tag in _BODIES), "") if body is not None else ""
    if root is None or body is None or not name:
        raise Unusable("it is an OpenDocument drawing, chart or formula; save it as PDF")
    unread: list[str] = []
    parts = _READERS[name](body, root, unread)
    check_chars(sum(len(part["text"]) for part in parts))
    return _BODIES[name], parts, unread


def _check(archive: Archive) -> None:
    if _MANIFEST in archive.names and b"encryption-data" in archive.data(_MANIFEST):
        raise Unusable("the document is encrypted; save it without a password")
    if "mimetype" in archive.names and archive.data("mimetype").startswith(_OLD):
        raise Unusable("it is a file of an old OpenOffice; save it as ODT, ODP or ODS")


# ODT


def _document(body: Element, root: Element, unread: list[str]) -> Parts:
    breaking = _breaking_styles(root)
    found = PagedParts()
    for block, mark in _blocks(body):
        if block.tag == "soft-page-break" or block.get("style-name") in breaking:
            found.flush()
            found.page += bool(found.parts)
        if block.tag == "table":
            found.table(_rows(block, unread))
        elif text := _text(block):
            found.line(f"{mark}{text}")
        if block.tag != "soft-page-break":
            found.page += sum(each.tag == "soft-page-break" for each in block.iter())
    found.flush()
    return found.parts


def _breaking_styles(root: Element) -> frozenset[str]:
    """The styles of paragraphs and tables that begin a page."""
    return frozenset(
        style.get("name", "")
        for style in root.iter("style")
        if any(each.get("break-before") == "page" for each in style if each.tag.endswith("-properties"))
    )


def _blocks(parent: Element, mark: str = "") -> Iterator[tuple[Element, str]]:
    """The paragraphs and tables of a document, also those in lists and sections, with the mark of their line."""
    for each in parent:
        if each.tag == "h":
            level = each.get("outline-level", "1")
            yield each, "#" * (int(level) if re.fullmatch("[1-6]", level) else 6) + " "
        elif each.tag in ("p", "soft-page-break"):
            yield each, mark
        elif each.tag == "table":
            yield each, ""
        elif each.tag not in _HIDDEN:
            yield from _blocks(each, "- " if each.tag == "list-item" else "" if each.tag == "list-header" else mark)


def _text(block: Element) -> str:
    """The text of a paragraph or a cell, its spaces as they are shown."""
    return re.sub(r" ?\n ?", "\n", "".join(_pieces(block))).strip()


def _pieces(block: Element) -> Iterator[str]:
    """White space in the file is one space; other spaces, tabs and breaks are elements."""
    if block.text:
        yield re.sub(r"\s+", " ", block.text)
    for number, each in enumerate(block):
        if each.tag == "s":
            count = each.get("c", "1")
            yield " " * (int(count) if re.fullmatch(r"\d{1,2}", count) else 1)
        elif each.tag == "tab":
            yield "\t"
        elif each.tag == "line-break":
            yield "\n"
        elif each.tag not in _HIDDEN and not (each.tag in ("title", "desc") and block.tag in _DRAWN):
            yield "\n" if number and each.tag in ("p", "h", "list", "list-item") else ""
            yield from [f" ({_text(each)})"] if each.tag == "note" else _pieces(each)
        if each.tail:
            yield re.sub(r"\s+", " ", each.tail)


_DRAWN: Final = frozenset({"frame", "g", "custom-shape", "rect", "ellipse", "line", "path", "polygon", "connector"})


def _rows(table: Element, unread: list[str]) -> list[list[str]]:
    """The rows of a table that have text; repeated cells and rows within limits.

    Raises:
        Unusable: what repeats is too long.
    """
    rows: list[list[str]] = []
    found = chars = 0
    for row in _inside(table, "table-row"):
        cells = _cells(row)
        times = _times(row, "number-rows-repeated") if any(cells) else 0
        kept = min(times, MAX_ROWS - len(rows))
        found += times
        chars += kept * sum(map(len, cells))
        check_chars(chars)
        rows += [cells] * kept
    if found > len(rows):
        name = f"the sheet {table.get('name')!r}" if table.get("name") else "a table"
        unread.append(f"rows {len(rows) + 1:,} to {found:,} of {name}")
    return rows


def _cells(row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag in ("table-cell", "covered-table-cell"):
            value = cell.get("date-value") if cell.get("value-type") == "date" else None
            text = value.removesuffix("T00:00:00") if value else _text(cell)
            cells += [text] * min(_times(cell, "number-columns-repeated"), MAX_COLUMNS - len(cells))
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _times(element: Element, name: str) -> int:
    count = element.get(name, "1")
    return int(count) if re.fullmatch(r"\d{1,9}", count) else 1


def _inside(block: Element, tag: str) -> Iterator[Element]:
    """The rows of a table, also those in groups and headers, and not those of tables inside its cells."""
    for each in block:
        if each.tag == tag:
            yield each
        elif each.tag.startswith("table-"):
            yield from _inside(each, tag)


# ODP and ODS


def _slides(body: Element, root: Element, unread: list[str]) -> Parts:
    parts: Parts = []
    for number, slide in enumerate(body.iter("page"), start=1):
        lines = [f"{text}" for block, _ in _blocks(slide) if block.tag != "table" and (text := _text(block))]
        if lines:
            text = "\n".join([f"# {lines[0]}", *(f"- {line}" for line in lines[1:])])
            parts.append({"kind": "text", "page": number, "text": text})
        for table in (block for block, _ in _blocks(slide) if block.tag == "table"):
            parts += [{"kind": "table", "page": number, "text": text} for text in divided(_rows(table, unread))]
    return parts


def _sheets(body: Element, root: Element, unread: list[str]) -> Parts:
    parts: Parts = []
    for number, table in enumerate((each for sheets in body for each in sheets if each.tag == "table"), start=1):
        if rows := _rows(table, unread):
            data = {"sheet": table.get("name", "")}
            parts += [{"kind": "table", "page": number, "text": text, "data": data} for text in divided(rows)]
    return parts


_READERS: Final = {"text": _document, "presentation": _slides, "spreadsheet": _sheets}
