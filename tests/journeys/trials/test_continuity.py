"""Shots whose lengths follow their narrations, and that continue each other, on the real stack with an emulated vendor.

The vendor speaks as long as each text says, and makes shots of the length that is requested.
"""

import base64
import io
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from api.client.client import GreenlightClient, GreenlightError
from api.views.production import PlanView
from deploy.local import running_stack
from tests.emulators import samples
from tests.emulators.base import Call, Reply
from tests.emulators.runway import RunwayEmulator, Task
from tests.journeys.vendors import soon_done
from tests.support.film import manifest_of, planned
from tests.support.stack import hermetic, new_home
from workflows.brief import Brief, Platform
from workflows.models import Asset
from workflows.requests import Approval, EditOp, PlanEdit, Regenerate

pytestmark = pytest.mark.trial

VOICE, SHOTS = "eleven_multilingual_v2", "veo3.1_fast"


class Runway(RunwayEmulator):
    """Speaks a text for as many seconds as it names, and makes videos of the requested length."""

    def __init__(self) -> None:
        super().__init__(polls=1)
        self.asked: dict[str, dict[str, object]] = {}

    def _create(self, call: Call) -> Reply:
        reply = super()._create(call)
        self.asked[next(reversed(self.tasks))] = call.json
        return reply

    def _media(self, task: Task) -> tuple[str, bytes]:
        body = self.asked[task.id]
        if task.endpoint == "text_to_speech":
            seconds = re.search(r"\d+(\.\d+)?", str(body["promptText"]))
            return "speech.mp3", samples.mp3(float(seconds[0]) if seconds else 1)
        return "shot.mp4", samples.video(float(str(body["duration"])))

    def videos(self) -> list[dict[str, object]]:
        return [body for body in self.asked.values() if "duration" in body]


@pytest.fixture(scope="module")
def vendor() -> Iterator[Runway]:
    with Runway() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def greenlight(vendor: Runway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GreenlightClient]:
    folder = tmp_path_factory.mktemp("continuity")
    (folder / "own.toml").write_text(soon_done())
    environ = hermetic(os.environ) | {
        "RUNWAYML_API_SECRET": vendor.key,
        "RUNWAYML_BASE_URL": vendor.url,
        "GREENLIGHT_CATALOGUE": str(folder / "own.toml"),
    }
    with (
        running_stack(new_home(folder / "home"), ports="free", environ=environ) as running,
        GreenlightClient(running.info.api_url) as client,
    ):
        yield client


def voice(number: int, seconds: float) -> Asset:
    made = {"asset_type": "audio", "role": "narration", "provider": "runway", "model": VOICE}
    return Asset.model_validate({"asset_id": f"voice-{number}", "prompt": f"Say it for {seconds} seconds.", **made})


def shot(number: int, **more: object) -> Asset:
    made = {"asset_type": "video", "role": "shot", "provider": "runway", "model": SHOTS}
    needs = (f"voice-{number}",)
    given = {"asset_id": f"take-{number}", "prompt": "The sea.", "depends_on": needs, **made, **more}
    return Asset.model_validate(given)


def film_of(client: GreenlightClient, *assets: Asset) -> tuple[str, PlanView]:
    """A production whose plan has exactly these assets."""
    brief = Brief(text="The sea.", platform=Platform.VIDEO, duration_seconds=8, requester="ana")
    production_id, plan = planned(client, brief)
    edits = [EditOp(op="add", asset=a) for a in assets]
    edits += [EditOp(op="drop", asset_id=a.asset_id) for a in plan.assets]
    edit = PlanEdit(plan_digest=plan.digest, edits=tuple(edits), editor="ana")
    return production_id, client.edit_plan(production_id, edit)


def last_frame(data: bytes) -> Image.Image:
    with av.open(io.BytesIO(data), "r") as container:
        *_, last = container.decode(video=0)
        picture: Image.Image = last.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
        return picture


