"""Requests to Runway that are made from a video: each model and mode with the fields that the vendor documents."""

from pathlib import Path
from typing import Any

import pytest

from activities.errors import InvalidRequest
from activities.providers.protocol import Request
from tests.activities.providers.runway.support import STILL, provider, request
from tests.emulators.runway import RunwayEmulator
from tests.emulators.samples import video
from tests.support.jobs import finish
from workflows.models import Modality

SHOT = (Modality.VIDEO, "video/mp4", video(2))
OMNI, SEEDANCE = "gemini_omni_flash_1.1", "seedance2_5"


def of_role(asked: Request, role: str) -> Request:
    return Request(**{**vars(asked), "asset": asked.asset.model_copy(update={"role": role})})


@pytest.mark.parametrize(
    ("model", "role", "parameters", "sent", "absent"),
    [
        (OMNI, "extend", {"seconds": 4}, {"mode": "extend", "duration": 4}, ("ratio", "seed")),
        (OMNI, "extend", {"seconds": 4, "resolution": "1080p"}, {"mode": "extend", "ratio": "1920:1080"}, ()),
        (OMNI, "shot", {}, {"mode": "edit"}, ("duration", "ratio")),
        (OMNI, "shot", {"mode": "reference"}, {"mode": "reference", "duration": 5, "ratio": "1280:720"}, ()),
        (SEEDANCE, "extend", {"seconds": 6}, {"mode": "extend", "duration": 6, "seed": 77}, ("ratio",)),
        (SEEDANCE, "shot", {"audio": False}, {"mode": "edit", "duration": "auto", "audio": False}, ("ratio",)),
        (SEEDANCE, "shot", {"mode": "reference", "resolution": "480p"}, {"duration": 5, "ratio": "854:480"}, ()),
        ("gemini_omni_flash", "shot", {}, {}, ("mode", "duration", "ratio", "seed")),
    ],
)
async def test_each_mode_has_the_fields_that_it_takes(
    emulator: RunwayEmulator,
    tmp_path: Path,
    model: str,
    role: str,
    parameters: dict[str, Any],
    sent: dict[str, Any],
    absent: tuple[str, ...],
) -> None:
    """The mode follows the role or the parameter; length and ratio are sent only where the mode takes them, and a
    picture beside the video is its reference."""
    asked = of_role(request(tmp_path, model, shown=(SHOT, STILL), **parameters), role)
    await finish(provider(emulator), asked)
    (call,) = emulator.submissions
    body = call.json
    assert call.path == "/v1/video_to_video"
    assert {name: body.get(name) for name in sent} == sent
    assert not body.keys() & set(absent)
    assert body["promptText"] == asked.asset.prompt
    assert len(body["references"]) == 1
    assert body["promptVideo" if model == SEEDANCE else "videoUri"].startswith("data:video/mp4;base64,")


@pytest.mark.parametrize("model", [OMNI, SEEDANCE])
async def test_a_shot_has_its_first_and_last_frame(emulator: RunwayEmulator, tmp_path: Path, model: str) -> None:
    """Without a video the same models make shots: from words, from a first frame, and between two frames."""
    asked = request(tmp_path, model, shown=(STILL, STILL), seconds=5)
    last = [asked.inputs[0], type(asked.inputs[1])(**{**vars(asked.inputs[1]), "role": "last-frame"})]
    await finish(provider(emulator), Request(**{**vars(asked), "inputs": last}))
    await finish(provider(emulator), request(tmp_path, model, seconds=5))
    frames, words = (call.json for call in emulator.submissions)
    assert [each["position"] for each in frames["promptImage"]] == ["first", "last"]
    assert ("promptImage" in words, words["duration"], words["ratio"]) == (False, 5, "1280:720")
    assert ("seed" in words) == (model == SEEDANCE)


async def test_a_large_video_is_uploaded(
    emulator: RunwayEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video that is too large for the request is uploaded, and named by the argument of its model."""
    monkeypatch.setattr("activities.providers.runway.videos.DATA_URI_CHARS", 100)
    asked = of_role(request(tmp_path, SEEDANCE, shown=(SHOT,), seconds=4), "extend")
    await finish(provider(emulator), asked)
    assert emulator.submissions[0].json["promptVideo"] == "runway://1"


async def test_an_edit_of_any_length_is_charged_what_remains(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """An edit is billed at the model's maximum; its take costs what the vendor keeps after the refund."""
    _, done = await finish(provider(emulator), request(tmp_path, SEEDANCE, shown=(SHOT,)))
    assert done.cost_usd == emulator.billed_usd
    assert emulator.prices[0] > emulator.billed_usd > 0


async def test_a_smoother_copy(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """More frames a second are made with the rate that was asked for, otherwise with the catalogue's."""
    rates: tuple[dict[str, Any], ...] = ({}, {"target_framerate": "24"})
    for given in rates:
        await finish(provider(emulator), request(tmp_path, "enhance_frame_rate", shown=(SHOT,), **given))
    assert [call.json["targetFramerate"] for call in emulator.submissions] == ["60", "24"]
    assert {call.path for call in emulator.submissions} == {"/v1/video_upscale"}


async def test_a_copy_without_a_video_is_refused(emulator: RunwayEmulator, tmp_path: Path) -> None:
    """A model that needs a video is refused without one before anything is sent."""
    with pytest.raises(InvalidRequest, match="depends_on: enhance_frame_rate requires a video"):
        await provider(emulator).submit(request(tmp_path, "enhance_frame_rate"))
    assert emulator.calls == []
