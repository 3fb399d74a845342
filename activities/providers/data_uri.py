"""Takes as data URIs, for vendors that accept inputs inside the request."""

import base64
from dataclasses import replace
from pathlib import Path

from activities.providers.picture_inputs import Limits, Picture, fit_picture


def picture_uri(path: Path, limits: Limits) -> str:
    """A picture within a vendor's limits as a data URI. Synchronous: call it in a thread.

    Args:
        limits: `max_bytes` applies to the whole URI; base64 encodes three bytes as four characters.

    Raises:
        InvalidRequest: the file is not a picture.
    """
    room = limits.max_bytes - len("data:image/jpeg;base64,")
    return uri_of_picture(fit_picture(path, replace(limits, max_bytes=room // 4 * 3)))


def uri_of_picture(picture: Picture) -> str:
    """An encoded picture as a data URI."""
    return _uri(picture.data, picture.media_type)


def file_uri(path: Path, media_type: str, *, max_chars: int) -> str | None:
    """Any file as a data URI; None if it would be longer than `max_chars`."""
    if len(f"data:{media_type};base64,") + (path.stat().st_size + 2) // 3 * 4 > max_chars:
        return None
    return _uri(path.read_bytes(), media_type)


def _uri(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
