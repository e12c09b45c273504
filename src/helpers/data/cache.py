"""Decode a set of photographs once, into one memory-mapped array that every later run opens in milliseconds.

A cache is two files in one folder: ``<name>.npy``, uint8 (N, S, S, 3), and ``<name>.json`` beside it, which says what
the array was made from. The array is written under a temporary name and renamed when it is whole, the description
comes last, and a file lock lets several runs share the work: one builds, the others wait and read. A killed run frees
its lock by dying and leaves only a ``.part`` file, which the next build overwrites.
"""

import errno
import hashlib
import json
import os
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from filelock import AcquireReturnProxy, FileLock, Timeout

from helpers.data.decode import RULE, Box, decode_image
from helpers.progress import progress_bar

Source = bytes | Callable[[], bytes]
Item = tuple[str, Source, Box | None] | tuple[int, str, Source, Box | None]
Decode = Callable[[bytes, int, Box | None], np.ndarray]
CHUNK = 8  # images a worker takes at a time


class CacheError(OSError):
    """The cache cannot be written where it should stand: no space, no permission."""


class BrokenImagesError(ValueError):
    """Some images cannot be decoded; `broken` lists them all as (name, reason)."""

    def __init__(self, broken: list[tuple[str, str]], count: int) -> None:
        self.broken = broken
        listed = "\n".join(f"  {name}: {reason}" for name, reason in broken)
        super().__init__(
            f"{len(broken)} of {count} images cannot be decoded:\n{listed}\n"
            'Repair or remove them, or go on without them: on_broken="skip" (the record counts what was skipped).'
        )


@dataclass(frozen=True)
class CacheResult:
    """A decoded set.

    images : uint8 (n, S, S, 3), a read-only memory map; row j is item kept[j]
    kept : int64 (n,), ascending; all of 0..N-1 unless broken images were skipped
    broken : (name, reason) of each image left out
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

    Parameters
    ----------
    items : a sequence of (name, source, box), row i for item i; or, where the order of reading is not that of the
        rows (a compressed archive is read from front to back), any iterable of (row, name, source, box). `source`
        is the bytes of the file or a function that returns them, called in a worker thread; `box` is
        (left, top, right, bottom) in pixels or None. Items are read by one thread, a few ahead of the decoders,
        and not at all when the cache stands.
    decode : (bytes, size, box) -> uint8 (S, S, 3); an exception marks the image as broken
    size : side S, pixels
    key : says what the pixels are made from: the fingerprint of files, selection, order and boxes
    count : number of rows N; needed when `items` has no length
    rule : the name of what `decode` does; a part of what the cache is recognised by
    folder : where caches stand; None is `helpers.data.registry.cache_dir()`
    on_broken : "raise" stops with the list of all broken images, "skip" leaves their rows out
    workers : decoding threads; None takes one per core, at most 8
    progress : show a bar (and say so when another run is building)
    description : text of the bar

    Raises
    ------
    ValueError : a wrong argument; rows that are missing, doubled or outside of 0..N-1.
    BrokenImagesError : (a ValueError) images that cannot be decoded, all of them by name; also with "skip" when no
        image is left.
    CacheError : (an OSError) the disk is full or the folder cannot be written.
    An exception raised by `items` itself passes through. Whatever is raised, no half-made file stays.
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
                build = _Build(path, described, decode, on_broken, workers or min(os.cpu_count() or 1, 8))
                build.run(items, progress_bar(count, description, unit="image", show=progress))
                result = _open(path, described)
        if result is None:
            raise CacheError(errno.EIO, "the cache was written but cannot be read back", str(path))
    if result.broken and on_broken == "raise":  # built by a run that skipped them
        raise BrokenImagesError(result.broken, count)
    return result


class _Build:
    """One building of one cache: decode in threads, write rows in place, rename at the end."""

    def __init__(self, path: Path, described: dict[str, Any], decode: Decode, on_broken: str, workers: int) -> None:
        self.path, self.described, self.decode = path, described, decode
        self.on_broken, self.workers = on_broken, workers
        self.size, self.count = described["size"], described["count"]
        self.row_bytes = self.size * self.size * 3
        self.reasons: dict[int, tuple[str, str]] = {}

    def run(self, items: Iterable[Item], bar: Any) -> None:
        part = self.path.with_suffix(".part")
        for old in (part, self.path, self.path.with_suffix(".json")):  # a killed run's, or no longer readable
            old.unlink(missing_ok=True)
        try:
            self._ask_for_space()
            with bar, part.open("wb", buffering=0) as file:
                self._decode_all(items, file, bar)
                kept = [row for row in range(self.count) if row not in self.reasons]
                broken = [self.reasons[row] for row in sorted(self.reasons)]
                if broken and (self.on_broken == "raise" or not kept):
                    raise BrokenImagesError(broken, self.count)
            if broken:
                self._close_gaps(part, kept)
            description = json.dumps({**self.described, "kept": kept, "broken": broken})
            os.replace(part, self.path)
            beside = self.path.with_suffix(".json.part")
            beside.write_text(description, encoding="utf-8")
            os.replace(beside, self.path.with_suffix(".json"))
        except BaseException as error:
            for leftover in (part, self.path, self.path.with_suffix(".json.part")):
                leftover.unlink(missing_ok=True)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            if full and not isinstance(error, CacheError):
                raise self._no_space(str(error)) from error
            raise

    def _decode_all(self, items: Iterable[Item], file: BinaryIO, bar: Any) -> None:
        file.write(_header((self.count, self.size, self.size, 3)))
        seen = np.zeros(self.count, dtype=bool)
        waiting: deque[Future[int]] = deque()
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                for chunk in _chunks(_rows(items, seen)):
                    waiting.append(pool.submit(self._decode_some, chunk, file))
                    if len(waiting) > 2 * self.workers:  # bounds the memory that read but undecoded files take
                        bar.update(waiting.popleft().result())
                while waiting:
                    bar.update(waiting.popleft().result())
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        if not seen.all():
            absent = np.flatnonzero(~seen).tolist()
            raise ValueError(f"items: expected {self.count} images, got none for rows {absent}")

    def _decode_some(self, chunk: list[tuple[int, str, Source, Box | None]], file: BinaryIO) -> int:
        for row, name, source, box in chunk:
            try:
                pixels = self.decode(source() if callable(source) else source, self.size, box)
            except MemoryError:
                raise
            except Exception as error:  # Pillow raises whatever a broken file provokes
                self.reasons[row] = (name, f"{type(error).__name__}: {error}")
                continue
            if pixels.shape != (self.size, self.size, 3) or pixels.dtype != np.uint8:
                expected = f"uint8 ({self.size}, {self.size}, 3)"
                raise ValueError(f"decode: expected {expected}, got {pixels.dtype} {pixels.shape}")
            self._write_row(file, row, np.ascontiguousarray(pixels).data.cast("B"))
        return len(chunk)

    def _write_row(self, file: BinaryIO, row: int, data: memoryview) -> None:
        place = HEADER_BYTES + row * self.row_bytes
        while len(data):  # a write may be short; on a full disk the next one raises
            written = os.pwrite(file.fileno(), data, place)
            data, place = data[written:], place + written

    def _close_gaps(self, part: Path, kept: list[int]) -> None:
        """Move the rows that follow a broken image up, and cut the end off."""
        with part.open("r+b", buffering=0) as file:
            for j, row in enumerate(kept):
                if j != row:
                    data = os.pread(file.fileno(), self.row_bytes, HEADER_BYTES + row * self.row_bytes)
                    self._write_row(file, j, memoryview(data))
            file.truncate(HEADER_BYTES + len(kept) * self.row_bytes)
            file.write(_header((len(kept), self.size, self.size, 3)))

    def _ask_for_space(self) -> None:
        free = shutil.disk_usage(self.path.parent).free
        if free < HEADER_BYTES + self.count * self.row_bytes:
            raise self._no_space(f"{free / 1e6:,.1f} MB are free")

    def _no_space(self, reason: str) -> CacheError:
        needed = (HEADER_BYTES + self.count * self.row_bytes) / 1e6
        return CacheError(
            errno.ENOSPC,
            f"the cache of {self.count} images at {self.size} px needs {needed:,.1f} MB, but {reason}. Free some "
            "space, choose a smaller image size, or let HELPERS_CACHE name a folder on another disk",
            str(self.path.parent),
        )


HEADER_BYTES = 128


def _header(shape: tuple[int, ...]) -> bytes:
    """The first 128 bytes of an .npy file, format version 1.0."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(HEADER_BYTES - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1")


