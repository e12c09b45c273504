"""Heaps without a label: k-means on the digits, four ways to score them, and labels that cost one look a heap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix


@dataclass(frozen=True)
class HeapScores:
    """Scores of one sorting into heaps, all at most 1.

    Attributes
    ----------
    purity
        Share of images whose class is the commonest of their heap.
    one_to_one
        Share of right names where each heap gets one class and no class two heaps, best possible.
    nmi
        Normalised mutual information of heaps and classes, arithmetic mean.
    ari
        Adjusted Rand index: pairs of images kept together or apart rightly; 0 expected of lots.
    """

    purity: float
    one_to_one: float
    nmi: float
    ari: float


def sort_into_heaps(pixels: np.ndarray, count: int, starts: int = 1, seed: int = 0) -> np.ndarray:
    """The heap of each image by k-means, (n, P) -> (n,); with as many heaps as images each is its own."""
    if count == len(pixels):
        return np.arange(count)
    return KMeans(count, n_init=starts, random_state=seed).fit_predict(pixels)


def score_heaps(labels: np.ndarray, heaps: np.ndarray) -> HeapScores:
    """Score heaps against labels, both (n,)."""
    table = contingency_matrix(labels, heaps)  # (classes, heaps)
    rows, columns = linear_sum_assignment(-table)
    return HeapScores(
        purity=float(table.max(axis=0).sum() / len(labels)),
        one_to_one=float(table[rows, columns].sum() / len(labels)),
        nmi=float(normalized_mutual_info_score(labels, heaps)),
        ari=float(adjusted_rand_score(labels, heaps)),
    )


def scores_by_count(pixels: np.ndarray, labels: np.ndarray, counts: Sequence[int]) -> list[HeapScores]:
    """`score_heaps` of k-means for each number of heaps."""
    return [score_heaps(labels, sort_into_heaps(pixels, count)) for count in counts]


def named_by_heap(labels: np.ndarray, heaps: np.ndarray) -> np.ndarray:
    """Every image named by the commonest class of its heap, as by a person who looks at each heap once: (n,)."""
    return contingency_matrix(labels, heaps).argmax(axis=0)[np.unique(heaps, return_inverse=True)[1]]


def score_by_labels(accuracy: float, wrong: float, classes: int) -> float:
    r"""Score of a classifier where a share of the labels is wrong by lot, evenly spread over the other classes.

    $(1-r)\,a + r\,\frac{1-a}{K-1}$: a right answer counts where the label is right, a wrong one where it happens
    to be the wrong label.
    """
    return (1 - wrong) * accuracy + wrong * (1 - accuracy) / (classes - 1)
