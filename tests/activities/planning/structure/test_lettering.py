"""Text in a picture: what a description asks to show, in several languages, and where it asks for none."""

import pytest

from activities.planning.structure.lettering import asked_lettering


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('A shop front at dusk. The sign reads "OPEN ALL NIGHT".', ["OPEN ALL NIGHT"]),
        ('A poster that says "Jazz by the Sea".', ["Jazz by the Sea"]),
        ("“SALE” in red letters across the window.", ["SALE"]),
        ('Label "Nº 5" on a bottle, and a medal engraved "First".', ["Nº 5", "First"]),
        ("Ein Plakat mit dem Titel „Sommernacht“.", ["Sommernacht"]),
        ("Une affiche avec les mots « Nuit blanche ».", ["Nuit blanche"]),
        ("Un cartel que dice “Abierto”.", ["Abierto"]),
        ("看板に「営業中」と書かれた店。", ["営業中"]),
        ("招牌上写着「老茶馆」。", ["老茶馆"]),
        ("لافتة مكتوب عليها «مفتوح»", ["مفتوح"]),
        ("На вывеске «Кофе».", ["Кофе"]),
    ],
)
def test_quoted_words_are_shown(text: str, words: list[str]) -> None:
    """Words that are quoted next to a thing with text on it are lettering, word for word."""
    assert asked_lettering(text) == (tuple(words), True)


@pytest.mark.parametrize(
    "text",
    [
        "A bakery window with a hand-painted sign.",
        "The logo appears on black.",
        "No people. A neon sign flickers.",
        "Ein Laden mit einem Schild.",
        "Une boutique et son enseigne.",
        "Una tienda con un letrero.",
        "店の看板が光る。",
        "商店的招牌。",
        "가게 간판이 빛난다.",
        "Вывеска над дверью.",
    ],
)
def test_lettering_without_its_words(text: str) -> None:
    """A sign, label or logo asks for lettering, even where its words are not given."""
    assert asked_lettering(text) == ((), True)


@pytest.mark.parametrize(
    "text",
    [
        "A dog runs on the beach.",
        "A poster for a jazz night by the sea.",
        'She says "Come in, it is warm." and smiles.',
        'A night inspired by "Metropolis".',
        "A hand signals the driver.",
        "A café. No lettering.",
        "A poster without any text, only colours.",
        "Avoid text and logos.",
        "Keine Beschriftung, nur Meer.",
        "Sin texto.",
        "Sans logo ni titre.",
        "文字なしの静かな絵。",
    ],
)
def test_nothing_is_asked(text: str) -> None:
    """Prose, spoken lines, and a request for a picture without text ask for no lettering."""
    assert asked_lettering(text) == ((), False)


def test_a_design_has_its_headline() -> None:
    """In the brief of a design, the values of its labels are lettering; a post's caption is no part of its picture."""
    brief = "A poster for a concert.\nHeadline: Jazz by the sea\nCaption: Free entry"
    assert asked_lettering(brief, design=True) == (("Jazz by the sea", "Free entry"), True)
    assert asked_lettering("A quiet beach.\nCaption: Free entry", design=False).words == ()


def test_a_short_quotation_may_be_lettering_in_a_design() -> None:
    """A design with a quoted name is not refused its lettering, and a film still is."""
    assert asked_lettering('A poster for "Jazz by the Sea", 5 May.', design=True).asked
    assert not asked_lettering('A film about "Jazz by the Sea".').asked
