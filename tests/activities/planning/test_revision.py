"""Revisions without a language model: what a rule can do is done, and the rest is named."""

import pytest

from activities.planning.pricing import price
from tests.activities.planning.structured import PREVIZ, lengths, plan, said, shots

LIST = "\n".join(
    f"Shot {k}: {seen}.\nVO: {line}."
    for k, (seen, line) in enumerate([("Sea", "One"), ("Land", "Two"), ("Sky", "Three"), ("Home", "Four")], start=1)
)
PROSE = "One boat sails. Two boats sail. Three boats sail. Four boats sail."
WHOLE = ["One.", "Two.", "Three.", "Four."]


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        *((words, ["One.", "Three.", "Four."]) for words in (
            "Drop shot 2", "Please remove the second shot.", "Leave out shot two", "delete scene 2, please")),
        *((words, ["One.", "Four."]) for words in (
            "Cut shots 2 and 3", "Delete shots 2-3.", "Remove shots 2 to 3", "without shots two and three")),
        *((words, WHOLE[:3]) for words in ("Drop the last shot", "remove shot 4", "omit the fourth shot")),
        *((words, ["One.", "Two.", "", "Four."]) for words in (
            "No narration on shot 3", "Shot 3 without voice-over, please", "Mute the third shot.",
            "Keep shot 3 silent", "Remove the voice from shot three")),
        *((words, ["Four.", "One.", "Two.", "Three."]) for words in (
            "Move shot 4 to the start", "Put the last shot first", "Place shot four before shot 1")),
        *((words, ["Two.", "Three.", "One.", "Four."]) for words in (
            "Move shot 1 to position 3", "put the first shot after shot 3", "Move shot one behind shot three")),
        *((words, ["Two.", "One.", "Three.", "Four."]) for words in (
            "Swap shots 1 and 2", "swap shot 1 with shot 2", "Swap one and two.")),
        *((words, [""] * 4) for words in ("No narration at all", "Without any voice-over", "no voice, please")),
        *((words, ["One. Two.", "Three.", "Four."]) for words in (
            "Make it three shots", "Only 3 scenes, please", "fewer shots")),
    ],
)  # fmt: skip
def test_shots_are_edited_by_rule(feedback: str, expected: list[str]) -> None:
    """In each wording, shots are dropped, moved, swapped, silenced and counted, and the other lines stay whole."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert said(made) == expected
    assert made.warnings == ()


@pytest.mark.parametrize("text", [LIST, PROSE])
@pytest.mark.parametrize(
    "feedback",
    [
        "Make it 12 seconds long",
        "12 s in total",
        "The film should be 12 seconds",
        "Drop shot 1, then 12 seconds total",
    ],
)
def test_the_length_is_changed_by_rule(text: str, feedback: str) -> None:
    """In each wording, the shots last as long together as the feedback says."""
    made = plan(text, feedback, duration_seconds=20)
    assert sum(lengths(made)) == pytest.approx(12, rel=0.01)
    assert made.warnings == ()


@pytest.mark.parametrize("text", [LIST, PROSE])
@pytest.mark.parametrize("feedback", ["Shot 2 should last 8 seconds", "Make shot 2 8 s long", "shot two: 8 seconds"])
def test_the_length_of_a_shot_is_changed_by_rule(text: str, feedback: str) -> None:
    """In each wording, the named shot gets its length, and no line is lost."""
    made = plan(text, feedback, duration_seconds=20)
    assert lengths(made)[1] == 8
    assert said(made) == said(plan(text, duration_seconds=20))


@pytest.mark.parametrize("platform", ["video", "copy"])
@pytest.mark.parametrize(
    "feedback", ["Title: First light", "Call it “First light”.", 'change the title to "First light"']
)
def test_the_title_is_changed_by_rule(platform: str, feedback: str) -> None:
    """In each wording, the plan gets the title, and nothing else of it changes."""
    made = plan(PROSE, feedback, platform=platform)
    assert made.title == "First light"
    assert made.assets == plan(PROSE, platform=platform).assets
    assert made.warnings == ()


@pytest.mark.parametrize("feedback", ["Make it six shots", "6 scenes, please", "only 6 shots"])
def test_prose_is_counted_by_rule(feedback: str) -> None:
    """Prose is distributed over the number of shots, each sentence once."""
    made = plan(PROSE, feedback, duration_seconds=24)
    assert len(shots(made)) == 6
    assert " ".join(filter(None, said(made))) == PROSE


def test_revisions_follow_each_other() -> None:
    """Each revision counts shots as they are after the one before it."""
    made = plan(LIST, "Drop shot 1", "Drop shot 1 again", "Swap shots 1 and 2", duration_seconds=20)
    assert said(made) == ["Four.", "Three."]


@pytest.mark.parametrize(
    "feedback",
    ["More fog, colder colours", "Make shot 2 warmer", "Das Meer bitte dunkler", "もっと明るく", "Is it about shot 3?"],
)
@pytest.mark.parametrize("text", [LIST, PROSE])
def test_the_rest_needs_a_language_model(text: str, feedback: str) -> None:
    """What no rule can do changes nothing, and a warning that the approver reads names it with the remedy."""
    made = plan(text, feedback, duration_seconds=20)
    assert made.assets == plan(text, duration_seconds=20).assets
    assert len(made.warnings) == 1
    assert feedback.strip("?") in made.warnings[0]
    assert "needs a language model: set a vendor's key, or edit the prompts" in made.warnings[0]


def test_a_part_is_done_and_the_rest_is_named() -> None:
    """Of a message with both, the rule's part is done, and only the rest is named."""
    made = plan(LIST, "Drop shot 2 and make the sea darker", duration_seconds=20)
    assert said(made) == ["One.", "Three.", "Four."]
    assert "“and make the sea darker”" in made.warnings[0]


