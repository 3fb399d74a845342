"""PDF files by PDFium: their text layer by page, tables as tables, and pictures of pages without text.

Synchronous; it runs in the child process.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents.tables import csv_of
from activities.references.reading.limits import THUMBNAIL_PIXELS, Unusable, check_chars
from workflows.references.kinds import LIMITS, ReferenceKind

PAGE_PIXELS: Final = 1_600
"""The long side of a page as a picture: 10-point type has 20 pixels."""
MAX_PAGE_PICTURES: Final = 20
"""Of one document without a text layer; a model reads them all in one request."""
SCAN_CHARS: Final = 20
"""A page with less text is a scan, or a picture with a page number."""
_SAME_LINE: Final = 0.5
"""Two texts are on one line if their middles differ by less than this part of their height."""
_ALIGNED_POINTS: Final = 12.0
"""The cells of a column begin, end, or have their middles within this distance."""
_GAP_POINTS: Final = 9.0
"""The least distance between two cells; words of a line are closer."""


def inspect(path: Path) -> dict[str, Any]:
    """The number of pages.

    Raises:
        Unusable: encrypted, too many pages, or not a PDF that opens.
    """
    most = LIMITS[ReferenceKind.DOCUMENT].pages or 0
    with opened(path) as document:
        pages = len(document)
    if pages > most:
        raise Unusable(f"the PDF has {pages:,} pages; give at most {most:,}, such as only those that matter")
    if not pages:
        raise Unusable("the PDF has no pages; export it again")
    return {"media_type": "application/pdf", "pages": pages}


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unusable("the PDF is encrypted; save it without a password") from None
        raise Unusable("it does not open as a PDF; export it again") from None
    try:
        yield document
    finally:
        document.close()


def read(path: Path, out: Path) -> dict[str, Any]:
    """parts, the thumbnail, and `scans`: the numbers of the pages without text, and their pictures."""
    parts: list[dict[str, Any]] = []
    scans: list[dict[str, Any]] = []
    chars = 0
    with opened(path) as document:
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            if number == 1:
                render(page, THUMBNAIL_PIXELS).save(out / "thumbnail.jpg", "JPEG", quality=85)
            text, segments = text_of(page)
            chars += len(text)
            check_chars(chars, "pages")
            if len(text.strip()) < SCAN_CHARS:
                scan: dict[str, Any] = {"page": number}
                if len(scans) < MAX_PAGE_PICTURES:
                    scan["picture"] = f"page-{number}.jpg"
                    render(page, PAGE_PIXELS).save(out / scan["picture"], "JPEG", quality=80)
                scans.append(scan)
            parts += [{"kind": "text", "page": number, "text": text.strip()}] if text.strip() else []
            parts += [{"kind": "table", "page": number, "text": csv_of(rows)} for rows in tables(segments)]
            page.close()
        pages = len(document)
    return {"parts": parts, "scans": scans, "thumbnail": "thumbnail.jpg", "pages": pages}


def render(page: Any, pixels: int) -> Any:
    width, height = page.get_size()
    scale = pixels / max(width, height, 1)
    return page.render(scale=min(scale, 4.0)).to_pil().convert("RGB")


@dataclass(frozen=True)
class Segment:
    """A piece of text on a page, in points from the left and the bottom."""

    left: float
    bottom: float
    right: float
    top: float
    text: str

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def text_of(page: Any) -> tuple[str, list[Segment]]:
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_bounded().replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        segments = []
        for index in range(min(textpage.count_rects(), 5_000)):
            left, bottom, right, top = textpage.get_rect(index)
            piece = " ".join(textpage.get_text_bounded(left, bottom, right, top).split())
            if piece:
                segments.append(Segment(left, bottom, right, top, piece))
    finally:
        textpage.close()
    return text, segments


def tables(segments: Sequence[Segment]) -> list[list[list[str]]]:
    """The tables of a page: two or more lines after each other with the same number of cells, aligned in columns."""
    found: list[list[list[Segment]]] = []
    for line in lines(segments):
        cells = cells_of(line)
        if len(cells) < 2:
            found.append([])
        elif found and found[-1] and _same_columns(found[-1][-1], cells):
            found[-1].append(cells)
        else:
            found.append([cells])
    return [[[cell.text for cell in row] for row in rows] for rows in found if len(rows) >= 2]


def lines(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The lines of a page from top to bottom, each from left to right."""
    found: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: (-s.middle, s.left)):
        height = segment.top - segment.bottom
        if found and abs(found[-1][0].middle - segment.middle) < _SAME_LINE * height:
            found[-1].append(segment)
        else:
            found.append([segment])
    return [sorted(line, key=lambda s: s.left) for line in found]


def cells_of(line: Sequence[Segment]) -> list[Segment]:
    """The pieces of a line, those that are close to each other joined."""
    cells: list[Segment] = []
    for piece in line:
        last = cells[-1] if cells else None
        if last and piece.left - last.right < _GAP_POINTS:
            joined = f"{last.text} {piece.text}"
            bounds = min(last.bottom, piece.bottom), max(last.right, piece.right), max(last.top, piece.top)
            cells[-1] = Segment(last.left, bounds[0], bounds[1], bounds[2], joined)
        else:
            cells.append(piece)
    return cells


def _same_columns(above: Sequence[Segment], below: Sequence[Segment]) -> bool:
    if len(above) != len(below):
        return False
    for a, b in zip(above, below, strict=True):
        middles = abs((a.left + a.right) - (b.left + b.right)) / 2
        if min(abs(a.left - b.left), abs(a.right - b.right), middles) > _ALIGNED_POINTS:
            return False
    return True
