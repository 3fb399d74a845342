"""OpenAI: the unmodified SDK against an emulated vendor that counts and bills."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.loader import offers_of, problem_with
from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer
from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
    cents_up,
)
from activities.media.facts import probe
from activities.providers.openai.errors import job_failure
from activities.providers.openai.provider import OpenAI
from activities.providers.openai.sizes import SIZES, size_problem
from activities.providers.openai.speech import MAX_CHARS, parts_of
from activities.providers.protocol import Finished, Input, Job, Request, Running
from activities.providers.selection import offer_of
from tests.emulators import samples, specs
from tests.emulators.base import Call, Fault, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import WORDS, fields_of
from workflows.models import Aspect, Asset, Brief, Media, Modality, Platform, Quote

SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "title": "A plan",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}
TODAY = date(2026, 11, 20)
LONG = " ".join(f"This is sentence number {n} of a very long narration about a lighthouse." for n in range(110))


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator() as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
async def openai(vendor: OpenAIEmulator) -> AsyncIterator[OpenAI]:
    provider = at(vendor)
    yield provider
    await provider.close()


def at(vendor: OpenAIEmulator, **env: str) -> OpenAI:
    return OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1", **env})


class Asks:
    """Makes requests whose inputs are real small files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        model: str,
        modality: Modality,
        *inputs: Input,
        prompt: str = "a lighthouse at dusk",
        style: str = "",
        aspect: Aspect = "16:9",
        parameters: dict[str, JsonValue] | None = None,
        **more: JsonValue,
    ) -> Request:
        asset = Asset(
            asset_id="piece",
            asset_type=modality,
            role="piece",
            prompt=prompt[:8_000],
            provider="openai",
            model=model,
            parameters={**(parameters or {}), **more},
        )
        brief = Brief(text="x", platform=Platform.VIDEO, style=style, aspect=aspect)
        return Request("p/piece/1", 1, brief, asset, 1, inputs, self.folder / "work")

    def given(self, modality: Modality, role: str = "still", color: int = 64) -> Input:
        image = modality == Modality.IMAGE
        path = self.folder / (f"{role}-{color}.png" if image else "narration.wav")
        path.write_bytes(samples.picture(color, color) if image else samples.wav())

        async def fetch() -> Path:
            return path

        media_type = "image/png" if image else "audio/wav"
        media = Media(key="k", bytes=path.stat().st_size, sha256="", media_type=media_type)
        return Input(role, modality, role, media, fetch)


@pytest.fixture
def asks(tmp_path: Path) -> Asks:
    return Asks(tmp_path)


async def made(openai: OpenAI, request: Request) -> Finished:
    answer = await openai.submit(request)
    assert isinstance(answer, Finished)
    return answer


async def fails(openai: OpenAI, request: Request) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await openai.submit(request)
    return failure.value


def quoted(request: Request) -> Request:
    """The same with a price of at most 0.70 USD."""
    quote = Quote(low_usd=Decimal("0.10"), high_usd=Decimal("0.70"), expected_seconds=5)
    return replace(request, asset=request.asset.model_copy(update={"quote": quote}))


def offer(openai: OpenAI, model: str, modality: Modality) -> Offer:
    found = offer_of(openai, model, modality)
    assert found is not None
    return found


def cost(openai: OpenAI, request: Request, finished: Finished) -> Decimal:
    return pricing.cost_of(offer(openai, request.asset.model, request.asset.asset_type), request.asset, finished)[0]


IMAGE, AUDIO, TEXT = Modality.IMAGE, Modality.AUDIO, Modality.TEXT
FLARE = "gpt-image-2.5-flare"
JOB_MODEL = f"{FLARE}@responses"


# Pictures


