"""The lines of a PDF with their cells and places, and pictures of pages: for fields that name where they were read.

Places are parts of the page as it is shown, from its left and its top. Synchronous; it runs in the child process.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents.pdf import PAGE_PIXELS, Segment, cells_of, lines, opened, render, text_of
from activities.references.reading.limits import MAX_TEXT_CHARS, Unusable

MAX_LINES: Final = 20_000
"""Of one document: 400 dense pages."""
MAX_DRAWN: Final = 20
"""Pages as pictures, for people."""


def lines_of(path: Path) -> dict[str, Any]:
    """`lines`: each with its `page` and `cells`, which are lists of text, left, top, right and bottom.

    Raises:
        Unusable: it does not open, or has too much text.
    """
    found: list[dict[str, Any]] = []
    chars = 0
    with opened(path) as document:
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            width, height = page.get_size()
            for line in lines([_turned(s, page, width, height) for s in text_of(page)[1]]):
                cells = [[c.text, *_place(c, width, height)] for c in cells_of(line)]
                chars += sum(len(str(cell[0])) for cell in cells)
                found.append({"page": number, "cells": cells})
            page.close()
            if chars > MAX_TEXT_CHARS or len(found) > MAX_LINES:
                raise Unusable(f"it has more than {MAX_LINES:,} lines of text; give only the pages that matter")
    return {"lines": found}


def _turned(segment: Segment, page: Any, width: float, height: float) -> Segment:
    """The segment in points of the page as it is shown, from the left and the bottom: a page may be turned."""
    turned = page.get_rotation()
    left, bottom, right, top = page.get_cropbox()
    across, up = (width, height) if turned in (0, 180) else (height, width)  # of the page before it is turned
    scale_x, scale_y = across / max(right - left, 1), up / max(top - bottom, 1)
    x1, x2 = (segment.left - left) * scale_x, (segment.right - left) * scale_x
    y1, y2 = (segment.bottom - bottom) * scale_y, (segment.top - bottom) * scale_y
    match turned:
        case 90:
            return Segment(y1, height - x2, y2, height - x1, segment.text)
        case 180:
            return Segment(width - x2, height - y2, width - x1, height - y1, segment.text)
        case 270:
            return Segment(width - y2, x1, width - y1, x2, segment.text)
    return Segment(x1, y1, x2, y2, segment.text)


def _place(cell: Segment, width: float, height: float) -> list[float]:
    edges = cell.left / width, 1 - cell.top / height, cell.right / width, 1 - cell.bottom / height
    return [round(min(max(edge, 0.0), 1.0), 4) for edge in edges]


def draw_pages(path: Path, out: Path, pages: Sequence[int], media_type: str) -> dict[str, Any]:
    """`pictures`: page -> the name of its picture in `out`. A picture has one page."""
    if media_type.startswith("image/"):
        return {"pictures": {1: _shrunk(path, out)}}
    names = {}
    with opened(path) as document:
        for number in [n for n in pages if 1 <= n <= len(document)][:MAX_DRAWN]:
            page = document[number - 1]
            names[number] = f"page-{number}.jpg"
            render(page, PAGE_PIXELS).save(out / names[number], "JPEG", quality=80)
            page.close()
    return {"pictures": names}


def _shrunk(path: Path, out: Path) -> str:
    from PIL import Image

    with Image.open(path) as image:  # it was checked and converted when it was stored
        image.thumbnail((PAGE_PIXELS, PAGE_PIXELS))
        image.convert("RGB").save(out / "page-1.jpg", "JPEG", quality=80)
    return "page-1.jpg"
