"""Human preference: blind votes on pairs of takes, and the strengths of the models by Bradley and Terry (1952).

A model with strength s beats one with strength t with the probability 1 / (1 + exp(t - s)). A tie counts as half a win
of each. Neither a workflow nor its sandbox imports this module.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from workflows.evaluation.statistics import Z
from workflows.models import Model, digest_of

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

Choice = Literal["first", "second", "tie"]
"""Which take of a pair is better, in the order of the models. The page shows a pair as left and right, in an order that
each person has by chance."""

_ROUNDS: Final = 10_000
_PRIOR: Final = 0.5
"""Wins that each model of a pair gets where the votes alone have no maximum: one model has won, or lost, all."""


class Pair(Model):
    """Two takes of one case, by the indices of their models; `first` is the lower one."""

    pair_id: str
    case_id: str
    first: int
    second: int
    first_cell: int
    second_cell: int


class Vote(Model):
    """The choice of one person about one pair."""

    pair_id: str
    voter: str
    choice: Choice


class Strength(Model):
    """A model by the votes. `strength` is in logits, with a mean of zero over all models that were compared."""

    column: int
    strength: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    beats_average: float = Field(description="The probability that it beats a model of average strength")


class Preference(Model):
    """The strengths of the models, the strongest first."""

    votes: int
    voters: int
    pairs: int = Field(description="How many different pairs were voted on")
    strengths: tuple[Strength, ...] = ()
    with_prior: bool = Field(
        default=False, description="Half a win was added to both models of each pair: one of them has won all, or none"
    )


def pair_of(evaluation_id: str, case_id: str, first: tuple[int, int], second: tuple[int, int]) -> Pair:
    """The pair of two takes, each a column and a cell. Its id does not show which models made them."""
    (one, one_cell), (other, other_cell) = sorted((first, second))
    name = digest_of([evaluation_id, "pair", one_cell, other_cell])[:20]
    return Pair(pair_id=name, case_id=case_id, first=one, second=other, first_cell=one_cell, second_cell=other_cell)


def is_swapped(pair_id: str, voter: str) -> bool:
    """Whether this person sees the second take on the left."""
    return int(digest_of([pair_id, voter, "side"])[:8], 16) % 2 == 1


def preference(pairs: Iterable[Pair], votes: Iterable[Vote], columns: int) -> Preference:
    """The strengths by all votes about these pairs; votes about others are left out."""
    by_id = {pair.pair_id: pair for pair in pairs}
    known = [vote for vote in votes if vote.pair_id in by_id]
    tally = [[[0, 0] for _ in range(columns)] for _ in range(columns)]  # [winner][loser] -> wins, ties
    for vote in known:
        pair = by_id[vote.pair_id]
        one, other = (pair.second, pair.first) if vote.choice == "second" else (pair.first, pair.second)
        tally[one][other][0] += vote.choice != "tie"
        tally[one][other][1] += vote.choice == "tie"
    strengths, with_prior = _strengths(tally)
    return Preference(
        votes=len(known),
        voters=len({vote.voter for vote in known}),
        pairs=len({vote.pair_id for vote in known}),
        strengths=strengths,
        with_prior=with_prior,
    )


def _strengths(tally: Sequence[Sequence[Sequence[int]]]) -> tuple[tuple[Strength, ...], bool]:
    import numpy as np

    counts = np.array(tally, dtype=float).reshape(len(tally), len(tally), 2)
    ties = counts[..., 1] + counts[..., 1].T
    wins = counts[..., 0] + ties / 2
    voted = [n for n in range(len(tally)) if (wins[n] + wins[:, n]).sum()]
    if len(voted) < 2:
        return (), False
    compared = wins[np.ix_(voted, voted)]
    with_prior = not _is_connected(compared)
    if with_prior:
        compared = compared + _PRIOR * ((compared + compared.T) > 0)
    found, errors = bradley_terry(compared)
    strengths = [
        Strength(
            column=column,
            strength=float(found[n]),
            low=float(found[n] - Z * errors[n]),
            high=float(found[n] + Z * errors[n]),
            wins=int(counts[column, :, 0].sum()),
            losses=int(counts[:, column, 0].sum()),
            ties=int(ties[column].sum()),
            beats_average=float(1 / (1 + np.exp(-found[n]))),
        )
        for n, column in enumerate(voted)
    ]
    return tuple(sorted(strengths, key=lambda each: -each.strength)), with_prior


def _is_connected(wins: "Matrix") -> bool:
    """Whether a chain of wins leads from each model to each other one: only then is there a maximum (Ford 1957)."""
    import numpy as np

    reached = (wins > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins)):
        reached = (reached.astype(int) @ reached.astype(int)) > 0
    return bool(reached.all())


def bradley_terry(wins: "Matrix") -> "tuple[Matrix, Matrix]":
    """Strengths of maximum likelihood (mean zero) and their standard errors, from wins[winner, loser].

    The strengths come from Hunter's MM algorithm (2004), the errors from the inverse of the Fisher information on
    strengths whose sum is zero.
    """
    import numpy as np

    games = wins + wins.T
    won = wins.sum(axis=1)
    power = np.ones(len(wins))
    for _ in range(_ROUNDS):
        after = won / (games / (power[:, None] + power[None, :])).sum(axis=1)
        after /= np.exp(np.log(after).mean())
        done = np.abs(np.log(after) - np.log(power)).max() < 1e-12
        power = after
        if done:
            break
    strength = np.log(power)
    chance = power[:, None] / (power[:, None] + power[None, :])
    information = -games * chance * (1 - chance)
    np.fill_diagonal(information, 0)
    np.fill_diagonal(information, -information.sum(axis=1))
    variance = np.clip(np.diag(np.linalg.pinv(information, hermitian=True)), 0, None)
    return strength, np.sqrt(variance)
