"""Uploads of references for a later brief: streamed into the bucket, read when the brief is planned."""

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
from workflows.references.kinds import LIMITS, MAX_ANY_BYTES, ReferenceKind, formats_text, limits_text
from workflows.references.signatures import HEAD_BYTES, kind_by_head, problem_by_head

router = APIRouter(prefix=PREFIX, tags=["productions"], responses=documented(413, 415, 422, 429, 503))

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": f"The bytes of the file. Its content decides what it is: {limits_text()}.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post("/references", status_code=201, openapi_extra=_BODY, dependencies=ONE_TRANSFER)
async def add_reference(services: ServicesDep, caller: CurrentCaller, request: Request) -> StoredReference:
    """Store a reference. Briefs name its `source` in `references`, as often as needed.

    Large files are better sent in parts: POST /api/v1/references/uploads.
    """
    try:
        check_no_form(request)
        if int(request.headers.get("content-length", "0")) > MAX_ANY_BYTES:
            raise too_large(MAX_ANY_BYTES)
    except Problem:
        await drain(request.receive)
        raise
    key, head = keys.REFERENCES + caller.qualify(secrets.token_hex(16)), bytearray()

    async def checked() -> AsyncIterator[bytes]:
        size = 0
        async for chunk in chunks(request.receive, MAX_ANY_BYTES):
            head.extend(chunk[: HEAD_BYTES - len(head)])
            size += len(chunk)
            if len(head) >= HEAD_BYTES:
                check_size(bytes(head), size)
            yield chunk

    size = await services.vault.receive(key, checked())
    try:
        check_size(bytes(head), size)
    except Problem:
        await services.vault.drop(key)
        raise
    kind = kind_by_head(bytes(head))
    assert kind is not None
    return StoredReference(source=keys.STORED + key, bytes=size, kind=kind)


def check_size(head: bytes, size: int) -> ReferenceKind:
    """The kind of a file by its first bytes.

    Raises:
        Problem: 422 where it is no reference, 413 where it is larger than its kind may be.
    """
    kind = kind_by_head(head)
    if (problem := problem_by_head(head)) or kind is None:
        message, _, remedy = problem.partition("; ")
        raise Problem.of_field("body", message, remedy or f"give {formats_text()}")
    if size > LIMITS[kind].bytes:
        message = f"is a {kind.value} of more than {LIMITS[kind].bytes:,} bytes"
        raise Problem.of_field("body", message, "give it in a smaller size", status=413, kind="body-too-large")
    return kind
