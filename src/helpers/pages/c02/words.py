"""From descriptors to words, from words to a count, from a count to a decision: each step by itself.

`helpers.models.bow` does all of it at once; here every step can be exchanged. Csurka et al., "Visual Categorization
with Bags of Keypoints", 2004; Lazebnik, Schmid and Ponce, "Beyond Bags of Features", CVPR 2006.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.cluster import MiniBatchKMeans
from sklearn.svm import LinearSVC

from helpers.models.bow import BagOfWords, pyramid_histogram

SAMPLE = 20_000  # descriptors from which a vocabulary is made


def describe(images: np.ndarray, cell_size: int = 4) -> np.ndarray:
    """Descriptors at every place of a grid, uint8 (B, S, S, 3) -> (B, rows, columns, 32)."""
    return BagOfWords(cell_size=cell_size, levels=1).describe(images)


def _drawn(descriptors: np.ndarray, count: int, seed: int) -> np.ndarray:
    flat = descriptors.reshape(-1, descriptors.shape[-1])
    if len(flat) < count:
        raise ValueError(f"descriptors: expected at least {count}, got {len(flat)}")
    return flat[np.random.default_rng(seed).permutation(len(flat))]


def clustered_words(descriptors: np.ndarray, count: int, seed: int) -> np.ndarray:
    """A vocabulary by k-means, (..., D) -> (V, D).

    Raises
    ------
    ValueError
        For fewer descriptors than words.
    """
    clustering = MiniBatchKMeans(count, batch_size=4096, n_init=1, random_state=seed)
    return clustering.fit(_drawn(descriptors, count, seed)[:SAMPLE]).cluster_centers_


def words_by_lot(descriptors: np.ndarray, count: int, seed: int) -> np.ndarray:
    """A vocabulary without learning: descriptors drawn by lot, (..., D) -> (V, D).

    Raises
    ------
    ValueError
        For fewer descriptors than words.
    """
    return _drawn(descriptors, count, seed)[:count].copy()


def squared_distances(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """From every descriptor to every word, (..., D) and (V, D) -> (..., V)."""
    own = (descriptors**2).sum(axis=-1, keepdims=True)
    return own - 2 * descriptors @ words.T + (words**2).sum(axis=1)


def nearest_word(descriptors: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Hard assignment: the index of the nearest word, (..., D) and (V, D) -> int (...)."""
    return squared_distances(descriptors, words).argmin(axis=-1)


def soft_words(descriptors: np.ndarray, words: np.ndarray, temperature: float) -> np.ndarray:
    """Soft assignment, softmax(-|x - c|^2 / temperature) over the words, (..., D) and (V, D) -> (..., V).

    Raises
    ------
    ValueError
        For a temperature that is not positive.
    """
    if temperature <= 0:
        raise ValueError(f"temperature: expected above 0, got {temperature}")
    return softmax(-squared_distances(descriptors, words) / temperature, axis=-1)


def histograms(words: np.ndarray, vocabulary_size: int, levels: int = 1) -> np.ndarray:
    """Share of each word, or on several levels of a pyramid, int (B, rows, columns) -> (B, F)."""
    return np.stack([pyramid_histogram(image, vocabulary_size, levels) for image in words])


def hinge(margin: float) -> float:
    """What an example costs whose score, times its sign, is `margin`."""
    return max(0.0, 1.0 - margin)


def intersection(a: np.ndarray, b: np.ndarray) -> float:
    """What two histograms have in common: the sum of the smaller counts (Swain and Ballard, 1991)."""
    return float(np.minimum(a, b).sum())


def occurrences(words: np.ndarray, vocabulary_size: int) -> csr_matrix:
    """Write a count of 3 as 1, 1, 1, 0, ...: the dot product of two rows is the intersection of their histograms.

    Column v P + k says that word v occurs at least k + 1 times; each of the P places fills exactly one.

    Parameters
    ----------
    words
        int (B, rows, columns), P = rows x columns.

    Returns
    -------
    scipy.sparse.csr_matrix
        (B, V P), of zeros and ones.
    """
    flat = np.sort(words.reshape(len(words), -1), axis=1)  # (B, P): equal words stand together
    images, places = flat.shape
    first = np.stack([np.searchsorted(row, row) for row in flat])  # where its word begins
    columns = flat * places + np.arange(places) - first
    starts = np.arange(0, images * places + 1, places)
    return csr_matrix((np.ones(flat.size), columns.ravel(), starts), shape=(images, vocabulary_size * places))


@dataclass(frozen=True)
class Voter:
    """Words, and what each says for and against each class: a linear SVM on the plain counts.

    Attributes
    ----------
    words
        (V, D).
    weights
        (K, V).
    bias
        (K,).
    """

    words: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def seen(self, descriptors: np.ndarray) -> np.ndarray:
        """The word at each place, (..., D) -> int (...)."""
        return nearest_word(descriptors, self.words)

    def scores(self, words: np.ndarray) -> np.ndarray:
        """The SVM's scores from the histograms, int (B, rows, columns) -> (B, K)."""
        return histograms(words, len(self.words)) @ self.weights.T + self.bias

    def votes(self, words: np.ndarray) -> np.ndarray:
        """What each place adds to each score, int (rows, columns) -> (K, rows, columns)."""
        return self.weights[:, words] / words.size


def fit_voter(words: np.ndarray, seen: np.ndarray, labels: np.ndarray, cost: float = 1.0, seed: int = 0) -> Voter:
    """Train one linear SVM a class on histograms of words, (V, D), int (B, rows, columns) and (B,).

    The histograms are scaled to a mean length of 1 for the training, so that `cost` means the same for any number of
    words; the weights returned are those of the histograms themselves. Three classes or more.
    """
    rows = histograms(seen, len(words))
    scale = 1 / np.linalg.norm(rows, axis=1).mean()
    classifier = LinearSVC(C=cost, random_state=seed, max_iter=5000).fit(scale * rows, labels)
    return Voter(words, scale * classifier.coef_, classifier.intercept_)
