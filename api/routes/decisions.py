"""Routes of decisions: about a plan and its preview, about its assets, and whether a production continues."""

from typing import Final, TypeVar

from fastapi import APIRouter, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.deps import AssetId, CurrentCaller, KnownId, RequestKey, ServicesDep, keyed
from api.problems import Problem, documented
from api.temporal import updates
from api.views.bodies import ApproveBody, RejectBody
from api.views.production import PREFIX, PlanView, Started
from workflows.events import ProductionStatus, Receipt
from workflows.models import Model
from workflows.preview.plan import PREVIZ
from workflows.requests import (
    Cancel,
    Decision,
    LowerBudget,
    LowerBudgetBody,
    Pause,
    PlanEdit,
    Refresh,
    Regenerate,
    RegenerateBody,
    Resolve,
    ResolveBody,
    Resume,
    Revision,
    SelectBody,
    SelectTake,
)

M = TypeVar("M", bound=Model)

_NO_BODY: Final = Cancel()

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(404, 409, 422, 503))


@router.patch("/{production_id}/plan", tags=["decisions"])
async def edit_plan(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, edit: PlanEdit, key: RequestKey = None
) -> PlanView:
    """Make all of the edits or none; the plan gets a new digest and new prices. Also after the approval and delivery:
    `budget_usd` then raises the budget for what is added, and takes that depend on a change become stale."""
    caller.check_budget(edit)
    request = keyed(caller.sign(edit), key)
    return PlanView.of(await services.productions.update(production_id, updates.EDIT_PLAN, request))


@router.post("/{production_id}/approve", tags=["decisions"])
async def approve(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, approval: ApproveBody, key: RequestKey = None
) -> Receipt:
    """Release exactly this plan for spending. Where several people have to approve, it waits until all have."""
    decision = keyed(Decision(approve=caller.sign(approval)), key)
    return await services.productions.update(production_id, updates.DECIDE, decision)


@router.post("/{production_id}/reject", tags=["decisions"])
async def reject(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    rejection: RejectBody,
    key: RequestKey = None,
) -> Receipt:
    """End the production: no asset of its plan is made; the cost of planning stays spent."""
    decision = keyed(Decision(reject=caller.sign(rejection)), key)
    return await services.productions.update(production_id, updates.DECIDE, decision)


@router.post("/{production_id}/revise", tags=["decisions"])
async def revise(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, revision: Revision, key: RequestKey = None
) -> PlanView:
    """Plan again with feedback."""
    request = keyed(caller.sign(revision), key)
    return PlanView.of(await services.productions.update(production_id, updates.REVISE, request))


@router.post("/{production_id}/refresh", status_code=202, tags=["decisions"])
async def refresh(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: Refresh, key: RequestKey = None
) -> Receipt:
    """Make stale assets again, all or the named ones, for at most `max_usd`; also after delivery."""
    caller.check_budget(body)
    return await services.productions.update(production_id, updates.REFRESH, keyed(caller.sign(body), key))


@router.post("/{production_id}/pause", tags=["decisions"])
async def pause(services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: Pause) -> Receipt:
    """Finish the running work and start no new work."""
    return await services.productions.update(production_id, updates.PAUSE, caller.sign(body))


@router.post("/{production_id}/resume", tags=["decisions"])
async def resume(services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: Resume) -> Receipt:
    """Continue after a pause."""
    return await services.productions.update(production_id, updates.RESUME, caller.sign(body))


@router.post("/{production_id}/budget", tags=["decisions"])
async def lower_budget(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: LowerBudgetBody, key: RequestKey = None
) -> Receipt:
    """Lower the budget after the approval. Takes that do not fit it are not started and wait for a decision.

    It is refused below what is spent and held for takes under way, which the error names, and above the present budget.
    Only a request that names a higher `budget_usd` raises it again.
    """
    request = keyed(LowerBudget(**caller.sign(body).model_dump()), key)
    return await services.productions.update(production_id, updates.LOWER_BUDGET, request)


@router.post("/{production_id}/cancel", status_code=202, tags=["decisions"])
async def cancel(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: Cancel = _NO_BODY
) -> Receipt:
    """Stop the production; finished takes are kept. It stops a moment later, which the event `cancelled` reports, with
    the name of the caller."""
    return await services.productions.cancel(production_id, caller.sign(body).cancelled_by)


@router.post("/{production_id}/assets/{asset_id}/regenerate", status_code=202, tags=["assets"])
async def regenerate(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    asset_id: AssetId,
    body: RegenerateBody,
    key: RequestKey = None,
) -> Receipt:
    """Make new takes, unchanged or changed, also after delivery. With `feedback` the planner writes the prompt, which
    may take minutes."""
    caller.check_budget(body)
    request = keyed(_of_asset(Regenerate, asset_id, caller.sign(body)), key)
    update = updates.REGENERATE_FROM_FEEDBACK if request.feedback else updates.REGENERATE
    return await services.productions.update(production_id, update, request)


@router.post("/{production_id}/assets/{asset_id}/resolve", status_code=202, tags=["assets"])
async def resolve(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    asset_id: AssetId,
    body: ResolveBody,
    key: RequestKey = None,
) -> Receipt:
    """Make a pending decision about an asset; `attention` names the one that you saw, and another one is refused."""
    request = keyed(_of_asset(Resolve, asset_id, caller.sign(body)), key)
    return await services.productions.update(production_id, updates.RESOLVE, request)


@router.post("/{production_id}/assets/{asset_id}/select", status_code=202, tags=["assets"])
async def select(
    services: ServicesDep,
    caller: CurrentCaller,
    production_id: KnownId,
    asset_id: AssetId,
    body: SelectBody,
    key: RequestKey = None,
) -> Receipt:
    """Use another take in the deliverable, also after delivery."""
    request = keyed(_of_asset(SelectTake, asset_id, caller.sign(body)), key)
    return await services.productions.update(production_id, updates.SELECT_TAKE, request)


def _of_asset(record: type[M], asset_id: str, body: Model) -> M:
    """The workflow's record from the asset in the path and the body.

    Raises:
        RequestValidationError: the record has further rules that the body violates.
    """
    try:
        return record.model_validate({"asset_id": asset_id, **body.model_dump(exclude_unset=True)})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


@router.post("/{production_id}/preview", status_code=202, tags=["decisions"])
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
