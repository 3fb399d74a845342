"""Routes of productions: start, list, look."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from api.auth.caller import Caller
from api.deps import ONE_STREAM, After, AssetId, IdempotencyKey, KnownId, Parts, Services, Who, production_id_for
from api.pagination import PageSize, PageToken, token_of, told
from api.problems import FieldError, Problem, documented
from api.relay.relay import EventStream
from api.views.changes import PlanHistory, TakesView, plan_history, takes_of
from api.views.production import PREFIX, ProductionPage, ProductionView, Started, production_view
from workflows import keys
from workflows.events import ProductionStatus
from workflows.models import Brief, Platform, Slug

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(422, 503))

_UNKNOWN = documented(404)
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events; the data of each is a StreamEvent",
        "content": {"text/event-stream": {}},  # of what: see `description`
    }
}


async def begin(parts: Services, who: Caller, brief: Brief, key: str | None) -> tuple[str, ProductionStatus]:
    """Check the brief against what the workers can make and start its production, once for each key."""
    brief = who.brief(brief)
    await parts.fleet.check(brief)
    production_id = production_id_for(brief.tenant, key)
    return production_id, await parts.gateway.start(production_id, brief, keyed=key is not None)


@router.post("", status_code=202, tags=["productions"], responses=documented(409))
async def start(
    parts: Parts, who: Who, response: Response, brief: Brief, idempotency_key: IdempotencyKey = None
) -> Started:
    """Start a production. It plans, then waits for an approval. Before that it spends on planning alone, within the
    limits of planning."""
    production_id, status = await begin(parts, who, brief, idempotency_key)
    links = parts.links(production_id)
    response.headers["Location"] = links.production
    return Started(production_id=production_id, status=status, links=links)


@router.get("", tags=["productions"])
async def list_productions(
    parts: Parts,
    who: Who,
    status: ProductionStatus | None = None,
    platform: Platform | None = None,
    tenant: Slug | None = None,
    provider: Slug | None = None,
    words: Annotated[
        str, Query(max_length=200, description="Each of them is in the title, the id or the requester's name")
    ] = "",
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> ProductionPage:
    """Productions, a page at a time: those that are open first, then by when they closed; within a page newest first.

    The list follows a change by a second or two. A page that was searched for words may hold few and still have a
    token: one answer looks at 1,000 productions.
    """
    asked = {
        keys.STATUS_ATTRIBUTE: status,
        keys.PLATFORM_ATTRIBUTE: platform,
        keys.TENANT_ATTRIBUTE: who.tenant_for(tenant),
        keys.PROVIDERS_ATTRIBUTE: provider,
    }
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    lines, following = await parts.gateway.list_productions(
        filters, words, page_size, token_of(page_token), parts.links
    )
    return ProductionPage(productions=tuple(lines), next_page_token=told(following))


@router.get("/{production_id}", tags=["productions"], responses=_UNKNOWN)
async def get_production(parts: Parts, production_id: KnownId) -> ProductionView:
    """Everything about a production, also long after it is closed."""
    return production_view(await parts.gateway.snapshot(production_id), parts.links(production_id))


@router.get(
    "/{production_id}/events",
    tags=["events"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(404, 429)},
)
async def events(parts: Parts, production_id: KnownId, after: After) -> EventStream:
    """Its events from the first, or past Last-Event-ID, as they happen; the stream ends when it is closed."""
    return EventStream(await parts.relay.watch(production_id, after))


@router.get("/{production_id}/plan/history", tags=["productions"], responses=_UNKNOWN)
async def history(parts: Parts, production_id: KnownId) -> PlanHistory:
    """Every plan that it has had: who made it, when, how, and what became different."""
    return plan_history(await parts.gateway.snapshot(production_id))


@router.get("/{production_id}/assets/{asset_id}/takes", tags=["assets"], responses=_UNKNOWN)
async def takes(parts: Parts, production_id: KnownId, asset_id: AssetId) -> TakesView:
    """All takes of an asset, with what each was made from and what it cost."""
    found = takes_of(await parts.gateway.snapshot(production_id), asset_id)
    if found is None:
        error = FieldError(
            field="asset_id", message=f"there is no asset {asset_id!r}", remedy="choose one that the production shows"
        )
        detail = f"{error.field}: {error.message}; {error.remedy}."
        raise Problem(404, "unknown-asset", detail, errors=[error], production_id=production_id)
    return found
