"""The error responses of the API: RFC 9457 problem details that name the field and the remedy, never a traceback."""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.field_messages import text_of
from workflows.models import Money
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.servers.temporal import CHECK_DISK, DISK_FULL, diagnose

if TYPE_CHECKING:
    from workflows.refusals import Refusal

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
"""The Retry-After of a 503: a worker or a server that restarts is back within this time."""

_log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """One error: the field, what is wrong with it, and how to fix it."""

    field: str
    message: str
    remedy: str = ""


class ProblemDetails(BaseModel):
    """RFC 9457. The members after `detail` are present where they help."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = Field(default_factory=list)
    plan_digest: str | None = Field(default=None, description="The current plan, where the request named another one")
    production_id: str | None = None
    production_status: str | None = Field(
        default=None, description="The status of the production, where the request needs another one"
    )
    price_usd: Money | None = Field(default=None, description="What the plan may cost, where that was too much")


class Problem(HTTPException):
    """Raised anywhere below a route; answered as problem details. `kind` becomes urn:greenlight:problem:<kind>."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.problem = ProblemDetails(
            type=f"urn:greenlight:problem:{kind}",
            title=kind.replace("-", " ").capitalize(),
            status=status,
            detail=detail,
            errors=list(errors),
            **members,
        )

    @staticmethod
    def of_field(
        field: str,
        message: str,
        remedy: str,
        *,
        status: int = 422,
        kind: str = "invalid-request",
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> "Problem":
        """A problem with one field. Without `detail` the detail is "field: message; remedy."."""
        errors = [FieldError(field=field, message=message, remedy=remedy)]
        return Problem(status, kind, detail or _sentences(errors), errors=errors, headers=headers, **members)

    @staticmethod
    def of_fields(errors: Sequence[FieldError], kind: str = "invalid-request") -> "Problem":
        """422: a problem with several fields."""
        return Problem(422, kind, _sentences(errors), errors=errors)


def _sentences(errors: Sequence[FieldError]) -> str:
    return " ".join(f"{each.field}: {each.message}; {each.remedy}." for each in errors)


def unknown_production(production_id: str) -> Problem:
    return _unknown("production", "productions", production_id)


def unknown_batch(batch_id: str) -> Problem:
    return _unknown("batch", "batches", batch_id)


def unknown_evaluation(evaluation_id: str) -> Problem:
    return _unknown("evaluation", "evaluations", evaluation_id)


def unknown_optimisation(optimisation_id: str) -> Problem:
    return _unknown("optimisation", "optimisations", optimisation_id)


def unknown_schedule(schedule_id: str) -> Problem:
    return _unknown("schedule", "schedules", schedule_id)


def unknown_delivery(delivery_id: str) -> Problem:
    message, remedy = f"there is no delivery {delivery_id!r}", "GET /api/v1/webhooks/given-up lists those to resend"
    return Problem.of_field("delivery_id", message, remedy, status=404, kind="unknown-delivery")


def unknown_voice_memo(memo_id: str) -> Problem:
    message, remedy = f"there is no voice memo {memo_id!r}", "POST the recording to /api/v1/voice-memos again"
    return Problem.of_field("memo_id", message, remedy, status=404, kind="unknown-voice-memo")


def unknown_voice_session(session_id: str) -> Problem:
    message, remedy = f"there is no interview {session_id!r}", "POST to /api/v1/voice-sessions for a new one"
    return Problem.of_field("session_id", message, remedy, status=404, kind="unknown-voice-session")


def unknown_asset(production_id: str, asset_id: str) -> Problem:
    message, remedy = f"there is no asset {asset_id[:100]!r}", "choose an asset_id that the production shows"
    return Problem.of_field("asset_id", message, remedy, status=404, kind="unknown-asset", production_id=production_id)


def _unknown(resource: str, plural: str, resource_id: str) -> Problem:
    message, remedy = f"there is no {resource} {resource_id!r}", f"GET /api/v1/{plural} lists them"
    return Problem.of_field(f"{resource}_id", message, remedy, status=404, kind=f"unknown-{resource}")


def wrong_phase(production_id: str, status: str, message: str, remedy: str) -> Problem:
    """409: the request needs a production with another status."""
    return Problem.of_field(
        "production_id",
        message,
        remedy,
        status=409,
        kind="wrong-phase",
        production_id=production_id,
        production_status=status,
    )


def unavailable(kind: str, detail: str) -> Problem:
    """503: a server or worker that the request needs does not answer now; the same request may succeed later."""
    return Problem(503, kind, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def no_worker() -> Problem:
    return unavailable(
        "no-worker", "No worker answers. Start one with `python -m worker` (or `make up`); nothing is lost meanwhile."
    )


def no_temporal(error_text: str = "") -> Problem:
    """
    Args:
        error_text: The message of the SDK or the server, which may name the cause.
    """
    if known := diagnose(error_text):
        if known == DISK_FULL:
            return not_stored(error_text)
        return unavailable("temporal-unusable", f"{known[0].upper()}{known[1:]}.")
    return unavailable(
        "temporal-unreachable",
        "The Temporal server does not answer. Check that it runs and that TEMPORAL_ADDRESS names it.",
    )


def not_stored(error_text: str) -> Problem:
    """Temporal can be read but not written. Some of its errors for a full disk do not name the disk."""
    known = diagnose(error_text) or (
        f"the Temporal server answers, but stores nothing ({error_text[:200]}): {CHECK_DISK}"
    )
    _log.error("Temporal: %s", known)  # reads from the server succeed, so no readiness check finds it
    return unavailable("temporal-full", f"{known[0].upper()}{known[1:]}.")


def payload_key_missing(error: PayloadKeyMissing) -> Problem:
    return unavailable("payload-key-missing", f"The API {error}.")


def no_storage(reason: str) -> Problem:
    return unavailable(
        "storage-unreachable",
        f"The object storage does not answer ({reason}). Check AWS_ENDPOINT_URL_S3, its keys and GREENLIGHT_BUCKET.",
    )


def no_payload(key: str) -> Problem:
    return unavailable(
        "payload-missing",
        f"The object {key}, a large payload of Temporal, is not in GREENLIGHT_BUCKET; restore it from a backup.",
    )


_REFUSALS: Final[dict[str, tuple[int, str]]] = {
    "wrong_phase": (409, "check the production's status and the pending decisions of its assets"),
    "stale_digest": (409, "read the production again and approve the plan_digest it shows"),
    "not_allowed": (409, "let another person decide"),
    "budget_short": (409, "send a higher budget_usd"),
    "price_unknown": (409, "send allow_unknown_prices: true, or choose models with a price"),
    "stale_attention": (409, "read the production again: `waiting` names the decision that is pending now"),
    "key_used": (409, "use a new key"),
    "id_used": (409, "choose another id"),
    "unknown_asset": (404, "choose an asset_id that the production shows"),
    "unknown_take": (404, "choose a take that the production shows"),
    "invalid_edit": (422, "fix this field and send all of the edits again"),
    "upload_refused": (422, "send another file"),
    "invalid_plan": (422, "fix this field, or request another plan"),
}
"""The HTTP status for each kind of refusal, and the remedy where its message names none."""
_STATES: Final = ("it is ", "this needs ")
"""Where the text after the semicolon starts like this, it still belongs to the message and is not a remedy."""


def refused(refusal: "Refusal", production_id: str) -> Problem:
    """A refusal of the workflow as a problem."""
    status, default_remedy = _REFUSALS[refusal.kind]
    text = refusal.message.removeprefix(f"{refusal.field}: ")
    message, _, remedy = text.partition("; ")
    if remedy.startswith(_STATES):
        message, remedy = text, ""
    return Problem.of_field(
        refusal.field,
        message,
        remedy or default_remedy,
        status=status,
        kind=refusal.kind.replace("_", "-"),
        detail=refusal.message,
        plan_digest=refusal.plan_digest,
        production_id=production_id,
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app with problem details."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PayloadKeyMissing, _undecrypted)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The response for a problem, with its own headers unless others are given."""
    return _response(problem.problem, problem.headers if headers is None else headers)


def _response(details: ProblemDetails, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        details.model_dump(mode="json", exclude_none=True), details.status, dict(headers or {}), media_type=MEDIA_TYPE
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return problem_response(error)
    if error.status_code == 400:
        return problem_response(_malformed("it cannot be parsed"), error.headers)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"There is nothing at {request.url.path}; GET / lists the addresses of this API.",
        405: f"{request.method} is not allowed here; the header Allow lists the methods that are.",
    }.get(error.status_code, str(error.detail))
    return _response(ProblemDetails(title=title, status=error.status_code, detail=detail), error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return problem_response(_malformed(found[0].get("ctx", {}).get("error", "it cannot be parsed")))
    errors = field_errors(found)
    first = errors[0]
    detail = f"{first.field}: {first.message}" + (f" ({len(errors) - 1} more)" if len(errors) > 1 else "")
    return problem_response(Problem(422, "invalid-request", detail, errors=errors[:20]))


def field_errors(found: Sequence[Any]) -> list[FieldError]:
    """pydantic's errors as field errors; never empty where `found` is not.

    pydantic also reports a list as too short when its only item is invalid: only the error of the item is kept.
    """
    around = {tuple(e["loc"][:end]) for e in found for end in range(len(e["loc"]))}
    return [_field_error(e) for e in found if tuple(e["loc"]) not in around]


def _malformed(reason: str) -> Problem:
    message, remedy = f"is not JSON: {reason}", "send one JSON object in UTF-8"
    return Problem.of_field("body", message, remedy, status=400, kind="malformed-json")


async def _undecrypted(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PayloadKeyMissing)
    return problem_response(payload_key_missing(error))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed: %r", request.method, request.url.path, error)
    detail = "The API itself failed; its log has the reason. The production is not affected."
    return problem_response(Problem(500, "internal-error", detail))


def _field_error(error: Mapping[str, Any]) -> FieldError:
    """One pydantic error as a field error, with the path of its field (`edits[0].prompt`)."""
    path = _path(error["loc"])
    if error["type"] == "value_error":
        # The validators of whole records raise "field: message; remedy".
        found = parse_field_error(str(error["msg"]).removeprefix("Value error, "))
        return found.model_copy(update={"field": ".".join(filter(None, (path, found.field))) or "body"})
    message, remedy = text_of(error)
    return FieldError(field=path or "body", message=message, remedy=remedy)


def parse_field_error(text: str) -> FieldError:
    """The parts of a message "field: message; remedy"; the field is "" where the message names none."""
    named = re.match(r"(\w+): (.*)", text, re.DOTALL)
    field, text = (named[1], named[2]) if named else ("", text)
    message, _, remedy = text.partition("; ")
    return FieldError(field=field, message=message, remedy=remedy)


def problem_of(field: str, text: str) -> Problem:
    """422 for a message "what is wrong; remedy"."""
    message, _, remedy = text.rpartition("; ")
    return Problem.of_field(field, message or remedy, remedy if message else "correct it")


def _path(loc: Sequence[str | int]) -> str:
    path = ""
    for part in loc[1:] if loc and loc[0] in ("body", "query", "header", "path") else loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of the problems that a route may answer with."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {s: {"description": HTTPStatus(s).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}
