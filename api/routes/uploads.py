"""The upload of a person's own file: streamed into the bucket, checked by a worker, and used as a new take."""

import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import PureWindowsPath
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.types import Receive

from api.deps import ONE_TRANSFER, AssetId, CurrentCaller, KnownId, RequestKey, Services, ServicesDep, keyed
from api.middleware import drain, too_large
from api.problems import Problem, documented, unknown_asset, wrong_phase
from api.temporal.updates import UPLOAD_TAKE
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
        "description": "The bytes of the file: text up to "
        f"{MAX_UPLOAD_BYTES[Modality.TEXT]:,} bytes, an image up to {MAX_UPLOAD_BYTES[Modality.IMAGE]:,}, audio and "
        f"video up to {MAX_UPLOAD_BYTES[Modality.VIDEO]:,}. Its type is read from the file itself.",
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and marks of direction, which show a name as another one."""


@router.post(
    "/{production_id}/assets/{asset_id}/takes", status_code=202, openapi_extra=_BODY, dependencies=ONE_TRANSFER
)
async def upload_take(
    services: ServicesDep,
    caller: CurrentCaller,
    request: Request,
    production_id: KnownId,
    asset_id: AssetId,
    filename: Annotated[str, Query(max_length=1_000, description="The name of the file", examples=["own.mp4"])] = "",
    uploaded_by: Annotated[Person, Query(description="The owner of the file")] = "someone",
    idempotency_key: RequestKey = None,
) -> Receipt:
    """Use a file as a new take of an asset, also after delivery. It must be a valid file of the asset's type."""
    try:
        check_no_form(request)
        limit = await _max_bytes(services, production_id, asset_id)
        if int(request.headers.get("content-length", "0")) > limit:
            raise too_large(limit)
    except Problem:
        await drain(request.receive)
        raise
    key, digest = keys.upload_prefix(production_id) + secrets.token_hex(16), hashlib.sha256()
    await services.vault.receive(key, _hashed(chunks(request.receive, limit), digest.update))
    upload = UploadTake(
        asset_id=asset_id,
        key=key,
        filename=shown_name(filename),
        sha256=digest.hexdigest(),
        uploaded_by=uploaded_by,
    )
    try:
        signed = keyed(caller.sign(upload), idempotency_key)
        receipt = await services.productions.update(production_id, UPLOAD_TAKE, signed)
    except Problem as problem:
        if problem.status_code < 500:  # otherwise a worker may still read it
            await services.vault.drop(key)
        raise
    await services.vault.drop(key)
    return receipt


def shown_name(filename: str) -> str:
    """The name of a file without its folders, which may be those of Windows, as it can be shown."""
    return _UNSHOWN.sub("", PureWindowsPath(filename).name)[:200]


async def _max_bytes(services: Services, production_id: str, asset_id: str) -> int:
    """The size limit of an upload to this asset, bytes.

    Raises:
        Problem: 404, 409: the workflow would refuse the upload too, but only after the transfer.
    """
    snapshot = await services.reader.snapshot(production_id)
    status = snapshot.status
    if not snapshot.assets or (status.closed and status is not ProductionStatus.DELIVERED):
        message = f"the production is {status.value}; this needs an approved one"
        raise wrong_phase(production_id, status.value, message, "check the production's status")
    asset = snapshot.plan.find(asset_id) if snapshot.plan else None
    if asset is None:
        raise unknown_asset(production_id, asset_id)
    return MAX_UPLOAD_BYTES[asset.asset_type]


async def _hashed(parts: AsyncIterator[bytes], update: Callable[[bytes], object]) -> AsyncIterator[bytes]:
    async for part in parts:
        update(part)
        yield part


def check_no_form(request: Request) -> None:
    """
    Raises:
        Problem: 415; the body is a form that contains the file, and the form would be stored as the file.
    """
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        remedy = "send the file itself as the body, as `curl --data-binary @own.mp4` does"
        raise Problem.of_field("body", "is a form, not a file", remedy, status=415, kind="not-a-file")


async def chunks(receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The body in the chunks in which it arrives.

    Args:
        limit: Bytes.

    Raises:
        Problem: 413, as soon as it exceeds the limit; 400 where it does not arrive completely.
    """
    read, message = 0, await receive()
    while message["type"] == "http.request":
        chunk = message.get("body", b"")
        read += len(chunk)
        if read > limit:
            await drain(receive, message)
            raise too_large(limit)
        yield chunk
        if not message.get("more_body"):
            return
        message = await receive()
    raise Problem(400, "upload-broken-off", "The file did not arrive completely; send it again.")
