"""How far the chosen model can be trusted: calibration, what it does with pictures of no class."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp

from helpers.measure.calibration import by_bin, calibration_error, calibration_estimate
from helpers.measure.intervals import Estimate, normal_quantile, wilson

PERFECT = 500  # made-up answers of a model whose confidence is exactly right
SPREAD = 0.5  # of log T before any photograph is seen: T is within a factor of 2.7 of 1, 19 times in 20
FEW_MISTAKES = 10  # with fewer of them nothing says that a model should be surer than it is
ALARM = 0.05  # share of validation photographs that may be taken for foreign


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error, what a perfectly calibrated model would show on as many photographs, and the bins.

    Attributes
    ----------
    ece
        Mean over photographs of |confidence - accuracy| in their bin, with a bootstrap interval.
    by_chance
        Its mean and 95 % quantile for a model whose confidence is exactly right.
    bins
        One row for each tenth of confidence that holds photographs: mean confidence, accuracy, low, high, n.
    """

    ece: Estimate
    by_chance: tuple[float, float]
    bins: list[dict[str, float]]


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    r"""The T that makes the labels likeliest under softmax(logits / T), 0.05 to 20 (Guo et al. 2017); (n, K), (n,).

    Few photographs that are all right would ask for certainty. So T has a prior, $\log T\sim N(0, s^2)$ with s =
    `SPREAD`: it holds T near 1 where there are few photographs, and many overrule it. Without a mistake there is
    nothing to fit, and T is 1; with fewer than `FEW_MISTAKES` it is not below 1, which would make the model surer.
    """
    z, rows = logits.astype(np.float64), np.arange(len(labels))
    mistakes = int((z.argmax(axis=1) != labels).sum())
    if not mistakes:
        return 1.0

    def cost(log_t: float) -> float:
        misfit = -np.sum(log_softmax(z / np.exp(log_t), axis=1)[rows, labels])
        return float(misfit + (log_t / SPREAD) ** 2 / 2)

    found = float(np.exp(minimize_scalar(cost, bounds=(np.log(0.05), np.log(20.0)), method="bounded").x))
    return max(1.0, found) if mistakes < FEW_MISTAKES else found


def temperature_text(logits: np.ndarray, labels: np.ndarray, temperature: float) -> str:
    """What the list that it was fitted on allows to say of a temperature, in a sentence; (n, K), (n,)."""
    n, mistakes = len(labels), int((logits.argmax(axis=1) != labels).sum())
    if not mistakes:
        told = "they cannot say how sure is too sure, so the temperature stays 1"
        return f"All {n} validation photographs are right: {told}."
    found = f"Fitted on {n} validation photographs with {mistakes} mistake{'s' if mistakes > 1 else ''}"
    if temperature == 1.0 and mistakes < FEW_MISTAKES:
        return f"{found}: too few to make the model surer, so the temperature stays 1."
    return f"{found}: {temperature:.2f}."


def calibration(probabilities: np.ndarray, labels: np.ndarray, seed: int = 0) -> Calibration:
    """How well confidence matches accuracy; (n, K), (n,). Error, interval and bins are those of
    `helpers.measure.calibration`."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    n, rng = len(labels), np.random.default_rng(seed)
    perfect = [calibration_error(sure, rng.random(n) < sure) for _ in range(PERFECT)]
    bins = []
    for confidence, accuracy, count in by_bin(sure, right):
        low, high = wilson(accuracy, count, normal_quantile(0.95))
        bins.append({"confidence": confidence, "accuracy": accuracy, "n": count, "low": low, "high": high})
    ece = calibration_estimate(sure, right, seed)
    return Calibration(ece, (float(np.mean(perfect)), float(np.quantile(perfect, 0.95))), bins)


def calibration_text(found: Calibration) -> str:
    """What an ECE beside that of a perfect model allows to say, in a sentence."""
    n, share = found.ece.n, [row["n"] / found.ece.n for row in found.bins]
    if found.ece.value <= found.by_chance[1]:
        return f"{n} photographs cannot show it miscalibrated."
    gap = sum(s * (row["confidence"] - row["accuracy"]) for s, row in zip(share, found.bins, strict=True))
    word = "surer" if gap > 0 else "less sure"
    why = "Miscalibrated, by more than chance explains, or labels are wrong"
    return f"{why}: on average {100 * abs(gap):.1f} points {word} than right."


# --- pictures of no class --------------------------------------------------------------------------------------------


def scores(logits: np.ndarray) -> np.ndarray:
    """log of the sum of the exponentials of the logits, (n, K) -> (n,): low for what the model does not know."""
    return logsumexp(logits.astype(np.float64), axis=1)


def known_above(val_logits: np.ndarray) -> float:
    """The score below which a picture is called foreign: that of the lowest twentieth of the validation part."""
    return float(np.quantile(scores(val_logits), ALARM))


def lost_text(test_scores: np.ndarray, line: float) -> str:
    """How many test photographs fall below the line, beside how many were expected to, in a sentence."""
    n, below = len(test_scores), int((test_scores < line).sum())
    return f"Of {n} test photographs, {ALARM * n:.1f} were expected below it; {below} were."
