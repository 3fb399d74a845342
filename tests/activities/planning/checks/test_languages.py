"""Before approval, a plan reports words in another language than the brief's, and words that its voice cannot read."""

from typing import Any

import pytest

from activities.planning.checks.languages import language_warnings, with_language_warnings
from activities.planning.pricing import price
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz import japanese
from tests.activities.planning.structured import PREVIZ
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import Plan

GERMAN = "Unsere Bäckerei öffnet um fünf. Die Öfen sind warm, die Straße ist noch dunkel. Komm herein und probiere."
ENGLISH = "Our bakery opens at five. The ovens are warm, and the street is still dark. Come in and taste the bread."
JAPANESE = "灯台守が嵐の前に最後の階段を上る。海は静かに光る。"
SHOTS = (
    "Shot 1: WIDE, the harbour at dawn. VO: 「港の朝は静かに始まる。」\nShot 2: CLOSE, a rope. VO: 「今日も船が出る。」"
)


def drafted(text: str, language: str | None = None, **brief: Any) -> tuple[Plan, Brief]:
    given = {"languages": (language,)} if language else {}
    made = Brief(**{"text": text, "platform": "video", **given, **brief})
    return draft(PlanningTask.of(DraftPlan(production_id="p", brief=made), PREVIZ)), made


@pytest.mark.parametrize(
    ("text", "language", "brief", "found"),
    [
        (GERMAN, None, {}, "German (de)"),
        (GERMAN, "en", {}, "German (de)"),
        (GERMAN, "fr", {}, "German (de)"),
        (ENGLISH, "de", {}, "English (en)"),
        (SHOTS, "en", {}, "Japanese (ja)"),
        (GERMAN, None, {"platform": "copy"}, "German (de)"),
        (JAPANESE, None, {"platform": "social_post"}, "Japanese (ja)"),
        (GERMAN, None, {"modalities": ("text", "video")}, "German (de)"),
    ],
)
def test_another_language_is_reported(text: str, language: str | None, brief: dict[str, Any], found: str) -> None:
    """Narration in another language is reported, and a brief in another one than the default, each with the remedy."""
    (warning,) = language_warnings(*drafted(text, language, **brief))
    assert warning.startswith("languages: ")
    assert found in warning
    assert f"start again with the language {found[-3:-1]}" in warning


@pytest.mark.parametrize(
    ("text", "language", "brief"),
    [
        (GERMAN, "de", {}),
        (GERMAN, "de-AT", {}),
        (ENGLISH, None, {}),
        (ENGLISH, "de", {"platform": "copy"}),
        (ENGLISH, "de", {"modalities": ("text", "video")}),
        (SHOTS, "ja", {}),
        ("Nike Air Max 90, Paris, Tokyo.", None, {}),
        ("Frisk kaffe hver morgen. Kom indenfor og smag på dagens første brød.", "no", {}),
    ],
)
def test_nothing_else_is_reported(text: str, language: str | None, brief: dict[str, Any]) -> None:
    """English instructions for texts in another language, close languages and names cause no warning."""
    assert language_warnings(*drafted(text, language, **brief)) == []


def test_a_narration_in_another_language_is_named() -> None:
    """Where only some lines are in another language, the warning names their narrations."""
    text = (
        f'Shot 1: A door. VO: "{ENGLISH}"\nShot 2: An oven. VO: "{ENGLISH}"\n'
        'Shot 3: A street. VO: "Komm herein und probiere das erste Brot des Tages."\nShot 4: Night.'
    )
    warnings = language_warnings(*drafted(text, "en", duration_seconds=60))
    assert len(warnings) == 1
    assert warnings[0].startswith("languages: narration-3 reads like German (de)")


async def test_an_edited_plan_keeps_its_warnings() -> None:
    """A plan that is priced again keeps a warning of its language once, and loses it when the words are changed."""
    plan, brief = drafted(GERMAN, "en")
    warned = await with_language_warnings(plan, brief)
    edited = Plan.of("Another title", plan.assets)
    assert (await with_language_warnings(warned, brief)).warnings == warned.warnings
    assert (await with_language_warnings(edited, brief)).warnings == warned.warnings != ()
    said = (a.model_copy(update={"prompt": ENGLISH}) if a.spoken else a for a in plan.assets)
    renamed = brief.model_copy(update={"text": ENGLISH})
    assert (await with_language_warnings(Plan.of("Other words", said), renamed)).warnings == ()


def test_unread_text_is_reported_before_approval(monkeypatch: pytest.MonkeyPatch) -> None:
    """The priced plan names the narrations, the voice, the characters that it cannot read, and the remedy."""
    plan, brief = drafted(JAPANESE, "ja", duration_seconds=12)
    assert not [w for w in price(plan, PREVIZ, language=brief.language).warnings if "cannot read" in w]
    monkeypatch.setattr(japanese, "has_dictionary", lambda: False)
    (warning,) = [w for w in price(plan, PREVIZ, language=brief.language).warnings if "cannot read" in w]
    assert warning.startswith("narration-1, narration-2: the voice ja of espeak-ng (previz-narration)")
    assert "silent" in warning
    assert "captions" in warning
    assert "choose a model" in warning


def test_the_voice_decides_what_is_read() -> None:
    """A voice that is set by the parameter is checked instead of the brief's language."""
    plan, brief = drafted("Привет, мир. Доброе утро.", "ru", duration_seconds=4)
    narration = next(a for a in plan.assets if a.role == "narration")
    english = narration.model_copy(update={"parameters": {"voice": "en"}})
    problems = [PREVIZ["previz"].unreadable(asset, brief.language) for asset in (narration, english)]
    assert problems[0] is None
    assert problems[1] is not None
    assert problems[1].silent
