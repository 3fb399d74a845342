"""Briefs of programs as JSON, and narration whose label is within a text."""

import json

import pytest

from tests.activities.planning.structure.test_counted_shots import seen
from tests.activities.planning.structured import lengths, plan, said, shots

SHOTS = [
    {"id": 1, "seconds": 4, "picture": "A rocket on the pad"},
    {"id": 2, "seconds": 6, "picture": "Lift-off", "voiceOver": "Three, two, one.", "on_screen_text": "GO"},
]


@pytest.mark.parametrize("brief", [{"title": "Launch", "shots": SHOTS}, SHOTS], ids=["object", "array"])
def test_json_is_a_shot_list(brief: object) -> None:
    """Its records are shots with their lengths, lines and text; neither keys nor braces are seen."""
    made = plan(json.dumps(brief, indent=2))
    assert seen(made) == ["A rocket on the pad", "Lift-off"]
    assert lengths(made) == [4, 6]
    assert said(made) == ["", "Three, two, one."]
    assert "“GO”" in shots(made)[1].prompt


@pytest.mark.parametrize("text", ['{"shots": []}', '{"a": {"b": 1}}', "[1, 2]", '{"broken": ', "[" * 10_000])
def test_other_json_is_a_text(text: str) -> None:
    """JSON without records, broken or nested without end is planned as any other text."""
    assert shots(plan(text))


YAML = """\
title: Launch
music: minimal techno
shots:
  - seconds: 4
    visual: A rocket on the pad
  - seconds: 6
    visual: Lift-off
    vo: Three, two, one.
    text: "GO"
"""


@pytest.mark.parametrize("brief", [YAML, f"```yaml\n{YAML}```"], ids=["document", "fenced"])
def test_yaml_is_a_shot_list(brief: str) -> None:
    made = plan(brief)
    assert seen(made) == ["A rocket on the pad", "Lift-off"]
    assert lengths(made) == [4, 6]
    assert said(made) == ["", "Three, two, one."]
    assert "“GO”" in shots(made)[1].prompt
    assert [asset.role for asset in made.assets if asset.role == "music"] == ["music"]


def test_bullets_with_labels_are_no_records() -> None:
    """A list of fields alone has no shots."""
    made = plan("A film about tea.\n- Music: soft piano\n- Length: 12 s")
    assert not any("12" in shot.prompt for shot in shots(made))


@pytest.mark.parametrize("order", ["", "We need a short film for the gala. "])
def test_only_the_narration_is_said(order: str) -> None:
    made = plan(f"{order}Guests enter the hall. Our founder walks on. Narration: Tonight we celebrate. 20 seconds.")
    assert seen(made) == ["Guests enter the hall", "Our founder walks on"]
    assert list(filter(None, said(made))) == ["Tonight we celebrate."]


def test_a_described_narrator_and_an_end_card() -> None:
    """The description of the narrator is no picture, and a labelled end card leaves the order an order."""
    made = plan(
        "Create a film for Nordlys. It opens on a dark fjord. "
        "The narrator, a calm older man, says: “We make our own light.” End card: Nordlys – since 1974."
    )
    assert list(filter(None, said(made))) == ["We make our own light."]
    assert not any("narrator" in shot.prompt for shot in shots(made))
    assert made.cut.end_card is not None


def test_heads_without_a_mark() -> None:
    made = plan('A clip of our lamp. cut 1 dark room. cut 2 a hand touches the lamp. cut 3 the room glows. text "Lumo"')
    assert seen(made)[:2] == ["Dark room", "A hand touches the lamp"]