def _count(items: Iterable[Item], count: int | None) -> int:
    if count is None:
        if not isinstance(items, Sized):
            raise ValueError("count: expected the number of images when items has no length, got None")
        count = len(items)
    if count < 1:
        raise ValueError(f"items: expected at least one image, got {count}")
    return count


def _rows(items: Iterable[Item], seen: np.ndarray) -> Iterator[tuple[int, str, Source, Box | None]]:
    for position, item in enumerate(items):
        row, name, source, box = item if len(item) == 4 else (position, *item)
        if not 0 <= row < len(seen) or seen[row]:
            raise ValueError(f"items: expected each row of 0..{len(seen) - 1} once, got row {row} ({name})")
        seen[row] = True
        yield row, name, source, box


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _folder(folder: str | os.PathLike[str] | None) -> Path:
    if folder is None:
        from helpers.data.registry import cache_dir

        return cache_dir()
    return Path(folder)


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
    lock = FileLock(path.with_suffix(".lock"))  # the empty file stays: removing it would split those who wait
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        if progress:
            print(f"another run is building {path.name}; waiting for it", file=sys.stderr)
        return lock.acquire()


def _open(path: Path, described: dict[str, Any]) -> CacheResult | None:
    """Open a cache that stands, or return None where there is none or it is not what its description says."""
    try:
        found = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        if {name: found.get(name) for name in described} != described:
            return None
        kept = np.array(found["kept"], dtype=np.int64)
        broken = [(str(name), str(reason)) for name, reason in found["broken"]]
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # absent, cut short, or not JSON: it is built again
    shape = (len(kept), described["size"], described["size"], 3)
    whole = images.shape == shape and path.stat().st_size == HEADER_BYTES + images.nbytes
    if not whole or images.dtype != np.uint8 or len(kept) + len(broken) != described["count"]:
        return None
    return CacheResult(images, kept, broken)
