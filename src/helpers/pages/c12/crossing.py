r"""A crossing in numpy: a rule with few numbers that is a little wrong against one with many that can be right.

A signal of d pixels on a ring becomes another by a matrix: a convolution of three weights, and a small departure from
it, plus noise. One learner fits three weights, the other all d d. For n signals of independent normal pixels, least
squares expects the errors sigma^2 3 / (d n - 5) + b^2 and sigma^2 d / (n - d - 1) for each pixel that comes out; b^2 is
the departure's squared length of a row. (The first is exact for independent rows, which the shifts of a ring are not.)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import brentq

PIXELS, TAPS = 16, 3


def expected(n: float | np.ndarray, departure: float, noise: float, pixels: int = PIXELS) -> tuple[Any, Any]:
    """Error of the convolution and of the full matrix after n signals; n > pixels + 1. `departure` and `noise` are b^2
    and sigma^2."""
    return departure + noise * TAPS / (pixels * n - TAPS - 2), noise * pixels / (n - pixels - 1)


def crossing_of(departure: float, noise: float, pixels: int = PIXELS) -> float:
    """From how many signals on the full matrix is expected to be ahead.

    Raises
    ------
    ValueError
        Without a departure: then it never is.
    """
    if departure <= 0 or noise <= 0:
        raise ValueError(f"expected a departure and noise above 0, got {departure} and {noise}")

    def lead(n: float) -> float:
        few, many = expected(n, departure, noise, pixels)
        return float(many - few)

    return float(brentq(lead, pixels + 1.001, 1e9))


def truth(departure: float, rng: np.random.Generator, pixels: int = PIXELS) -> np.ndarray:
    """A convolution (-1, 0, 1) on a ring and a departure that no convolution of three weights can follow, (d, d)."""
    ring = np.roll(np.eye(pixels), 1, axis=1) - np.roll(np.eye(pixels), -1, axis=1)
    rest = rng.standard_normal((pixels, pixels))
    for shift in (-1, 0, 1):  # take away what three weights could follow
        rows = np.arange(pixels)
        rest[rows, (rows + shift) % pixels] -= rest[rows, (rows + shift) % pixels].mean()
    return ring + rest * np.sqrt(departure * pixels / (rest**2).sum())


def errors(
    sizes: Sequence[int], departure: float, noise: float, repeats: int, seed: int = 0, pixels: int = PIXELS
) -> np.ndarray:
    """Mean squared error of both learners for a pixel of new signals, (2, len(sizes)): convolution, full matrix."""
    rng, found = np.random.default_rng(seed), np.zeros((2, len(sizes)))
    for _ in range(repeats):
        matrix = truth(departure, rng, pixels)
        for k, n in enumerate(sizes):
            x = rng.standard_normal((n, pixels))
            y = x @ matrix.T + np.sqrt(noise) * rng.standard_normal((n, pixels))
            shifts = np.stack([np.roll(x, -s, axis=1) for s in (-1, 0, 1)], -1).reshape(-1, TAPS)  # (n d, 3)
            taps = np.linalg.lstsq(shifts, y.ravel(), rcond=None)[0]
            few = sum(tap * np.roll(np.eye(pixels), s, axis=1) for tap, s in zip(taps, (-1, 0, 1), strict=True))
            many = np.linalg.lstsq(x, y, rcond=None)[0].T
            found[:, k] += [((guess - matrix) ** 2).sum() / pixels for guess in (few, many)]
    return found / repeats
