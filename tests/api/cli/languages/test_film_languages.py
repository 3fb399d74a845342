"""The command with films in several languages."""

import json
from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from api.views.production import PlanView, ProductionView
from tests.api.cli.command import Greenlight
from tests.support.fake_film import SpokenFilm
from tests.support.servers.serving import Api, serving


@pytest.fixture
async def api(client: Client) -> AsyncIterator[Api]:
    async with SpokenFilm().working(client), serving(client, {}) as api:
        yield api


async def plan_of(greenlight: Greenlight, production_id: str) -> PlanView:
    shown = await greenlight("show", production_id, "--json")
    plan = ProductionView.model_validate_json(shown.stdout).plan
    assert plan
    return plan


async def test_languages_are_given_shown_and_changed(greenlight: Greenlight) -> None:
    """`--language en,de` plans both, with a line and a price for each; `edit --languages` replaces German by French."""
    made = await greenlight("plan", "The boats leave.", "--language", "en,de", "--json")
    assert made.exit_code in (0, 4), made.output
    production_id = json.loads(made.stdout)["production_id"]
    plan = await plan_of(greenlight, production_id)
    assert [(s.language, s.original, s.narrations, str(s.high_usd)) for s in plan.languages] == [
        ("en", True, 2, "0.0400"), ("de", False, 2, "0.0200")
    ]  # fmt: skip
    edited = await greenlight("edit", production_id, "--languages", "en,fr", "--translations", "{fr: {A.: Un.}}")
    assert edited.exit_code == 0, edited.output
    assert "French (fr): 2 narrations, 0.00–0.02 USD" in edited.stdout
    assert "narration-1-fr" in edited.stdout
    plan = await plan_of(greenlight, production_id)
    assert plan.cut.languages == ("fr",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--language", "en,en"), "--language: 'en' is given twice; name each language once"),
        (("--language", "en,de,fr,es,it,pt,nl,pl,sv"), "--language: has too many items; give at most 8"),
        (("--language", "en,de", "--platform", "copy"), "further languages are for films"),
        (("--language", "en,German"), "--language"),
        (("--translations", "{de: {A.: B.}}"), "'de' is no further language of the brief; add it to languages"),
        (("--language", "en,de", "--translations", "{de: A}"), "--translations: de"),
    ],
)
async def test_wrong_languages_are_refused_with_the_remedy(
    greenlight: Greenlight, options: tuple[str, ...], message: str
) -> None:
    """Nothing is started, and the message names the option and the remedy."""
    refused = await greenlight("plan", "The boats leave.", *options)
    assert refused.exit_code in (1, 2)
    assert message in " ".join(refused.output.replace("│", " ").split())


async def test_translations_need_languages(greenlight: Greenlight) -> None:
    """An edit with translations alone would have no effect, so it is refused."""
    refused = await greenlight("edit", "any", "--translations", "{de: {A.: B.}}")
    assert refused.exit_code == 2
    assert "name the languages of the film too" in " ".join(refused.output.replace("│", " ").split())


async def test_a_plan_without_a_language_of_the_brief_is_not_approved_without_a_person(
    greenlight: Greenlight, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`produce --yes` leaves such a plan to a person, and names the language."""
    monkeypatch.setattr(SpokenFilm, "translates", False)
    refused = await greenlight("produce", "The boats leave.", "--language", "en,de", "--yes")
    assert refused.exit_code == 4, refused.output
    assert "the plan has no narration in de" in refused.output
