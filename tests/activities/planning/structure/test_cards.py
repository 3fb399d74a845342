"""Titles, end cards and destinations that a brief asks for in its prose."""

import time

import pytest

from activities.planning.structure.deliverable.cards import Cards, asked_cards, asked_destinations, without_cards


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("A film about a lighthouse.", Cards()),
        ('A lighthouse. End with the line "Keep the light on."', Cards(end="Keep the light on.")),
        ("A lighthouse. The film closes on the words “Ardmore, since 1860”.", Cards(end="Ardmore, since 1860")),
        ("A lighthouse.\nEnd card: Keep the light on\n", Cards(end="Keep the light on")),
        ('It opens with the title "The Keeper". Then the sea.', Cards(title="The Keeper")),
        ("Ein Leuchtturm. Am Ende steht die Zeile „Das Licht bleibt an“.", Cards(end="Das Licht bleibt an")),
        ("Titelkarte: Der Wärter\nEin Leuchtturm.", Cards(title="Der Wärter")),
        (
            "A lighthouse. Title: Homeward. At dawn the sea is calm. End with: Light the way.",
            Cards(title="Homeward", end="Light the way"),
        ),
        ("Ein Leuchtturm. Titel: Heim. Endet mit: Das Licht bleibt!", Cards(title="Heim", end="Das Licht bleibt")),
        ("Un phare, a lighthouse. Termine par : La lumière reste.", Cards(end="La lumière reste")),
        ("A lighthouse. The book has the title: none of us.", Cards()),
        ('He says "the end" and closes the door.', Cards()),
        ('A sign with the words "Open" hangs there.', Cards()),
    ],
)
def test_cards(text: str, cards: Cards) -> None:
    """A card is found by its label, or by the sentence that asks for it; other quotations are none."""
    assert asked_cards(text) == cards
    rest = without_cards(text)
    assert all(card not in rest for card in cards if card)
    assert "Leuchtturm" in rest or "lighthouse" in rest or not any(cards) or "sea" in rest


@pytest.mark.parametrize(
    ("text", "seconds", "names"),
    [
        ("A film for TikTok and YouTube Shorts.", 20, ("youtube-shorts", "tiktok")),
        ("Ein Film für LinkedIn, Instagram Reels und YouTube.", 20, ("youtube", "instagram-reels", "linkedin")),
        ("A film about TikTok, and a post on YouTube that went wrong.", 20, ()),
        ("A film for our customers on the beach.", 20, ()),
        ("A film for Instagram.", 20, ("instagram-feed",)),
        ("A film for Instagram stories.", 90, ()),
    ],
)
def test_destinations(text: str, seconds: float, names: tuple[str, ...]) -> None:
    """A destination is one for which the brief asks; what it does not take is a warning."""
    found, warnings = asked_destinations(text, seconds)
    assert found == names
    assert bool(warnings) == (seconds > 60)


@pytest.mark.parametrize(
    "text", ["word " * 4_000, "end with " * 2_200, " " * 20_000, "for TikTok " + " " * 19_000 + "x"]
)
def test_long_texts_take_no_time(text: str) -> None:
    """A brief of the longest length without punctuation is read in a moment: the time is linear in its length."""
    began = time.process_time()
    assert asked_cards(text) == Cards()
    assert without_cards(text) == text.strip()
    asked_destinations(text, 20)
    assert time.process_time() - began < 5
