"""Bytes that this server streams itself: for pages that may only read from their own address, and archives."""

import re
import zipfile
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from api.deps import ONE_READ, ONE_THUMBNAIL, ONE_TRANSFER, AssetId, KnownId, Services, ServicesDep
from api.problems import Problem, documented, wrong_phase
from api.routes.revisions import keys_of
from api.storage import MANIFEST, Vault, no_media
from api.thumbnails import MEDIA_TYPE
from api.views.assets import content_id
from api.views.changes import InlineMedia
from api.views.production import PREFIX
from workflows import keys
from workflows.events import Snapshot
from workflows.illustrated.parts import StoredPicture
from workflows.models import Media, Modality, Take
from workflows.requests import MAX_UPLOAD_BYTES

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["media"], responses=documented(404, 422, 503))

CHUNK_BYTES: Final = 1024 * 1024
"""The part of a file that is in memory at a time, whatever its length."""
MAX_INLINE_BYTES: Final = 1_000_000
"""Of a take inside a JSON response; base64 makes it a third longer."""
MAX_DATA_BYTES: Final = 50_000_000
"""The words of a recording of an hour take two megabytes."""
_NAME: Final = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*")
_SANDBOX: Final = {
    # A document that a model wrote is shown without script and forms. It keeps this origin, because otherwise the
    # browser would treat its pictures as another site's and not send the cookie with the session.
    "Content-Security-Policy": (
        "sandbox allow-same-origin; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}
_BYTES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The bytes, with their own media type", "content": {"*/*": {}}}
}
ZIP: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "An archive", "content": {"application/zip": {}}}}


class _Stored:
    """One object of the bucket, open for reading in chunks."""

    def __init__(self, found: Any, vault: Vault) -> None:
        self._body, self._vault = found["Body"], vault
        self.bytes: int = found["ContentLength"]
        self.media_type: str = found["ContentType"]

    async def chunks(self) -> AsyncGenerator[bytes]:
        try:
            while chunk := await self._vault.read(self._body, CHUNK_BYTES):
                yield chunk
        finally:
            self._body.close()


async def read_object(vault: Vault, key: str, most: int) -> bytes | None:
    """The whole of a small object, or None where there is none or it has more than `most` bytes."""
    stored = await _open(vault, key)
    if stored is None or stored.bytes > most:
        return None
    return b"".join([chunk async for chunk in stored.chunks()])


async def find_take(services: Services, production_id: str, asset_id: str, number: int) -> Take | None:
    """A take of an asset, or None where the asset has none with this number.

    Raises:
        Problem: 404 where there is no such production, 503.
    """
    state = (await services.reader.snapshot(production_id)).assets.get(asset_id)
    return next((t for t in state.takes if t.number == number), None) if state else None


def file_of(take: Take | None, asset_id: str, number: int, picture: int | None = None) -> Media | StoredPicture:
    """The media of a take, or one of the pictures of an illustrated text, from 1.

    Raises:
        Problem: 404.
    """
    name = f"Take {number} of asset {asset_id[:100]!r}"
    if take is None:
        raise no_media(name)
    if picture is None:
        return take.media
    if picture > len(take.media.pictures):
        raise no_media(f"Picture {picture} of {name[0].lower()}{name[1:]}, which has {len(take.media.pictures)},")
    return take.media.pictures[picture - 1]


async def inline_take(
    services: Services, production_id: str, asset_id: str, number: int, picture: int | None = None
) -> InlineMedia:
    """A small take as base64, or a picture of an illustrated text.

    Raises:
        Problem: 404, 413, 503.
    """
    media = file_of(await find_take(services, production_id, asset_id, number), asset_id, number, picture)
    if media.bytes > MAX_INLINE_BYTES:
        message = f"the take has {media.bytes:,} bytes; at most {MAX_INLINE_BYTES:,} are returned inline"
        remedy = "leave `inline` out, and follow the redirect to the file"
        raise Problem.of_field("inline", message, remedy, status=413, kind="too-large-inline")
    content = await read_object(services.vault, media.key, MAX_INLINE_BYTES)
    if content is None:
        raise no_media(f"Take {number} of asset {asset_id[:100]!r}")
    return InlineMedia(
        content_id=content_id(production_id, asset_id),
        asset_id=asset_id,
        take=number,
        media_type=media.media_type,
        bytes=len(content),
        sha256=media.sha256,
        base64=b64encode(content).decode(),
    )


async def _open(vault: Vault, key: str) -> _Stored | None:
    """An object of the bucket, or None where there is none."""
    found = await vault.find(key)
    return _Stored(found, vault) if found else None


@router.get(
    "/{production_id}/deliverable/{revision}/{name:path}",
    response_class=StreamingResponse,
    dependencies=ONE_READ,
    responses={**_BYTES, **documented(429)},
)
async def deliverable_file(
    services: ServicesDep,
    production_id: KnownId,
    revision: Annotated[int, Path(ge=1)],
    name: Annotated[str, Path(max_length=300, examples=["captions.vtt"])],
) -> StreamingResponse:
    """One file of a revision from this address itself: for captions, and for documents with pictures next to them."""
    stored = None
    for key in await keys_of(services, production_id, revision, name) if _NAME.fullmatch(name) else ():
        if stored := await _open(services.vault, key):
            break
    if stored is None:
        await services.reader.snapshot(production_id)  # 404 where there is no such production
        message = f"revision {revision} has no file {name[:100]!r}"
        raise Problem.of_field("name", message, "GET the deliverables to see its files", status=404, kind="no-media")
    headers = {"Content-Length": str(stored.bytes), "Cache-Control": "private, max-age=3600", **_SANDBOX}
    return StreamingResponse(stored.chunks(), headers=headers, media_type=stored.media_type)


@router.get(
    "/{production_id}/assets/{asset_id}/takes/{take}/text",
    response_class=Response,
    dependencies=ONE_READ,
    responses={**_BYTES, **documented(429)},
)
async def take_text(services: ServicesDep, production_id: KnownId, asset_id: AssetId, take: int) -> Response:
    """A take of a text asset, always as plain text."""
    found = await find_take(services, production_id, asset_id, take)
    is_text = found is not None and found.media.bytes <= MAX_UPLOAD_BYTES[Modality.TEXT]
    stored = await _open(services.vault, found.media.key) if found and is_text else None
    if stored is None:
        raise no_media(f"Take {take} of asset {asset_id[:100]!r}, as text,")
    body = b"".join([chunk async for chunk in stored.chunks()])
    headers = {"Cache-Control": "private, max-age=3600", **_SANDBOX}
    return Response(body, headers=headers, media_type="text/plain; charset=utf-8")


@router.get(
    "/{production_id}/thumbnail",
    response_class=Response,
    dependencies=ONE_THUMBNAIL,
    responses={**_BYTES, 204: {"description": "The production has made no picture yet"}, **documented(429)},
)
async def small_picture(request: Request, services: ServicesDep, production_id: KnownId) -> Response:
    """The first picture that the production made, as a small WebP for lists; nothing where there is none yet."""
    if await request.is_disconnected():  # the list was left while the request waited
        return Response(status_code=204)
    picture = await services.thumbnails.of(production_id)
    if picture is None:
        await services.reader.snapshot(production_id)  # 404 where there is no such production
        return Response(status_code=204)  # a browser logs an error for a 404
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(picture, headers=headers, media_type=MEDIA_TYPE)


@router.get(
    "/{production_id}/assets/{asset_id}/takes/{take}/data",
    response_class=Response,
    dependencies=ONE_READ,
    responses={**_BYTES, **documented(429)},
)
async def take_data(services: ServicesDep, production_id: KnownId, asset_id: AssetId, take: int) -> Response:
    """What the provider returned with a take, as JSON: the words of a transcript or of speech, a revised prompt."""
    found = await find_take(services, production_id, asset_id, take)
    body = await read_object(services.vault, keys.data_key(found.media.key), MAX_DATA_BYTES) if found else None
    if body is None:
        message, remedy = f"take {take} of asset {asset_id[:100]!r} has no data", "read its media instead"
        raise Problem.of_field("take", message, remedy, status=404, kind="no-data")
    return Response(body, headers={"Cache-Control": "private, max-age=3600", **_SANDBOX}, media_type="application/json")


@router.get(
    "/{production_id}/deliverable.zip",
    response_class=StreamingResponse,
    dependencies=ONE_TRANSFER,
    responses={**ZIP, **documented(409, 429)},
)
async def archive(services: ServicesDep, production_id: KnownId) -> StreamingResponse:
    """One archive with the newest deliverable, its manifest, and the takes that it is made from."""
    snapshot = await services.reader.snapshot(production_id)
    if snapshot.deliverable is None:
        message = "the production has no deliverable yet"
        raise wrong_phase(production_id, snapshot.status.value, message, "wait for the event `done`")
    await services.vault.check()

    async def names() -> AsyncIterator[tuple[str, str]]:
        for each in names_in_archive(snapshot).items():
            yield each

    return zip_response(services.vault, production_id, names())


def zip_response(vault: Vault, name: str, entries: AsyncIterator[tuple[str, str | bytes]]) -> StreamingResponse:
    """An archive that is sent while it is written.

    Args:
        name: Of the file, without `.zip`.
        entries: Name in the archive, and key in the bucket or the content itself.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"', "Cache-Control": "no-store"}
    return StreamingResponse(_zipped(vault, entries), headers=headers, media_type="application/zip")


def names_in_archive(snapshot: Snapshot) -> dict[str, str]:
    """Name in the archive -> key in the bucket; empty without a deliverable."""
    made = snapshot.deliverable
    if made is None:
        return {}
    names = {file.name: file.media.key for file in made.files}
    names[MANIFEST] = keys.deliverable_key(snapshot.production_id, made.revision, MANIFEST)
    for asset_id, number in made.takes.items():
        takes = snapshot.assets[asset_id].takes if asset_id in snapshot.assets else ()
        if take := next((t for t in takes if t.number == number), None):
            names[f"takes/{asset_id}.{take.media.key.rpartition('.')[2]}"] = take.media.key
            names |= {f"takes/pictures/{picture.name}": picture.key for picture in take.media.pictures}
    return names


class _Pipe:
    """The target of a zip file: it cannot seek, and its content is taken out as it fills."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """There is no other buffer."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


async def _zipped(vault: Vault, entries: AsyncIterator[tuple[str, str | bytes]]) -> AsyncIterator[bytes]:
    """The archive in pieces. Media is compressed already, so it is only stored; missing objects are left out."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # write and flush do
        async for name, content in entries:
            if isinstance(content, bytes):
                archive.writestr(name, content)
                continue
            stored = await _open(vault, content)
            if stored is None:
                continue
            # The body is closed when a reader leaves in the middle, and not when its generator is collected.
            async with aclosing(stored.chunks()) as chunks:
                with archive.open(name, "w", force_zip64=True) as entry:
                    async for chunk in chunks:
                        entry.write(chunk)
                        yield pipe.take()
    yield pipe.take()
