"""What a data set is for the rest of the course: arrays, labels, names, and where they come from.

A `Dataset` has three splits. `train` and `val` are for choosing; `test` is looked at once, at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Split:
    """Images of one split with their labels.

    Attributes
    ----------
    images
        uint8, (N, S, S, 3); may be a memory map, so never copy it whole.
    labels
        int64, (N,), class index in 0..K-1.
    names
        One file name or drawn id per image.
    factors
        Drawn sets only, what each image was drawn from: name -> int64 (N,).

    Raises
    ------
    ValueError
        When shapes or types disagree.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    factors: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.labels)
        shape = self.images.shape
        if self.images.ndim != 4 or shape[3] != 3 or shape[1] != shape[2] or self.images.dtype != np.uint8:
            raise ValueError(f"images: expected uint8 (N, S, S, 3), got {self.images.dtype} {shape}")
        if self.labels.dtype != np.int64 or self.labels.ndim != 1:
            raise ValueError(f"labels: expected int64 (N,), got {self.labels.dtype} {self.labels.shape}")
        lengths = {"images": shape[0], "labels": n, "names": len(self.names)}
        lengths |= {name: len(values) for name, values in self.factors.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"split: expected one length for all parts, got {lengths}")

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """Three splits of one set, its class names, and what defines it.

    Attributes
    ----------
    image_size
        S in pixels.
    fingerprint
        sha256 over everything that defines the pixels and the splits.
    provenance
        Ready for JSON: source, licence, citation, files [{name, sha256, bytes, local_variant}],
        local_variant (bool), skipped (number of broken images left out),
        terms ("drawn", "restricted" or "user": whether pictures may be published). A reader's folders add
        layout, validation ("a folder" or "carved from train"), system_files (how many were left aside), duplicates,
        near_duplicates.
    """

    name: str
    class_names: tuple[str, ...]
    train: Split
    val: Split
    test: Split
    image_size: int
    fingerprint: str
    provenance: dict[str, Any]

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return len(self.class_names)


def stratified_split(labels: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Set a fraction of every class apart.

    A class of n images gives round(n * fraction) of them to the second part, at least one and at most n - 1.

    Parameters
    ----------
    labels
        (N,) integers.
    fraction
        Share of the second part, 0 <= fraction < 1; 0 leaves it empty.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        The sorted indices of the first part (train) and of the second (validation).

    Raises
    ------
    ValueError
        For a fraction outside [0, 1) or a class of a single image.
    """
    labels = np.asarray(labels)
    if not 0 <= fraction < 1:
        raise ValueError(f"fraction: expected 0 <= fraction < 1, got {fraction}")
    if fraction == 0:
        return np.arange(len(labels)), np.empty(0, dtype=np.int64)
    classes, counts = np.unique(labels, return_counts=True)
    if len(counts) and counts.min() < 2:
        alone = classes[counts < 2].tolist()
        raise ValueError(f"stratified split: expected at least 2 images per class, got 1 in classes {alone}")
    generator = np.random.default_rng(seed)
    first, second = [], []
    for label, count in zip(classes, counts, strict=True):
        members = generator.permutation(np.flatnonzero(labels == label))
        apart = int(np.clip(round(count * fraction), 1, count - 1))
        second.append(members[:apart])
        first.append(members[apart:])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(second))


def grouped_split(labels: np.ndarray, groups: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Set a fraction of every class apart, as `stratified_split`, and keep each group together.

    What is drawn is groups, a class counting those whose first image is its own; so a class gives that share of its
    groups, and roughly of its images. A class without two groups (`single_groups`) cannot be split so: its images go
    one by one.

    Parameters
    ----------
    labels
        (N,) integers.
    groups
        (N,) integers; images of one number stay together.
    fraction, seed
        As in `stratified_split`.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        The sorted indices of the first part and of the second.

    Raises
    ------
    ValueError
        As `stratified_split`; and for lengths that differ.
    """
    labels, groups = np.asarray(labels), np.asarray(groups)
    if labels.shape != groups.shape:
        raise ValueError(f"groups: expected one for each of {labels.shape} labels, got {groups.shape}")
    if fraction:
        alone = np.isin(labels, single_groups(labels, groups))
        groups = np.where(alone, groups.max(initial=0) + 1 + np.arange(len(groups)), groups)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    order = np.argsort(first)  # groups in the order of their first image, so that without any it is a plain split
    _, apart = stratified_split(labels[first[order]], fraction, seed)
    in_second = np.isin(group, order[apart])
    return np.flatnonzero(~in_second), np.flatnonzero(in_second)


def single_groups(labels: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The classes, sorted, of fewer than two groups whose first image is theirs."""
    classes = np.unique(labels)
    firsts = labels[np.unique(groups, return_index=True)[1]]
    return classes[[int(np.sum(firsts == label)) < 2 for label in classes]]


def stratified_subset(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """The sorted indices of a random share of every class, at least one of each.

    With the same seed, a smaller share is a part of a larger one.

    Parameters
    ----------
    labels
        (N,) integers.
    fraction
        0 < fraction <= 1; 1 takes everything.

    Raises
    ------
    ValueError
        For a fraction outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ValueError(f"train_fraction: expected 0 < train_fraction <= 1, got {fraction}")
    generator = np.random.default_rng(seed)
    kept = [np.empty(0, dtype=np.int64)]
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        kept.append(members[: max(1, round(len(members) * fraction))])
    return np.sort(np.concatenate(kept))


def take(split: Split, index: np.ndarray) -> Split:
    """The images of `split` at `index`, (n,) integers, in that order; neighbours in a row stay a view, not a copy."""
    run = len(index) > 0 and np.array_equal(index, np.arange(index[0], index[0] + len(index)))
    return Split(
        images=split.images[index[0] : index[0] + len(index)] if run else split.images[index],
        labels=split.labels[index],
        names=tuple(split.names[i] for i in index),
        factors={name: values[index] for name, values in split.factors.items()},
    )


def subset(split: Split, fraction: float, seed: int) -> Split:
    """A random share of every class of `split`, at least one image of each; see `stratified_subset`."""
    return take(split, stratified_subset(split.labels, fraction, seed))
