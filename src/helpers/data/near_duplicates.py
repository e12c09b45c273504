"""Pictures that are nearly the same: perceptual hashes, pairs, and groups that a split must keep together.

A perceptual hash keeps of a picture the signs of its 64 coarsest frequencies (Zauner, "Implementation and benchmarking
of perceptual image hash functions", 2010; computed by the package `imagehash`). Two files of one photograph, saved
again, resized or a little brighter, differ in few of the 64 bits; two photographs differ in about half of them. What
the hash cannot find are other crops and mirror images of one photograph.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BITS = 64
LIMIT = 6  # bits in which two pictures may differ and still be called nearly the same
FLAT = 4.0  # grey levels: a picture that varies less (an empty page, a lens cap) has a hash that means nothing
CHUNK = 2048  # rows compared at a time


@dataclass(frozen=True)
class Pair:
    """Two pictures, first < second by their index, and the bits in which their hashes differ."""

    first: int
    second: int
    bits: int


def perceptual_hashes(images: np.ndarray) -> np.ndarray:
    """The hash of each picture.

    Parameters
    ----------
    images
        uint8 (N, S, S, 3).

    Returns
    -------
    np.ndarray
        uint64 (N,).

    Raises
    ------
    ValueError
        For an array of another form.
    ImportError
        Where imagehash is not installed; it comes with the extra `labs`.
    """
    try:
        from imagehash import phash  # late: only who looks for duplicates needs it
    except ImportError as error:
        raise ImportError(
            'near-duplicates are found by the package imagehash: pip install "from-convolution-to-attention[labs]"'
        ) from error

    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[3] != 3:
        raise ValueError(f"images: expected uint8 (N, S, S, 3), got {images.dtype} {images.shape}")
    bits = [phash(Image.fromarray(image)).hash.ravel() for image in images]
    if not bits:
        return np.empty(0, dtype=np.uint64)
    return np.packbits(np.stack(bits), axis=1).view(">u8").ravel().astype(np.uint64)


def tellable(images: np.ndarray) -> np.ndarray:
    """Which pictures, uint8 (N, S, S, 3), vary enough for their hash to mean something: bool (N,)."""
    return np.array([image.mean(axis=2).std() >= FLAT for image in images], dtype=bool)


def near_pairs(hashes: np.ndarray, others: np.ndarray | None = None, limit: int = LIMIT) -> list[Pair]:
    """Pairs whose hashes differ in at most `limit` bits, the nearest first.

    Parameters
    ----------
    hashes
        uint64 (N,); `first` of a pair is an index into it.
    others
        uint64 (M,): compare with these, and `second` is an index into them; None compares `hashes` among themselves.
    limit
        Bits, 0 to 63.

    Raises
    ------
    ValueError
        For a limit outside 0 to 63.
    """
    if not 0 <= limit < BITS:
        raise ValueError(f"limit: expected 0 to {BITS - 1} bits, got {limit}")
    pairs = _among(hashes, limit) if others is None else _between(hashes, others, limit)
    return sorted(pairs, key=lambda pair: (pair.bits, pair.first, pair.second))


def groups(count: int, pairs: list[Pair]) -> np.ndarray:
    """Which group each of `count` pictures belongs to: those linked by pairs, directly or through others, share one.

    Returns
    -------
    np.ndarray
        int64 (count,), numbered from 0.
    """
    first = [pair.first for pair in pairs]
    second = [pair.second for pair in pairs]
    links = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int64)


def _among(hashes: np.ndarray, limit: int) -> Iterator[Pair]:
    for pair in _between(hashes, hashes, limit):
        if pair.first < pair.second:
            yield pair


def _between(hashes: np.ndarray, others: np.ndarray, limit: int) -> Iterator[Pair]:
    for start in range(0, len(hashes), CHUNK):
        differing = np.bitwise_count(hashes[start : start + CHUNK, None] ^ others[None, :])  # (chunk, M)
        for row, column in np.argwhere(differing <= limit):
            yield Pair(int(start + row), int(column), int(differing[row, column]))
