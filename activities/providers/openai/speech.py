"""Speech: one request for each 4,096 characters (the limit of types/audio/speech_create_params.py, SDK 3.51)."""

import asyncio
import io
import textwrap
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest, OutputUnusable, ProviderError, SubmissionUnknown
from activities.media import media_types
from activities.providers.openai.errors import VENDOR, parameter_value, translated_errors
from activities.providers.protocol import Finished, Request
from activities.text.delivery.prosody import prosody_of
from activities.text.speech import join_sentences, sentences
from workflows.models import ZERO, Money

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_CHARS: Final = 4_096
MEDIA_TYPES: Final = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "opus": "audio/ogg",
}


async def speak(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Speak the prompt. A long prompt needs several paid requests, whose audio is joined.

    Raises:
        InvalidRequest: it is too long for a format whose parts cannot be joined.
        SubmissionUnknown: some parts were paid at an unknown price before one failed.
        ProviderError: a part failed; `billed_usd` includes the parts before it.
    """
    form = str(parameter_value(request, offer, "response_format") or "wav")
    parts = split_text(request.asset.prompt)
    if form not in MEDIA_TYPES:
        raise InvalidRequest(f"parameters.response_format: {form!r} is not one of {', '.join(MEDIA_TYPES)}")
    if len(parts) > 1 and form != "wav":
        raise InvalidRequest(
            f"parameters.response_format: {form!r} cannot be joined from parts, and the text has "
            f"{len(request.asset.prompt)} characters, more than {MAX_CHARS}; use 'wav', or shorten the text"
        )
    files: list[Path] = []
    for part in parts:
        file = request.file(f"speech-{len(files)}.{form}")
        try:
            await _request_part(client, request, offer, part, form, file)
        except ProviderError as error:
            raise _with_paid_parts(error, request, offer, parts[: len(files)]) from error
        files.append(file)
    if form != "wav":
        return Finished(files[0], MEDIA_TYPES[form])
    try:
        return Finished(await asyncio.to_thread(join_wavs, files, request.file("speech.wav")), MEDIA_TYPES[form])
    except (wave.Error, EOFError) as error:
        if len(files) == 1:  # not a plain WAV; whether it is audio at all is checked when it is stored
            return Finished(files[0], MEDIA_TYPES[form])
        cost = _price_of(request, offer, parts)
        raise OutputUnusable(f"{VENDOR}: the parts of the speech are not WAV: {error}", billed_usd=cost) from error


async def _request_part(
    client: "AsyncOpenAI", request: Request, offer: Offer, text: str, form: str, file: Path
) -> None:
    body: dict[str, Any] = {"model": offer.model, "input": text, "response_format": form}
    body["voice"] = parameter_value(request, offer, "voice") or "alloy"
    speed = parameter_value(request, offer, "speed")
    if offer.takes_directions and request.delivery:
        body["instructions"] = request.delivery
    elif speed is None and (pace := prosody_of(request.asset.delivery).pace) != 1:
        speed = pace  # the only part of a delivery that tts-1 takes
    if speed is not None:
        body["speed"] = speed
    with translated_errors(submitting=True):
        async with client.audio.speech.with_streaming_response.create(**body) as answer:
            media_type = answer.headers.get("content-type", "")
            await answer.stream_to_file(file)
            with file.open("rb") as speech:
                sound = media_types.detect(speech.read(media_types.HEAD_BYTES))
            if media_type.startswith(("application/json", "text/")) and not sound:
                raise SubmissionUnknown(f"{VENDOR} returned {media_type} instead of speech")
    if not (await asyncio.to_thread(file.stat)).st_size:
        raise SubmissionUnknown(f"{VENDOR} returned nothing instead of speech")


def split_text(text: str) -> list[str]:
    """The text, split if it is too long: after sentences, and a sentence that is too long after a word."""
    if len(text) <= MAX_CHARS:
        return [text]
    parts = [""]
    for sentence in sentences(text):
        for piece in textwrap.wrap(sentence, MAX_CHARS, break_on_hyphens=False):
            longer = join_sentences([parts[-1], piece]) if parts[-1] else piece
            if len(longer) <= MAX_CHARS:
                parts[-1] = longer
            else:
                parts.append(piece)
    return parts


def join_wavs(files: Sequence[Path], out: Path) -> Path:
    """The audio of all files in one, with correct lengths: a streaming server writes 0xFFFFFFFF into the header."""
    with wave.open(str(out), "wb") as joint:
        for n, file in enumerate(files):
            # In memory: a file would be read with the length in its header, which may be 4 GB.
            with wave.open(io.BytesIO(file.read_bytes()), "rb") as part:
                if n == 0:
                    joint.setparams(part.getparams()._replace(nframes=0))
                frame = part.getsampwidth() * part.getnchannels()
                sound = part.readframes(part.getnframes())
                joint.writeframes(sound[: len(sound) // frame * frame])
    return out


def _price_of(request: Request, offer: Offer, parts: Sequence[str]) -> Money:
    asset = request.asset.model_copy(update={"prompt": "".join(parts)})
    return pricing.quote(offer, asset).high_usd if parts else ZERO


def _with_paid_parts(error: ProviderError, request: Request, offer: Offer, paid: Sequence[str]) -> ProviderError:
    """The error of a part, with the cost of the parts that were paid before it."""
    if not paid:
        return error
    if offer.unknown and error.retryable:
        # The amount that was paid is unknown, and only a person may decide to pay again.
        return SubmissionUnknown(f"{len(paid)} parts of the speech were paid at an unknown price, then: {error}")
    error.billed_usd += _price_of(request, offer, paid)
    return error
