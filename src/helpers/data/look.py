"""A look through a reader's folder before anything is learned from it: what is there, what is broken, what is twice.

Every file is hashed and decoded once at a small size, whose pixels give the perceptual hashes. So the split, which
keeps near-duplicates together, is the same for every image size of a lab.
"""

import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from helpers.data.base import grouped_split, single_groups
from helpers.data.cache import build_cache
from helpers.data.duplicates import MEANING, is_of_kind
from helpers.data.fetching import sha256_of
from helpers.data.layout import CLASS_FOLDERS, Layout, Photograph, read_layout
from helpers.data.near_duplicates import LIMIT, Pair, groups, near_pairs, perceptual_hashes, tellable
from helpers.progress import progress_bar

DECODING = 2  # raise it when `decode_image` gives other pixels for a format that only readers' folders hold
LOOK_SIZE = 64  # pixels


@dataclass(frozen=True)
class Look:
    """What a look through a folder finds. Rows are places in `layout.photographs`.

    Attributes
    ----------
    sha256
        Of each file.
    content
        sha256 over all names and files.
    kept
        int64 (n,), the rows that can be decoded, ascending.
    images
        uint8 (n, 64, 64, 3), those.
    broken
        (name, reason) of the others.
    near
        Pairs of rows that look nearly the same; byte for byte equal files are not among them.
    groups
        int64 (N,), rows of one number look alike or are equal.
    """

    layout: Layout
    sha256: tuple[str, ...]
    content: str
    kept: np.ndarray
    images: np.ndarray
    broken: list[tuple[str, str]]
    near: list[Pair]
    groups: np.ndarray
    choices: str

    @property
    def key(self) -> str:
        """What caches of the decoded files are recognised by."""
        return f"folders {DECODING} {self.content}"

    @property
    def labels(self) -> np.ndarray:
        """int64 (N,)."""
        return np.array([photograph.label for photograph in self.layout.photographs], dtype=np.int64)

    def near_by_kind(self) -> dict[str, list[Pair]]:
        """The pairs of `near` by the kinds of `helpers.data.duplicates.MEANING`."""
        rows = self.layout.photographs
        return {
            kind: [pair for pair in self.near if is_of_kind(kind, rows[pair.first], rows[pair.second])]
            for kind in MEANING
        }


def look_through(
    data_dir: str | os.PathLike[str],
    *,
    link_root: str | os.PathLike[str] | None = None,
    near_bits: int = LIMIT,
    on_broken: str = "raise",
    progress: bool = True,
) -> Look:
    """Look through a folder of photographs.

    Parameters
    ----------
    data_dir, link_root
        As in `helpers.data.layout.read_layout`.
    near_bits
        Bits of 64 in which the hashes of two photographs may differ that count as nearly the same.
    on_broken
        "raise", or "skip" to list what cannot be decoded in `broken`.

    Raises
    ------
    ValueError
        As `read_layout`; and (BrokenImagesError) with all images that cannot be decoded.
    ImportError
        Where the package imagehash is missing.
    """
    layout = read_layout(data_dir, link_root)
    photographs = layout.photographs
    names, hashes = [photograph.name for photograph in photographs], []
    with progress_bar(len(names), "checking your photographs", unit="file", show=progress) as bar:
        for photograph in photographs:
            hashes.append(sha256_of(photograph.path, progress=False))
            bar.update(1)
    content = hashlib.sha256(json.dumps([names, hashes]).encode()).hexdigest()
    cache = build_cache(
        items(photographs),
        size=LOOK_SIZE,
        key=f"folders {DECODING} {content}",
        on_broken=on_broken,
        progress=progress,
        description="looking at your photographs",
    )
    near = _near(cache.images, cache.kept, near_bits)
    equal = _equal(hashes)
    grouped = groups(len(names), [*near, *equal])
    pairs = [pair for pair in near if hashes[pair.first] != hashes[pair.second]]
    decoded = (cache.kept, cache.images, cache.broken)
    return Look(layout, tuple(hashes), content, *decoded, pairs, grouped, f"near {near_bits}")


def items(photographs: list[Photograph]) -> list[tuple]:
    """Photographs as `build_cache` takes them."""
    return [(photograph.name, partial(Path.read_bytes, photograph.path), None) for photograph in photographs]


def with_test_part(look: Look, fraction: float, seed: int) -> Look:
    """The look with its photographs shared out into train and test, where the folder holds class folders alone.

    The split is stratified and drawn by the seed; what looks alike stays together. Any other look comes back as it is.

    Raises
    ------
    ValueError
        For classes of fewer than two photographs, by name; for a fraction outside of (0, 1).
    """
    if look.layout.form != CLASS_FOLDERS:
        return look
    if not 0 < fraction < 1:
        raise ValueError(f"test_fraction: expected 0 < test_fraction < 1, got {fraction}")
    labels = look.labels[look.kept]
    counts = np.bincount(labels, minlength=len(look.layout.class_names))
    if short := [f"{look.layout.class_names[k]} ({counts[k]})" for k in np.flatnonzero(counts < 2)]:
        raise ValueError(
            f"expected at least 2 photographs in each class folder, one to learn from and one to test, got "
            f"{', '.join(short)}: add photographs, or move these folders out of data_dir"
        )
    _, apart = grouped_split(labels, look.groups[look.kept], fraction, seed)
    test = set(look.kept[apart].tolist())
    shared = [
        replace(photograph, part="test" if row in test else "train")
        for row, photograph in enumerate(look.layout.photographs)
    ]
    choices = f"{look.choices} test {fraction} seed {seed}"
    return replace(look, layout=replace(look.layout, photographs=shared), choices=choices)


def alike_classes(look: Look) -> list[str]:
    """Names of the classes whose photographs all look alike, so that a split cannot keep them together."""
    labels = look.labels[look.kept]
    found = single_groups(labels, look.groups[look.kept])
    return [look.layout.class_names[k] for k in found if np.sum(labels == k) > 1]


def _near(images: np.ndarray, kept: np.ndarray, limit: int) -> list[Pair]:
    rows = kept[tellable(images)] if len(images) else kept
    hashes = perceptual_hashes(images[np.isin(kept, rows)])
    return [Pair(int(rows[p.first]), int(rows[p.second]), p.bits) for p in near_pairs(hashes, limit=limit)]


def _equal(hashes: list[str]) -> list[Pair]:
    same = defaultdict(list)
    for row, digest in enumerate(hashes):
        same[digest].append(row)
    return [Pair(rows[0], row, 0) for rows in same.values() for row in rows[1:]]
