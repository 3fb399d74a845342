"""One place for everything that waits for a person, over all productions."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Parts, Who
from api.problems import documented
from api.views.changes import AttentionView
from api.views.production import PREFIX
from workflows import keys
from workflows.events import AttentionReason
from workflows.models import Platform, Slug

router = APIRouter(prefix=PREFIX, responses=documented(422, 503))


@router.get("/attention", tags=["attention"])
async def attention(
    parts: Parts,
    who: Who,
    tenant: Slug | None = None,
    reason: Annotated[AttentionReason | None, Query(description="Only what waits for this")] = None,
    platform: Platform | None = None,
) -> AttentionView:
    """What waits for a person, the longest waiting first, each with its evidence and the possible answers.

    Of up to 1,000 productions, and of each the first 20 things that wait. It follows a change by a second or two, and
    needs no worker.
    """
    asked = {keys.TENANT_ATTRIBUTE: who.tenant_for(tenant), keys.PLATFORM_ATTRIBUTE: platform}
    filters = {name: str(value) for name, value in asked.items() if value is not None}
    return await parts.gateway.attention(filters, reason, parts.links)
