"""The answer of a translator is taken only if every line is there, in its language, and held to the original."""

import json
from decimal import Decimal

import pytest

from activities.planning.questions.inquiry import Refused
from activities.planning.translation.held import departures, missing_names
from activities.planning.translation.memory import known_translations
from activities.planning.translation.numbers import digits_in, words_in
from activities.planning.translation.question import CHARS, LINES, Translation, parts_of
from tests.activities.planning.scripted import houses
from tests.activities.planning.translation.translator import ENGLISH, GERMAN, JAPANESE
from workflows.brief import Brief

OFFER = houses()["alpha"].offers()[0]


def question(language: str = "de", texts: tuple[str, ...] = ENGLISH) -> Translation:
    brief = Brief.model_validate({"text": "A film.", "platform": "video", "languages": ["en", language]})
    return Translation(brief, language, texts)


def lines(*texts: str) -> str:
    return json.dumps({"lines": [{"id": str(k), "text": text} for k, text in enumerate(texts, start=1)]})


def read(answer: str, language: str = "de", texts: tuple[str, ...] = ENGLISH) -> dict[str, str]:
    return question(language, texts).read(answer, OFFER, Decimal(0))


def refused(answer: str, language: str = "de", texts: tuple[str, ...] = ENGLISH) -> str:
    with pytest.raises(Refused) as caught:
        read(answer, language, texts)
    return str(caught.value)


@pytest.mark.parametrize(("language", "words"), [("de", GERMAN), ("ja", JAPANESE)])
def test_a_good_translation_is_read(language: str, words: tuple[str, ...]) -> None:
    """Every line gets its translation, whatever text surrounds the answer."""
    found = read(f"Here it is:\n```json\n{lines(*words)}\n```", language)
    assert found == dict(zip(ENGLISH, words, strict=True))


def test_a_lost_line_is_named() -> None:
    """An answer of two lines for three is refused, and the problem names the third one by its words."""
    assert "'3' is missing; translate “Read more at" in refused(lines(*GERMAN[:2]))


def test_a_line_too_many_is_refused() -> None:
    """A line that the original does not have, or has twice, is refused."""
    assert "'4' is no line of the original" in refused(lines(*GERMAN, "Und mehr."))
    twice = json.dumps({"lines": [{"id": "1", "text": each} for each in GERMAN]})
    assert "'1' is there 3 times" in refused(twice)


@pytest.mark.parametrize("answer", ["I am sorry, I cannot.", "{}", '{"lines": 7}', "", lines("", "", "")])
def test_nonsense_is_refused(answer: str) -> None:
    """An answer without lines, or with empty ones, is refused."""
    assert refused(answer)


def test_a_translation_in_another_language_is_refused() -> None:
    """The original, and another language, are no translation."""
    assert "they read like English" in refused(lines(*ENGLISH))
    french = ("À 6 heures du matin, les bateaux d'Ingrid quittent le port.", GERMAN[1], GERMAN[2])
    assert refused(lines(french[0], french[0], french[0]))
    latin = lines(*JAPANESE[:2], "Lesen Sie www.northsea.example, GreenLine")
    assert "not written in the letters of ja" in refused(latin, "ja")


@pytest.mark.parametrize(
    ("line", "words", "problem"),
    [
        (0, "Um 7 Uhr morgens verlassen die Boote von Ingrid den Hafen.", "lacks the number 6"),
        (0, "Um 6 Uhr morgens verlassen die 12 Boote von Ingrid den Hafen.", "has the number 12"),
        (1, "Fünfzig Minuten später sind die Netze im Wasser.", "says 50 where the original says 40"),
        (1, "50 Minuten später sind die Netze im Wasser.", "has the number 50"),
        (2, "Mehr über die GreenLine steht auf www.ostsee.example.", "lacks the link “www.northsea.example”"),
        (2, "Mehr über die BlueLine steht auf www.northsea.example.", "lacks the brand “GreenLine”"),
    ],
)
def test_numbers_links_and_brands_are_held(line: int, words: str, problem: str) -> None:
    """A line with another number, link or brand is refused, and the problem names it."""
    given = [*GERMAN]
    given[line] = words
    assert f"line {line + 1}: it {problem}" in refused(lines(*given))


