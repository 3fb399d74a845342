"""Directions of the cut in shot lists: transitions and end cards are settings of the film, and no pictures."""

import pytest

from tests.activities.planning.structured import lengths, plan, shots
from workflows.cut import Transition

TRAILER = """Trailer, 20 seconds.
1. 4 s: A lighthouse in a storm. {first} VO: He kept the light.
2. 4 s: A boat on the rocks. {second}
3. 4 s: The empty tower.
Music: dark slow drums.
{last}"""


@pytest.mark.parametrize(
    ("first", "second", "last", "kind"),
    [
        ("Fade in from black.", "Dissolve.", 'End with the line "In cinemas now". Fade to black.', "dissolve"),
        ("(Fade in.)", "Wipe to the next shot.", "End card: In cinemas now\nFade out.", "wipe"),
        ("Aufblende.", "Überblendung.", "Endkarte: „In cinemas now“\nAbblende auf Schwarz.", "dissolve"),
        ("Fundido desde negro.", "Fundido a negro.", "End card: In cinemas now\nFundido a negro.", "fade"),
    ],
)
def test_directions_are_settings_of_the_cut(first: str, second: str, last: str, kind: str) -> None:
    """A fade-in, a transition to the next shot, a fade-out and an end card are followed, drawn in no picture, and the
    film keeps its length; the card has the time that the shots leave."""
    made = plan(TRAILER.format(first=first, second=second, last=last), duration_seconds=20)
    joins = {asset_id: join.kind for asset_id, join in made.cut.transitions.items()}
    assert joins == {"shot-1": "fade", "shot-3": kind}
    assert made.cut.fade_out_seconds == 1
    assert made.cut.end_card
    assert (made.cut.end_card.text, made.cut.end_card.seconds) == ("In cinemas now", 8)
    shared = 0 if kind == "fade" else 1
    assert [each.prompt.partition(". ")[0] for each in shots(made)] == [
        "A lighthouse in a storm",
        "A boat on the rocks",
        "The empty tower",
    ]
    assert sum(lengths(made)) == 12 + shared
    assert not any("In cinemas" in asset.prompt for asset in shots(made))
    assert not made.warnings


def test_shots_that_fill_the_film_have_its_end_text_in_the_last_one() -> None:
    """Without time for a card, its text is lettered into the last shot; a fade that is seen is a picture."""
    text = "1. 5 s: The sun fades in slowly over a harbour.\n2. 5 s: A bag on a counter.\nEnd card: north.example"
    made = plan(text, duration_seconds=10)
    assert (made.cut.end_card, made.cut.transitions) == (None, {})
    assert "north.example" in shots(made)[-1].prompt
    assert "The sun fades in slowly" in shots(made)[0].prompt


def test_a_dissolve_leaves_a_short_shot_seen_alone() -> None:
    """A transition takes at most half of each shot."""
    made = plan("1. 1 s: A cup. Dissolve.\n2. 4 s: A bag.\n3. 5 s: A shop.", duration_seconds=10)
    assert made.cut.transitions == {"shot-2": Transition(kind="dissolve", seconds=0.5)}
