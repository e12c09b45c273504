"""A signed sum of accuracies on the same test images: a difference, or a difference of differences."""

from collections.abc import Sequence

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference
from helpers.measure.intervals import normal_quantile, t_quantile, variance_of_mean


def contrast(terms: Sequence[tuple[int, np.ndarray]]) -> Estimate:
    """A signed sum of accuracies on the same test images, with its 95 % interval.

    Two of them, one of each sign, are `paired_difference`. Of more, the variance is that of the sums of the single
    images, over seeds and images as in `pooled`, with one seed over images alone. No interval where the sums do not
    vary.

    Parameters
    ----------
    terms
        Pairs of a sign, 1 or -1, and right or wrong, bool (seeds, n), alike in shape.

    Raises
    ------
    ValueError
        If their shapes differ.
    """
    if len({right.shape for _, right in terms}) != 1:
        raise ValueError(f"terms: expected one shape, got {', '.join(str(right.shape) for _, right in terms)}")
    if len(terms) == 2 and {sign for sign, _ in terms} == {1, -1}:
        (_, plus), (_, minus) = sorted(terms, key=lambda term: -term[0])
        return paired_difference(plus, minus)
    table = np.sum([sign * right.astype(float) for sign, right in terms], axis=0)  # (seeds, n)
    seeds, n = table.shape
    value = float(table.mean())
    if np.ptp(table) == 0:
        return Estimate(value, None, None, n, "nothing")
    if seeds == 1:
        half = normal_quantile(0.95) * float(table.std(ddof=1)) / n**0.5
        return Estimate(value, value - half, value + half, n, "test sampling")
    variance, freedom = variance_of_mean(table)
    half = t_quantile(0.95, freedom) * variance**0.5
    return Estimate(value, value - half, value + half, n, "both")
