"""Captions: the narration's text as readable, well-timed and inert cues."""

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.finishing.captions import Cue, cues_of, split, srt, vtt
from activities.finishing.languages import three_letters
from activities.finishing.timeline import PlacedVoice, Shot, Voice, hold_stills, lay_out
from workflows.models import Media

NONE = Media(key="none", bytes=0, sha256="", media_type="audio/wav")

LONG = (
    "Every night for ninety years, the lamp on the northern cape has turned above the water, and every night somebody "
    "has climbed the two hundred and eleven steps to light it. Tonight nobody climbs. The lamp lights itself. Goodbye!"
)


def voice(asset_id: str, seconds: float, words: str = "Words.") -> Voice:
    return Voice(asset_id, words, NONE, seconds)


def shot(asset_id: str, seconds: float, *voices: str) -> Shot:
    return Shot(asset_id, NONE, seconds, voices=voices)


def test_cues_are_at_most_two_lines_of_42() -> None:
    """English is split between words, into lines of a readable length."""
    cues = split(LONG)
    assert " ".join(" ".join(cues).split()) == LONG
    assert len(cues) > 2
    assert all(len(lines) <= 2 and max(map(len, lines)) <= 42 for lines in (cue.split("\n") for cue in cues))
    assert min(map(len, cues)) > 20


def test_cjk_lines_hold_18_characters_and_never_begin_with_punctuation() -> None:
    """Text without spaces is split between characters, but a full stop stays with its sentence."""
    words = (
        "灯台の灯りは九十年の間、毎晩北の岬の海の上で回り続けてきました。"
        "毎晩だれかが二百十一段の階段を登り、火をともしたのです。今夜はだれも登りません。"
    )
    lines = "\n".join(split(words)).split("\n")
    assert "".join(lines) == words
    assert max(map(len, lines)) <= 18
    assert not any(line[0] in "、。" for line in lines)


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_word_is_lost_in_any_script(words: str) -> None:
    """The cues hold any words completely, in order, and never on more than two lines."""
    cues = split(words)
    kept = "".join("".join(cues).split())
    assert kept == "".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in words).split())
    assert all(len(cue.split("\n")) <= 2 for cue in cues)
    timed = cues_of([PlacedVoice(voice("n", 2.0, words), 1.0)])
    assert all(1 <= cue.start < cue.end <= 3.001 for cue in timed)


def test_times_follow_length_within_the_narration() -> None:
    """Cues fill their narration from its start to its real end, and longer cues take more time."""
    cues = cues_of([PlacedVoice(voice("n", 12.0, LONG), 3.0)])
    assert cues[0].start == 3.0
    assert cues[-1].end == pytest.approx(15.0)
    assert all(a.end == b.start for a, b in pairwise(cues))
    by_length = sorted(cues, key=lambda cue: len(cue.text))
    assert by_length[0].end - by_length[0].start < by_length[-1].end - by_length[-1].start


def test_hostile_text_neither_ends_a_cue_nor_becomes_markup() -> None:
    """An arrow, a tag or a blank line in the text stays text."""
    hostile = "a --> b\n\n00:00:09.000 --> 00:00:10.000\n<script>x</script> & done"
    cues = cues_of([PlacedVoice(voice("n", 3.0, hostile), 3_599.5)])
    written = vtt(cues)
    assert written.startswith("WEBVTT\n\n1\n00:59:59.500 --> 01:00:0")
    assert written.count("-->") == len(cues)
    assert "<" not in written
    assert "&amp;" in written
    assert srt(cues).count("-->") == len(cues)
    assert re.search(r"^00:59:59,500 --> ", srt(cues), re.MULTILINE)
    assert vtt([Cue(0, 1, "x")]).endswith("x\n")


def test_narration_starts_with_its_shot_and_holds_it() -> None:
    """A tied narration begins with its shot; the time by which it is longer is added to the shot and noted."""
    line = lay_out(
        [shot("s1", 2.0, "n1"), shot("s2", 2.0, "n2"), shot("s3", 1.0)],
        [voice("n1", 2.0), voice("n2", 3.3)],
        24,
    )
    assert [p.start for p in line.voices] == [0.0, 2.0]
    assert [p.frames for p in line.shots] == [48, 80, 24]
    assert line.notes == ("n2 overruns its shot by 1.3 s; the last frame of s2 is held",)


def test_one_narration_over_two_shots_needs_no_hold() -> None:
    """A narration that spans shots is compared with all of them."""
    line = lay_out([shot("s1", 2.0, "n"), shot("s2", 2.0, "n")], [voice("n", 3.5)], 24)
    assert line.voices[0].start == 0.15
    assert line.seconds == 4.0
    assert line.notes == ()


@given(
    st.lists(st.tuples(st.floats(0.04, 9), st.integers(0, 6)), min_size=1, max_size=6),
    st.lists(st.floats(0.1, 9), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_voices_never_overlap_and_are_never_cut(shots: list[tuple[float, int]], spoken: list[float]) -> None:
    """For any ties one voice speaks at a time, and the film is long enough for the last word."""
    voices = [voice(f"n{i}", seconds) for i, seconds in enumerate(spoken)]
    line = lay_out([shot(f"s{i}", s, f"n{n}") for i, (s, n) in enumerate(shots)], voices, 25)
    placed = sorted(line.voices, key=lambda p: p.start)
    assert len(placed) == len(voices)
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(placed))
    assert not placed or placed[-1].end <= line.seconds + 1e-3


def test_untied_stills_share_the_narrations() -> None:
    """Stills are assigned to narrations one to one, otherwise they share the whole, and without any voice the brief's
    duration."""
    stills = [shot("i1", 0), shot("i2", 0)]
    paired = hold_stills(stills, [voice("n1", 1.0), voice("n2", 2.0)], 20)
    assert [(s.voices, round(s.seconds, 2)) for s in paired] == [(("n1",), 1.65), (("n2",), 2.65)]
    shared = hold_stills(stills, [voice("n1", 5.35)], 20)
    assert [round(s.seconds, 2) for s in shared] == [3.0, 3.0]
    assert [s.seconds for s in hold_stills(stills, [], 20)] == [10.0, 10.0]


@pytest.mark.parametrize(("tag", "code"), [("en", "eng"), ("pt-BR", "por"), ("yue", "yue"), ("qq", "und")])
def test_language_tags_become_three_letters(tag: str, code: str) -> None:
    """MP4 identifies languages by three letters only."""
    assert three_letters(tag) == code


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
