"""Reads Runway's responses: errors, failure codes and the cost of a task."""

import random
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from activities.catalogue.pricing import is_possible
from activities.errors import ContentRefused, JobFailed, OutputUnusable, ProviderError, Refused, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.protocol import Request
from activities.providers.runway.request import VENDOR
from activities.providers.unbilled import Unbilled

if TYPE_CHECKING:
    from runwayml import APIStatusError

KEY: Final = "RUNWAYML_API_SECRET"
USD_A_CREDIT: Final = Decimal("0.01")
LIMITED_SECONDS: Final = 30.0
"""The delay after a 429, which has no `retry-after`; up to half of it is added, as the vendor recommends."""

_ERRORS: Final = "https://docs.dev.runwayml.com/errors/errors, 'may retry': "
UNBILLED: Final = (
    Unbilled(502, _ERRORS + "'returned when Runway is shedding load'"),
    Unbilled(503, _ERRORS + "'returned when Runway is shedding load'"),
    Unbilled(504, _ERRORS + "'returned when Runway is overloaded and not able to satisfy the request'"),
)
"""The page does not list 500: a task may have been created."""

T = TypeVar("T")


async def call_sdk(call: Awaitable[T], *, submitting: bool) -> T:
    """Await a call of the SDK.

    Raises:
        ProviderError: the call failed; `SubmissionUnknown` if it may be billed.
    """
    from runwayml import APIConnectionError, APIStatusError

    try:
        return await call
    except APIStatusError as error:
        raise _error_of(error, submitting=submitting) from error
    except (APIConnectionError, httpx.HTTPError) as error:  # uploads do not use the SDK's own client
        raise http_failures.error_without_response(VENDOR, error, submitting=submitting, variable=KEY) from error
    except Exception as error:  # a response that the SDK cannot parse; the error is its own or one of the JSON library
        raise SubmissionUnknown(f"{VENDOR}: {type(error).__name__}: {error}") from error


def _error_of(error: "APIStatusError", *, submitting: bool) -> ProviderError:
    """The error of a failed response: the vendor's own errors are JSON with a readable member `error`."""
    body = error.body if isinstance(error.body, dict) else {}
    record = body.get("error")
    message = str((record.get("message") if isinstance(record, dict) else record) or "")
    issues = [i for i in body.get("issues") or () if isinstance(i, dict)]
    details = "; ".join(f"{'.'.join(map(str, i.get('path') or ()))}: {i.get('message')}" for i in issues[:3])
    retry_after = http_failures.parse_retry_after(error.response.headers.get("retry-after"))
    if retry_after is None and error.status_code == 429:
        retry_after = timedelta(seconds=LIMITED_SECONDS * random.uniform(1, 1.5))  # noqa: S311 (spreads requests)
    return http_failures.error_of_status(
        VENDOR,
        # An empty account is a 400 with this message: https://github.com/runwayml/sdk-node/issues/28
        402 if "not have enough credits" in message else error.status_code,
        f"{message} ({details})" if details else message,
        variable=KEY,
        submitting=submitting,
        unbilled=UNBILLED if "error" in body else (),
        retry_after=retry_after,
    )


def task_record(task: Any) -> dict[str, Any]:
    """A task as the vendor sent it: the SDK parses one that lacks a field as another status, with other names."""
    found: dict[str, Any] = task.to_dict(mode="json", warnings=False) if hasattr(task, "to_dict") else {}
    return found


def error_of_task(request: Request, task: Mapping[str, Any]) -> ProviderError:
    """The error of a failed task, by its failure code, https://docs.dev.runwayml.com/errors/task-failures/."""
    code = str(task.get("failureCode") or "")
    billed = charged_usd(request, task)
    message = f"{VENDOR}: {task.get('failure') or 'no reason given'}" + (f" ({code})" if code else "")
    parts = code.split(".")
    if "SAFETY" in parts:
        categories = parts[parts.index("SAFETY") + 1 :]
        refused: Refused = (
            "output" if "OUTPUT" in categories else "prompt" if "TEXT" in categories or not categories else "input"
        )
        return ContentRefused(message, refused=refused, category=code, billed_usd=billed)
    if parts[:2] == ["INTERNAL", "BAD_OUTPUT"]:
        return OutputUnusable(message, billed_usd=billed)
    return JobFailed(message, billed_usd=billed)


def task_cost(task: Mapping[str, Any]) -> Decimal | None:
    """The cost of a task that has ended, USD: 0 if it was refunded; None if the task does not report a possible one."""
    try:
        usd = Decimal(str((task.get("cost") or {}).get("credits"))) * USD_A_CREDIT
    except (ArithmeticError, AttributeError):
        return None
    return usd if is_possible(usd) else None


def charged_usd(request: Request, task: Mapping[str, Any]) -> Decimal:
    """The cost of a task without media, USD: its quoted price if the task does not report that it was refunded."""
    cost = task_cost(task)
    return http_failures.quoted_usd(request) if cost is None else cost
