"""Prompts of pictures and videos: "no lettering" only where the brief asks for none."""

import pytest

from tests.activities.planning.structured import plan
from workflows.models import Modality, Plan


def visuals(made: Plan) -> list[str]:
    return [a.prompt for a in made.assets if a.asset_type in (Modality.IMAGE, Modality.VIDEO)]


@pytest.mark.parametrize("platform", ["design", "social_post", "video"])
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A bakery at dawn with a hand-painted sign above the door.", "en"),
        ("Eine Bäckerei am Morgen mit einem gemalten Schild über der Tür.", "de"),
        ("夜明けのパン屋。店の看板が光る。", "ja"),
    ],
)
def test_a_sign_is_not_refused(platform: str, text: str, language: str) -> None:
    """On every platform with pictures, a brief with a sign gets prompts that do not forbid lettering."""
    prompts = visuals(plan(text, platform=platform, language=language, duration_seconds=4))
    assert prompts
    assert [p for p in prompts if "no lettering" in p.lower()] == []


@pytest.mark.parametrize("platform", ["design", "social_post", "video"])
def test_quoted_words_are_spelled(platform: str) -> None:
    """The words that a sign has are quoted by the prompts of its pictures, and no others are allowed."""
    made = plan('A bakery at dawn. The sign reads "Warm Bread".', platform=platform, duration_seconds=4)
    assert any("ettering, spelled exactly: “Warm Bread”; no other lettering" in p for p in visuals(made))


@pytest.mark.parametrize("platform", ["design", "social_post", "video"])
def test_without_a_request_there_is_none(platform: str) -> None:
    """A brief that asks for no text, or for a picture without any, gets prompts that forbid it."""
    for text in ("A dog runs on the beach at dawn.", "A shop window at night, without any text."):
        prompts = visuals(plan(text, platform=platform, duration_seconds=4))
        assert prompts
        assert all("no lettering" in p.lower() for p in prompts)


def test_only_its_own_shots_have_lettering() -> None:
    """In a film, the sign of one shot does not allow lettering in the others."""
    made = plan("The sea at dawn. A neon sign flickers. A boat leaves the harbour. Night falls.", duration_seconds=20)
    allowed = [p for p in visuals(made) if "no lettering" not in p.lower()]
    assert allowed
    assert all("neon sign" in p for p in allowed)
