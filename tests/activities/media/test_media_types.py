"""The media type in record, key and Content-Type follows the bytes of the media, not the type that a vendor
declares."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import av
import pytest

from activities.catalogue.offers import Offer
from activities.media.facts import EXTENSIONS, probe
from activities.media.media_types import detect, media_type_of
from activities.providers.job_outputs import find_media, find_text
from activities.providers.openai.provider import OpenAI
from activities.providers.protocol import Finished
from activities.providers.registry import PROVIDERS
from activities.storage.bucket import Storage
from activities.takes.stored_form import normalize
from tests.activities.takes.attempts import Attempts, take_request
from tests.emulators.base import Reply
from tests.emulators.google import GoogleEmulator
from tests.emulators.hostile import film
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.samples import mp3, pcm, picture, wav
from tests.support.vendor import Vendor
from tests.support.vendors import KINDS, Kindred, env_of
from tests.support.vendors import vendor_request as wanted
from workflows.models import Modality


def sound(form: str, codec: str) -> bytes:
    """A second of sound in one of libavformat's containers."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(wav()), "r") as source, av.open(buffer, "w", format=form) as out:
        stream = out.add_stream(codec, rate=48_000)
        assert isinstance(stream, av.AudioStream)
        for frame in (*source.decode(audio=0), None):
            out.mux(stream.encode(frame))
    return buffer.getvalue()


FILES: Final[Mapping[str, Callable[[], bytes]]] = {
    "image/png": picture,
    "image/jpeg": lambda: picture(kind="JPEG"),
    "image/webp": lambda: picture(kind="WEBP"),
    "image/gif": lambda: picture(kind="GIF"),
    "image/avif": lambda: picture(kind="AVIF"),
    "audio/wav": wav,
    "audio/mpeg": mp3,
    "audio/ogg": lambda: sound("ogg", "libopus"),
    "audio/flac": lambda: sound("flac", "flac"),
    "audio/aac": lambda: sound("adts", "aac"),
    "audio/mp4": lambda: sound("mp4", "aac"),
    "audio/webm": lambda: sound("webm", "libopus"),
    "video/mp4": lambda: film("a.mp4", "libx264"),
    "video/quicktime": lambda: film("a.mov", "libx264"),
    "video/webm": lambda: film("a.webm", "libvpx"),
    "video/x-matroska": lambda: film("a.mkv", "libx264"),
}


@pytest.mark.parametrize("media_type", FILES)
async def test_every_format_is_detected_from_its_bytes(media_type: str) -> None:
    """Declared as another format of the kind, or as another kind, a file has the media type of its bytes, and opens."""
    data, kind = FILES[media_type](), Modality(media_type.partition("/")[0])
    offer = Offer("v", "m", kind, f"{kind.value}/x", (), 1.0)
    for declared in (f"{kind.value}/other", "application/octet-stream", ""):
        made = await normalize(Finished(data, declared), offer)
        assert made.media_type == media_type
    assert media_type in EXTENSIONS
    probe(io.BytesIO(data), media_type)


def test_another_kind_keeps_its_declared_type() -> None:
    """Sound instead of a picture keeps the expected type, and is refused as an invalid picture."""
    assert media_type_of(wav(), "image/png") == "image/png"
    assert media_type_of(b"", "video/mp4") == "video/mp4"


@pytest.mark.parametrize("samples", [b"\xff" * 64, b"\xfe\xff" * 64, b"\x00" * 64, b""])
def test_samples_without_a_header_are_not_mp3(samples: bytes) -> None:
    """Quiet sound as raw samples is not detected as frames of MP3."""
    assert detect(samples) == ""


