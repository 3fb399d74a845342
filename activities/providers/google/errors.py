"""Google's failures as errors of the tree: HTTP errors of both halves of its SDK, and refusals in answers of 200."""

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
"""Of the Gemini Developer API. Its 504 is not among them: a deadline passed while the request was at work."""
ENTERPRISE_UNBILLED: Final[Sequence[Unbilled]] = ()
"""Its error page (https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/api-errors) explains a 500 as
overload or as a failure behind the service, and says nothing of the bill."""

_POLICY: Final = re.compile(r"responsible ai|usage guidelines|safety|violat|prohibited", re.IGNORECASE)
"""Words of a refusal; the policies themselves have no code in these errors."""
_MONEY: Final = re.compile(r"billing|credit|prepa|spend", re.IGNORECASE)


def failure(error: Exception, variable: str, *, submitting: bool, unbilled: Sequence[Unbilled] = ()) -> ProviderError:
    """The error of the tree for what the SDK raised.

    `models` raises `genai.errors.APIError` (code, details), `interactions` a tree of its own (status_code, body);
    without a status the call had no answer.

    Args:
        variable: The environment variable that holds the credentials.
        submitting: The call may cost money.
        unbilled: The table of the API that was called.
    """
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, TransportError):
        return ProviderUnavailable(f"{VENDOR}: its sign-in does not answer: {error}")
    if isinstance(error, GoogleAuthError):
        return AuthenticationFailed(
            f"{VENDOR}: {error}; set {variable} in the worker's environment to credentials that work"
        )
    status = getattr(error, "code", None) or getattr(error, "status_code", None)
    if not isinstance(status, int) or status < 400:
        return http_failures.lost(VENDOR, error, submitting=submitting, variable=variable)
    body = getattr(error, "details", None) or getattr(error, "body", None)
    record = body.get("error") if isinstance(body, dict) else None
    known = unbilled if isinstance(record, dict) else ()
    return _said(status, record if isinstance(record, dict) else {}, variable, known, submitting=submitting)


def _said(
    status: int, record: dict[str, Any], variable: str, unbilled: Sequence[Unbilled], *, submitting: bool
) -> ProviderError:
    message = one_line(record.get("message"))
    details = [d for d in record.get("details") or () if isinstance(d, dict)]
    if status == 400 and any(d.get("reason") == "API_KEY_INVALID" for d in details):
        status = 401  # Google calls a wrong key an invalid argument.
    elif _used_up(status, record, details):
        status = 402
    elif status == 400 and policy(message):
        return ContentRefused(f"{VENDOR} refused the request: {message}; change the prompt or its input")
    return http_failures.refusal(
        VENDOR,
        status,
        message,
        variable=variable,
        submitting=submitting,
        unbilled=unbilled,
        retry_after=next(
            (http_failures.seconds_after(str(d["retryDelay"])) for d in details if "retryDelay" in d), None
        ),
    )


def _used_up(status: int, record: dict[str, Any], details: Iterable[dict[str, Any]]) -> bool:
    """What no waiting of minutes ends: the quota of the day, one of nothing, or no money.

    Every 429 speaks of billing, that of a limit a minute too (recorded), so the quota's name decides.
    """
    money = _MONEY.search(str(record.get("message"))) is not None
    if status == 429:
        violations = [v for d in details for v in d.get("violations") or () if isinstance(v, dict)]
        if violations:
            return any("PerDay" in str(v.get("quotaId")) or str(v.get("quotaValue")) == "0" for v in violations)
        return money and not any("retryDelay" in d for d in details)
    return status == 400 and record.get("status") == "FAILED_PRECONDITION" and money


def policy(message: str) -> bool:
    """Whether a message speaks of a policy, not of a fault."""
    return _POLICY.search(message) is not None


def one_line(message: object) -> str:
    """Google's messages have several lines and links."""
    return " ".join(str(message or "").split())[:500]
