"""Routes that redirect to bytes: media of takes, deliverables in all revisions, manifests; and their provenance."""

from typing import Annotated, Any, BinaryIO, Final, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse

from api.deps import ONE_READ, AssetId, CurrentCaller, KnownId, Services, ServicesDep
from api.problems import Problem, documented, wrong_phase
from api.provenance.reader import read_provenance
from api.routes.revisions import keys_of, revisions
from api.routes.streamed_media import file_of, find_take, inline_take
from api.storage import no_media
from api.views.changes import DeliverablesView, InlineMedia
from api.views.production import PREFIX
from api.views.provenance import ProvenanceView
from workflows.illustrated.parts import MAX_PICTURES
from workflows.models import Media

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["media"], responses=documented(404, 422, 503))

CHECKED_BYTES: Final = 64 * 1024 * 1024
"""Of a larger file only the manifest is read: to check it, all of it would be read from the storage, and up to this
much held in memory. `greenlight verify` checks a downloaded file of any size."""
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
    picture: Annotated[
        int | None, Query(ge=1, le=MAX_PICTURES, description="Of an illustrated text, one of its pictures, from 1")
    ] = None,
    inline: Annotated[
        Literal["base64"] | None, Query(description="Return a take of at most 1 MB as JSON, instead of a redirect")
    ] = None,
) -> Response:
    """The media of one take; of an illustrated text its Markdown, or one of its pictures."""
    if inline:
        async with services.transfers.wait_and_hold(caller):
            media = await inline_take(services, production_id, asset_id, take, picture)
        return JSONResponse(media.model_dump(mode="json"), headers={"Cache-Control": "private, max-age=3600"})
    if picture is not None:
        found = file_of(await find_take(services, production_id, asset_id, take), asset_id, take, picture)
        return _redirect(await services.vault.link(found.key, f"{asset_id}-{found.key.rpartition('/')[2]}"))

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


@router.get("/{production_id}/provenance", dependencies=ONE_READ, responses=documented(409, 429))
async def deliverable_provenance(
    services: ServicesDep,
    production_id: KnownId,
    file: Annotated[str | None, Query(description="The name of one of its files; without it the main one")] = None,
) -> ProvenanceView:
    """The signature of a file of the newest deliverable: valid, invalid or none, its signer, and its statement."""
    snapshot = await services.reader.snapshot(production_id)
    if snapshot.deliverable is None:
        message = "the production has no deliverable yet"
        raise wrong_phase(production_id, snapshot.status.value, message, "wait for the event `done`")
    files = snapshot.deliverable.files
    found = next((f for f in files if file is None or f.name == file), None)
    if found is None:
        names = ", ".join(f.name for f in files)
        raise Problem.of_field("file", f"there is no {file!r}", f"choose from {names}", status=404, kind="no-media")
    return await _provenance(services, found.media, found.name)


@router.get(
    "/{production_id}/assets/{asset_id}/takes/{take}/provenance", dependencies=ONE_READ, responses=documented(429)
)
async def take_provenance(
    services: ServicesDep, production_id: KnownId, asset_id: AssetId, take: int
) -> ProvenanceView:
    """The signature of a take: valid, invalid or none, its signer, and its statement."""
    name = f"Take {take} of asset {asset_id[:100]!r}"
    found = await find_take(services, production_id, asset_id, take)
    if found is None:
        raise no_media(name)
    return await _provenance(services, found.media, name)


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


def _no_media(field: str, message: str, remedy: str) -> Problem:
    return Problem.of_field(field, message, remedy, status=404, kind="no-media")


def _redirect(link: str) -> RedirectResponse:
    # The link expires before a cache entry would, so each request gets its own.
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


async def _provenance(services: Services, media: Media, name: str) -> ProvenanceView:
    media_type = media.media_type.partition(";")[0]

    def read(file: BinaryIO, size: int) -> ProvenanceView:
        return read_provenance(file, media_type, check=size <= CHECKED_BYTES)

    found = await services.vault.inspect(media.key, read)
    if found is None:
        raise no_media(name)
    return found
