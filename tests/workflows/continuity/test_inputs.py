"""Frames of shots and versions of assets in a plan: what is refused, and what takes whose place."""

from typing import Any

import pytest

from tests.workflows.production.state.states import text
from workflows.brief import Brief, Platform
from workflows.continuity.inputs import final_version, replacements, without_versions
from workflows.cut import Cut, Transition
from workflows.models import Asset, Plan
from workflows.production.state import policies
from workflows.production.state.policies import PlanProblem
from workflows.requests import EditOp

FILM = Brief(text="x", platform=Platform.VIDEO)


def made(asset_id: str, kind: str = "video", *needs: str, role: str = "", **more: object) -> Asset:
    return text(1, *needs, asset_id=asset_id, asset_type=kind, role=role or asset_id.partition("-")[0], **more)


def test_a_shot_waits_for_the_shot_that_it_continues() -> None:
    """`continues` and `last_frame` are inputs too: the shot depends on both without naming them again."""
    shot = made("shot-2", "video", "still-2", continues="shot-1", last_frame="still-3")
    assert shot.depends_on == ("still-2", "shot-1", "still-3")
    assert made("shot-2", "video", "shot-1", continues="shot-1").depends_on == ("shot-1",)


@pytest.mark.parametrize(
    ("asset", "field"),
    [
        (made("shot-2", continues="nothing"), "shot-2.continues"),
        (made("shot-2", continues="still-1"), "shot-2.continues"),
        (made("shot-2", continues="shot-2"), "shot-2.depends_on"),
        (made("shot-2", last_frame="shot-1"), "shot-2.last_frame"),
        (made("still-2", "image", continues="shot-1"), "still-2.continues"),
        (made("still-2", "image", last_frame="still-1"), "still-2.last_frame"),
    ],
)
def test_unsound_frames_are_refused(asset: Asset, field: str) -> None:
    """A shot continues another shot and ends with a picture; anything else is refused with the field and the remedy."""
    with pytest.raises(PlanProblem) as refused:
        policies.check_plan(FILM, Plan.of("A", [made("shot-1"), made("still-1", "image"), asset]))
    assert refused.value.field == field
    assert "; " in str(refused.value)


def test_edits_set_and_remove_what_a_shot_continues() -> None:
    """An edit sets `continues` instead of the still, and an empty text removes it; a shot that is continued is not
    dropped."""
    plan = Plan.of("A", [made("shot-1"), made("still-2", "image"), made("shot-2", "video", "still-2")])
    plan = policies.apply_edits(FILM, plan, [EditOp(op="change", asset_id="shot-2", continues="shot-1")])
    assert plan.by_id["shot-2"].depends_on == ("shot-1",)
    with pytest.raises(PlanProblem, match="needed by shot-2"):
        policies.apply_edits(FILM, plan, [EditOp(op="drop", asset_id="shot-1")])
    edits = [EditOp(op="change", asset_id="shot-2", continues=""), EditOp(op="drop", asset_id="shot-1")]
    assert policies.apply_edits(FILM, plan, edits).by_id["shot-2"].depends_on == ()


def test_a_version_takes_the_place_of_its_source() -> None:
    """A video that is made from a video replaces it, as often as that; a continued shot is not replaced."""
    assets = [
        made("shot-1"),
        made("shot-2", "video", continues="shot-1"),
        made("longer", "video", "shot-2"),
        made("larger", "video", "longer"),
        made("still-1", "image"),
        made("still-2", "image", "still-1"),
        made("upscale-2", "image", "still-2"),
    ]
    found = replacements(assets)
    assert found == {"shot-2": "longer", "longer": "larger", "still-2": "upscale-2"}
    assert final_version("shot-2", found) == "larger"
    assert [a.asset_id for a in without_versions(assets)] == ["shot-1", "shot-2", "still-1", "still-2"]


