"""Routes of an agent's plan: a request for a person's approval, and its execution within a grant."""

from typing import Final

from fastapi import APIRouter

from api.auth.caller import Caller
from api.deps import CurrentCaller, KnownId, RequestKey, ServicesDep, keyed
from api.problems import Problem, documented
from api.temporal import updates
from api.views.grants import ApprovalRequestBody, ExecuteBody
from api.views.production import PREFIX
from workflows.agents.grants import Grant
from workflows.events import Receipt
from workflows.requests import Approval, ApprovalRequest, Decision

OF_A_GRANT: Final = frozenset({"urn:greenlight:problem:budget-short", "urn:greenlight:problem:not-allowed"})
"""Refusals after which another grant may still cover the plan."""

router = APIRouter(prefix=f"{PREFIX}/productions", tags=["agents"], responses=documented(404, 409, 422, 503))


@router.post("/{production_id}/request-approval", status_code=202)
async def request_approval(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: ApprovalRequestBody
) -> Receipt:
    """Ask people to approve exactly this plan: the event `approval_requested`, once for each plan. It releases nothing.

    A person approves the plan, or creates a grant for the agent, with which the agent executes it.
    """
    request = ApprovalRequest(plan_digest=body.plan_digest, note=body.note, requested_by=caller.signature or "someone")
    return await services.productions.update(production_id, updates.REQUEST_APPROVAL, request)


@router.post("/{production_id}/execute", status_code=202)
async def execute(
    services: ServicesDep, caller: CurrentCaller, production_id: KnownId, body: ExecuteBody, key: RequestKey = None
) -> Receipt:
    """Approve exactly this plan, as an agent, within what a person granted it. A production can be executed once.

    It is refused where no grant covers the plan: because of its price, of a price that is not published, because the
    grant has ended or is used up, or because several people have to approve it.
    """
    refusal = _no_grant(caller, production_id)
    for grant in _grants_for(caller, production_id):
        approval = Approval(
            plan_digest=body.plan_digest, approver=caller.signature, budget_usd=body.budget_usd, note=body.note
        )
        decision = keyed(Decision(approve=approval, grant=grant), key)
        try:
            return await services.productions.update(production_id, updates.DECIDE, decision)
        except Problem as problem:
            if problem.problem.type not in OF_A_GRANT:
                raise
            refusal = problem
    raise refusal


def _grants_for(caller: Caller, production_id: str) -> list[Grant]:
    """The grants that may cover a production, the most specific first."""
    able = [grant for grant in caller.grants if grant.covers(production_id)]
    return sorted(able, key=lambda grant: (grant.production_id is None, grant.per == "day"))


def _no_grant(caller: Caller, production_id: str) -> Problem:
    detail = (
        f"No person has granted {caller.name!r} anything for {production_id!r}. Ask for it with "
        f"POST /api/v1/productions/{production_id}/request-approval; an approver approves the plan, or creates a grant."
    )
    return Problem(403, "no-grant", detail, production_id=production_id)
