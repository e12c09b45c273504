"""Batches of augmented photographs from one uint8 array, made without worker processes.

The usual loader decodes a JPEG again for every epoch. Here the decoded set, uint8 (N, S, S, 3), lies in memory
(on the training device when it fits, else in a memory map that is streamed), and what is left to do for a batch
is: pick its images, cut one random rectangle out of each, resize it, mirror it or not, normalise. Every draw is
made *per sample*.

Batch k of an epoch depends on (seed, epoch, k) and on nothing else, so a run that was interrupted starts again
at any batch and sees what it would have seen.
"""

import hashlib
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch

from helpers.data.augment import Augmentation, crop_batch, crop_each
from helpers.data.digest import digest_of

MEMORY_SHARE = 0.5  # resident="auto" takes at most this share of the memory that is free on a GPU


class Batches:
    """Yield normalised float32 batches of a uint8 image array, augmented per sample, reproducibly.

    Parameters
    ----------
    images
        uint8 (N, S, S, 3), an array or a memory map.
    labels
        int (N,), classes counted from 0.
    batch_size
        Images of a whole batch, over all ranks. A rest that would leave a rank a single image, of which BatchNorm can
        make no statistics, joins the batch before it.
    mean, std
        Three numbers each in units of 0..1, as in timm's ``pretrained_cfg``.
    image_size
        Side of the images that come out, pixels; None keeps S.
    device
        Where batches are made and delivered.
    seed
        Of shuffling and augmentation.
    shuffle
        A new order every epoch; without it the order of the array.
    augment
        What to do to each sample; True is `Augmentation()`, False resizes the whole frame and no more.
    resident
        True holds all pixels on the device, False streams them from `images`; "auto" holds them where they take at
        most half of the free memory of a GPU; on a CPU the array is used as it is, without a copy.
    rank, world_size
        This process takes images rank, rank + world_size, ... of every batch.

    Attributes
    ----------
    resident
        Whether the pixels lie on the device.
    seconds_waited
        Seconds that the consumer waited for batches so far (a GPU works on after the wait).

    Raises
    ------
    ValueError
        When an argument has another form than stated.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        batch_size: int,
        mean: Sequence[float],
        std: Sequence[float],
        image_size: int | None = None,
        device: str | torch.device = "cpu",
        seed: int = 0,
        shuffle: bool = True,
        augment: bool | Augmentation = True,
        resident: bool | str = "auto",
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        labels = np.asarray(labels)
        _check_arrays(images, labels)
        _check_numbers(batch_size, image_size, seed, rank, world_size, len(images))
        _check_choices(shuffle, augment, resident)
        self.device = torch.device(device)
        self.batch_size, self.seed, self.shuffle = batch_size, seed, shuffle
        self.rank, self.world_size = rank, world_size
        self.augmentation = Augmentation() if augment is True else augment or None
        self.num_images, self.stored_size = len(images), images.shape[1]
        self.image_size = self.stored_size if image_size is None else image_size
        self.resident = _fits(images, self.device) if resident == "auto" else bool(resident)
        self.seconds_waited = 0.0
        self._gain, self._offset = (part.to(self.device) for part in _normaliser(mean, std))
        self._settings = (tuple(map(float, mean)), tuple(map(float, std)))
        self._images, self._labels = images, torch.from_numpy(labels.astype(np.int64))
        self._pixels = _as_tensor(images)
        if self.resident:
            self._pixels = self._pixels.to(self.device)

    def __len__(self) -> int:
        """Count the batches of an epoch; a rest of fewer than two images a rank joins the batch before it."""
        whole, rest = divmod(self.num_images, self.batch_size)
        return max(1, whole + (rest >= 2 * self.world_size))

    @property
    def fingerprint(self) -> str:
        """sha256 of every pixel and label, and of all settings but the rank.

        A GB of pixels takes a core about 0.7 s. The digest of a read-only memory map (what the cache of decoded
        photographs gives) is kept; any other array is read again each time, because it may have changed.
        """
        size = (self.image_size, self.batch_size, self.world_size)
        settings = (size, self.seed, self.shuffle, self.augmentation, self._settings)
        digest = hashlib.sha256(f"{settings} {self._images.shape}".encode())
        digest.update(self._labels.numpy().data)
        digest.update(digest_of(self._images))
        return digest.hexdigest()

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Iterate over batches start, start + 1, ...: images float32 (B, 3, H, W), labels int64 (B,).

        Parameters
        ----------
        epoch
            From 0; decides order and augmentation.
        start
            The batch to begin with, to go on where a run was cut off.

        Returns
        -------
        Iterator[tuple[torch.Tensor, torch.Tensor]]
            Batches of images and their labels.

        Raises
        ------
        ValueError
            For a negative epoch or a start outside 0..len(self).
        """
        if epoch < 0:
            raise ValueError(f"epoch: expected a number of at least 0, got {epoch}")
        if not 0 <= start <= len(self):
            raise ValueError(f"start: expected a batch between 0 and {len(self)}, got {start}")
        return self._iterate(epoch, start)

    def _iterate(self, epoch: int, start: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = np.arange(self.num_images)
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.num_images)
        make = self._make_on_cpu if self.device.type == "cpu" else self._make_on_device
        with ThreadPoolExecutor(torch.get_num_threads()) as pool, ThreadPoolExecutor(1) as reader:
            following = self._draw(order, epoch, start)
            ahead = None if self.resident else self._read(reader, following[0])
            for k in range(start, len(self)):
                began = time.perf_counter()
                rows, crops, mirrored = following
                labels = self._labels[torch.from_numpy(rows)].to(self.device)
                following = self._draw(order, epoch, k + 1)
                pixels = self._pixels
                if ahead is not None:  # streamed: this batch was read while the last one was used
                    pixels, rows = ahead.result(), np.arange(len(rows))
                    ahead = self._read(reader, following[0])
                images = make(pool, pixels, rows, crops, mirrored)
                self.seconds_waited += time.perf_counter() - began
                yield images, labels

    def _draw(self, order: np.ndarray, epoch: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw batch k: which images, which rectangles, which mirrored; this rank's share of them."""
        end = self.num_images if k == len(self) - 1 else (k + 1) * self.batch_size
        rows = order[k * self.batch_size : end]
        crops = np.tile([0, 0, self.stored_size, self.stored_size], (len(rows), 1))
        mirrored = np.zeros(len(rows), dtype=bool)
        if self.augmentation:  # for the whole batch, so that the number of ranks changes no pixel
            rng = np.random.default_rng([self.seed, epoch, k + 1])  # + 1: [s, e, 0] equals [s, e]
            crops, mirrored = self.augmentation.draw(rng, len(rows), self.stored_size)
        mine = slice(self.rank, None, self.world_size)
        return rows[mine], crops[mine], mirrored[mine]

    def _read(self, reader: ThreadPoolExecutor, rows: np.ndarray) -> Future[torch.Tensor]:
        """Start to gather rows of the map, into pinned memory when they travel to a GPU."""
        shape = (len(rows), *self._pixels.shape[1:])
        gathered = torch.empty(shape, dtype=torch.uint8, pin_memory=self.device.type == "cuda")
        return reader.submit(torch.index_select, self._pixels, 0, torch.from_numpy(rows), out=gathered)

    def _make_on_cpu(
        self,
        pool: ThreadPoolExecutor,
        pixels: torch.Tensor,
        rows: np.ndarray,
        crops: np.ndarray,
        mirrored: np.ndarray,
    ) -> torch.Tensor:
        images = torch.empty((len(rows), 3, self.image_size, self.image_size))
        threads = torch.get_num_threads()
        shares = [slice(first, None, threads) for first in range(threads)]

        def fill(share: slice) -> None:
            target = images[share]
            crop_each(pixels, rows[share], crops[share], mirrored[share], target, self._gain, self._offset)

        list(pool.map(fill, shares))
        return images  # (B, 3, H, W)

    def _make_on_device(
        self,
        pool: ThreadPoolExecutor,
        pixels: torch.Tensor,
        rows: np.ndarray,
        crops: np.ndarray,
        mirrored: np.ndarray,
    ) -> torch.Tensor:
        if self.resident:
            pixels = pixels[torch.from_numpy(rows).to(self.device)]
        pixels = pixels.to(self.device, non_blocking=True)  # (B, S, S, 3)
        if self.augmentation or self.image_size != self.stored_size:
            images = crop_batch(pixels, crops, mirrored, self.image_size)
        else:
            images = pixels.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
        return images.mul_(self._gain).add_(self._offset)  # (B, 3, H, W)


def _normaliser(mean: Sequence[float], std: Sequence[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """(x / 255 − mean) / std as x · gain + offset, each (3, 1, 1)."""
    for name, numbers in (("mean", mean), ("std", std)):
        if len(numbers) != 3 or not np.isfinite(numbers).all() or (name == "std" and min(numbers) <= 0):
            wanted = "three numbers above 0" if name == "std" else "three finite numbers"
            raise ValueError(f"{name}: expected {wanted}, one per channel, got {numbers!r}")
        if min(numbers) < 0 or max(numbers) > 1:
            raise ValueError(f"{name}: expected numbers in units of 0..1, not of 0..255, got {numbers!r}")
    m, s = (torch.tensor(numbers, dtype=torch.float64)[:, None, None] for numbers in (mean, std))
    return (1 / (255 * s)).float(), (-m / s).float()


def _check_arrays(images: np.ndarray, labels: np.ndarray) -> None:
    shape, dtype = getattr(images, "shape", None), getattr(images, "dtype", type(images))
    square = shape is not None and len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if not isinstance(images, np.ndarray) or dtype != np.uint8 or not square or 0 in images.shape:
        raise ValueError(f"images: expected a uint8 array (N, S, S, 3), got {dtype} {shape}")
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected int ({len(images)},), got {labels.dtype} {labels.shape}")
    if labels.min() < 0:  # -100 would be ignored by torch's cross-entropy, without a word
        raise ValueError(f"labels: expected classes counted from 0, got {labels.min()}")


def _check_choices(shuffle: bool, augment: bool | Augmentation, resident: bool | str) -> None:
    if not isinstance(shuffle, bool):
        raise ValueError(f"shuffle: expected True or False, got {shuffle!r}")
    if not isinstance(augment, bool | Augmentation):
        raise ValueError(f"augment: expected True, False or an Augmentation, got {augment!r}")
    if resident not in (True, False, "auto"):
        raise ValueError(f"resident: expected True, False or 'auto', got {resident!r}")


def _check_numbers(batch_size: int, image_size: int | None, seed: int, rank: int, world_size: int, count: int) -> None:
    given = {"batch_size": batch_size, "image_size": image_size, "seed": seed, "rank": rank, "world_size": world_size}
    for name, value in given.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | np.integer)):
            raise ValueError(f"{name}: expected a whole number, got {value!r}")
    if world_size < 1 or not 0 <= rank < world_size:
        raise ValueError(f"rank: expected 0 <= rank < world_size, got rank {rank} of {world_size}")
    if batch_size < world_size:
        raise ValueError(f"batch_size: expected at least one image per rank ({world_size}), got {batch_size}")
    if count < world_size:
        raise ValueError(f"images: expected at least one per rank ({world_size}), got {count}")
    if image_size is not None and image_size < 1:
        raise ValueError(f"image_size: expected at least 1 pixel, got {image_size}")
    if seed < 0:
        raise ValueError(f"seed: expected a whole number of at least 0, got {seed}")


def _fits(images: np.ndarray, device: torch.device) -> bool:
    if device.type == "cuda":
        return images.nbytes <= MEMORY_SHARE * torch.cuda.mem_get_info(device)[0]
    return device.type == "cpu"


def _as_tensor(images: np.ndarray) -> torch.Tensor:
    with warnings.catch_warnings():  # a read-only map is what we want: nothing here writes to it
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(images))