@pytest.mark.parametrize(
    ("feedback", "problem"),
    [
        ("Drop shot 9", "feedback: there is no shot 9: the film has 4"),
        ("Drop shots 1 to 4", "feedback: a film needs a shot: the last one stays"),
        ("Mute shot 0", "feedback: there is no shot 0: the film has 4"),
    ],
)
def test_impossible_edits_are_named(feedback: str, problem: str) -> None:
    """An edit of a shot that does not exist changes nothing and is named."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert said(made) == WHOLE
    assert made.warnings == (problem,)


@pytest.mark.parametrize("feedback", ["1 shot", "120 shots", "1 shot of 600 seconds", "Shot 1 is 0 seconds", "0 shots"])
@pytest.mark.parametrize("text", [LIST, PROSE])
def test_extreme_numbers_give_a_priced_plan(text: str, feedback: str) -> None:
    """The limits of films hold whatever numbers the feedback has."""
    made = price(plan(text, feedback, duration_seconds=20), PREVIZ)
    assert 1 <= len(shots(made)) <= 120
    assert all(seconds > 0 for seconds in lengths(made))


DROPPED, SILENT, MOVED, SWAPPED, THREE, LAST = (
    ["One.", "Three.", "Four."],
    ["One.", "Two.", "", "Four."],
    ["Four.", "One.", "Two.", "Three."],
    ["Two.", "One.", "Three.", "Four."],
    ["One. Two.", "Three.", "Four."],
    WHOLE[:3],
)
TRANSLATED = [
    *((words, DROPPED) for words in (
        "Streiche Szene 2.", "Szene 2 bitte streichen", "Lass die zweite Einstellung weg", "Supprime le plan 2",
        "Enlève la deuxième scène, s'il te plaît", "Quita la escena 2, por favor", "Togli la scena 2",
        "Remova a cena 2, por favor", "ショット2を削除してください", "2番目のカットを外して")),
    *((words, LAST) for words in (
        "Entferne die letzte Szene", "Enlève la dernière scène", "Elimina la última escena", "Elimina l'ultima scena",
        "Tire a última cena", "最後のカットを削除")),
    *((words, SILENT) for words in (
        "Szene 3 ohne Sprecher", "Keine Stimme in Szene 3", "Sans voix off sur le plan 3", "Sin voz en la escena 3",
        "Senza voce nella scena 3", "Sem narração na cena 3", "カット3はナレーションなしで")),
    *((words, MOVED) for words in (
        "Verschiebe Szene 4 an den Anfang", "Szene 4 an den Anfang stellen", "Déplace le plan 4 au début",
        "Mueve la escena 4 al principio", "Sposta la scena 4 all'inizio", "Mova a cena 4 para o início",
        "ショット4を最初に移動")),
    *((words, SWAPPED) for words in (
        "Tausche Szene 1 und 2", "Échange les plans 1 et 2", "Intercambia las escenas 1 y 2",
        "Scambia le scene 1 e 2", "Troque as cenas 1 e 2", "ショット1とショット2を入れ替えて")),
    *((words, THREE) for words in (
        "Nur drei Szenen bitte", "Seulement trois plans", "Solo tres escenas", "Solo tre scene", "Só três cenas",
        "カットを3つにして")),
]  # fmt: skip


@pytest.mark.parametrize(("feedback", "expected"), TRANSLATED)
def test_shots_are_edited_by_rule_in_further_languages(feedback: str, expected: list[str]) -> None:
    """German, French, Spanish, Italian, Portuguese and Japanese feedback edits shots like English feedback."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert said(made) == expected
    assert made.warnings == ()


