"""How the API says no: RFC 9457 problem details that name the field and the remedy, never a traceback."""

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

from workflows.models import Money
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.servers import FULL, FULL_PERHAPS, problem_of

if TYPE_CHECKING:
    from workflows.refusals import Refusal

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 5
"""What a 503 asks the caller to wait: a worker or a server that restarts is back within this."""

_log = logging.getLogger(__name__)


class FieldError(BaseModel):
    """One thing that is wrong: where, what, and what fixes it."""

    field: str
    message: str
    remedy: str = ""


class ProblemDetails(BaseModel):
    """RFC 9457. The members after `detail` are there where they help."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = Field(default_factory=list)
    plan_digest: str | None = Field(default=None, description="The current plan, where another one was named")
    production_id: str | None = None
    production_status: str | None = Field(default=None, description="Where the production is, where that was wrong")
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


def unknown_production(production_id: str) -> Problem:
    error = FieldError(
        field="production_id",
        message=f"There is no production {production_id!r}",
        remedy="GET /api/v1/productions lists them",
    )
    return Problem(404, "unknown-production", f"{error.message}; {error.remedy}.", errors=[error])


def unknown_batch(batch_id: str) -> Problem:
    message = f"There is no batch {batch_id!r}"
    error = FieldError(field="batch_id", message=message, remedy="GET /api/v1/batches lists them")
    return Problem(404, "unknown-batch", f"{error.message}; {error.remedy}.", errors=[error])


def unknown_schedule(schedule_id: str) -> Problem:
    message = f"There is no schedule {schedule_id!r}"
    error = FieldError(field="schedule_id", message=message, remedy="GET /api/v1/schedules lists them")
    return Problem(404, "unknown-schedule", f"{error.message}; {error.remedy}.", errors=[error])


def no_plan(production_id: str, status: str) -> Problem:
    message = f"The production is {status} and has no plan"
    error = FieldError(field="production_id", message=message, remedy="wait for the event `plan_ready`")
    detail = f"{error.message}; {error.remedy}."
    return Problem(409, "wrong-phase", detail, errors=[error], production_id=production_id, production_status=status)


def unavailable(kind: str, detail: str) -> Problem:
    """503: what is needed does not answer now; the same request may succeed later."""
    return Problem(503, kind, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def no_worker() -> Problem:
    return unavailable(
        "no-worker", "No worker answers. Start one with `python -m worker` (or `make up`); nothing is lost meanwhile."
    )


def no_temporal(said: str = "") -> Problem:
    """
    Args:
        said: What the SDK or the server said, which may tell what is wrong.
    """
    if known := problem_of(said):
        if known == FULL:
            return unstored(said)
        return unavailable("temporal-unusable", f"{known[0].upper()}{known[1:]}.")
    return unavailable(
        "temporal-unreachable",
        "The Temporal server does not answer. Check that it runs and that TEMPORAL_ADDRESS names it.",
    )


def unstored(said: str) -> Problem:
    """Temporal can be read and not be written. Some of its answers to a full disk do not name the disk."""
    known = problem_of(said) or f"the Temporal server answers, but stores nothing ({said[:200]}): {FULL_PERHAPS}"
    _log.error("Temporal: %s", known)  # looks at the server succeed, so that no watch finds it
    return unavailable("temporal-full", f"{known[0].upper()}{known[1:]}.")


def undecrypted(error: PayloadKeyMissing) -> Problem:
    return unavailable("payload-key-missing", f"The API {error}.")


def no_storage(reason: str) -> Problem:
    return unavailable(
        "storage-unreachable",
        f"The object storage does not answer ({reason}). Check AWS_ENDPOINT_URL_S3, its keys and GREENLIGHT_BUCKET.",
    )


_REFUSALS: Final[dict[str, tuple[int, str]]] = {
    "wrong_phase": (409, "look at the production's status and at what its assets wait for"),
    "stale_digest": (409, "look at the production again and approve the plan_digest it shows"),
    "not_allowed": (409, "let somebody else decide"),
    "budget_short": (409, "send a higher budget_usd"),
    "price_unknown": (409, "send allow_unknown_prices: true, or choose models with a price"),
    "stale_attention": (409, "look at the production again: `waiting` names what is to be decided now"),
    "key_used": (409, "use a new key"),
    "id_used": (409, "choose another id"),
    "unknown_asset": (404, "choose an asset_id that the production shows"),
    "unknown_take": (404, "choose a take that the production shows"),
    "invalid_edit": (422, "fix this field and send all of the edits again"),
    "upload_refused": (422, "send another file"),
    "invalid_plan": (422, "fix this field, or ask for another plan"),
}
"""The status of a refusal's kind, and the remedy where its message names none."""
_STATES: Final = ("it is ", "this needs ")
"""A refusal that goes on like this after its semicolon still says what is wrong."""


