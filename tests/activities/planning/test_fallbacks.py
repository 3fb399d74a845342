"""The order of the planners, and the fallbacks of each asset."""

from decimal import Decimal

import pytest

from activities.planning.fallbacks import with_fallbacks
from activities.planning.language_models import models_for
from activities.planning.pricing import price
from activities.planning.questions.inquiry import joined
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from tests.activities.planning.scripted import TODAY, House, Script, film, houses, offer, planned, request
from workflows.models import Modality, Plan


@pytest.mark.parametrize(
    ("planner", "models"),
    [
        ("auto", ["wise", "quick"]),
        ("template", []),
        ("beta/quick", ["quick"]),
        ("beta/quick, nobody/x, alpha/wise", ["quick", "wise"]),
        ("gamma/hidden", ["hidden"]),
    ],
)
def test_planners_are_used_in_order(planner: str, models: list[str]) -> None:
    """The order is by rank, or as the setting names them; a model of unknown price, or without schema, is used only
    when it is named."""
    gamma = House("gamma", offer("gamma", "hidden", Modality.TEXT, None, rank=1, schema=True),
                  offer("gamma", "loose", Modality.TEXT, "1", rank=2),
                  offer("gamma", "dead", Modality.TEXT, "1", rank=2, schema=True, retires=TODAY))  # fmt: skip
    found = models_for(ActivitySettings(planner=planner), houses(gamma=gamma), TODAY)
    assert [o.model for o in found] == models


async def test_fallbacks_are_other_providers_at_known_prices() -> None:
    """Every paid asset gets the best other provider that accepts the same inputs, with the common parameters."""
    plan = await planned(Script([film()]))
    behind = {a.asset_id: [(f.provider, f.model, f.parameters) for f in a.fallbacks] for a in plan.assets}
    assert behind["script"] == [("beta", "quick", {})]
    assert behind["still-1"] == [("beta", "draw", {})]
    assert behind["shot-1"] == [("beta", "reel", {"seconds": 5})]
    assert behind["narration-1"] == []
    priced = price(plan, houses())
    assert priced.by_id["shot-1"].high_usd == Decimal("2.0000")  # of ten seconds, which its narration may choose


def test_two_fallbacks_at_most() -> None:
    """An asset has at most two fallbacks, one of each provider; an asset without cost has none."""
    ranks = {"a": 10, "b": 30, "c": 20, "d": 40}
    many = {
        name: House(name, *(offer(name, f"{name}-{k}", Modality.TEXT, "1", rank=rank + k) for k in (1, 2)))
        for name, rank in ranks.items()
    }
    providers: dict[str, Provider] = {**many, "previz": Previz({})}
    task = PlanningTask.of(request(platform="copy"), providers, TODAY)
    plan = with_fallbacks(draft(task), task)
    assert {tuple(f.model for f in a.fallbacks) for a in plan.assets} == {("c-1", "b-1")}
    assert with_fallbacks(plan, task) == plan
    free = draft(PlanningTask.of(request(platform="copy"), {"previz": Previz({})}, TODAY))
    assert with_fallbacks(free, task).assets == free.assets


def test_a_model_of_the_same_provider_is_the_last_fallback() -> None:
    """The best other model of the asset's own provider is a fallback after those of others, at no higher price."""

    def behind(own: str, **others: Provider) -> set[tuple[str, ...]]:
        offers = (offer("a", name, Modality.TEXT, usd, rank=rank) for name, usd, rank in prices)
        providers: dict[str, Provider] = {"a": House("a", *offers), **others, "previz": Previz({})}
        task = PlanningTask.of(request(platform="copy"), providers, TODAY)
        wanted = [a.model_copy(update={"provider": "a", "model": own}) for a in draft(task).assets]
        plan = with_fallbacks(Plan.of("A plan", wanted), task)
        return {tuple(f.model for f in a.fallbacks) for a in plan.assets}

    prices: tuple[tuple[str, str | None, int], ...] = (("best", "5", 1), ("good", "4", 2), ("cheap", "1", 3))
    assert behind("best") == {("good",)}
    assert behind("good") == {("cheap",)}
    assert behind("cheap") == {()}
    other = House("b", offer("b", "expensive", Modality.TEXT, "9", rank=4))
    assert behind("best", b=other) == {("expensive", "good")}
    assert behind("cheap", b=other) == {("expensive",)}
    prices = (("secret", None, 1), ("known", "4", 2), ("hidden", None, 3))
    assert behind("secret") == {("known",)}
    assert behind("known") == {()}


def test_an_unknown_price_may_be_the_fallback_of_an_unknown_one() -> None:
    """When the asset's own price is unknown, its fallback's may be too, after known ones; the plan names it all the
    same."""
    many = {n: House(n, offer(n, n, Modality.TEXT, None if n != "c" else "1", rank=r)) for r, n in enumerate("abc")}
    providers: dict[str, Provider] = {**many, "previz": Previz({})}
    task = PlanningTask.of(request(platform="copy"), providers, TODAY)
    draft_of_a = draft(task)
    own = [a.model_copy(update={"provider": "a", "model": "a", "fallbacks": ()}) for a in draft_of_a.assets]
    plan = with_fallbacks(Plan.of("A plan", own), task)
    assert {tuple(f.model for f in a.fallbacks) for a in plan.assets} == {("c", "b")}
    assert price(plan, providers).unknown_prices == tuple(a.asset_id for a in plan.assets)
    known = [a.model_copy(update={"provider": "c", "model": "c", "fallbacks": ()}) for a in draft_of_a.assets]
    plan = with_fallbacks(Plan.of("A plan", known), task)
    assert all(a.fallbacks == () for a in plan.assets)


async def test_fallbacks_stay_within_the_budget() -> None:
    """A fallback that could raise the plan above the brief's budget is left out."""
    plan = await planned(Script([film()]), request(budget_usd="2.60"))
    assert all(a.fallbacks == () for a in plan.assets if a.asset_type == "video")
    assert any(a.fallbacks for a in plan.assets)
    assert price(plan, houses()).high_usd <= Decimal("2.60") - plan.drafting_usd


def test_long_reasons_share_the_message_and_short_ones_stay_whole() -> None:
    """No model's reason is lost behind a longer one."""
    message = joined(["a/1: no", *(f"{name}/1: {'x' * 2_000}" for name in "bcd")], chars=307)
    parts = message.split("; ")
    assert [p[:5] for p in parts] == ["a/1: ", "b/1: ", "c/1: ", "d/1: "]
    assert [len(p) for p in parts] == [7, 100, 100, 100]
    assert [p[-1] for p in parts] == ["o", "…", "…", "…"]
