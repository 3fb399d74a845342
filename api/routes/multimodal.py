"""Routes that take several steps in one call: plan, execute a plan, generate."""

from fastapi import APIRouter, Response

from api.deps import ONE_STREAM, CurrentCaller, IdempotencyKey, RequestKey, ServicesDep, keyed
from api.problems import Problem, documented, parse_field_error, unknown_production
from api.relay.relay import EventStream
from api.routes.productions import EVENT_STREAM, begin
from api.temporal.updates import DECIDE
from api.views.bodies import ExecutePlan, Generate
from api.views.production import PREFIX, ProductionView, production_view
from workflows.brief import Brief
from workflows.events import ProductionStatus
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
async def plan(
    services: ServicesDep, caller: CurrentCaller, brief: Brief, idempotency_key: IdempotencyKey = None
) -> EventStream:
    """Start a production and follow it until its plan is ready; the header Location names the production."""
    production_id, _ = await begin(services, caller.admit(brief), idempotency_key)
    frames = await services.relay.watch(production_id, until=_PLANNED)
    return EventStream(frames, headers={"Location": services.links(production_id).production})


@router.post(
    "/multimodal/execute-plan",
    tags=["multimodal"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(404, 409, 429)},
)
async def execute_plan(
    services: ServicesDep, caller: CurrentCaller, body: ExecutePlan, key: RequestKey = None
) -> EventStream:
    """Approve a plan and follow its production from the approval to the end.

    After an interruption, continue at the production's own events, with Last-Event-ID.
    """
    if not caller.owns(body.production_id):
        raise unknown_production(body.production_id)
    approval = Approval(**caller.sign(body).model_dump(exclude={"production_id"}))
    receipt = await services.productions.update(body.production_id, DECIDE, keyed(Decision(approve=approval), key))
    # The approval is the last event of the receipt, also where the request is repeated much later.
    frames = await services.relay.watch(body.production_id, receipt.last_event_id - 1)
    return EventStream(frames, headers={"Location": services.links(body.production_id).production})


@router.post("/generate", status_code=202, tags=["multimodal"], responses=documented(402, 409))
async def generate(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: Generate,
    idempotency_key: IdempotencyKey = None,
) -> ProductionView:
    """Plan, and approve at once where the plan costs at most `max_usd`; otherwise it waits for an approval (402)."""
    caller.check_release("max_usd")
    await services.fleet.report()  # without a worker there would be no plan, so nothing is started
    brief, approver = caller.admit(body.brief), caller.sign(body).approver
    if brief.approval.not_by_requester and approver == brief.requester:
        message = f"{approver!r} is the requester, and another person has to approve"
        remedy = "start a production, which another person approves"
        raise Problem.of_field("approver", message, remedy, status=409, kind="not-allowed")
    budget = body.max_usd if brief.budget_usd is None else min(brief.budget_usd, body.max_usd)
    # The limit applies to planning too, and the plan contains only what this request allows.
    brief = brief.model_copy(update={"budget_usd": budget, "allow_unknown_prices": body.allow_unknown_prices})
    production_id, _ = await begin(services, brief, idempotency_key)
    links = services.links(production_id)
    await services.relay.wait(production_id, _PLANNED)
    snapshot = await services.reader.snapshot(production_id)
    if snapshot.plan is None:
        error = parse_field_error(snapshot.error or "")
        brief_is_invalid = error.field in Brief.model_fields
        raise Problem(
            422 if brief_is_invalid else 409,
            "plan-failed",
            f"There is no plan: {snapshot.error or snapshot.status.value}",
            errors=[error] if brief_is_invalid else (),
            production_id=production_id,
            production_status=snapshot.status.value,
        )
    if snapshot.status is ProductionStatus.AWAITING_APPROVAL:
        price = snapshot.spent_usd + snapshot.plan.high_usd
        if price > body.max_usd:
            raise Problem(
                402,
                "price-above-max",
                f"The plan may cost {price} USD, above max_usd {body.max_usd}. It waits for a decision: approve it at "
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
        decision = keyed(Decision(approve=approval), idempotency_key)
        await services.productions.update(production_id, DECIDE, decision)
        snapshot = await services.reader.snapshot(production_id)
    response.headers["Location"] = links.production
    return production_view(snapshot, links)
