"""The zero of lab 12: two networks of one lesson and one of the other. Whose map is the odd one out?

A map that follows the cue stays where it is when the same lesson is learned with another seed, and moves when another
lesson is. So each network is compared with one of its own lesson and one of the other. Where the lesson does not
matter, the three can change places, and either is the farther one half of the time: the score is 0 on average, however
much maps differ from training to training. The variance is the jackknife's (Efron and Stein, Annals of Statistics 9,
1981), over the trainings of each lesson and over dogs.
"""

import numpy as np

from helpers.measure.intervals import Estimate, normal_quantile, t_quantile, wilson, without_interval

FEWEST = 3  # trainings of each lesson: without one of them, two are left to compare


def odd_one_out(coat: np.ndarray, build: np.ndarray) -> Estimate:
    """How often the network of the other lesson lies farther than that of the same, less how often nearer; -1 to 1.

    Parameters
    ----------
    coat, build
        Where the maps of the networks of either lesson lean, (S, n) each: trainings, dogs.

    Returns
    -------
    Estimate
        Its interval covers trainings and dogs; none with fewer than `FEWEST` trainings, or where nothing varies. Where
        the answer is the same for every triple and dog, it is Wilson's at n dogs.

    Raises
    ------
    ValueError
        With one training of a lesson, or of different dogs.
    """
    if coat.shape[1:] != build.shape[1:] or min(len(coat), len(build)) < 2:
        raise ValueError(f"expected two trainings at least, of the same dogs; got {coat.shape} and {build.shape}")
    by_dog = _score(coat, build)
    value, n = float(by_dog.mean()), len(by_dog)
    if min(len(coat), len(build)) < FEWEST or not np.ptp(np.concatenate([coat, build]), axis=0).any():
        return without_interval(value, n)
    if abs(value) == 1:
        low, high = wilson((1 + value) / 2, n, normal_quantile(0.95))
        return Estimate(value, 2 * low - 1, 2 * high - 1, n, "both")
    left = [
        np.array([_score(np.delete(coat, k, 0), build).mean() for k in range(len(coat))]),
        np.array([_score(coat, np.delete(build, k, 0)).mean() for k in range(len(build))]),
        (by_dog.sum() - by_dog) / (n - 1),
    ]
    parts = [((len(one) - 1) / len(one) * float(((one - one.mean()) ** 2).sum()), len(one) - 1) for one in left]
    variance = sum(part for part, _ in parts)
    if variance == 0:
        return without_interval(value, n)
    freedom = variance**2 / sum(part**2 / f for part, f in parts)  # Satterthwaite's
    half = t_quantile(0.95, freedom) * variance**0.5
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n, "both")


def _score(coat: np.ndarray, build: np.ndarray) -> np.ndarray:
    """Mean over all triples, for each dog, (n,)."""
    sides = []
    for own, other in ((coat, build), (build, coat)):
        if len(own) < 2:
            continue  # nobody to compare with
        near = np.abs(own[:, None] - own[None])  # (S, S, n), to those of the same lesson
        far = np.abs(own[:, None] - other[None])  # (S, T, n), to those of the other
        wins = np.sign(np.round(far[:, None] - near[:, :, None], 9)).mean(2)  # (S, S, n)
        sides.append(wins[~np.eye(len(own), dtype=bool)].mean(0))
    return np.asarray(np.mean(sides, axis=0))
