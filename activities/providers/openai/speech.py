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
from activities.providers.openai.errors import VENDOR, asking, chosen
from activities.providers.protocol import Finished, Request
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
    """Say the prompt. A long one is several paid requests, whose sound is joined.

    Raises:
        InvalidRequest: it is too long for a format whose parts cannot be joined.
        SubmissionUnknown: part of it was paid at a price that nobody knows.
        ProviderError: as it went, with what the parts before it cost.
    """
    form = str(chosen(request, offer, "response_format") or "wav")
    parts = parts_of(request.asset.prompt)
    if form not in MEDIA_TYPES:
        raise InvalidRequest(f"parameters.response_format: {form!r} is not one of {', '.join(MEDIA_TYPES)}")
    if len(parts) > 1 and form != "wav":
        raise InvalidRequest(
            f"parameters.response_format: {form!r} cannot be joined from parts, and the text has "
            f"{len(request.asset.prompt)} characters, more than {MAX_CHARS}; ask for 'wav', or shorten the text"
        )
    files: list[Path] = []
    for part in parts:
        file = request.file(f"speech-{len(files)}.{form}")
        try:
            await _say(client, request, offer, part, form, file)
        except ProviderError as error:
            raise _after(error, request, offer, parts[: len(files)]) from error
        files.append(file)
    if form != "wav":
        return Finished(files[0], MEDIA_TYPES[form])
    try:
        return Finished(await asyncio.to_thread(one_wav, files, request.file("speech.wav")), MEDIA_TYPES[form])
    except (wave.Error, EOFError) as error:
        if len(files) == 1:  # no plain WAV; whether it is sound at all is seen when it is stored
            return Finished(files[0], MEDIA_TYPES[form])
        cost = _price(request, offer, parts)
        raise OutputUnusable(f"{VENDOR}: the parts of the speech are no WAV: {error}", billed_usd=cost) from error


async def _say(client: "AsyncOpenAI", request: Request, offer: Offer, text: str, form: str, file: Path) -> None:
    said: dict[str, Any] = {"model": offer.model, "input": text, "response_format": form}
    said["voice"] = chosen(request, offer, "voice") or "alloy"
    if "instructions" in offer.rules and (manner := request.words("instructions", request.brief.style)):
        said["instructions"] = manner
    if (speed := chosen(request, offer, "speed")) is not None:
        said["speed"] = speed
    with asking(submitting=True):
        async with client.audio.speech.with_streaming_response.create(**said) as answer:
            media_type = answer.headers.get("content-type", "")
            await answer.stream_to_file(file)
            with file.open("rb") as speech:
                sound = media_types.detect(speech.read(media_types.HEAD_BYTES))
            if media_type.startswith(("application/json", "text/")) and not sound:
                raise SubmissionUnknown(f"{VENDOR} answered with {media_type} in the place of speech")
    if not (await asyncio.to_thread(file.stat)).st_size:
        raise SubmissionUnknown(f"{VENDOR} answered with nothing in the place of speech")


def parts_of(text: str) -> list[str]:
    """The text as it is, or where it is too long in parts that end with a sentence; a longer sentence at a word."""
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


def one_wav(files: Sequence[Path], out: Path) -> Path:
    """The sound of all files in one, with true lengths: a server that streams writes 0xFFFFFFFF into the header."""
    with wave.open(str(out), "wb") as joint:
        for n, file in enumerate(files):
            # In memory: the length in the header may be 4 GB, which a file would be asked for.
            with wave.open(io.BytesIO(file.read_bytes()), "rb") as part:
                if n == 0:
                    joint.setparams(part.getparams()._replace(nframes=0))
                frame = part.getsampwidth() * part.getnchannels()
                sound = part.readframes(part.getnframes())
                joint.writeframes(sound[: len(sound) // frame * frame])
    return out


def _price(request: Request, offer: Offer, parts: Sequence[str]) -> Money:
    said = request.asset.model_copy(update={"prompt": "".join(parts)})
    return pricing.quote(offer, said).high_usd if parts else ZERO


def _after(error: ProviderError, request: Request, offer: Offer, paid: Sequence[str]) -> ProviderError:
    """The error of a later part, which tells that the parts before it were paid."""
    if not paid:
        return error
    if offer.unknown and error.retryable:
        # No sum says that something was paid, and paying it again is nobody's decision but a person's.
        return SubmissionUnknown(f"{len(paid)} parts of the speech were paid at an unknown price; then {error}")
    error.billed_usd += _price(request, offer, paid)
    return error
