r"""How many photographs are needed: accuracy against photographs a class, and what more of them would likely bring.

The forecast rests on one assumption, which is said beside it: the odds of a mistake fall as a power of the number of
photographs, $\mathrm{logit}\,e(n)=\alpha-\beta\log n$. For small errors this is the power law that learning curves
have been seen to follow (Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017); it stays below 1
for large ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from helpers.measure.accuracy import pooled
from helpers.measure.intervals import Estimate
from helpers.measure.logistic_probe import fit_probe

STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # photographs a class
LAST = 4  # of the sizes, which the law is fitted to
LEAST = 3  # sizes, fewer fix no law
DRAWS = 200  # of the bootstrap


@dataclass(frozen=True)
class Point:
    """One size: photographs a class (their mean, where a class has fewer) and right or wrong, bool (draws, n_test)."""

    per_class: float
    correct: np.ndarray

    @property
    def top1(self) -> Estimate:
        """Accuracy over draws and test photographs."""
        return pooled(self.correct)


@dataclass(frozen=True)
class Forecast:
    """What `more` photographs a class would add to the accuracy at `now`, if the law holds.

    `predicted` is what the law, fitted without the last size, says of the last size, and `measured` what it was.
    """

    now: float
    more: int
    gain: Estimate
    predicted: float
    measured: Estimate


def learning_curve(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    num_classes: int,
    strength: float,
    draws: int,
    seed: int = 0,
    sizes: Sequence[int] = STEPS,
) -> list[Point]:
    """Accuracy of probes on ever more photographs a class.

    Parameters
    ----------
    train, test
        Features (n, D) and labels (n,).
    strength
        Of the probes.
    draws
        How often the photographs of a size are drawn; all of them need one draw.
    sizes
        Photographs a class, ascending; those from the largest class on are one point, that of all photographs.
    """
    features, labels = train
    rng = np.random.default_rng(seed)
    largest = int(np.bincount(labels).max())
    points = []
    for size in [*(step for step in sizes if step < largest), largest]:
        correct, counts = [], []
        for _ in range(draws if size < largest else 1):
            rows = _draw(labels, size, rng)
            counts.append(len(rows) / num_classes)
            probe = fit_probe(features[rows], labels[rows], num_classes, strength)
            correct.append(probe.logits(test[0]).argmax(1) == test[1])
        points.append(Point(float(np.mean(counts)), np.stack(correct)))
    return points


def curve_rows(curve: Sequence[Point]) -> list[dict[str, Any]]:
    """The curve for a record."""
    return [{"images_a_class": p.per_class, "draws": len(p.correct), "test_top1": p.top1.as_dict()} for p in curve]


def forecast(points: Sequence[Point], more: int, seed: int = 0) -> Forecast | None:
    """What `more` photographs a class would likely bring, with a bootstrap interval over draws and test photographs.

    The interval says how well these answers fix the law, not whether the law holds. None for fewer than `LEAST` + 1
    sizes: the law needs some, and its check another.
    """
    if len(points) <= LEAST:
        return None
    last = points[-LAST:]
    now = last[-1].per_class
    sizes = np.array([point.per_class for point in last])
    errors = np.array([1 - point.correct.mean() for point in last])
    value = _gain(sizes, errors, now, more)
    rng = np.random.default_rng(seed)
    gains = []
    for _ in range(DRAWS):
        images = rng.integers(0, last[0].correct.shape[1], last[0].correct.shape[1])
        resampled = [p.correct[rng.integers(0, len(p.correct), len(p.correct))][:, images] for p in last]
        gains.append(_gain(sizes, np.array([1 - one.mean() for one in resampled]), now, more))
    low, high = np.quantile(gains, [0.025, 0.975])
    gain = Estimate(value, min(value, float(low)), max(value, float(high)), last[0].correct.shape[1], "both")
    before = points[-LAST - 1 : -1] if len(points) > LAST else points[:-1]
    law = _law(np.array([p.per_class for p in before]), np.array([1 - p.correct.mean() for p in before]))
    return Forecast(now, more, gain, float(1 - expit(law[0] - law[1] * np.log(now))), last[-1].top1)


def _draw(labels: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """`size` photographs of each class, or all of a smaller one."""
    members = [rng.permutation(np.flatnonzero(labels == label))[:size] for label in np.unique(labels)]
    return np.sort(np.concatenate(members))


def _gain(sizes: np.ndarray, errors: np.ndarray, now: float, more: int) -> float:
    level, slope = _law(sizes, errors)
    before, after = expit(level - slope * np.log([now, now + more]))
    return float(before - after)


def _law(sizes: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """The level and slope of the law that make the errors, fractions of equally many answers, likeliest."""
    logs = np.log(sizes)
    errors = errors.clip(1e-4, 1 - 1e-4)

    def cost(law: np.ndarray) -> float:
        z = law[0] - law[1] * logs
        return float(np.sum(np.logaddexp(0, z) - errors * z))

    return minimize(cost, np.array([0.0, 0.5]), method="BFGS").x
