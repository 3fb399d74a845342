"""Routes that do several steps in one call: plan, execute a plan, generate."""

from fastapi import APIRouter, Response

from api.deps import ONE_STREAM, IdempotencyKey, Parts, RequestKey, Who, keyed
from api.problems import FieldError, Problem, documented, said_of, unknown_production
from api.relay.relay import EventStream
from api.routes.productions import EVENT_STREAM, begin
from api.views.bodies import ExecutePlan, Generate
from api.views.production import PREFIX, ProductionView, production_view
from workflows.events import ProductionStatus
from workflows.models import Brief
from workflows.requests import Approval, Decision

router = APIRouter(prefix=PREFIX, responses=documented(422, 503))

_PLANNED = frozenset({"plan_ready", "plan_failed", "cancelled"})


@router.post(
    "/multimodal/plan",
    tags=["multimodal"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(409, 429)},
)
async def plan(parts: Parts, who: Who, brief: Brief, idempotency_key: IdempotencyKey = None) -> EventStream:
    """Start a production and follow it until its plan is ready; Location names it."""
    production_id, _ = await begin(parts, who, brief, idempotency_key)
    frames = await parts.relay.watch(production_id, until=_PLANNED)
    return EventStream(frames, headers={"Location": parts.links(production_id).production})


@router.post(
    "/multimodal/execute-plan",
    tags=["multimodal"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(404, 409, 429)},
)
async def execute_plan(parts: Parts, who: Who, body: ExecutePlan, key: RequestKey = None) -> EventStream:
    """Approve a plan and follow its production from the approval to the end.

    A broken stream is taken up again at the production's own events, with Last-Event-ID.
    """
    if not who.owns(body.production_id):
        raise unknown_production(body.production_id)
    approval = Approval(**who.signs(body).model_dump(exclude={"production_id"}))
    receipt = await parts.gateway.decide(body.production_id, keyed(Decision(approve=approval), key))
    # The approval is the last event of the receipt, also where the request is repeated long after.
    frames = await parts.relay.watch(body.production_id, receipt.last_event_id - 1)
    return EventStream(frames, headers={"Location": parts.links(body.production_id).production})


@router.post("/generate", status_code=202, tags=["multimodal"], responses=documented(402, 409))
async def generate(
    parts: Parts, who: Who, response: Response, body: Generate, idempotency_key: IdempotencyKey = None
) -> ProductionView:
    """Plan, and approve at once where the plan costs at most `max_usd`; otherwise it waits for an approval (402)."""
    who.check_release("max_usd")
    await parts.fleet.report()  # without a worker there would be no plan: then nothing is started
    brief, approver = who.brief(body.brief), who.signs(body).approver
    if brief.approval.not_by_requester and approver == brief.requester:
        message, remedy = f"{approver!r} asks for it", "start a production, which somebody else approves"
        error = FieldError(field="approver", message=message, remedy=remedy)
        raise Problem(409, "not-allowed", f"{message}, and somebody else has to approve; {remedy}", errors=[error])
    budget = body.max_usd if brief.budget_usd is None else min(brief.budget_usd, body.max_usd)
    # Planning itself may not cost more either, and plans only what this request allows to be made.
    brief = brief.model_copy(update={"budget_usd": budget, "allow_unknown_prices": body.allow_unknown_prices})
    production_id, _ = await begin(parts, who, brief, idempotency_key)
    links = parts.links(production_id)
    await parts.relay.wait(production_id, _PLANNED)
    snapshot = await parts.gateway.snapshot(production_id)
    if snapshot.plan is None:
        reason = said_of(snapshot.error or "")
        brief_is_bad = reason.field in Brief.model_fields
        raise Problem(
            422 if brief_is_bad else 409,
            "plan-failed",
            f"There is no plan: {snapshot.error or snapshot.status.value}",
            errors=[reason] if brief_is_bad else (),
            production_id=production_id,
            production_status=snapshot.status.value,
        )
    if snapshot.status is ProductionStatus.AWAITING_APPROVAL:
        price = snapshot.spent_usd + snapshot.plan.high_usd
        if price > body.max_usd:
            raise Problem(
                402,
                "price-above-max",
                f"The plan may cost {price} USD, above max_usd {body.max_usd}. It waits: approve it at "
                f"{links.production}/approve, edit it, or reject it.",
                headers={"Location": links.production},
                production_id=production_id,
                plan_digest=snapshot.plan.digest,
                price_usd=price,
            )
        approval = Approval(
            plan_digest=snapshot.plan.digest,
            approver=approver,
            budget_usd=budget,
            allow_unknown_prices=body.allow_unknown_prices,
        )
        await parts.gateway.decide(production_id, keyed(Decision(approve=approval), idempotency_key))
        snapshot = await parts.gateway.snapshot(production_id)
    response.headers["Location"] = links.production
    return production_view(snapshot, links)
