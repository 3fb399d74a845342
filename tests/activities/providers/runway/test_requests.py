"""Runway through its own SDK: the content of a request, its result, and its cost."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.catalogue import pricing
from activities.errors import InvalidRequest, ProviderUnavailable
from activities.providers.data_uri import picture_uri
from activities.providers.picture_inputs import Limits
from activities.providers.protocol import Finished, Running
from activities.providers.runway.provider import Runway
from tests.activities.providers.runway.support import STILL, provider, request
from tests.emulators.base import Fault
from tests.emulators.runway import RunwayEmulator
from tests.emulators.samples import mp3, picture, video
from tests.support.jobs import finish, read
from workflows.brief import Aspect
from workflows.models import Modality


async def test_a_shot_from_text(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A shot is requested with its length, shape and our seed; it is queued, runs, and reports its cost."""
    emulator.polls = 3
    runway, asked = provider(emulator), request(tmp_path, seconds=6.7)
    job = await runway.submit(asked)
    assert job.details == {"estimated_credits": 72}
    assert (emulator.calls[0].path, emulator.calls[0].json) == (
        "/v1/text_to_video",
        {
            "model": "gen4.5",
            "promptText": "the camera rises over a lighthouse",
            "duration": 6,
            "ratio": "1280:720",
            "seed": 77,
        },
    )
    for expected in (Running(queued=True), Running(progress=0.5)):
        seen = await runway.poll(asked, job)
        assert isinstance(seen, Running)
        assert (seen.queued, seen.progress) == (expected.queued, expected.progress)
        assert seen.poll_after is not None
        assert seen.poll_after >= timedelta(seconds=5)
    done = await runway.poll(asked, job)
    assert isinstance(done, Finished)
    assert (done.media_type, done.cost_usd) == ("video/mp4", emulator.billed_usd)
    assert await read(done) == video(6)
    assert emulator.count("submit") == 1


