"""Converts OpenAI's errors into errors of the tree, and holds what all of its calls share."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.errors import ContentRefused, JobFailed, ProviderError, QuotaExhausted, Refused
from activities.providers.http_failures import error_of_status, error_without_response, parse_retry_after, status_of
from activities.providers.protocol import Request
from activities.providers.response_repair import find_error
from activities.providers.unbilled import Unbilled

if TYPE_CHECKING:
    from openai import APIStatusError

VENDOR: Final = "OpenAI"
VARIABLE: Final = "OPENAI_API_KEY"

# Codes: the SDK's types/responses/response_error.py (3.51), recorded 400 bodies, and the quota page.
_OUT_OF_CREDIT: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
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
        pattern=r"overloaded|slow[ _]down|enough capacity",
    ),
    Unbilled(
        503, "llama.cpp, tools/server/README.md: the model is not loaded yet", pattern="unavailable_error.*loading"
    ),
)
"""OpenAI does not document whether it bills a 500 or any other 503, and many servers implement its API."""
_CATEGORIES: Final = re.compile(r"safety_violations=\[([^\]]*)\]")


@contextmanager
def translated_errors(*, submitting: bool) -> Iterator[None]:
    """Convert the exceptions of a call, and of reading its response, into errors of the tree."""
    import openai

    try:
        yield
    except ProviderError:
        raise
    except openai.APIStatusError as error:
        raise _error_of(
            status_of(error.response), _record(error), error.response.headers, submitting=submitting
        ) from error
    except Exception as error:
        if type(error) is openai.APIError and (found := find_error({"error": error.body})):
            # The error was sent in a stream, with HTTP 200, instead of a result.
            raise _error_of(*found, {}, submitting=submitting) from error
        # The connection ended, or the response is not OpenAI's: a submission may have been billed.
        raise error_without_response(VENDOR, error, submitting=submitting, variable=VARIABLE) from error


def raise_choice_error(choice: object) -> None:
    """Raise the error that a choice contains instead of a message, as routers send it.

    Raises:
        ProviderError: as for a submission with the error's own status.
    """
    if found := find_error({"error": getattr(choice, "error", None)}):
        raise _error_of(*found, {}, submitting=True)


def _error_of(status: int, record: Mapping[str, Any], headers: Mapping[str, str], *, submitting: bool) -> ProviderError:
    codes, message = {record.get("code"), record.get("type")}, str(record.get("message") or "")
    if codes & _OUT_OF_CREDIT:
        return QuotaExhausted(f"{VENDOR}: {message}; add credit to the account of {VARIABLE}")
    if codes & _REFUSED:
        return content_refused(record)
    return error_of_status(
        VENDOR,
        status,
        message,
        variable=VARIABLE,
        submitting=submitting,
        unbilled=UNBILLED if record else (),
        kind=f"{record.get('code')} {record.get('type')}",
        retry_after=_retry_after(headers),
    )


def _record(error: "APIStatusError") -> Mapping[str, Any]:
    """The vendor's own error record; empty if the body comes from another server."""
    try:
        body = error.response.json()
    except ValueError:
        return {}
    found = find_error(body)
    return found[1] if found else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The delay from either header that the SDK reads; the one in milliseconds is more precise."""
    try:
        return parse_retry_after(str(float(headers.get("retry-after-ms", "")) / 1_000))
    except ValueError:
        return parse_retry_after(headers.get("retry-after"))


def content_refused(record: Mapping[str, Any], billed_usd: Decimal = Decimal(0)) -> ContentRefused:
    """The error of a record that refuses content, with the refused part and the category, if the record has them."""
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
    """The error of a failed response, by its error record."""
    code, message = str(record.get("code") or ""), str(record.get("message") or "the job failed")
    if code in _REFUSED:
        return content_refused(record, billed_usd)
    if _BAD_INPUT.fullmatch(code):
        return ContentRefused(f"{VENDOR}: {message}", refused="input", category=code, billed_usd=billed_usd)
    return JobFailed(f"{VENDOR}: {message}", billed_usd=billed_usd)


def parameter_value(request: Request, offer: Offer, name: str) -> JsonValue:
    """The value to send for a parameter: the asset's, otherwise the catalogue's default if that is one of the choices.

    None, so that nothing is sent, if there is neither or the model has no such parameter.
    """
    rule = offer.rules.get(name)
    if rule is None:
        return None
    default = rule.default if rule.type == "text" and rule.default in rule.choices else None
    return request.asset.parameters.get(name, default)
