"""What OpenAI's errors mean, and the few things that all of its calls share."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.errors import ContentRefused, JobFailed, ProviderError, QuotaExhausted, Refused
from activities.providers.http_failures import lost, refusal, seconds_after, status_of
from activities.providers.protocol import Request
from activities.providers.response_repair import error_in
from activities.providers.unbilled import Unbilled

if TYPE_CHECKING:
    from openai import APIStatusError

VENDOR: Final = "OpenAI"
VARIABLE: Final = "OPENAI_API_KEY"

# Codes: the SDK's types/responses/response_error.py (3.51), recorded 400 bodies, and what the quota page says.
_NO_MONEY: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
_REFUSED: Final = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "content_filter",
        "invalid_prompt",
        "bio_policy",
        "misalignment_policy_violation",
        "image_content_policy_violation",
    }
)
_BAD_INPUT: Final = re.compile(
    r"(invalid|unsupported)_(base64_)?image\w*|image_(too|parse|file)_\w+|empty_image_file|failed_to_download_image"
)
UNBILLED: Final = (
    Unbilled(
        503,
        "https://platform.openai.com/docs/guides/error-codes: the model does not have enough capacity to process the "
        "request ('server_is_overloaded'), 'Slow Down'",
        says=r"overloaded|slow[ _]down|enough capacity",
    ),
    Unbilled(503, "llama.cpp, tools/server/README.md: the model is not loaded yet", says="unavailable_error.*loading"),
)
"""OpenAI says nothing of what it bills for a 500 or for any other 503, and many servers speak its API."""
_CATEGORIES: Final = re.compile(r"safety_violations=\[([^\]]*)\]")


@contextmanager
def asking(*, submitting: bool) -> Iterator[None]:
    """Put whatever goes wrong in a call, and in reading its answer, into the error tree."""
    import openai

    try:
        yield
    except ProviderError:
        raise
    except openai.APIStatusError as error:
        raise _told(status_of(error.response), _record(error), error.response.headers, submitting=submitting) from error
    except Exception as error:
        if type(error) is openai.APIError and (found := error_in({"error": error.body})):
            # Said in a stream, with HTTP 200, in the place of an answer.
            raise _told(*found, {}, submitting=submitting) from error
        # A connection that ended, or an answer that is not OpenAI's: a submission may have been billed.
        raise lost(VENDOR, error, submitting=submitting, variable=VARIABLE) from error


def refuse_error(choice: object) -> None:
    """Raise the error that a choice holds in the place of an answer, as routers send it.

    Raises:
        ProviderError: as for a submission that is answered with the error's own status.
    """
    if found := error_in({"error": getattr(choice, "error", None)}):
        raise _told(*found, {}, submitting=True)


def _told(status: int, record: Mapping[str, Any], headers: Mapping[str, str], *, submitting: bool) -> ProviderError:
    codes, message = {record.get("code"), record.get("type")}, str(record.get("message") or "")
    if codes & _NO_MONEY:
        return QuotaExhausted(f"{VENDOR}: {message}; add credit to the account of {VARIABLE}")
    if codes & _REFUSED:
        return content_refused(record)
    return refusal(
        VENDOR,
        status,
        message,
        variable=VARIABLE,
        submitting=submitting,
        unbilled=UNBILLED if record else (),
        said=f"{record.get('code')} {record.get('type')}",
        retry_after=_retry_after(headers),
    )


def _record(error: "APIStatusError") -> Mapping[str, Any]:
    """The vendor's own error record; empty where the body is somebody else's."""
    try:
        body = error.response.json()
    except ValueError:
        return {}
    found = error_in(body)
    return found[1] if found else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The SDK reads both headers; the one in milliseconds is the exact one."""
    try:
        return seconds_after(str(float(headers.get("retry-after-ms", "")) / 1_000))
    except ValueError:
        return seconds_after(headers.get("retry-after"))


def content_refused(record: Mapping[str, Any], billed_usd: Decimal = Decimal(0)) -> ContentRefused:
    """The error of a record that refuses content: what it objects to and its category, where it tells."""
    details = record.get("moderation_details") or {}
    message = str(record.get("message") or "the content was refused")
    found = _CATEGORIES.search(message)
    categories = ", ".join(details.get("categories") or ()) or (found.group(1) if found else "")
    of_image = str(record.get("param") or "").startswith(("image", "mask"))
    refused: Refused = "prompt"
    if of_image or record.get("code") == "image_content_policy_violation":
        refused = "input"
    elif details.get("moderation_stage") == "output" or record.get("code") == "content_filter":
        refused = "output"
    return ContentRefused(f"{VENDOR}: {message}", refused=refused, category=categories, billed_usd=billed_usd)


def job_failure(record: Mapping[str, Any], billed_usd: Decimal) -> ProviderError:
    """The error of a response that failed, by the record that it carries."""
    code, message = str(record.get("code") or ""), str(record.get("message") or "the job failed")
    if code in _REFUSED:
        return content_refused(record, billed_usd)
    if _BAD_INPUT.fullmatch(code):
        return ContentRefused(f"{VENDOR}: {message}", refused="input", category=code, billed_usd=billed_usd)
    return JobFailed(f"{VENDOR}: {message}", billed_usd=billed_usd)


def chosen(request: Request, offer: Offer, name: str) -> JsonValue:
    """What to send for a parameter: the asset's value, else the catalogue's default where that is a choice.

    None, and nothing is sent, where neither is there or the model has no such parameter.
    """
    rule = offer.rules.get(name)
    if rule is None:
        return None
    default = rule.default if rule.type == "text" and rule.default in rule.choices else None
    return request.asset.parameters.get(name, default)
