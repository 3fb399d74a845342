"""What is said in a recording, as text, with times, as subtitles, or in English."""

import asyncio
import json
import warnings
from collections.abc import Awaitable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import Offer, Unit
from activities.errors import InvalidRequest, SubmissionUnknown
from activities.providers.openai.errors import VENDOR, asking, chosen
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
"""Our name -> the vendor's and the media type. Text is asked for as JSON, which also says what was counted."""


async def transcribe(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Write down the first recording; the prompt is not sent: whisper takes one for words said before.

    Raises:
        ProviderError: as it went.
    """
    recordings = request.inputs_of(Modality.AUDIO)
    if not recordings:
        raise InvalidRequest(f"depends_on: {offer.model} works from audio; name an asset of that type")
    wanted = str(chosen(request, offer, "format") or "text")
    if wanted not in FORMATS:
        raise InvalidRequest(f"parameters.format: {wanted!r} is not one of {', '.join(FORMATS)}")
    form, media_type = FORMATS[wanted]
    path = await recordings[0].fetch()
    content = await asyncio.to_thread(path.read_bytes)
    asked: dict[str, Any] = {
        "model": offer.model,
        "file": (path.name, content, recordings[0].media.media_type),
        "response_format": form,
    }
    translate = chosen(request, offer, "task") == "translate"
    if not translate:
        asked |= _hints(request, offer)
        if form == "verbose_json":
            asked["timestamp_granularities"] = ["word", "segment"]
    with asking(submitting=True):
        answer = await (_translated(client, asked) if translate else client.audio.transcriptions.create(**asked))
        if isinstance(answer, str):
            if "json" in form or answer.lstrip().startswith("<"):
                raise SubmissionUnknown(f"{VENDOR} answered with something that is no transcript")
            return Finished(answer.encode(), media_type)
        record = answer.to_dict(mode="json")
        if "text" not in record:
            raise SubmissionUnknown(f"{VENDOR} answered with a record that is no transcript")
        text = record["text"] if form == "json" else json.dumps(record, ensure_ascii=False, indent=1)
        return Finished(text.encode(), media_type, usage=_usage(record))


def _translated(client: "AsyncOpenAI", asked: dict[str, Any]) -> Awaitable[Any]:
    """The SDK warns at every call that the endpoint ends with whisper-1: the catalogue has told the day already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return client.audio.translations.create(**asked)


def _hints(request: Request, offer: Offer) -> dict[str, Any]:
    language, keywords = chosen(request, offer, "language"), chosen(request, offer, "keywords")
    named = [word.strip() for word in str(keywords or "").split(",") if word.strip()]
    return ({"language": language} if language else {}) | ({"keywords": named} if named else {})


def _usage(record: dict[str, Any]) -> dict[Unit, Decimal]:
    """Minutes, where the vendor counts by duration."""
    seconds = (record.get("usage") or {}).get("seconds")
    return {"minute": Decimal(str(seconds)) / 60} if seconds else {}
