"""The route of previews: a plan watched before it is paid for."""

from fastapi import APIRouter, Response

from api.deps import KnownId, Parts
from api.problems import FieldError, Problem, documented
from api.views.production import PREFIX, Started
from workflows.events import ProductionStatus
from workflows.preview.plan import PREVIZ

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(422, 503))


@router.post("/{production_id}/preview", status_code=202, tags=["decisions"], responses=documented(404, 409))
async def preview(parts: Parts, response: Response, production_id: KnownId) -> Started:
    """Make the whole plan with previz, for nothing, as a production of its own: its events and its deliverable tell.

    The same plan is made once, however often it is asked for; an edited plan has another preview.
    """
    report = await parts.fleet.report()
    if not any(p.provider == PREVIZ and p.enabled for p in report.providers):
        remedy = "leave GREENLIGHT_PREVIZ unset in the workers' environment"
        error = FieldError(field="production_id", message="previz, which makes previews, is not enabled", remedy=remedy)
        raise Problem(409, "no-preview", f"{error.message}; {error.remedy}.", errors=[error])
    preview_id = await parts.gateway.start_preview(production_id)
    links = parts.links(preview_id)
    response.headers["Location"] = links.production
    return Started(production_id=preview_id, status=ProductionStatus.PRODUCING, links=links)
