"""Answers of classifiers, checked: class indices, or right and wrong."""

import numpy as np
from numpy.typing import ArrayLike


def class_sizes(labels: np.ndarray, num_classes: int) -> np.ndarray:
    """Test images of each class, (K,); raises ValueError for a label that is no class, or a class without an image."""
    if labels.max() >= num_classes:
        raise ValueError(f"labels: expected values in 0..{num_classes - 1}, got up to {labels.max()}")
    n_class = np.bincount(labels, minlength=num_classes)
    empty = np.flatnonzero(n_class == 0)
    if len(empty):
        raise ValueError(f"expected a test image in each of {num_classes} classes, got none in {empty.tolist()}")
    return n_class


def indices(values: ArrayLike, name: str) -> np.ndarray:
    """Class indices as an array (N,); raises ValueError for other numbers."""
    array = np.asarray(values)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name}: expected (N,) integer class indices, got {array.dtype} {array.shape}")
    if len(array) and array.min() < 0:
        raise ValueError(f"{name}: expected class indices from 0, got {array.min()}")
    return array


def paired_indices(predictions: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Predictions and labels of the same images; raises ValueError for different lengths, or none."""
    predictions, labels = indices(predictions, "predictions"), indices(labels, "labels")
    if len(predictions) != len(labels) or len(labels) == 0:
        raise ValueError(f"expected as many predictions as labels, got {len(predictions)} and {len(labels)}")
    return predictions, labels


def booleans(values: ArrayLike, name: str, ndim: tuple[int, ...]) -> np.ndarray:
    """Right or wrong as an array, (n,) or (S, n) as `ndim` allows; raises ValueError for anything else."""
    values = np.asarray(values)
    if values.dtype != bool or values.ndim not in ndim or values.size == 0:
        expected = " or ".join({1: "(n,)", 2: "(seeds, n)"}[d] for d in ndim)
        raise ValueError(f"{name}: expected non-empty booleans {expected}, got {values.dtype} {values.shape}")
    return values
