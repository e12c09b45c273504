"""The building of one cache: decode in threads, write each row in its place, rename when all is whole.

Memory stays small however large the set: a few files wait for the decoders, and a decoded image goes to the disk at
once. A broken image is noted and the rest goes on, so that one run names all of them.
"""

import errno
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from helpers.data.decode import Box
from helpers.sharing import READABLE

Source = bytes | Callable[[], bytes]
Item = tuple[str, Source, Box | None] | tuple[int, str, Source, Box | None]
Decode = Callable[[bytes, int, Box | None], np.ndarray]
CHUNK = 8  # images a worker takes at a time
HEADER_BYTES = 128


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


class CacheBuild:
    """One building of one cache; `run` leaves the two whole files, or nothing."""

    def __init__(self, path: Path, described: dict[str, Any], decode: Decode, on_broken: str, workers: int) -> None:
        self.path, self.described, self.decode = path, described, decode
        self.on_broken, self.workers = on_broken, workers
        self.size, self.count = described["size"], described["count"]
        self.row_bytes = self.size * self.size * 3
        self.reasons: dict[int, tuple[str, str]] = {}

    def run(self, items: Iterable[Item], bar: Any) -> None:
        part, beside = self.path.with_suffix(".part"), self.path.with_suffix(".json.part")
        self._remove_old(part, beside, self.path, self.path.with_suffix(".json"))
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
            part.chmod(READABLE)
            os.replace(part, self.path)
            beside.write_text(description, encoding="utf-8")
            beside.chmod(READABLE)
            os.replace(beside, self.path.with_suffix(".json"))
        except BaseException as error:
            for leftover in (part, self.path, beside):
                leftover.unlink(missing_ok=True)
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            if full and not isinstance(error, CacheError):
                raise self._no_space(str(error)) from error
            raise

    def _remove_old(self, *files: Path) -> None:
        """Remove what a killed run left, or what can no longer be read."""
        for old in files:
            try:
                old.unlink(missing_ok=True)
            except PermissionError as error:
                reason = "this is another user's and must go first: have it removed, or let HELPERS_CACHE name a folder"
                raise CacheError(error.errno, f"{reason} of yours", str(old)) from error

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
                named = isinstance(error, (ValueError, OSError)) and str(error)
                self.reasons[row] = (name, str(error) if named else f"{type(error).__name__}: {error}")
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


def _header(shape: tuple[int, ...]) -> bytes:
    """The first 128 bytes of an .npy file, format version 1.0."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(HEADER_BYTES - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode("latin1")


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
