"""DOCX, PPTX and XLSX: their texts and tables, by page, slide or sheet.

They are ZIP archives of XML; what is read of them here needs no library. Synchronous; it runs in the child process.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from activities.references.reading.documents.paged import PagedParts, Parts, check_contents
from activities.references.reading.documents.tables import divided
from activities.references.reading.documents.zipped import Archive
from activities.references.reading.limits import Unusable, check_chars

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MAIN: Final = {DOCX: "word/document.xml", PPTX: "ppt/presentation.xml", XLSX: "xl/workbook.xml"}
_OTHERS: Final = (
    ("META-INF/container.xml", "it is an e-book; save it as PDF or text"),
    ("Index/", "it is a file of Pages, Numbers or Keynote; export it as DOCX, XLSX, PPTX or PDF"),
)
MAX_ROWS: Final = 5_000
"""Of one sheet; the rest is named as not read."""
MAX_COLUMNS: Final = 200
_DATE_FORMATS: Final = frozenset({14, 15, 16, 17, 22})
"""Built-in number formats of dates (ECMA-376, 18.8.30)."""
_EPOCHS: Final = (datetime(1899, 12, 30), datetime(1904, 1, 1))  # noqa: DTZ001 - a date of a sheet has no zone
"""Day 0 of a workbook, and of one from a Macintosh (ECMA-376, 18.2.28, date1904)."""


def inspect(path: Path) -> dict[str, Any]:
    """The type of an Office file, and its slides or sheets. It is read in full, so that nothing fails later.

    Raises:
        Unusable: encrypted, damaged, a bomb, or no Office file.
    """
    with Archive(path) as archive:
        media_type = _type_of(archive)
        pages = len(_members(archive, media_type)) if media_type != DOCX else None
        parts, _ = _contents(archive, media_type)
    check_contents(parts, pages)
    return {"media_type": media_type, "pages": pages}


def _type_of(archive: Archive) -> str:
    for media_type in _MAIN:
        if _main(archive, media_type) in archive.names:
            return media_type
    for begin, problem in _OTHERS:
        if any(name.startswith(begin) for name in archive.names):
            raise Unusable(problem)
    raise Unusable("it is a ZIP archive; give the document inside it")


def _main(archive: Archive, media_type: str) -> str:
    """The name of the main part, which its relation gives: some programs write word/document2.xml."""
    usual = _MAIN[media_type]
    relations = archive.xml("_rels/.rels") if usual not in archive.names else None
    for each in relations if relations is not None else ():
        name = each.get("Target", "").lstrip("/")
        if each.get("Type", "").endswith("/officeDocument") and name.startswith(f"{usual.partition('/')[0]}/"):
            return name
    return usual


def read(path: Path) -> dict[str, Any]:
    """The parts of an Office file, and what of it was not read."""
    with Archive(path) as archive:
        media_type = _type_of(archive)
        parts, unread = _contents(archive, media_type)
    pages = max((p["page"] for p in parts), default=None)
    return {"parts": parts, "unread": unread, "pages": pages}


def _contents(archive: Archive, media_type: str) -> tuple[Parts, list[str]]:
    """
    Raises:
        Unusable: its text is too long.
    """
    parts, unread = _READERS[media_type](archive)
    check_chars(sum(len(part["text"]) for part in parts))
    return parts, unread


def _members(archive: Archive, media_type: str) -> list[tuple[str, str]]:
    """(name, path in the archive) of the slides or sheets, in their order."""
    main = _main(archive, media_type)
    folder = main.rpartition("/")[0]
    root = archive.xml(main)
    relations = archive.xml(f"{folder}/_rels/{main.rpartition('/')[2]}.rels")
    targets = {r.get("Id"): r.get("Target", "") for r in relations} if relations is not None else {}
    found = []
    for number, each in enumerate(root.iter("sldId" if media_type == PPTX else "sheet") if root is not None else (), 1):
        # A slide has two ids; the relation's is in a namespace, and comes last.
        target = targets.get(each.get("id"))
        if target:
            inside = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}"
            found.append((each.get("name", f"Slide {number}"), inside))
    return found


# DOCX


def _document(archive: Archive) -> tuple[Parts, list[str]]:
    root = archive.xml(_main(archive, DOCX))
    body = root.find("body") if root is not None else None
    found = PagedParts()
    for block in _blocks(body) if body is not None else ():
        if block.tag == "tbl":
            found.table(_rows(block, "tr", "tc"))
            continue
        for new_page, text in _paragraphs(block):
            if new_page:
                found.flush()
                found.page += 1
            found.line(text)
    found.flush()
    return found.parts, []


def _blocks(body: Element) -> Iterator[Element]:
    """The paragraphs and tables of a document, also those in the fields of a form."""
    for each in body:
        if each.tag in ("sdt", "sdtContent"):
            yield from _blocks(each)
        else:
            yield each


def _paragraphs(block: Element) -> Iterator[tuple[bool, str]]:
    """(whether it begins a page, its text) of each paragraph in a block, with marks for headings and lists."""
    for paragraph in [block] if block.tag == "p" else block.iter("p"):
        breaks = any(
            e.tag == "lastRenderedPageBreak" or (e.tag == "br" and e.get("type") == "page") for e in paragraph.iter()
        )
        text = _text(paragraph)
        properties = paragraph.find("pPr")
        style = properties.find("pStyle") if properties is not None else None
        name = style.get("val", "") if style is not None else ""
        if text and (level := re.match(r"(?:Heading|berschrift|Titre|Title)\s*(\d?)", name.removeprefix("Ü"))):
            text = f"{'#' * int(level[1] or 1)} {text}"
        elif text and ((properties is not None and properties.find("numPr") is not None) or name.startswith("List")):
            text = f"- {text}"
        yield breaks, text


def _shown(block: Element) -> Iterator[Element]:
    """The elements of a block, without the copies of drawings for programs that do not know them."""
    yield block
    for each in block:
        if each.tag != "Fallback":
            yield from _shown(each)


def _text(block: Element) -> str:
    """The text of a paragraph or a cell: w:t and a:t, tabs and line breaks."""
    pieces = []
    for each in _shown(block):
        if each.tag == "t":
            pieces.append(each.text or "")
        elif each.tag == "tab" and each.get("pos") is None:
            pieces.append("\t")
        elif each.tag in ("br", "cr") or (each.tag == "p" and pieces and block.tag != "p"):
            pieces.append("\n")
    return "".join(pieces).strip()


def _rows(table: Element, row: str, cell: str) -> list[list[str]]:
    return [[_text(c) for c in _inside(r, cell)] for r in _inside(table, row)]


def _inside(block: Element, tag: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also those in the fields of a form."""
    for each in block:
        if each.tag == tag:
            yield each
        elif each.tag in ("sdt", "sdtContent"):
            yield from _inside(each, tag)


