"""Feedback on speech is read by rule: how a line is said, or what is said."""

import pytest

from activities.text.delivery.prosody import USUAL, prosody_of
from activities.text.delivery.reading import About, clauses, is_about_delivery, is_about_words, merged

ABOUT_DELIVERY = """
Sadder, slower|leiser|Say it sadder and slower.|A bit softer please|Trauriger, langsamer bitte|etwas leiser|
Plus triste, plus lentement|Parle plus doucement|Más triste y más despacio|Más bajo, por favor|Più triste, più lento|
Mais triste e mais devagar|もっと悲しく、ゆっくり|もう少し小さい声で話してください|whisper this|With a British accent|
like a tired old man|Sadder, as if she has lost her dog|less excited|Not so loud!|Make the voice deeper|
she should sound excited|Can you make it slower?|lies es langsamer vor|Die Stimme soll wärmer klingen|
Dites-le plus fort|Dilo con más energía|Fala mais baixo|mit mehr Gefühl|louder!!|Slow down|Speak up|Too fast.|
zu schnell|trop vite|demasiado rápido|troppo veloce|速すぎる|静かに、ゆっくり読んで|더 천천히|медленнее и тише|用低语
"""
ABOUT_OTHERS = """
Say "harbour" instead of "port"|Replace sea with ocean|shorter|mention the price|Hallo statt Guten Tag|
Ersetze Meer durch Ozean|Talk about the lighthouse instead|Use simpler words|The sun rises at dawn|Raccourcis la phrase|
name the product|Make it about the sea|tell them it costs 5 euros|say hello|darker|slow cooker|talk about the sad dog|
もっと短く|make it rhyme|The dog is sad|he speaks softly to the old dog|no voice|keine Stimme
"""


def _each(texts: str) -> list[str]:
    return [text.strip() for text in texts.split("|")]


@pytest.mark.parametrize("feedback", _each(ABOUT_DELIVERY))
def test_how_a_line_is_said_is_known_in_each_language(feedback: str) -> None:
    """Feedback about emotion, pace, volume, tone or accent is about the delivery alone, and changes it."""
    assert is_about_delivery(feedback)
    assert merged("", feedback)


@pytest.mark.parametrize("feedback", _each(ABOUT_OTHERS))
def test_what_is_said_is_no_delivery(feedback: str) -> None:
    """Feedback on the words, or on anything that no rule knows, is never taken for a delivery."""
    assert not is_about_delivery(feedback)
    assert merged("calm", feedback) == "calm"


@pytest.mark.parametrize(
    "feedback",
    [
        'Sadder, and say "harbour" instead of "port"',
        "Langsamer, und ersetze Meer durch Ozean",
        "もっとゆっくり、「海」を「大洋」に",
    ],
)
def test_both_are_told_apart(feedback: str) -> None:
    """In feedback with both, the clause about the delivery and the clause about the words are found."""
    assert [each.about for each in clauses(feedback)] == [About.DELIVERY, About.WORDS]
    assert not is_about_delivery(feedback)
    assert not is_about_words(feedback)


@pytest.mark.parametrize(
    ("delivery", "feedback", "expected"),
    [
        ("excited, fast", "Sadder, slower", "sadder, slower"),
        ("excited, fast", "leiser", "excited, fast, leiser"),
        ("with a British accent, fast", "slower", "with a British accent, slower"),
        ("slower", "slower", "slower, slower"),
        ("slower, slower, slower", "slower", "slower, slower, slower"),
        ("loud", "It is too loud", "less loud"),
        ("", "Please say it softly!", "softly"),
        ("“Wait …”: shouting; “Please”: whispering", "sadder", "“Wait …”: shouting; “Please”: whispering, sadder"),
        ("warm; slowly", "make it rhyme", "warm; slowly"),
        ("", "Die Stimme soll traurig klingen", "traurig klingen"),
    ],
)
def test_a_new_manner_replaces_that_of_its_axis(delivery: str, feedback: str, expected: str) -> None:
    """A new pace replaces the pace and a new mood the mood; what the feedback does not speak of stays."""
    assert merged(delivery, feedback) == expected


def test_a_delivery_becomes_numbers() -> None:
    """Pace, pitch and volume follow the delivery; more of it has a larger effect, less of it the opposite one."""
    slow, slower = prosody_of("slow"), prosody_of("slower, slower")
    assert slower.pace < slow.pace < 1 < prosody_of("schnell").pace
    assert prosody_of("leiser").volume < 100 < prosody_of("shouting").volume
    assert prosody_of("sad").pitch < 50 < prosody_of("excited").pitch
    assert prosody_of("not so loud").volume < 100
    assert prosody_of("ささやいて").whispers
    assert prosody_of("with a British accent") == USUAL
