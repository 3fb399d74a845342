"""An object of the bucket as a seekable file, read by ranges."""

import io
from typing import Any

from obstore.store import S3Store

from activities.storage.errors import translate_errors


class RangeReader(io.RawIOBase):
    """Read an object of `size` bytes by ranges; synchronous."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store, self._key, self._size = store, key, size
        self._at = 0

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
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        with translate_errors(self._key):
            data = self._store.get_range(self._key, start=self._at, length=length)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
