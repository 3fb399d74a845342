"""A person's own file over HTTP: streamed into the bucket, looked at by a worker, and used as a new take."""

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import PurePath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.types import Receive

from api.deps import ONE_TRANSFER, AssetId, KnownId, Parts, RequestKey, Services, Who, keyed
from api.middleware import drain, too_large
from api.problems import FieldError, Problem, documented
from api.views.production import PREFIX
from workflows import keys
from workflows.events import ProductionStatus, Receipt
from workflows.models import Modality, Person
from workflows.requests import MAX_UPLOAD_BYTES, UploadTake

router = APIRouter(
    prefix=f"{PREFIX}/productions", tags=["assets"], responses=documented(404, 409, 413, 415, 422, 429, 503)
)

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "description": "The file as it is: text up to "
        f"{MAX_UPLOAD_BYTES[Modality.TEXT]:,} bytes, an image up to {MAX_UPLOAD_BYTES[Modality.IMAGE]:,}, audio and "
        f"video up to {MAX_UPLOAD_BYTES[Modality.VIDEO]:,}. What it is is read from the file itself.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "/{production_id}/assets/{asset_id}/takes", status_code=202, openapi_extra=_BODY, dependencies=ONE_TRANSFER
)
async def upload_take(
    parts: Parts,
    who: Who,
    request: Request,
    production_id: KnownId,
    asset_id: AssetId,
    filename: Annotated[str, Query(max_length=1_000, description="What the file is called", examples=["own.mp4"])] = "",
    uploaded_by: Annotated[Person, Query(description="Whose file it is")] = "someone",
    idempotency_key: RequestKey = None,
) -> Receipt:
    """Use a file as a new take of an asset, also after delivery. It has to be of the asset's type, and to open."""
    try:
        check_no_form(request)
        most = await _room(parts, production_id, asset_id)
        if int(request.headers.get("content-length", "0")) > most:
            raise too_large(most)
    except Problem:
        await drain(request.receive)
        raise
    key, digest = keys.upload_prefix(production_id) + secrets.token_hex(16), hashlib.sha256()
    await parts.vault.receive(key, _hashed(chunks(request.receive, most), digest.update))
    upload = UploadTake(
        asset_id=asset_id,
        key=key,
        filename=PurePath(filename).name[:200],
        sha256=digest.hexdigest(),
        uploaded_by=uploaded_by,
    )
    try:
        receipt = await parts.gateway.upload_take(production_id, keyed(who.signs(upload), idempotency_key))
    except Problem as problem:
        if problem.status_code < 500:  # else a worker may still come to look at it
            await parts.vault.drop(key)
        raise
    await parts.vault.drop(key)
    return receipt


async def _room(parts: Services, production_id: str, asset_id: str) -> int:
    """The most bytes that an upload to this asset may have.

    Raises:
        Problem: 404, 409: what the workflow would refuse too, known before a byte has come.
    """
    snapshot = await parts.gateway.snapshot(production_id)
    status = snapshot.status
    if not snapshot.assets or (status.closed and status is not ProductionStatus.DELIVERED):
        message = f"the production is {status.value}; this needs an approved one"
        error = FieldError(field="production_id", message=message, remedy="look at the production's status")
        raise Problem(
            409,
            "wrong-phase",
            message,
            errors=[error],
            production_id=production_id,
            production_status=status.value,
        )
    asset = snapshot.plan.find(asset_id) if snapshot.plan else None
    if asset is None:
        error = FieldError(
            field="asset_id",
            message=f"there is no asset {asset_id[:100]!r}",
            remedy="choose an asset_id that the production shows",
        )
        raise Problem(
            404, "unknown-asset", f"{error.message}; {error.remedy}", errors=[error], production_id=production_id
        )
    return MAX_UPLOAD_BYTES[asset.asset_type]


async def _hashed(parts: AsyncIterator[bytes], update: Callable[[bytes], object]) -> AsyncIterator[bytes]:
    async for part in parts:
        update(part)
        yield part


def check_no_form(request: Request) -> None:
    """
    Raises:
        Problem: 415; the body is a form around the file, and the form would be taken for the file.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        remedy = "send the file itself as the body, as `curl --data-binary @own.mp4` does"
        error = FieldError(field="body", message="is a form, not a file", remedy=remedy)
        raise Problem(415, "not-a-file", f"The body {error.message}; {error.remedy}.", errors=[error])


async def chunks(receive: Receive, most: int) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises:
        Problem: 413, as soon as it is too much; 400 where it does not come whole.
    """
    read, message = 0, await receive()
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        read += len(chunk)
        if read > most:
            await drain(receive, message)
            raise too_large(most)
        yield chunk
        if not message.get("more_body"):
            return
        message = await receive()
    raise Problem(400, "upload-broken-off", "The file did not arrive whole; send it again.")
