"""Lists that come a page at a time: the token that one page gives for the next."""

import base64
import binascii
from typing import Annotated, Final
from zlib import crc32

from fastapi import Query

from api.problems import FieldError, Problem

MAX_PAGE: Final = 200

PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE)]
PageToken = Annotated[str | None, Query(max_length=4_000, description="`next_page_token` of the page before")]


def told(token: bytes | None) -> str | None:
    """Temporal's token with a checksum: given one that is none of its own, Temporal would say that it failed."""
    return base64.urlsafe_b64encode(_checksum(token) + token).decode() if token else None


def token_of(text: str | None) -> bytes | None:
    """Temporal's token of one that was `told`.

    Raises:
        Problem: 422; it is none of ours.
    """
    if not text:
        return None
    try:
        known = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        known = b""
    token = known[4:]
    if not token or _checksum(token) != known[:4]:
        error = FieldError(field="page_token", message="is no token of ours", remedy="send next_page_token as it came")
        raise Problem(422, "invalid-request", f"page_token {error.message}", errors=[error])
    return token


def _checksum(token: bytes) -> bytes:
    return crc32(token).to_bytes(4, "big")