async def test_a_picture_is_generated_and_its_tokens_are_told(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """One request makes the picture, in the brief's aspect, and what it cost follows from the vendor's own counts."""
    asked = asks(FLARE, IMAGE)
    finished = await made(openai, asked)
    assert (finished.source, finished.media_type) == (samples.picture(), "image/png")
    assert dict(finished.usage) == {"input_tokens": 12, "input_image_tokens": 0, "output_image_tokens": 439}
    assert cost(openai, asked, finished) == Decimal("0.0133")  # (12 x 5 + 439 x 30) / a million, rounded up
    assert [c.json for c in vendor.calls] == [
        {
            "model": FLARE,
            "prompt": "a lighthouse at dusk",
            "size": "1536x864",
            "quality": "medium",
            "background": "auto",
            "output_format": "png",
        }
    ]
    assert vendor.billed_usd == Decimal("0.01323")


async def test_a_picture_costs_no_more_than_it_was_quoted(openai: OpenAI, asks: Asks) -> None:
    """At each quality the high price of the plan covers what the vendor's counts come to."""
    for quality in ("low", "medium", "high"):
        asked = asks(FLARE, IMAGE, quality=quality)
        quote = pricing.quote(offer(openai, asked.asset.model, asked.asset.asset_type), asked.asset)
        assert cost(openai, asked, await made(openai, asked)) <= quote.high_usd


async def test_sizes_follow_the_brief(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Without a size it is one that the model takes, near the brief's aspect and no more pixels than were priced."""
    for aspect in SIZES:
        width, height = (int(n) for n in aspect.split(":"))
        for model, tolerance in ((FLARE, 0.02), ("gpt-image-1.5", 0.56)):
            await made(openai, asks(model, IMAGE, aspect=aspect))
            size = vendor.calls[-1].json["size"]
            w, h = (int(n) for n in size.split("x"))
            assert w / h == pytest.approx(width / height, rel=tolerance)
            assert w * h <= pricing.PICTURE[0] * pricing.PICTURE[1]
            assert size_problem(size) == ""


async def test_an_impossible_size_is_never_sent(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A size that the vendor does not take is refused here, with the field's name and one that it takes."""
    sizes: list[JsonValue] = ["1000x1000", "4096x2160", "3840x1200", "1024", "0x1024", "١٦x16", 1024]
    for size in sizes:
        error = await fails(openai, asks(FLARE, IMAGE, size=size))
        assert isinstance(error, InvalidRequest)
        assert str(error).startswith(f"parameters.size: {size!r} is ")
        assert "1536x864" in str(error)
    assert vendor.calls == []


async def test_references_and_mask_are_edited(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Pictures that the asset depends on go to edits as image[] in their order, one with the role mask as the mask."""
    first, second = asks.given(IMAGE, "still", 32), asks.given(IMAGE, "logo", 48)
    mask = asks.given(IMAGE, "mask", 32)
    finished = await made(openai, asks(FLARE, IMAGE, first, mask, second, asks.given(AUDIO), output_compression=80))
    (call,) = vendor.calls
    body = fields_of(call)
    assert call.path == "/v1/images/edits"
    assert [p.encode("latin-1") for p in body["image"]] == [samples.picture(32, 32), samples.picture(48, 48)]
    assert body["mask"].encode("latin-1") == samples.picture(32, 32)
    assert b'name="mask"; filename="mask.png"' in call.body
    assert b'name="image[]"; filename="still.png"' in call.body
    assert body["output_compression"] == 80
    assert finished.usage["input_image_tokens"] == 128


async def test_a_mask_needs_its_picture(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A mask alone is refused before anything is sent."""
    error = await fails(openai, asks(FLARE, IMAGE, asks.given(IMAGE, "mask")))
    assert isinstance(error, InvalidRequest)
    assert "depends_on" in str(error)
    assert vendor.calls == []


async def test_an_address_is_fetched(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A compatible server may answer with an address instead of base64: the picture is fetched, without the key."""
    vendor.by_url = True
    finished = await made(openai, asks("dall-e-3", IMAGE))
    assert isinstance(finished.source, Path)
    assert finished.source.read_bytes() == samples.picture()
    assert vendor.calls[0].json["response_format"] == "b64_json"
    assert "authorization" not in vendor.calls[1].headers


async def test_a_picture_that_cannot_be_fetched_is_not_paid_again(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """Made, billed, but its address fails: that is ambiguous, never a plain failure that is asked for again."""
    vendor.by_url = True
    for fault in ("expire", "drop_before", "error"):
        vendor.meet(fault, on="download")
        assert isinstance(await fails(openai, asks("dall-e-2", IMAGE)), SubmissionUnknown)


# Pictures by a background response


async def test_a_background_picture_is_a_job(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The answer is an id at once; looks find it queued and at work, then the picture and what it counted."""
    vendor.looks = 2
    asked = asks(JOB_MODEL, IMAGE, asks.given(IMAGE), asks.given(IMAGE, "mask", 48), quality="high")
    job = await openai.submit(asked)
    assert isinstance(job, Job)
    assert await openai.poll(asked, job) == Running()
    finished = await openai.poll(asked, job)
    assert isinstance(finished, Finished)
    assert (finished.source, finished.media_type) == (samples.picture(), "image/png")
    assert dict(finished.usage) == {
        "input_tokens": 12,
        "input_image_tokens": 0,
        "output_image_tokens": 1756,
        "output_tokens": 80,
    }
    assert Decimal(0) <= cost(openai, asked, finished) - vendor.billed_usd < Decimal("0.0001")
    body = vendor.submissions[0].json
    (tool,) = body["tools"]
    assert (tool["model"], tool["quality"], tool["action"]) == (FLARE, "high", "edit")
    assert tool["input_image_mask"]["image_url"].startswith("data:image/png;base64,")
    assert body["input"][0]["content"][1]["image_url"].startswith("data:image/png;base64,")
    assert body["metadata"] == {"greenlight": asked.key}
    assert (body["background"], body["store"], body["max_tool_calls"]) == (True, True, 1)
    assert body["max_output_tokens"] == TEXT_MAX_TOKENS, "what its text model is priced for"
    assert body["tool_choice"] == {"type": "image_generation"}
    assert len(vendor.submissions) == 1


async def test_a_failed_or_stopped_background_picture_says_so(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """A job that failed after billing carries the bill; a cancelled one is for a person; cancelling twice is fine."""
    vendor.looks = 1
    vendor.meet("fail_job")
    asked = asks(JOB_MODEL, IMAGE)
    failed, stopped = await openai.submit(asked), await openai.submit(asked)
    assert isinstance(failed, Job)
    assert isinstance(stopped, Job)
    with pytest.raises(JobFailed, match="An error occurred") as failure:
        await openai.poll(asked, failed)
    assert failure.value.billed_usd == Decimal("0.0001")
    await openai.cancel(stopped)
    await openai.cancel(stopped)
    await openai.cancel(failed)
    with pytest.raises(JobCancelled, match="cancelled") as ended:
        await openai.poll(asked, stopped)
    assert not ended.value.retryable
    with pytest.raises(InvalidRequest, match="not found"):
        await openai.poll(asked, Job("resp_other"))


async def test_a_long_prompt_can_be_handed_to_the_tool(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The text model repeats the prompt, so its limit grows with it, and its price stays within the quote's."""
    asked = asks(JOB_MODEL, IMAGE, prompt="灯" * 8_000)
    await openai.submit(asked)
    limit = vendor.submissions[0].json["max_output_tokens"]
    assert limit > 8_000
    listed = offer(openai, JOB_MODEL, IMAGE)
    rates = {r.unit: r.each_high for r in pricing.applying(listed, {})}
    dearest = 8_000 * rates["input_tokens"] + limit * rates["output_tokens"] + 1_000 * rates["output_image_tokens"]
    assert dearest <= pricing.quote(listed, asked.asset).high_usd


@pytest.mark.parametrize(
    ("code", "kind", "refused"),
    [
        ("server_error", JobFailed, ""),
        ("rate_limit_exceeded", JobFailed, ""),
        ("invalid_prompt", ContentRefused, "prompt"),
        ("image_content_policy_violation", ContentRefused, "input"),
        ("invalid_base64_image", ContentRefused, "input"),
        ("image_file_too_large", ContentRefused, "input"),
    ],
)
def test_what_a_failed_job_means(code: str, kind: type[ProviderError], refused: str) -> None:
    """A fault of the vendor's may be tried again; content and pictures that it cannot take end the asset."""
    error = job_failure({"code": code, "message": "m"}, Decimal("0.01"))
    assert type(error) is kind
    assert getattr(error, "refused", "") == refused
    assert (error.ends_job, error.billed_usd) == (True, Decimal("0.01"))


# Speech


async def test_speech_is_wav_in_the_style_of_the_brief(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The style directs the delivery, and a WAV whose header was written while streaming gets its true length."""
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


async def test_long_speech_is_joined(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """More than 4,096 characters are several requests cut at sentences; their sound is one file as long as all."""
    vendor.speech_seconds = 1.5
    finished = await made(openai, asks("gpt-4o-mini-tts", AUDIO, prompt=LONG))
    said = [c.json["input"] for c in vendor.submissions]
    assert len(said) == 2
    assert all(len(part) <= MAX_CHARS and part.endswith(".") for part in said)
    assert " ".join(said) == LONG[:8_000].strip() + ("" if LONG[:8_000].endswith(".") else ".")
    assert isinstance(finished.source, Path)
    assert probe(finished.source, "audio/wav").duration_seconds == pytest.approx(3.0, abs=0.01)


def test_a_sentence_without_end_is_cut_at_words() -> None:
    """A sentence longer than one request is cut between words, or anywhere where it has none; nothing is lost."""
    words = "lighthouse " * 700
    assert "".join("".join(parts_of(words)).split()).rstrip(".") == "lighthouse" * 700
    assert all(len(p) <= MAX_CHARS for p in [*parts_of(words), *parts_of("灯" * 7_900)])
    assert "".join(parts_of("灯" * 7_900)).count("灯") == 7_900


async def test_long_speech_in_other_formats_is_refused(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """What cannot be joined is refused before anything is paid, and the message names the format that can."""
    error = await fails(openai, asks("tts-1", AUDIO, prompt=LONG, response_format="mp3"))
    assert isinstance(error, InvalidRequest)
    assert "parameters.response_format" in str(error)
    assert "'wav'" in str(error)
    assert vendor.calls == []
    finished = await made(openai, asks("tts-1", AUDIO, response_format="mp3"))
    assert isinstance(finished.source, Path)
    assert (finished.source.read_bytes(), finished.media_type) == (samples.mp3(), "audio/mpeg")


async def test_a_failure_in_the_middle_of_speech_tells_what_was_paid(
    vendor: OpenAIEmulator, asks: Asks, tmp_path: Path
) -> None:
    """Where the price is known, the error of a later part carries the price of the parts before it."""
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
        vendor.meet("expire", fault)  # the first part has no address that could expire: it goes well
        error = await fails(openai, asks("tts-1", AUDIO, prompt=LONG))
        assert type(error) is kind
        said = len(vendor.submissions[0].json["input"])
        assert error.billed_usd == cents_up(said * Decimal("0.00001"))
    await openai.close()


async def test_speech_paid_in_part_at_an_unknown_price_waits_for_a_person(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """No sum can say that a part was paid, so what would be retried is ambiguous instead; what is final stays it."""
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
        ({}, "transcriptions", "json", "text/markdown", WORDS),
        ({"format": "json"}, "transcriptions", "verbose_json", "application/json", '"word": "lighthouse"'),
        ({"format": "srt"}, "transcriptions", "srt", "application/x-subrip", "00:00:01,000"),
        ({"format": "vtt"}, "transcriptions", "vtt", "text/vtt", "WEBVTT"),
        ({"task": "translate"}, "translations", "json", "text/markdown", WORDS),
        ({"task": "translate", "format": "json"}, "translations", "verbose_json", "application/json", '"text"'),
    ],
)
async def test_a_recording_is_written_down(
    openai: OpenAI,
    vendor: OpenAIEmulator,
    asks: Asks,
    parameters: dict[str, JsonValue],
    path: str,
    sent: str,
    media_type: str,
    says: str,
) -> None:
    """The first recording becomes text, times, subtitles or English, each under its own media type."""
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


async def test_a_transcript_is_paid_by_the_minute(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The vendor's seconds become minutes; names to listen for are sent one by one; without a recording: refused."""
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


# Text


async def test_text_is_written_within_its_limit(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Instructions and prompt are sent apart, always with a limit; the vendor's tokens give the cost."""
    asked = replace(asks("gpt-6-sol", TEXT), instructions="You write copy.")
    finished = await made(openai, asked)
    assert (finished.source, finished.media_type) == (WORDS.encode(), "text/markdown")
    assert dict(finished.usage) == {"input_tokens": 100, "output_tokens": 40}
    assert cost(openai, asked, finished) == Decimal("0.0006")
    assert vendor.calls[0].json == {
        "model": "gpt-6-sol",
        "messages": [
            {"role": "system", "content": "You write copy."},
            {"role": "user", "content": "a lighthouse at dusk"},
        ],
        "max_completion_tokens": 4_096,
        "reasoning_effort": "low",
    }


async def test_text_follows_a_schema(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A schema is asked for in strict mode under a name that the vendor takes, and the answer is JSON."""
    vendor.answer_text = lambda body: json.dumps({"title": body["response_format"]["json_schema"]["name"]})
    finished = await made(openai, replace(asks("gpt-6-luna", TEXT, max_tokens=900), schema=SCHEMA))
    assert (finished.source, finished.media_type) == (b'{"title": "A_plan"}', "application/json")
    body = vendor.calls[0].json
    assert body["response_format"]["json_schema"] == {"name": "A_plan", "schema": SCHEMA, "strict": True}
    assert body["max_completion_tokens"] == 900


async def test_text_looks_at_pictures(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Pictures that a text depends on are shown to the model after the prompt, as data URIs."""
    await made(openai, asks("gpt-6-luna", TEXT, asks.given(IMAGE), asks.given(AUDIO)))
    words, shown = vendor.calls[0].json["messages"][0]["content"]
    assert words == {"type": "text", "text": "a lighthouse at dusk"}
    encoded = shown["image_url"]["url"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(encoded) == samples.picture()


async def test_text_that_is_refused_or_cut_off_is_billed(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A refusal is final, a cut answer is no answer; both carry what the vendor counted for them."""
    vendor.meet("refuse", "broken")
    refused = await fails(openai, asks("gpt-6-astra", TEXT))
    cut = await fails(openai, replace(asks("gpt-6-astra", TEXT), schema=SCHEMA))
    assert isinstance(refused, ContentRefused)
    assert refused.refused == "prompt"
    assert isinstance(cut, OutputUnusable)
    assert "max_tokens" in str(cut)
    assert refused.billed_usd == cut.billed_usd == Decimal("0.0030")
    assert vendor.count("submit") == 2


@pytest.mark.parametrize("fault", ["refuse", "broken", "empty"])
async def test_a_useless_text_without_a_count_costs_what_was_quoted(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, fault: str
) -> None:
    """Many a compatible server counts nothing: what is refused, cut off or empty was paid for all the same."""
    vendor.counts = False
    if fault == "empty":
        vendor.answer_text = lambda _: ""
    else:
        vendor.meet("refuse" if fault == "refuse" else "broken")
    error = await fails(openai, quoted(asks("gpt-6-astra", TEXT)))
    assert isinstance(error, ContentRefused if fault == "refuse" else OutputUnusable)
    assert error.billed_usd == Decimal("0.70")


async def test_tokens_counted_as_none_are_no_count(asks: Asks) -> None:
    """A server that answers zero tokens for nothing at all does not say that it was free."""
    message = {"role": "assistant", "content": ""}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    answer = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "length"}], "usage": usage}
    with Scripted(Reply(200, answer)) as vendor:
        openai = at(vendor)
        error = await fails(openai, quoted(asks("gpt-6-astra", TEXT)))
        await openai.close()
    assert error.billed_usd == Decimal("0.70")


@pytest.mark.parametrize("data", [[], [{"b64_json": "%%%"}]])
async def test_no_picture_without_a_count_costs_what_was_quoted(asks: Asks, data: list[JsonValue]) -> None:
    """An answer of 200 without a picture is not asked for again unasked."""
    with Scripted(Reply(200, {"created": 1, "data": data})) as vendor:
        openai = at(vendor)
        error = await fails(openai, quoted(asks(FLARE, IMAGE)))
        await openai.close()
    assert isinstance(error, OutputUnusable)
    assert error.billed_usd == Decimal("0.70")


async def test_a_failed_job_without_a_count_costs_what_was_quoted(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """Failed or cancelled, a background response that does not say what it used counts as paid."""
    vendor.looks, vendor.counts = 1, False
    vendor.meet("fail_job")
    asked = quoted(asks(JOB_MODEL, IMAGE))
    failed, stopped = await openai.submit(asked), await openai.submit(asked)
    assert isinstance(failed, Job)
    assert isinstance(stopped, Job)
    await openai.cancel(stopped)
    for job, kind in ((failed, JobFailed), (stopped, JobCancelled)):
        with pytest.raises(kind) as failure:
            await openai.poll(asked, job)
        assert failure.value.billed_usd == Decimal("0.70")


async def test_moderation_names_what_it_flags(openai: OpenAI, vendor: OpenAIEmulator) -> None:
    """One answer for each text: its flagged categories, nothing where it is fine; nothing is billed."""
    assert await openai.moderate(["a lighthouse", "kill them"]) == ["", "harassment/threatening, violence"]
    assert await openai.moderate([]) == []
    assert [c.json["model"] for c in vendor.calls] == ["omni-moderation-latest"]
    assert vendor.billed_usd == 0


# What goes wrong

SUBMITS: dict[str, tuple[str, Modality, tuple[Modality, ...]]] = {
    "edit": (FLARE, IMAGE, (IMAGE,)),
    "transcript": ("gpt-transcribe", TEXT, (AUDIO,)),
}
FAULTS: dict[Fault, tuple[type[ProviderError], int]] = {
    "drop_before": (SubmissionUnknown, 0),
    "drop_after": (SubmissionUnknown, 1),
    "gateway": (SubmissionUnknown, 0),
    "throttle": (RateLimited, 0),
    "overload": (Overloaded, 0),
    "error": (SubmissionUnknown, 0),
    "quota": (QuotaExhausted, 0),
}


@pytest.mark.parametrize("what", SUBMITS)
async def test_each_fault_is_one_request_and_one_error(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, what: str
) -> None:
    """Whatever goes wrong, the SDK asks once, and the error says truly whether something may have been billed."""
    model, modality, inputs = SUBMITS[what]
    asked = asks(model, modality, *map(asks.given, inputs))
    for fault, (kind, billed) in FAULTS.items():
        before = (vendor.count("submit"), len(vendor.submissions))
        vendor.meet(fault)
        error = await fails(openai, asked)
        assert type(error) is kind, fault
        assert (vendor.count("submit"), len(vendor.submissions)) == (before[0] + 1, before[1] + billed), fault
        if fault in ("throttle", "overload"):
            assert error.retry_after == timedelta(seconds=7.5 if fault == "throttle" else 4)
        if fault == "quota":
            assert "OPENAI_API_KEY" in str(error)


@pytest.mark.parametrize("what", ["edit"])
async def test_refused_content_is_final(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, what: str) -> None:
    """A refusal by policy keeps the vendor's words and its category, and was not billed."""
    model, modality, inputs = SUBMITS[what]
    vendor.meet("refuse")
    error = await fails(openai, asks(model, modality, *map(asks.given, inputs)))
    assert isinstance(error, ContentRefused)
    assert (error.refused, error.category, error.billed_usd) == ("prompt", "violence", Decimal(0))
    assert "safety system" in str(error)


async def test_a_wrong_or_missing_key_fails_at_once(vendor: OpenAIEmulator, asks: Asks) -> None:
    """A key that is wrong is refused at the first request, one that is missing before it; both name the variable."""
    wrong = at(vendor, OPENAI_API_KEY="sk-wrong")
    for openai in (wrong, at(vendor, OPENAI_API_KEY="")):
        error = await fails(openai, asks(FLARE, IMAGE))
        assert isinstance(error, AuthenticationFailed)
        assert "OPENAI_API_KEY" in str(error)
        assert not error.retryable
    assert len(vendor.calls) == 1
    await wrong.close()


async def test_an_unknown_model_is_an_invalid_request(vendor: OpenAIEmulator, asks: Asks, tmp_path: Path) -> None:
    """A model that is in no catalogue is refused here, one that the vendor does not know there."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nprovider = "openai"\nmodel = "no-such-writer"\nmodality = "text"\n'
        'media_type = "text/markdown"\nexpected_seconds = 5\nprice = { source = "x", date = "2026-11-20" }\n'
    )
    openai = at(vendor, GREENLIGHT_CATALOGUE=str(own))
    theirs = await fails(openai, asks("no-such-writer", TEXT))
    assert isinstance(theirs, InvalidRequest)
    assert "does not exist" in str(theirs)
    ours = await fails(openai, asks("gpt-image-9", IMAGE))
    assert isinstance(ours, InvalidRequest)
    assert FLARE in str(ours)
    assert len(vendor.calls) == 1
    vendor.problems.clear()  # the made-up model is in no specification
    await openai.close()


class Scripted(OpenAIEmulator):
    """Answers every request with one reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply

    def answer(self, call: Call) -> Reply:
        return self.reply


@specs.needs_vendor_data
@pytest.mark.parametrize(
    ("case", "status", "kind"),
    [
        ("images.error.400.moderation_blocked", 400, ContentRefused),
        ("images.edit.error.400.invalid_image_file", 400, InvalidRequest),
        ("images.generate.error.400.unknown_parameter", 400, InvalidRequest),
        ("responses.error.401.invalid_api_key", 401, AuthenticationFailed),
        ("chat.error.404.model_not_found", 404, InvalidRequest),
        ("responses.error", 429, QuotaExhausted),
    ],
)
async def test_recorded_errors_are_understood(asks: Asks, case: str, status: int, kind: type[ProviderError]) -> None:
    """The vendor's recorded error answers map to the tree and keep the vendor's own words."""
    recorded = specs.recorded(f"openai/{case}")
    body = recorded["response_body"] if "response_body" in recorded else recorded["exchanges"][-1]["response"]["body"]
    with Scripted(Reply(status, body)) as vendor:
        openai = at(vendor)
        error = await fails(openai, asks(FLARE, IMAGE))
        await openai.close()
    assert type(error) is kind
    assert body["error"]["message"][:40] in str(error)
    if isinstance(error, ContentRefused):
        assert error.category == "violence"


ODD: list[tuple[Reply, type[ProviderError]]] = [
    (Reply(200, b"<html>Sign in</html>", "text/html"), SubmissionUnknown),
    (Reply(200, {"created": 1, "data": []}), OutputUnusable),
    (Reply(200, {"created": 1, "data": [{"b64_json": "%%%"}]}), OutputUnusable),
    (Reply(200, {"created": 1, "data": [{"b64_json": "aaaa"}]}, cut=True), SubmissionUnknown),
    (Reply(400, {"error": {"message": "no", "code": "moderation_blocked", "param": "image[1]"}}), ContentRefused),
    (Reply(500, {"message": "Internal server error"}), SubmissionUnknown),
    (Reply(404, {"error": "model 'x' not found"}), InvalidRequest),
]


async def test_speech_that_breaks_off_is_in_doubt(asks: Asks) -> None:
    """Sound whose stream ends in the middle was made and paid: that is ambiguous, not a failure to repeat."""
    with Scripted(Reply(200, samples.wav(), "audio/wav", cut=True)) as vendor:
        openai = at(vendor)
        assert isinstance(await fails(openai, asks("tts-1", AUDIO)), SubmissionUnknown)
        await openai.close()


async def test_odd_answers_are_told_apart(asks: Asks) -> None:
    """What is not the vendor's leaves a submission in doubt; what is the vendor's but no picture is unusable."""
    with Scripted(ODD[0][0]) as vendor:
        openai = at(vendor)
        for reply, kind in ODD:
            vendor.reply = reply
            error = await fails(openai, asks(FLARE, IMAGE))
            assert type(error) is kind, reply
            if isinstance(error, ContentRefused):
                assert error.refused == "input", "the record names a picture"
        await openai.close()


@specs.needs_vendor_data
async def test_the_emulator_answers_as_the_vendor_does(asks: Asks) -> None:
    """Emulated answers have the form of the vendor's own types."""
    forms = {
        "/v1/images/generations": "images.response",
        "/v1/responses": "responses.response",
        "/v1/chat/completions": "chat.completions.response",
        "/v1/moderations": "moderations.response",
        "/v1/audio/transcriptions": "audio.transcriptions.response.json",
    }
    seen: set[str] = set()
    wrong: list[str] = []

    class Watched(OpenAIEmulator):
        def answer(self, call: Call) -> Reply:
            reply = super().answer(call)
            path = "/v1/responses" if call.path.startswith("/v1/responses") else call.path
            seen.add(path)
            wrong.extend(specs.violations(f"sdk-derived/openai/{forms[path]}.json", json.loads(reply.data)))
            return reply

    with Watched() as vendor:
        vendor.looks = 1
        openai = at(vendor)
        await made(openai, asks(FLARE, IMAGE))
        await made(openai, asks("gpt-6-luna", TEXT))
        await made(openai, asks("gpt-transcribe", TEXT, asks.given(AUDIO)))
        await openai.moderate(["kill"])
        asked = asks(JOB_MODEL, IMAGE)
        job = await openai.submit(asked)
        assert isinstance(job, Job)
        await openai.poll(asked, job)
        vendor.meet("refuse")
        refused = await openai.submit(asked)
        assert isinstance(refused, Job)
        with pytest.raises(ContentRefused):
            await openai.poll(asked, refused)
        await openai.close()
    assert seen == set(forms)
    assert wrong == []


# The catalogue and the environment


def test_retired_models_name_their_replacement() -> None:
    """What OpenAI has retired cannot be planned with it; what it will retire tells the day."""
    offers = {o.model: o for o in OpenAI({"OPENAI_API_KEY": "k"}).offers()}
    for model in ("dall-e-2", "dall-e-3", "gpt-image-1"):
        assert "use gpt-image-2.5-" in (problem_with(offers[model], TODAY) or "")
    for model in ("gpt-image-1.5", "gpt-image-1-mini"):
        assert (offers[model].retires, problem_with(offers[model], TODAY)) == (date(2026, 12, 1), None)
    assert offers["whisper-1"].replacement == ("gpt-transcribe",)
    assert offers["tts-1"].unknown
    assert offers[FLARE].retires is None


def test_a_server_of_ones_own_retires_nothing(vendor: OpenAIEmulator) -> None:
    """Behind another server's address a retired model lives on; OpenAI's own addresses change nothing."""
    assert all(o.retires is None and not o.replacement for o in at(vendor).offers())
    for address in ("https://api.openai.com/v1", "https://eu.api.openai.com/v1", ""):
        theirs = OpenAI({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": address})
        assert problem_with(offer(theirs, "dall-e-3", IMAGE), TODAY) is not None


SENT_AS = {"max_tokens": "max_completion_tokens", "effort": "reasoning_effort", "format": "response_format"}
BY_PATH = {"task"}


async def test_every_parameter_of_the_catalogue_is_sent(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A parameter that the catalogue offers arrives at the vendor with the value that was chosen."""
    documented = [(listed, name, rule) for listed in offers_of("openai") for name, rule in listed.rules.items()]
    assert len(documented) > 50
    for listed, name, rule in documented:
        inputs = [asks.given(m) for m in sorted(listed.requires)]
        value: JsonValue = rule.choices[-1] if rule.choices else rule.max if rule.type == "number" else "fr"
        value = "1024x1024" if name == "size" and not rule.choices else value
        value = int(value) if isinstance(value, float) else value
        await openai.submit(asks(listed.model, listed.modality, *inputs, parameters={name: value}))
        body: dict[str, Any] = fields_of(vendor.calls[-1])
        body = {**body, **(body["tools"][0] if "tools" in body else {})}
        if name in BY_PATH:
            assert vendor.calls[-1].path == "/v1/audio/translations"
        elif name == "keywords":
            assert body[name] == [value]
        else:
            expected = "json" if (name, value) == ("format", "text") else value
            assert body[SENT_AS.get(name, name)] == expected, (listed.model, name)


async def test_organisation_and_project_come_from_the_workers_environment(
    vendor: OpenAIEmulator, asks: Asks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's variables are read from the given environment, and the process's own is not looked at."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/of-the-process")
    for env in ({}, {"OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj-1"}):
        openai = at(vendor, **env)
        await made(openai, asks("gpt-6-luna", TEXT))
        await openai.close()
    names = ("openai-organization", "openai-project")
    assert [tuple(c.headers.get(n) for n in names) for c in vendor.calls] == [(None, None), ("org-1", "proj-1")]
