"""The contact sheet: every image and the middle of every shot on one PNG, with label, asset id and duration."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.errors import OutputUnusable
from activities.finishing.picture.frames import load_middle_frame, load_picture

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_CELLS: Final = 60
"""Fifteen rows: more would make an unreadable page and a PNG of tens of megabytes."""
COLUMNS: Final = 4
LONG_SIDE: Final = 320
"""Of one picture, in pixels."""
MARGIN, GAP, HEADER, TEXT_LINES = 32, 20, 76, 46

_GROUND, _WELL, _BRIGHT, _QUIET = "#15171c", "#090a0d", "#f2f3f5", "#969ca8"


@dataclass(frozen=True)
class Cell:
    """One picture: the file of a still, or of a shot, which is shown by the frame in the middle of `seconds`.

    Those after the first MAX_CELLS are only counted, and need no file.
    """

    asset_id: str
    label: str
    path: Path | None
    seconds: float | None = None


def draw(target: Path, title: str, cells: Sequence[Cell], aspect: str, stop: Event) -> list[str]:
    """Write the PNG, and return a note for each picture that does not open."""
    from PIL import Image, ImageDraw, ImageFont

    shown, more = cells[:MAX_CELLS], max(0, len(cells) - MAX_CELLS)
    box = _box(aspect)
    columns = min(COLUMNS, max(1, len(shown)))
    rows = -(-len(shown) // columns)
    width = max(2 * MARGIN + columns * box[0] + (columns - 1) * GAP, 2 * MARGIN + 2 * LONG_SIDE)
    height = HEADER + rows * (box[1] + TEXT_LINES + GAP) + MARGIN - GAP
    sheet = Image.new("RGB", (width, height), _GROUND)
    pen = ImageDraw.Draw(sheet)
    count = f"{len(cells)} picture{'' if len(cells) == 1 else 's'}" + (f", {more} more not shown" if more else "")
    small = ImageFont.load_default(14)
    room = width - 2 * MARGIN - pen.textlength(count, font=small) - GAP
    _write(sheet, (MARGIN, 24), title, 22, _BRIGHT, room)
    pen.text((width - MARGIN, 31), count, fill=_QUIET, font=small, anchor="ra")

    notes = []
    for index, cell in enumerate(shown):
        if stop.is_set():
            break
        x = MARGIN + index % columns * (box[0] + GAP)
        y = HEADER + index // columns * (box[1] + TEXT_LINES + GAP)
        pen.rectangle((x, y, x + box[0] - 1, y + box[1] - 1), fill=_WELL)
        path, seconds = cell.path, cell.seconds
        assert path is not None
        try:
            picture = load_picture(path, box) if seconds is None else load_middle_frame(path, seconds, box)
            sheet.paste(picture, (x + (box[0] - picture.width) // 2, y + (box[1] - picture.height) // 2))
        except OutputUnusable as error:
            notes.append(f"{cell.asset_id} is not on the contact sheet: {error}")
            _write(sheet, (x + 12, y + 12), "does not open", 14, _QUIET, box[0] - 24)
        _write(sheet, (x, y + box[1] + 8), cell.label or cell.asset_id, 15, _BRIGHT, box[0])
        facts = cell.asset_id + (f" · {cell.seconds:.1f} s" if cell.seconds is not None else "")
        _write(sheet, (x, y + box[1] + 28), facts, 13, _QUIET, box[0])
    sheet.save(target, optimize=False)
    return notes


def _box(aspect: str) -> tuple[int, int]:
    across, down = map(int, aspect.split(":"))
    unit = LONG_SIDE / max(across, down)
    return round(across * unit), round(down * unit)


def _write(sheet: "Image", at: tuple[int, int], text: str, size: int, fill: str, room: float) -> None:
    """Draw one line of text with its top at `at`, cut with an ellipsis if it is wider than `room` pixels."""
    from PIL import ImageColor

    from activities.media.fonts import Face

    face, (red, green, blue) = Face(size), ImageColor.getrgb(fill)[:3]
    face.draw(sheet, (at[0], at[1] + size), face.fit(text, room), (red, green, blue, 255))
