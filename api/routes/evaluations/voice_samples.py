"""Samples of voices, which people hear before they approve a plan."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter

from api.deps import CurrentCaller, Services, ServicesDep
from api.problems import Problem, documented, problem_of
from api.routes.evaluations.stored import stored_cell
from api.views.production import PREFIX
from api.views.voice import VoiceSampleBody, VoiceSampleView
from workflows import keys
from workflows.evaluation.records import CellResult, EvaluationStart, EvaluationStatus, EvaluationView
from workflows.evaluation.voice_samples import CELL, MAX_ATTEMPTS, sample_start

router = APIRouter(prefix=f"{PREFIX}/voice-samples", tags=["voice"], responses=documented(422, 503))
_FIELDS: Final = {"parameters.voice": "voice", "max_usd": "max_usd"}
"""Field of the evaluation -> field of the sample; all others are about the model."""


@router.post("", status_code=202)
async def hear_voice(services: ServicesDep, caller: CurrentCaller, body: VoiceSampleBody) -> VoiceSampleView:
    """Make the sample of a voice, or find it: the same request returns the same sample, so repeat it until it is
    `ready`.

    A paid one is only priced, until an approver gives at least its `price_usd` as `max_usd`. It is paid once.
    """
    for field in ("max_usd", "allow_unknown_price"):
        if getattr(body, field):
            caller.check_release(field)
    body = caller.sign(body)
    tenant = caller.resolve_tenant(body.tenant) or keys.DEFAULT_TENANT
    limit = caller.policy.max_budget_usd if caller.policy else None
    if limit is not None and body.max_usd > limit:
        raise Problem.of_field("max_usd", f"is above the limit of the tenant, {limit} USD", f"give at most {limit}")
    failed = None
    for attempt in range(1, MAX_ATTEMPTS + 1):
        start = _start(body, tenant, attempt)
        made = await stored_cell(services, start.evaluation_id, CELL)
        if made is not None and made.media is not None:
            return _made(start.evaluation_id, made)
        if made is None and (failed is None or body.again or await services.evaluations.exists(start.evaluation_id)):
            return await _begin(services, start, body)
        if made is None:
            break
        failed = _made(start.evaluation_id, made)
    assert failed is not None
    return failed


def _start(body: VoiceSampleBody, tenant: str, attempt: int) -> EvaluationStart:
    return sample_start(
        body,
        attempt,
        tenant=tenant,
        requester=body.requester,
        max_usd=body.max_usd,
        allow_unknown_prices=body.allow_unknown_price,
        created_at=datetime.now(UTC),
    )


async def _begin(services: Services, start: EvaluationStart, body: VoiceSampleBody) -> VoiceSampleView:
    """
    Raises:
        Problem: 422 where no model speaks so; 503.
    """
    view = await services.evaluations.begin(start, sample=True)
    price = view.least_usd if view.status is EvaluationStatus.REFUSED else view.high_usd
    if view.status is EvaluationStatus.CAPPED or view.least_usd is not None or view.unpriced:
        known = None if view.unpriced else price
        return _view(view, body, "priced").model_copy(update={"price_usd": known, "message": _terms(known)})
    if view.status is EvaluationStatus.REFUSED:
        raise _refused(view, body)
    return _view(view, body, "failed" if view.status.closed and not view.made else "making")


def _refused(view: EvaluationView, body: VoiceSampleBody) -> Problem:
    """The refusal of the evaluation without the case and the column, which the caller did not write."""
    message = view.message.removeprefix("line 1: ").removeprefix(f"with {body.label}: ")
    field, _, rest = message.partition(": ")
    if field == "modality":
        remedy = "choose a model of audio from GET /api/v1/providers"
        return Problem.of_field("model", f"{body.model!r} makes no speech", remedy)
    return problem_of(_FIELDS.get(field, "model"), rest if field in ("model", *_FIELDS) else message)


def _terms(price: object) -> str:
    if price is None:
        return "its price is not published; an approver can allow that with `allow_unknown_price`"
    return f"it costs up to {price} USD; an approver can allow that with `max_usd`"


def _view(view: EvaluationView, body: VoiceSampleBody, status: str) -> VoiceSampleView:
    message = view.failures[0].message if view.failures else view.message
    return VoiceSampleView.model_validate(
        {
            "sample_id": view.evaluation_id,
            "status": status,
            "text": body.sentence,
            "cost_usd": view.spent_usd,
            "message": message or ("it was cancelled; request it again" if status == "failed" else ""),
        }
    )


def _made(sample_id: str, cell: CellResult) -> VoiceSampleView:
    """A sample, or an attempt that failed, as the bucket keeps it."""
    path = f"{PREFIX}/evaluations/{sample_id}/cells/{CELL}/media"
    return VoiceSampleView(
        sample_id=sample_id,
        status="ready" if cell.media else "failed",
        text=cell.prompt,
        cost_usd=cell.billed_usd,
        media=path if cell.media else None,
        file=f"{sample_id}.{cell.media.key.rpartition('.')[2]}" if cell.media else "",
        message=cell.failure,
    )
