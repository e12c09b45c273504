"""The digest of a set's pixels: what a resumed run and a cached feature are known by.

A core hashes a GB in about 0.7 s, so blocks are hashed side by side, and the digest of a map that cannot change stays.
"""

import hashlib
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

BLOCK = 16 << 20  # bytes
_KEPT: dict[int, tuple[weakref.ref, bytes]] = {}  # of read-only memory maps, by id


def digest_of(images: np.ndarray) -> bytes:
    """sha256 over the sha256 of blocks of 16 MB, which threads compute side by side; (N, ...) -> 32 bytes."""
    reference, digest = _KEPT.get(id(images), (None, b""))
    if reference is not None and reference() is images:
        return digest
    rows = max(1, BLOCK // images[0].nbytes)
    blocks = [slice(first, first + rows) for first in range(0, len(images), rows)]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        parts = pool.map(lambda block: hashlib.sha256(np.ascontiguousarray(images[block]).data).digest(), blocks)
        digest = hashlib.sha256(b"".join(parts)).digest()
    if isinstance(images, np.memmap) and not images.flags.writeable:
        _KEPT[id(images)] = (weakref.ref(images), digest)
    return digest
