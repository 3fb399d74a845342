"""Values of a set of takes, from a vector (or several) for each take: Fréchet distance and Inception Score.

Rows are vectors. Intervals are those of the jackknife over groups of takes.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, cast

from workflows.evaluation.statistics import LEVEL, Interval, student_quantile

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[tuple[int, ...], np.dtype[np.floating]]

MIN_VECTORS: Final = 2
GROUPS: Final = 20
"""Of the jackknife: a distance of 5,000 pictures takes seconds, and twenty of them are enough for an interval."""


def frechet_distance(first: "Vectors", second: "Vectors") -> float:
    """|m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½) of the Gaussians that fit two sets of at least two vectors.

    With C = AᵀA, the trace of the root is the sum of the singular values of A1 A2ᵀ. That is exact also where a set
    has fewer vectors than dimensions, where the usual root of a singular matrix is not.
    """
    import numpy as np

    shift = first.mean(axis=0, dtype=np.float64) - second.mean(axis=0, dtype=np.float64)
    one, other = _factor(first), _factor(second)
    shared = np.linalg.svd(one @ other.T, compute_uv=False).sum()
    distance = float(shift @ shift + (one**2).sum() + (other**2).sum() - 2 * shared)
    return max(distance, 0.0)  # rounding


def _factor(vectors: "Vectors") -> "Vectors":
    """A with AᵀA = the covariance; at most as many rows as dimensions."""
    import numpy as np

    centred = vectors - vectors.mean(axis=0, dtype=np.float64)
    scaled: Vectors = centred / math.sqrt(len(vectors) - 1)
    if len(vectors) <= vectors.shape[1]:
        return scaled
    return cast("Vectors", np.linalg.qr(scaled, mode="r"))


def inception_score(shares: "Vectors") -> float:
    """exp of the mean divergence of each row of class probabilities from their mean (Salimans et al. 2016)."""
    import numpy as np

    rows = np.clip(shares.astype(np.float64), 1e-16, None)
    mean = np.clip(rows.mean(axis=0), 1e-16, None)
    return float(np.exp((rows * (np.log(rows) - np.log(mean))).sum(axis=1).mean()))


def jackknife(takes: int, value: Callable[[Sequence[int]], float]) -> Interval:
    """The value of all takes, and its interval from the values without one group of them each.

    Args:
        value: Of the takes with these indexes; there are always at least two.
    """
    whole = value(range(takes))
    groups = min(GROUPS, takes)
    if takes <= MIN_VECTORS:
        return Interval(n=takes, mean=whole)
    parts = [value([n for n in range(takes) if n % groups != group]) for group in range(groups)]
    mean = sum(parts) / groups
    error = math.sqrt((groups - 1) / groups * sum((part - mean) ** 2 for part in parts))
    half = student_quantile(0.5 + LEVEL / 2, groups - 1) * error
    return Interval(n=takes, mean=whole, low=max(whole - half, 0.0), high=whole + half)
