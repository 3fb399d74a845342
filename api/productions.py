"""Routes of productions: start, look, list, decide."""

import base64
import binascii
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from api.bodies import ApproveBody, RegenerateBody, RejectBody, ResolveBody, SelectBody
from api.deps import After, AssetId, IdempotencyKey, KnownId, Parts, Services, production_id_for
from api.media import no_media
from api.problems import FieldError, Problem, documented
from api.relay import EventStream
from api.views import PREFIX, PageToken, PlanView, ProductionPage, ProductionView, Started, production_view
from workflows import keys
from workflows.events import ProductionStatus, Receipt
from workflows.models import Brief, Model, Platform, Slug
from workflows.requests import Decision, PlanEdit, Regenerate, Resolve, Revision, SelectTake

M = TypeVar("M", bound=Model)

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(422, 503))

_UNKNOWN = documented(404)
_DECIDED = documented(404, 409)
_LINK: Final[dict[int | str, dict[str, Any]]] = {307: {"description": "To the bytes, for 15 minutes"}, **_UNKNOWN}
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events; the data of each is a StreamEvent",
        "content": {"text/event-stream": {"itemSchema": {"$ref": "#/components/schemas/StreamEvent"}}},
    }
}


async def begin(parts: Services, brief: Brief, key: str | None) -> tuple[str, ProductionStatus]:
    """Check the brief against what the workers can make and start its production, once for each key."""
    await parts.fleet.check(brief)
    production_id = production_id_for(brief.tenant, key)
    return production_id, await parts.gateway.start(production_id, brief, keyed=key is not None)


@router.post("", status_code=202, tags=["productions"], responses=documented(409))
async def start(parts: Parts, response: Response, brief: Brief, idempotency_key: IdempotencyKey = None) -> Started:
    """Start a production. It plans, then waits for an approval; nothing is spent before."""
    production_id, status = await begin(parts, brief, idempotency_key)
    links = parts.links(production_id)
    response.headers["Location"] = links.production
    return Started(production_id=production_id, status=status, links=links)


@router.get("", tags=["productions"])
async def list_productions(
    parts: Parts,
    status: ProductionStatus | None = None,
    platform: Platform | None = None,
    tenant: Slug | None = None,
    page_size: Annotated[int, Query(ge=1, le=200)] = 50,
    page_token: PageToken | None = None,
) -> ProductionPage:
    """Productions, a page at a time: those that are open first, then by when they closed; within a page newest first.

    The list follows a change by a second or two.
    """
    asked = {keys.STATUS_ATTRIBUTE: status, keys.PLATFORM_ATTRIBUTE: platform, keys.TENANT_ATTRIBUTE: tenant}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    lines, following = await parts.gateway.list_productions(filters, page_size, _token(page_token), parts.links)
    return ProductionPage(
        productions=tuple(lines), next_page_token=base64.urlsafe_b64encode(following).decode() if following else None
    )


@router.get("/{production_id}", tags=["productions"], responses=_UNKNOWN)
async def get_production(parts: Parts, production_id: KnownId) -> ProductionView:
    """Everything about a production, also long after it is closed."""
    return production_view(await parts.gateway.snapshot(production_id), parts.links(production_id))


@router.get(
    "/{production_id}/events",
    tags=["events"],
    response_class=EventStream,
    responses={**EVENT_STREAM, **_UNKNOWN},
)
async def events(parts: Parts, production_id: KnownId, after: After) -> EventStream:
    """Its events from the first, or past Last-Event-ID, as they happen; the stream ends when it is closed."""
    return EventStream(await parts.relay.watch(production_id, after))


@router.patch("/{production_id}/plan", tags=["decisions"], responses=_DECIDED)
async def edit_plan(parts: Parts, production_id: KnownId, edit: PlanEdit) -> PlanView:
    """Make all of the edits or none; the plan gets a new digest and new prices."""
    return PlanView.of(await parts.gateway.edit_plan(production_id, edit))


@router.post("/{production_id}/approve", tags=["decisions"], responses=_DECIDED)
async def approve(parts: Parts, production_id: KnownId, approval: ApproveBody) -> Receipt:
    """Release exactly this plan for spending."""
    return await parts.gateway.decide(production_id, Decision(approve=approval))


@router.post("/{production_id}/reject", tags=["decisions"], responses=_DECIDED)
async def reject(parts: Parts, production_id: KnownId, rejection: RejectBody) -> Receipt:
    """End it before anything is spent."""
    return await parts.gateway.decide(production_id, Decision(reject=rejection))


@router.post("/{production_id}/revise", tags=["decisions"], responses=_DECIDED)
async def revise(parts: Parts, production_id: KnownId, revision: Revision) -> PlanView:
    """Plan again with feedback."""
    return PlanView.of(await parts.gateway.revise(production_id, revision))