def test_a_reference_is_no_source() -> None:
    """A shot that only follows another one by the mode `reference` has a place of its own; an extension by its mode has
    not, and the role counts more than the mode."""
    assets = [
        made("shot-1"),
        made("shot-2", "video", "shot-1", parameters={"mode": "reference"}),
        made("shot-3", "video", "shot-2", parameters={"mode": "extend"}),
        made("copy-1", "video", "shot-1", role="upscale", parameters={"mode": "reference"}),
    ]
    assert replacements(assets) == {"shot-2": "shot-3", "shot-1": "copy-1"}
    assert [a.asset_id for a in without_versions(assets)] == ["shot-1", "shot-2"]
    policies.check_plan(FILM, Plan.of("A", assets))


def test_an_edit_that_makes_a_second_version_is_refused() -> None:
    """A second version, by an added asset, new inputs or another mode, is refused; the source of a version is not
    dropped without it."""
    second = made("shot-3", "video", "shot-1", parameters={"mode": "reference"})
    plan = Plan.of("A", [made("shot-1"), made("extend-1", "video", "shot-1", role="extend"), made("shot-2"), second])
    for edit in (
        EditOp(op="add", asset=made("copy-1", "video", "shot-1")),
        EditOp(op="change", asset_id="shot-2", depends_on=("shot-1",)),
        EditOp(op="change", asset_id="shot-3", parameters={"mode": "edit"}),
    ):
        with pytest.raises(PlanProblem, match="takes the place of shot-1 already"):
            policies.apply_edits(FILM, plan, [edit])
    dropped = EditOp(op="drop", asset_id="shot-1")
    with pytest.raises(PlanProblem, match="needed by extend-1"):
        policies.apply_edits(FILM, plan, [dropped])
    alone = [dropped, EditOp(op="drop", asset_id="extend-1"), EditOp(op="drop", asset_id="shot-3")]
    assert [a.asset_id for a in policies.apply_edits(FILM, plan, alone).assets] == ["shot-2"]


def test_the_cut_has_the_length_of_the_extended_shot() -> None:
    """A transition may take half of a shot with its extension, and a film for a destination has that length."""
    four: dict[str, Any] = {"parameters": {"seconds": 4}}
    assets = [
        made("shot-1", **four),
        made("extend-1", "video", "shot-1", role="extend", **four),
        made("shot-2", **four),
    ]
    into = Cut(transitions={"shot-2": Transition(kind="fade", seconds=2)})
    policies.check_plan(FILM, Plan.of("A", assets, cut=into))
    assert policies.planned_seconds(FILM, Plan.of("A", assets, cut=into)) == 12
    cut = Cut(transitions={"shot-2": Transition(kind="fade", seconds=3)})
    with pytest.raises(PlanProblem, match="takes more than half of shot-2"):
        policies.check_plan(FILM, Plan.of("A", assets, cut=cut))


def test_two_versions_of_one_shot_are_refused() -> None:
    """Two copies of one shot would be shown one after the other: the second is refused with the remedy."""
    plan = Plan.of("A", [made("shot-1"), made("copy-1", "video", "shot-1"), made("copy-2", "video", "shot-1")])
    with pytest.raises(PlanProblem, match=r"copy-2.depends_on: copy-1 takes the place of shot-1 already; make it from"):
        policies.check_plan(FILM, plan)


def test_the_cut_names_shots_and_not_their_versions() -> None:
    """A transition leads into a shot; one into a copy of it is refused."""
    assets = [made("shot-1"), made("copy-1", "video", "shot-1"), made("shot-2")]
    dissolve = Transition(kind="dissolve", seconds=0.5)
    policies.check_plan(FILM, Plan.of("A", assets, cut=Cut(transitions={"shot-2": dissolve})))
    with pytest.raises(PlanProblem, match="no shot of the film"):
        policies.check_plan(FILM, Plan.of("A", assets, cut=Cut(transitions={"copy-1": dissolve})))
