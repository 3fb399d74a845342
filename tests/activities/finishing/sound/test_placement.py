"""Which sound is in the film from when to when."""

from itertools import pairwise

import pytest

from activities.finishing.sound.placement import Part, Sound, own_sound, place
from activities.finishing.timeline import Join
from tests.activities.finishing.sound.recordings import timeline
from tests.activities.finishing.timelines import Cutting

FILM = timeline(4.0, 6.0, 5.0, 15.0)


def spans(parts: list[Part]) -> list[tuple[float, float]]:
    return [(round(p.start, 3), round(p.end, 3)) for p in parts]


@pytest.mark.parametrize("role", ["music", "ambience"])
def test_a_bed_lasts_as_long_as_its_shots(role: str) -> None:
    """Music and ambience sound from the first of their shots to the end of the last, without shots in the whole film,
    and are cut there."""
    for shots, span in (((), (0, 30)), (("shot-2",), (4, 10)), (("shot-3", "shot-2"), (4, 15)), (("gone",), (0, 30))):
        parts = place(Sound("a", role, 90.0, shots), FILM)
        assert spans(parts) == [span]
        assert parts[0].fade_out > 0.5
        assert parts[0].fade_in > 0
    assert spans(place(Sound("a", role, 90.0, ("shot-2",), at_seconds=2.5), FILM)) == [(6.5, 10)]
    assert place(Sound("a", role, 90.0, at_seconds=31), FILM) == []


def test_loops_are_whole_bars() -> None:
    """A bed with a known tempo is repeated by whole bars, and ends with the film or, where less than its fade would be
    left, with a bar."""
    parts = place(Sound("m", "music", 10.9, bar_seconds=2.0), FILM)
    assert [p.start for p in parts] == [0, 10, 20]
    assert all(b.start < a.end <= b.start + 0.011 for a, b in pairwise(parts))
    assert parts[-1].end == 30
    short = place(Sound("m", "music", 14.4, bar_seconds=2.4), FILM)
    assert [p.start for p in short] == [0, pytest.approx(14.4)]
    assert short[-1].end == pytest.approx(28.8)
    assert short[-1].fade_out == 2


@pytest.mark.parametrize("seconds", [0.5, 3.0, 7.3, 14.99, 16.0, 29.9])
def test_loops_without_bars_cross_fade(seconds: float) -> None:
    """A recording without bars covers its span exactly: each pass begins while the one before it fades."""
    parts = place(Sound("a", "ambience", seconds), FILM)
    assert parts[0].start == 0
    assert parts[-1].end == pytest.approx(30)
    assert all(p.seconds <= seconds + 1e-6 for p in parts)
    for one, other in pairwise(parts):
        assert one.end - other.start == pytest.approx(one.fade_out)
        assert one.fade_out == pytest.approx(other.fade_in)


def test_effects_and_own_sound() -> None:
    """An effect begins with its shot or `at_seconds` later, and is never repeated."""
    assert spans(place(Sound("e", "effects", 1.5, ("shot-3",)), FILM)) == [(10, 11.5)]
    assert spans(place(Sound("e", "effects", 1.5, ("shot-3",), at_seconds=3), FILM)) == [(13, 14.5)]
    assert spans(place(Sound("e", "effects", 1.5, at_seconds=29), FILM)) == [(29, 30)]


def test_own_sound_fades_with_its_picture() -> None:
    """A shot's own sound is never longer than the shot, cross-fades in a dissolve, is silent in black, and its end is
    no click."""
    joins = {1: Join("dissolve", 24), 2: Join("fade", 24)}
    film = Cutting((4.0, 6.0, 5.0), joins=joins, ending=12).film
    parts = [own_sound(film, index, 9.0) for index in range(3)]
    assert spans(parts) == [(0, 4), (3, 9), (9, 14)]
    assert [(p.fade_in, p.fade_out) for p in parts] == [(0.02, 1), (1, 0.5), (0.5, 0.5)]
    early = own_sound(film, 1, 5.75)
    assert (early.end, early.fade_out) == (8.75, 0.25)
    assert own_sound(FILM, 3, 60).fade_out == 0.2
    assert own_sound(FILM, 3, 0.1).fade_in == 0.02
