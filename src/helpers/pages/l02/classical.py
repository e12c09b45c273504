"""The two methods without training steps: nearest neighbours on pixels, and visual words with a linear SVM.

Each is given every training image and its mirror image once. What networks get from epochs and crops, these two cannot
use.
"""

import time
from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from helpers.data import Dataset
from helpers.models.bow import BagOfWords

SIDE = 32  # pixels to which images are shrunk for nearest neighbours
NEIGHBOURS = 5


@dataclass(frozen=True)
class Answers:
    """What a method said of the test images, and what it cost.

    Attributes
    ----------
    predictions
        int (n,).
    fit_s
        Seconds of learning.
    answer_s
        Seconds for all test images.
    numbers
        How many numbers it keeps.
    macs
        Multiply-accumulates of one answer; None where they were not counted.
    """

    predictions: np.ndarray
    fit_s: float
    answer_s: float
    numbers: int
    macs: int | None


def with_mirrored(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images and their mirror images, uint8 (N, S, S, 3) and int (N,) -> (2 N, S, S, 3) and (2 N,)."""
    return np.concatenate([images, images[:, :, ::-1]]), np.concatenate([labels, labels])


def as_rows(images: np.ndarray) -> np.ndarray:
    """Shrink images to 32 px by means over squares, then give each mean 0 and deviation 1.

    The nearest image is then the one whose pixels correlate most.

    Parameters
    ----------
    images
        uint8 (N, S, S, 3), S a multiple of 32.

    Returns
    -------
    np.ndarray
        float32 (N, 3072).

    Raises
    ------
    ValueError
        For another side.
    """
    n, side = images.shape[:2]
    if side % SIDE:
        raise ValueError(f"images: expected a side that is a multiple of {SIDE} pixels, got {side}")
    step = side // SIDE
    rows = images.reshape(n, SIDE, step, SIDE, step, 3).mean(axis=(2, 4), dtype=np.float32).reshape(n, -1)
    rows -= rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(rows.std(axis=1, keepdims=True), 1e-6)


def nearest_neighbours(data: Dataset) -> Answers:
    """The most frequent class among the five training images (or mirror images) that correlate most."""
    images, labels = with_mirrored(data.train.images, data.train.labels)
    start = time.perf_counter()
    rows = as_rows(images)
    model = KNeighborsClassifier(NEIGHBOURS, algorithm="brute").fit(rows, labels)
    fitted = time.perf_counter()
    predictions = model.predict(as_rows(data.test.images))
    return Answers(predictions, fitted - start, time.perf_counter() - fitted, rows.size, rows.size)


def visual_words(data: Dataset, seed: int) -> Answers:
    """A bag of visual words on a pyramid, and a linear SVM, as in `helpers.models.bow`."""
    images, labels = with_mirrored(data.train.images, data.train.labels)
    start = time.perf_counter()
    model = BagOfWords(seed=seed).fit(images, labels)
    fitted = time.perf_counter()
    predictions = model.predict(data.test.images)
    numbers = model.vocabulary_.cluster_centers_.size + model.classifier_.coef_.size + model.classifier_.intercept_.size
    return Answers(predictions, fitted - start, time.perf_counter() - fitted, numbers, None)
