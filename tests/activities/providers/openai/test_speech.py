"""Speech and transcripts by OpenAI."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue

from activities.errors import ContentRefused, InvalidRequest, ProviderError, RateLimited, SubmissionUnknown, cents_up
from activities.media.facts import probe
from activities.providers.openai.provider import OpenAI
from activities.providers.openai.speech import MAX_CHARS, split_text
from activities.providers.protocol import Request
from tests.activities.providers.openai.support import AUDIO, TEXT, Asks, Scripted, at, cost, fails, made
from tests.activities.references.files import aac
from tests.emulators import samples
from tests.emulators.base import Fault, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import WORDS, fields_of

LONG = " ".join(f"This is sentence number {n} of a very long narration about a lighthouse." for n in range(110))


# Speech


async def test_speech_is_wav_in_the_style_of_the_brief(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The style directs the delivery, and a WAV whose header was written during streaming gets its true length."""
    finished = await made(openai, asks("gpt-4o-mini-tts", AUDIO, style="warm and slow"))
    assert isinstance(finished.source, Path)
    assert finished.media_type == "audio/wav"
    assert probe(finished.source, "audio/wav").duration_seconds == pytest.approx(1.0, abs=0.01)
    assert finished.source.read_bytes() == samples.wav()
    assert vendor.calls[0].json == {
        "model": "gpt-4o-mini-tts",
        "input": "a lighthouse at dusk",
        "voice": "alloy",
        "instructions": "warm and slow",
        "response_format": "wav",
    }
    await made(openai, asks("tts-1", AUDIO, style="warm and slow"))
    assert "instructions" not in vendor.calls[1].json


