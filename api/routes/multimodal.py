"""Routes that take several steps in one call: plan, execute a plan, generate."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, nullcontext, suppress
from decimal import Decimal
from graphlib import TopologicalSorter
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.sse import format_sse_event

from api.auth.caller import Caller
from api.deps import (
    ONE_STREAM,
    ONE_STREAM_IF_ACCEPTED,
    CurrentCaller,
    IdempotencyKey,
    RequestKey,
    Services,
    ServicesDep,
    accepts_stream,
    keyed,
)
from api.problems import Problem, documented, parse_field_error, unknown_production
from api.relay.relay import EventStream
from api.routes.productions import EVENT_STREAM, begin
from api.routes.streamed_media import MAX_INLINE_BYTES, read_object
from api.storage import Vault
from api.temporal.updates import DECIDE, EDIT_PLAN
from api.views.bodies import ExecutePlan, Generate
from api.views.generated import MAX_RESPONSE_CHARS, GenerateView, generate_view, used_takes
from api.views.production import PREFIX
from api.views.streams.event_ids import NEWEST, Position
from workflows import keys
from workflows.brief import Brief
from workflows.events import ProductionStatus, Snapshot
from workflows.models import ZERO, Asset, Modality, Plan, Take, digest_of
from workflows.requests import MAX_EDITS, Approval, Decision, EditOp, PlanEdit

router = APIRouter(responses=documented(422, 503))

_PLANNED = frozenset({"plan_ready", "plan_failed", "cancelled"})
MAX_READ: Final = 50
"""Takes that one result reads from the storage; the files of the others are at their addresses."""


@router.post(
    f"{PREFIX}/multimodal/plan",
    tags=["multimodal"],
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(409, 429)},
)
async def plan(
    services: ServicesDep, caller: CurrentCaller, brief: Brief, idempotency_key: IdempotencyKey = None
) -> EventStream:
    """Start a production and follow it until its plan is ready; the header Location names the production."""
    production_id, _ = await begin(services, caller.admit(brief), idempotency_key, brief, caller.planning_grant)
    frames = await services.relay.watch(production_id, until=_PLANNED)
    return EventStream(frames, headers={"Location": services.links(production_id).production})


@router.post(
    f"{PREFIX}/multimodal/execute-plan",
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
    frames = await services.relay.watch(body.production_id, Position(receipt.last_event_id - 1, NEWEST))
    return EventStream(frames, headers={"Location": services.links(body.production_id).production})


_RESULT: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": GenerateView,
        "description": "The result is made; as an event stream, its events and at the end the event `result`",
        "content": {"text/event-stream": {}},
    }
}
_GENERATE: Final[dict[str, Any]] = {
    "status_code": 202,
    "tags": ["multimodal"],
    "response_model": GenerateView,
    "dependencies": ONE_STREAM_IF_ACCEPTED,
    "responses": {**_RESULT, **documented(402, 409, 429)},
}


@router.post("/generate", **_GENERATE)
@router.post(f"{PREFIX}/generate", **_GENERATE)
async def generate(
    services: ServicesDep,
    caller: CurrentCaller,
    request: Request,
    response: Response,
    body: Generate,
    idempotency_key: IdempotencyKey = None,
) -> GenerateView | EventStream:
    """Plan, and approve at once where the plan costs at most `max_usd`; otherwise it waits for an approval (402).

    The response has the result (200) where it is made within `wait_seconds`, otherwise the present state (202). With
    `Accept: text/event-stream` it is the events of the production from the first, and after the last one the event
    `result` with the same record.
    """
    streamed = accepts_stream(request)  # then it counts as a stream already
    # The place among the streams is taken first: a request that is refused for it has started nothing.
    with services.streams.hold(caller) if body.wait_seconds and not streamed else nullcontext():
        production_id = await _start(services, caller, body, idempotency_key)
        headers = {"Location": services.links(production_id).production}
        if streamed:
            return EventStream(_with_result(services, production_id), headers=headers)
        response.headers.update(headers)
        if body.wait_seconds:
            await services.relay.wait_until_closed(production_id, body.wait_seconds)
    result = await generated(services, production_id)
    if body.wait_seconds and result.status.closed:
        response.status_code = 200
    return result


async def _start(services: Services, caller: Caller, body: Generate, idempotency_key: str | None) -> str:
    """Start a production, and approve its plan where the request allows it; the result is its id.

    Raises:
        Problem: 402 where the plan costs more, 409 or 422 where there is no plan, and the refusals of the request.
    """
    caller.check_release("max_usd")
    await services.fleet.report()  # without a worker there would be no plan, so nothing is started
    brief, approver = caller.admit(body.whole_brief), caller.sign(body).approver
    if brief.approval.not_by_requester and approver == brief.requester:
        message = f"{approver!r} is the requester, and another person has to approve"
        remedy = "start a production, which another person approves"
        raise Problem.of_field("approver", message, remedy, status=409, kind="not-allowed")
    brief, requested = _limited(brief, body), _limited(body.whole_brief, body)
    production_id, _ = await begin(services, brief, idempotency_key, requested)
    await services.relay.wait(production_id, _PLANNED)
    await _release(services, production_id, body, approver, brief.budget_usd, idempotency_key)
    return production_id


def _limited(brief: Brief, body: Generate) -> Brief:
    """The brief with the limits of the request, which apply to planning too: the plan has only what they allow."""
    budget = min((each for each in (brief.budget_usd, body.max_usd) if each is not None), default=None)
    approval = brief.approval
    if body.max_steps is not None:  # the plan is cut before it is approved, which `_release` does
        approval = approval.model_copy(update={"auto_below_usd": None})
    limits = {"budget_usd": budget, "allow_unknown_prices": body.allow_unknown_prices, "approval": approval}
    return brief.model_copy(update=limits)


async def _release(
    services: Services, production_id: str, body: Generate, approver: str, budget: Decimal | None, key: str | None
) -> None:
    """Approve the plan where it costs at most `max_usd`. A plan that is approved already stays as it is.

    Raises:
        Problem: 402 where it costs more, 409 or 422 where there is no plan.
    """
    snapshot = await services.reader.snapshot(production_id)
    if snapshot.plan is None:
        raise _no_plan(snapshot)
    if snapshot.status is not ProductionStatus.AWAITING_APPROVAL:
        return
    plan = snapshot.plan
    while dropped := assets_beyond(plan, body.max_steps)[:MAX_EDITS]:
        edits = tuple(EditOp(op="drop", asset_id=each) for each in dropped)
        edit = PlanEdit(plan_digest=plan.digest, edits=edits, editor=approver)
        # A concurrent request with the same key makes the same edit.
        plan = await services.productions.update(
            production_id, EDIT_PLAN, keyed(edit, key and digest_of([key, plan.digest]))
        )
    _check_languages(snapshot, plan)
    # Without a limit only a free plan is approved; what planning has cost is within the limits of planning.
    price = plan.high_usd + (ZERO if body.max_usd is None else snapshot.spent_usd)
    if price > (body.max_usd or ZERO):
        path = services.links(production_id).production
        limit = "and the request has no max_usd" if body.max_usd is None else f"above max_usd {body.max_usd}"
        raise Problem(
            402,
            "price-above-max",
            f"The plan may cost {price} USD, {limit}. It waits for a decision: approve it at "
            f"{path}/approve, edit it, or reject it.",
            headers={"Location": path},
            production_id=production_id,
            plan_digest=plan.digest,
            price_usd=price,
        )
    approval = Approval(
        plan_digest=plan.digest,
        approver=approver,
        budget_usd=budget,
        allow_unknown_prices=body.allow_unknown_prices,
    )
    await services.productions.update(production_id, DECIDE, keyed(Decision(approve=approval), key))


def _check_languages(snapshot: Snapshot, plan: Plan) -> None:
    """
    Raises:
        Problem: 409; a language of the brief is not in the plan, which a person has to see.
    """
    if missing := [tag for tag in snapshot.brief.further_languages if tag not in plan.cut.languages]:
        why = " ".join(warning for warning in plan.warnings if warning.startswith("languages: "))
        raise Problem(
            409,
            "languages-missing",
            f"The plan has no narration in {', '.join(missing)}, so it waits for a decision. {why}".strip(),
            production_id=snapshot.production_id,
            plan_digest=plan.digest,
        )


def _no_plan(snapshot: Snapshot) -> Problem:
    error = parse_field_error(snapshot.error or "")
    brief_is_invalid = error.field in Brief.model_fields
    return Problem(
        422 if brief_is_invalid else 409,
        "plan-failed",
        f"There is no plan: {snapshot.error or snapshot.status.value}",
        errors=[error] if brief_is_invalid else (),
        production_id=snapshot.production_id,
        production_status=snapshot.status.value,
    )


def assets_beyond(plan: Plan, most: int | None) -> list[str]:
    """The assets to drop so that at most `most` are left: the first ones in plan order whose inputs are kept too.

    An asset comes before its inputs, so that some of them can be dropped before the others.
    """
    kept: set[str] = set()
    if most is None:
        return []
    named = {a.asset_id for a in plan.assets}
    for asset in plan.assets:
        if len(kept) < most and all(need in kept or need not in named for need in asset.depends_on):
            kept.add(asset.asset_id)
    inputs = {a.asset_id: [need for need in a.depends_on if need in named] for a in plan.assets}
    order = reversed([*TopologicalSorter(inputs).static_order()])
    return [asset_id for asset_id in order if asset_id not in kept]


async def generated(services: Services, production_id: str) -> GenerateView:
    """The state of a production, with a text about its result once that is delivered.

    While the storage does not answer there is no text: the production itself is not affected.
    """
    snapshot = await services.reader.snapshot(production_id)
    links = services.links(production_id)
    if snapshot.status is not ProductionStatus.DELIVERED:
        return generate_view(snapshot, links, None, {})
    try:
        texts, revised = await _read_takes(services.vault, used_takes(snapshot)[:MAX_READ])
    except Problem:
        return generate_view(snapshot, links, None, {})
    return generate_view(snapshot, links, texts, revised)


async def _read_takes(vault: Vault, used: Sequence[tuple[Asset, Take]]) -> tuple[dict[str, str], dict[str, str]]:
    """By asset id: the texts of takes, and the prompts as vendors rewrote them.

    Raises:
        Problem: 503.
    """
    texts: dict[str, str] = {}
    revised: dict[str, str] = {}
    for asset, take in used:
        if asset.asset_type is Modality.TEXT and sum(map(len, texts.values())) < MAX_RESPONSE_CHARS:
            if content := await read_object(vault, take.media.key, MAX_INLINE_BYTES):
                texts[asset.asset_id] = content.decode(errors="replace")
        elif asset.asset_type is Modality.IMAGE and take.billed_usd:  # free takes have no data
            data = await read_object(vault, keys.data_key(take.media.key), MAX_INLINE_BYTES)
            if data and (prompt := json.loads(data).get("revised_prompt")):
                revised[asset.asset_id] = str(prompt)
    return texts, revised


async def _with_result(services: Services, production_id: str) -> AsyncGenerator[bytes]:
    """The frames of the events, and at the end of the production a frame with its result."""
    async with aclosing(await services.relay.watch(production_id)) as frames:
        async for each in frames:
            yield each
    with suppress(Problem):  # the stream has begun; the result is at the production's address
        result = await generated(services, production_id)
        if result.status.closed:
            yield format_sse_event(data_str=result.model_dump_json(), event="result")
