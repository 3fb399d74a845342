"""The Gemini Enterprise platform: Imagen, Veo and the models that both platforms serve."""

from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

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
    SubmissionUnknown,
)
from activities.media.facts import probe
from activities.providers.google.provider import Google
from activities.providers.protocol import Job
from activities.providers.selection import find_offer
from tests.activities.providers.google.support import IMAGEN, MODALITY, OMNI, TEXT, VEO, fails, made, request, running
from tests.emulators.base import Fault
from tests.emulators.google import USD, GoogleEmulator, camel
from workflows.models import Modality


async def test_enterprise_models_need_the_enterprise_platform(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """With a key of the Developer API, Imagen and Veo are listed with the variable that enables them."""
    today = date(2026, 11, 20)
    for model in (IMAGEN, VEO):
        offer = find_offer(google, model, MODALITY[model])
        assert offer is not None
        assert "GOOGLE_GENAI_USE_ENTERPRISE=true" in (problem_with(offer, today) or "")
        assert isinstance(await fails(google, request(tmp_path, model)), InvalidRequest)
    assert emulator.calls == []
    theirs = Google(emulator.enterprise_env)
    assert all(not o.unavailable for o in theirs.offers())
    retired = find_offer(theirs, "veo-3.1-generate-preview", Modality.VIDEO)
    assert retired is not None
    assert OMNI in (problem_with(retired, today) or "")


@pytest.mark.parametrize("switch", ["GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"])
async def test_the_enterprise_platform_serves_imagen_and_veo(
    emulator: GoogleEmulator, tmp_path: Path, switch: str
) -> None:
    """In Enterprise mode a picture arrives at once and a video as an operation, which is priced by the second."""
    env = {**emulator.enterprise_env, "GOOGLE_GENAI_USE_ENTERPRISE": "", switch: "1"}
    async with running(env) as google:
        picture = await made(google, request(tmp_path, IMAGEN, brief={"aspect": "4:5"}))
        assert isinstance(picture.source, bytes)
        assert probe(BytesIO(picture.source), picture.media_type).width == 96
        asked = request(tmp_path, VEO, shown=(Modality.IMAGE,), seconds=6)
        video = await made(google, asked)
        assert isinstance(video.source, bytes)
        assert probe(BytesIO(video.source), video.media_type).width == 128
        offer = find_offer(google, VEO, Modality.VIDEO)
        assert offer is not None
        assert pricing.quote(offer, asked.asset).high_usd == Decimal("2.40") == emulator.billed_usd - USD["imagen"]
    first, second = emulator.submissions
    assert first.json["parameters"]["aspectRatio"] == "3:4"
    assert camel(second.json)["instances"][0]["image"]["mimeType"] == "image/png"
    assert emulator.count("poll") == 2
    assert emulator.problems == []


async def test_the_enterprise_platform_serves_text_and_omni(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Text and Omni work in Enterprise mode; the video arrives inline, because the platform has no files."""
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
    """Filtered media are refusals; a failed operation does not report its cost, so it counts as paid."""
    emulator.meet(fault)
    async with running(emulator.enterprise_env) as google:
        error = await fails(google, request(tmp_path, model))
    assert type(error) is kind
    assert error.billed_usd == Decimal(billed)
    assert emulator.count("submit") == 1


async def test_a_stopped_operation_is_not_made_again(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A Veo operation that a person cancelled ends the take, waits for a person, and counts as paid."""
    async with running(emulator.enterprise_env) as google:
        asked = request(tmp_path, VEO)
        job = await google.submit(asked)
        assert isinstance(job, Job)
        emulator.jobs[job.id].outcome, emulator.jobs[job.id].polls = "cancelled", 0
        with pytest.raises(JobCancelled) as failure:
            await google.poll(asked, job)
    assert failure.value.billed_usd == Decimal("2.00")


async def test_veo_has_three_lengths(emulator: GoogleEmulator, tmp_path: Path) -> None:
    """A length between them is refused before anything is sent."""
    async with running(emulator.enterprise_env) as google:
        error = await fails(google, request(tmp_path, VEO, seconds=5))
    assert isinstance(error, InvalidRequest)
    assert "parameters.seconds" in str(error)
    assert emulator.calls == []


async def test_a_project_without_credentials_names_the_variable(
    emulator: GoogleEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project is reached with Application Default Credentials; without them nothing is sent."""
    from google import auth
    from google.auth.exceptions import DefaultCredentialsError

    def no_credentials(*_: object, **__: object) -> None:
        raise DefaultCredentialsError("none found")  # type: ignore[no-untyped-call]  # its SDK has no types

    monkeypatch.setattr(auth, "default", no_credentials)
    async with running({**emulator.enterprise_env, "GOOGLE_CLOUD_PROJECT": "lighthouse"}) as google:
        error = await fails(google, request(tmp_path, VEO))
    assert type(error) is AuthenticationFailed
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(error)
    assert emulator.calls == []
