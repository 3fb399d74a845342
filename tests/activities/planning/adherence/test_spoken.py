"""Spoken forms: numbers, units and symbols may be spelled out in the brief's language, and not changed."""

from difflib import SequenceMatcher

import pytest

from activities.planning.adherence.spoken import quotes, says, words_of

SAME = [
    ("en", "6 shops", "six shops"),
    ("en", "at 7:10", "at seven ten"),
    ("en", "€4.50", "four euros fifty"),
    ("en", "4.50 €", "4 euros 50"),
    ("en", "5 km", "five kilometres"),
    ("en", "750,000", "seven hundred and fifty thousand"),
    ("en", "24/7", "twenty-four seven"),
    ("en", "3 × 5", "three times five"),
    ("en", "v2.0", "v two point oh"),
    ("en", "2026", "twenty twenty-six"),
    ("en", "1905", "nineteen oh five"),
    ("en", "the 2nd", "the second"),
    ("en", "0113 496", "zero one one three four nine six"),
    ("en", "100 years", "a hundred years"),
    ("en", "7–15", "seven to fifteen"),
    ("en", "R&D and sales", "R and D and sales"),
    ("de", "90 %", "neunzig Prozent"),
    ("de", "1.299,00 €", "eintausendzweihundertneunundneunzig Euro"),
    ("de", "am 3. Mai", "am dritten Mai"),
    ("fr", "1 299,00 €", "mille deux cent quatre-vingt-dix-neuf euros"),
    ("fr", "20 h 30", "vingt heures trente"),
    ("es", "20 % por noche", "veinte por ciento por noche"),
    ("it", "3,50 €", "tre euro cinquanta"),
    ("pt-BR", "180 °C", "cento e oitenta graus"),
    ("ru", "32 велосипеда", "тридцать два велосипеда"),
    ("ru", "45 ₽", "сорок пять рублей"),
    ("hi", "₹15", "पंद्रह रुपये"),
    ("ja", "12月", "十二月"),
    ("zh", "90%", "百分之九十"),
    ("ko", "3분", "삼분"),
    ("ar", "٦ أكواب", "ستة أكواب"),
    ("hi", "6 कप", "छह कप"),
    ("he", "6:00", "שש"),
]
OTHER = [
    ("en", "6 shops", "seven shops"),
    ("en", "6 shops", "7 shops"),
    ("en", "in 6", "in six days"),
    ("en", "at 7:10", "at seven oh one"),
    ("en", "$6", "six euros"),
    ("en", "5 km", "five miles"),
    ("en", "90 %", "ninety"),
    ("en", "30", "thirteen"),
    ("en", "1 299", "12 99"),
    ("en", "4.50", "45.0"),
    ("en", "3 × 5", "three plus five"),
    ("de", "90 %", "neunzehn Prozent"),
    ("de", "21 Tage", "zwölf Tage"),
    ("fr", "6 heures", "sept heures"),
    ("es", "60", "setenta"),
    ("ja", "6月", "七月"),
    ("ar", "٦ أكواب", "سبعة أكواب"),
    ("hi", "6 कप", "सात कप"),
    ("ru", "32 велосипеда", "двадцать три велосипеда"),
    ("ru", "45 ₽", "сорок пять евро"),
    ("hi", "₹15", "पंद्रह"),
    ("xx", "6", "six hundred"),
]


def keeps(language: str, written: str, spoken: str) -> bool:
    ours, theirs = words_of(written), words_of(spoken)
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    return all(tag == "equal" or says(ours[i:j], theirs[m:n], language) for tag, i, j, m, n in blocks)


@pytest.mark.parametrize(("language", "written", "spoken"), SAME)
def test_a_number_may_be_spelled_out(language: str, written: str, spoken: str) -> None:
    """The words for a number, time, price, unit or code of the brief say the same, in each language."""
    assert keeps(language, written, spoken)


@pytest.mark.parametrize(("language", "written", "spoken"), OTHER)
def test_another_number_is_not_the_same(language: str, written: str, spoken: str) -> None:
    """The words for another number, unit or currency, and further words, are a departure."""
    assert not keeps(language, written, spoken)


@pytest.mark.parametrize(("language", "written", "_spoken"), SAME)
def test_the_words_of_the_brief_are_always_the_same(language: str, written: str, _spoken: str) -> None:
    """A text says itself, whatever symbols it has."""
    assert keeps(language, written, written)


def test_many_numbers_are_compared_quickly() -> None:
    """The time for a long block of numbers grows with its length, not with the ways to read them all."""
    written = [f"{k}.{k}00" for k in range(1, 300)]
    assert not says(written, ["seven"] * 900, "en")


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The words “OPEN AT 5 A.M.” on a door.", "open at 5 a.m.", True),
        ("Lettering: “39,90 €”", "39,90 €", True),
        ("文字「明前茶」。", "明前茶", True),
        ("“सुबह की चाय” on a wall", "सुबह की चाय", True),
        ("“सबह क चय” on a wall", "सुबह की चाय", False),
        ("The address roof41.example", "Roof 41", False),
        ("Lettering: “139,90 €”", "39,90 €", False),
        ("Lettering: “39,95 €”", "39,90 €", False),
    ],
)
def test_text_that_is_read_is_in_a_prompt(text: str, words: str, expected: bool) -> None:
    """On-screen text is found as it is written, but for case, punctuation and spaces, and not within another word."""
    assert quotes(text, words) is expected