async def test_the_delivery_is_sent_apart_from_the_words(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A model that takes directions gets the delivery as `instructions`; tts-1 only its pace, unless a speed is given.
    The words are the same in each request."""
    await made(openai, _said(asks("gpt-4o-mini-tts", AUDIO, style="warm"), "sadder, slower"))
    await made(openai, _said(asks("tts-1", AUDIO, style="warm"), "sadder, slower"))
    await made(openai, _said(asks("tts-1", AUDIO, parameters={"speed": 2}), "sadder, slower"))
    first, second, third = (call.json for call in vendor.calls)
    assert (first["instructions"], "speed" in first) == ("sadder, slower", False)
    assert ("instructions" in second, second["speed"]) == (False, pytest.approx(0.69, abs=0.01))
    assert third["speed"] == 2
    assert {call.json["input"] for call in vendor.calls} == {"a lighthouse at dusk"}


def _said(request: Request, delivery: str) -> Request:
    return replace(request, asset=request.asset.model_copy(update={"delivery": delivery}))


async def test_long_speech_is_joined(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A prompt of more than 4,096 characters is several requests, split at sentences; their sound is one file of the
    total length."""
    vendor.speech_seconds = 1.5
    finished = await made(openai, asks("gpt-4o-mini-tts", AUDIO, prompt=LONG))
    said = [c.json["input"] for c in vendor.submissions]
    assert len(said) == 2
    assert all(len(part) <= MAX_CHARS and part.endswith(".") for part in said)
    assert " ".join(said) == LONG[:8_000].strip() + ("" if LONG[:8_000].endswith(".") else ".")
    assert isinstance(finished.source, Path)
    assert probe(finished.source, "audio/wav").duration_seconds == pytest.approx(3.0, abs=0.01)


def test_a_long_sentence_is_split_between_words() -> None:
    """A sentence longer than one request is split between words, or anywhere when it has none; nothing is lost."""
    words = "lighthouse " * 700
    assert "".join("".join(split_text(words)).split()).rstrip(".") == "lighthouse" * 700
    assert all(len(p) <= MAX_CHARS for p in [*split_text(words), *split_text("灯" * 7_900)])
    assert "".join(split_text("灯" * 7_900)).count("灯") == 7_900


async def test_long_speech_in_other_formats_is_refused(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A format that cannot be joined is refused before anything is paid, and the message names the format that can."""
    error = await fails(openai, asks("tts-1", AUDIO, prompt=LONG, response_format="mp3"))
    assert isinstance(error, InvalidRequest)
    assert "parameters.response_format" in str(error)
    assert "'wav'" in str(error)
    assert vendor.calls == []
    finished = await made(openai, asks("tts-1", AUDIO, response_format="mp3"))
    assert isinstance(finished.source, Path)
    assert (finished.source.read_bytes(), finished.media_type) == (samples.mp3(), "audio/mpeg")


async def test_a_failure_in_the_middle_of_speech_reports_the_paid_part(
    vendor: OpenAIEmulator, asks: Asks, tmp_path: Path
) -> None:
    """When the price is known, the error of a later part carries the price of the parts before it."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nprovider = "openai"\nmodel = "tts-1"\nmodality = "audio"\nmedia_type = "audio/wav"\n'
        'expected_seconds = 5\n[models.price]\nsource = "contract"\ndate = "2026-11-20"\n'
        'rates = [{ unit = "character", usd = "0.00001" }]\n'
    )
    openai = at(vendor, GREENLIGHT_CATALOGUE=str(own))
    faults: dict[Fault, type[ProviderError]] = {
        "refuse": ContentRefused,
        "throttle": RateLimited,
        "drop_after": SubmissionUnknown,
    }
    for fault, kind in faults.items():
        vendor.meet("expire", fault)  # the first part has no address that could expire: it succeeds
        error = await fails(openai, asks("tts-1", AUDIO, prompt=LONG))
        assert type(error) is kind
        said = len(vendor.submissions[0].json["input"])
        assert error.billed_usd == cents_up(said * Decimal("0.00001"))
    await openai.close()


async def test_speech_paid_in_part_at_an_unknown_price_waits_for_a_person(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """No sum can show that a part was paid, so an error that would be retried is ambiguous instead; a final one stays
    final."""
    vendor.meet("expire", "throttle")
    error = await fails(openai, asks("tts-1", AUDIO, prompt=LONG))
    assert isinstance(error, SubmissionUnknown)
    assert "1 part" in str(error)
    vendor.meet("expire", "refuse")
    assert isinstance(await fails(openai, asks("tts-1", AUDIO, prompt=LONG)), ContentRefused)


# Transcripts


@pytest.mark.parametrize(
    ("parameters", "path", "sent", "media_type", "says"),
    [
        ({}, "transcriptions", "verbose_json", "text/markdown", WORDS),
        ({"format": "json"}, "transcriptions", "verbose_json", "application/json", '"word": "lighthouse"'),
        ({"format": "srt"}, "transcriptions", "srt", "application/x-subrip", "00:00:01,000"),
        ({"format": "vtt"}, "transcriptions", "vtt", "text/vtt", "WEBVTT"),
        ({"task": "translate"}, "translations", "verbose_json", "text/markdown", WORDS),
        ({"task": "translate", "format": "json"}, "translations", "verbose_json", "application/json", '"text"'),
    ],
)
async def test_a_recording_is_transcribed(
    openai: OpenAI,
    vendor: OpenAIEmulator,
    asks: Asks,
    parameters: dict[str, JsonValue],
    path: str,
    sent: str,
    media_type: str,
    says: str,
) -> None:
    """The first recording becomes text, times, subtitles or English, each with its own media type."""
    finished = await made(openai, asks("whisper-1", TEXT, asks.given(AUDIO), parameters=parameters))
    assert finished.media_type == media_type
    assert isinstance(finished.source, bytes)
    assert says in finished.source.decode()
    (call,) = vendor.submissions
    body = fields_of(call)
    assert call.path == f"/v1/audio/{path}"
    assert body["response_format"] == sent
    assert body["file"].encode("latin-1") == samples.wav()
    assert b'filename="narration.wav"' in call.body
    assert "prompt" not in body


async def test_a_recording_is_sent_in_a_container_of_the_vendor(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, tmp_path: Path
) -> None:
    """AAC without a container, which the vendor refuses by its name, is sent as M4A."""
    path = aac(tmp_path / "memo.aac")

    async def fetch() -> Path:
        return path

    given = replace(asks.given(AUDIO), fetch=fetch)
    given = replace(given, media=given.media.model_copy(update={"media_type": "audio/aac"}))
    await made(openai, asks("gpt-transcribe", TEXT, given))
    (call,) = vendor.submissions
    assert b'filename="memo.m4a"' in call.body
    assert b"audio/mp4" in call.body
    assert fields_of(call)["file"].encode("latin-1")[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("model", "parameters", "fields"),
    [
        ("whisper-1", {}, {"kind", "text", "language", "seconds", "words"}),
        ("whisper-1", {"format": "json"}, {"kind", "text", "language", "seconds", "words"}),
        ("whisper-1", {"format": "srt"}, set()),
        ("gpt-transcribe", {}, {"kind", "text", "seconds"}),
    ],
)
async def test_transcript_data(
    openai: OpenAI, asks: Asks, model: str, parameters: dict[str, JsonValue], fields: set[str]
) -> None:
    """The seconds and words that the vendor returns with a transcript are kept as data, whatever its format is."""
    data = (await made(openai, asks(model, TEXT, asks.given(AUDIO), parameters=parameters))).data
    assert data.keys() == fields
    assert not fields or (data["text"], data["seconds"]) == (WORDS, 60.0)
    if "words" in fields:
        words = data["words"]
        assert isinstance(words, list)
        assert words[1] == {"word": "lighthouse", "start": 0.2, "end": 0.9}


async def test_a_transcript_is_paid_by_the_minute(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The vendor's seconds become minutes; names are sent one by one; a request without a recording is refused."""
    asked = asks("gpt-transcribe", TEXT, asks.given(AUDIO), keywords="Eddystone, Smeaton", language="en")
    finished = await made(openai, asked)
    assert dict(finished.usage) == {"minute": Decimal(1)}
    assert cost(openai, asked, finished) == Decimal("0.0045")
    body = fields_of(vendor.calls[0])
    assert (body["keywords"], body["language"]) == (["Eddystone", "Smeaton"], "en")
    assert "timestamp_granularities" not in body
    await made(openai, asks("whisper-1", TEXT, asks.given(AUDIO), format="json"))
    assert fields_of(vendor.calls[1])["timestamp_granularities"] == ["word", "segment"]
    assert isinstance(await fails(openai, asks("gpt-transcribe", TEXT)), InvalidRequest)
    assert len(vendor.calls) == 2


async def test_speech_that_breaks_off_is_ambiguous(asks: Asks) -> None:
    """Sound whose stream ends early was made and paid: that is ambiguous, and not a failure to repeat."""
    with Scripted(Reply(200, samples.wav(), "audio/wav", cut=True)) as vendor:
        openai = at(vendor)
        assert isinstance(await fails(openai, asks("tts-1", AUDIO)), SubmissionUnknown)
        await openai.close()