@pytest.mark.parametrize(
    "feedback",
    [
        "Mach den Film 12 Sekunden lang",
        "Le film doit durer 12 secondes",
        "12 segundos en total",
        "12 secondi in tutto",
        "12 segundos no total",
        "全体を12秒にしてください",
    ],
)
def test_the_length_is_changed_by_rule_in_further_languages(feedback: str) -> None:
    """The shots last as long together as the feedback says."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert sum(lengths(made)) == pytest.approx(12, rel=0.01)
    assert made.warnings == ()


@pytest.mark.parametrize(
    "feedback",
    [
        "Szene 2 soll 8 Sekunden dauern",
        "Le plan 2 doit durer 8 secondes",
        "La escena 2 debe durar 8 segundos",
        "La scena 2 deve durare 8 secondi",
        "A cena 2 deve durar 8 segundos",
        "ショット2を8秒にして",
    ],
)
def test_the_length_of_a_shot_is_changed_by_rule_in_further_languages(feedback: str) -> None:
    """The named shot gets its length."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert lengths(made)[1] == 8
    assert made.warnings == ()


@pytest.mark.parametrize(
    "feedback", ["Titel: Szene eins", "Titre : « Szene eins »", "Cambia el título a “Szene eins”", "Titolo: Szene eins"]
)
def test_the_title_is_not_translated(feedback: str) -> None:
    """A title keeps its words, also those that are words of edits."""
    assert plan(LIST, feedback).title == "Szene eins"


@pytest.mark.parametrize(
    "feedback",
    [
        "Don't drop shot 2",
        "Streiche Szene 2 nicht.",
        "Ne supprime pas le plan 2",
        "No quites la escena 2",
        "Non togliere la scena 2",
        "Não remova a cena 2",
        "ショット2を削除しないでください",
        "Mehr Licht in Szene 2",
        "La segunda escena es muy oscura",
        "もっと明るくして",
    ],
)
def test_what_no_rule_does_is_named(feedback: str) -> None:
    """An edit that is forbidden is not made, and other wishes are named as they were given, with the remedy."""
    made = plan(LIST, feedback, duration_seconds=20)
    assert said(made) == WHOLE
    assert feedback.rstrip(".") in made.warnings[0]
    assert "it needs a language model: set a vendor's key, or edit the prompts" in made.warnings[0]


def test_feedback_in_english_is_named_as_it_was_given() -> None:
    """What is left of English feedback keeps its words, also those that mean something in another language."""
    made = plan(LIST, "Drop shot 2 and put a plan of the house on a wall", duration_seconds=20)
    assert said(made) == DROPPED
    assert "put a plan of the house on a wall" in made.warnings[0]


def test_a_request_may_be_repeated() -> None:
    """The same request in two revisions is done, and not reported as open."""
    assert plan(LIST, "12 seconds", "12 seconds", duration_seconds=20).warnings == ()
