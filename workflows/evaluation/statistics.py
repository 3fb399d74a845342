"""Means, shares and their differences with 95 % intervals. Exact where the values are normally distributed.

Pure. Workflows pass its records on, and compute nothing with it.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from workflows.base import Model

LEVEL: Final = 0.95
Z: Final = 1.959963984540054
"""The 97.5th percentile of the normal distribution."""


class Interval(Model):
    """An estimate with its interval of 95 %; `low` and `high` are null where there are too few values for one."""

    n: int
    mean: float
    low: float | None = None
    high: float | None = None


class Difference(Interval):
    """Of two estimates. `paired`: over the same cases; otherwise the values are independent."""

    paired: bool

    @property
    def clear(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def mean_interval(values: Sequence[float]) -> Interval:
    """The mean, with Student's interval from two values on.

    Raises:
        ValueError: there is no value.
    """
    if not values:
        raise ValueError("a mean needs at least one value")
    n, mean = len(values), math.fsum(values) / len(values)
    if n < 2:
        return Interval(n=n, mean=mean)
    half = student_quantile(0.5 + LEVEL / 2, n - 1) * math.sqrt(_variance(values, mean) / n)
    return Interval(n=n, mean=mean, low=mean - half, high=mean + half)


def share_interval(hits: int, n: int) -> Interval:
    """A share with Wilson's interval, which is good for few values and for shares near 0 and 1.

    Raises:
        ValueError: n is not positive, or there are more hits than n.
    """
    if n < 1 or not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is no share")
    share, scale = hits / n, 1 + Z * Z / n
    centre = (share + Z * Z / (2 * n)) / scale
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale
    return Interval(n=n, mean=share, low=max(centre - half, 0.0), high=min(centre + half, 1.0))


def paired_difference(pairs: Sequence[tuple[float, float]]) -> Difference:
    """The mean of first minus second over the same cases, which removes how hard each case is."""
    found = mean_interval([first - second for first, second in pairs])
    return Difference(**found.model_dump(), paired=True)


def welch_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """The mean of the first minus the mean of the second, of independent values with their own variances (Welch)."""
    one, other = mean_interval(first), mean_interval(second)
    n, difference = min(one.n, other.n), one.mean - other.mean
    if n < 2:
        return Difference(n=n, mean=difference, paired=False)
    a, b = _variance(first, one.mean) / one.n, _variance(second, other.mean) / other.n
    if not a + b:
        return Difference(n=n, mean=difference, low=difference, high=difference, paired=False)
    freedom = (a + b) ** 2 / (a * a / (one.n - 1) + b * b / (other.n - 1))
    half = student_quantile(0.5 + LEVEL / 2, freedom) * math.sqrt(a + b)
    return Difference(n=n, mean=difference, low=difference - half, high=difference + half, paired=False)


def independent_difference(first: Interval, second: Interval) -> Difference:
    """The first minus the second estimate, whose intervals are independent of each other."""
    n, difference = min(first.n, second.n), first.mean - second.mean
    if first.high is None or second.high is None:
        return Difference(n=n, mean=difference, paired=False)
    half = math.hypot(first.high - first.mean, second.high - second.mean)
    return Difference(n=n, mean=difference, low=difference - half, high=difference + half, paired=False)


def _variance(values: Sequence[float], mean: float) -> float:
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def student_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's distribution for a probability above one half."""
    return _bisect(lambda t: student_share(t, freedom) - probability, 0.0, 1e4)


def student_share(t: float, freedom: float) -> float:
    """The share of Student's distribution below a t that is not negative."""
    return 1 - 0.5 * incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _bisect(f: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if f(middle) < 0 else (low, middle)
        if high - low < 1e-12 * max(high, 1.0):
            break
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function by its continued fraction (Lentz's method), to about 1e-14."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    value = d
    for m in range(1, 1_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / (1 + term * d or tiny), 1 + term / c or tiny
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
