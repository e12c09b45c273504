"""Bag of visual words: descriptors, a vocabulary, histograms on a pyramid, a linear classifier.

How photographs were classified from 2004 to 2012. Csurka, Dance, Fan, Willamowski and Bray,
"Visual Categorization with Bags of Keypoints", ECCV workshop 2004 (words); Dalal and Triggs,
"Histograms of Oriented Gradients for Human Detection", CVPR 2005 (descriptors); Lazebnik, Schmid
and Ponce, "Beyond Bags of Features", CVPR 2006 (pyramid, dense grid). scikit-image computes the
descriptors, scikit-learn clusters and classifies; only what lies between is ours.

We deviate from Lazebnik et al. in two places, to be fast: dense HOG cells in place of dense SIFT
(both are histograms of gradient directions), and the square root of the histograms with a linear
SVM in place of the intersection kernel (Hellinger's kernel, Arandjelović and Zisserman, "Three
Things Everyone Should Know to Improve Object Retrieval", 2012).
"""

from typing import Self

import numpy as np
from skimage.color import rgb2gray
from skimage.feature import hog
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.svm import LinearSVC

ORIENTATIONS = 8  # directions of the gradient
BLOCK = 2  # a descriptor describes 2 x 2 cells


def dense_descriptors(image: np.ndarray, cell_size: int) -> np.ndarray:
    """Describe every block of 2 x 2 cells by its gradient directions.

    (S, S, 3) uint8 -> (rows, columns, 32).
    """
    blocks = hog(
        rgb2gray(image),
        orientations=ORIENTATIONS,
        pixels_per_cell=(cell_size, cell_size),
        cells_per_block=(BLOCK, BLOCK),
        feature_vector=False,
    )  # (rows, columns, 2, 2, 8): blocks overlap by one cell
    return blocks.reshape(*blocks.shape[:2], -1)


def pyramid_histogram(words: np.ndarray, vocabulary_size: int, levels: int) -> np.ndarray:
    """Count the words in the image, its quarters, its sixteenths, ...; put the counts side by side.

    A cell of level l weighs 2^(l - L), and 2^(-L) in level 0 counts half of level 1 (Lazebnik et
    al., equation 3, where L is the finest level). Each histogram is over the number of words in
    the image.

    Parameters
    ----------
    words
        Index of the word at each place, (rows, columns).
    vocabulary_size
        Number of words V.
    levels
        Number of levels L + 1; 1 is a plain bag of words.

    Returns
    -------
    np.ndarray
        (V (4^levels - 1) / 3,), which sums to one.
    """
    finest = levels - 1
    histograms = []
    for level in range(levels):
        weight = 2.0 ** (max(level, 1) - 1 - finest) if finest else 1.0
        for band in np.array_split(words, 2**level, axis=0):
            for cell in np.array_split(band, 2**level, axis=1):
                histograms.append(
                    weight * np.bincount(cell.ravel(), minlength=vocabulary_size) / words.size
                )
    return np.concatenate(histograms)


class BagOfWords(ClassifierMixin, BaseEstimator):
    """Classify images by the visual words in them, as a scikit-learn estimator.

    Parameters
    ----------
    vocabulary_size
        Number of words V.
    cell_size
        Side of a HOG cell in pixels; a descriptor spans twice as much.
    levels
        Levels of the spatial pyramid; 1 forgets where the words are.
    regularisation
        C of the SVM: how much a training error costs.
    sample_size
        Number of descriptors from which the vocabulary is made.
    seed
        Of the sample, the clustering and the SVM.
    """

    def __init__(
        self,
        vocabulary_size: int = 200,
        cell_size: int = 4,
        levels: int = 3,
        regularisation: float = 10.0,
        sample_size: int = 50_000,
        seed: int = 0,
    ) -> None:
        self.vocabulary_size = vocabulary_size
        self.cell_size = cell_size
        self.levels = levels
        self.regularisation = regularisation
        self.sample_size = sample_size
        self.seed = seed

    def describe(self, images: np.ndarray) -> np.ndarray:
        """Descriptors of all images, (B, S, S, 3) uint8 -> (B, rows, columns, 32).

        Raises
        ------
        ValueError
            If the images are not (B, S, S, 3) in uint8, or too small for the pyramid.
        """
        images = np.asarray(images)
        if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
            raise ValueError(
                f"images: expected (B, S, S, 3) in uint8, got {images.shape} in {images.dtype}"
            )
        cells = min(images.shape[1:3]) // self.cell_size - BLOCK + 1
        if cells < 2 ** (self.levels - 1):
            raise ValueError(
                f"images: expected at least {2 ** (self.levels - 1)} descriptors a side "
                f"for {self.levels} levels, got {max(cells, 0)} "
                f"from {images.shape[1]} x {images.shape[2]} pixels in cells of {self.cell_size}"
            )
        return np.stack([dense_descriptors(image, self.cell_size) for image in images]).astype(
            np.float32
        )

    def histograms(self, descriptors: np.ndarray) -> np.ndarray:
        """Descriptors become the nearest words, words one row, (B, rows, columns, 32) -> (B, F)."""
        words = self.vocabulary_.predict(descriptors.reshape(-1, descriptors.shape[-1]))
        words = words.reshape(descriptors.shape[:3])
        rows = [pyramid_histogram(image, self.vocabulary_size, self.levels) for image in words]
        return np.sqrt(np.stack(rows))  # Hellinger: rare words count more

    def fit(self, images: np.ndarray, labels: np.ndarray) -> Self:
        """Make the vocabulary, then train the SVM, (B, S, S, 3) uint8 and (B,) -> self.

        Raises
        ------
        ValueError
            If images and labels differ in number, or there are fewer descriptors than words.
        """
        if len(images) != len(labels):
            raise ValueError(
                f"labels: expected one for each of the {len(images)} images, got {len(labels)}"
            )
        descriptors = self.describe(images)
        flat = descriptors.reshape(-1, descriptors.shape[-1])
        if len(flat) < self.vocabulary_size:
            raise ValueError(
                f"images: expected at least {self.vocabulary_size} descriptors, got {len(flat)}"
            )
        chosen = np.random.default_rng(self.seed).permutation(len(flat))[: self.sample_size]
        clustering = MiniBatchKMeans(
            self.vocabulary_size, batch_size=4096, n_init=1, random_state=self.seed
        )
        self.vocabulary_ = clustering.fit(flat[chosen])
        self.classifier_ = LinearSVC(C=self.regularisation, random_state=self.seed)
        self.classifier_.fit(self.histograms(descriptors), labels)
        self.classes_ = self.classifier_.classes_
        return self

    def decision_function(self, images: np.ndarray) -> np.ndarray:
        """Distances to the SVM's planes, (B, S, S, 3) uint8 -> (B, K), or (B,) for two classes."""
        return self.classifier_.decision_function(self.histograms(self.describe(images)))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The classes of images, (B, S, S, 3) uint8 -> (B,)."""
        return self.classifier_.predict(self.histograms(self.describe(images)))
