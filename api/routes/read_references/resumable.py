"""Uploads of large references in parts: a broken connection costs at most one part.

The id of an upload contains the declared size of the file, so nothing is kept about it but the parts themselves.
"""

import re
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import ONE_TRANSFER, CurrentCaller, Services, ServicesDep
from api.multipart import MIN_PART_BYTES, Multipart
from api.problems import Problem, documented
from api.routes.references import check_size
from api.routes.uploads import check_no_form, chunks
from api.storage import PART_BYTES
from api.views.production import PREFIX, StoredReference
from api.views.references import UploadState
from workflows import keys
from workflows.references.kinds import MAX_ANY_BYTES, limits_text
from workflows.references.signatures import HEAD_BYTES, kind_by_head

router = APIRouter(
    prefix=f"{PREFIX}/references/uploads", tags=["productions"], responses=documented(404, 409, 413, 415, 422, 429, 503)
)

_SIZE: Final = re.compile(r"-(\d{1,13})$")
MAX_PATCH_BYTES: Final = 64 * 1024 * 1024
"""Of one request: a longer one gains nothing."""
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": f"The next bytes of the file, at most {MAX_PATCH_BYTES:,}; all requests but the last one have a "
        f"multiple of {PART_BYTES:,} bytes.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
UploadId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,150}$", description="The id of the upload")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, description="The number of bytes that were sent before")]


class NewUpload(BaseModel):
    """A file that is sent in parts."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"bytes": 734_003_200}]})

    bytes: int = Field(ge=1, le=MAX_ANY_BYTES, description=f"The size of the file. {limits_text()}")


@router.post("", status_code=201)
async def begin_upload(services: ServicesDep, caller: CurrentCaller, new: NewUpload, response: Response) -> UploadState:
    """Begin an upload in parts. PATCH the parts to the id, in their order."""
    name = caller.qualify(f"{secrets.token_hex(16)}-{new.bytes}")
    await Multipart(services.vault, keys.REFERENCES + name).begin()
    response.headers["Location"] = f"{PREFIX}/references/uploads/{name}"
    return UploadState(upload_id=name, bytes=new.bytes, offset=0)


@router.get("/{upload_id}")
async def upload_state(services: ServicesDep, caller: CurrentCaller, upload_id: UploadId) -> UploadState:
    """How much of an upload is stored."""
    return await _state(services, _known(caller, upload_id))


@router.patch("/{upload_id}", openapi_extra=_BODY, dependencies=ONE_TRANSFER)
async def continue_upload(
    services: ServicesDep, caller: CurrentCaller, request: Request, upload_id: UploadId, upload_offset: Offset
) -> UploadState:
    """Send the next bytes of an upload. After a broken connection, GET the upload and continue at its `offset`.

    The last byte completes it: the response then has the `reference` with its `source`.
    """
    check_no_form(request)
    name = _known(caller, upload_id)
    state = await _state(services, name)
    if state.reference:
        return state
    if upload_offset != state.offset:
        message, remedy = (
            f"is {upload_offset:,}, and {state.offset:,} bytes are stored",
            "continue at the stored offset",
        )
        raise Problem.of_field("Upload-Offset", message, remedy, status=409, kind="upload-offset")
    rest = min(state.bytes - state.offset, MAX_PATCH_BYTES)
    multipart = Multipart(services.vault, keys.REFERENCES + name)
    try:
        await multipart.append(state.offset, _checked(request, state, rest), whole=state.bytes)
    except Problem as problem:
        if state.offset == 0 and problem.status_code in (413, 422):  # its first bytes are of no reference
            await multipart.abort()
        raise
    return await _state(services, name)


@router.delete("/{upload_id}", status_code=204)
async def abandon_upload(services: ServicesDep, caller: CurrentCaller, upload_id: UploadId) -> None:
    """Delete an upload that is not complete, with all its parts."""
    await Multipart(services.vault, keys.REFERENCES + _known(caller, upload_id)).abort()


async def _checked(request: Request, state: UploadState, rest: int) -> AsyncIterator[bytes]:
    """The bytes of the request. The first ones of a file decide its kind, and so its largest size."""
    head = bytearray()
    async for chunk in chunks(request.receive, rest):
        if state.offset == 0 and len(head) < HEAD_BYTES:
            head.extend(chunk[: HEAD_BYTES - len(head)])
            if len(head) >= min(HEAD_BYTES, state.bytes):
                check_size(bytes(head), state.bytes)
        yield chunk


def _known(caller: CurrentCaller, upload_id: str) -> str:
    """
    Raises:
        Problem: 404 where the id is of another tenant, or none.
    """
    if not caller.owns(upload_id) or not _SIZE.search(upload_id):
        raise _unknown(upload_id)
    return upload_id


def _unknown(upload_id: str) -> Problem:
    return Problem(404, "unknown-upload", f"There is no upload {upload_id!r}; POST {PREFIX}/references/uploads.")


async def _state(services: Services, name: str) -> UploadState:
    size = _SIZE.search(name)
    assert size is not None
    whole, key = int(size[1]), keys.REFERENCES + name
    parts = await Multipart(services.vault, key).parts()
    if parts is not None:
        return UploadState(upload_id=name, bytes=whole, offset=sum(part.bytes for part in parts))
    head = await services.vault.begin_of(key, HEAD_BYTES)
    kind = kind_by_head(head) if head else None
    if kind is None:
        raise _unknown(name)
    reference = StoredReference(source=keys.STORED + key, bytes=whole, kind=kind)
    return UploadState(upload_id=name, bytes=whole, offset=whole, reference=reference)


assert PART_BYTES >= MIN_PART_BYTES
