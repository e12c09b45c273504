"""From a cache of decoded photographs and two lists of names to a `Dataset`: what all sets of files share."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.data.base import Dataset, Split, grouped_split, stratified_subset, take
from helpers.data.cache import CacheResult
from helpers.data.decode import RULE


@dataclass(frozen=True)
class Listing:
    """One list of a set: names, their rows among the images given to the cache, their classes (int64, 0..K-1)."""

    names: tuple[str, ...]
    rows: np.ndarray
    labels: np.ndarray


def assemble(
    name: str,
    class_names: tuple[str, ...],
    cache: CacheResult,
    train: Listing,
    test: Listing,
    *,
    val: Listing | None = None,
    groups: np.ndarray | None = None,
    key: str,
    provenance: dict[str, Any],
    val_fraction: float,
    train_fraction: float,
    seed: int,
) -> Dataset:
    """Carve validation from train where there is none, thin train out, and say what the result is made of.

    Test images stay a view of the memory map where they are in one piece; train and validation are copied into
    memory, since their order depends on the seed.

    Parameters
    ----------
    val
        A validation list of the set's own; None carves `val_fraction` of train.
    groups
        int (N,), for every image given to the cache the number of its group: validation takes groups as a whole.
    key
        What the cache was recognised by; the data set's fingerprint is made of it and all options.

    Raises
    ------
    ValueError
        For a class that has no image (left), or one only where validation needs another.
    """
    whole, official = _present(cache, train), _present(cache, test)
    given = None if val is None else _present(cache, val)
    carve = val_fraction if given is None else 0.0
    _refuse_short(name, "train", class_names, cache, train, whole, least=2 if carve > 0 else 1)
    _refuse_short(name, "test", class_names, cache, test, official, least=1)
    if val is not None and given is not None:
        _refuse_short(name, "val", class_names, cache, val, given, least=1)
    rows = train.rows[np.isin(train.rows, cache.kept)]
    kept, apart = grouped_split(whole.labels, rows if groups is None else groups[rows], carve, seed)
    chosen = kept[stratified_subset(whole.labels[kept], train_fraction, seed)]
    image_size = cache.images.shape[1]
    made_of = {
        "key": key,
        "rule": RULE,
        "image_size": image_size,
        "options": [val_fraction, train_fraction, seed],
        "left_out": [broken for broken, _ in cache.broken],
    }
    return Dataset(
        name=name,
        class_names=class_names,
        train=take(whole, chosen),
        val=take(whole, apart) if given is None else given,
        test=official,
        image_size=image_size,
        fingerprint=hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest(),
        provenance={**provenance, "skipped": len(cache.broken)},
    )


def _present(cache: CacheResult, listing: Listing) -> Split:
    """The images of a list that could be decoded."""
    there = np.flatnonzero(np.isin(listing.rows, cache.kept))
    place = np.searchsorted(cache.kept, listing.rows[there])
    run = len(place) > 0 and np.array_equal(place, np.arange(place[0], place[0] + len(place)))
    images = cache.images[place[0] : place[0] + len(place)] if run else cache.images[place]
    return Split(images, listing.labels[there], tuple(listing.names[i] for i in there))


def _refuse_short(
    name: str, part: str, class_names: tuple[str, ...], cache: CacheResult, listing: Listing, left: Split, least: int
) -> None:
    """ValueError where a class has fewer than `least` images left: how many, of how many, and what became of them."""
    before = np.bincount(listing.labels, minlength=len(class_names))
    counts = np.bincount(left.labels, minlength=len(class_names))
    told = []
    for k in np.flatnonzero(counts < least):
        text = f"{class_names[k]} ({counts[k]})"
        if before[k] > counts[k]:
            gone = np.flatnonzero((listing.labels == k) & ~np.isin(listing.rows, cache.kept))
            file, reason = cache.broken[_place_of_broken(cache, listing.rows[gone[0]])]
            of = f"{counts[k]} of {before[k]}: {before[k] - counts[k]} cannot be decoded and were skipped"
            text = f"{class_names[k]} ({of}, the first {file}: {reason})"
        told.append(text)
    if told:
        raise ValueError(f"{name}: expected at least {least} {part} images per class, got {', '.join(told)}")


def _place_of_broken(cache: CacheResult, row: int) -> int:
    """Where a row that was left out stands in `cache.broken`, which is in the order of the rows."""
    return int(row - np.searchsorted(cache.kept, row))
