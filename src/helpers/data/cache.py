"""Decode a set of photographs once, into one memory-mapped array that every later run opens in milliseconds.

A cache is two files in one folder: ``<name>.npy``, uint8 (N, S, S, 3), and ``<name>.json`` beside it, which says what
the array was made from. The array is written under a temporary name and renamed when it is whole, the description
comes last, and a file lock lets several runs share the work: one builds, the others wait and read. A killed run frees
its lock by dying and leaves only a ``.part`` file, which the next build removes. Whoever may enter the folder may read
its caches and take their locks.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import AcquireReturnProxy

from helpers.data.cache_build import HEADER_BYTES, BrokenImagesError, CacheBuild, CacheError, Decode, Item
from helpers.data.decode import RULE, decode_image
from helpers.data.fetching import cache_dir
from helpers.progress import progress_bar
from helpers.sharing import hold


@dataclass(frozen=True)
class CacheResult:
    """A decoded set.

    Attributes
    ----------
    images
        uint8 (n, S, S, 3), a read-only memory map; row j is item kept[j].
    kept
        int64 (n,), ascending; all of 0..N-1 unless broken images were skipped.
    broken
        (name, reason) of each image left out.
    """

    images: np.ndarray
    kept: np.ndarray
    broken: list[tuple[str, str]]


def build_cache(
    items: Iterable[Item],
    decode: Decode = decode_image,
    *,
    size: int,
    key: str,
    count: int | None = None,
    rule: str = RULE,
    folder: str | os.PathLike[str] | None = None,
    on_broken: str = "raise",
    workers: int | None = None,
    progress: bool = True,
    description: str = "decoding",
) -> CacheResult:
    """Open the cache of a set of images, and build it first where it does not stand yet.

    An exception raised by `items` itself passes through. Whatever is raised, no half-made file stays.

    Parameters
    ----------
    items
        A sequence of (name, source, box), row i for item i; or, where the order of reading is not that of the
        rows (a compressed archive is read from front to back), any iterable of (row, name, source, box). `source`
        is the bytes of the file or a function that returns them, called in a worker thread; `box` is
        (left, top, right, bottom) in pixels or None. Items are read by one thread, a few ahead of the decoders,
        and not at all when the cache stands.
    decode
        (bytes, size, box) -> uint8 (S, S, 3); an exception marks the image as broken
    size
        Side S, pixels
    key
        Says what the pixels are made from: the fingerprint of files, selection, order and boxes
    count
        Number of rows N; needed when `items` has no length
    rule
        The name of what `decode` does; a part of what the cache is recognised by
    folder
        Where caches stand; None is `helpers.data.fetching.cache_dir()`
    on_broken
        "raise" stops with the list of all broken images, "skip" leaves their rows out
    workers
        Decoding threads; None takes one per core, at most 8
    progress
        Show a bar (and say so when another run is building)
    description
        Text of the bar

    Raises
    ------
    ValueError
        A wrong argument; rows that are missing, doubled or outside of 0..N-1.
    BrokenImagesError
        (a ValueError) images that cannot be decoded, all of them by name; also with "skip" when no
        image is left.
    CacheError
        (an OSError) the disk is full or the folder cannot be written.
    """
    if on_broken not in ("raise", "skip"):
        raise ValueError(f"on_broken: expected 'raise' or 'skip', got {on_broken!r}")
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"size: expected at least 1 pixel, got {size!r}")
    if not isinstance(key, str) or not key:
        raise ValueError(f"key: expected a text that is not empty, got {key!r}")
    if workers is not None and workers < 1:
        raise ValueError(f"workers: expected at least 1, got {workers}")
    count = _count(items, count)
    described = {"key": key, "size": size, "rule": rule, "count": count}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    path = _folder(folder) / f"{digest[:24]}-{size}px.npy"
    result = _open(path, described)
    if result is None:
        _make_writable(path.parent)
        with _lock(path, progress):
            result = _open(path, described)  # again: another run may have built it while this one waited
            if result is None:
                build = CacheBuild(path, described, decode, on_broken, workers or min(os.cpu_count() or 1, 8))
                build.run(items, progress_bar(count, description, unit="image", show=progress))
                result = _open(path, described)
        if result is None:
            raise CacheError(errno.EIO, "the cache was written but cannot be read back", str(path))
    if result.broken and on_broken == "raise":  # built by a run that skipped them
        raise BrokenImagesError(result.broken, count)
    return result


def _count(items: Iterable[Item], count: int | None) -> int:
    if count is None:
        if not isinstance(items, Sized):
            raise ValueError("count: expected the number of images when items has no length, got None")
        count = len(items)
    if count < 1:
        raise ValueError(f"items: expected at least one image, got {count}")
    return count


def _folder(folder: str | os.PathLike[str] | None) -> Path:
    return cache_dir() if folder is None else Path(folder)


def _make_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CacheError(error.errno, f"no cache folder: {error.strerror}", str(folder)) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = "the cache folder cannot be written; let HELPERS_CACHE name another one"
        raise CacheError(errno.EACCES, reason, str(folder))


def _lock(path: Path, progress: bool) -> AcquireReturnProxy:
    """Hold the lock of one cache until the end of the `with` block."""
    try:
        return hold(
            path.with_suffix(".lock"),
            f"another run is building {path.name}; waiting for it" if progress else None,
        )
    except PermissionError as error:
        raise CacheError(error.errno, error.strerror, error.filename) from error


def _open(path: Path, described: dict[str, Any]) -> CacheResult | None:
    """Open a cache that stands, or return None where there is none or it is not what its description says."""
    try:
        found = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if {name: found.get(name) for name in described} != described:
            return None
        kept = np.array(found["kept"], dtype=np.int64)
        broken = [(str(name), str(reason)) for name, reason in found["broken"]]
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except MemoryError:
        raise
    except Exception:  # absent, cut short, not JSON, or whatever else a broken one provokes: it is built again
        return None
    count = described["count"]
    if kept.ndim != 1 or (np.diff(kept, prepend=-1, append=count) < 1).any():
        return None
    shape = (len(kept), described["size"], described["size"], 3)
    whole = images.shape == shape and path.stat().st_size == HEADER_BYTES + images.nbytes
    if not whole or images.dtype != np.uint8 or len(kept) + len(broken) != count:
        return None
    return CacheResult(images, kept, broken)
