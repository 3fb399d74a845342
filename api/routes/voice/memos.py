"""Voice memos: a recording is written down once and becomes the draft of a brief, which a person starts."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CurrentCaller, IdempotencyKey, Services, ServicesDep, production_id_for
from api.problems import documented, unknown_voice_memo
from api.routes.read_references.analyses import stored_analysis
from api.views.production import PREFIX
from api.views.voice import VoiceMemoView, memo_view, speech_of
from workflows.brief import ReferenceSource
from workflows.models import Money, Person, Slug
from workflows.references.analysis import Part
from workflows.runtime.language import detect_language
from workflows.stages.models import StageModels
from workflows.voice.memos import MAX_SECONDS, MemoStart
from workflows.voice.spoken_brief import SpokenBrief, spoken_brief

router = APIRouter(prefix=f"{PREFIX}/voice-memos", tags=["voice"], responses=documented(404, 409, 422, 503))
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class NewVoiceMemo(BaseModel):
    """A stored recording of a spoken brief."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"source": "stored:references/1f0c6d5e8b7a49d2a3c4b5e6f7a8b9c0"}]},
    )

    source: ReferenceSource = Field(
        description=f"The `source` from the response of POST /api/v1/references: a sound of at most {MAX_SECONDS:g} s",
    )
    name: str = Field(default="", max_length=200)
    max_usd: Money | None = Field(
        default=None,
        description="The most that the transcript may cost, which an approver allows; USD. Without it, "
        "GREENLIGHT_PLANNING_USD of the worker",
    )
    models: StageModels | None = Field(
        default=None, description="The `transcriber`, or the `analyst`; without it, those of the worker's settings"
    )
    tenant: Slug = "default"
    requester: Person = "anonymous"


def _known_memo(
    caller: CurrentCaller, memo_id: Annotated[str, Path(pattern=_ID, description="From the response of the start")]
) -> str:
    """The id of a memo of the caller's tenant; another one gets the same response as an unknown id."""
    if not caller.owns(memo_id):
        raise unknown_voice_memo(memo_id)
    return memo_id


KnownMemo = Annotated[str, Depends(_known_memo)]


@router.post("", status_code=202)
async def write_down(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: NewVoiceMemo,
    idempotency_key: IdempotencyKey = None,
) -> VoiceMemoView:
    """Write down a recording, once and within the limits of planning. Nothing else is paid, and nothing is started.

    GET the memo until its status is not `reading`; then correct its `brief`, and POST that to /api/v1/productions. The
    production has the id of the memo, and its costs include the transcript.
    """
    if body.max_usd is not None:
        caller.check_release("max_usd")
    await services.fleet.report()  # without a worker it would not be written down
    given = MemoStart(production_id="new", **body.model_dump())
    brief = caller.admit(given.brief)
    memo_id = production_id_for(brief.tenant, idempotency_key and f"voice-memo/{idempotency_key}")
    start = given.model_copy(update={"production_id": memo_id, "tenant": brief.tenant, "requester": brief.requester})
    await services.voice_memos.start(start)
    response.headers["Location"] = f"{PREFIX}/voice-memos/{memo_id}"
    return await _view(services, memo_id)


@router.get("/{memo_id}")
async def get_memo(services: ServicesDep, memo_id: KnownMemo) -> VoiceMemoView:
    """A memo: its transcript, the draft of a brief, and the words from which each field of the draft was read."""
    return await _view(services, memo_id)


@router.post("/{memo_id}/cancel")
async def cancel_memo(services: ServicesDep, memo_id: KnownMemo) -> VoiceMemoView:
    """Stop writing down a memo. A request that was sent already may be billed."""
    await services.voice_memos.cancel(memo_id)
    return await _view(services, memo_id)


async def _view(services: Services, memo_id: str) -> VoiceMemoView:
    memo = await services.voice_memos.read(memo_id)
    known = memo.record is not None and bool(memo.record.analyses)
    parts = speech_of(await stored_analysis(services, memo.record, 1)) if memo.record and known else []
    return memo_view(memo_id, memo, parts, await run_in_threadpool(_spoken, parts))


def _spoken(parts: list[Part]) -> SpokenBrief:
    """In a thread: the first detection of a language loads its model."""
    found = detect_language(" ".join(part.text for part in parts))
    return spoken_brief(parts, found.language if found else None)
