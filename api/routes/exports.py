"""The film for editing software: its timeline, media and captions in one archive."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.deps import ONE_TRANSFER, KnownId, Services, ServicesDep
from api.problems import Problem, documented, unavailable, wrong_phase
from api.routes.streamed_media import ZIP, read_object, zip_response
from api.views.exports import ExportFormat
from api.views.production import PREFIX
from workflows import keys
from workflows.events import Snapshot
from workflows.models import Deliverable

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["media"], responses=documented(404, 422, 503))

MAX_TIMELINE_BYTES: Final = 20_000_000
"""A film of 300 shots has a timeline of one megabyte."""


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
    snapshot = await _snapshot(services, production_id, revision)
    made = snapshot.deliverable
    if made is None:
        message = "the production has no deliverable yet"
        raise wrong_phase(production_id, snapshot.status.value, message, "wait for the event `done`")
    timeline = _timeline_key(made)
    captions = {file.name: file.media.key for file in made.files if file.role.startswith("captions-")}
    content = await read_object(services.vault, timeline, MAX_TIMELINE_BYTES)
    if content is None:
        raise _no_media("export", f"the timeline of revision {made.revision} is not in the storage any more")
    from api.export.archive import archive_of  # takes 15 ms to import, which the start of the API does not need

    try:
        archive = await asyncio.to_thread(archive_of, content, to, tuple(captions))
    except (ValueError, KeyError) as error:
        detail = f"The timeline of revision {made.revision} cannot be read ({error}); make another revision."
        raise unavailable("record-unreadable", detail) from None
    stored = captions | _media_keys(snapshot, archive.takes) | _text_keys(made, archive.texts)
    await _check_stored(services, production_id, stored)

    async def entries() -> AsyncIterator[tuple[str, str | bytes]]:
        for name, body in archive.files.items():
            yield f"{production_id}/{name}", body
        for name, key in stored.items():
            yield f"{production_id}/{name}", key

    return zip_response(services.vault, f"{production_id}-{to.value}", entries())


async def _snapshot(services: Services, production_id: str, revision: int | None) -> Snapshot:
    """The state of the production at a revision.

    Raises:
        Problem: 404.
    """
    newest = await services.reader.snapshot(production_id)
    if revision is None or (newest.deliverable and newest.deliverable.revision == revision):
        return newest
    found = await services.vault.manifest(production_id, revision)
    if found is None:
        raise _no_media("revision", f"there is no revision {revision}, or it has no manifest")
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
            raise _no_media("export", f"take {number} of {asset_id} is not in the record of the production")
        found[name] = take.media.key
    return found


def _text_keys(made: Deliverable, texts: Mapping[str, str]) -> dict[str, str]:
    """Media file -> key in the bucket, of the texts that the film draws.

    Raises:
        Problem: 404; the deliverable has no such file.
    """
    known = {file.name: file.media.key for file in made.files}
    if missing := [name for name in texts.values() if name not in known]:
        raise _no_media("export", f"{missing[0]} is not among the files of revision {made.revision}")
    return {name: known[file] for name, file in texts.items()}


async def _check_stored(services: Services, production_id: str, stored: Mapping[str, str]) -> None:
    """Check that all files exist, because an archive whose transfer has begun can report no error.

    Raises:
        Problem: 404, 503.
    """
    folder = f"{keys.production_prefix(production_id)}/"
    present = {each.key for each in await services.vault.listed(folder)}
    if missing := [name for name, key in stored.items() if key.startswith(folder) and key not in present]:
        raise _no_media("export", f"{missing[0]} is not in the storage any more")


def _no_media(field: str, message: str) -> Problem:
    return Problem.of_field(field, message, "make another revision, and export that", status=404, kind="no-media")
