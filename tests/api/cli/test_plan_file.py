"""A plan as a file: a person's changes in it become edits, and an invalid file names the line."""

import random

import pytest

from api.cli.plan_file import PlanFileError, edits_between, to_yaml
from tests.api.cli.plans import plan_of
from workflows.brief import Brief, Platform
from workflows.models import Plan
from workflows.production.state import policies


def test_an_unchanged_plan_gives_no_edits() -> None:
    """The plan as YAML, saved unchanged, gives no edit: also with many lines in a prompt."""
    plan = plan_of(4)
    assert edits_between(plan, to_yaml(plan)) == []


@pytest.mark.parametrize("dropped_stay", [False, True])
def test_any_order_can_be_reached(dropped_stay: bool) -> None:
    """For any order, drops and additions in the file, applying the edits gives exactly that plan; also after the
    approval, when a dropped asset keeps its place."""
    brief = Brief(text="x", platform=Platform.COPY)
    chance = random.Random(7)
    for _ in range(30):
        before = plan_of(6)
        assets = [a for a in before.assets if chance.random() > 0.2] or list(before.assets[:1])
        chance.shuffle(assets)
        assets.insert(0, assets[0].model_copy(update={"asset_id": "new", "prompt": "fresh words"}))
        assets[-1] = assets[-1].model_copy(update={"parameters": {"pace": 2}})
        wanted = before.model_copy(update={"assets": tuple(assets), "title": "Other"})
        plan = Plan.model_validate(before.model_dump(include={"title", "assets", "planner"}))
        edits = edits_between(before, to_yaml(wanted), keep_dropped=dropped_stay)
        dropped = {e.asset_id for e in edits if e.op == "drop"}
        after = policies.apply_edits(brief, plan, [e for e in edits if not (dropped_stay and e.op == "drop")])
        used = [a for a in after.assets if a.asset_id not in dropped]
        assert [(a.asset_id, a.prompt.split(), a.parameters) for a in used] == [
            (a.asset_id, a.prompt.split(), a.parameters) for a in assets
        ]
        assert after.title == "Other"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("prompt:", "promt:", r"assets\.0\.prompt"),
        ("asset_type: text", "asset_type: image", "asset_type"),
        ("title:", "title: [", "YAML"),
    ],
)
def test_an_invalid_file_names_the_line(old: str, new: str, message: str) -> None:
    """An invalid plan file is refused with the field or line."""
    plan = plan_of(1)
    with pytest.raises(PlanFileError, match=message):
        edits_between(plan, to_yaml(plan).replace(old, new))


def test_a_delivery_is_edited_next_to_the_words() -> None:
    """Speech has a line for its delivery, other assets have none; a changed one is an edit of the delivery alone."""
    plan = plan_of(2)
    spoken = {"asset_type": "audio", "role": "narration", "delivery": "calm"}
    line = plan.assets[0].model_validate({**plan.assets[0].model_dump(), **spoken})
    plan = plan.model_copy(update={"assets": (line, plan.assets[1])})
    text = to_yaml(plan)
    assert text.count("delivery:") == 1
    assert edits_between(plan, text) == []
    changed, removed = (edits_between(plan, text.replace("delivery: calm", new)) for new in ("delivery: sad", ""))
    assert [e.model_dump(exclude_unset=True) for e in changed] == [
        {"op": "change", "asset_id": line.asset_id, "delivery": "sad"}
    ]
    assert [e.delivery for e in removed] == [""]
