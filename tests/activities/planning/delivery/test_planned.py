"""Each narration of a film has a delivery, which feedback on the plan changes without its words."""

import pytest

from activities.planning.delivery.feedback import revised
from tests.activities.planning.structured import plan, said
from workflows.models import Asset, Plan

SCREENPLAY = """INT. KITCHEN - NIGHT

Ingrid stands at the window.

INGRID
(whispering)
The lamp is still burning.

JON (V.O.)
I never left.

EXT. HARBOUR - DAY

Jon runs along the pier.

JON (shouting)
Wait for me! Please!
"""
LIST = """Shot 1 (5 s): The sea. VO (softly): The sea is calm today.
Shot 2 (5 s): A ship. VO: The ship sails home.
"""


def spoken(made: Plan) -> list[Asset]:
    return [a for a in made.assets if a.spoken]


def deliveries(made: Plan) -> list[str]:
    return [a.delivery for a in spoken(made)]


def test_directions_of_a_screenplay_are_deliveries() -> None:
    """A parenthetical, under a speaker or after the name, is how the line is said; where a speaker is, is not."""
    made = plan(SCREENPLAY)
    assert deliveries(made) == ["whispering", "", "shouting"]
    assert all("(" not in a.prompt for a in spoken(made))


@pytest.mark.parametrize(
    ("text", "language", "delivery"),
    [
        ("A lamp turns all night. The narrator whispers. Ships pass slowly in the dark.", "en", "whispers"),
        ("Die Lampe dreht sich. Der Sprecher klingt traurig und langsam. Ein Schiff.", "de", "traurig, langsam"),
        ("La lampe tourne. La voix est triste. Des navires passent au large.", "fr", "triste"),
        ("La lámpara gira. La voz es triste y lenta. Los barcos pasan.", "es", "triste, lenta"),
        ("灯台が回る。ナレーションは悲しくゆっくり。船が通り過ぎる。", "ja", "悲しく, ゆっくり"),
    ],
)  # fmt: skip
def test_the_brief_directs_the_voice(text: str, language: str, delivery: str) -> None:
    """A sentence of the brief about the voice is the delivery of all narrations, and is not spoken."""
    made = plan(text, language=language)
    assert set(deliveries(made)) == {delivery}
    assert delivery.split(",")[0] not in " ".join(said(made))


def test_style_and_punctuation_direct_the_voice() -> None:
    """Manners in the brief's style are the delivery; without any, exclamation marks make it energetic."""
    text = "Buy now! It is great! Everyone loves it!"
    assert set(deliveries(plan(text, style="warm, calm documentary"))) == {"warm, calm"}
    assert set(deliveries(plan(text))) == {"energetic"}


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        ("Sadder, slower", ["softly, sadder, slower", "sadder, slower"]),
        ("leiser", ["leiser, leiser", "leiser"]),
        ("Szene 2 leiser", ["softly", "leiser"]),
        ("make the last shot quieter", ["softly", "quieter"]),
        ("Plan 2: la voix plus triste", ["softly", "plus triste"]),
        ("最後のカットの声をもっと悲しく", ["softly", "声をもっと悲しく"]),
        ("Shot 1: whispering, shot 2: louder", ["whispering", "louder"]),
    ],
)
def test_feedback_on_a_plan_changes_deliveries(feedback: str, expected: list[str]) -> None:
    """By rule and on a plan that exists, the same lines get the same deliveries, and no word changes."""
    before = plan(LIST, duration_seconds=10)
    again = plan(LIST, feedback, duration_seconds=10)
    assert deliveries(again) == expected
    assert said(again) == said(before)
    changed = revised(before, feedback)
    assert changed
    assert deliveries(changed) == expected
    assert [a.prompt for a in changed.assets] == [a.prompt for a in before.assets]
    assert changed.digest != before.digest


@pytest.mark.parametrize("feedback", ["Drop shot 1. Sadder.", "warmer colours", "Make shot 2 warmer", "no voice"])
def test_other_feedback_plans_again(feedback: str) -> None:
    """Feedback that is not only about the voice is never done by deliveries alone."""
    assert revised(plan(LIST), feedback) is None


def test_a_later_edit_keeps_the_delivery() -> None:
    """The delivery of a shot's narration follows its shot through further feedback."""
    made = plan(LIST, "Szene 2 leiser", "Drop shot 1")
    assert (said(made), deliveries(made)) == (["The ship sails home."], ["leiser"])
