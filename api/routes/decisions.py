"""Routes that decide: about a plan, about its assets, and whether a production goes on."""

from typing import TypeVar

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.deps import AssetId, KnownId, Parts, RequestKey, Who, keyed
from api.problems import documented
from api.views.bodies import ApproveBody, RegenerateBody, RejectBody, ResolveBody, SelectBody
from api.views.production import PREFIX, PlanView
from workflows.events import Receipt
from workflows.models import Model
from workflows.requests import Decision, Pause, PlanEdit, Refresh, Regenerate, Resolve, Resume, Revision, SelectTake

M = TypeVar("M", bound=Model)

router = APIRouter(prefix=f"{PREFIX}/productions", responses=documented(404, 409, 422, 503))


@router.patch("/{production_id}/plan", tags=["decisions"])
async def edit_plan(parts: Parts, who: Who, production_id: KnownId, edit: PlanEdit, key: RequestKey = None) -> PlanView:
    """Make all of the edits or none; the plan gets a new digest and new prices. Also after the approval and delivery:
    `budget_usd` then raises the budget for what is added, and what depends on a change becomes stale."""
    who.check_budget(edit)
    return PlanView.of(await parts.gateway.edit_plan(production_id, keyed(who.signs(edit), key)))


@router.post("/{production_id}/approve", tags=["decisions"])
async def approve(
    parts: Parts, who: Who, production_id: KnownId, approval: ApproveBody, key: RequestKey = None
) -> Receipt:
    """Release exactly this plan for spending. Where several people have to approve, it waits until all have."""
    decision = keyed(Decision(approve=who.signs(approval)), key)
    return await parts.gateway.decide(production_id, decision)


@router.post("/{production_id}/reject", tags=["decisions"])
async def reject(parts: Parts, who: Who, production_id: KnownId, rejection: RejectBody) -> Receipt:
    """End it: nothing of its plan is made; what planning has cost stays spent."""
    return await parts.gateway.decide(production_id, Decision(reject=who.signs(rejection)))


@router.post("/{production_id}/revise", tags=["decisions"])
async def revise(
    parts: Parts, who: Who, production_id: KnownId, revision: Revision, key: RequestKey = None
) -> PlanView:
    """Plan again with feedback."""
    return PlanView.of(await parts.gateway.revise(production_id, keyed(who.signs(revision), key)))


@router.post("/{production_id}/refresh", status_code=202, tags=["decisions"])
async def refresh(parts: Parts, who: Who, production_id: KnownId, body: Refresh, key: RequestKey = None) -> Receipt:
    """Make stale assets again, all or the named ones, for at most `max_usd`; also after delivery."""
    who.check_budget(body)
    return await parts.gateway.refresh(production_id, keyed(who.signs(body), key))


@router.post("/{production_id}/pause", tags=["decisions"])
async def pause(parts: Parts, who: Who, production_id: KnownId, body: Pause) -> Receipt:
    """Let what runs finish and start nothing new."""
    return await parts.gateway.pause(production_id, who.signs(body))


@router.post("/{production_id}/resume", tags=["decisions"])
async def resume(parts: Parts, who: Who, production_id: KnownId, body: Resume) -> Receipt:
    """Go on after a pause."""
    return await parts.gateway.resume(production_id, who.signs(body))


@router.post("/{production_id}/cancel", status_code=202, tags=["decisions"])
async def cancel(parts: Parts, production_id: KnownId) -> Receipt:
    """Stop it; what was made stays. It happens a moment later: the event `cancelled` tells."""
    return await parts.gateway.cancel(production_id)


@router.post("/{production_id}/assets/{asset_id}/regenerate", status_code=202, tags=["assets"])
async def regenerate(
    parts: Parts, who: Who, production_id: KnownId, asset_id: AssetId, body: RegenerateBody, key: RequestKey = None
) -> Receipt:
    """Make new takes, as it is or changed, also after delivery. With `feedback` the planner writes the prompt, which
    may take minutes."""
    who.check_budget(body)
    request = _named(Regenerate, asset_id, who.signs(body))
    return await parts.gateway.regenerate(production_id, keyed(request, key))


@router.post("/{production_id}/assets/{asset_id}/resolve", status_code=202, tags=["assets"])
async def resolve(
    parts: Parts, who: Who, production_id: KnownId, asset_id: AssetId, body: ResolveBody, key: RequestKey = None
) -> Receipt:
    """Decide where the production waits for a person; `attention` names what you saw, and a stale answer is refused."""
    resolution = _named(Resolve, asset_id, who.signs(body))
    return await parts.gateway.resolve(production_id, keyed(resolution, key))


@router.post("/{production_id}/assets/{asset_id}/select", status_code=202, tags=["assets"])
async def select(
    parts: Parts, who: Who, production_id: KnownId, asset_id: AssetId, body: SelectBody, key: RequestKey = None
) -> Receipt:
    """Use another take in the deliverable, also after delivery."""
    selection = _named(SelectTake, asset_id, who.signs(body))
    return await parts.gateway.select_take(production_id, keyed(selection, key))


def _named(record: type[M], asset_id: str, body: Model) -> M:
    """The workflow's record from the path's asset and the body."""
    try:
        return record.model_validate({"asset_id": asset_id, **body.model_dump(exclude_unset=True)})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