@pytest.mark.parametrize("way", ["now", "later", "stream", "gift"])
async def test_a_take_is_stored_with_its_real_media_type(storage: Storage, way: str) -> None:
    """A JPEG that is declared as PNG is JPEG in record, key and Content-Type: synchronously, by a job and without
    cost."""
    vendor = Vendor()
    vendor.media, vendor.streams, vendor.polls = picture(kind="JPEG"), way == "stream", 1
    model = "later" if way == "stream" else way
    run = Attempts(storage, vendor, take_request(model, "0" if model == "gift" else "0.40"))
    if model == "later":
        await run.fails()
    take = await run.attempt()
    head = await storage.head(take.media.key)
    assert head is not None
    assert (take.media.media_type, head.media_type) == ("image/jpeg", "image/jpeg")
    assert take.media.key.endswith(".jpg")
    assert (await storage.get_bytes(take.media.key) or (b"", ""))[0] == vendor.media
    assert await run.attempt() == take
    assert len(vendor.billed) == 1


async def test_speech_declared_as_json_is_sound(tmp_path: Path) -> None:
    """Sound is detected even when a server declares JSON, and in another format than the requested one."""
    with OpenAIEmulator() as vendor:
        openai = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
        vendor.say(Reply(200, mp3(), "application/json"))
        made = await openai.submit(wanted(KINDS["openai-speech"], workdir=tmp_path))
        assert isinstance(made, Finished)
        offer = next(o for o in openai.offers() if o.model == KINDS["openai-speech"].model)
        assert (await normalize(made, offer)).media_type == "audio/mpeg"
        await openai.close()


@pytest.mark.parametrize("data", [wav(), pcm()], ids=["wav", "samples"])
async def test_samples_get_one_header(data: bytes, tmp_path: Path) -> None:
    """Media declared as raw samples gets a header unless it has one."""
    kindred = Kindred("google", "gemini-3.8-flash-tts", Modality.AUDIO, GoogleEmulator)
    part = {"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(data).decode()}}
    with GoogleEmulator() as vendor:
        google = PROVIDERS["google"].build(env_of("google", vendor))
        body = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
        vendor.say(Reply(200, json.dumps(body).encode()))
        made = await google.submit(wanted(kindred, workdir=tmp_path))
        assert isinstance(made, Finished)
        assert made.source == wav()
        await google.close()


URL: Final = "https://v/out"


@pytest.mark.parametrize(
    ("output", "modality", "value"),
    [
        (f"{URL}.png", Modality.IMAGE, f"{URL}.png"),
        ([f"{URL}.json", f"{URL}.png"], Modality.IMAGE, f"{URL}.png"),
        ([[f"{URL}/1"], [f"{URL}/2"]], Modality.IMAGE, f"{URL}/1"),
        ({"audio_out": f"{URL}.wav", "prompt_npz": None}, Modality.AUDIO, f"{URL}.wav"),
        ({"npz": f"{URL}.npz", "audio": f"{URL}/a"}, Modality.AUDIO, f"{URL}/a"),
        ({"poster": f"{URL}.png", "clip": {"url": f"{URL}.mp4"}}, Modality.VIDEO, f"{URL}.mp4"),
        ({"first": f"{URL}/a", "video": f"{URL}/b"}, Modality.VIDEO, f"{URL}/b"),
        (["data:image/png;base64,AAAA"], Modality.IMAGE, "data:image/png;base64,AAAA"),
        ({"files": [{"meta": 1, "path": f"{URL}.webp"}]}, Modality.IMAGE, f"{URL}.webp"),
        ({"seed": 7, "log": "done"}, Modality.IMAGE, None),
        (None, Modality.IMAGE, None),
    ],
)
def test_a_medium_is_found_in_any_output(output: object, modality: Modality, value: str | None) -> None:
    """The medium of the requested kind is found in an object, a list, nested lists, or as a data URI."""
    assert find_media(output, modality) == value


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (["a ", "light", "house"], "a lighthouse"),
        ([["a "], ["lighthouse"]], "a lighthouse"),
        ({"text": "a lighthouse", "language": "en"}, "a lighthouse"),
        ({"segments": 3, "said": "a lighthouse"}, "a lighthouse"),
        ([{"text": "a "}, {"text": "lighthouse"}], "a lighthouse"),
        ({"one": "a", "two": "b"}, None),
        (None, None),
    ],
)
def test_a_text_is_found_in_any_output(output: object, text: str | None) -> None:
    """A text is found in pieces, in an object, or both; nothing is guessed from an ambiguous output."""
    assert find_text(output) == text
