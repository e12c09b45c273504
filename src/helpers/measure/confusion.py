"""Which classes are taken for each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from helpers.measure.answers import paired_indices


@dataclass(frozen=True)
class ConfusedPair:
    """Two classes and how often each was taken for the other; `count` is the sum of both directions."""

    first: int
    second: int
    count: int
    first_as_second: int
    second_as_first: int


def confusion_pairs(predictions: ArrayLike, labels: ArrayLike, k: int) -> list[ConfusedPair]:
    """The k pairs of classes most often taken for each other, most confused first.

    Parameters
    ----------
    predictions, labels
        (N,), integer class indices.
    k
        how many pairs at most; there are fewer where fewer are confused at all. Ties come in class order.

    Raises
    ------
    ValueError
        For k < 1.
    """
    predictions, labels = paired_indices(predictions, labels)
    if k < 1:
        raise ValueError(f"k: expected at least 1, got {k}")
    num_classes = int(max(predictions.max(), labels.max())) + 1
    confusion = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(confusion, (labels, predictions), 1)
    either_way = np.triu(confusion + confusion.T, k=1)
    order = np.argsort(-either_way, axis=None, kind="stable")[:k]
    pairs = [divmod(int(flat), num_classes) for flat in order]
    return [
        ConfusedPair(i, j, int(either_way[i, j]), int(confusion[i, j]), int(confusion[j, i]))
        for i, j in pairs
        if either_way[i, j] > 0
    ]