def refused(refusal: "Refusal", production_id: str) -> Problem:
    """What the workflow refused, as an answer."""
    status, usual = _REFUSALS[refusal.kind]
    said = refusal.message.removeprefix(f"{refusal.field}: ")
    message, _, remedy = said.partition("; ")
    if remedy.startswith(_STATES):
        message, remedy = said, ""
    return Problem(
        status,
        refusal.kind.replace("_", "-"),
        refusal.message,
        errors=[FieldError(field=refusal.field, message=message, remedy=remedy or usual)],
        plan_digest=refusal.plan_digest,
        production_id=production_id,
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app with problem details."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(PayloadKeyMissing, _undecrypted)
    app.add_exception_handler(Exception, _unexpected)


def answer(problem: ProblemDetails, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True), problem.status, dict(headers or {}), media_type=MEDIA_TYPE
    )


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return answer(error.problem, error.headers)
    if error.status_code == 400:
        return answer(_malformed("it cannot be parsed").problem, error.headers)
    title = HTTPStatus(error.status_code).phrase
    detail = {
        404: f"There is nothing at {request.url.path}; GET / lists where things are.",
        405: f"{request.method} is not possible here; the header Allow says what is.",
    }.get(error.status_code, str(error.detail))
    return answer(ProblemDetails(title=title, status=error.status_code, detail=detail), error.headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return answer(_malformed(found[0].get("ctx", {}).get("error", "it cannot be parsed")).problem)
    errors = field_errors(found)
    first = errors[0]
    detail = f"{first.field}: {first.message}" + (f" ({len(errors) - 1} more)" if len(errors) > 1 else "")
    return answer(Problem(422, "invalid-request", detail, errors=errors[:20]).problem)


def field_errors(found: Sequence[Any]) -> list[FieldError]:
    """What pydantic found, in our words; never empty where something was found.

    A list is also told to be too short when its only item is wrong: the item says more.
    """
    parents = {tuple(e["loc"][:-1]) for e in found if e["loc"]}
    return [field_error(e) for e in found if tuple(e["loc"]) not in parents]


def _malformed(reason: str) -> Problem:
    error = FieldError(field="body", message=f"is not JSON: {reason}", remedy="send one JSON object in UTF-8")
    return Problem(400, "malformed-json", f"The body {error.message}; {error.remedy}.", errors=[error])


async def _undecrypted(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PayloadKeyMissing)
    problem = undecrypted(error)
    return answer(problem.problem, problem.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed: %r", request.method, request.url.path, error)
    detail = "Something went wrong in the API itself; its log says what. The production is not harmed."
    return answer(Problem(500, "internal-error", detail).problem)


_NO_MONEY: Final = ("is not an amount of money", "give USD such as 2.50")
_NO_NUMBER: Final = ("is not a number", "give one such as 20")
_NO_INTEGER: Final = ("is not a whole number", "give one such as 1")
_NO_FLAG: Final = ("is neither true nor false", "give true or false")
_WORDS: Final[dict[str, tuple[str, str]]] = {
    "missing": ("is required", "add it"),
    "extra_forbidden": ("is not a known field", "remove it, or check its spelling"),
    "string_too_short": ("is empty", "say something"),
    "string_pattern_mismatch": ("is not written as expected", "match {pattern}"),
    "decimal_parsing": _NO_MONEY,
    "decimal_type": _NO_MONEY,
    "finite_number": _NO_MONEY,
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "int_parsing": _NO_INTEGER,
    "int_type": _NO_INTEGER,
    "int_from_float": _NO_INTEGER,
    "bool_parsing": _NO_FLAG,
    "bool_type": _NO_FLAG,
    "decimal_max_places": ("is too precise", "give USD with at most {decimal_places} decimals"),
    "greater_than_equal": ("is too small", "give at least {ge}"),
    "less_than_equal": ("is too large", "give at most {le}"),
    "string_too_long": ("is too long", "shorten it to at most {max_length} characters"),
    "too_long": ("has too many items", "give at most {max_length}"),
    "too_short": ("has too few items", "give at least {min_length}"),
    "enum": ("is not known", "choose from {expected}"),
    "literal_error": ("is not known", "choose from {expected}"),
    "model_attributes_type": ("is not a JSON object", "send one, with the header Content-Type: application/json"),
    "string_unicode": ("is not valid Unicode", "send text without lone surrogates"),
}
"""pydantic's error types in our words: message and remedy, filled from the error's context."""


def field_error(error: Mapping[str, Any]) -> FieldError:
    """One pydantic error in friendly words, with the path of its field (`edits[0].prompt`)."""
    path = _path(error["loc"])
    if error["type"] == "value_error":
        # Our validators of whole records say "field: what; remedy".
        text = str(error["msg"]).removeprefix("Value error, ")
        said = said_of(text)
        return said.model_copy(update={"field": ".".join(filter(None, (path, said.field))) or "body"})
    message, remedy = _WORDS.get(error["type"], (str(error["msg"]), ""))
    if error["loc"][-1:] == ("languages",) or "languages" in error["loc"]:
        remedy = "give one BCP 47 tag such as 'en' or 'pt-BR'"
    return FieldError(field=path or "body", message=message, remedy=remedy.format_map(error.get("ctx", {})))


def said_of(text: str) -> FieldError:
    """What our sentence "field: what; remedy" says; without a field it is ""."""
    named = re.match(r"(\w+): (.*)", text, re.DOTALL)
    field, text = (named[1], named[2]) if named else ("", text)
    message, _, remedy = text.partition("; ")
    return FieldError(field=field, message=message, remedy=remedy)


def _path(loc: Sequence[str | int]) -> str:
    path = ""
    for part in loc[1:] if loc and loc[0] in ("body", "query", "header", "path") else loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of the problems that a route may answer."""
    schema = {"$ref": "#/components/schemas/ProblemDetails"}
    return {s: {"description": HTTPStatus(s).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}
