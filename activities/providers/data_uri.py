"""Takes as data URIs, for vendors that are handed their inputs inside the request."""

import base64
import io
from pathlib import Path
from typing import Final

from activities.errors import InvalidRequest

_AS_IS: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
_QUALITIES: Final = (92, 85, 75)
"""Of JPEG: from no visible loss to little; below that a smaller picture looks better than a coarser one."""
_SHRINK: Final = 0.8


def picture_uri(path: Path, media_type: str, *, max_chars: int, max_pixels: int = 0) -> str:
    """A picture as a data URI, encoded anew as a smaller JPEG where it is too much. Synchronous: call it in a thread.

    Args:
        max_chars: Of the whole URI; base64 makes four characters of three bytes.
        max_pixels: Width times height; 0: any.

    Raises:
        InvalidRequest: the file is no picture.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            small = not max_pixels or opened.width * opened.height <= max_pixels
            if small and media_type in _AS_IS and _chars(path.stat().st_size, media_type) <= max_chars:
                return _uri(path.read_bytes(), media_type)
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise InvalidRequest(f"inputs: a picture that this is made from does not open: {error}") from None
    if not small:
        scale = (max_pixels / (picture.width * picture.height)) ** 0.5
        picture = picture.resize((max(int(picture.width * scale), 1), max(int(picture.height * scale), 1)))
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality)
            if _chars(buffer.tell(), "image/jpeg") <= max_chars or max(picture.size) == 1:
                return _uri(buffer.getvalue(), "image/jpeg")
        picture = picture.resize((max(int(picture.width * _SHRINK), 1), max(int(picture.height * _SHRINK), 1)))


def file_uri(path: Path, media_type: str, *, max_chars: int) -> str | None:
    """Any file as a data URI; None where it is too much for one."""
    if _chars(path.stat().st_size, media_type) > max_chars:
        return None
    return _uri(path.read_bytes(), media_type)


def _chars(size: int, media_type: str) -> int:
    return len(f"data:{media_type};base64,") + (size + 2) // 3 * 4


def _uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
