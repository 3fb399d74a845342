"""A file that is read while it is still being written, as media from a vendor arrives.

A reader waits for the bytes that it needs, in a thread. It cannot seek, so it serves formats whose index comes first.
"""

import asyncio
import io
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import BinaryIO, Final, Self, cast

WAIT_SECONDS: Final = 90.0
"""For the next bytes: a download whose chunks are further apart has failed before (`activities/providers/download.py`),
so a longer wait is that of a reader whose writer has gone."""


class ArrivingFile:
    """The file at `path`: one thread at a time appends to it, any number of readers follow.

    At the end of its `async with` block it ends for its readers, whole or not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = Condition()
        self._out: io.FileIO | None = None
        self._size = 0
        self._ended = False
        self._whole = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.end(whole=False)

    async def write(self, data: bytes) -> None:
        """`append` in a thread."""
        await asyncio.to_thread(self.append, data)

    async def discard(self) -> None:
        """End it for its readers, and delete it."""
        self.end(whole=False)
        with suppress(OSError):
            await asyncio.to_thread(self._path.unlink, missing_ok=True)

    def append(self, data: bytes) -> None:
        """Write the next bytes; the first call replaces what was at the path.

        Raises:
            OSError: there is no room for them.
        """
        self._out = self._out or self._path.open("wb", buffering=0)
        rest = memoryview(data)
        while rest:  # the last write before the disk is full may be a short one
            rest = rest[self._out.write(rest) :]
        with self._changed:
            self._size += len(data)
            self._changed.notify_all()

    def end(self, *, whole: bool) -> None:
        """No byte follows. The first call counts: a file that ended is whole, or will never be."""
        with self._changed:
            self._whole = whole if not self._ended else self._whole
            self._ended = True
            if self._out:
                self._out.close()
            self._changed.notify_all()

    def reader(self) -> BinaryIO:
        """A reader from the start, which cannot seek.

        Raises (when it is read):
            OSError: the file ended before it was whole, or nothing came for WAIT_SECONDS.
        """
        return cast(BinaryIO, _Reader(self, self._path))

    def wait_for(self, size: int) -> int:
        """The size of the file once it is larger than `size`, or whole."""
        with self._changed:
            self._changed.wait_for(lambda: self._size > size or self._ended, WAIT_SECONDS)
            if self._size <= size and not self._whole:
                raise OSError(f"the rest of {self._path.name!r} did not arrive")
            return self._size


class _Reader(io.RawIOBase):
    def __init__(self, file: ArrivingFile, path: Path) -> None:
        self._file = file
        self._path = path
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview[int]", /) -> int:  # type: ignore[override]
        known = self._file.wait_for(self._at)
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(min(len(buffer), known - self._at))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def has_index_first(reader: BinaryIO) -> bool:
    """Whether an MP4 or MOV begins with its index (`moov`), so that its frames can be read in their order."""
    while True:
        head = _exactly(reader, 8)
        size, kind = int.from_bytes(head[:4]), head[4:]
        if kind in (b"moov", b"mdat") or len(head) < 8 or not 8 <= size <= _LARGEST_BOX:
            return kind == b"moov"
        _exactly(reader, size - 8)


_LARGEST_BOX: Final = 1_000_000
"""Before the index: the type of the file, free space, a signature. A larger one is read with the whole file."""


def _exactly(reader: BinaryIO, size: int) -> bytes:
    """So many bytes, fewer only at the end."""
    data = b""
    while len(data) < size and (more := reader.read(size - len(data))):
        data += more
    return data
