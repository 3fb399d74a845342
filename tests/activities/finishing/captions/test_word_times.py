"""Times of words: from speech, from transcripts that heard something else, and from data that is neither."""

import json
from typing import Any

import pytest

from activities.finishing.captions.pauses import weight
from activities.finishing.captions.word_times import Clock, Word, at_speed, complete, parts_of, words_of

TEXT = "In 2024, 24 boats 🌊 came home."


def transcript(*words: tuple[str, float, float], **more: Any) -> bytes:
    return json.dumps({"words": [dict(zip(("word", "start", "end"), w, strict=True)) for w in words], **more}).encode()


def speech(text: str, *words: tuple[int, str, float, float]) -> bytes:
    said = [dict(zip(("at", "word", "start", "end"), w, strict=True)) for w in words]
    return json.dumps({"kind": "speech", "text": text, "words": said}).encode()


def timed(data: bytes, text: str = TEXT) -> dict[str, tuple[float, float]]:
    return {text[w.at : w.until]: (w.start, w.end) for w in words_of(data, text)}


def test_a_number_may_be_read_as_several_words() -> None:
    """Words of speech have their place in the text, so several of them may belong to one written word."""
    words = words_of(
        speech(TEXT, (0, "In", 0, 0.2), (3, "20", 0.2, 0.6), (5, "24", 0.6, 1.0), (9, "24", 1.0, 1.5)), TEXT
    )
    clock = Clock(complete(words, TEXT, 4.0, weight))
    assert clock.span(3, 8) == (0.2, 1.0)
    assert clock.span(9, 11) == (1.0, 1.5)


def test_a_transcript_is_found_in_the_text() -> None:
    """Words that were heard as they are written keep their times; those that were heard otherwise get the time
    between their neighbours."""
    heard = transcript(
        ("in", 0, 0.2), ("twenty twenty-four", 0.2, 1.0), ("24", 1.0, 1.5), ("goats", 1.5, 2), ("came", 2, 2.5)
    )
    assert timed(heard) == {"In": (0, 0.2), "24": (1.0, 1.5), "came": (2, 2.5)}
    clock = Clock(complete(words_of(heard, TEXT), TEXT, 3.2, weight))
    assert clock.span(3, 8) == (0.2, 1.0)
    assert clock.span(12, 17) == (1.5, 2.0)
    assert clock.span(TEXT.index("home"), len(TEXT)) == (2.5, 3.2)
    emoji = TEXT.index("🌊")
    assert clock.span(emoji, emoji + 1) == (2.0, 2.0), "it is not spoken"


def test_words_of_chinese_and_japanese_are_found() -> None:
    """A word of several characters gives each of them its share."""
    text = "灯塔站在海边。"
    assert timed(transcript(("灯塔", 0, 0.8), ("站在", 0.8, 1.2), ("海边", 1.2, 2)), text)["塔"] == pytest.approx(
        (0.4, 0.8)
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"words": 3}',
        b'{"revised_prompt": "A boat"}',
        transcript(("In", 1e400, 2)),
        transcript(("In", 2, 1)),
        b'{"words": [{"word": "In", "start": "0", "end": null}, 7, {"word": 3}]}',
        speech("Another text, of another take.", (0, "In", 0, 1)),
        speech(TEXT, (400, "In", 0, 1), (-2, "In", 0, 1)),
        transcript(("elsewhere", 0, 1)),
    ],
)
def test_unusable_data_gives_no_words(data: bytes) -> None:
    """Data of something else, or of another text, is ignored: captions are then timed as without words."""
    assert words_of(data, TEXT) == ()


def test_words_that_go_back_are_left_out() -> None:
    """Of words that overlap, the earlier one ends where the later one starts; one that goes back is left out."""
    data = speech(
        TEXT, (0, "In", 0, 0.5), (3, "2024", 0.3, 0.9), (0, "In", 1.0, 1.1), (9, "24", 0.2, 0.4), (12, "boats", 1, 2)
    )
    assert timed(data) == {"In": (0, 0.3), "2024": (0.3, 0.9), "boats": (1, 2)}


def test_a_faster_narration_has_earlier_words() -> None:
    """The times of words follow the speed at which a narration is played."""
    assert at_speed([Word(0, 2, 1.0, 1.5)], 1.25) == (Word(0, 2, 0.8, 1.2),)


def test_parts_are_in_the_text() -> None:
    """The places of the parts are those of the text itself, with its line ends and its spaces."""
    text = " One,\n\ttwo\x07 three.  灯塔。"
    assert [text[a:b] for a, b in parts_of(text)] == ["One,", "two", "three.", "灯", "塔。"]
