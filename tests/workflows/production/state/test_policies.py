"""Rules without a server: plans, edits, money, staleness."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workflows.brief import PLATFORM_MODALITIES, Brief, Platform
from workflows.cut import Card, Cut, LowerThird
from workflows.models import MAX_ASSETS, Asset, Modality, Plan, Quote
from workflows.production.state import policies
from workflows.production.state.policies import PlanProblem
from workflows.requests import Approval, EditOp

FILM = Brief(text="A lighthouse.", platform=Platform.VIDEO)


def asset(asset_id: str, *needs: str, kind: Modality = Modality.TEXT, price: str = "0") -> Asset:
    quote = Quote(low_usd=Decimal(price), high_usd=Decimal(price), expected_seconds=1)
    return Asset(
        asset_id=asset_id,
        asset_type=kind,
        role="body",
        prompt=f"make {asset_id}",
        provider="previz",
        model="m",
        depends_on=needs,
        quote=quote,
    )


def plan(*assets: Asset) -> Plan:
    return Plan.of("Title", assets)


@pytest.mark.parametrize("platform", list(Platform))
def test_text_is_always_on(platform: Platform) -> None:
    """A brief has text among its modalities on every platform, even when it requests others."""
    others = [m for m in PLATFORM_MODALITIES[platform] if m is not Modality.TEXT]
    assert Brief(text="x", platform=platform, modalities=tuple(others)).modalities[0] is Modality.TEXT
    assert Brief(text="x", platform=platform, modalities=()).modalities == (Modality.TEXT,)
    assert Brief(text="x", platform=platform).modalities == PLATFORM_MODALITIES[platform]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "  "),
        ("text", "x" * 20_001),
        ("platform", "opera"),
        ("modalities", ["video"]),
        ("languages", ["klingon!"]),
        ("aspect", "5:7"),
        ("budget_usd", "-1"),
        ("budget_usd", "0.00001"),
        ("duration_seconds", 3),
        ("colour", "blue"),
    ],
)
def test_bad_briefs_are_refused(field: str, value: object) -> None:
    """A brief outside the contract is refused with the name of the field."""
    with pytest.raises(ValidationError) as refused:
        Brief.model_validate({"text": "x", "platform": "copy", field: value})
    problem = refused.value.errors()[0]
    assert field in (*problem["loc"], problem["msg"].split(": ")[-1].split(":")[0]) or field in problem["msg"]


def test_the_digest_identifies_the_plan() -> None:
    """The same plan has the same digest after a round trip; any change of text, price or order has another."""
    first = plan(asset("a", price="0.10"), asset("b"))
    assert Plan.model_validate_json(first.model_dump_json()).digest == first.digest
    assert Plan.of(first.title, first.assets).digest == first.digest
    others = [
        plan(asset("b"), asset("a", price="0.10")),
        plan(asset("a", price="0.20"), asset("b")),
        Plan.of("Another", first.assets),
    ]
    assert len({first.digest, *(p.digest for p in others)}) == 4


@pytest.mark.parametrize(
    ("assets", "field"),
    [
        ([asset("a"), asset("a")], "asset_id"),
        ([asset("deliverable")], "asset_id"),
        ([asset("a", "b")], "a.depends_on"),
        ([asset("a", "a")], "a.depends_on"),
        ([asset("a", "b"), asset("b", "c"), asset("c", "a")], "a.depends_on"),
    ],
)
def test_unsound_plans_are_refused(assets: list[Asset], field: str) -> None:
    """Duplicate ids, reserved ids, unknown and circular dependencies are refused with the field."""
    with pytest.raises(PlanProblem) as refused:
        policies.check_plan(FILM, plan(*assets))
    assert refused.value.field == field


def test_a_modality_the_brief_lacks_is_refused() -> None:
    """An edit cannot add a modality that the brief does not have."""
    copy = Brief(text="x", platform=Platform.COPY)
    with pytest.raises(PlanProblem, match="modalities"):
        policies.apply_edits(copy, plan(asset("a")), [EditOp(op="add", asset=asset("b", kind=Modality.IMAGE))])


def test_edits_apply_in_order() -> None:
    """Change, move, add, drop and title together give the plan that they describe, with new positions after each
    step."""
    edited = policies.apply_edits(
        FILM,
        plan(asset("a"), asset("b"), asset("c", "b")),
        [
            EditOp(op="change", asset_id="a", prompt="other words", parameters={"voice": "en"}),
            EditOp(op="move", asset_id="c", position=1),
            EditOp(op="add", asset=asset("d"), position=2),
            EditOp(op="change", asset_id="c", depends_on=()),
            EditOp(op="drop", asset_id="b"),
            EditOp(op="title", title="New"),
        ],
    )
    assert [(a.asset_id, a.position) for a in edited.assets] == [("c", 1), ("d", 2), ("a", 3)]
    assert edited.title == "New"
    changed = edited.find("a")
    assert changed is not None
    assert (changed.prompt, changed.parameters, changed.quote) == ("other words", {"voice": "en"}, None)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (EditOp(op="drop", asset_id="b"), "edits[0].asset_id"),
        (EditOp(op="drop", asset_id="nobody"), "edits[0].asset_id"),
        (EditOp(op="change", asset_id="a"), "edits[0]"),
        (EditOp(op="move", asset_id="a"), "edits[0].position"),
        (EditOp(op="move", asset_id="a", position=4), "edits[0].position"),
        (EditOp(op="change", asset_id="a", depends_on=("c",)), "a.depends_on"),
    ],
)
def test_impossible_edits_are_refused(edit: EditOp, field: str) -> None:
    """An edit that breaks the plan is refused with the field and the remedy."""
    with pytest.raises(PlanProblem) as refused:
        policies.apply_edits(FILM, plan(asset("a"), asset("b", "a"), asset("c", "b")), [edit])
    assert refused.value.field == field


def test_an_edit_that_adds_too_much_is_refused() -> None:
    """A plan at its limit accepts no further asset, and the refusal gives the limit."""
    full = plan(*(asset(f"a-{n}") for n in range(MAX_ASSETS)))
    with pytest.raises(PlanProblem, match="1001 assets; drop some, 1000 are the most"):
        policies.apply_edits(FILM, full, [EditOp(op="add", asset=asset("b"))])


@pytest.mark.parametrize(
    ("brief_budget", "approved", "expected"),
    [
        (None, None, "0.32"),
        (None, "0.10", "0.10"),
        ("0.20", None, "0.20"),
        ("0.20", "5", "0.20"),
        ("0.20", "0.1", "0.1"),
    ],
)
def test_the_budget_of_an_approval(brief_budget: str | None, approved: str | None, expected: str) -> None:
    """An approval allows its own budget, otherwise the brief's (never more), otherwise the plan's price above the spent
    sum."""
    brief = Brief.model_validate({"text": "x", "platform": "video", "budget_usd": brief_budget})
    priced = plan(asset("a", price="0.10"), asset("b", price="0.20"))
    approval = Approval.model_validate({"plan_digest": priced.digest, "budget_usd": approved})
    assert policies.allowance(brief, priced, approval, Decimal("0.02")) == Decimal(expected)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16))
def test_circular_dependencies_are_detected(edges: list[tuple[int, int]]) -> None:
    """A plan is refused as circular exactly when some asset can be reached from itself."""
    needs: dict[int, set[int]] = {i: {b for a, b in edges if a == i} for i in range(8)}
    reach: dict[int, set[int]] = {i: set(n) for i, n in needs.items()}
    for _ in range(8):
        reach = {i: r.union(*(reach[j] for j in r)) for i, r in reach.items()}
    circular = any(i in r for i, r in reach.items())
    built = plan(*(asset(f"a{i}", *(f"a{j}" for j in sorted(needs[i]))) for i in range(8)))
    if circular:
        with pytest.raises(PlanProblem, match="circle"):
            policies.check_plan(FILM, built)
    else:
        policies.check_plan(FILM, built)


def test_dependents_are_found_through_others() -> None:
    """The direct and indirect dependents of an asset are the assets that become stale with it."""
    built = plan(asset("a"), asset("b", "a"), asset("c", "b"), asset("d"))
    assert policies.dependents(built, "a") == ["b", "c"]
    assert policies.dependents(built, "d") == []


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (Cut(fade_out_seconds=2.1), "cut.fade_out_seconds: a fade of 2.1 s takes more than half of shot-2 (4 s)"),
        (Cut(fade_out_seconds=2.0), ""),
        (Cut(fade_out_seconds=2.0, end_card=Card(text="x", seconds=3)), "more than half of the end card (3 s)"),
        (Cut(lower_thirds=(LowerThird(text="Ada", asset_id="shot-2", at_seconds=4),)), "begins 4 s after the start of"),
        (Cut(lower_thirds=(LowerThird(text="Ada", asset_id="shot-1", at_seconds=4),)), ""),
    ],
    ids=["fade", "half", "card", "late text", "a narrated shot becomes longer"],
)
def test_the_ends_of_a_cut_are_checked(cut: Cut, problem: str) -> None:
    """A fade at the end that takes more than half of what it fades is refused, and a text that begins too late."""
    spoken = asset("voice", kind=Modality.AUDIO).model_copy(update={"role": "narration"})
    shots = [
        asset(f"shot-{k}", *needs, kind=Modality.VIDEO).model_copy(update={"parameters": {"seconds": 4}})
        for k, needs in enumerate((("voice",), ()), start=1)
    ]
    film = Plan.of("Title", [spoken, *shots], cut=cut)
    try:
        policies.check_ends(film)
        found = ""
    except PlanProblem as refused:
        found = f"{refused.field}: {refused}"
    assert problem in found
    assert bool(problem) is ("give" in found)


def test_control_characters_are_left_out() -> None:
    """Texts of people have no control characters, wherever they were copied from; a page ends as a line."""
    brief = Brief(text="Page\x00 one.\x0cPage\ttwo.\x85\n", platform=Platform.COPY, title="A\x07\x1b title")
    assert (brief.text, brief.title) == ("Page one.\nPage\ttwo.", "A title")
    assert EditOp(op="change", asset_id="a", prompt="\x02 Red\x7f").prompt == "Red"
    with pytest.raises(ValidationError, match="at least 1 character"):
        Brief(text="\x00", platform=Platform.COPY)
