"""Drawn dogs on the page: their words, who reads coat and build from them, and what a shuffle does to the answers."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.svm import LinearSVC

from helpers.data import load_dataset
from helpers.pages.c02 import words as w

COATS, BUILDS = ("spotted", "brindled", "curly", "patched"), ("low-rider", "stilt-legs", "big-head")
COST = 10.0  # C of every SVM on drawn dogs; 1 and 100 give the same to a point or two


@dataclass(frozen=True)
class Dogs:
    """Drawn dogs: images uint8 (n, 64, 64, 3), descriptors (n, 15, 15, 32), coat 0..3 and build 0..2 of each."""

    images: np.ndarray
    descriptors: np.ndarray
    coat: np.ndarray
    build: np.ndarray


@cache
def drawn_dogs() -> tuple[Dogs, Dogs]:
    """480 dogs to learn from and 480 new ones, 40 of each coat and build."""
    data = load_dataset(
        "breeds", image_size=64, difficulty=0.3, seed=1,
        n_train_per_class=40, n_val_per_class=0, n_test_per_class=40, progress=False,
    )  # fmt: skip
    learn, new = (
        Dogs(part.images, w.describe(part.images), part.factors["texture"], part.factors["proportion"])
        for part in (data.train, data.test)
    )
    return learn, new


class Reader:
    """A linear SVM on words counted at some levels of a pyramid."""

    def __init__(self, seen: np.ndarray, labels: np.ndarray, count: int, levels: int = 1) -> None:
        self.count, self.levels = count, levels
        rows = w.histograms(seen, count, levels)
        self.scale = 1 / np.linalg.norm(rows, axis=1).mean()
        self.svm = LinearSVC(C=COST, random_state=0, max_iter=5000).fit(self.scale * rows, labels)

    def answers(self, seen: np.ndarray) -> np.ndarray:
        """The class of each image, int (B, rows, columns) -> (B,)."""
        return self.svm.predict(self.scale * w.histograms(seen, self.count, self.levels))


def shuffled_places(seen: np.ndarray, seed: int = 0) -> np.ndarray:
    """The words of each image in an order of its own, int (B, rows, columns) -> the same shape."""
    flat = seen.reshape(len(seen), -1)
    return np.random.default_rng(seed).permuted(flat, axis=1).reshape(seen.shape)


def shuffled_patches(image: np.ndarray, side: int, seed: int = 0) -> np.ndarray:
    """A picture cut into squares that change places, uint8 (S, S, 3) -> the same shape.

    Raises
    ------
    ValueError
        If the squares do not tile the picture.
    """
    grid, rest = divmod(len(image), side)
    if rest or image.shape[0] != image.shape[1]:
        raise ValueError(f"image: expected a square of a multiple of {side} pixels, got {image.shape}")
    patches = image.reshape(grid, side, grid, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    patches = np.random.default_rng(seed).permutation(patches)
    return patches.reshape(grid, grid, side, side, 3).swapaxes(1, 2).reshape(image.shape)


def describe_alone(image: np.ndarray, side: int) -> np.ndarray:
    """Each patch described by itself, as if it were the whole picture, uint8 (S, S, 3) -> (G, G, 32)."""
    grid = len(image) // side
    patches = image.reshape(grid, side, grid, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    return w.describe(patches, side // 2).reshape(grid, grid, -1)


def contrasts(images: np.ndarray, cell_size: int = 4) -> np.ndarray:
    """Standard deviation of the grey values in the 2 x 2 cells of each place, (B, S, S, 3) -> (B, rows, columns)."""
    side = 2 * cell_size
    patches = sliding_window_view(images.mean(axis=-1), (side, side), axis=(1, 2))
    return np.asarray(patches[:, ::cell_size, ::cell_size].std(axis=(-1, -2)))


def average_precision(ranks: np.ndarray) -> float:
    """Mean, over the images of a class, of the precision at the place where each stands (0 is the first)."""
    return float(np.mean((np.arange(len(ranks)) + 1) / (np.asarray(ranks) + 1)))


def precision_recall(ranks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Recall and precision at the place of each image of a class, from these places, sorted (n,) -> two of (n,)."""
    found = np.arange(len(ranks)) + 1
    return found / len(ranks), found / (np.asarray(ranks) + 1)


def k_means_step(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give each point (n, D) to its nearest centre (V, D), then take the means: who belongs where, and new centres.

    Raises
    ------
    ValueError
        If a centre gets no point.
    """
    belongs = w.nearest_word(points, centres)
    if len(np.unique(belongs)) < len(centres):
        raise ValueError("centres: one of them got no point")
    return belongs, np.stack([points[belongs == k].mean(axis=0) for k in range(len(centres))])
