"""Lists that come a page at a time: the token that one page gives for the next."""

import base64
import binascii
from typing import Annotated, Final
from zlib import crc32

from fastapi import Query

from api.problems import Problem

MAX_PAGE: Final = 200

PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE)]
PageToken = Annotated[str | None, Query(max_length=4_000, description="`next_page_token` of the page before")]


def encode_token(token: bytes | None) -> str | None:
    """Temporal's token with a checksum, because Temporal reports a token that it did not issue as its own failure."""
    return base64.urlsafe_b64encode(_checksum(token) + token).decode() if token else None


def decode_token(text: str | None) -> bytes | None:
    """Temporal's token from one that `encode_token` made.

    Raises:
        Problem: 422; this API did not issue the token.
    """
    if not text:
        return None
    try:
        decoded = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    token = decoded[4:]
    if not token or _checksum(token) != decoded[:4]:
        raise Problem.of_field("page_token", "is not a token of this API", "send next_page_token unchanged")
    return token


def _checksum(token: bytes) -> bytes:
    return crc32(token).to_bytes(4, "big")
