"""Routes of productions: start, list, read, follow."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from api.deps import (
    ONE_STREAM,
    After,
    AssetId,
    CurrentCaller,
    IdempotencyKey,
    IdPrefix,
    KnownId,
    Services,
    ServicesDep,
    production_id_for,
)
from api.pagination import PageSize, PageToken, decode_token, encode_token
from api.problems import documented, unknown_asset
from api.relay.relay import EventStream
from api.views.changes import PlanHistory, TakesView, plan_history, takes_of
from api.views.production import PREFIX, ProductionPage, ProductionView, Started, production_view
from workflows import keys
from workflows.agents.grants import Grant
from workflows.brief import Brief, Platform
from workflows.events import ProductionStatus
from workflows.models import Slug

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(422, 503))

_UNKNOWN = documented(404)
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Server-sent events; the data of each is a StreamEvent",
        "content": {"text/event-stream": {}},  # `streams_and_bodies` adds the schema
    }
}


async def begin(
    services: Services, brief: Brief, key: str | None, requested: Brief, grant: Grant | None = None
) -> tuple[str, ProductionStatus]:
    """Check an admitted brief against the providers of the workers and start its production, once for each key.

    Args:
        requested: The brief before it was admitted.
        grant: Of an agent: what its planning may use.
    """
    await services.fleet.check(brief)
    if brief.memo:  # its production has the id of the memo, whatever the key is
        memo = await services.voice_memos.ready(brief)
        status = await services.productions.start(brief.memo, brief, keyed=True, memo=memo, requested=requested)
        return brief.memo, status
    production_id = production_id_for(brief.tenant, key)
    status = await services.productions.start(
        production_id, brief, keyed=key is not None, grant=grant, requested=requested
    )
    return production_id, status


@router.post("", status_code=202, tags=["productions"], responses=documented(409))
async def start(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    brief: Brief,
    idempotency_key: IdempotencyKey = None,
) -> Started:
    """Start a production. It plans, then waits for an approval. Before the approval it spends money only on planning,
    within the limits of planning."""
    admitted = caller.admit(brief)
    production_id, status = await begin(services, admitted, idempotency_key, brief, caller.planning_grant)
    links = services.links(production_id)
    response.headers["Location"] = links.production
    return Started(production_id=production_id, status=status, links=links)


@router.get("", tags=["productions"])
async def list_productions(
    services: ServicesDep,
    caller: CurrentCaller,
    status: ProductionStatus | None = None,
    platform: Platform | None = None,
    tenant: Slug | None = None,
    provider: Slug | None = None,
    words: Annotated[
        str, Query(max_length=200, description="Each of them is in the title, the id or the requester's name")
    ] = "",
    prefix: IdPrefix = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> ProductionPage:
    """Productions, a page at a time: open ones first, the newest at the top, then the most recently closed.

    The list follows a change by a second or two. With `words` a page may hold few productions and still have a token:
    one response searches 1,000 productions.
    """
    requested = {
        keys.STATUS_ATTRIBUTE: status,
        keys.PLATFORM_ATTRIBUTE: platform,
        keys.TENANT_ATTRIBUTE: caller.resolve_tenant(tenant),
        keys.PROVIDERS_ATTRIBUTE: provider,
    }
    filters = {name: str(value) for name, value in requested.items() if value is not None}
    lines, following = await services.visibility.list_productions(
        filters, words, page_size, decode_token(page_token), services.links, caller.qualify(prefix) if prefix else ""
    )
    return ProductionPage(productions=tuple(lines), next_page_token=encode_token(following))


@router.get("/{production_id}", tags=["productions"], responses=_UNKNOWN)
async def get_production(services: ServicesDep, production_id: KnownId) -> ProductionView:
    """The whole state of a production, also long after it is closed."""
    snapshot = await services.reader.snapshot(production_id)
    return production_view(snapshot, services.links(production_id), await services.productions.find_preview(snapshot))


@router.get(
    "/{production_id}/events",
    tags=["events"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(404, 429)},
)
async def events(services: ServicesDep, production_id: KnownId, after: After) -> EventStream:
    """The events of a production from the first, or after Last-Event-ID; the stream ends when it is closed."""
    return EventStream(await services.relay.watch(production_id, after))


@router.get("/{production_id}/plan/history", tags=["productions"], responses=_UNKNOWN)
async def history(services: ServicesDep, production_id: KnownId) -> PlanHistory:
    """Every plan that a production has had: who made it, when, how, and its changes."""
    return plan_history(await services.reader.snapshot(production_id))


@router.get("/{production_id}/assets/{asset_id}/takes", tags=["assets"], responses=_UNKNOWN)
async def takes(services: ServicesDep, production_id: KnownId, asset_id: AssetId) -> TakesView:
    """All takes of an asset, with the inputs and the cost of each."""
    found = takes_of(await services.reader.snapshot(production_id), asset_id)
    if found is None:
        raise unknown_asset(production_id, asset_id)
    return found
