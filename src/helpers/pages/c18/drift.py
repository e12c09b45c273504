"""Forty days of pictures that slowly change, and three alarms that see no label.

From day 11 on a growing share of a day's pictures comes from the changed source, all of them from day 40 on. An alarm
compares a day with a reference; its threshold is the 99th percentile of calm days, drawn from the reference itself,
which is drawn again too, being a sample as well. Comparing the outputs of a trained network between two samples follows
Rabanser et al., "Failing Loudly", NeurIPS 2019.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import softmax

DAYS, CALM = 40, 10
SIZES = (20, 50, 100)
RULE = 2  # days in a row above the threshold make an alarm
WATCHES = ("brightness", "confidence", "all outputs")
PIXELS: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # uint8 (n, H, W, 3) -> the same
    "lens out of focus": lambda x: gaussian_filter(x.astype(np.float32), (0, 1.5, 1.5, 0)).round().astype(np.uint8),
    "darker lamp": lambda x: (0.55 * x).round().astype(np.uint8),
    "noisy camera": lambda x: _noisy(x),
}
RENAMED, MORE = "two names swapped", "one coat in fashion"
KINDS = ("nothing changes", *PIXELS, MORE, RENAMED)
FASHION = (0, 1, 2)  # the breeds with the first coat
SWAPPED = (0, 6)  # two breeds whose names are exchanged by those who use them


def _noisy(images: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(18).normal(0, 25, images.shape)
    return (images + noise).clip(0, 255).round().astype(np.uint8)


def share(day: int) -> float:
    """Share of a day's pictures that come from the changed source; the first day is 1."""
    return max(0.0, min(1.0, (day - CALM) / (DAYS - CALM)))


@dataclass(frozen=True)
class Seen:
    """What can be noted of n pictures without a label, and the verdicts, which are hidden.

    Attributes
    ----------
    brightness
        Mean of the pixels, (n,).
    outputs
        Probabilities, (n, K).
    right
        Whether the first guess is right, bool (n,): known to nobody on the day.
    """

    brightness: np.ndarray
    outputs: np.ndarray
    right: np.ndarray

    def rows(self, chosen: np.ndarray) -> "Seen":
        """Some of them."""
        return Seen(self.brightness[chosen], self.outputs[chosen], self.right[chosen])


def seen(images: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> Seen:
    """Note what there is: uint8 (n, H, W, 3), (n, K), (n,)."""
    outputs = softmax(logits.astype(np.float64), axis=1)
    return Seen(images.mean((1, 2, 3)), outputs, outputs.argmax(1) == labels)


def distances(day: Seen, reference: Seen) -> np.ndarray:
    """How far a day lies from the reference, by each of `WATCHES`, (3,).

    The first two: the change of a mean, in standard errors of that day. The third: the largest difference of two
    cumulative distributions (Kolmogorov and Smirnov) over the K outputs.
    """
    found = []
    for now, before in ((day.brightness, reference.brightness), (day.outputs.max(1), reference.outputs.max(1))):
        found.append(abs(now.mean() - before.mean()) / (before.std() / np.sqrt(len(now))))
    apart = 0.0
    for now, before in zip(day.outputs.T, reference.outputs.T, strict=True):
        every = np.concatenate([now, before])
        high = np.searchsorted(np.sort(now), every, "right") / len(now)
        low = np.searchsorted(np.sort(before), every, "right") / len(before)
        apart = max(apart, float(np.abs(high - low).max()))
    return np.array([*found, apart])


def thresholds(reference: Seen, size: int, rng: np.random.Generator, days: int = 200, both: bool = True) -> np.ndarray:
    """What one calm day of a hundred exceeds, by each watch, (3,).

    Parameters
    ----------
    both
        Draw the reference anew for each day too. Without it one forgets that the reference is a sample.
    """
    n = len(reference.right)
    found = []
    for _ in range(days):
        against = reference.rows(rng.choice(n, n)) if both else reference
        found.append(distances(reference.rows(rng.choice(n, size)), against))
    return np.quantile(found, 0.99, axis=0)


def false_alarms(calm: Seen, reference: Seen, size: int, bars: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Share of 100 calm days with other pictures that lie above the threshold, by each watch, (3,)."""
    n = len(calm.right)
    days = [distances(calm.rows(rng.choice(n, size)), reference) for _ in range(100)]
    return (np.array(days) > bars).mean(0)


def story(
    kind: str, pools: Mapping[str, Seen], fashion: np.ndarray, reference: Seen, size: int, bars: np.ndarray, seed: int
) -> tuple[list[list[float]], list[float]]:
    """Forty days of one kind.

    Parameters
    ----------
    kind
        One of `KINDS`.
    pools
        Kind -> what is seen of its changed pictures; "nothing changes" holds the calm ones.
    fashion
        Rows of the calm pool that show the coat in fashion.
    bars
        (3,), of `thresholds`.

    Returns
    -------
    tuple[list[list[float]], list[float]]
        Of each watch the distance over its threshold, day after day; and the true accuracy of each day, on average.
    """
    calm, rng = pools[KINDS[0]], np.random.default_rng([seed, KINDS.index(kind), size])
    changed = calm.rows(fashion) if kind == MORE else pools[kind]
    told, accuracy = [], []
    for day in range(1, DAYS + 1):
        count = int(rng.binomial(size, share(day)))
        old = calm.rows(rng.choice(len(calm.right), size - count))
        new = changed.rows(rng.choice(len(changed.right), count))
        both = [np.concatenate([getattr(old, part), getattr(new, part)]) for part in ("brightness", "outputs", "right")]
        told.append((distances(Seen(*both), reference) / bars).round(2).tolist())
        accuracy.append(round((1 - share(day)) * calm.right.mean() + share(day) * changed.right.mean(), 3))
    return [list(row) for row in zip(*told, strict=True)], accuracy


def renamed(labels: np.ndarray) -> np.ndarray:
    """The labels after two breeds have exchanged their names."""
    swapped = labels.copy()
    swapped[labels == SWAPPED[0]], swapped[labels == SWAPPED[1]] = SWAPPED[1], SWAPPED[0]
    return swapped
