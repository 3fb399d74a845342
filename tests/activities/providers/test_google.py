"""The Google provider through its unmodified SDK: what it asks for, what comes of it, and what it costs."""

import json
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, tzinfo
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import pytest

from activities.catalogue import pricing
from activities.catalogue.loader import problem_with
from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
)
from activities.media.facts import probe
from activities.providers.google import errors
from activities.providers.google import omni as google_omni
from activities.providers.google.provider import Google
from activities.providers.protocol import Finished, Input, Job, Request, Running
from activities.providers.selection import offer_of
from tests.emulators import samples
from tests.emulators.base import Call, Fault
from tests.emulators.google import USD, GoogleEmulator, camel
from tests.emulators.specs import needs_vendor_data, recorded, violations
from workflows.models import Asset, Brief, Media, Modality, Platform, Quote

pytestmark = [
    # google-genai 3.3's types.py says so whenever it is compiled.
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
    # Nothing else makes Imagen's pictures: no image model of Gemini's is Imagen.
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
]

TEXT, IMAGE, SPEECH = "gemini-3.8-flash", "gemini-3-pro-image", "gemini-3.8-flash-tts"
OMNI, VEO, IMAGEN = "gemini-omni-1.2-flash", "veo-3.1-generate-001", "imagen-4.0-generate-001"
MODALITY = {
    TEXT: Modality.TEXT,
    IMAGE: Modality.IMAGE,
    IMAGEN: Modality.IMAGE,
    SPEECH: Modality.AUDIO,
    OMNI: Modality.VIDEO,
    VEO: Modality.VIDEO,
}
SHOWN = {
    Modality.IMAGE: ("image/png", samples.picture),
    Modality.VIDEO: ("video/mp4", samples.video),
    Modality.AUDIO: ("audio/wav", samples.wav),
}


def that_day(monkeypatch: pytest.MonkeyPatch, today: date) -> None:
    """What is priced is priced as on this day."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(today.year, today.month, today.day, tzinfo=tz)

    monkeypatch.setattr(pricing, "datetime", Then)


@pytest.fixture(autouse=True)
def _emulated_prices_are_of_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    that_day(monkeypatch, date(2026, 11, 20))


@pytest.fixture
def emulator() -> Iterator[GoogleEmulator]:
    with GoogleEmulator() as emulator:
        yield emulator


@pytest.fixture
async def google(emulator: GoogleEmulator) -> AsyncIterator[Google]:
    async with running(emulator.env) as google:
        yield google


@asynccontextmanager
async def running(env: dict[str, str]) -> AsyncIterator[Google]:
    """A provider whose connections are closed afterwards."""
    google = Google(env)
    try:
        yield google
    finally:
        await google.close()


def request(
    tmp_path: Path,
    model: str,
    *,
    shown: tuple[Modality, ...] = (),
    brief: dict[str, Any] | None = None,
    instructions: str = "",
    schema: dict[str, Any] | None = None,
    size: int | None = None,
    **parameters: Any,
) -> Request:
    def given(number: int, modality: Modality) -> Input:
        media_type, make = SHOWN[modality]
        path = tmp_path / f"shown-{number}"

        async def fetch() -> Path:
            path.write_bytes(make())
            return path

        media = Media(key="k", bytes=size or len(make()), sha256="0" * 64, media_type=media_type)
        return Input(f"input-{number}", modality, "reference", media, fetch)

    asset = Asset(
        asset_id="asset-1",
        asset_type=MODALITY[model],
        role="body",
        prompt="A lighthouse at dusk",
        provider="google",
        model=model,
        parameters=parameters,
        quote=Quote(low_usd=Decimal("1.00"), high_usd=Decimal("2.00"), expected_seconds=5),
    )
    return Request(
        key="production/asset-1/1",
        seed=7,
        brief=Brief.model_validate({"text": "x", "platform": Platform.VIDEO, **(brief or {})}),
        asset=asset,
        take=1,
        inputs=[given(n, m) for n, m in enumerate(shown)],
        workdir=tmp_path / "work",
        instructions=instructions,
        schema=schema,
    )


async def made(google: Google, asked: Request) -> Finished:
    """What comes of a request, a job's too, as bytes."""
    answer = await google.submit(asked)
    while not isinstance(answer, Finished):
        seen = await google.poll(asked, answer) if isinstance(answer, Job) else answer
        answer = seen if isinstance(seen, Finished) else answer
    if callable(answer.source):
        async with answer.source() as chunks:
            return Finished(b"".join([c async for c in chunks]), answer.media_type)
    return answer


