"""The timeline: where shots and narrations begin and end, and the language tags of a film's tracks."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.finishing.languages.iso639 import three_letters
from activities.finishing.timeline import LEAST_SPEED, MOST_SPEED, Shot, Voice, fit_voices, hold_stills, lay_out
from workflows.models import Media

NONE = Media(key="none", bytes=0, sha256="", media_type="audio/wav")


def voice(asset_id: str, seconds: float, words: str = "Words.") -> Voice:
    return Voice(asset_id, words, NONE, seconds)


def shot(asset_id: str, seconds: float, *voices: str) -> Shot:
    return Shot(asset_id, NONE, seconds, voices=voices)


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


@pytest.mark.parametrize(
    ("shots", "seconds", "speed", "slower"),
    [
        ((4.0,), 4.4, 1.1, 1.0),
        ((2.0, 2.0), 4.4, 1.1, 1.0),
        ((4.0,), 4.05, 1.0, 1.0),
        ((4.0,), 4.0 * MOST_SPEED, MOST_SPEED, 1.0),
        ((4.0,), 4.8, MOST_SPEED, 4 * MOST_SPEED / 4.8),
        ((1.0, 3.0), 5.1, MOST_SPEED, 4 * MOST_SPEED / 5.1),
        ((4.0,), 4.0 * MOST_SPEED / LEAST_SPEED + 0.01, 1.0, 1.0),
        ((4.0,), 3.0, 1.0, 1.0),
    ],
    ids=["a shot", "two shots", "too little to notice", "most", "slower", "two shots slower", "too much", "shorter"],
)
def test_a_narration_fits_its_shots(shots: tuple[float, ...], seconds: float, speed: float, slower: float) -> None:
    """A longer narration is played faster, and where that is not enough its shots slower, so that both end together;
    nothing changes where that is not enough either."""
    named = [shot(f"s{number}", length, "n") for number, length in enumerate(shots)]
    shown, (fitted,), notes = fit_voices(named, [voice("n", seconds)], 24)
    assert fitted.speed == pytest.approx(speed, abs=0.01)
    assert [each.speed for each in shown] == pytest.approx([slower] * len(shots), abs=0.03)
    assert [each.seconds * each.speed for each in shown] == pytest.approx(shots)
    assert fitted.seconds == pytest.approx(seconds / fitted.speed)
    assert len(notes) == int(speed != 1)
    assert all(("s0 0." in note) is (slower != 1) for note in notes)
    line = lay_out(shown, [fitted], 24)
    ends = max(sum(each.seconds for each in shown), fitted.seconds)
    assert line.frames == math.ceil(round(24 * ends, 6))
    assert len(line.notes) == int(fitted.speed == 1 and seconds > sum(shots) + 0.1)


def test_narrations_of_one_shot_keep_their_speed() -> None:
    """Where narrations share a shot, and over a still, which is held, none is played faster."""
    shared = shot("s", 4.0, "one", "two")
    assert fit_voices([shared], [voice("one", 4.4), voice("two", 1.0)], 24)[2] == []
    still = replace(shot("s", 4.0, "one"), still=True)
    assert fit_voices([still], [voice("one", 4.4)], 24)[2] == []
