"""Briefs as people jot them down: labels, times and numbers in forms that no style guide has."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.activities.planning.structure.noted.colleagues import COLLEAGUES
from tests.activities.planning.structure.noted.labels import LABELS
from tests.activities.planning.structure.noted.parts import PARTS
from tests.activities.planning.structured import lengths, plan, said, shots
from workflows.models import Plan

FOLDER = Path(__file__).parent.parent / "briefs" / "notes"

NOTED: Final = LABELS | PARTS | COLLEAGUES


def shown(made: Plan) -> list[tuple[str, int]]:
    found = [(text, k) for k, a in enumerate(shots(made), start=1) for text in re.findall("“([^”]*)”", a.prompt)]
    return [*found, *([(made.cut.end_card.text, 0)] if made.cut.end_card else [])]


@pytest.mark.parametrize("name", NOTED)
def test_notes_are_planned_as_they_are_meant(name: str) -> None:
    """Each shot says its line and shows its text, nothing else is said, and labels and remarks are in neither."""
    noted = NOTED[name]
    made = plan((FOLDER / f"{name}.txt").read_text(), language=noted.language, duration_seconds=noted.length)
    assert said(made) == list(noted.said)
    assert shown(made) == list(noted.shown)
    if noted.seconds:
        assert lengths(made) == [pytest.approx(s, abs=0.05) for s in noted.seconds]
    card = made.cut.end_card.seconds if made.cut.end_card else 0
    assert sum(lengths(made)) + card == pytest.approx(noted.length, rel=0.05)
    labels = ("[", "VO:", "SFX", "SUPER", "t=", "no voice", " s)", "/ WIDE", "Step", "CENA")
    assert not [a.prompt for a in shots(made) if any(label in a.prompt for label in labels)]
