"""Reads Replicate's responses: errors, progress, output, and the possible cost of a prediction."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from activities.catalogue.offers import Offer
from activities.errors import ContentRefused, JobFailed, OutputUnusable, ProviderError, Refused
from activities.providers import http_failures
from activities.providers.base64_text import declared_type, decode
from activities.providers.download import media_type_of, open_media
from activities.providers.job_outputs import find_media, find_text
from activities.providers.protocol import Finished, Request
from activities.providers.unbilled import Unbilled
from workflows.models import Modality

VENDOR: Final = "replicate"

UNBILLED: Final[Sequence[Unbilled]] = ()
"""Replicate does not document what a 5xx of `predictions.create` means: the prediction may run. `recover` finds
predictions of catalogue models."""

_REFUSED: Final = re.compile(
    r"nsfw|flagged|sensitive (?:content|words?)|safety (?:checker|filter|system)|content (?:policy|moderation)", re.I
)
_CODE: Final = re.compile(r"\bE\d{3,4}\b")
_FILE: Final = re.compile(r"https?://\S+\.(?:txt|md|srt|vtt)", re.I)
"""The address of a text file; any other address may be a part of the text that the model wrote."""
_RESETS: Final = re.compile(r"resets in ~?(\d+)\s*s")
_PERCENT: Final = re.compile(r"\b(\d{1,3})%")


def error_of_response(response: httpx.Response, body: object, *, variable: str, submitting: bool) -> ProviderError:
    """The error of a failed response: problem details with `title`, `detail`, `status`."""
    problem = body if isinstance(body, dict) else {}
    error = problem.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    message = str(problem.get("detail") or problem.get("title") or message or "").strip()
    return http_failures.error_of_status(
        VENDOR,
        response.status_code,
        message,
        variable=variable,
        submitting=submitting,
        unbilled=UNBILLED if "detail" in problem or "title" in problem else (),
        retry_after=_retry_after(response, message),
    )


def _retry_after(response: httpx.Response, message: str) -> timedelta | None:
    if (delay := http_failures.parse_retry_after(response.headers.get("retry-after"))) is not None:
        return delay
    if found := _RESETS.search(message):
        return http_failures.parse_retry_after(found[1])
    # This header is sent with every response, so only a 429 may use it.
    reset = response.headers.get("ratelimit-reset") if response.status_code == 429 else None
    return http_failures.parse_retry_after(reset)


def progress(prediction: dict[str, Any]) -> float | None:
    """Progress, 0..1, by the last percentage in the model's log; None if there is none."""
    percents = _PERCENT.findall(prediction.get("logs") or "")
    return min(int(percents[-1]) / 100, 1.0) if percents else None


def error_of_prediction(request: Request, prediction: dict[str, Any]) -> ProviderError:
    """The error of a failed prediction; only its message shows a refusal by policy.

    Models of the catalogue are billed by output (https://replicate.com/changelog/2025-01-29-official-models), so it
    cost nothing. All others are billed by their running time, so the price and the bill are unknown.
    """
    reason = str(prediction.get("error") or "no reason given").strip()
    message = f"{VENDOR}: {reason}"
    if not (found := _REFUSED.search(reason)):
        return JobFailed(message)
    code = _CODE.search(reason)
    category = code[0] if code else found[0].lower()
    return ContentRefused(message, refused=_refused_part(reason.lower(), request), category=category)


def _refused_part(reason: str, request: Request) -> Refused:
    if "input image" in reason and request.inputs:
        return "input"
    if "nsfw content detected" in reason or ("output" in reason and "input" not in reason):
        return "output"
    return "prompt"


def read_output(request: Request, offer: Offer, prediction: dict[str, Any], base_url: str) -> Finished:
    """The media of a prediction: one of its outputs.

    Raises:
        OutputUnusable: the output was deleted, an hour after the end, or is not media; it is still billed.
    """
    output = prediction.get("output")
    text = find_text(output) if offer.modality == Modality.TEXT else None
    if text and declared_type(text) is None and not _FILE.fullmatch(text):
        return Finished(text.encode(), offer.media_type)
    if first := find_media(output, offer.modality):
        if (declared := declared_type(first)) is None:
            return Finished(open_media(first, vendor=VENDOR, base_url=base_url), media_type_of(first, offer.media_type))
        with suppress(ValueError):
            return Finished(decode(first), declared or offer.media_type)
    why = (
        "its output is gone: it is kept for an hour" if output is None else f"its output is not {offer.modality.value}"
    )
    raise OutputUnusable(
        f"{VENDOR}: prediction {prediction.get('id')} succeeded, but {why}",
        billed_usd=http_failures.quoted_usd(request),
    )


def created_at(prediction: Mapping[str, Any]) -> datetime:
    """When the prediction was created; now, if it does not contain the time."""
    try:
        moment = datetime.fromisoformat(str(prediction.get("created_at")))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