def cost(google: Google, asked: Request, finished: Finished) -> Decimal:
    offer = offer_of(google, asked.asset.model, asked.asset.asset_type)
    assert offer is not None
    return pricing.cost_of(offer, asked.asset, finished)[0]


async def fails(google: Google, asked: Request) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await made(google, asked)
    return failure.value


async def test_a_text_is_written_by_its_instructions(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Instructions go as the system's, the prompt as the user's, and the cost follows from the tokens, thoughts too."""
    asked = request(tmp_path, TEXT, instructions="Write for sailors.", max_tokens=900)
    finished = await made(google, asked)
    assert (finished.source, finished.media_type) == (b"A **lighthouse** at dusk.", "text/markdown")
    assert finished.usage == {"input_tokens": 800, "output_tokens": 240}
    assert cost(google, asked, finished) == emulator.billed_usd == USD["text"]
    body = camel(emulator.submissions[0].json)
    assert body["systemInstruction"]["parts"] == [{"text": "Write for sailors."}]
    assert body["contents"] == [{"role": "user", "parts": [{"text": "A lighthouse at dusk"}]}]
    assert body["generationConfig"] == {"maxOutputTokens": 900}
    assert emulator.problems == []


async def test_structured_output_follows_the_schema(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A schema reaches Google as it is, and what comes back is JSON."""
    schema = {"type": "object", "properties": {"shot_count": {"type": "integer"}}, "required": ["shot_count"]}
    emulator.answer_text = lambda body: json.dumps({"shot_count": len(body["contents"])})
    finished = await made(google, request(tmp_path, TEXT, schema=schema))
    assert (finished.source, finished.media_type) == (b'{"shot_count": 1}', "application/json")
    config = emulator.submissions[0].json["generationConfig"]
    assert config["responseJsonSchema"] == schema
    assert config["responseMimeType"] == "application/json"
    assert emulator.problems == []


async def test_a_text_model_looks_listens_and_watches(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Pictures, video and sound are shown inline, in the order of the dependencies."""
    await made(google, request(tmp_path, TEXT, shown=(Modality.VIDEO, Modality.IMAGE, Modality.AUDIO)))
    parts = camel(emulator.submissions[0].json)["contents"][0]["parts"]
    assert [p["inlineData"]["mimeType"] for p in parts[:-1]] == ["video/mp4", "image/png", "audio/wav"]
    assert parts[-1] == {"text": "A lighthouse at dusk"}
    assert emulator.problems == []


async def test_inputs_that_are_too_large_are_not_sent(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """More than Google takes inline is refused here, naming the inputs, without a request."""
    error = await fails(google, request(tmp_path, TEXT, shown=(Modality.VIDEO,), size=80_000_000))
    assert isinstance(error, InvalidRequest)
    assert "input-0" in str(error)
    assert emulator.calls == []


@pytest.mark.parametrize(("aspect", "ratio"), [("16:9", "16:9"), ("4:5", "3:4"), ("21:9", "21:9")])
async def test_a_picture_has_the_nearest_ratio(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, aspect: str, ratio: str
) -> None:
    """A picture follows the brief's aspect, or the nearest one that there is, and shows its references to the model."""
    asked = request(tmp_path, IMAGE, shown=(Modality.IMAGE,), brief={"aspect": aspect}, image_size="2K")
    finished = await made(google, asked)
    assert isinstance(finished.source, bytes)
    assert probe(BytesIO(finished.source), finished.media_type).width == 96
    assert finished.media_type == "image/jpeg"
    assert cost(google, asked, finished) == emulator.billed_usd == USD["image"]
    body = camel(emulator.submissions[0].json)
    assert body["generationConfig"] == {
        "responseModalities": ["IMAGE"],
        "imageConfig": {"aspectRatio": ratio, "imageSize": "2K"},
    }
    assert "inlineData" in body["contents"][0]["parts"][0]
    assert emulator.problems == []


async def test_speech_is_wav_in_the_briefs_style(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Raw samples become a WAV of the rate that Google names; voice and delivery are what was asked for."""
    finished = await made(google, request(tmp_path, SPEECH, brief={"style": "excited"}, voice="Puck"))
    assert isinstance(finished.source, bytes)
    with wave.open(BytesIO(finished.source)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24_000, 1, 24_000)
    assert finished.media_type == "audio/wav"
    body = camel(emulator.submissions[0].json)
    voice = body["generationConfig"]["speechConfig"]["voiceConfig"]
    assert voice == {"prebuiltVoiceConfig": {"voiceName": "Puck"}}
    said = body["contents"][0]["parts"][0]["text"]
    assert "excited" in said
    assert said.endswith("A lighthouse at dusk")
    assert emulator.problems == []


@pytest.mark.parametrize(
    ("shown", "task"), [((), "text_to_video"), ((Modality.IMAGE,), "image_to_video")], ids=["text", "still"]
)
async def test_an_omni_video_is_a_background_job(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, shown: tuple[Modality, ...], task: str
) -> None:
    """One POST makes the job; a look tells that it runs; the file arrives through a redirect, with one download."""
    asked = request(tmp_path, OMNI, shown=shown, seconds=6, resolution="1080p")
    job = await google.submit(asked)
    assert isinstance(job, Job)
    assert await google.poll(asked, job) == Running()
    finished = await google.poll(asked, job)
    assert isinstance(finished, Finished)
    assert callable(finished.source)
    async with finished.source() as chunks:
        video = b"".join([c async for c in chunks])
    assert probe(BytesIO(video), finished.media_type).duration_seconds == pytest.approx(1.0, abs=0.1)
    body = emulator.submissions[0].json
    assert body["generation_config"] == {"video_config": {"task": task}}
    assert body["response_format"] == {
        "type": "video",
        "aspect_ratio": "16:9",
        "resolution": "1080p",
        "duration": "6s",
        "delivery": "uri",
    }
    (turn,) = body["input"]
    assert [part["type"] for part in turn["content"]] == ["image"] * len(shown) + ["text"]
    assert (emulator.count("submit"), emulator.count("look"), emulator.count("download")) == (1, 2, 1)
    assert emulator.problems == []


async def test_an_omni_video_has_two_aspects(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Another aspect is refused before anything is sent, and the message says what would do."""
    error = await fails(google, request(tmp_path, OMNI, brief={"aspect": "1:1"}))
    assert isinstance(error, InvalidRequest)
    assert "16:9" in str(error)
    assert emulator.calls == []
    await google.submit(request(tmp_path, OMNI, brief={"aspect": "1:1"}, aspect_ratio="9:16"))
    assert emulator.submissions[0].json["response_format"]["aspect_ratio"] == "9:16"


async def test_a_job_can_be_cancelled(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A cancelled job is not made again; one that Google no longer knows is no error to cancel."""
    asked = request(tmp_path, OMNI)
    job = await google.submit(asked)
    assert isinstance(job, Job)
    await google.cancel(job)
    with pytest.raises(JobCancelled, match="cancelled") as failure:
        await google.poll(asked, job)
    assert failure.value.billed_usd == Decimal("2.00"), "Google does not say that it cost nothing"
    await google.cancel(Job("v1_unknown"))
    assert emulator.count("cancel") == 2


@pytest.mark.parametrize("model", [TEXT, OMNI])
@pytest.mark.parametrize("variable", ["GEMINI_API_KEY"])
async def test_a_wrong_key_names_its_variable(
    emulator: GoogleEmulator, tmp_path: Path, model: str, variable: str
) -> None:
    """Google calls a wrong key an invalid argument; here it is a failed authentication, after one request."""
    async with running({**emulator.env, "GOOGLE_API_KEY": "", variable: "wrong"}) as google:
        error = await fails(google, request(tmp_path, model))
    assert type(error) is AuthenticationFailed
    assert variable in str(error)
    assert len(emulator.calls) == 1


def test_without_a_quotas_name_the_words_decide() -> None:
    """A 429 without details is about money where it says so, else a limit that passes; so is a disabled billing."""

    class Said(Exception):
        def __init__(self, code: int, **record: Any) -> None:
            self.code, self.details = code, {"error": record}

    def kind(code: int, **record: Any) -> type[ProviderError]:
        return type(errors.failure(Said(code, **record), "GOOGLE_API_KEY", submitting=True))

    assert kind(429, message="Your prepayment credits are depleted.") is QuotaExhausted
    assert kind(429, message="Resource has been exhausted.") is RateLimited
    assert kind(400, status="FAILED_PRECONDITION", message="Please enable billing.") is QuotaExhausted
    assert kind(400, status="INVALID_ARGUMENT", message="It violates our Responsible AI rules.") is ContentRefused
    assert kind(400, status="INVALID_ARGUMENT", message="Unknown name.") is InvalidRequest


@pytest.mark.parametrize(
    ("model", "refused", "category"),
    [
        (TEXT, "prompt", "PROHIBITED_CONTENT"),
        (SPEECH, "prompt", "PROHIBITED_CONTENT"),
    ],
)
async def test_a_refusal_says_what_was_refused(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, refused: str, category: str
) -> None:
    """A refusal is final, carries Google's own word, and what was billed all the same."""
    emulator.meet("refuse")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, ContentRefused)
    assert (error.refused, error.category, error.retryable) == (refused, category, False)
    assert error.billed_usd == emulator.billed_usd


@pytest.mark.parametrize(("model", "billed"), [(TEXT, USD["text"]), (IMAGE, USD["image"])])
async def test_an_answer_without_output_was_billed(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, billed: Decimal
) -> None:
    """An answer that holds nothing cost what its tokens cost, so nothing repeats it unasked."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert type(error) is OutputUnusable
    assert error.billed_usd == emulator.billed_usd == billed


@pytest.mark.parametrize("model", [TEXT, IMAGE, OMNI])
async def test_what_google_does_not_count_costs_what_was_quoted(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str
) -> None:
    """Without any tokens in the answer, nothing at all is no sign that it cost nothing."""
    emulator.counts = False
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, OutputUnusable | JobFailed)
    assert error.billed_usd == Decimal("2.00")


async def test_a_refused_picture_costs_nothing(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Tokens that were read have no published price there, and no picture was made."""
    emulator.meet("refuse")
    error = await fails(google, request(tmp_path, IMAGE))
    assert isinstance(error, ContentRefused)
    assert error.billed_usd == emulator.billed_usd == 0


async def test_what_is_priced_is_what_is_asked_for(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Defaults that decide a price, those of one's own catalogue too, are said in the request."""
    own = tmp_path / "own.toml"
    models = [(OMNI, "video", "true"), (VEO, "video", "true"), (IMAGE, "image", "false")]
    own.write_text(
        "".join(
            f'[[models]]\nprovider = "google"\nmodel = "{model}"\nmodality = "{kind}"\nmedia_type = "{kind}/x"\n'
            f'job = {job}\nexpected_seconds = 60\nprice = {{ source = "x", date = "2026-11-20" }}\n'
            "[models.parameters]\n"
            'seconds = { meaning = "x", type = "number", choices = ["4", "6"], default = "4" }\n'
            'resolution = { meaning = "x", type = "text", choices = ["720p", "1080p"], default = "1080p" }\n'
            'image_size = { meaning = "x", type = "text", choices = ["1K", "2K"], default = "2K" }\n'
            for model, kind, job in models
        )
    )
    async with running({**emulator.enterprise_env, "GREENLIGHT_CATALOGUE": str(own)}) as google:
        for model, *_ in models:
            await google.submit(request(tmp_path, model))
        await google.submit(request(tmp_path, IMAGEN))
    omni, veo, image, imagen = (call.json for call in emulator.submissions)
    assert (omni["response_format"]["duration"], omni["response_format"]["resolution"]) == ("4s", "1080p")
    assert (veo["parameters"]["durationSeconds"], veo["parameters"]["resolution"]) == (4, "1080p")
    assert camel(image)["generationConfig"]["imageConfig"]["imageSize"] == "2K"
    assert imagen["parameters"]["sampleImageSize"] == "1K"
    assert emulator.problems == []


async def test_a_cut_structure_is_unusable(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """JSON that ended at the limit is billed and unusable, and the message names the parameter that fixes it."""
    emulator.meet("broken")
    error = await fails(google, request(tmp_path, TEXT, schema={"type": "object"}))
    assert type(error) is OutputUnusable
    assert "max_tokens" in str(error)
    assert error.billed_usd == USD["text"]


async def test_a_failed_job_that_worked_counts_as_paid(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """Tokens in a failed job say that Google worked on it: its price counts, and a person decides."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, OMNI))
    assert type(error) is JobFailed
    assert error.billed_usd == Decimal("2.00")


async def test_the_key_goes_to_google_alone(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """An address at another host is fetched without the key, and one that is no web address is left to a person."""
    with GoogleEmulator() as other:
        elsewhere = source_at(google, f"{other.url}/v1beta/files/x:download?alt=media")
        with pytest.raises(SubmissionUnknown):
            async with elsewhere() as chunks:
                assert not [c async for c in chunks]
        assert "x-goog-api-key" not in other.calls[0].headers
    with pytest.raises(InvalidRequest, match="gs://bucket"):
        source_at(google, "gs://bucket/video.mp4")
    assert emulator.calls == []


def source_at(google: Google, uri: str) -> Any:
    return google_omni.fetched(google._access, uri, "video/mp4").source


async def test_enterprise_models_need_the_enterprise_platform(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """With a key of the Developer API, Imagen and Veo are listed with the variable that would enable them."""
    today = date(2026, 11, 20)
    for model in (IMAGEN, VEO):
        offer = offer_of(google, model, MODALITY[model])
        assert offer is not None
        assert "GOOGLE_GENAI_USE_ENTERPRISE=true" in (problem_with(offer, today) or "")
        assert isinstance(await fails(google, request(tmp_path, model)), InvalidRequest)
    assert emulator.calls == []
    theirs = Google(emulator.enterprise_env)
    assert all(not o.unavailable for o in theirs.offers())
    retired = offer_of(theirs, "veo-3.1-generate-preview", Modality.VIDEO)
    assert retired is not None
    assert OMNI in (problem_with(retired, today) or "")


@pytest.mark.parametrize(
    ("model", "parameters", "low", "high"),
    [
        (TEXT, {"max_tokens": 1_000}, "0.0011", "0.0046"),
        (IMAGE, {}, "0.1344", "0.1344"),
        (IMAGE, {"image_size": "4K"}, "0.2400", "0.2400"),
        (VEO, {"seconds": 4, "resolution": "4k"}, "2.4000", "2.4000"),
        (VEO, {}, "3.2000", "3.2000"),
    ],
)
def test_prices_follow_the_catalogue(
    tmp_path: Path, model: str, parameters: dict[str, Any], low: str, high: str
) -> None:
    """A plan's price is the published rate for what its parameters, or their defaults, ask for."""
    offer = offer_of(Google({}), model, MODALITY[model])
    assert offer is not None
    quote = pricing.quote(offer, request(tmp_path, model, **parameters).asset)
    assert (quote.low_usd, quote.high_usd) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("today", "rates"), [(date(2026, 12, 31), ("0.75", "3.75")), (date(2027, 1, 1), ("1.50", "7.50"))]
)
def test_a_price_that_is_known_to_rise_rises(
    today: date, rates: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gemini 3.8 Flash costs twice as much from 2027 on, without anybody touching the catalogue."""
    offer = offer_of(Google({}), TEXT, Modality.TEXT)
    assert offer is not None
    that_day(monkeypatch, today)
    applying = {r.unit: r.usd_high for r in pricing.applying(offer, {})}
    assert applying == {"input_tokens": Decimal(rates[0]), "output_tokens": Decimal(rates[1])}


@needs_vendor_data
async def test_the_emulator_answers_as_google_does(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """What the emulator says fits the types of Google's SDK, and its refusal of a key is the recorded one."""
    await made(google, request(tmp_path, IMAGE))
    job = await google.submit(request(tmp_path, OMNI))
    assert isinstance(job, Job)
    emulator.looks = 0
    image, omni = emulator.submissions
    look = Call("GET", f"/v1/interactions/{job.id}", {}, {}, b"")
    assert violations("sdk-derived/google/generateContent.response.json", emulator.answer(image).body) == []
    assert violations("sdk-derived/google/interactions.Interaction.json", emulator.answer(omni).body) == []
    for _ in range(2):
        assert violations("sdk-derived/google/interactions.Interaction.json", emulator.answer(look).body) == []
    refusal = emulator.authorised(replace(look, headers={}))
    assert refusal is not None
    assert isinstance(refusal.body, dict)
    known = recorded("google/error.400.api_key_invalid")["exchanges"][0]["response"]
    assert refusal.status == known["status"]
    for field in ("code", "status", "message"):
        assert refusal.body["error"][field] == known["body"]["error"][field]
    assert refusal.body["error"]["details"][0]["reason"] == known["body"]["error"]["details"][0]["reason"]


@pytest.mark.parametrize("switch", ["GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"])
async def test_the_enterprise_platform_serves_imagen_and_veo(
    emulator: GoogleEmulator, tmp_path: Path, switch: str
) -> None:
    """In Enterprise mode a picture comes at once and a video as an operation, whose price is by the second."""
    env = {**emulator.enterprise_env, "GOOGLE_GENAI_USE_ENTERPRISE": "", switch: "1"}
    async with running(env) as google:
        picture = await made(google, request(tmp_path, IMAGEN, brief={"aspect": "4:5"}))
        assert isinstance(picture.source, bytes)
        assert probe(BytesIO(picture.source), picture.media_type).width == 96
        asked = request(tmp_path, VEO, shown=(Modality.IMAGE,), seconds=6)
        video = await made(google, asked)
        assert isinstance(video.source, bytes)
        assert probe(BytesIO(video.source), video.media_type).width == 128
        offer = offer_of(google, VEO, Modality.VIDEO)
        assert offer is not None
        assert pricing.quote(offer, asked.asset).high_usd == Decimal("2.40") == emulator.billed_usd - USD["imagen"]
    first, second = emulator.submissions
    assert first.json["parameters"]["aspectRatio"] == "3:4"
    assert camel(second.json)["instances"][0]["image"]["mimeType"] == "image/png"
    assert emulator.count("look") == 2
    assert emulator.problems == []


async def test_the_enterprise_platform_answers_the_rest_too(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Text and Omni work in Enterprise mode; the video comes inline, for it has no files there."""
    async with running(emulator.enterprise_env) as google:
        assert (await made(google, request(tmp_path, TEXT))).media_type == "text/markdown"
        video = await made(google, request(tmp_path, OMNI))
    assert isinstance(video.source, bytes)
    assert probe(BytesIO(video.source), video.media_type).width == 128
    assert emulator.count("download") == 0
    assert emulator.problems == []


@pytest.mark.parametrize(
    ("model", "fault", "kind", "billed"),
    [
        (IMAGEN, "refuse", ContentRefused, "0"),
        (IMAGEN, "fail_job", OutputUnusable, "2.00"),
        (VEO, "refuse", ContentRefused, "0"),
        (VEO, "fail_job", JobFailed, "2.00"),
        (VEO, "drop_after", SubmissionUnknown, "0"),
    ],
)
async def test_enterprise_failures(
    emulator: GoogleEmulator, tmp_path: Path, model: str, fault: Fault, kind: type[ProviderError], billed: str
) -> None:
    """Filtered media are refusals; a failed operation does not say what it cost, so it counts as paid."""
    emulator.meet(fault)
    async with running(emulator.enterprise_env) as google:
        error = await fails(google, request(tmp_path, model))
    assert type(error) is kind
    assert error.billed_usd == Decimal(billed)
    assert emulator.count("submit") == 1


async def test_a_stopped_operation_is_not_made_again(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A Veo operation that somebody cancelled ends for a person, and counts as paid."""
    async with running(emulator.enterprise_env) as google:
        asked = request(tmp_path, VEO)
        job = await google.submit(asked)
        assert isinstance(job, Job)
        emulator.jobs[job.id].outcome, emulator.jobs[job.id].looks = "cancelled", 0
        with pytest.raises(JobCancelled) as failure:
            await google.poll(asked, job)
    assert failure.value.billed_usd == Decimal("2.00")


async def test_veo_makes_three_lengths(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A length between them is refused before anything is sent."""
    async with running(emulator.enterprise_env) as google:
        error = await fails(google, request(tmp_path, VEO, seconds=5))
    assert isinstance(error, InvalidRequest)
    assert "parameters.seconds" in str(error)
    assert emulator.calls == []


async def test_a_project_without_credentials_names_the_variable(
    emulator: GoogleEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project is reached with Application Default Credentials; where there are none, nothing is sent."""
    from google import auth
    from google.auth.exceptions import DefaultCredentialsError

    def nobody(*_: object, **__: object) -> None:
        raise DefaultCredentialsError("none found")  # type: ignore[no-untyped-call]  # its SDK has no types

    monkeypatch.setattr(auth, "default", nobody)
    async with running({**emulator.enterprise_env, "GOOGLE_CLOUD_PROJECT": "lighthouse"}) as google:
        error = await fails(google, request(tmp_path, VEO))
    assert type(error) is AuthenticationFailed
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(error)
    assert emulator.calls == []
