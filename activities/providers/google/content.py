"""Text, pictures and speech by Gemini models, synchronously, through `models.generate_content`."""

import asyncio
import io
import re
import wave
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue import pricing
from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer
from activities.errors import InvalidRequest, SubmissionUnknown
from activities.media import media_types
from activities.media.containers import in_container
from activities.providers import http_failures
from activities.providers.google.answer import read_media, read_parts, unusable, usage_of
from activities.providers.google.client import Access
from activities.providers.google.errors import VENDOR
from activities.providers.picture_inputs import Limits, Picture, fit_picture
from activities.providers.protocol import Finished, Input, Request
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai import types
    from google.genai.client import AsyncClient

INLINE_BYTES: Final = 70_000_000
"""For all inputs of a request: the API accepts 100 MB in base64 inline (blog.google, Gemini API file limits)."""
LEAST_BYTES: Final = 100_000
"""The smallest useful size of an input picture."""
ASPECTS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "21:9")
"""Of the Gemini image models (google-genai 3.3, `ImageConfig.aspect_ratio`)."""
VOICE: Final = "Kore"
RECORDINGS: Final = frozenset(
    {
        *("audio/wav", "audio/mpeg", "audio/aac", "audio/ogg", "audio/flac", "audio/mp4", "audio/webm"),
        *("video/mp4", "video/quicktime", "video/webm"),
    }
)
"""Media types that the models take (ai.google.dev/gemini-api/docs/audio and /video-understanding)."""
_SELF_DESCRIBING: Final = ("audio/wav", "audio/ogg", "audio/flac", "audio/mp4")
"""Audio with a header of its own, even if it is declared as raw samples."""
_CUT_OFF: Final = ("MAX_TOKENS", "CONTINUATION")
"""A text that was cut off is unusable: otherwise half of it would get into the deliverable unnoticed."""


async def write(access: Access, request: Request, offer: Offer) -> Finished:
    """A text, or JSON by `request.schema`, from the prompt and the input pictures, videos and audio."""
    contents = await _input_parts(request, Modality.IMAGE, Modality.VIDEO, Modality.AUDIO)
    schema = dict(request.schema) if request.schema is not None else None
    answer = await _generate(
        access,
        request,
        [*contents, request.asset.prompt],
        request.on_text,
        system_instruction=request.instructions or None,
        max_output_tokens=int(request.number("max_tokens", TEXT_MAX_TOKENS)),
        response_mime_type="application/json" if schema is not None else None,
        response_json_schema=schema,
    )
    parts, reason = read_parts(answer, request, offer)
    text = "".join(p.text for p in parts if p.text).strip()
    if not text or reason in _CUT_OFF:
        raise unusable(f"no complete text ({reason}); raise the parameter max_tokens", answer, request, offer)
    return Finished(
        text.encode(), "application/json" if schema is not None else offer.media_type, usage=usage_of(answer)
    )


async def illustrate(access: Access, request: Request, offer: Offer) -> Finished:
    """A text with pictures in one response, from the prompt and the input pictures.

    The instructions are a part of the prompt: the image models refuse a system instruction ("Developer instruction is
    not enabled", of gemini-2.5-flash-image).
    """
    count = pricing.pictures_ordered(offer, request.asset)
    wish = (
        f"Make {count} {'pictures' if count > 1 else 'picture'} with the text, and put each directly after the "
        "paragraph or step that it shows. Do not describe a picture in words, and write no file names or links."
    )
    answer = await _generate(
        access,
        request,
        [
            *await _input_parts(request, Modality.IMAGE),
            "\n\n".join(filter(None, (request.instructions, wish, request.asset.prompt))),
        ],
        response_modalities=["TEXT", "IMAGE"],
        max_output_tokens=pricing.output_limit(offer, request.asset),
        image_config=_image_config(request, offer),
    )
    parts, reason = read_parts(answer, request, offer)
    read = [(p.inline_data.data if p.inline_data else p.text) or "" for p in parts]
    pieces: list[str | bytes] = [piece for piece in read if piece]
    if not any(isinstance(p, str) and p.strip() for p in pieces) or reason in _CUT_OFF:
        raise unusable(f"no complete text ({reason}); raise the parameter max_tokens", answer, request, offer)
    return Finished(b"", offer.media_type, usage=usage_of(answer), parts=pieces)


async def paint(access: Access, request: Request, offer: Offer) -> Finished:
    """A picture from the prompt and the input pictures; the model returns JPEG (recorded)."""
    answer = await _generate(
        access,
        request,
        [*await _input_parts(request, Modality.IMAGE), request.asset.prompt],
        response_modalities=["IMAGE"],
        image_config=_image_config(request, offer),
    )
    data, media_type = read_media(answer, request, offer)
    return Finished(data, media_type or offer.media_type, usage=usage_of(answer))


async def speak(access: Access, request: Request, offer: Offer) -> Finished:
    """Speech as WAV. The delivery is put into the prompt, before the text: these models have no field for it."""
    text, delivery = request.asset.prompt, request.delivery.rstrip(" .")
    voice = {"prebuilt_voice_config": {"voice_name": request.text("voice", VOICE)}}
    answer = await _generate(
        access,
        request,
        [f"Read the following aloud. Delivery: {delivery}.\n\n{text}" if delivery else text],
        response_modalities=["AUDIO"],
        speech_config={"voice_config": voice},
    )
    data, media_type = read_media(answer, request, offer)
    raw = re.match(r"audio/(?:L16|pcm)\b(?:.*rate=(\d+))?", media_type, re.IGNORECASE)
    if raw is None or media_types.detect(data[: media_types.HEAD_BYTES]) in _SELF_DESCRIBING:
        return Finished(data, media_type or offer.media_type, usage=usage_of(answer))
    return Finished(_wav(data, int(raw[1] or 24_000)), "audio/wav", usage=usage_of(answer))


