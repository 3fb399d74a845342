"""Converts Google's failures into errors of the tree: HTTP errors of both parts of its SDK, and its sign-in."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from activities.errors import AuthenticationFailed, ContentRefused, ProviderError, ProviderUnavailable
from activities.providers import http_failures
from activities.providers.unbilled import Unbilled

VENDOR: Final = "Google"

DEVELOPER_UNBILLED: Final = (
    Unbilled(
        500,
        "https://ai.google.dev/gemini-api/docs/billing: 'If your request fails with a 400 or 500 error, you won't be "
        "charged for the tokens used.'",
    ),
    Unbilled(
        503,
        "https://discuss.ai.google.dev/t/124640 (Google): 503 means that the services 'are temporarily overloaded and "
        "can't service your request'",
    ),
)
"""For the Gemini Developer API. They exclude 504: the deadline passed while the request was being processed."""
ENTERPRISE_UNBILLED: Final[Sequence[Unbilled]] = ()
"""Its error page (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors) explains a 500 as
overload or as a failure behind the service, and does not mention billing."""

_POLICY: Final = re.compile(r"responsible ai|usage guidelines|safety|violat|prohibited", re.IGNORECASE)
"""Terms that mark a policy refusal; these errors have no code for it."""
_BILLING: Final = re.compile(r"billing|credit|prepa|spend", re.IGNORECASE)


def to_provider_error(
    error: Exception, variable: str, *, submitting: bool, unbilled: Sequence[Unbilled] = ()
) -> ProviderError:
    """The error of the tree for an exception of the SDK.

    `models` raises `genai.errors.APIError` (code, details), `interactions` its own tree (status_code, body).
    An exception without a status means that the call had no response.

    Args:
        variable: The environment variable that holds the credentials.
        submitting: The call may cost money.
        unbilled: The table of the API that was called.
    """
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, TransportError):
        return ProviderUnavailable(f"{VENDOR}: its sign-in does not respond: {error}")
    if isinstance(error, GoogleAuthError):
        return AuthenticationFailed(
            f"{VENDOR}: {error}; set {variable} in the worker's environment to credentials that work"
        )
    status = getattr(error, "code", None) or getattr(error, "status_code", None)
    if not isinstance(status, int) or status < 400:
        return http_failures.error_without_response(VENDOR, error, submitting=submitting, variable=variable)
    body = getattr(error, "details", None) or getattr(error, "body", None)
    record = body.get("error") if isinstance(body, dict) else None
    known = unbilled if isinstance(record, dict) else ()
    return _error_of_record(status, record if isinstance(record, dict) else {}, variable, known, submitting=submitting)


def _error_of_record(
    status: int, record: dict[str, Any], variable: str, unbilled: Sequence[Unbilled], *, submitting: bool
) -> ProviderError:
    message = one_line(record.get("message"))
    details = [d for d in record.get("details") or () if isinstance(d, dict)]
    if status == 400 and any(d.get("reason") == "API_KEY_INVALID" for d in details):
        status = 401  # Google reports a wrong key as an invalid argument.
    elif _is_exhausted(status, record, details):
        status = 402
    elif status == 400 and mentions_policy(message):
        return ContentRefused(f"{VENDOR} refused the request: {message}; change the prompt or its input")
    return http_failures.error_of_status(
        VENDOR,
        status,
        message,
        variable=variable,
        submitting=submitting,
        unbilled=unbilled,
        retry_after=next(
            (http_failures.parse_retry_after(str(d["retryDelay"])) for d in details if "retryDelay" in d), None
        ),
    )


def _is_exhausted(status: int, record: dict[str, Any], details: Iterable[dict[str, Any]]) -> bool:
    """Whether waiting for minutes does not help: the quota of the day is used up, a quota is 0, or there is no credit.

    Every 429 mentions billing, even for a limit for each minute (recorded), so the name of the quota decides.
    """
    money = _BILLING.search(str(record.get("message"))) is not None
    if status == 429:
        violations = [v for d in details for v in d.get("violations") or () if isinstance(v, dict)]
        if violations:
            return any("PerDay" in str(v.get("quotaId")) or str(v.get("quotaValue")) == "0" for v in violations)
        return money and not any("retryDelay" in d for d in details)
    return status == 400 and record.get("status") == "FAILED_PRECONDITION" and money


def mentions_policy(message: str) -> bool:
    """Whether a message is about a policy, not about a fault."""
    return _POLICY.search(message) is not None


def one_line(message: object) -> str:
    """A message on one line, at most 500 characters: Google's messages have several lines and links."""
    return " ".join(str(message or "").split())[:500]
