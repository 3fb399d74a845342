"""Briefs that ask for a text with its pictures in one response, and the plans and prices of such texts."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.planning.pricing import price
from activities.planning.prompts import instructions
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.google.provider import Google
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import Plan
from workflows.production.state.policies import PlanProblem, apply_edits
from workflows.requests import EditOp

PREVIZ: dict[str, Provider] = {"previz": Previz({})}
GOOGLE: dict[str, Provider] = {"google": Google({"GOOGLE_API_KEY": "x"}), **PREVIZ}
SOUP = "An illustrated recipe for carrot soup with four pictures. Peel the carrots."


def task(text: str = SOUP, providers: dict[str, Provider] = PREVIZ, *feedback: str, **brief: Any) -> PlanningTask:
    made = Brief.model_validate({"text": text, "platform": "design", **brief})
    return PlanningTask.of(DraftPlan(production_id="p", brief=made, feedback=feedback), providers)


def models(plan: Plan) -> list[tuple[str, str, object]]:
    return [(a.role, a.model, a.parameters.get("pictures")) for a in plan.assets]


@pytest.mark.parametrize(
    ("text", "pictures"),
    [
        (SOUP, 4),
        ("A tutorial on knots, with pictures of each step.", 3),
        ("Write a story with 20 illustrations about a fox.", 8),
        ("Eine bebilderte Anleitung zum Brotbacken.", 3),
        ("Ein Artikel über Leuchttürme mit zwei Bildern.", 2),
        ("Une recette de soupe illustrée.", 3),
        ("Una receta de sopa con cuatro fotos.", 4),
    ],
)
def test_the_template_plans_one_text_with_its_pictures(text: str, pictures: int) -> None:
    """One asset takes the place of the texts and the pictures, with the number of pictures that the brief names."""
    assert models(draft(task(text))) == [("article", "previz-illustrated", pictures)]
    plan = draft(task(text, GOOGLE, allow_unknown_prices=True))
    assert models(plan) == [("article", "gemini-3-pro-image", pictures)]


@pytest.mark.parametrize(
    "text", ["A poster for a jazz night.", "An article without pictures about fog.", "Ten pictures."]
)
def test_other_briefs_are_planned_as_before(text: str) -> None:
    """A brief that does not ask for it gets separate texts and pictures, and its planner sees no such model."""
    assert "article" not in [a.role for a in draft(task(text, GOOGLE)).assets]
    assert "`pictures`" not in instructions(task(text, GOOGLE))


def test_a_planner_is_told_of_the_models() -> None:
    """Where the brief asks, the instructions of a language model name the asset, the models and the number."""
    told = instructions(task(SOUP, GOOGLE))
    assert "role `article` and a model that has the parameter `pictures`" in told
    assert "with `pictures` 4" in told
    assert "model `gemini-3-pro-image`: best for an article" in told


def test_the_price_covers_text_and_pictures() -> None:
    """The low price has one picture; the high one has as many as the limit of the response allows."""
    (asset,) = price(draft(task(SOUP, GOOGLE)), GOOGLE).assets
    assert asset.quote is not None
    assert 0.13 < float(asset.quote.low_usd) < 0.15
    assert 4 * 0.1344 + 0.049 < float(asset.quote.high_usd) < 8 * 0.1344
    assert all(f.model != "gemini-3.8-flash" for f in asset.fallbacks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameters": {"pictures": None}}, "parameters.pictures: previz-illustrated writes a text with pictures"),
        ({"parameters": {"pictures": 0}}, "parameters.pictures: 0 is not offered; choose from 1, 2"),
        ({"parameters": {"pictures": 2.5}}, "parameters.pictures: 2.5 is not offered"),
        ({"model": "previz-text"}, "parameters.pictures: previz-text makes no pictures with its text; choose"),
    ],
)
def test_an_edit_that_does_not_fit_names_the_parameter(change: dict[str, Any], message: str) -> None:
    """A model that cannot, a missing number and a wrong number are refused before anything is paid."""
    asked = task()
    edited = apply_edits(asked.brief, draft(asked), [EditOp(op="change", asset_id="article", **change)])
    with pytest.raises(ApplicationError, match=r"asset 'article'") as refused:
        price(edited, PREVIZ)
    assert message in refused.value.message


@pytest.mark.parametrize("platform", ["copy", "video"])
def test_a_production_without_a_document_of_pictures_refuses_them(platform: str) -> None:
    """A text platform makes no pictures, and a film does not show them."""
    brief = Brief.model_validate({"text": "A film.", "platform": platform})
    plan = draft(task("A film.", PREVIZ, platform=platform))
    name = plan.assets[0].asset_id
    change = EditOp(op="change", asset_id=name, model="previz-illustrated", parameters={"pictures": 2})
    with pytest.raises(PlanProblem) as refused:
        apply_edits(brief, plan, [change])
    assert refused.value.field == f"{name}.parameters.pictures"


def test_marks_reach_the_texts_that_show_references() -> None:
    """The line of a reference is in the prompt of the body, and in no headline or picture."""
    text = "A leaflet on lamps.\n\n[reference-1]\n\nThey shine."
    prompts = {a.role: a.prompt for a in draft(task(text)).assets}
    assert ("[reference-1]" in prompts["concept"], "[reference-1]" in prompts["visual"]) == (True, False)
