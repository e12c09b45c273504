"""A part of a data set: fewer of its classes."""

import dataclasses
import hashlib

import numpy as np

from helpers.data.base import Dataset, Split


def chosen_classes(data: Dataset, count: int, seed: int) -> Dataset:
    """The images of `count` classes, drawn by a seed, in their order and numbered anew.

    Raises
    ------
    ValueError
        For more classes than there are.
    """
    if not 2 <= count <= data.num_classes:
        raise ValueError(f"classes: expected 2 to {data.num_classes}, got {count}")
    kept = np.sort(np.random.default_rng(seed).permutation(data.num_classes)[:count])
    train, val, test = (_of_classes(split, kept) for split in (data.train, data.val, data.test))
    fingerprint = hashlib.sha256(f"{data.fingerprint} {kept.tolist()}".encode()).hexdigest()
    names = tuple(data.class_names[label] for label in kept)
    return dataclasses.replace(data, class_names=names, fingerprint=fingerprint, train=train, val=val, test=test)


def _of_classes(split: Split, kept: np.ndarray) -> Split:
    rows = np.flatnonzero(np.isin(split.labels, kept))
    labels = np.searchsorted(kept, split.labels[rows]).astype(np.int64)
    return Split(split.images[rows], labels, tuple(split.names[row] for row in rows))
