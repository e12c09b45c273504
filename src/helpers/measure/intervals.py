"""Estimates with an interval that says what it covers, and the formulas behind the intervals.

Sources: Wilson, JASA 22 (1927); Newcombe, Statistics in Medicine 17 (1998), 2635-2650, method 10; Satterthwaite,
Biometrics Bulletin 2 (1946). Wilson's interval at an effective size: Korn and Graubard, Survey Methodology 24 (1998);
Dean and Pagano, Journal of Survey Statistics and Methodology 3 (2015).
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

Coverage = Literal["test sampling", "seeds", "both", "nothing"]


@dataclass(frozen=True)
class Estimate:
    """One measured value, its interval, and what that interval covers.

    Attributes
    ----------
    value
        what was measured; accuracies are fractions.
    low
        lower end of the interval; None when there is none, and then `covers` is "nothing".
    high
        upper end of the interval.
    n
        what the interval averages over: test images for "test sampling" and "both", training runs for "seeds"; without
        an interval, how many values there were.
    covers
        what may be drawn again while the interval keeps its promise.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    covers: Coverage

    def as_dict(self) -> dict[str, Any]:
        """The five fields as a dictionary that JSON can hold."""
        return asdict(self)

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{100 * self.value:.1f} % (no interval, n = {self.n})"
        return f"{100 * self.value:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}] ({self.covers}, n = {self.n})"


def without_interval(value: float, n: int) -> Estimate:
    """A value whose n observations cannot say how far another sample would lie."""
    return Estimate(float(value), None, None, n, "nothing")


def percentile_interval(value: float, draws: np.ndarray, n: int, confidence: float = 0.95) -> Estimate:
    """A bootstrap's interval from the values of its draws, those left out that are no number.

    Draws that all agree cannot say how a sample varies: then there is no interval.
    """
    draws = draws[np.isfinite(draws)]
    if not draws.size or np.ptp(draws) <= 1e-12 * np.abs(draws).max():
        return without_interval(value, n)
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(value, float(low), float(high), n, "test sampling")


def wilson(value: float, size: float, quantile: float) -> tuple[float, float]:
    """Wilson's score interval of a proportion `value` seen on `size` (possibly fractional) images."""
    z2 = quantile**2
    centre = (value + z2 / (2 * size)) / (1 + z2 / size)
    half = quantile * (value * (1 - value) / size + z2 / (4 * size**2)) ** 0.5 / (1 + z2 / size)
    # Rounding may leave 1 - 1e-17 at the edges, where the bound is exact.
    low = 0.0 if value == 0 else min(value, max(0.0, centre - half))
    high = 1.0 if value == 1 else max(value, min(1.0, centre + half))
    return float(low), float(high)


def newcombe(a: np.ndarray, b: np.ndarray, quantile: float) -> tuple[float, float]:
    """Newcombe's method 10: Wilson's interval of each proportion, combined with their correlation.

    Parameters
    ----------
    a, b
        bool (S, n), right or wrong. The table of both is the mean over the S rows, whose counts may be fractional.
    quantile
        of the normal distribution.
    """
    seeds, n = a.shape
    both, only_a, only_b, neither = (
        int(np.sum(cell)) / seeds for cell in (a & b, a & ~b, ~a & b, ~a & ~b)
    )  # counts of one run; whole numbers for one seed
    p_a, p_b = (both + only_a) / n, (both + only_b) / n
    low_a, high_a = wilson(p_a, n, quantile)
    low_b, high_b = wilson(p_b, n, quantile)
    margins = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    covariance = both * neither - only_a * only_b
    if covariance > 0:
        covariance = max(covariance - n / 2, 0.0)  # his correction for continuity
    phi = covariance / margins**0.5 if margins else 0.0
    below, above = (p_a - low_a, high_b - p_b), (high_a - p_a, p_b - low_b)
    low = (below[0] ** 2 - 2 * phi * below[0] * below[1] + below[1] ** 2) ** 0.5
    high = (above[0] ** 2 - 2 * phi * above[0] * above[1] + above[1] ** 2) ** 0.5
    return float(max(-1.0, p_a - p_b - low)), float(min(1.0, p_a - p_b + high))


def variance_of_mean(table: np.ndarray) -> tuple[float, float]:
    r"""Variance of the grand mean under random seeds and images, and its degrees of freedom.

    $(MS_{seed}+MS_{image}-MS_{rest})/(S\,n)$ with Satterthwaite's degrees of freedom. A variance component is never
    negative: where its estimate is not positive it is absent, and the mean square of the other one is left. Where both
    are absent, seeds and images explain nothing and the S n numbers are one sample, whose total mean square has
    S n - 1 degrees of freedom; the largest of the three is left.

    The price: a component that only looks absent is left out. Simulated with 4 seeds that differ and 200 equally hard
    images (accuracy 0.69, seeds' standard deviation 0.15 in probits; 20,000 draws, standard error 0.0015), the 95 %
    interval of `pooled` covers 0.941. With the degrees of freedom of all three mean squares it covers 0.954, but then
    one wrong answer among 2 x 121 opens the interval down to 61 %: two seeds alone know next to nothing.

    Parameters
    ----------
    table
        (S, n), at least 2 of each, not all alike.
    """
    seeds, n = table.shape
    grand = table.mean()
    by_seed, by_image = table.mean(1, keepdims=True), table.mean(0, keepdims=True)
    ms_seed = n * np.sum((by_seed - grand) ** 2) / (seeds - 1)
    ms_image = seeds * np.sum((by_image - grand) ** 2) / (n - 1)
    ms_rest = np.sum((table - by_seed - by_image + grand) ** 2) / ((seeds - 1) * (n - 1))
    parts = [(ms_seed, seeds - 1), (ms_image, n - 1), (ms_rest, (seeds - 1) * (n - 1))]
    sum_of_squares = ms_seed + ms_image - ms_rest
    there = [part for part in parts[:2] if part[0] > ms_rest * (1 + 1e-9)]  # rounding decides nothing
    if len(there) < 2:
        total = (np.sum((table - grand) ** 2) / (seeds * n - 1), seeds * n - 1)
        parts = there or [_largest([*parts[:2], total])]
        sum_of_squares = parts[0][0]
    freedom = sum_of_squares**2 / sum(ms**2 / f for ms, f in parts)
    return float(sum_of_squares / (seeds * n)), float(max(freedom, 1.0))


def _largest(parts: list[tuple[float, int]]) -> tuple[float, int]:
    """The largest mean square with its degrees of freedom; of equal ones the one that is known best."""
    bar = max(square for square, _ in parts) * (1 - 1e-9)
    return max((part for part in parts if part[0] >= bar), key=lambda part: part[1])


def normal_quantile(confidence: float) -> float:
    """Half width of a two-sided normal interval in standard deviations; `confidence` lies between 0 and 1."""
    return float(stats.norm.ppf(0.5 + _checked(confidence) / 2))


def t_quantile(confidence: float, freedom: float) -> float:
    """The same for Student's distribution."""
    return float(stats.t.ppf(0.5 + _checked(confidence) / 2, freedom))


def _checked(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a fraction between 0 and 1, got {confidence}")
    return confidence
