"""What a brief says about its film in fragments and clauses, which is neither said nor in the title."""

import pytest

from activities.planning.structure.conjunctions import divided
from activities.planning.structure.orders.tones import tones
from tests.activities.planning.structured import lengths, plan, said, shots


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("A clip for our café. Local, honest, a bit funny. 20 seconds. On Saturday we fix radios.", "honest"),
        ("Video for the town hall. Warm. No jargon. From Monday on the office opens at eight.", "jargon"),
        ("A robot barista spills coffee on a tie. Funny. 8s.", "Funny"),
        ("Школьный ролик, 20 секунд. Тёплый, без пафоса. В нашей школе учатся сто детей.", "пафоса"),
    ],
)
def test_fragments_about_the_film_are_not_said(text: str, fragment: str) -> None:
    """Fragments next to the order or the length of a film are not said, and a warning names them."""
    made = plan(text)
    spoken = " ".join(said(made))
    assert spoken
    assert fragment not in spoken
    assert any(fragment in each and "not said" in each for each in made.warnings)


def test_fragments_that_are_all_of_a_film_stay() -> None:
    """Where nothing else is said, and away from the order, fragments are the text."""
    assert not tones(["A spot for our bakery.", "Bread, butter, salt."])
    assert not tones(["A spot for tea.", "The kettle sings at five.", "Warm.", "The cat sleeps on the chair."])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("A 20 second video about our library, 30 seconds at most. Every child gets a card.", "Our library"),
        ("Three tips for your back, 30 seconds: 1. Stand up. 2. Lift with your knees.", "Three tips for your back"),
        ("Szkoła językowa, 15 sekund, pionowo. Cztery powody: cena, czas, ludzie, kawa.", "Szkoła językowa"),
        ("Vends appartement à Nantes. Vidéo de 30 secondes. Montrer le salon, la cuisine et la chambre.",
         "Vends appartement à Nantes"),
    ],
)  # fmt: skip
def test_titles_without_the_form_of_the_film(text: str, title: str) -> None:
    """The title has no length and no mark of a list, and is none of the shots."""
    made = plan(text)
    assert made.title == title
    assert not any("second" in each or "sekund" in each for each in said(made))


def test_items_of_single_words() -> None:
    """Single words after a colon are a shot each, where the sentence counts them or orders pictures."""
    assert len(shots(plan("学校紹介の動画、20秒。見せるもの：教室、図書館、体育館、給食。"))) == 4
    assert "Kawa." in said(plan("Szkoła, 15 sekund. Cztery powody: cena, czas, ludzie, kawa."))
    assert divided("a hat, a coat and a scarf") == ["a hat", "a coat", "a scarf"]


def test_the_end_of_a_silent_film_is_read() -> None:
    """A quotation at the end of a silent film, and a price or a date at any end, are cards, and not said."""
    silent = plan("No voice-over, only pictures. A lighthouse at night. A boat comes home. End: “Welcome back.”")
    assert silent.cut.end_card
    assert silent.cut.end_card.text == "Welcome back."
    assert not any(said(silent))
    assert not any(said(plan("Safety loop for the lobby, no sound at all, 15s. Use the stairs. Press the bell.")))


def test_different_lengths_are_named() -> None:
    """A brief with several lengths gets the labelled one, and a warning that names each."""
    made = plan("We need a 45-second film. Duration: 30 s. Our cheese ripens for two years. We turn each wheel.")
    assert sum(lengths(made)) == pytest.approx(30, abs=0.1)
    assert any("30 s and 45 s" in each for each in made.warnings)