def test_a_missing_name_is_asked_for_once_and_then_shown_to_people() -> None:
    """A name in another form is refused once; if the model repeats it, the translation is taken with a note."""
    renamed = lines(GERMAN[0].replace("Ingrid", "Kunigunde"), *GERMAN[1:])
    asking = question()
    with pytest.raises(Refused, match="lacks the name “Ingrid”"):
        asking.read(renamed, OFFER, Decimal(0))
    assert asking.notes == []
    assert len(asking.read(renamed, OFFER, Decimal(0))) == 3
    assert "has the name “Ingrid” in another form; check it" in asking.notes[0]


@pytest.mark.parametrize(
    ("text", "translation", "source", "target"),
    [
        ("It costs 1,000.50 euros.", "Es kostet 1.000,50 Euro.", "en", "de"),
        ("We meet at 7 pm.", "Wir treffen uns um 19 Uhr.", "en", "de"),
        ("Thirty thousand people came.", "3万人が来ました。", "en", "ja"),
        ("Twelve boats sail.", "12 Boote segeln.", "en", "de"),
        ("There are 12 boats at sea.", "Zwölf Boote sind auf See.", "en", "de"),
        ("In 1990 it was built.", "بني في عام ١٩٩٠.", "en", "ar"),
        ("One of the boats is red.", "Eines der Boote ist rot.", "en", "de"),
        ("She was born in Munich, near the Alps.", "Sie wurde in München bei den Alpen geboren.", "en", "de"),
        ("Der Zug fährt um 7 Uhr.", "The train leaves at 7 am.", "de", "en"),
        ("Le train de 8 h 05 part.", "The 8:05 train leaves.", "fr", "en"),
        ("Greenlight", "Greenlight", "en", "de"),
    ],
)
def test_what_another_language_writes_differently_is_accepted(
    text: str, translation: str, source: str, target: str
) -> None:
    """Separators, hours, digits of other scripts, numbers in words, and forms of names are no departures."""
    assert departures(text, translation, source, target) == []
    assert missing_names(text, translation, source, target) == []


def test_numbers_are_read_in_words_of_several_languages() -> None:
    """Numbers of two and more words, and those that are written together."""
    assert words_in("two hundred and five boats, twenty-five men", "en") == ["205", "25"]
    assert words_in("fünfundvierzig, zweihundertfünf", "de") == ["45", "205"]
    assert words_in("quatre-vingt-dix-sept et soixante et onze", "fr") == ["97", "71"]
    assert words_in("treinta y cinco, veintidós", "es") == ["35", "22"]
    assert words_in("四十分、三万五千、二つの", "ja") == ["40", "35000", "2"]
    assert digits_in("3.5万 ٤٠ 07:30") == ["35000", "40", "7", "30"]


def test_given_translations_are_found_by_text_or_by_sentence() -> None:
    """A narration is translated by its own entry, or by those of all its sentences; otherwise it is not."""
    given = {"The sea is quiet.": "Das Meer ist still.", "The boats wait": "Die Boote warten."}
    found = known_translations(["The sea is quiet. The boats wait.", "The boats  wait.", "The sea. Quiet."], given)
    assert found == {
        "The sea is quiet. The boats wait.": "Das Meer ist still. Die Boote warten.",
        "The boats  wait.": "Die Boote warten.",
    }


def test_a_long_script_is_divided() -> None:
    """No question has more lines or characters than a model answers, and no text is lost."""
    texts = [f"{k} " + "word " * 100 for k in range(90)]
    parts = parts_of(texts)
    assert [text for part in parts for text in part] == texts
    assert all(len(part) <= LINES and sum(map(len, part)) <= CHARS for part in parts)
