"""The profiles of destinations, and the plans that they refuse."""

import pytest
from pydantic import ValidationError

from workflows.brief import Brief, Platform
from workflows.cut import Card, Cut, Transition
from workflows.destinations.profiles import PROFILES, Rendition, problem_of
from workflows.models import Asset, Modality, Plan
from workflows.production.state.policies import PlanProblem, apply_edits, planned_seconds
from workflows.requests import EditOp

FILM = Brief(text="A lighthouse.", platform=Platform.VIDEO, duration_seconds=120)


def film(*seconds: float, cut: Cut | None = None) -> Plan:
    shots = [
        Asset(
            asset_id=f"shot-{k}", asset_type=Modality.VIDEO, role="shot", prompt="x", provider="previz", model="m",
            parameters={"seconds": length},
        )
        for k, length in enumerate(seconds, start=1)
    ]  # fmt: skip
    return Plan.of("Title", shots, cut=cut or Cut())


def edited(plan: Plan, *renditions: Rendition, **more: object) -> Plan:
    cut = plan.cut.model_copy(update={"renditions": renditions, **more})
    return apply_edits(FILM, plan, [EditOp(op="cut", cut=cut)])


@pytest.mark.parametrize(
    ("seconds", "renditions", "message"),
    [
        ((100.0, 50.0), ("x",), "x takes films of at most 140 s, and this one lasts about 150 s"),
        ((2.0,), ("instagram-reels",), "instagram-reels takes films of at least 3 s, and this one lasts about 2 s"),
        ((20.0,), ("tiktok", "9:16", "tiktok"), "tiktok is named twice"),
        ((20.0,), ("9:16", "9:16"), "9:16 is named twice"),
    ],
)
def test_a_rendition_that_the_film_cannot_meet_is_refused(
    seconds: tuple[float, ...], renditions: tuple[Rendition, ...], message: str
) -> None:
    """The field, the limit and the film's length are named, and the remedy."""
    with pytest.raises(PlanProblem, match=message) as refused:
        edited(film(*seconds), *renditions)
    assert refused.value.field == "cut.renditions"
    assert "leave" in str(refused.value) or "once" in str(refused.value)


def test_the_length_counts_cards_and_transitions() -> None:
    """An end card makes a film longer, and a dissolve shorter; without lengths of shots, the brief's counts."""
    plan = film(70, 70.5)
    with pytest.raises(PlanProblem, match="at most 140 s"):
        edited(plan, "x")
    joined = edited(plan, "x", transitions={"shot-2": Transition(kind="dissolve", seconds=1)})
    assert joined.cut.renditions == ("x",)
    with pytest.raises(PlanProblem, match=r"about 142\.5 s"):
        edited(joined, "x", end_card=Card(text="The end", seconds=3))
    unknown = Plan.of("T", [a.model_copy(update={"parameters": {}}) for a in plan.assets])
    assert planned_seconds(FILM, unknown) == 120


def test_a_film_that_becomes_too_long_for_its_destination_is_refused() -> None:
    """Another edit does not get around the limit."""
    plan = edited(film(100), "x")
    longer = EditOp(op="change", asset_id="shot-1", parameters={"seconds": 200})
    with pytest.raises(PlanProblem, match="x takes films of at most 140 s"):
        apply_edits(FILM, plan, [longer])


def test_an_unknown_destination_is_refused_with_the_known_ones() -> None:
    """A name that is neither an aspect nor a destination."""
    with pytest.raises(ValidationError, match="'tiktok'"):
        Cut.model_validate({"renditions": ["myspace"]})


def test_every_profile_is_consistent() -> None:
    """Its size has its aspect, its safe area is inside the picture, and a film of its longest length fits its file."""
    for profile in PROFILES.values():
        across, down = map(int, profile.aspect.split(":"))
        assert profile.size[0] * down == profile.size[1] * across
        assert profile.safe.left + profile.safe.right < 0.5
        assert profile.safe.top + profile.safe.bottom < 0.6
        if profile.most_seconds and profile.most_bytes:
            bits = profile.kbps(profile.most_seconds) * 1_000 + profile.sound_bps
            assert bits * profile.most_seconds / 8 < profile.most_bytes
            assert problem_of((profile.name,), profile.most_seconds) == ""
            assert problem_of((profile.name,), profile.most_seconds + 1) != ""
