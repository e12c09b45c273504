"""Batches of augmented photographs from one uint8 array, drawn and resized without worker processes.

The usual loader decodes a JPEG again for every epoch. Here the decoded set, uint8 (N, S, S, 3), lies in memory
(on the training device when it fits, else in a memory map that is streamed), and what is left to do for a batch
is: pick its images, cut one random rectangle out of each, resize it, mirror it or not, normalise. Every draw is
made *per sample*.

Batch k of an epoch depends on (seed, epoch, k) and on nothing else, so a run that was interrupted starts again
at any batch and sees what it would have seen.

The augmentation is the random resized crop of Szegedy et al. (2015), "Going Deeper with Convolutions", section
6, in torchvision's form (up to ten draws, then the whole frame), with antialiased bilinear interpolation. The
smallest area is 0.35 of the frame by default instead of 0.08: our photographs are already cut to the dog.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch.nn import functional

Pair = tuple[float, float]
SMOOTH: dict[str, Any] = {"mode": "bilinear", "antialias": True}
CROP_TRIES = 10  # as in torchvision.transforms.RandomResizedCrop


def random_crops(rng: np.random.Generator, count: int, side: int, scale: Pair, ratio: Pair) -> np.ndarray:
    """Draw one random rectangle per sample inside a square frame.

    area ~ U(scale) · side², log(width / height) ~ U(log ratio); a draw that does not fit is repeated up to
    ``CROP_TRIES`` times, then the whole frame is taken.

    Parameters
    ----------
    count : rectangles, B
    side : side of the frame, pixels
    scale : smallest and largest share of the frame's area
    ratio : smallest and largest width / height

    Returns
    -------
    int64 (B, 4): top, left, height, width in pixels.
    """
    area = side * side * rng.uniform(*scale, size=(count, CROP_TRIES))
    aspect = np.exp(rng.uniform(np.log(ratio[0]), np.log(ratio[1]), size=(count, CROP_TRIES)))
    width = np.rint(np.sqrt(area * aspect)).astype(np.int64)
    height = np.rint(np.sqrt(area / aspect)).astype(np.int64)
    fits = (width >= 1) & (width <= side) & (height >= 1) & (height <= side)
    first = fits.argmax(axis=1)[:, None]
    found = fits.any(axis=1)
    width = np.where(found, np.take_along_axis(width, first, 1)[:, 0], side)
    height = np.where(found, np.take_along_axis(height, first, 1)[:, 0], side)
    top = rng.integers(0, side - height + 1)
    left = rng.integers(0, side - width + 1)
    return np.stack([top, left, height, width], axis=1)


def resize_weights(start: torch.Tensor, length: torch.Tensor, side: int, size: int) -> torch.Tensor:
    """Write an antialiased bilinear resize of [start, start + length) along one axis as a matrix per sample.

    w[o, i] ∝ max(0, 1 − |i + ½ − c_o| / max(r, 1)), c_o = start + r (o + ½), r = length / size, rows sum to 1;
    this is what ``interpolate(..., antialias=True)`` computes. Two batched products then resize a whole batch.

    start, length (B,) -> (B, size, side)
    """
    rate = (length / size)[:, None, None]
    centre = start[:, None, None] + rate * (torch.arange(size, device=start.device)[:, None] + 0.5)
    pixel = torch.arange(side, device=start.device)
    weights = (1 - (pixel + 0.5 - centre).abs() / rate.clamp(min=1)).clamp(min=0)  # (B, size, side)
    inside = (pixel >= start[:, None, None]) & (pixel < (start + length)[:, None, None])
    weights = weights * inside
    return weights / weights.sum(dim=2, keepdim=True)


class Batches:
    """Yield normalised float32 batches of a uint8 image array, augmented per sample, reproducibly.

    Parameters
    ----------
    images : uint8 (N, S, S, 3), an array or a memory map
    labels : int (N,)
    batch_size : images of a whole batch, over all ranks
    mean, std : three numbers each in units of 0..1, as in timm's ``pretrained_cfg``
    image_size : side of the images that come out, pixels; None keeps S
    device : where batches are made and delivered
    seed : of shuffling and augmentation
    shuffle : a new order every epoch; without it the order of the array
    augment : random resized crop and horizontal flip, drawn per sample; without it the whole frame
    resident : True holds all pixels on the device, False streams them from `images`; "auto" holds them
        where they take at most `memory_share` of the device's free memory (on a CPU the array is used as it is)
    rank, world_size : this process takes images rank, rank + world_size, ... of every batch
    scale, ratio : of `random_crops`;  flip : the probability of mirroring left and right

    Raises
    ------
    ValueError : an argument of another form than stated.
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
        augment: bool = True,
        resident: bool | str = "auto",
        rank: int = 0,
        world_size: int = 1,
        scale: Pair = (0.35, 1.0),
        ratio: Pair = (3 / 4, 4 / 3),
        flip: float = 0.5,
        memory_share: float = 0.5,
    ) -> None:
        labels = np.asarray(labels)
        _check_images(images, labels)
        _check_numbers(batch_size, image_size, seed, rank, world_size, scale, ratio, flip, memory_share)
        if len(images) < world_size:
            raise ValueError(f"images: expected at least one per rank ({world_size}), got {len(images)}")
        if resident not in (True, False, "auto"):
            raise ValueError(f"resident: expected True, False or 'auto', got {resident!r}")
        self.device = torch.device(device)
        self.mean, self.std = _three(mean, "mean"), _three(std, "std")
        if min(self.std) <= 0:
            raise ValueError(f"std: expected three numbers above 0, got {std!r}")
        self.batch_size, self.seed, self.shuffle, self.augment = batch_size, seed, shuffle, augment
        self.rank, self.world_size = rank, world_size
        self.scale, self.ratio, self.flip = scale, ratio, flip
        self.num_images, self.stored_size = len(images), images.shape[1]
        self.image_size = self.stored_size if image_size is None else image_size
        self.seconds_waited = 0.0  # spent by the consumer waiting for data, over all epochs
        self.resident = _fits(images, self.device, memory_share) if resident == "auto" else bool(resident)
        self.labels = torch.from_numpy(labels.astype(np.int64)).to(self.device)
        self._pixels = _as_tensor(images)
        if self.resident and self.device.type != "cpu":
            self._pixels = self._pixels.to(self.device)

    def __len__(self) -> int:
        """Count the batches of an epoch; a rest of fewer images than ranks joins the batch before it."""
        whole, rest = divmod(self.num_images, self.batch_size)
        return max(1, whole + (rest >= self.world_size))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Iterate over batches start, start + 1, ...: images float32 (B, 3, H, W), labels int64 (B,).

        Raises ValueError for a negative epoch or a start outside 0..len(self).
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
        workers = torch.get_num_threads()
        with ThreadPoolExecutor(workers) as pool, ThreadPoolExecutor(1) as reader:
            plan = self._plan(order, epoch, start)
            ahead = None if self.resident else reader.submit(self._read, plan[0])
            for k in range(start, len(self)):
                began = time.perf_counter()
                index, crops, mirrored = plan
                plan = self._plan(order, epoch, k + 1)
                pixels, rows = self._pixels, torch.from_numpy(index)
                if ahead is not None:  # streamed: this batch was read while the last one was used
                    pixels, rows = ahead.result(), torch.arange(len(index))
                    ahead = reader.submit(self._read, plan[0])
                if self.device.type == "cpu":
                    images = self._resize_on_cpu(pool, workers, pixels, rows, crops, mirrored)
                else:
                    images = self._resize_on_device(pixels, rows, crops, mirrored)
                labels = self.labels[torch.from_numpy(index).to(self.device)]
                self.seconds_waited += time.perf_counter() - began
                yield images, labels

    def _plan(self, order: np.ndarray, epoch: int, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw batch k: which images, which rectangles, which mirrored, for this rank."""
        end = self.num_images if k == len(self) - 1 else (k + 1) * self.batch_size
        index = order[k * self.batch_size : end]
        crops = np.tile(np.array([0, 0, self.stored_size, self.stored_size]), (len(index), 1))
        mirrored = np.zeros(len(index), dtype=bool)
        if self.augment:  # drawn for the whole batch, then shared out among the ranks
            rng = np.random.default_rng([self.seed, epoch, k + 1])  # + 1: [s, e, 0] equals [s, e]
            crops = random_crops(rng, len(index), self.stored_size, self.scale, self.ratio)
            mirrored = rng.random(len(index)) < self.flip
        mine = slice(self.rank, None, self.world_size)
        return index[mine], crops[mine], mirrored[mine]

    def _read(self, index: np.ndarray) -> torch.Tensor:
        """Gather rows of the map, into pinned memory when they travel to a GPU."""
        pinned = self.device.type == "cuda"
        gathered = torch.empty((len(index), *self._pixels.shape[1:]), dtype=torch.uint8, pin_memory=pinned)
        return torch.index_select(self._pixels, 0, torch.from_numpy(index), out=gathered)

    def _resize_on_cpu(
        self,
        pool: ThreadPoolExecutor,
        workers: int,
        pixels: torch.Tensor,
        rows: torch.Tensor,
        crops: np.ndarray,
        mirrored: np.ndarray,
    ) -> torch.Tensor:
        """Resize one image after the other on uint8, several threads side by side, and normalise in place."""
        size = self.image_size
        images = torch.empty((len(rows), 3, size, size))
        gain, offset = self._normaliser()

        def fill(first: int) -> None:
            for i in range(first, len(rows), workers):
                top, left, height, width = crops[i].tolist()
                crop = pixels[int(rows[i]), top : top + height, left : left + width].permute(2, 0, 1)
                if (height, width) != (size, size):
                    crop = functional.interpolate(crop[None], (size, size), mode="bilinear", antialias=True)[
                        0
                    ]
                crop = crop.flip(2) if mirrored[i] else crop
                images[i].copy_(crop).mul_(gain).add_(offset)

        list(pool.map(fill, range(workers)))
        return images  # (B, 3, H, W)

    def _resize_on_device(
        self, pixels: torch.Tensor, rows: torch.Tensor, crops: np.ndarray, mirrored: np.ndarray
    ) -> torch.Tensor:
        """Resize the whole batch by two batched products, rows then columns."""
        if pixels.device == self.device:
            pixels = pixels[rows.to(self.device)]
        pixels = pixels.to(self.device, non_blocking=True)  # (B, S, S, 3)
        images = pixels.permute(0, 3, 1, 2).float()  # (B, 3, S, S)
        if self.augment or self.image_size != self.stored_size:
            top, left, height, width = torch.from_numpy(crops).to(self.device).float().unbind(1)
            flips = torch.from_numpy(mirrored).to(self.device)[:, None, None]
            down = resize_weights(top, height, self.stored_size, self.image_size)  # (B, H, S)
            across = resize_weights(left, width, self.stored_size, self.image_size)  # (B, W, S)
            across = torch.where(flips, across.flip(1), across)
            with torch.autocast(self.device.type, enabled=False):  # bf16 has fewer levels than a photograph
                images = down[:, None] @ images @ across[:, None].transpose(2, 3)  # (B, 3, H, W)
        gain, offset = self._normaliser()
        return images.contiguous().mul_(gain.to(self.device)).add_(offset.to(self.device))

    def _normaliser(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(x / 255 − mean) / std as x · gain + offset, each (3, 1, 1)."""
        mean, std = torch.tensor(self.mean), torch.tensor(self.std)
        return (1 / (255 * std))[:, None, None], (-mean / std)[:, None, None]


def _three(numbers: Sequence[float], name: str) -> tuple[float, ...]:
    values = tuple(float(number) for number in numbers)
    if len(values) != 3 or not np.isfinite(values).all():
        raise ValueError(f"{name}: expected three finite numbers, one per channel, got {numbers!r}")
    return values


def _check_images(images: np.ndarray, labels: np.ndarray) -> None:
    shape, dtype = getattr(images, "shape", None), getattr(images, "dtype", type(images))
    square = shape is not None and len(shape) == 4 and shape[1] == shape[2] and shape[3] == 3
    if not isinstance(images, np.ndarray) or dtype != np.uint8 or not square or 0 in images.shape:
        raise ValueError(f"images: expected a uint8 array (N, S, S, 3), got {dtype} {shape}")
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels: expected int ({len(images)},), got {labels.dtype} {labels.shape}")


def _check_numbers(
    batch_size: int,
    image_size: int | None,
    seed: int,
    rank: int,
    world_size: int,
    scale: Pair,
    ratio: Pair,
    flip: float,
    memory_share: float,
) -> None:
    if world_size < 1 or not 0 <= rank < world_size:
        raise ValueError(f"rank: expected 0 <= rank < world_size, got rank {rank} of {world_size}")
    if batch_size < world_size:
        raise ValueError(f"batch_size: expected at least world_size ({world_size}), got {batch_size}")
    if image_size is not None and image_size < 1:
        raise ValueError(f"image_size: expected at least 1 pixel, got {image_size}")
    if seed < 0:
        raise ValueError(f"seed: expected a whole number of at least 0, got {seed}")
    if not 0 < scale[0] <= scale[1] <= 1:
        raise ValueError(f"scale: expected 0 < smallest <= largest <= 1, got {scale}")
    if not 0 < ratio[0] <= ratio[1]:
        raise ValueError(f"ratio: expected 0 < smallest <= largest, got {ratio}")
    if not 0 <= flip <= 1:
        raise ValueError(f"flip: expected a probability, got {flip}")
    if not 0 < memory_share <= 1:
        raise ValueError(f"memory_share: expected a share above 0 and at most 1, got {memory_share}")


def _fits(images: np.ndarray, device: torch.device, memory_share: float) -> bool:
    if device.type == "cuda":
        return images.nbytes <= memory_share * torch.cuda.mem_get_info(device)[0]
    return device.type == "cpu"


def _as_tensor(images: np.ndarray) -> torch.Tensor:
    with warnings.catch_warnings():  # a read-only map is what we want: nothing here writes to it
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(np.ascontiguousarray(images))
