"""What Replicate's answers say: errors, progress, output, and what a prediction may have cost."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from activities.catalogue.offers import Offer
from activities.errors import ContentRefused, JobFailed, OutputUnusable, ProviderError, Refused
from activities.providers import http_failures
from activities.providers.base64_text import decoded, type_in
from activities.providers.download import media_type_at, streamed
from activities.providers.job_outputs import media_in, text_in
from activities.providers.protocol import Finished, Request
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
_FILE: Final = re.compile(r"https?://\S+\.(?:txt|md|srt|vtt)", re.I)
"""The address of a text; any other address may be what the model says."""
_RESETS: Final = re.compile(r"resets in ~?(\d+)\s*s")
_PERCENT: Final = re.compile(r"\b(\d{1,3})%")


def refusal(response: httpx.Response, body: object, *, variable: str, submitting: bool) -> ProviderError:
    """The error of an answer that is none of success: problem details with `title`, `detail`, `status`."""
    problem = body if isinstance(body, dict) else {}
    said = problem.get("error")
    words = said.get("message") if isinstance(said, dict) else said
    words = str(problem.get("detail") or problem.get("title") or words or "").strip()
    return http_failures.refusal(
        VENDOR,
        response.status_code,
        words,
        variable=variable,
        submitting=submitting,
        unbilled=UNBILLED if "detail" in problem or "title" in problem else (),
        retry_after=_delay(response, words),
    )


def _delay(response: httpx.Response, words: str) -> timedelta | None:
    if (told := http_failures.seconds_after(response.headers.get("retry-after"))) is not None:
        return told
    if found := _RESETS.search(words):
        return http_failures.seconds_after(found[1])
    # Sent with every answer, also where nothing is limited.
    return http_failures.seconds_after(response.headers.get("ratelimit-reset")) if response.status_code == 429 else None


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
    """What a prediction made: one of its outputs.

    Raises:
        OutputUnusable: it is gone, an hour after its end, or is no media; it was paid for all the same.
    """
    output = prediction.get("output")
    text = text_in(output) if offer.modality == Modality.TEXT else None
    if text and type_in(text) is None and not _FILE.fullmatch(text):
        return Finished(text.encode(), offer.media_type)
    if first := media_in(output, offer.modality):
        if (declared := type_in(first)) is None:
            return Finished(streamed(first, vendor=VENDOR, base_url=base_url), media_type_at(first, offer.media_type))
        with suppress(ValueError):
            return Finished(decoded(first), declared or offer.media_type)
    why = "its output is gone: it is kept for an hour" if output is None else f"its output is no {offer.modality.value}"
    raise OutputUnusable(
        f"{VENDOR}: prediction {prediction.get('id')} succeeded, but {why}", billed_usd=http_failures.quoted(request)
    )


def made_at(prediction: Mapping[str, Any]) -> datetime:
    """When it was created; now, where it does not say."""
    try:
        moment = datetime.fromisoformat(str(prediction.get("created_at")))
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