def test_narrations_choose_the_lengths_and_shots_continue(
    greenlight: GreenlightClient, vendor: Runway, tmp_path: Path
) -> None:
    """Each shot is requested with the nearest length that holds its narration, within a budget of exactly the high
    price; the second one starts from the last frame of the first. A new narration that fits changes nothing, and one
    that does not makes its shot stale with the reason."""
    assets = [voice(1, 3.5), shot(1), voice(2, 4.6), shot(2, continues="take-1"), voice(3, 9), shot(3)]
    production_id, plan = film_of(greenlight, *assets)
    priced = {a.asset_id: a.quote for a in plan.assets if a.quote}
    assert list(priced["take-1"].lengths) == [4, 6, 8]
    assert priced["take-1"].high_usd == Decimal("1.20")
    assert priced["take-1"].low_usd == Decimal("0.60")
    greenlight.approve(production_id, Approval(plan_digest=plan.digest, approver="ana", budget_usd=plan.high_usd))
    events = list(greenlight.events(production_id))
    production = greenlight.get(production_id)
    assert production.status == "delivered", [e for e in events if e.name in ("asset_failed", "needs_attention")]
    starts = {e.asset_id: e.data.get("seconds") for e in events if e.name == "asset_start"}
    assert {i: starts[i] for i in ("take-1", "take-2", "take-3")} == {"take-1": 4, "take-2": 6, "take-3": 8}
    assert sorted(str(body["duration"]) for body in vendor.videos()) == ["4", "6", "8"]
    assert vendor.problems == []
    continued = next(body for body in vendor.videos() if "promptImage" in body)
    sent = Image.open(io.BytesIO(base64.b64decode(str(continued["promptImage"]).partition(",")[2]))).convert("RGB")
    difference = ImageStat.Stat(ImageChops.difference(sent, last_frame(samples.video(4)).convert("RGB"))).mean
    assert continued["duration"] == 6
    assert max(difference) < 3
    notes = production.deliverable.notes if production.deliverable else ()
    assert any("voice-3 is played 1.1" in note for note in notes), notes

    for number, seconds, stale in ((2, 5.5, False), (1, 5.0, True)):
        words = f"Say it for {seconds} seconds."
        greenlight.regenerate(
            production_id, Regenerate(asset_id=f"voice-{number}", prompt=words, budget_usd=Decimal(9))
        )
        list(greenlight.events(production_id))
        records = {a.asset_id: a for a in greenlight.get(production_id).assets}
        assert (records[f"take-{number}"].stale, records[f"take-{number}"].attention) == (stale, None)
    assert records["take-1"].stale_because == ("voice-1",)
    manifest = manifest_of(greenlight, production_id, tmp_path)
    assert manifest.spent_usd <= plan.high_usd + Decimal("0.05")


@pytest.mark.parametrize(
    ("asset", "message"),
    [
        (shot(1, model="gen4_turbo"), "depends_on: gen4_turbo works from image"),
        (
            shot(1, model="gen4.5", last_frame="end-1"),
            "last_frame: gen4.5 takes no",
        ),
        (shot(1, parameters={"at_most": 3}), "parameters.at_most: 3 is no length from 4 seconds on"),
        (shot(1, continues="voice-1"), "continues: 'voice-1' is no shot"),
    ],
)
def test_unusable_inputs_are_refused_before_anything_is_paid(
    greenlight: GreenlightClient, vendor: Runway, asset: Asset, message: str
) -> None:
    """An edit with an input that its model cannot use is refused with the field, and nothing is sent to the vendor."""
    before = vendor.count("submit")
    still = {"asset_id": "end-1", "asset_type": "image", "role": "still", "prompt": "The sea.", "provider": "previz"}
    with pytest.raises(GreenlightError) as refused:
        film_of(greenlight, voice(1, 2), Asset.model_validate({**still, "model": "previz-storyboard"}), asset)
    message_text = " ".join([refused.value.detail, *(f"{e.message} {e.remedy}" for e in refused.value.errors)])
    assert message in message_text
    assert vendor.count("submit") == before