async def test_a_throttled_task_is_queued(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A task beyond the account's concurrency waits at the vendor; that is no failure."""
    emulator.throttled = True
    runway, asked = provider(emulator), request(tmp_path)
    seen = await runway.poll(asked, await runway.submit(asked))
    assert isinstance(seen, Running)
    assert seen.queued


@pytest.mark.parametrize("model", ["gen4_turbo", "gen4.5", "veo3.1", "veo3.1_fast"])
async def test_a_shot_from_a_still(emulator: RunwayEmulator, tmp_path: Path, model: str) -> None:
    """A shot with a picture among its inputs begins with it, at the endpoint for pictures."""
    await finish(provider(emulator), request(tmp_path, model, shown=(STILL,), seconds=5))
    assert emulator.calls[0].path == "/v1/image_to_video"
    assert emulator.calls[0].json["promptImage"].startswith("data:image/png;base64,")
    assert emulator.calls[0].json["duration"] == (4 if model.startswith("veo") else 5)


@pytest.mark.parametrize(
    ("model", "aspect", "ratio"),
    [
        ("gen4_turbo", "21:9", "1584:672"),
        ("gen4_turbo", "4:3", "1104:832"),
        ("gen4_turbo", "4:5", "832:1104"),
        ("gen4_turbo", "1:1", "960:960"),
        ("veo3.1", "9:16", "720:1280"),
        ("veo3.1", "3:4", "720:1280"),
    ],
)
async def test_the_nearest_shape(
    emulator: RunwayEmulator, tmp_path: Path, model: str, aspect: Aspect, ratio: str
) -> None:
    """The shape that is requested is the model's nearest to the brief's."""
    await provider(emulator).submit(request(tmp_path, model, aspect=aspect, shown=(STILL,)))
    assert emulator.calls[0].json["ratio"] == ratio


async def test_a_large_picture_is_scaled_down(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A picture that is too large for a data URI is sent as a JPEG that fits."""
    from PIL import Image

    noise = Image.effect_noise((1500, 1000), 120).convert("RGB")
    path = tmp_path / "noise.png"
    noise.save(path, compress_level=0)
    still = (Modality.IMAGE, "image/png", path.read_bytes())
    await provider(emulator).submit(request(tmp_path, "gen4_turbo", shown=(still,)))
    uri = emulator.calls[0].json["promptImage"]
    assert uri.startswith("data:image/jpeg;base64,")
    assert len(uri) <= 5_000_000
    tiny = await asyncio.to_thread(picture_uri, path, Limits(20_000))
    assert len(tiny) <= 20_000


async def test_veo_has_parameters_for_sound_and_size(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """Sound, the negative prompt, and 1080 lines are parameters of veo."""
    asked = request(tmp_path, "veo3.1_fast", resolution="1080p", audio=False, negative_prompt="text", seconds=8)
    await provider(emulator).submit(asked)
    body = emulator.calls[0].json
    assert (body["ratio"], body["audio"], body["negativePrompt"], body["duration"]) == ("1920:1080", False, "text", 8)


@pytest.mark.parametrize("model", ["veo3.1", "veo3.1_fast", "gen4_turbo", "gen4.5"])
async def test_priced_parameters_are_sent(emulator: RunwayEmulator, tmp_path: Path, model: str) -> None:
    """Without parameters the catalogue's length and sound are priced, so the request contains them."""
    runway = provider(emulator)
    asked = request(tmp_path, model, shown=(STILL,))
    await runway.submit(asked)
    body = emulator.calls[0].json
    offer = next(o for o in runway.offers() if o.model == model)
    assert body["duration"] == float(offer.rules["seconds"].default) == (8 if model.startswith("veo") else 5)
    assert body.get("audio") == (True if model.startswith("veo") else None)
    if not offer.unknown:
        assert pricing.quote(offer, asked.asset).high_usd == emulator.billed_usd


async def test_defaults_of_a_custom_catalogue_are_sent(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A catalogue that prices silence, six seconds and 1080 lines requests them, and the upscaler's size too."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nprovider = "runway"\nmodel = "veo3.1"\nmodality = "video"\nmedia_type = "video/mp4"\n'
        'job = true\nexpected_seconds = 60\nprice = { source = "x", date = "2026-11-20" }\n[models.parameters]\n'
        'seconds = { meaning = "x", type = "number", choices = ["4", "6", "8"], default = "6" }\n'
        'audio = { meaning = "x", type = "flag", default = "False" }\n'
        'resolution = { meaning = "x", type = "text", choices = ["720p", "1080p"], default = "1080p" }\n'
    )
    env = {"RUNWAYML_API_SECRET": emulator.key, "RUNWAYML_BASE_URL": emulator.url, "GREENLIGHT_CATALOGUE": str(own)}
    await Runway(env).submit(request(tmp_path, "veo3.1"))
    body = emulator.calls[0].json
    assert (body["duration"], body["audio"], body["ratio"]) == (6, False, "1920:1080")
    shown = ((Modality.VIDEO, "video/mp4", video()),)
    await provider(emulator).submit(request(tmp_path, "magnific_video_upscaler_creative", shown=shown))
    assert emulator.calls[1].json["resolution"] == "2k"


async def test_a_still(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A picture is made from up to three references, in the requested size."""
    asked = request(
        tmp_path, "gen4_image", modality=Modality.IMAGE, aspect="21:9", shown=(STILL,) * 4, resolution="1080p"
    )
    _, done = await finish(provider(emulator), asked)
    assert emulator.calls[0].path == "/v1/text_to_image"
    assert emulator.calls[0].json["ratio"] == "2112:912"
    assert len(emulator.calls[0].json["referenceImages"]) == 3
    assert (done.media_type, await read(done)) == ("image/png", picture())


async def test_narration(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """Speech is made with a preset voice."""
    asked = request(tmp_path, "eleven_multilingual_v2", modality=Modality.AUDIO, voice="Bernard")
    _, done = await finish(provider(emulator), asked)
    assert emulator.calls[0].json["voice"] == {"type": "runway-preset", "presetId": "Bernard"}
    assert (done.media_type, await read(done)) == ("audio/mpeg", mp3())


@pytest.mark.parametrize("large", [False, True])
async def test_upscaling(
    emulator: RunwayEmulator, tmp_path: Path, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video is sent inside the request; one that is too large for it is uploaded first, and billed no more."""
    if large:
        monkeypatch.setattr("activities.providers.runway.videos.DATA_URI_CHARS", 100)
    shown = ((Modality.VIDEO, "video/mp4", video()),)
    asked = request(tmp_path, "magnific_video_upscaler_creative", shown=shown, resolution="4k", sharpen=20)
    await finish(provider(emulator), asked)
    body = emulator.submissions[0].json
    assert (body["resolution"], body["sharpen"]) == ("4k", 20)
    if large:
        assert body["videoUri"] == "runway://1"
        assert video() in emulator.uploads[0]
    else:
        assert body["videoUri"].startswith("data:video/mp4;base64,")
    assert emulator.count("submit") == len(emulator.submissions) == 1


@pytest.mark.parametrize("faults", [("drop_before",), ("broken", "drop_before"), ("broken", "gateway")])
async def test_a_failed_upload_is_not_ambiguous(
    emulator: RunwayEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faults: tuple[Fault, ...]
) -> None:
    """An upload that breaks off, when it is requested or sent, is no ambiguous submission."""
    monkeypatch.setattr("activities.providers.runway.videos.DATA_URI_CHARS", 100)
    emulator.meet(*faults, on="other")  # "broken" has no effect on an upload: the first request passes
    shown = ((Modality.VIDEO, "video/mp4", video()),)
    with pytest.raises(ProviderUnavailable) as failure:
        await provider(emulator).submit(request(tmp_path, "magnific_video_upscaler_creative", shown=shown))
    assert type(failure.value) is ProviderUnavailable
    assert emulator.count("submit") == 0


@pytest.mark.parametrize(
    ("model", "parameters", "field"),
    [
        ("gen4_turbo", {}, "depends_on"),
        ("magnific_video_upscaler_creative", {}, "depends_on"),
        ("gen4.5", {"prompt": "😀" * 501}, "prompt: 1002 characters"),
        ("gen4.5", {"seconds": 1.5}, "parameters.seconds"),
        ("veo3.1", {"seconds": 3}, "parameters.seconds"),
    ],
)
async def test_an_impossible_request_is_refused(
    emulator: RunwayEmulator, tmp_path: Path, model: str, parameters: dict[str, Any], field: str
) -> None:
    """A request that the model cannot serve is refused here, with the field; nothing is sent."""
    with pytest.raises(InvalidRequest, match=field):
        await provider(emulator).submit(request(tmp_path, model, **parameters))
    assert emulator.calls == []


def test_the_catalogue_prices_seconds_and_sound(tmp_path: Path) -> None:
    """Video is priced by the second, veo less without sound; when sources disagree the price is unknown."""
    offers = {o.model: o for o in Runway({}).offers()}
    assert offers["gen4_turbo"].requires == {Modality.IMAGE}
    assert all(o.job for o in offers.values())

    def high(model: str, **parameters: Any) -> Decimal:
        return pricing.quote(offers[model], request(tmp_path, model, **parameters).asset).high_usd

    assert high("gen4_turbo", seconds=10) == Decimal("0.50")
    assert (high("veo3.1", seconds=8), high("veo3.1", seconds=8, audio=False)) == (Decimal("3.20"), Decimal("1.60"))
    assert high("gen4_image", resolution="1080p") == Decimal("0.08")
    assert offers["gen4.5"].unknown
