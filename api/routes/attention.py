"""The route that lists the pending decisions of all productions."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import CurrentCaller, ServicesDep
from api.pagination import PageToken, decode_token, encode_token
from api.problems import documented
from api.views.changes import AttentionView
from api.views.production import PREFIX
from workflows import keys
from workflows.brief import Platform
from workflows.events import AttentionReason, ProductionStatus
from workflows.models import Slug

router = APIRouter(prefix=PREFIX, responses=documented(422, 503))


@router.get("/attention", tags=["attention"])
async def attention(
    services: ServicesDep,
    caller: CurrentCaller,
    tenant: Slug | None = None,
    reason: Annotated[AttentionReason | None, Query(description="Only decisions with this reason")] = None,
    platform: Platform | None = None,
    status: Annotated[ProductionStatus | None, Query(description="Only productions with this status")] = None,
    page_token: PageToken = None,
) -> AttentionView:
    """Pending decisions, the oldest first, each with its evidence and the possible answers.

    A page covers 1,000 productions, those that were started last first, and the first 20 decisions of each; the order
    is that within the page. The list follows a change by a second or two, and needs no worker.
    """
    requested = {
        keys.TENANT_ATTRIBUTE: caller.resolve_tenant(tenant),
        keys.PLATFORM_ATTRIBUTE: platform,
        keys.STATUS_ATTRIBUTE: status,
    }
    filters = {name: str(value) for name, value in requested.items() if value is not None}
    entries, following = await services.visibility.list_attention(
        filters, reason, services.links, decode_token(page_token)
    )
    return AttentionView(entries=entries, complete=following is None, next_page_token=encode_token(following))
