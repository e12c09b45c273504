"""Is a network as sure as it is right? The expected calibration error, in bins of confidence.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
"""

import numpy as np

from helpers.measure.intervals import Estimate, percentile_interval

BINS = 10


def by_bin(sure: np.ndarray, right: np.ndarray, bins: int = BINS) -> list[tuple[float, float, int]]:
    """Mean confidence, share right and number of answers of each bin of confidence that holds any; equal widths."""
    at = np.minimum((sure * bins).astype(int), bins - 1)
    rows = [(k, at == k) for k in range(bins)]
    return [(float(sure[here].mean()), float(right[here].mean()), int(here.sum())) for _, here in rows if here.any()]


def calibration_error(sure: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    r"""The expected calibration error $\sum_b \frac{n_b}{n} |\mathrm{right}_b - \mathrm{sure}_b|$.

    Parameters
    ----------
    sure
        Probability of the first guess, (n,).
    right
        Whether it is right, bool (n,).
    bins
        How many, of equal width.

    Raises
    ------
    ValueError
        Without an answer, or if the two arrays differ in length.
    """
    if len(sure) != len(right) or not len(sure):
        raise ValueError(f"expected as many verdicts as confidences, one at least, got {len(right)} and {len(sure)}")
    return sum(n * abs(hits - mean) for mean, hits, n in by_bin(sure, right, bins)) / len(sure)


def calibration_estimate(sure: np.ndarray, right: np.ndarray, seed: int = 0) -> Estimate:
    """The error with a bootstrap interval over answers."""
    rows = np.random.default_rng(seed).integers(0, len(sure), (300, len(sure)))
    draws = np.array([calibration_error(sure[row], right[row]) for row in rows])
    value = calibration_error(sure, right)
    found = percentile_interval(value, draws, len(sure))
    if found.low is None or found.high is None:
        return found
    return Estimate(value, min(value, found.low), max(value, found.high), len(sure), "test sampling")