def _image_config(request: Request, offer: Offer) -> dict[str, str | None]:
    return {
        "aspect_ratio": aspect_ratio(request, ASPECTS),
        "image_size": request.text("image_size", http_failures.default_of(offer, "image_size")) or None,
    }


def aspect_ratio(request: Request, offered: Sequence[str]) -> str:
    """The parameter, otherwise the supported ratio nearest to the brief's: 3:4 for 4:5, which no model here has."""

    def ratio(value: str) -> float:
        width, height = value.split(":")
        return int(width) / int(height)

    wanted = ratio(request.aspect)
    return request.text("aspect_ratio", min(offered, key=lambda o: max(ratio(o) / wanted, wanted / ratio(o))))


async def _generate(
    access: Access, request: Request, contents: list[Any], on_text: Callable[[str], None] | None = None, **config: Any
) -> "types.GenerateContentResponse":
    # Each of these two SDK features would send, and pay for, more than one request for each call.
    settings: Any = {**config, "automatic_continuation": False, "automatic_function_calling": {"disable": True}}
    arguments: Any = {"model": request.asset.model, "contents": contents, "config": settings}
    if on_text is None:
        return await access.call(lambda client: client.models.generate_content(**arguments), submitting=True)
    return await access.call(lambda client: _read_stream(client, arguments, on_text), submitting=True)


async def _read_stream(
    client: "AsyncClient", arguments: Mapping[str, Any], on_text: Callable[[str], None]
) -> "types.GenerateContentResponse":
    """Stream the response, forward each piece of text and return the whole; one candidate has the finish reason.

    Raises:
        SubmissionUnknown: the connection ended before the response did.
    """
    from google.genai import types

    whole, end, parts = types.GenerateContentResponse(), types.Candidate(), list[types.Part]()
    with http_failures.forward_text(VENDOR, on_text) as forward:
        async for piece in await client.models.generate_content_stream(**arguments):
            whole.prompt_feedback = piece.prompt_feedback or whole.prompt_feedback
            whole.usage_metadata = piece.usage_metadata or whole.usage_metadata
            for candidate in piece.candidates or ():
                end = candidate if candidate.finish_reason else end
                for part in (candidate.content.parts if candidate.content else None) or ():
                    parts.append(part)
                    forward((not part.thought and part.text) or "")
    blocked = whole.prompt_feedback and whole.prompt_feedback.block_reason
    if not blocked and not end.finish_reason:
        raise SubmissionUnknown(f"{VENDOR}: the response broke off")
    if end.finish_reason:
        end.content = types.Content(role="model", parts=parts)
        whole.candidates = [end]
    return whole


async def _input_parts(request: Request, *modalities: Modality) -> list["types.Part"]:
    """The inputs of these types, in the order of the asset's dependencies.

    Raises:
        InvalidRequest: they are too large to send.
    """
    from google.genai import types

    inputs = [i for i in request.inputs if i.asset_type in modalities]
    others = [i for i in inputs if i.asset_type != Modality.IMAGE]
    sent = await inline_recordings(others, len(inputs) * LEAST_BYTES)
    recordings, left = iter(sent), INLINE_BYTES - sum(len(data) for data, _ in sent)
    pictures = iter(await inline_pictures([i for i in inputs if i.asset_type == Modality.IMAGE], left))
    parts = []
    for each in inputs:
        if each.asset_type == Modality.IMAGE:
            picture = next(pictures)
            data, media_type = picture.data, picture.media_type
        else:
            data, media_type = next(recordings)
        parts.append(types.Part.from_bytes(data=data, mime_type=media_type))
    return parts


async def inline_recordings(recordings: Sequence[Input], room: int = 0) -> list[tuple[bytes, str]]:
    """Sound and videos as they are sent inside a request, with their media types.

    Args:
        room: Bytes of the request for other inputs.

    Raises:
        InvalidRequest: they are too large to send.
    """
    if recordings and INLINE_BYTES - sum(i.media.bytes for i in recordings) < room:
        names = ", ".join(i.asset_id for i in recordings)
        raise InvalidRequest(
            f"depends_on: {names} have more than {INLINE_BYTES} bytes; give the model fewer or smaller inputs"
        )
    files = [
        await asyncio.to_thread(in_container, await each.fetch(), each.media.media_type, RECORDINGS)
        for each in recordings
    ]
    return [(await asyncio.to_thread(path.read_bytes), media_type) for path, media_type in files]


async def inline_pictures(pictures: Sequence[Input], room: int = INLINE_BYTES) -> list[Picture]:
    """Pictures in the form that is sent inside a request, in the same order, at most `room` bytes in total.

    Raises:
        InvalidRequest: one does not open.
    """
    limits = Limits(room // max(len(pictures), 1))
    return [await asyncio.to_thread(fit_picture, await each.fetch(), limits) for each in pictures]


def _wav(samples: bytes, rate: int) -> bytes:
    """16-bit little-endian mono samples with a WAV header."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(samples)
    return buffer.getvalue()
