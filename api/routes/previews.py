"""The route of previews: a plan as a film before it costs money."""

from fastapi import APIRouter, Response

from api.deps import KnownId, ServicesDep
from api.problems import Problem, documented
from api.views.production import PREFIX, Started
from workflows.events import ProductionStatus
from workflows.preview.plan import PREVIZ

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(422, 503))


@router.post("/{production_id}/preview", status_code=202, tags=["decisions"], responses=documented(404, 409))
async def preview(services: ServicesDep, response: Response, production_id: KnownId) -> Started:
    """Make the whole plan with previz, without cost, as a production of its own with events and a deliverable.

    Each plan has one preview, however often it is requested; an edited plan has another preview.
    """
    report = await services.fleet.report()
    if not any(p.provider == PREVIZ and p.enabled for p in report.providers):
        message = "previz, which makes previews, is not enabled"
        remedy = "leave GREENLIGHT_PREVIZ unset in the workers' environment"
        raise Problem.of_field("production_id", message, remedy, status=409, kind="no-preview")
    preview_id = await services.productions.start_preview(production_id)
    links = services.links(preview_id)
    response.headers["Location"] = links.production
    return Started(production_id=preview_id, status=ProductionStatus.PRODUCING, links=links)