# PPTX


def _slides(archive: Archive) -> tuple[Parts, list[str]]:
    parts: Parts = []
    for number, (_, path) in enumerate(_members(archive, PPTX), start=1):
        root = archive.xml(path)
        if root is None:
            continue
        grids = [*root.iter("tbl")]
        inside = {id(p) for grid in grids for p in grid.iter("p")}
        lines = [text for p in root.iter("p") if id(p) not in inside and (text := _text(p))]
        if lines:
            text = "\n".join([f"# {lines[0]}", *(f"- {line}" for line in lines[1:])])
            parts.append({"kind": "text", "page": number, "text": text})
        parts += [
            {"kind": "table", "page": number, "text": text}
            for grid in grids
            for text in divided(_rows(grid, "tr", "tc"))
        ]
    return parts, []


# XLSX


def _sheets(archive: Archive) -> tuple[Parts, list[str]]:
    strings, dates, epoch = _strings(archive), _date_styles(archive), _epoch(archive)
    parts: Parts = []
    unread: list[str] = []
    for number, (name, path) in enumerate(_members(archive, XLSX), start=1):
        root = archive.xml(path)
        if root is None:
            continue
        rows = [_cells(row, strings, dates, epoch) for row in root.iter("row")]
        rows = [row for row in rows if any(row)]
        if len(rows) > MAX_ROWS:
            unread.append(f"rows {MAX_ROWS + 1:,} to {len(rows):,} of the sheet {name!r}")
        if rows:
            data = {"sheet": name}
            parts += [
                {"kind": "table", "page": number, "text": text, "data": data} for text in divided(rows[:MAX_ROWS])
            ]
    return parts, unread


def _strings(archive: Archive) -> list[str]:
    root = archive.xml("xl/sharedStrings.xml")
    return (
        ["".join(t.text or "" for t in each.iter("t")) for each in root if each.tag == "si"] if root is not None else []
    )


def _date_styles(archive: Archive) -> frozenset[int]:
    """The numbers of the cell styles that show a date."""
    root = archive.xml("xl/styles.xml")
    if root is None:
        return frozenset()
    custom = {
        int(f.get("numFmtId", "0"))
        for f in root.iter("numFmt")
        if re.search(r"[dy]", re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", f.get("formatCode", "").lower()))
    }
    found = root.find("cellXfs")
    formats = [int(x.get("numFmtId", "0")) for x in found] if found is not None else []
    return frozenset(n for n, each in enumerate(formats) if each in _DATE_FORMATS or each in custom)


def _epoch(archive: Archive) -> datetime:
    root = archive.xml(_main(archive, XLSX))
    properties = root.find("workbookPr") if root is not None else None
    return _EPOCHS[properties is not None and properties.get("date1904") in ("1", "true")]


def _cells(row: Element, strings: list[str], dates: frozenset[int], epoch: datetime) -> list[str]:
    values: dict[int, str] = {}
    for place, cell in enumerate(row.iter("c")):
        column = _column(cell.get("r", "")) if cell.get("r") else place
        if column < MAX_COLUMNS:
            values[column] = _value(cell, strings, dates, epoch)
    return [values.get(n, "") for n in range(max(values, default=-1) + 1)]


def _column(address: str) -> int:
    """The number of a column from 0: A is 0, AA is 26."""
    number = 0
    for letter in re.match(r"[A-Z]*", address.upper())[0][:4]:  # type: ignore[index]  # it always matches
        number = 26 * number + ord(letter) - 64
    return number - 1


def _value(cell: Element, strings: list[str], dates: frozenset[int], epoch: datetime) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(t.text or "" for t in cell.iter("t"))
    value = cell.findtext("v") or ""
    if kind == "s":
        index = int(value) if value.isdigit() else -1
        return strings[index] if 0 <= index < len(strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "n" and value and int(cell.get("s", "0")) in dates:
        return _date(value, epoch)
    return _rounded(value) if kind == "n" else value


def _rounded(value: str) -> str:
    """A number with the 15 digits that a spreadsheet shows; the file has the rounding of binary numbers."""
    try:
        return f"{float(value):.15g}" if len(value) > 15 else value
    except ValueError:
        return value


def _date(value: str, epoch: datetime) -> str:
    try:
        moment = epoch + timedelta(days=float(value))
    except (ValueError, OverflowError):
        return value
    return moment.date().isoformat() if float(value).is_integer() else moment.isoformat(sep=" ", timespec="minutes")


_READERS: Final = {DOCX: _document, PPTX: _slides, XLSX: _sheets}
