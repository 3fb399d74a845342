"""Routes of evaluations: models measured over cases, under one cap."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from time import monotonic
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.sse import format_sse_event

from api.deps import (
    ONE_STREAM,
    After,
    CurrentCaller,
    IdempotencyKey,
    IdPrefix,
    KnownEvaluation,
    Services,
    ServicesDep,
    requested_id,
)
from api.pagination import PageSize, PageToken, decode_token, encode_token
from api.problems import FieldError, Problem, documented
from api.relay.relay import KEEP_ALIVE_SECONDS, STOPPING, EventStream
from api.routes.evaluations.stored import read_report, read_votes, stored_cell
from api.routes.productions import EVENT_STREAM
from api.storage import no_media
from api.views.evaluations import (
    CasePage,
    EvaluationBody,
    EvaluationLinks,
    EvaluationPage,
    EvaluationResponse,
    MetricList,
)
from api.views.production import PREFIX
from workflows import keys
from workflows.evaluation import object_keys
from workflows.evaluation.cases import Case, ModelSpec, parse_cases, parse_model
from workflows.evaluation.records import EvaluationStart, EvaluationView
from workflows.evaluation.report import Comparison, FullSummary
from workflows.models import digest_of

router = APIRouter(prefix=f"{PREFIX}/evaluations", tags=["evaluations"], responses=documented(422, 503))
metrics_router = APIRouter(prefix=PREFIX, tags=["evaluations"], responses=documented(503))

_UNKNOWN: Final = documented(404)
_UNFINISHED: Final = documented(404, 409)
POLL_SECONDS: Final = 0.5
"""Between two looks at the length of a watched history, which the server answers without a worker."""
_PAGE_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
}


@metrics_router.get("/evaluation-metrics")
async def list_metrics(services: ServicesDep) -> MetricList:
    """All metrics of the workers, and why some of them measure nothing there."""
    return MetricList(metrics=(await services.fleet.report()).metrics)


@router.post("", status_code=202, responses=documented(409))
async def start(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: EvaluationBody,
    idempotency_key: IdempotencyKey = None,
) -> EvaluationResponse:
    """Make every case with every model of its modality, and measure the takes. All is checked and priced first.

    A repeated request pays for nothing twice. An evaluation that ended at its cap continues with a higher one.
    """
    if body.max_usd:
        caller.check_release("max_usd")
    body = caller.sign(body)
    tenant = caller.resolve_tenant(body.tenant) or keys.DEFAULT_TENANT
    limit = caller.policy.max_budget_usd if caller.policy else None
    if limit is not None and body.max_usd > limit:
        raise Problem.of_field("max_usd", f"is above the limit of the tenant, {limit} USD", f"give at most {limit}")
    evaluation = _start_of(body, tenant, idempotency_key)
    if foreign := next((c for c in evaluation.cases if not caller.may_name(c.expected.reference)), None):
        message = f"line {foreign.line}: expected.reference: there is no {foreign.expected.reference!r}"
        raise Problem.of_field("cases", message, "post the file to /api/v1/references and give its `source`")
    view = await services.evaluations.start(evaluation)
    links = _links(services, view.evaluation_id)
    response.headers["Location"] = links.evaluation
    return EvaluationResponse(view=view, links=links)


@router.get("")
async def list_evaluations(
    services: ServicesDep,
    caller: CurrentCaller,
    prefix: IdPrefix = None,
    page_size: PageSize = 50,
    page_token: PageToken = None,
) -> EvaluationPage:
    """Evaluations, a page at a time, open ones first. The list follows a change by a second or two."""
    lines, following = await services.evaluations.list_evaluations(
        caller.tenant, page_size, decode_token(page_token), caller.qualify(prefix) if prefix else ""
    )
    return EvaluationPage(evaluations=tuple(lines), next_page_token=encode_token(following))


@router.get("/{evaluation_id}", responses=_UNKNOWN)
async def get_evaluation(services: ServicesDep, evaluation_id: KnownEvaluation) -> EvaluationResponse:
    """The state of an evaluation: its status, its cost, and how far each model is."""
    view = await services.evaluations.view(evaluation_id)
    return EvaluationResponse(view=view, links=_links(services, evaluation_id))


@router.get(
    "/{evaluation_id}/events",
    response_class=EventStream,
    dependencies=ONE_STREAM,
    responses={**EVENT_STREAM, **documented(404, 429)},
)
async def events(services: ServicesDep, evaluation_id: KnownEvaluation, after: After) -> EventStream:
    """The view of an evaluation at each change, as events `progress`; the last one is `done`."""
    return EventStream(_frames(services, evaluation_id, await services.evaluations.view(evaluation_id), after.id))


async def _frames(services: Services, evaluation_id: str, view: EvaluationView, after: int) -> AsyncGenerator[bytes]:
    """An event for each change. The number of an event is the version of the view, so a stream continues after it."""
    sent: tuple[int, str] | None = (after, "") if after else None
    seen: tuple[str, int] | None = None
    last = monotonic()
    while not services.relay.closing:
        if view.status.closed or sent is None or view.version != sent[0] or view.status != sent[1]:
            name = "done" if view.status.closed else "progress"
            yield format_sse_event(data_str=view.model_dump_json(), event=name, id=str(view.version))
            sent, last = (view.version, view.status), monotonic()
        if view.status.closed:
            return
        await asyncio.sleep(POLL_SECONDS)
        if monotonic() - last > KEEP_ALIVE_SECONDS:
            yield b": the evaluation runs\n\n"
            last = monotonic()
        try:
            length = await services.evaluations.length(evaluation_id)
            if length != seen:
                view, seen = await services.evaluations.view(evaluation_id), length
        except Problem:  # the server or a worker restarts
            continue
    yield STOPPING


@router.post("/{evaluation_id}/pause", responses=_UNFINISHED)
async def pause(services: ServicesDep, evaluation_id: KnownEvaluation) -> EvaluationView:
    """Start no further takes; those under way continue."""
    return await services.evaluations.change(evaluation_id, "pause")


@router.post("/{evaluation_id}/resume", responses=_UNFINISHED)
async def resume(services: ServicesDep, evaluation_id: KnownEvaluation) -> EvaluationView:
    """Start takes again."""
    return await services.evaluations.change(evaluation_id, "resume")


@router.post("/{evaluation_id}/cancel", responses=_UNFINISHED)
async def cancel(services: ServicesDep, evaluation_id: KnownEvaluation) -> EvaluationView:
    """Stop all takes; the report covers what was made."""
    return await services.evaluations.change(evaluation_id, "cancel")


@router.get("/{evaluation_id}/report", responses=_UNFINISHED)
async def report(services: ServicesDep, evaluation_id: KnownEvaluation) -> FullSummary:
    """Each metric for each model with intervals of 95 %, and the strengths of the models by the votes so far."""
    found = await read_report(services, evaluation_id)
    preference = await read_votes(services, found)
    return FullSummary(
        **{n: getattr(found, n) for n in FullSummary.model_fields if n != "preference"}, preference=preference
    )


@router.get("/{evaluation_id}/report.html", response_class=HTMLResponse, responses=_UNFINISHED)
async def report_page(services: ServicesDep, evaluation_id: KnownEvaluation) -> HTMLResponse:
    """The report as one page that needs no other file, as the bucket keeps it."""
    await read_report(services, evaluation_id)
    content = await services.vault.content(object_keys.report_key(evaluation_id, "html"))
    if content is None:
        raise no_media(f"The report of {evaluation_id!r}")
    return HTMLResponse(content, headers=_PAGE_HEADERS)


@router.get("/{evaluation_id}/cases", responses=_UNFINISHED)
async def cases(
    services: ServicesDep,
    evaluation_id: KnownEvaluation,
    after: Annotated[int, Query(ge=0, description="How many cases to skip")] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> CasePage:
    """Cases with the results of all models next to each other."""
    found = await read_report(services, evaluation_id)
    return CasePage(cases=found.cases[after : after + limit], total=len(found.cases))


@router.get("/{evaluation_id}/compare", responses=_UNFINISHED)
async def compare_evaluations(
    services: ServicesDep,
    caller: CurrentCaller,
    evaluation_id: KnownEvaluation,
    to: Annotated[str, Query(max_length=100, description="The id of a later evaluation", examples=["voices-may"])] = "",
) -> Comparison:
    """The models and metrics that two evaluations share: the second minus the first, with intervals."""
    from workflows.evaluation.report import compare

    first, other = await read_report(services, evaluation_id), caller.qualify(to)
    if not to or not caller.owns(other):
        raise Problem.of_field("to", f"there is no evaluation {to!r}", "give the id of one of the list")
    return compare(first, await read_report(services, other))


@router.get(
    "/{evaluation_id}/cells/{cell}/media",
    status_code=307,
    response_class=RedirectResponse,
    responses={307: {"description": "To the bytes, for 15 minutes"}, **_UNKNOWN},
)
async def cell_media(services: ServicesDep, evaluation_id: KnownEvaluation, cell: int) -> RedirectResponse:
    """The file of one take."""
    found = await stored_cell(services, evaluation_id, cell)
    if found is None or found.media is None:
        await services.evaluations.view(evaluation_id)  # 404 where there is no such evaluation
        raise no_media(f"Take {cell} of the evaluation")
    link = await services.vault.link(found.media.key, f"take-{cell}.{found.media.key.rpartition('.')[2]}")
    return RedirectResponse(link, 307, headers={"Cache-Control": "no-store"})


def _start_of(body: EvaluationBody, tenant: str, idempotency_key: str | None) -> EvaluationStart:
    """
    Raises:
        Problem: 422, which names the broken lines and models.
    """
    cases, models, transcriber = parse_case_file(body.cases), _models(body.models, "models"), None
    if body.transcriber:
        transcriber = _models((body.transcriber,), "transcriber")[0]
    content = digest_of(
        [
            [each.model_dump(mode="json", exclude_defaults=True) for each in (*cases, *models)],
            list(body.metrics),
            body.transcriber,
            *([body.judge] if body.judge else []),
        ]
    )
    return EvaluationStart(
        evaluation_id=requested_id("evaluation", tenant, body.evaluation_id, idempotency_key),
        cases=cases,
        models=models,
        metrics=body.metrics,
        transcriber=transcriber,
        judge=body.judge,
        max_usd=body.max_usd,
        at_once=body.at_once,
        tenant=tenant,
        requester=body.requester,
        title=body.title,
        created_at=datetime.now(UTC),
        content=content,
    )


def parse_case_file(text: str) -> tuple[Case, ...]:
    """The cases of a file of JSON Lines.

    Raises:
        Problem: 422, which names the broken lines.
    """
    try:
        return parse_cases(text)
    except ExceptionGroup as group:
        errors = []
        for error in group.exceptions:
            message, _, remedy = str(error).rpartition("; ")
            errors.append(FieldError(field="cases", message=message, remedy=remedy))
        raise Problem.of_fields(errors) from None


def _models(texts: tuple[str, ...], field: str) -> tuple[ModelSpec, ...]:
    try:
        return tuple(map(parse_model, texts))
    except ValueError as error:
        message, _, remedy = str(error).rpartition("; ")
        raise Problem.of_field(field, message, remedy) from None


def _links(services: Services, evaluation_id: str) -> EvaluationLinks:
    path, ui = f"{PREFIX}/evaluations/{evaluation_id}", services.settings.temporal_ui_url
    run = f"{ui}/namespaces/{services.temporal.namespace}/workflows/{object_keys.evaluation_workflow_id(evaluation_id)}"
    return EvaluationLinks(
        evaluation=path, report=f"{path}/report", page=f"{path}/report.html", temporal_ui=run if ui else None
    )
