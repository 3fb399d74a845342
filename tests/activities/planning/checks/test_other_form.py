"""A warning where the words of a brief order another form of content than its platform."""

import pytest

from activities.planning.checks.other_form import other_form
from tests.activities.planning.structured import plan
from workflows.brief import Brief, Platform


@pytest.mark.parametrize(
    ("platform", "text", "wanted"),
    [
        ("video", "Write me a launch email and three LinkedIn posts about our app.", "copy"),
        ("video", "We need a poster for our jazz night.", "design"),
        ("video", "Schreibe einen Blogartikel über Bienen.", "copy"),
        ("video", "Please draft two tweets about the fair.", "social_post"),
        ("copy", "Make a 30 second film about our bakery.", "video"),
        ("video", "An article lies on the table. A woman reads it.", ""),
        ("video", "Create a video for our Instagram post about coffee.", ""),
        ("video", "The narrator says: “Write me a letter.”", ""),
        ("social_post", "Write a post about our video team.", ""),
        ("design", "A poster for a film festival.", ""),
    ],
)
def test_another_form(platform: Platform, text: str, wanted: str) -> None:
    """It names the form and the platform to choose; a form that is only mentioned is none."""
    found = other_form(Brief(text=text, platform=platform))
    assert [each.rpartition(" ")[2] for each in found] == [wanted] * bool(wanted)


def test_the_plan_has_the_warning() -> None:
    assert any(each.startswith("platform: the brief asks for") for each in plan("Write a press release.").warnings)
