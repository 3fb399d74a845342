"""Routes of downloads: redirects to the media of takes, deliverables in all their revisions and manifests; and the
archive for editing software, which this server streams."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from api.deps import ONE_TRANSFER, AssetId, CurrentCaller, KnownId, Services, ServicesDep
from api.problems import Problem, documented, unavailable, wrong_phase
from api.routes.revisions import keys_of, revisions
from api.routes.streamed_media import ZIP, find_take, inline_take, read_object, zip_response
from api.storage import no_media
from api.views.changes import DeliverablesView, InlineMedia
from api.views.exports import ExportFormat
from api.views.production import PREFIX
from workflows import keys
from workflows.events import Snapshot
from workflows.models import Deliverable

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["media"], responses=documented(404, 422, 503))

MAX_TIMELINE_BYTES: Final = 20_000_000
"""A film of 300 shots has a timeline of one megabyte."""

_LINK: Final[dict[int | str, dict[str, Any]]] = {307: {"description": "To the bytes, for 15 minutes"}}


@router.get(
    "/{production_id}/assets/{asset_id}/takes/{take}/media",
    status_code=307,
    response_class=RedirectResponse,
    response_model=None,
    responses={
        **_LINK,
        200: {"model": InlineMedia, "description": "With `inline`: the bytes as base64"},
        **documented(413, 429),
    },
)
async def take_media(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    asset_id: AssetId,
    take: int,
    inline: Annotated[
        Literal["base64"] | None, Query(description="Return a take of at most 1 MB as JSON, instead of a redirect")
    ] = None,
) -> Response:
    """The media of one take."""
    if inline:
        async with services.transfers.wait_and_hold(caller):
            media = await inline_take(services, production_id, asset_id, take)
        return JSONResponse(media.model_dump(mode="json"), headers={"Cache-Control": "private, max-age=3600"})

    async def recorded() -> str | None:
        found = await find_take(services, production_id, asset_id, take)
        return found.media.key if found else None

    link = await services.vault.take_link(production_id, asset_id, take, recorded)
    if link is None:
        await services.reader.snapshot(production_id)  # 404 where there is no such production
        raise no_media(f"Take {take} of asset {asset_id!r}")
    return _redirect(link)


@router.get(
    "/{production_id}/deliverable",
    status_code=307,
    response_class=RedirectResponse,
    responses={**_LINK, **documented(409)},
)
async def deliverable(
    services: ServicesDep,
    production_id: KnownId,
    file: Annotated[str | None, Query(description="The name of one of its files; without it the main one")] = None,
    revision: Annotated[int | None, Query(ge=1, description="An earlier one; without it the newest")] = None,
) -> RedirectResponse:
    """One file of the deliverable, of any of its revisions."""
    if revision is not None:
        return _redirect(await _of_revision(services, production_id, revision, file))
    snapshot = await services.reader.snapshot(production_id)
    if snapshot.deliverable is None:
        remedy = "start a new one" if snapshot.status.closed else "wait for the event `done`"
        status = snapshot.status.value
        raise wrong_phase(production_id, status, f"the production is {status} and has no deliverable", remedy)
    files = snapshot.deliverable.files
    found = next((f for f in files if file is None or f.name == file), None)
    if found is None:
        raise _no_media("file", f"there is no {file!r}", "choose from " + ", ".join(f.name for f in files))
    return _redirect(await services.vault.link(found.media.key, found.name))


@router.get("/{production_id}/deliverables")
async def deliverables(services: ServicesDep, production_id: KnownId) -> DeliverablesView:
    """All revisions of the deliverable with their files, each with its manifest."""
    found = await revisions(services, production_id)
    if not found:
        await services.reader.snapshot(production_id)  # 404 where there is no such production
    return DeliverablesView(production_id=production_id, revisions=found)


@router.get(
    "/{production_id}/manifest",
    status_code=307,
    response_class=RedirectResponse,
    responses=_LINK,
)
async def manifest(services: ServicesDep, production_id: KnownId) -> RedirectResponse:
    """The whole record of the production as JSON; written when the production is closed."""
    link = await services.vault.manifest_link(production_id)
    if link is None:
        status = (await services.reader.snapshot(production_id)).status
        detail = f"The manifest is written when the production is closed; the production is {status.value}."
        raise Problem(404, "no-manifest", detail)
    return _redirect(link)


@router.get(
    "/{production_id}/export",
    response_class=StreamingResponse,
    dependencies=ONE_TRANSFER,
    responses={**ZIP, **documented(409, 429)},
)
async def export(
    services: ServicesDep,
    production_id: KnownId,
    to: Annotated[ExportFormat, Query(description="The format of the timeline")] = ExportFormat.OTIO,
    revision: Annotated[int | None, Query(ge=1, description="An earlier one; without it the newest")] = None,
) -> StreamingResponse:
    """One archive for editing software: the timeline of a film, its takes, captions, and a guide to opening it."""
    snapshot = await _at_revision(services, production_id, revision)
    made = snapshot.deliverable
    if made is None:
        message = "the production has no deliverable yet"
        raise wrong_phase(production_id, snapshot.status.value, message, "wait for the event `done`")
    timeline = _timeline_key(made)
    captions = {file.name: file.media.key for file in made.files if file.role.startswith("captions-")}
    content = await read_object(services.vault, timeline, MAX_TIMELINE_BYTES)
    if content is None:
        raise _not_exported("export", f"the timeline of revision {made.revision} is not in the storage any more")
    from api.export.archive import files_of  # takes 15 ms to import, which the start of the API does not need

    try:
        files, media = await asyncio.to_thread(files_of, content, to, tuple(captions))
    except (ValueError, KeyError) as error:
        detail = f"The timeline of revision {made.revision} cannot be read ({error}); make another revision."
        raise unavailable("record-unreadable", detail) from None
    stored = captions | _media_keys(snapshot, media)
    await _check_stored(services, production_id, stored)

    async def entries() -> AsyncIterator[tuple[str, str | bytes]]:
        for name, body in files.items():
            yield f"{production_id}/{name}", body
        for name, key in stored.items():
            yield f"{production_id}/{name}", key

    return zip_response(services.vault, f"{production_id}-{to.value}", entries())


async def _of_revision(services: Services, production_id: str, revision: int, file: str | None) -> str:
    """A link to one file of a revision, the main one without `file`.

    Raises:
        Problem: 404.
    """
    name = file
    if name is None:
        kept = await services.vault.manifest(production_id, revision)
        name = kept.deliverable.files[0].name if kept and kept.deliverable else None
    for key in await keys_of(services, production_id, revision, name) if name else ():
        if link := await services.vault.found_link(key, name or ""):
            return link
    found = {r.revision: r.files for r in await revisions(services, production_id)}
    if revision in found:
        message = f"there is no {file!r} in revision {revision}" if file else f"is needed for revision {revision}"
        raise _no_media("file", message, "choose from " + ", ".join(f.name for f in found[revision]))
    if not found:
        await services.reader.snapshot(production_id)  # 404 where there is no such production
    remedy = f"choose from {', '.join(map(str, found))}" if found else "wait for the event `done`"
    raise _no_media("revision", f"there is no revision {revision}", remedy)


async def _at_revision(services: Services, production_id: str, revision: int | None) -> Snapshot:
    """The state of the production at a revision.

    Raises:
        Problem: 404.
    """
    newest = await services.reader.snapshot(production_id)
    if revision is None or (newest.deliverable and newest.deliverable.revision == revision):
        return newest
    found = await services.vault.manifest(production_id, revision)
    if found is None:
        raise _not_exported("revision", f"there is no revision {revision}, or it has no manifest")
    return found


def _timeline_key(made: Deliverable) -> str:
    """
    Raises:
        Problem: 409; the deliverable is a document, or an older version made it.
    """
    for file in made.files:
        if file.role == "timeline":
            return file.media.key
    if not any(file.role == "video" and not file.name.startswith("media/") for file in made.files):
        message, remedy = "the deliverable is a document, which has no timeline", "download it instead"
        raise Problem.of_field("production_id", message, remedy, status=409, kind="no-timeline")
    message = f"revision {made.revision} was made by a version of Greenlight that wrote no timeline"
    remedy = "make another revision, e.g. with a new title or another take, and export that"
    raise Problem.of_field("production_id", message, remedy, status=409, kind="no-timeline")


def _media_keys(snapshot: Snapshot, media: Mapping[str, tuple[str, int]]) -> dict[str, str]:
    """Media file -> key in the bucket.

    Raises:
        Problem: 404; the record has no such take.
    """
    found = {}
    for name, (asset_id, number) in media.items():
        takes = snapshot.assets[asset_id].takes if asset_id in snapshot.assets else ()
        take = next((t for t in takes if t.number == number), None)
        if take is None:
            raise _not_exported("export", f"take {number} of {asset_id} is not in the record of the production")
        found[name] = take.media.key
    return found


async def _check_stored(services: Services, production_id: str, stored: Mapping[str, str]) -> None:
    """Check that all files exist, because an archive whose transfer has begun can report no error.

    Raises:
        Problem: 404, 503.
    """
    folder = f"{keys.production_prefix(production_id)}/"
    present = {each.key for each in await services.vault.listed(folder)}
    if missing := [name for name, key in stored.items() if key.startswith(folder) and key not in present]:
        raise _not_exported("export", f"{missing[0]} is not in the storage any more")


def _not_exported(field: str, message: str) -> Problem:
    return _no_media(field, message, "make another revision, and export that")


def _no_media(field: str, message: str, remedy: str) -> Problem:
    return Problem.of_field(field, message, remedy, status=404, kind="no-media")


def _redirect(link: str) -> RedirectResponse:
    # The link expires before a cache entry would, so each request gets its own.
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})
