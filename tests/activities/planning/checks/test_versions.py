"""Versions of videos in a plan: what they cost, how long they may get, and what is refused before it is paid."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.planning.pricing import price
from activities.providers.protocol import Provider
from activities.providers.registry import PROVIDERS
from workflows.models import Alternative, Asset, Plan

OMNI, SEEDANCE = "gemini_omni_flash_1.1", "seedance2_5"
OWN = """
[[models]]
provider = "runway"
model = "{model}"
modality = "video"
media_type = "video/mp4"
job = true
expected_seconds = 9.0
accepts = ["image", "video"]
edit_seconds = {edit_seconds}
price = {{ rates = [{{ unit = "second", usd = "0.10" }}], source = "ours", date = "2026-11-20" }}
[models.parameters.mode]
meaning = "what is made of a video"
type = "text"
[models.parameters.seconds]
meaning = "length"
type = "number"
choices = ["4", "6", "8", "10"]
default = "4"
"""


@pytest.fixture
def providers(tmp_path: Path) -> Mapping[str, Provider]:
    """Runway with prices of our own: 0.10 USD a second."""
    own = tmp_path / "own.toml"
    edits = {OMNI: 0, SEEDANCE: 30, "magnific_video_upscaler_creative": 0}
    own.write_text("".join(OWN.format(model=model, edit_seconds=seconds) for model, seconds in edits.items()))
    env = {"RUNWAYML_API_SECRET": "k", "GREENLIGHT_CATALOGUE": str(own)}
    return {"runway": PROVIDERS["runway"].build(env), "previz": PROVIDERS["previz"].build({})}


def shot(asset_id: str = "shot-1", *needs: str, model: str = "veo3.1_fast", role: str = "shot", **more: Any) -> Asset:
    given = {"asset_type": "video", "role": role, "prompt": "The sea.", "provider": "runway", "model": model}
    return Asset.model_validate({"asset_id": asset_id, "depends_on": needs, **given, **more})


def voice(words: int) -> Asset:
    said = " ".join(["word"] * words)
    given = {"asset_type": "audio", "role": "narration", "provider": "previz", "model": "previz-narration"}
    return Asset.model_validate({"asset_id": "narration-1", "prompt": said, **given})


def priced(providers: Mapping[str, Provider], *assets: Asset) -> Plan:
    return price(Plan.of("The sea", assets), providers)


def usd(plan: Plan, asset_id: str) -> tuple[Decimal, Decimal]:
    quote = plan.by_id[asset_id].quote
    assert quote
    return quote.low_usd, quote.high_usd


@pytest.mark.parametrize(
    ("model", "role", "parameters", "low", "high"),
    [
        (OMNI, "extend", {"seconds": 6}, "0.60", "0.60"),
        (OMNI, "shot", {"mode": "extend", "seconds": 6}, "0.60", "0.60"),
        (OMNI, "shot", {"mode": "reference", "seconds": 8}, "0.80", "0.80"),
        (OMNI, "shot", {}, "0.80", "0.80"),
        (SEEDANCE, "shot", {}, "0.80", "3.00"),
        ("magnific_video_upscaler_creative", "upscale", {}, "0.80", "0.80"),
    ],
)
def test_a_version_is_priced_by_what_is_made(
    providers: Mapping[str, Provider], model: str, role: str, parameters: dict[str, Any], low: str, high: str
) -> None:
    """An extension costs the seconds that it adds, a reference its own, and a copy those of its source of 8 seconds; an
    edit that is billed at the maximum first is covered by the high price."""
    source = shot(parameters={"seconds": 8})
    plan = priced(providers, source, shot("new-1", "shot-1", model=model, role=role, parameters=parameters))
    assert usd(plan, "new-1") == (Decimal(low), Decimal(high))


def test_a_copy_of_a_narrated_shot_is_priced_for_each_length(providers: Mapping[str, Provider]) -> None:
    """A copy of a shot whose narration chooses its length costs as much as the longest one that may be chosen."""
    source = shot("shot-1", "narration-1")
    copy = shot("new-1", "shot-1", model="magnific_video_upscaler_creative", role="upscale")
    plan = priced(providers, voice(6), source, copy)
    quote = plan.by_id["shot-1"].quote
    assert quote
    assert list(quote.lengths) == [4, 6, 8]
    assert usd(plan, "new-1") == (Decimal("0.40"), Decimal("0.80"))


def test_an_extension_gets_what_its_source_leaves_of_the_narration(providers: Mapping[str, Provider]) -> None:
    """The price of an extension covers each length that the narration may choose, and no warning says that the last
    frame is held where both together hold it."""
    alone = priced(providers, voice(30), shot("shot-1", "narration-1"))
    assert any("narration-1 takes about" in each for each in alone.warnings)
    extension = shot("new-1", "shot-1", model=OMNI, role="extend")
    plan = priced(providers, voice(30), shot("shot-1", "narration-1"), extension)
    quote = plan.by_id["new-1"].quote
    assert quote
    assert list(quote.lengths) == [4, 6, 8, 10]
    assert (quote.low_usd, quote.high_usd) == (Decimal("0.40"), Decimal("1.00"))
    assert not [each for each in plan.warnings if "narration-1" in each]


@pytest.mark.parametrize(
    ("model", "role", "parameters", "message"),
    [
        ("veo3.1_fast", "extend", {}, "depends_on: veo3.1_fast takes no video"),
        ("gemini_omni_flash", "extend", {}, "role: of a video, gemini_omni_flash makes edit, and not extend"),
        (OMNI, "upscale", {}, "role: of a video, gemini_omni_flash_1.1 makes edit, extend, reference, and not upscale"),
        ("enhance_frame_rate", "upscale", {}, "role: of a video, enhance_frame_rate makes interpolate"),
        ("gemini_omni_flash", "shot", {"seconds": 5}, "parameters.seconds: gemini_omni_flash takes none for edit"),
        ("gemini_omni_flash", "shot", {"mode": "extend"}, "parameters.mode: gemini_omni_flash has no such parameter"),
        (OMNI, "extend", {"mode": "edit"}, "parameters.mode: 'edit' is not what the role extend says"),
        (OMNI, "shot", {"mode": "longer"}, "parameters.mode: 'longer' is not offered"),
        (SEEDANCE, "extend", {"resolution": "720p"}, "parameters.resolution: seedance2_5 takes none for extend"),
    ],
)
def test_what_a_model_cannot_make_of_a_video_is_refused(
    model: str, role: str, parameters: dict[str, Any], message: str
) -> None:
    """The field and the remedy are named when the plan is priced, so nothing is paid for another result."""
    runway = {"runway": PROVIDERS["runway"].build({"RUNWAYML_API_SECRET": "k"})}
    with pytest.raises(ApplicationError) as refused:
        priced(runway, shot(), shot("new-1", "shot-1", model=model, role=role, parameters=parameters))
    assert message in refused.value.message


def test_a_fallback_makes_the_same_of_a_video() -> None:
    """A fallback without the mode of an asset would replace its source where the asset does not: it is refused."""
    runway = {"runway": PROVIDERS["runway"].build({"RUNWAYML_API_SECRET": "k"})}
    guided = shot("new-1", "shot-1", model=OMNI, parameters={"mode": "reference"})
    other = Alternative(provider="runway", model="gemini_omni_flash")
    with pytest.raises(ApplicationError, match="fallbacks: gemini_omni_flash would make something else"):
        priced(runway, shot(), guided.model_copy(update={"fallbacks": (other,)}))


def test_frames_of_a_version_are_refused() -> None:
    """A video that is made from a video starts and ends as that does: `continues` and `last_frame` would be ignored."""
    runway = {"runway": PROVIDERS["runway"].build({"RUNWAYML_API_SECRET": "k"})}
    both = shot("new-1", "shot-1", model=OMNI, continues="shot-2")
    with pytest.raises(ApplicationError, match="continues: new-1 is made from the video shot-1"):
        priced(runway, shot(), shot("shot-2"), both)
