"""What a plan chooses by itself: lengths that a budget holds, a division of long narrations, copies, and a draft."""

from decimal import Decimal
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.planning.choices.drafts import with_draft
from activities.planning.choices.lengths import divided_shots, within_budget
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.protocol import Provider
from activities.providers.registry import PROVIDERS
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.continuity.drafts import finals_of, finals_price
from workflows.models import Asset, Modality, Plan

ENV = {variable: "k" for each in PROVIDERS.values() for variable in each.variables}
TEXT = "A lighthouse. The keeper climbs the stairs. Ships pass far away."
LONG = (
    " ".join(["The keeper climbs the stairs of the lighthouse and lights the lamp, as every evening,"] * 3) + " again."
)


def providers(*names: str) -> dict[str, Provider]:
    return {name: PROVIDERS[name].build(ENV) for name in (*names, "previz")}


def task(text: str = TEXT, *names: str, **brief: Any) -> PlanningTask:
    made = Brief.model_validate({"text": text, "platform": "video", "duration_seconds": 10, **brief})
    return PlanningTask.of(DraftPlan(production_id="p", brief=made), providers(*(names or ("runway",))))


def shots(plan: Plan) -> list[Asset]:
    return [a for a in plan.assets if a.role == "shot"]


def test_the_price_covers_every_length_that_a_narration_may_choose() -> None:
    """A shot waits for its narration; its price is that of its planned length up to that of the longest one."""
    planned = price(draft(task()), providers("runway"))
    first = shots(planned)[0]
    assert "narration-1" in first.depends_on
    assert first.quote is not None
    assert (first.quote.lengths[0], first.quote.lengths[-1]) == (5, 10)
    assert (first.quote.low_usd, first.quote.high_usd) == (Decimal("0.25"), Decimal("0.50"))


@pytest.mark.parametrize(("budget", "longest"), [(None, 10), ("3", 10), ("0.90", 6), ("0.50", 5)])
def test_a_budget_limits_the_lengths(budget: str | None, longest: float) -> None:
    """Where a budget does not hold every length, the shots get a limit: for the estimated narration, at least the
    planned length."""
    room = Decimal(budget) if budget else None
    asked = task()
    limited = within_budget(draft(asked), asked, room)
    planned = price(limited, providers("runway"))
    assert all(s.quote and max(s.quote.lengths) <= longest for s in shots(planned))
    assert [s.number("at_most") is None for s in shots(limited)] == [longest == 10] * 2


def test_a_long_narration_is_divided_over_shots_that_continue() -> None:
    """A narration that no length holds goes on over a second shot, which starts from the last frame of the first; the
    plan says so."""
    asked = task(f'SHOT 1 (4s): A sea.\nVO: "{LONG}"\nSHOT 2 (4s): A door.')
    planned = price(divided_shots(draft(asked), asked), providers("runway"))
    assert [(s.asset_id, s.continues) for s in shots(planned)] == [
        ("shot-1", ""),
        ("shot-1-b", "shot-1"),
        ("shot-2", ""),
    ]
    assert shots(planned)[1].depends_on == ("narration-1", "shot-1")
    assert any("shot-1 continues in shot-1-b" in w for w in planned.warnings)


@pytest.mark.parametrize(("words", "copies"), [("", 0), (" Upscale it.", 2), (" Do not upscale it.", 0)])
def test_copies_are_planned_where_the_brief_asks_for_them(words: str, copies: int) -> None:
    """A brief that asks for upscaling gets a larger copy of each shot, made from the shot alone; any other does not."""
    planned = price(draft(task(TEXT + words)), providers("runway"))
    found = [a for a in planned.assets if a.role == "upscale"]
    assert len(found) == copies
    assert [a.depends_on for a in found] == [(f"shot-{n}",) for n in range(1, copies + 1)]


def test_a_draft_is_cheaper_and_keeps_the_plan_as_its_finals() -> None:
    """Pictures are planned at a cheaper setting, and so is all that is made from them; the finals are exactly the plan
    without a draft, and both prices are known."""
    names = ("openai", "runway")
    plain = price(draft(task(TEXT, *names)), providers(*names))
    asked = task(TEXT, *names, draft=True)
    drafted = price(with_draft(draft(asked), asked), providers(*names))
    assert drafted.by_id["still-1"].parameters == {"quality": "low"}
    assert set(drafted.finals) == {"still-1", "still-2", "shot-1", "shot-2"}
    assert drafted.high_usd < plain.high_usd
    assert finals_price(drafted).high == sum(plain.by_id[i].high_usd for i in drafted.finals)
    assert [a.model_dump() for a in finals_of(drafted).assets] == [a.model_dump() for a in plain.assets]
    assert drafted.digest != plain.digest


def test_without_a_cheaper_model_the_plan_is_final() -> None:
    """Where nothing is cheaper there is no draft, and a warning says so."""
    asked = task(draft=True)
    drafted = with_draft(draft(asked), asked)
    assert drafted.finals == {}
    assert any(w.startswith("draft: no enabled model") for w in drafted.warnings)


def test_a_limit_without_a_narration_is_refused() -> None:
    """`at_most` of a shot whose length no narration chooses is refused with its field and the remedy."""
    silent = draft(task(modalities=["image", "video"]))
    wrong = [a.model_copy(update={"parameters": {"at_most": 8}}) if a.role == "shot" else a for a in silent.assets]
    with pytest.raises(ApplicationError, match=r"parameters.at_most: it limits .* leave it out"):
        price(silent.with_assets(wrong), providers("runway"))
    assert all(a.asset_type is not Modality.AUDIO for a in silent.assets)
