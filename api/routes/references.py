"""Pictures for a brief that is still to be started, over HTTP: streamed into the bucket, opened when it is planned."""

import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, Request

from api.deps import ONE_TRANSFER, Parts, Who
from api.middleware import drain, too_large
from api.problems import FieldError, Problem, documented
from api.routes.uploads import check_no_form, chunks
from api.views.production import PREFIX, StoredReference
from workflows import keys
from workflows.models import MAX_REFERENCE_BYTES

router = APIRouter(prefix=PREFIX, tags=["productions"], responses=documented(413, 415, 422, 429, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": f"The file as it is: PNG, JPEG or WebP, at most {MAX_REFERENCE_BYTES:,} bytes.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_HEAD_BYTES: Final = 12
"""Enough to know a picture by its beginning."""


@router.post("/references", status_code=201, openapi_extra=_BODY, dependencies=ONE_TRANSFER)
async def add_reference(parts: Parts, who: Who, request: Request) -> StoredReference:
    """Store a picture to work from. `source` is what a brief names in `references`, as often as it likes."""
    try:
        check_no_form(request)
        if int(request.headers.get("content-length", "0")) > MAX_REFERENCE_BYTES:
            raise too_large(MAX_REFERENCE_BYTES)
    except Problem:
        await drain(request.receive)
        raise
    key, head = keys.REFERENCES + who.own(secrets.token_hex(16)), bytearray()

    async def looked_at() -> AsyncIterator[bytes]:
        async for chunk in chunks(request.receive, MAX_REFERENCE_BYTES):
            head.extend(chunk[: _HEAD_BYTES - len(head)])
            yield chunk

    size = await parts.vault.receive(key, looked_at())
    if not _is_picture(bytes(head)):
        await parts.vault.drop(key)
        error = FieldError(field="body", message="is no picture", remedy="send a PNG, JPEG or WebP file")
        raise Problem(422, "invalid-request", f"The body {error.message}; {error.remedy}.", errors=[error])
    return StoredReference(source=keys.STORED + key, bytes=size)


def _is_picture(head: bytes) -> bool:
    """Whether it begins like one; the worker opens it later."""
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or head[:4] + head[8:] == b"RIFFWEBP"
