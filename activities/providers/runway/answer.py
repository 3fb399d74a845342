"""What Runway's answers say: errors, failure codes, and what a task was charged."""

import random
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

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
"""After a 429, which says nothing of when; up to half of it is added, as the vendor asks."""

_ERRORS: Final = "https://docs.dev.runwayml.com/errors/errors, 'may retry': "
UNBILLED: Final = (
    Unbilled(502, _ERRORS + "'returned when Runway is shedding load'"),
    Unbilled(503, _ERRORS + "'returned when Runway is shedding load'"),
    Unbilled(504, _ERRORS + "'returned when Runway is overloaded and not able to satisfy the request'"),
)
"""The page does not name 500: a task may have been made."""

T = TypeVar("T")


async def asked(call: Awaitable[T], *, submitting: bool) -> T:
    """Await the SDK.

    Raises:
        ProviderError: what its failure means for money.
    """
    from runwayml import APIConnectionError, APIStatusError

    try:
        return await call
    except APIStatusError as error:
        raise _refusal(error, submitting=submitting) from error
    except (APIConnectionError, httpx.HTTPError) as error:  # uploads are sent beside the SDK's own client
        raise http_failures.lost(VENDOR, error, submitting=submitting, variable=KEY) from error
    except Exception as error:  # an answer that the SDK cannot read, be it its own error or one of the JSON library
        raise SubmissionUnknown(f"{VENDOR}: {type(error).__name__}: {error}") from error


def _refusal(error: "APIStatusError", *, submitting: bool) -> ProviderError:
    """The vendor's own errors are JSON with a member `error` for people to read."""
    body = error.body if isinstance(error.body, dict) else {}
    said = body.get("error")
    words = str((said.get("message") if isinstance(said, dict) else said) or "")
    issues = [i for i in body.get("issues") or () if isinstance(i, dict)]
    details = "; ".join(f"{'.'.join(map(str, i.get('path') or ()))}: {i.get('message')}" for i in issues[:3])
    retry_after = http_failures.seconds_after(error.response.headers.get("retry-after"))
    if retry_after is None and error.status_code == 429:
        retry_after = timedelta(seconds=LIMITED_SECONDS * random.uniform(1, 1.5))  # noqa: S311 (spreads requests)
    return http_failures.refusal(
        VENDOR,
        # An empty account is a 400 in these words: https://github.com/runwayml/sdk-node/issues/28
        402 if "not have enough credits" in words else error.status_code,
        f"{words} ({details})" if details else words,
        variable=KEY,
        submitting=submitting,
        unbilled=UNBILLED if "error" in body else (),
        retry_after=retry_after,
    )


def record(task: Any) -> dict[str, Any]:
    """A task as the vendor wrote it: one that lacks a field is to the SDK one of another status, with other names."""
    found: dict[str, Any] = task.to_dict(mode="json", warnings=False) if hasattr(task, "to_dict") else {}
    return found


def failure(request: Request, task: Mapping[str, Any]) -> ProviderError:
    """By the failure code, https://docs.dev.runwayml.com/errors/task-failures/."""
    code = str(task.get("failureCode") or "")
    billed = charged(request, task)
    words = f"{VENDOR}: {task.get('failure') or 'it does not say why'}" + (f" ({code})" if code else "")
    parts = code.split(".")
    if "SAFETY" in parts:
        said = parts[parts.index("SAFETY") + 1 :]
        refused: Refused = "output" if "OUTPUT" in said else "prompt" if "TEXT" in said or not said else "input"
        return ContentRefused(words, refused=refused, category=code, billed_usd=billed)
    if parts[:2] == ["INTERNAL", "BAD_OUTPUT"]:
        return OutputUnusable(words, billed_usd=billed)
    return JobFailed(words, billed_usd=billed)


def cost(task: Mapping[str, Any]) -> Decimal | None:
    """What a task that is over was charged, USD: nothing where it was refunded; None where it does not say."""
    credits_ = (task.get("cost") or {}).get("credits")
    return None if credits_ is None else Decimal(str(credits_)) * USD_A_CREDIT


def charged(request: Request, task: Mapping[str, Any]) -> Decimal:
    """USD of a task without media: its price where it does not say, for nobody said that it was refunded."""
    told = cost(task)
    return http_failures.quoted(request) if told is None else told
