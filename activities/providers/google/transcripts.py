"""Transcripts with the times and the speakers of words, by Gemini's transcription model, through `interactions`.

https://ai.google.dev/gemini-api/docs/transcribe; google-genai 3.3, types/interactions/transcriptionconfig.py.
"""

import base64
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Unit
from activities.errors import InvalidRequest, OutputUnusable, SubmissionUnknown
from activities.providers.google.client import Access
from activities.providers.google.content import inline_recordings
from activities.providers.google.errors import VENDOR
from activities.providers.http_failures import cost_of_response
from activities.providers.protocol import Finished, Request
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai.interactions import Interaction

_MODE: Final = {"type": "verbatim", "timestamp_granularities": ["word"], "diarization_mode": "speaker"}
_OFFSET: Final = re.compile(r"^(\d+(?:\.\d+)?)s$")


async def transcribe(access: Access, request: Request, offer: Offer) -> Finished:
    """Transcribe the first recording. The prompt is not sent: the model follows none.

    Raises:
        ProviderError: the submission failed.
    """
    recordings = request.inputs_of(Modality.AUDIO)
    if not recordings:
        raise InvalidRequest(f"depends_on: {offer.model} works from audio; name an asset of that type")
    media = recordings[0].media
    if not offer.takes_recording(media.bytes, media.duration_seconds):
        raise InvalidRequest(
            f"depends_on: {offer.model} takes at most {offer.max_recording_seconds:g} seconds and "
            f"{offer.max_recording_bytes:,} bytes; give a shorter recording"
        )
    ((data, media_type),) = await inline_recordings(recordings[:1])
    config: dict[str, Any] = {"mode": _MODE}
    if language := request.text("language", ""):
        config["language_codes"] = [language]
    body: dict[str, Any] = {
        "model": request.asset.model,
        "input": [{"type": "audio", "mime_type": media_type, "data": base64.b64encode(data).decode()}],
        "generation_config": {
            "max_output_tokens": int(request.number("max_tokens", TEXT_MAX_TOKENS)),
            "transcription_config": config,
        },
        "store": False,
        "automatic_continuation": False,  # a continuation is a further request, which is billed
    }
    answer: Interaction = await access.call(lambda client: client.interactions.create(**body), submitting=True)
    return _read(answer, request, offer)


def _read(answer: "Interaction", request: Request, offer: Offer) -> Finished:
    status = getattr(answer, "status", None)  # the SDK returns a body that is not a record unchanged
    if status is None:
        raise SubmissionUnknown(f"{VENDOR} returned something other than a transcript")
    text, words = _said(answer)
    usage = _usage(answer)
    if status != "completed":
        message = f"{VENDOR}'s {offer.model} made no complete transcript ({status}); give a shorter recording"
        raise OutputUnusable(message, billed_usd=cost_of_response(request, offer, usage))
    record: dict[str, JsonValue] = {"kind": "transcript", "text": text}
    return Finished(text.encode(), offer.media_type, usage=usage, data=record | ({"words": words} if words else {}))


def _said(answer: "Interaction") -> tuple[str, list[JsonValue]]:
    """The text, and its words as {word, start, end, speaker}, in seconds; words without times are left out."""
    texts, words = list[str](), list[JsonValue]()
    for content in _texts(answer):
        texts.append(content.text or "")
        for note in content.annotations or ():
            start, end = _seconds(getattr(note, "start_offset", None)), _seconds(getattr(note, "end_offset", None))
            word = getattr(note, "text", None)
            if word and start is not None and end is not None:
                speaker = getattr(note, "speaker", None)
                words.append({"word": word, "start": start, "end": end} | ({"speaker": speaker} if speaker else {}))
    return " ".join(each.strip() for each in texts if each.strip()), words


def _texts(answer: "Interaction") -> Iterator[Any]:
    for step in answer.steps or ():
        if getattr(step, "type", "") == "model_output":
            yield from (each for each in getattr(step, "content", None) or () if each.type == "text")


def _seconds(offset: object) -> float | None:
    """A duration such as "1.250s"; None for anything else."""
    found = _OFFSET.match(offset) if isinstance(offset, str) else None
    return float(found[1]) if found else None


def _usage(answer: "Interaction") -> dict[Unit, int]:
    counted = getattr(answer, "usage", None)
    if counted is None:
        return {}
    written = (counted.total_output_tokens or 0) + (counted.total_thought_tokens or 0)
    return {"input_tokens": counted.total_input_tokens or 0, "output_tokens": written}
