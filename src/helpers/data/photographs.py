"""From a cache of decoded photographs and two lists of names to a `Dataset`: what all sets of files share."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.data.base import Dataset, Split, stratified_split, stratified_subset, take
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
    key: str,
    provenance: dict[str, Any],
    val_fraction: float,
    train_fraction: float,
    seed: int,
) -> Dataset:
    """Carve validation from train, thin train out, and say what the result is made of.

    Test images stay a view of the memory map where they are in one piece; train and validation are copied into
    memory, since their order depends on the seed.

    Arguments
    ---------
    key : what the cache was recognised by; the data set's fingerprint is made of it and all options.

    Raises ValueError for a class that has no image (left), or one only where validation needs another.
    """
    whole, official = _present(cache, train), _present(cache, test)
    for part, split, least in (("train", whole, 2 if val_fraction > 0 else 1), ("test", official, 1)):
        counts = np.bincount(split.labels, minlength=len(class_names))
        short = [f"{class_names[k]} ({counts[k]})" for k in np.flatnonzero(counts < least)]
        if short:
            raise ValueError(f"{name}: expected at least {least} {part} images per class, got {', '.join(short)}")
    kept, apart = stratified_split(whole.labels, val_fraction, seed)
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
        val=take(whole, apart),
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