@router.post("/{production_id}/cancel", status_code=202, tags=["decisions"], responses=_DECIDED)
async def cancel(parts: Parts, production_id: KnownId) -> Receipt:
    """Stop it; what was made stays. It happens a moment later: the event `cancelled` tells."""
    return await parts.gateway.cancel(production_id)


@router.post("/{production_id}/assets/{asset_id}/regenerate", status_code=202, tags=["assets"], responses=_DECIDED)
async def regenerate(parts: Parts, production_id: KnownId, asset_id: AssetId, body: RegenerateBody) -> Receipt:
    """Make a new take, as it is or changed, also after delivery."""
    request = _named(Regenerate, asset_id, body)
    return await parts.gateway.regenerate(production_id, request)


@router.post("/{production_id}/assets/{asset_id}/resolve", status_code=202, tags=["assets"], responses=_DECIDED)
async def resolve(parts: Parts, production_id: KnownId, asset_id: AssetId, body: ResolveBody) -> Receipt:
    """Decide where the production waits for a person."""
    resolution = _named(Resolve, asset_id, body)
    return await parts.gateway.resolve(production_id, resolution)


@router.post("/{production_id}/assets/{asset_id}/select", status_code=202, tags=["assets"], responses=_DECIDED)
async def select(parts: Parts, production_id: KnownId, asset_id: AssetId, body: SelectBody) -> Receipt:
    """Use another take in the deliverable, also after delivery."""
    selection = _named(SelectTake, asset_id, body)
    return await parts.gateway.select_take(production_id, selection)


@router.get(
    "/{production_id}/assets/{asset_id}/takes/{take}/media",
    status_code=307,
    tags=["media"],
    response_class=RedirectResponse,
    responses=_LINK,
)
async def take_media(parts: Parts, production_id: KnownId, asset_id: AssetId, take: int) -> RedirectResponse:
    """The media of one take."""
    link = await parts.vault.take_link(production_id, asset_id, take)
    if link is None:
        raise no_media(f"Take {take} of asset {asset_id!r}")
    return _redirect(link)


@router.get(
    "/{production_id}/deliverable",
    status_code=307,
    tags=["media"],
    response_class=RedirectResponse,
    responses={**_LINK, **documented(409)},
)
async def deliverable(
    parts: Parts,
    production_id: KnownId,
    file: Annotated[str | None, Query(description="The name of one of its files; without it the main one")] = None,
) -> RedirectResponse:
    """One file of the finished thing."""
    snapshot = await parts.gateway.snapshot(production_id)
    if snapshot.deliverable is None:
        remedy = "start a new one" if snapshot.status.closed else "wait for the event `done`"
        error = FieldError(
            field="production_id", message=f"is {snapshot.status.value} and has no deliverable", remedy=remedy
        )
        raise Problem(
            409,
            "wrong-phase",
            f"The production {error.message}; {error.remedy}.",
            errors=[error],
            production_id=production_id,
            production_status=snapshot.status.value,
        )
    files = snapshot.deliverable.files
    found = next((f for f in files if file is None or f.name == file), None)
    if found is None:
        names = ", ".join(f.name for f in files)
        error = FieldError(field="file", message=f"there is no {file!r}", remedy=f"choose from {names}")
        raise Problem(404, "no-media", f"file: {error.message}; {error.remedy}", errors=[error])
    return _redirect(await parts.vault.link(found.media.key, found.name))


@router.get(
    "/{production_id}/manifest",
    status_code=307,
    tags=["media"],
    response_class=RedirectResponse,
    responses=_LINK,
)
async def manifest(parts: Parts, production_id: KnownId) -> RedirectResponse:
    """The whole record of how it came to be, as JSON; written when the production is closed."""
    link = await parts.vault.manifest_link(production_id)
    if link is None:
        status = (await parts.gateway.snapshot(production_id)).status
        raise Problem(404, "no-manifest", f"It is written when the production is closed; it is {status.value}.")
    return _redirect(link)


def _named(record: type[M], asset_id: str, body: Model) -> M:
    """The workflow's record from the path's asset and the body."""
    try:
        return record.model_validate({"asset_id": asset_id, **body.model_dump(exclude_unset=True)})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def _redirect(link: str) -> RedirectResponse:
    # The link dies before a cache would: each request gets its own.
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


def _token(text: str | None) -> bytes | None:
    try:
        return base64.b64decode(text, altchars=b"-_", validate=True) if text else None
    except (binascii.Error, ValueError):
        error = FieldError(field="page_token", message="is no token of ours", remedy="send next_page_token as it came")
        raise Problem(422, "invalid-request", f"page_token {error.message}", errors=[error]) from None
