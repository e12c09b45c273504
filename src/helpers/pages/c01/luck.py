"""Luck: the best of many coins, exactly, and what choosing among classifiers on few images promises and keeps."""

import numpy as np
from scipy import stats

from helpers.pages.c01.hands import nearest_names
from helpers.widgets.intervals import wilson_interval


def best_of_coins(coins: int, n: int) -> float:
    r"""Expected score of the best of so many classifiers that toss a coin on n images of two classes.

    $\mathrm{E}[\max]/n = \frac1n\sum_{k=1}^{n} \big(1 - F(k-1)^m\big)$, F the distribution of one coin's right answers.

    Raises
    ------
    ValueError
        For fewer than one coin or image.
    """
    if coins < 1 or n < 1:
        raise ValueError(f"expected at least one coin and one image, got {coins} and {n}")
    fewer = stats.binom.cdf(np.arange(n), n, 0.5)  # P(one coin has at most k - 1 right), k = 1..n
    return float(np.mean(1 - fewer**coins))


def seems_sure(coins: int, n: int) -> float:
    """How often the 95 % interval (Wilson's) of the best of so many coins on n images leaves out a half, from above."""
    right = np.arange(n + 1)
    bar = next(int(k) for k in right if wilson_interval(k / n, n)[0] > 0.5)
    return float(1 - stats.binom.cdf(bar - 1, n, 0.5) ** coins)


def names_from_few_pixels(
    known: np.ndarray,
    names: np.ndarray,
    asked: np.ndarray,
    truth: np.ndarray,
    count: int,
    pixels: int = 8,
    seed: int = 0,
) -> np.ndarray:
    """Which answers are right of classifiers that look at a few pixels each, drawn by lot: bool (count, N).

    Each names an image like its nearest known one; known (M, P), names (M,), asked (N, P), truth (N,).
    """
    rng = np.random.default_rng(seed)
    right = []
    for _ in range(count):
        seen = rng.choice(known.shape[1], pixels, replace=False)
        right.append(nearest_names(known[:, seen], names, asked[:, seen]) == truth)
    return np.stack(right)


def chosen_by_validation(
    right: np.ndarray, tries: int, validation: int, draws: int = 300, seed: int = 0
) -> tuple[float, float]:
    """Of `tries` classifiers keep the best on a few images: its mean accuracy on these, and on all others.

    Parameters
    ----------
    right
        bool (classifiers, N).
    tries, validation
        How many classifiers and how many images are drawn each time, without putting back.
    draws
        How often.

    Raises
    ------
    ValueError
        For more tries than classifiers, or no image left to test on.
    """
    classifiers, n = right.shape
    if not 1 <= tries <= classifiers or not 1 <= validation < n:
        raise ValueError(f"expected 1 to {classifiers} tries and 1 to {n - 1} images, got {tries} and {validation}")
    rng = np.random.default_rng(seed)
    on_chosen, on_others = [], []
    for _ in range(draws):
        images, some = rng.permutation(n), rng.choice(classifiers, tries, replace=False)
        scores = right[np.ix_(some, images[:validation])].mean(axis=1)
        winner = scores.argmax()
        on_chosen.append(scores[winner])
        on_others.append(right[some[winner], images[validation:]].mean())
    return float(np.mean(on_chosen)), float(np.mean(on_others))
