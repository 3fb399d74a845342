"""Interviews by voice: a browser speaks with a realtime model, which fills the fields of a brief."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import CurrentCaller, IdempotencyKey, Services, ServicesDep, production_id_for
from api.problems import Problem, documented, unknown_voice_session
from api.views.production import PREFIX
from api.views.voice import SESSIONS, OpenVoiceSession, VoiceSessionView, session_view
from workflows.base import Slug
from workflows.models import Money, Person
from workflows.voice import session_keys
from workflows.voice.interview import MAX_ARGUMENTS, Taken, take
from workflows.voice.sessions import MAX_MINUTES, SessionStart, Usage, VoiceSession

router = APIRouter(prefix=f"{PREFIX}/voice-sessions", tags=["voice"], responses=documented(404, 409, 422, 503))
_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"


class NewVoiceSession(BaseModel):
    """An interview by voice that a person is about to begin."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minutes": 5}]})

    max_usd: Money | None = Field(
        default=None,
        description="The most that it may cost, which an approver allows; USD. Without it, GREENLIGHT_PLANNING_USD of "
        "the worker",
    )
    minutes: Annotated[int, Field(ge=1, le=MAX_MINUTES)] | None = Field(
        default=None, description="The most that it may last; at most GREENLIGHT_VOICE_SESSION_MINUTES of the worker"
    )
    tenant: Slug = "default"
    requester: Person = "anonymous"


class FunctionCall(BaseModel):
    """A completed call of a function by the model, as the vendor sent it to the browser."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "fill_brief", "arguments": '{"title": "Quiet Mornings"}'}]},
    )

    name: str = Field(max_length=200)
    arguments: str = Field(max_length=MAX_ARGUMENTS, description="A JSON text")


class SessionReport(BaseModel):
    """What the page says at the end: the sum of the usage of all answers."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"usage": {"answers": 1}}]})

    usage: Usage | None = None


def _known_session(
    caller: CurrentCaller, session_id: Annotated[str, Path(pattern=_ID, description="From the response of the start")]
) -> str:
    """The id of a session of the caller's tenant; another one gets the same response as an unknown id."""
    if not caller.owns(session_id):
        raise unknown_voice_session(session_id)
    return session_id


KnownSession = Annotated[str, Depends(_known_session)]


@router.post("", status_code=201)
async def open_session(
    services: ServicesDep,
    caller: CurrentCaller,
    response: Response,
    body: NewVoiceSession,
    idempotency_key: IdempotencyKey = None,
) -> OpenVoiceSession:
    """Reserve the cap, and mint a client secret with which the browser speaks with the vendor for some minutes.

    A worker mints it; the API holds no key of a vendor. The secret is only in this response, and expires after a
    minute. Ask the vendor for an answer only while `turn_usd` fits what is left of `reserved_usd`, close the connection
    at `ends_at`, and POST the usage to /end. The interview fills a form; a person starts a production with it.
    """
    if body.max_usd is not None:
        caller.check_release("max_usd")
    await _check_enabled(services)
    signed = caller.sign(body)
    tenant = caller.resolve_tenant(body.tenant) or body.tenant
    session_id = production_id_for(tenant, idempotency_key and f"voice-session/{idempotency_key}")
    start = SessionStart(session_id=session_id, **signed.model_dump(exclude={"tenant"}), tenant=tenant)
    session = await services.voice_sessions.open(start)
    if session.status == "failed":
        raise Problem(409, "voice-session-refused", f"The interview was not opened: {session.error}.")
    response.headers["Location"] = f"{SESSIONS}/{session_id}"
    response.headers["Cache-Control"] = "no-store"
    return OpenVoiceSession(**session_view(session).model_dump(), client_secret=await _secret(services, session))


@router.get("/{session_id}")
async def get_session(services: ServicesDep, session_id: KnownSession) -> VoiceSessionView:
    """An interview: its terms, what it costs, what the page reported, and why the vendor's bill may differ."""
    return session_view(await services.voice_sessions.read(session_id))


@router.post("/{session_id}/fields")
async def check_fields(services: ServicesDep, session_id: KnownSession, body: FunctionCall) -> Taken:
    """Check a call of a function by the model as text from outside: the fields of a brief that it fills.

    Nothing is stored, started or paid. `output` is the answer to the model.
    """
    await services.voice_sessions.check(session_id)
    return take(body.name, body.arguments)


@router.post("/{session_id}/end")
async def end_session(services: ServicesDep, session_id: KnownSession, body: SessionReport) -> VoiceSessionView:
    """End an interview. What is reported is kept next to the cap, and can only raise what counts; the first counts."""
    return session_view(await services.voice_sessions.end(session_id, body.usage))


async def _check_enabled(services: Services) -> None:
    interviews = (await services.fleet.report()).interviews
    if not interviews.enabled:
        raise Problem(409, "voice-sessions-off", f"No interview is possible: {interviews.reason}.")


async def _secret(services: Services, session: VoiceSession) -> str:
    """The client secret of an open session that the workflow has released; empty where there is none."""
    if session.status != "open" or not session.handed_out:
        return ""
    content = await services.vault.content(session_keys.secret_key(session.session_id, session.nonce))
    return content.decode() if content else ""
