"""Frozen features: what a backbone that is not trained says of each image, computed once and kept.

With only the head to train, the backbone gives the same answer in every epoch. So it runs once over each image (once
over each augmented view, where there are several), its answers are kept as float16 beside the decoded photographs, and
the head is trained on them in seconds.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from helpers.progress import progress_bar
from helpers.sharing import READABLE, hold

Backbone = Callable[[Tensor], Tensor]  # images (B, C, H, W) -> features (B, D)


def frozen_features(
    backbone: Backbone,
    batches,
    *,
    weights: str,
    folder: Path | str,
    views: int = 1,
    progress: bool = True,
) -> np.ndarray:
    """Features of every image in the order of the batches, once a view: from the cache, or computed and kept there.

    Parameters
    ----------
    backbone
        Images (B, C, H, W) to features (B, D); it is called without gradients and must not change.
    batches
        Unshuffled batches with a `fingerprint` of their pixels, size, augmentation and seed; view v is their epoch v.
    weights
        What the backbone is: name, sha256 of its weights, layer. Another text is another entry of the cache.
    folder
        Where entries stand; one file each, written under another name and renamed when whole.
    views
        How many augmented views; 1 for batches without augmentation.

    Returns
    -------
    np.ndarray
        float16 (views, N, D), a read-only memory map.

    Raises
    ------
    ValueError
        For shuffled batches, fewer than one view, several views of batches that are not augmented, or features that
        are not finite in float16.
    OSError
        When the entry cannot be written; no half of it stays.
    """
    _check(batches, views)
    described = {"weights": weights, "batches": batches.fingerprint, "views": views, "format": 1}
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    path = Path(folder) / f"features-{digest[:24]}.npy"
    num_images = getattr(batches, "num_images", None)
    if (found := _open(path, views, num_images)) is not None:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    with hold(path.with_name(f"{path.name}.lock")):
        if (found := _open(path, views, num_images)) is not None:  # two runs, one computation
            return found
        _write(path, _compute(backbone, batches, views, progress))
    return np.load(path, mmap_mode="r")


class FeatureBatches:
    """Batches of frozen features for `fit`: a new order in every epoch, view e mod V in epoch e.

    Parameters
    ----------
    features
        float16 (V, N, D), as `frozen_features` returns them.
    labels
        int (N,).
    batch_size
        Rows of a batch; a rest of fewer than two a rank joins the batch before it, as in batches of images.
    seed
        Of the order.
    shuffle
        False keeps the order of the rows, as `predict` needs it.
    rank, world_size
        This process takes rows rank, rank + world_size, ... of every batch.

    Raises
    ------
    ValueError
        When shapes disagree or a number is out of range.
    """

    augmentation = None

    def __init__(
        self,
        features: np.ndarray,
        labels: np.ndarray,
        *,
        batch_size: int,
        seed: int = 0,
        shuffle: bool = True,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        labels = np.asarray(labels)
        if features.ndim != 3 or len(labels) != features.shape[1] or labels.ndim != 1:
            raise ValueError(f"features: expected (V, {len(labels)}, D) for as many labels, got {features.shape}")
        if not 0 <= rank < world_size:
            raise ValueError(f"rank: expected 0 <= rank < world_size, got rank {rank} of {world_size}")
        if batch_size < world_size:
            raise ValueError(f"batch_size: expected at least one row per rank ({world_size}), got {batch_size}")
        self.rank, self.world_size = rank, world_size
        self.features, self.labels = features, torch.from_numpy(labels.astype(np.int64))
        self.batch_size, self.seed, self.shuffle = batch_size, seed, shuffle
        self.num_images = len(labels)

    @property
    def fingerprint(self) -> str:
        """Hash of the features, the labels and the order."""
        settings = (self.features.shape, self.batch_size, self.seed, self.shuffle, self.world_size)
        digest = hashlib.sha256(repr(settings).encode())
        digest.update(np.ascontiguousarray(self.features).data)
        digest.update(self.labels.numpy().data)
        return digest.hexdigest()

    def __len__(self) -> int:
        whole, rest = divmod(self.num_images, self.batch_size)
        return max(1, whole + (rest >= 2 * self.world_size))

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches start, start + 1, ...: features float32 (B, D), labels int64 (B,)."""
        view = self.features[epoch % len(self.features)]
        order = np.arange(self.num_images)
        if self.shuffle:
            order = np.random.default_rng([self.seed, epoch]).permutation(self.num_images)
        for k in range(start, len(self)):
            end = self.num_images if k == len(self) - 1 else (k + 1) * self.batch_size
            rows = order[k * self.batch_size : end][self.rank :: self.world_size]
            yield torch.from_numpy(view[rows].astype(np.float32)), self.labels[torch.from_numpy(rows)]


def _open(path: Path, views: int, num_images: int | None) -> np.ndarray | None:
    """The entry, or None where there is none, or one that was cut short or is damaged: it is computed again."""
    if not path.is_file():
        return None
    try:
        found = np.load(path, mmap_mode="r")
    except MemoryError:
        raise
    except Exception:  # numpy raises whatever a broken header provokes
        return None
    if not isinstance(found, np.memmap) or found.ndim != 3 or found.dtype != np.float16 or not found.flags.c_contiguous:
        return None
    whole = path.stat().st_size == found.offset + found.nbytes and len(found) == views
    return found if whole and num_images in (None, found.shape[1]) else None


def _check(batches, views: int) -> None:
    if getattr(batches, "shuffle", False):
        raise ValueError("batches: expected shuffle=False, or features and labels do not match")
    if views < 1:
        raise ValueError(f"views: expected at least 1, got {views}")
    if views > 1 and not getattr(batches, "augmentation", None):
        raise ValueError(f"views: expected 1 for batches without augmentation, all views are alike; got {views}")


def _compute(backbone: Backbone, batches, views: int, progress: bool) -> np.ndarray:
    rows: list[list[np.ndarray]] = []
    with torch.no_grad(), progress_bar(views * len(batches), "features", unit="batch", show=progress) as bar:
        for view in range(views):
            rows.append([])
            for images, _ in batches.epoch(view):
                rows[-1].append(backbone(images).float().cpu().numpy().astype(np.float16))
                bar.update()
    features = np.stack([np.concatenate(view) for view in rows])  # (V, N, D)
    if not np.isfinite(features).all():
        raise ValueError("features: expected numbers within float16, got values that are infinite or not a number")
    return features


def _write(path: Path, features: np.ndarray) -> None:
    partial = path.with_name(f".{path.name}.part")  # the lock is held: what stands there is a killed run's
    partial.unlink(missing_ok=True)
    try:
        with partial.open("wb") as file:
            np.save(file, features)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(READABLE)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
