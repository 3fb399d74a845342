"""Captions' texts: readable lines in any script, broken by its rules."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.finishing.captions.leaning import phrase_end
from activities.finishing.captions.texts import halves, letters, split, unbroken

LONG = (
    "Every night for ninety years, the lamp on the northern cape has turned above the water, and every night somebody "
    "has climbed the two hundred and eleven steps to light it. Tonight nobody climbs. The lamp lights itself. Goodbye!"
)


def test_cues_are_at_most_two_lines_of_42() -> None:
    """English is split between words, into lines of a readable length."""
    cues = split(LONG)
    assert " ".join(" ".join(cues).split()) == LONG
    assert len(cues) > 2
    assert all(len(lines) <= 2 and max(map(len, lines)) <= 42 for lines in (cue.split("\n") for cue in cues))
    assert min(map(len, cues)) > 20


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Ask your town about the grant of 2,500 euros.", "Ask your town about the grant\nof 2,500 euros."),
        (
            "A fluid boils in the outdoor unit and carries that energy.",
            "A fluid boils in the outdoor unit\nand carries that energy.",
        ),
        (
            "Fragen Sie Ihre Stadt nach dem Zuschuss von 2.500 Euro.",
            "Fragen Sie Ihre Stadt\nnach dem Zuschuss von 2.500 Euro.",
        ),
        (
            "Une pompe à chaleur déplace la chaleur au lieu de la produire.",
            "Une pompe à chaleur déplace\nla chaleur au lieu de la produire.",
        ),
        ("Ночной поезд идёт через снег к морю и в горы.", "Ночной поезд идёт через снег\nк морю и в горы."),
        ("فيلم قصير عن خباز في المدينة القديمة قبل الفجر.", "فيلم قصير عن خباز\nفي المدينة القديمة قبل الفجر."),
        ("焼きたてのパンの香りが通りに広がっていく。", "焼きたてのパンの香りが\n通りに広がっていく。"),
        ("町でいちばん古いパン屋の重い扉を開ける。", "町でいちばん古い\nパン屋の重い扉を開ける。"),
    ],
)
def test_lines_end_with_a_phrase(text: str, broken: str) -> None:
    """No line ends with an article or a preposition where the text has a better place near its middle."""
    assert split(text) == [broken]


def test_postpositions_and_prefixes() -> None:
    """A line of Hindi does not begin with a postposition, and one of Japanese does not end with a prefix."""
    assert phrase_end("उस बड़े बाज़ार", "में एक") < 0 == phrase_end("उस बड़े बाज़ार में", "एक")
    assert phrase_end("あたたかいお", "茶を") < 0 < phrase_end("あたたかい", "緑茶を")


def test_cjk_lines_hold_16_characters_and_never_begin_with_punctuation() -> None:
    """Text without spaces is split between characters, but a full stop stays with its sentence."""
    words = (
        "灯台の灯りは九十年の間、毎晩北の岬の海の上で回り続けてきました。"
        "毎晩だれかが二百十一段の階段を登り、火をともしたのです。今夜はだれも登りません。"
    )
    lines = "\n".join(split(words)).split("\n")
    assert "".join(lines) == words
    assert max(map(len, lines)) <= 16
    assert not any(line[0] in "、。" for line in lines)


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost_in_any_script(words: str) -> None:
    """The cues hold any words completely, in order, and never on more than two lines."""
    cues = split(words)
    kept = "".join("".join(cues).split())
    assert kept == "".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in words).split())
    assert all(len(cue.split("\n")) <= 2 for cue in cues)


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_a_text_keeps_its_letters_however_it_is_broken(words: str) -> None:
    """Joining the lines of a text, or halving it, keeps its letters and their order."""
    for text in split(words):
        kept = [text[k] for k in letters(text)]
        line = unbroken(text)
        assert [line[k] for k in letters(line)] == kept
        assert [part[k] for part in halves(text) for k in letters(part)] == kept


def test_joined_lines_have_the_spaces_of_their_script() -> None:
    """Where a line ends, words of scripts with spaces are separated, and Chinese characters are not."""
    assert unbroken("The lamp has turned\nabove the water.") == "The lamp has turned above the water."
    assert (
        unbroken("灯台の灯りは九十年の間、\n毎晩回り続けてきました。")
        == "灯台の灯りは九十年の間、毎晩回り続けてきました。"
    )


UNBROKEN = {
    "ko": "등대의 불빛은 구십 년 동안 매일 밤 북쪽 곶의 바다 위를 돌았고 K팝은 2024년에도 계속됩니다. 반갑습니다.",
    "en": "The counterrevolutionaries internationalise misunderstandings, notwithstanding 1\u00a0000\u202f€.",
}


@pytest.mark.parametrize("words", UNBROKEN.values(), ids=UNBROKEN)
def test_scripts_with_spaces_break_only_at_spaces(words: str) -> None:
    """Korean text and long Latin words are split at spaces, never inside a word or a spaced number."""
    assert " ".join(" ".join(split(words)).split(" ")).replace("\n", " ") == words


def test_numbers_and_latin_words_in_chinese_stay_whole() -> None:
    """For any length of the text before it, no line ends inside a Latin word, a number, its unit or its currency."""
    for before in range(40):
        lines = "\n".join(split("中" * before + "用Python3.12写的１，２３４行代码花费¥1,000，占35.7%。")).split("\n")
        for whole in ("Python3.12", "１，２３４", "¥1,000，", "35.7%。"):
            assert any(whole in line for line in lines), lines


def test_kinsoku() -> None:
    """No line begins with a character that must not begin one (small kana, repetition, closing marks) or ends with an
    opening one."""
    for before in range(40):
        words = "あ" * before + "「ちょっと」キャンプファイヤー、人々（ほんとう）。“深度”——他们……‘好’！"
        lines = "\n".join(split(words)).split("\n")
        assert "".join(lines) == words
        assert not any(line[0] in "ょっャァィーャ々、。）」”’！…" for line in lines), lines
        assert not any(line[-1] in "「（“‘" for line in lines), lines
        assert not any(line.startswith("—") and before_.endswith("—") for before_, line in pairwise(lines)), lines


def test_thai_signs_stay_with_their_base() -> None:
    """No line of Thai begins with a dependent sign or a following vowel, or ends with a leading vowel."""
    words = "ทุกคืนเป็นเวลาเก้าสิบปีที่ประภาคารทางเหนือหมุนอยู่เหนือน้ำทะเลและทุกคืนมีใครบางคนปีนบันไดสองร้อยสิบเอ็ดขั้น"
    for start in range(len(words) - 45):
        if start and (
            unicodedata.category(words[start]) == "Mn" or words[start] in "ะาำ" or words[start - 1] in "เแโใไ"
        ):
            continue
        lines = "\n".join(split(words[start:])).split("\n")
        assert "".join(lines) == words[start:]
        assert not any(unicodedata.category(line[0]) == "Mn" or line[0] in "ะาำๅๆฯ" for line in lines[1:]), lines
        assert not any(line[-1] in "เแโใไ" for line in lines), lines
