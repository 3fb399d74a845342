"""Transcripts of recordings: as text, with timestamps, as subtitles, or translated into English."""

import asyncio
import json
import warnings
from collections.abc import Awaitable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer, Unit
from activities.errors import InvalidRequest, SubmissionUnknown
from activities.media.containers import in_container
from activities.providers.openai.errors import VENDOR, parameter_value, translated_errors
from activities.providers.protocol import Finished, Request
from workflows.models import Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI

FORMATS: Final = {
    "text": ("json", "text/markdown"),
    "json": ("verbose_json", "application/json"),
    "srt": ("srt", "application/x-subrip"),
    "vtt": ("vtt", "text/vtt"),
}
"""Our name -> the vendor's and the media type. Text is requested as JSON, which also has the usage and the words."""

RECORDINGS: Final = frozenset({"audio/flac", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/webm"})
"""The sounds that the vendor takes, by the ends of their names (API reference, createTranscription)."""


async def transcribe(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Transcribe the first recording. The prompt is not sent: whisper takes it as preceding speech.

    Raises:
        ProviderError: the submission failed.
    """
    recordings = request.inputs_of(Modality.AUDIO)
    if not recordings:
        raise InvalidRequest(f"depends_on: {offer.model} works from audio; name an asset of that type")
    wanted = str(parameter_value(request, offer, "format") or "text")
    if wanted not in FORMATS:
        raise InvalidRequest(f"parameters.format: {wanted!r} is not one of {', '.join(FORMATS)}")
    form, media_type = FORMATS[wanted]
    rule = offer.rules.get("format")
    if wanted == "text" and rule and "json" in rule.choices:
        form = FORMATS["json"][0]  # it has the text, and the times of its words, at the same price
    path, sound_type = await asyncio.to_thread(
        in_container, await recordings[0].fetch(), recordings[0].media.media_type, RECORDINGS
    )
    content = await asyncio.to_thread(path.read_bytes)
    body: dict[str, Any] = {
        "model": offer.model,
        "file": (path.name, content, sound_type),
        "response_format": form,
    }
    translate = parameter_value(request, offer, "task") == "translate"
    if not translate:
        body |= _hints(request, offer)
        if form == "verbose_json":
            body["timestamp_granularities"] = ["word", "segment"]
    with translated_errors(submitting=True):
        answer = await (_translate(client, body) if translate else client.audio.transcriptions.create(**body))
        if isinstance(answer, str):
            if "json" in form or answer.lstrip().startswith("<"):
                raise SubmissionUnknown(f"{VENDOR} returned something other than a transcript")
            return Finished(answer.encode(), media_type)
        record = answer.to_dict(mode="json")
        if "text" not in record:
            raise SubmissionUnknown(f"{VENDOR} returned a record that is not a transcript")
        text = record["text"] if wanted == "text" else json.dumps(record, ensure_ascii=False, indent=1)
        return Finished(text.encode(), media_type, usage=_usage(record), data=_data(record))


def _data(record: dict[str, Any]) -> dict[str, JsonValue]:
    """The transcript as data; seconds from the start of the recording. Absent: what the model does not report.

    text, language, seconds (of the recording), words [{word, start, end}], segments [{text, start, end}].
    """
    seconds = record.get("duration") or (record.get("usage") or {}).get("seconds")
    data: dict[str, JsonValue] = {"kind": "transcript", "text": record["text"]}
    if record.get("language"):
        data["language"] = record["language"]
    if seconds is not None:
        data["seconds"] = float(seconds)
    for name, fields in (("words", ("word", "start", "end")), ("segments", ("text", "start", "end"))):
        if record.get(name):
            data[name] = [{field: each.get(field) for field in fields} for each in record[name]]
    return data


def _translate(client: "AsyncOpenAI", body: dict[str, Any]) -> Awaitable[Any]:
    """Translate, without the SDK's warning that the endpoint ends with whisper-1: the catalogue has the date."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return client.audio.translations.create(**body)


def _hints(request: Request, offer: Offer) -> dict[str, Any]:
    language, keywords = parameter_value(request, offer, "language"), parameter_value(request, offer, "keywords")
    named = [word.strip() for word in str(keywords or "").split(",") if word.strip()]
    return ({"language": language} if language else {}) | ({"keywords": named} if named else {})


def _usage(record: dict[str, Any]) -> dict[Unit, Decimal]:
    """Minutes, if the vendor counts by duration."""
    seconds = (record.get("usage") or {}).get("seconds")
    return {"minute": Decimal(str(seconds)) / 60} if seconds else {}
