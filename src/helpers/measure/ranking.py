"""Who is ahead of whom, as far as the test images tell."""

from collections.abc import Mapping

import numpy as np

from helpers.measure.accuracy import paired_difference


def ranked(correct: Mapping[str, np.ndarray]) -> list[list[str]]:
    """Names from best to worst, in groups: a group begins where the next one is surely behind the first of the group
    before, by `paired_difference`.

    Parameters
    ----------
    correct
        Name -> right or wrong on the same images, bool (n,) or (S, n).
    """
    groups: list[list[str]] = []
    for name in sorted(correct, key=lambda name: -float(np.mean(correct[name]))):
        gap = paired_difference(correct[groups[-1][0]], correct[name]) if groups else None
        if gap is not None and (gap.low is None or gap.low <= 0):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups
