"""A preview shows a plan before it is paid for: the same assets by previz, without cost."""

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.providers.previz.provider import Previz
from api.client.client import GreenlightClient
from deploy.local import Stack
from tests.support.film import BRIEF
from workflows.brief import Brief, Platform
from workflows.events import ProductionStart, ProductionStatus, Snapshot
from workflows.models import Asset, Modality, Plan
from workflows.preview.plan import MODELS, PREVIZ, preview_start


def snapshot_of(plan: Plan) -> Snapshot:
    now, brief = datetime.now(UTC), Brief(text="x", platform=Platform.VIDEO)
    status = ProductionStatus.AWAITING_APPROVAL
    return Snapshot(production_id="p1", status=status, brief=brief, created_at=now, updated_at=now, plan=plan)


def test_a_vendors_plan_becomes_previz() -> None:
    """Prompts, order, dependencies and lengths are kept; vendors, their parameters and their prices are replaced."""

    def asset(asset_id: str, kind: Modality, *needs: str, **parameters: object) -> Asset:
        made = {"provider": "runway", "model": "gen4.5", "parameters": parameters, "depends_on": needs}
        return Asset.model_validate({"asset_id": asset_id, "asset_type": kind, "role": "x", "prompt": asset_id, **made})

    plan = Plan.of(
        "A film",
        [asset("still-1", Modality.IMAGE, size="1024"), asset("shot-1", Modality.VIDEO, "still-1", duration=8, seed=1)],
    )
    now = datetime.now(UTC)
    seen = snapshot_of(plan)
    start: ProductionStart = preview_start(seen, plan, now)
    assert start.carried
    assert start.carried.plan
    still, shot = start.carried.plan.assets
    assert (still.provider, still.model, still.parameters) == (PREVIZ, "previz-storyboard", {})
    assert (shot.provider, shot.parameters, shot.depends_on) == (PREVIZ, {"seconds": 8}, ("still-1",))
    assert start.carried.plan.high_usd == 0
    assert start.production_id.startswith("p1-preview-")
    long = seen.model_copy(update={"production_id": f"acme.{'x' * 94}1"})
    other = seen.model_copy(update={"production_id": f"acme.{'x' * 94}2"})
    ids = {preview_start(each, plan, now).production_id for each in (long, other)}
    assert {(len(i), i.partition(".")[0]) for i in ids} == {(100, "acme")}
    assert len(ids) == 2


def test_a_preview_has_no_versions() -> None:
    """previz reads no video: a shot is shown with the length of its extensions, and what depended on a version depends
    on the shot."""

    def video(asset_id: str, *needs: str, **more: object) -> Asset:
        made = {"asset_type": "video", "prompt": "x", "provider": "runway", "model": "gen4.5", "depends_on": needs}
        return Asset.model_validate({"asset_id": asset_id, "role": "shot", **made, **more})

    plan = Plan.of(
        "A film",
        [
            video("shot-1", parameters={"seconds": 4}),
            video("longer", "shot-1", role="extend", parameters={"seconds": 5}),
            video("larger", "longer", role="upscale"),
            video("shot-2", continues="larger", parameters={"seconds": 3}),
        ],
    )
    start = preview_start(snapshot_of(plan), plan, datetime.now(UTC))
    assert start.carried
    assert start.carried.plan
    first, second = start.carried.plan.assets
    assert (first.asset_id, first.parameters, first.depends_on) == ("shot-1", {"seconds": 9}, ())
    assert (second.asset_id, second.continues, second.depends_on) == ("shot-2", "shot-1", ("shot-1",))


@pytest.mark.parametrize(
    ("role", "parameters", "model", "kept"),
    [
        ("music", {"duration": 40, "at_seconds": 2, "steps": 8}, "previz-music", {"seconds": 40, "at_seconds": 2}),
        ("effects", {"at_seconds": 1.5}, "previz-sounds", {"at_seconds": 1.5}),
        ("ambience", {"duration": 20}, "previz-sounds", {"seconds": 20}),
        ("narration", {"duration": 20, "voice": "nova"}, "previz-narration", {}),
    ],
)
def test_sound_is_previewed_by_its_role(
    role: str, parameters: dict[str, Any], model: str, kept: dict[str, Any]
) -> None:
    """Music, effects and ambience are previewed as such, in their length and at their place; only narration is
    spoken."""
    given = {"provider": "replicate", "model": "m", "asset_type": "audio", "role": role, "prompt": "calm"}
    plan = Plan.of("t", [Asset(asset_id="a", parameters=parameters, **given)])
    made = preview_start(snapshot_of(plan), plan, datetime.now(UTC)).carried
    assert made is not None
    assert made.plan is not None
    asset = made.plan.assets[0]
    assert (asset.provider, asset.model, asset.parameters) == ("previz", model, kept)


def test_previz_offers_the_models_of_previews() -> None:
    """Each model that a preview names is in the catalogue, for its modality."""
    offers = {(o.model, o.modality) for o in Previz({}).offers()}
    assert {(model, modality) for modality, model in MODELS.items()} <= offers


def test_a_preview_needs_no_approval(local_stack: Stack) -> None:
    """The preview of a waiting plan is delivered as a film, once for each plan, and the production still waits."""
    with GreenlightClient(local_stack.info.api_url) as client:
        production_id = client.start(BRIEF).production_id
        for event in client.events(production_id):
            if event.name == "plan_ready":
                break
        started = client.preview(production_id)
        assert client.preview(production_id).production_id == started.production_id
        assert [e.name for e in client.events(started.production_id)][-1] == "done"
        shown = client.get(started.production_id)
        assert shown.deliverable
        assert {f.role for f in shown.deliverable.files} >= {"video", "captions-vtt"}
        assert shown.spent_usd == 0
        assert client.get(production_id).status is ProductionStatus.AWAITING_APPROVAL
        assert started.production_id not in {p.production_id for p in client.list()}
        client.cancel(production_id)
