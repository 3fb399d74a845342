"""Intervals and strengths are those of tables and textbooks."""

import math

import numpy as np
import pytest

from workflows.evaluation.preference import Pair, Vote, bradley_terry, is_swapped, pair_of, preference
from workflows.evaluation.statistics import (
    Z,
    incomplete_beta,
    mean_interval,
    paired_difference,
    share_interval,
    student_quantile,
    welch_difference,
)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.7062), (2, 4.30265), (5, 2.57058), (9, 2.26216), (29, 2.04523), (49, 2.00958), (120, 1.97993)],
)
def test_students_quantiles_are_those_of_the_tables(freedom: int, expected: float) -> None:
    """The 97.5th percentile of Student's distribution has the value of the printed tables."""
    assert student_quantile(0.975, freedom) == pytest.approx(expected, abs=6e-5 if freedom > 1 else 1e-4)


def test_the_beta_function_has_known_values() -> None:
    """The incomplete beta function is exact where it has a closed form."""
    assert incomplete_beta(1, 1, 0.3) == pytest.approx(0.3, abs=1e-14)
    assert incomplete_beta(2, 1, 0.5) == pytest.approx(0.25, abs=1e-14)
    assert incomplete_beta(0.5, 0.5, 0.25) == pytest.approx(2 / math.pi * math.asin(0.5), abs=1e-13)


def test_a_mean_has_students_interval() -> None:
    """The interval of 1 to 5 is 3 plus and minus t(4) times s over the root of 5."""
    found = mean_interval([1, 2, 3, 4, 5])
    assert found.low is not None
    assert found.high is not None
    assert (found.mean, found.n) == (3, 5)
    assert found.high - 3 == pytest.approx(2.776445 * math.sqrt(2.5 / 5), abs=1e-5)
    assert 3 - found.low == pytest.approx(found.high - 3)


def test_one_value_has_no_interval() -> None:
    """A single value is a mean without an interval, and no value is an error."""
    assert mean_interval([7.0]).low is None
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


def test_shares_have_wilsons_interval() -> None:
    """Wilson's interval of 8 of 10 is 0.490 to 0.943, and one of none of 20 does not begin below zero."""
    found = share_interval(8, 10)
    assert [found.low, found.high] == pytest.approx([0.4902, 0.9433], abs=1e-4)
    none = share_interval(0, 20)
    assert [none.low, none.high] == pytest.approx([0, 0.1611], abs=1e-4)


def test_pairs_remove_how_hard_each_case_is() -> None:
    """A small difference is clear over pairs of cases, and not between independent values."""
    hard = [float(n * 10) for n in range(10)]
    first = [value + 1 + 0.01 * (n % 2) for n, value in enumerate(hard)]
    paired = paired_difference([*zip(first, hard, strict=True)])
    assert paired.clear
    assert not welch_difference(first, hard).clear


def test_welchs_interval_of_equal_variances_is_students() -> None:
    """Two samples of five with a variance of 2.5 have a standard error of 1 and 8 degrees of freedom."""
    found = welch_difference([1, 2, 3, 4, 5], [3, 4, 5, 6, 7])
    assert found.low is not None
    assert found.high is not None
    assert [found.mean, found.high + 2, -2 - found.low] == pytest.approx([-2, 2.306004, 2.306004])
    assert not found.clear


def test_two_models_have_the_odds_of_their_wins() -> None:
    """With 30 wins against 10, the strengths differ by the logarithm of 3, and the error is that of a log odds."""
    strength, error = bradley_terry(np.array([[0.0, 30], [10, 0]]))
    assert strength[0] - strength[1] == pytest.approx(math.log(3), abs=1e-9)
    assert 2 * error[0] == pytest.approx(math.sqrt(1 / 30 + 1 / 10), abs=1e-9)


def test_the_strengths_are_of_maximum_likelihood() -> None:
    """At the strengths found, the expected wins of each model are its wins."""
    wins = np.array([[0.0, 8, 12], [4, 0, 9], [3, 6, 0]])
    strength, _ = bradley_terry(wins)
    power = np.exp(strength)
    games = wins + wins.T
    expected = (games * power[:, None] / (power[:, None] + power[None, :])).sum(axis=1)
    assert expected == pytest.approx(wins.sum(axis=1), abs=1e-8)
    assert strength.sum() == pytest.approx(0, abs=1e-9)


def _pairs(count: int) -> list[Pair]:
    return [pair_of("e", f"case-{n}", (0, 2 * n + 1), (1, 2 * n + 2)) for n in range(count)]


def test_votes_count_by_models_and_ties_as_half() -> None:
    """Three wins, one loss and two ties make strengths of four wins against two."""
    pairs = _pairs(6)
    choices = ("first", "first", "first", "second", "tie", "tie")
    votes = [Vote(pair_id=p.pair_id, voter="a", choice=c) for p, c in zip(pairs, choices, strict=True)]
    found = preference(pairs, [*votes, Vote(pair_id="0" * 20, voter="b", choice="first")], 3)
    assert (found.votes, found.voters, found.pairs, found.with_prior) == (6, 1, 6, False)
    best, other = found.strengths
    assert (best.column, best.wins, best.losses, best.ties) == (0, 3, 1, 2)
    assert best.strength - other.strength == pytest.approx(math.log(2), abs=1e-9)
    assert best.low < best.strength < best.high


def test_a_model_that_wins_all_has_a_finite_strength() -> None:
    """Where one model has won every vote, half a win is added to both, and the report says so."""
    pairs = _pairs(5)
    found = preference(pairs, [Vote(pair_id=p.pair_id, voter="a", choice="second") for p in pairs], 2)
    assert found.with_prior
    assert found.strengths[0].column == 1
    assert found.strengths[0].strength * 2 == pytest.approx(math.log(5.5 / 0.5), abs=1e-9)
    assert found.strengths[0].high - found.strengths[0].strength > Z / 2


def test_sides_differ_between_people_and_pairs() -> None:
    """Each person sees about half of the pairs with the second take on the left, and the same side each time."""
    pairs = _pairs(400)
    swapped = [is_swapped(pair.pair_id, "ana") for pair in pairs]
    assert 150 < sum(swapped) < 250
    assert swapped == [is_swapped(pair.pair_id, "ana") for pair in pairs]
    assert swapped != [is_swapped(pair.pair_id, "ben") for pair in pairs]
