"""Texts, pictures, speech and video by Google through its unmodified SDK: requests, media and costs."""

import json
import wave
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from activities.errors import InvalidRequest, JobCancelled
from activities.media.facts import probe
from activities.providers.google.provider import Google
from activities.providers.protocol import Finished, Job, Running
from tests.activities.providers.google.support import IMAGE, OMNI, SPEECH, TEXT, cost, fails, made, request
from tests.emulators.base import Call
from tests.emulators.google import USD, GoogleEmulator, camel
from tests.emulators.specs import needs_vendor_data, recorded, violations
from workflows.models import Modality

pytestmark = [
    # google-genai 3.3's types.py warns whenever it is compiled.
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
    # Only this method makes Imagen's pictures: no image model of Gemini's is Imagen.
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
]


async def test_a_text_follows_its_instructions(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Instructions are sent as the system's, the prompt as the user's, and the cost follows from the tokens, thoughts
    included."""
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
    """A schema is sent to Google unchanged, and the response is JSON."""
    schema = {"type": "object", "properties": {"shot_count": {"type": "integer"}}, "required": ["shot_count"]}
    emulator.answer_text = lambda body: json.dumps({"shot_count": len(body["contents"])})
    finished = await made(google, request(tmp_path, TEXT, schema=schema))
    assert (finished.source, finished.media_type) == (b'{"shot_count": 1}', "application/json")
    config = emulator.submissions[0].json["generationConfig"]
    assert config["responseJsonSchema"] == schema
    assert config["responseMimeType"] == "application/json"
    assert emulator.problems == []


async def test_a_text_model_receives_pictures_video_and_sound(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """Pictures, video and sound are sent inline, in the order of the dependencies."""
    await made(google, request(tmp_path, TEXT, shown=(Modality.VIDEO, Modality.IMAGE, Modality.AUDIO)))
    parts = camel(emulator.submissions[0].json)["contents"][0]["parts"]
    assert [p["inlineData"]["mimeType"] for p in parts[:-1]] == ["video/mp4", "image/png", "audio/wav"]
    assert parts[-1] == {"text": "A lighthouse at dusk"}
    assert emulator.problems == []


async def test_inputs_that_are_too_large_are_not_sent(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Inputs above Google's inline limit are refused here, with their names, without a request."""
    error = await fails(google, request(tmp_path, TEXT, shown=(Modality.VIDEO,), size=80_000_000))
    assert isinstance(error, InvalidRequest)
    assert "input-0" in str(error)
    assert emulator.calls == []


@pytest.mark.parametrize(("aspect", "ratio"), [("16:9", "16:9"), ("4:5", "3:4"), ("21:9", "21:9")])
async def test_a_picture_has_the_nearest_ratio(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, aspect: str, ratio: str
) -> None:
    """A picture follows the brief's aspect, or the nearest supported one, and its references are sent to the model."""
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
    """Raw samples become a WAV of the rate that Google names; voice and delivery follow the request."""
    finished = await made(google, request(tmp_path, SPEECH, brief={"style": "excited"}, voice="Puck"))
    assert isinstance(finished.source, bytes)
    with wave.open(BytesIO(finished.source)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24_000, 1, 24_000)
    assert finished.media_type == "audio/wav"
    body = camel(emulator.submissions[0].json)
    voice = body["generationConfig"]["speechConfig"]["voiceConfig"]
    assert voice == {"prebuiltVoiceConfig": {"voiceName": "Puck"}}
    spoken = body["contents"][0]["parts"][0]["text"]
    assert "excited" in spoken
    assert spoken.endswith("A lighthouse at dusk")
    assert emulator.problems == []


@pytest.mark.parametrize(
    ("shown", "task"), [((), "text_to_video"), ((Modality.IMAGE,), "image_to_video")], ids=["text", "still"]
)
async def test_an_omni_video_is_a_background_job(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, shown: tuple[Modality, ...], task: str
) -> None:
    """One POST creates the job; a poll reports that it runs; the file arrives through a redirect, with one download."""
    asked = request(tmp_path, OMNI, shown=shown, seconds=6, resolution="1080p")
    job = await google.submit(asked)
    assert isinstance(job, Job)
    assert await google.poll(asked, job) == Running()
    finished = await google.poll(asked, job)
    assert isinstance(finished, Finished)
    assert callable(finished.source)
    async with finished.source() as chunks:
        video = b"".join([c async for c in chunks])
    assert probe(BytesIO(video), finished.media_type).duration_seconds == pytest.approx(6.0, abs=0.1)
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
    assert (emulator.count("submit"), emulator.count("poll"), emulator.count("download")) == (1, 2, 1)
    assert emulator.problems == []


async def test_an_omni_video_has_two_aspects(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Another aspect is refused before anything is sent, and the message names the supported ones."""
    error = await fails(google, request(tmp_path, OMNI, brief={"aspect": "1:1"}))
    assert isinstance(error, InvalidRequest)
    assert "16:9" in str(error)
    assert emulator.calls == []
    await google.submit(request(tmp_path, OMNI, brief={"aspect": "1:1"}, aspect_ratio="9:16"))
    assert emulator.submissions[0].json["response_format"]["aspect_ratio"] == "9:16"


async def test_a_job_can_be_cancelled(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A cancelled job is not made again; a cancel of a job that Google no longer has is no error."""
    asked = request(tmp_path, OMNI)
    job = await google.submit(asked)
    assert isinstance(job, Job)
    await google.cancel(job)
    with pytest.raises(JobCancelled, match="cancelled") as failure:
        await google.poll(asked, job)
    assert failure.value.billed_usd == Decimal("2.00"), "Google does not report that it cost nothing"
    await google.cancel(Job("v1_unknown"))
    assert emulator.count("cancel") == 2


@needs_vendor_data
async def test_the_emulator_responds_as_google_does(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """The emulator's responses match the types of Google's SDK, and its refusal of a key is the recorded one."""
    await made(google, request(tmp_path, IMAGE))
    job = await google.submit(request(tmp_path, OMNI))
    assert isinstance(job, Job)
    emulator.polls = 0
    image, omni = emulator.submissions
    poll = Call("GET", f"/v1/interactions/{job.id}", {}, {}, b"")
    assert violations("sdk-derived/google/generateContent.response.json", emulator.answer(image).body) == []
    assert violations("sdk-derived/google/interactions.Interaction.json", emulator.answer(omni).body) == []
    for _ in range(2):
        assert violations("sdk-derived/google/interactions.Interaction.json", emulator.answer(poll).body) == []
    refusal = emulator.authorised(replace(poll, headers={}))
    assert refusal is not None
    assert isinstance(refusal.body, dict)
    known = recorded("google/error.400.api_key_invalid")["exchanges"][0]["response"]
    assert refusal.status == known["status"]
    for field in ("code", "status", "message"):
        assert refusal.body["error"][field] == known["body"]["error"][field]
    assert refusal.body["error"]["details"][0]["reason"] == known["body"]["error"]["details"][0]["reason"]
