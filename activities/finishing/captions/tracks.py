"""Caption tracks in a finished MP4 that players do not show by themselves (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

_ENABLED: Final = 1
"""A flag of a track's header; the muxer sets it for the first track of each kind."""
_SUBTITLES: Final = b"sbtl"
_HANDLER_AT: Final = 16
"""Of the type in the box `hdlr`, from its begin."""
_FLAGS_AT: Final = 11
"""Of the lowest flags in the box `tkhd`."""


class _Box(NamedTuple):
    """A box with its head, by its places in the file."""

    name: bytes
    begin: int
    end: int


def turn_off_subtitles(film: Path) -> None:
    """Switch the caption tracks off: the same or other captions are in the picture, and a viewer may switch them on."""
    with film.open("r+b") as file:
        whole = _Box(b"", -8, film.stat().st_size)
        for track in _inside(file, whole, b"moov", b"trak"):
            (header,) = _inside(file, track, b"tkhd")
            (handler,) = _inside(file, track, b"mdia", b"hdlr")
            if _read(file, handler.begin + _HANDLER_AT, 4) == _SUBTITLES:
                flags = _read(file, header.begin + _FLAGS_AT, 1)[0]
                file.seek(header.begin + _FLAGS_AT)
                file.write(bytes([flags & ~_ENABLED]))


def _inside(file: BinaryIO, box: _Box, *names: bytes) -> list[_Box]:
    """The boxes at this path in another one."""
    found = [each for each in _boxes(file, box) if each.name == names[0]]
    return [inner for each in found for inner in _inside(file, each, *names[1:])] if names[1:] else found


def _boxes(file: BinaryIO, box: _Box) -> Iterator[_Box]:
    at = box.begin + 8
    while at + 8 <= box.end:
        head = _read(file, at, 16)
        size = int.from_bytes(head[:4])
        size = int.from_bytes(head[8:]) if size == 1 else size or box.end - at  # 64 bits, or to the end
        yield _Box(head[4:8], at, at + size)
        at += max(8, size)


def _read(file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
