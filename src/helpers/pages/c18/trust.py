"""What a probability is worth: calibration with one temperature, and scores by which a foreign picture may be told.

Guo et al., "On Calibration of Modern Neural Networks", ICML 2017; Hendrycks and Gimpel, "A Baseline for Detecting
Misclassified and Out-of-Distribution Examples in Neural Networks", ICLR 2017; Liu et al., "Energy-based
Out-of-distribution Detection", NeurIPS 2020.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import rankdata

from helpers.measure.intervals import Estimate, percentile_interval


def confidence(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probability of the first guess, (n, K) -> (n,)."""
    return softmax(logits.astype(np.float64) / temperature, axis=1).max(1)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The T that makes softmax(z / T) likeliest on answers whose truth is known; between 0.1 and 10."""
    wide, rows = logits.astype(np.float64), np.arange(len(labels))
    found = minimize_scalar(
        lambda log_t: -log_softmax(wide / np.exp(log_t), axis=1)[rows, labels].mean(),
        bounds=(np.log(0.1), np.log(10)),
        method="bounded",
    )
    return float(np.exp(found.x))


def energy_score(logits: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of the exponentials, (n, K) -> (n,): the larger, the more at home."""
    return np.asarray(logsumexp(logits.astype(np.float64), axis=1))


def auroc(home: np.ndarray, foreign: np.ndarray) -> float:
    """Chance that a picture from home has the larger score than a foreign one; ties count half."""
    ranks = rankdata(np.concatenate([home, foreign]))
    return float((ranks[: len(home)].sum() - len(home) * (len(home) + 1) / 2) / (len(home) * len(foreign)))


def auroc_estimate(home: np.ndarray, foreign: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> Estimate:
    """The same with a bootstrap interval.

    Parameters
    ----------
    groups
        int (n,), pieces of one photograph share a number: then photographs are drawn again, not pieces.
    """
    rng, draws = np.random.default_rng(seed), []
    own = np.arange(len(foreign)) if groups is None else groups
    members = [np.flatnonzero(own == g) for g in np.unique(own)]
    for _ in range(200):
        again = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        draws.append(auroc(rng.choice(home, len(home)), foreign[again]))
    value = auroc(home, foreign)
    found = percentile_interval(value, np.array(draws), len(members))
    if found.low is None or found.high is None:
        return found
    return Estimate(value, min(value, found.low), max(value, found.high), len(members), "test sampling")
