"""What Replicate's answers say: errors, progress, output, and what a prediction may have cost."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from activities.errors import ContentRefused, JobFailed, OutputUnusable, ProviderError, Refused
from activities.providers import wire
from activities.providers.base import Finished, Offer, Request
from activities.providers.download import media_type_at, streamed
from activities.providers.unbilled import Unbilled
from workflows.models import Modality

VENDOR: Final = "replicate"

UNBILLED: Final[Sequence[Unbilled]] = ()
"""Nothing that Replicate publishes says what a 5xx of `predictions.create` means: the prediction may run. Models of the
catalogue are found again by `recover`."""

_REFUSED: Final = re.compile(
    r"nsfw|flagged|sensitive (?:content|words?)|safety (?:checker|filter|system)|content (?:policy|moderation)", re.I
)
_CODE: Final = re.compile(r"\bE\d{3,4}\b")
_RESETS: Final = re.compile(r"resets in ~?(\d+)\s*s")
_PERCENT: Final = re.compile(r"\b(\d{1,3})%")


def refusal(response: httpx.Response, body: object, *, variable: str, submitting: bool) -> ProviderError:
    """The error of an answer that is none of success: problem details with `title`, `detail`, `status`."""
    problem = body if isinstance(body, dict) else {}
    words = str(problem.get("detail") or problem.get("title") or "").strip()
    return wire.refusal(
        VENDOR,
        response.status_code,
        words,
        variable=variable,
        submitting=submitting,
        unbilled=UNBILLED if "detail" in problem or "title" in problem else (),
        retry_after=_delay(response, words),
    )


def _delay(response: httpx.Response, words: str) -> timedelta | None:
    if (told := wire.seconds_after(response.headers.get("retry-after"))) is not None:
        return told
    if found := _RESETS.search(words):
        return wire.seconds_after(found[1])
    # Sent with every answer, also where nothing is limited.
    return wire.seconds_after(response.headers.get("ratelimit-reset")) if response.status_code == 429 else None


def progress(prediction: dict[str, Any]) -> float | None:
    """0..1, by the last percentage that the model wrote into its log."""
    percents = _PERCENT.findall(prediction.get("logs") or "")
    return min(int(percents[-1]) / 100, 1.0) if percents else None


def failure(request: Request, prediction: dict[str, Any]) -> ProviderError:
    """The error of a prediction that failed; a refusal by policy is only told in its words.

    Models of the catalogue are billed by output (https://replicate.com/changelog/2025-01-29-official-models), so it
    cost nothing. All others are billed by the time that they ran: the price is unknown, and so is the bill.
    """
    words = str(prediction.get("error") or "it does not say why").strip()
    message = f"{VENDOR}: {words}"
    if not (found := _REFUSED.search(words)):
        return JobFailed(message)
    code = _CODE.search(words)
    category = code[0] if code else found[0].lower()
    return ContentRefused(message, refused=_what(words.lower(), request), category=category)


def _what(words: str, request: Request) -> Refused:
    if "input image" in words and request.inputs:
        return "input"
    if "nsfw content detected" in words or ("output" in words and "input" not in words):
        return "output"
    return "prompt"


def finished(request: Request, offer: Offer, prediction: dict[str, Any], base_url: str) -> Finished:
    """What a prediction made: the first of its outputs.

    Raises:
        OutputUnusable: it is gone, an hour after its end, or is no media; it was paid for all the same.
    """
    output = prediction.get("output")
    if offer.modality == Modality.TEXT and output:
        text = "".join(map(str, output)) if isinstance(output, list) else str(output)
        return Finished(text.encode(), offer.media_type)
    first = next(iter(output), None) if isinstance(output, list) else output
    if isinstance(first, str) and first.startswith(("https://", "http://")):
        return Finished(streamed(first, vendor=VENDOR, base_url=base_url), media_type_at(first, offer.media_type))
    why = "its output is gone: it is kept for an hour" if output is None else f"its output is no {offer.modality.value}"
    raise OutputUnusable(
        f"{VENDOR}: prediction {prediction.get('id')} succeeded, but {why}", billed_usd=wire.quoted(request)
    )


def made_at(prediction: Mapping[str, Any]) -> datetime:
    """When it was created; now, where it does not say."""
    try:
        moment = datetime.fromisoformat(str(prediction.get("created_at")))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
