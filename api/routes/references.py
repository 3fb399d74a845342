"""Uploads of reference pictures for a later brief: streamed into the bucket, opened when the brief is planned."""

import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import APIRouter, Request

from api.deps import ONE_TRANSFER, CurrentCaller, ServicesDep
from api.middleware import drain, too_large
from api.problems import Problem, documented
from api.routes.uploads import check_no_form, chunks
from api.views.production import PREFIX, StoredReference
from workflows import keys
from workflows.brief import MAX_REFERENCE_BYTES

router = APIRouter(prefix=PREFIX, tags=["productions"], responses=documented(413, 415, 422, 429, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": f"The bytes of the file: PNG, JPEG or WebP, at most {MAX_REFERENCE_BYTES:,} bytes.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_HEAD_BYTES: Final = 12
"""Enough to recognise the format of a picture."""


@router.post("/references", status_code=201, openapi_extra=_BODY, dependencies=ONE_TRANSFER)
async def add_reference(services: ServicesDep, caller: CurrentCaller, request: Request) -> StoredReference:
    """Store a reference picture. Briefs name its `source` in `references`, as often as needed."""
    try:
        check_no_form(request)
        if int(request.headers.get("content-length", "0")) > MAX_REFERENCE_BYTES:
            raise too_large(MAX_REFERENCE_BYTES)
    except Problem:
        await drain(request.receive)
        raise
    key, head = keys.REFERENCES + caller.qualify(secrets.token_hex(16)), bytearray()

    async def with_head() -> AsyncIterator[bytes]:
        async for chunk in chunks(request.receive, MAX_REFERENCE_BYTES):
            head.extend(chunk[: _HEAD_BYTES - len(head)])
            yield chunk

    size = await services.vault.receive(key, with_head())
    if not _is_picture(bytes(head)):
        await services.vault.drop(key)
        raise Problem.of_field("body", "is no picture", "send a PNG, JPEG or WebP file")
    return StoredReference(source=keys.STORED + key, bytes=size)


def _is_picture(head: bytes) -> bool:
    """Whether a file begins like a picture; the worker opens it later."""
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or head[:4] + head[8:] == b"RIFFWEBP"
