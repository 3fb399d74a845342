"""An object of the storage as a seekable file that is read by parts, for libraries that read files; synchronous."""

import io
from collections.abc import Callable
from typing import Any, Final

OBJECT_PART_BYTES: Final = 1024 * 1024
"""Read at a time, whatever the size of the object."""


class ObjectFile(io.RawIOBase):
    """Reads an object of `size` bytes.

    Args:
        part: Returns the bytes from a start to an end.
    """

    def __init__(self, part: Callable[[int, int], bytes], size: int) -> None:
        self._part, self._size, self._at = part, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._size)
        if end <= self._at:
            return 0
        data = self._part(self._at, end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
