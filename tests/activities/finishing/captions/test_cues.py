"""Cues: timed by words or by pauses, readable, and never two at once."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.finishing.captions.cues import cues_of
from activities.finishing.captions.reading import reading_seconds
from activities.finishing.captions.texts import letters
from activities.finishing.captions.word_times import Word, parts_of
from activities.finishing.timeline import PlacedVoice, Voice
from workflows.models import Media

LONG = (
    "Every night for ninety years, the lamp on the northern cape has turned above the water, and every night somebody "
    "has climbed the two hundred and eleven steps to light it. Tonight nobody climbs. The lamp lights itself. Goodbye!"
)
NONE = Media(key="none", bytes=0, sha256="", media_type="audio/wav")


def narration(text: str, seconds: float, words: tuple[Word, ...] = (), name: str = "n") -> Voice:
    return Voice(name, text, NONE, seconds, words)


def spoken(text: str, rate: float) -> tuple[Word, ...]:
    """The words of a text at so many characters a second."""
    return tuple(Word(a, b, a / rate, b / rate) for a, b in parts_of(text))


def test_cues_start_and_end_with_their_words() -> None:
    """A cue starts with the first of its words and ends after the last one, within a frame of 1/24 s."""
    text = "One two three. " * 12
    words = tuple(Word(a, b, k * 0.4, k * 0.4 + 0.3) for k, (a, b) in enumerate(parts_of(text)))
    cues, notes = cues_of([PlacedVoice(narration(text, 14.4, words), 2.0)], 24, 20)
    assert notes == []
    assert len(cues) > 2
    first = 0
    for cue in cues:
        last = first + len(cue.text.split()) - 1
        assert cue.start == pytest.approx(2 + words[first].start, abs=1 / 24)
        assert cue.end >= 2 + words[last].end - 1 / 24
        first = last + 1


def test_a_long_pause_has_no_caption() -> None:
    """Between two narrations, and in a long pause within one, nothing is shown once the text has been read."""
    text = "The lamp is lit tonight by nobody we know, and the whole sea is lit. Nobody comes."
    places = parts_of(text)
    words = tuple(
        Word(a, b, k * 0.4 + (9 if k > 14 else 0), k * 0.4 + (9 if k > 14 else 0) + 0.4)
        for k, (a, b) in enumerate(places)
    )
    cues, _ = cues_of([PlacedVoice(narration(text, 16, words), 0), PlacedVoice(narration("Then.", 1), 20)], 25, 30)
    gaps = [b.start - a.end for a, b in pairwise(cues)]
    assert max(gaps) > 2


def test_times_follow_length_where_nothing_else_is_known() -> None:
    """Without words and pauses, cues fill their narration, and longer ones take more time."""
    cues, _ = cues_of([PlacedVoice(narration(LONG, 16.0), 3.0)], 24, 19.0)
    assert cues[0].start == 3.0
    assert cues[-1].end == pytest.approx(19.0, abs=0.05)
    assert all(b.start - a.end == pytest.approx(2 / 24) for a, b in pairwise(cues))
    by_length = sorted(cues, key=lambda cue: len(cue.text))
    assert by_length[0].end - by_length[0].start < by_length[-1].end - by_length[-1].start


TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(
        st.sampled_from(["lamp", "the", "24,5 %", "Licht,", "море.", "मछली", "المنارة", "灯塔。", "등대", "ア", "🌊"]),
        max_size=60,
    ).map(" ".join),
)


@given(st.lists(st.tuples(TEXTS, st.floats(4, 40), st.floats(0, 3)), max_size=3), st.sampled_from([24, 25, 30]))
@settings(max_examples=40, deadline=None)
def test_captions_are_readable_or_noted(said: list[tuple[str, float, float]], rate: int) -> None:
    """At any speed of the voice, captions follow each other with a gap of two frames, are shown long enough to be read
    or as long as the next one allows, and a note names the narrations whose captions are too fast."""
    voices, at = [], 0.0
    for k, (text, speed, pause) in enumerate(said):
        seconds = max(0.5, len(text) / speed)
        voices.append(PlacedVoice(narration(text, seconds, spoken(text, speed), f"n{k}"), at))
        at += seconds + pause
    until = at + 1
    cues, notes = cues_of(voices, rate, until)
    fast = set()
    for k, cue in enumerate(cues):
        ends = cues[k + 1].start - 2 / rate if k + 1 < len(cues) else math.floor(until * rate) / rate
        assert cue.end > cue.start
        assert k + 1 == len(cues) or cue.end <= ends + 1e-6
        if cue.end - cue.start + 0.5 / rate < reading_seconds(cue.text):
            fast.add(cue.asset_id)
            assert cue.end == pytest.approx(max(ends, cue.start + 1 / rate)), "it could be shown longer"
    assert bool(notes) == bool(fast)
    assert not fast or any(name in notes[0] for name in fast)


@given(TEXTS, st.floats(0.5, 30))
@settings(max_examples=40, deadline=None)
def test_words_cover_their_caption(text: str, seconds: float) -> None:
    """The words of a cue are its letters in order, each one once, at times that never go back."""
    cues, _ = cues_of([PlacedVoice(narration(text, seconds), 1.0)], 24)
    for cue in cues:
        assert [word.at for word in cue.words] == [0, *(word.until for word in cue.words[:-1])]
        assert cue.words[-1].until == len(letters(cue.text))
        times = [time for word in cue.words for time in (word.start, word.end)]
        assert all(later >= earlier - 1e-9 for earlier, later in pairwise(times))
        assert times[0] >= 1
        assert times[-1] <= 1 + seconds + 1e-6
    assert all(a.start < a.end < b.start for a, b in pairwise(cues))
