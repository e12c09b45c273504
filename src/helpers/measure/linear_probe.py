"""How much of a task is in the features of a network that is not trained for it: its frozen features, once and for all.

A linear probe (Alain & Bengio, "Understanding intermediate layers using linear classifier probes", 2016) trains one
linear layer on them. What the network says of a photograph is the same in every epoch, so it is computed once a view
and kept: each photograph as it is, and for training its mirror image too. Other augmentations are not made.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from helpers.data import Split
from helpers.data.augment import Augmentation
from helpers.data.batches import Batches
from helpers.data.fetching import cache_dir
from helpers.measure.cost import macs_by_layer, training_step_macs
from helpers.models.pretrained import MODELS, Pretrained
from helpers.models.pretrained.frozen import FrozenBackbone
from helpers.training.features import frozen_features

MIRROR = Augmentation(scale=(1.0, 1.0), ratio=(1.0, 1.0), flip=1.0)  # the whole frame, mirrored
BATCH_SIZE = 16
ONNX_FROM = 300  # images of a split: exporting a network takes longer than it saves for fewer


class FrozenFeatures:
    """The features of photographs in networks without their heads: computed once, then read from the cache.

    Parameters
    ----------
    device
        Where networks compute that ONNX Runtime does not serve.
    folder
        Where features are kept, a file for each network, split and view; None is `features` in the user's cache.
    progress
        Show a bar while a network computes.

    Attributes
    ----------
    work
        A row for each pass over a split that was computed here and not read: model, images, engine, seconds.
    """

    def __init__(
        self, device: torch.device | None = None, folder: Path | str | None = None, progress: bool = True
    ) -> None:
        self.device, self.progress = device, progress
        self.folder = cache_dir() / "features" if folder is None else Path(folder)
        self.work: list[dict[str, Any]] = []
        self._backbone: FrozenBackbone | None = None  # the last one used, whose export is not made again

    def __call__(self, ready: Pretrained, split: Split, mirrored: bool = False) -> np.ndarray:
        """What reaches the head of the network for each image: float16 (V, N, D).

        Parameters
        ----------
        ready
            A network of images of the split's size; weights that differ are another entry of the cache.
        split
            N images, at least one.
        mirrored
            Add the view of the mirror images, so that V is 2 and not 1.

        Raises
        ------
        ValueError
            As `helpers.training.features.frozen_features`.
        OSError
            Likewise.
        """
        backbone = self._backbone_of(ready, len(split))
        views: list[bool | Augmentation] = [False, MIRROR] if mirrored else [False]
        return np.concatenate([self._view(backbone, ready, split, view) for view in views])

    def rows(self) -> list[dict[str, Any]]:
        """`work` added up by network, for a table."""
        found = []
        for model in dict.fromkeys(row["model"] for row in self.work):
            mine = [row for row in self.work if row["model"] == model]
            images, seconds = (sum(row[key] for row in mine) for key in ("images", "seconds"))
            row = {"model": model, "images × views": images, "seconds": round(seconds, 1)}
            found.append(row | {"images/s": round(images / seconds, 1), "computed in": mine[0]["engine"]})
        return found

    def _backbone_of(self, ready: Pretrained, count: int) -> FrozenBackbone:
        """The network without its head; the last one again, where it is the same and exported if that pays."""
        head, onnx = MODELS[ready.name].head, count >= ONNX_FROM
        new = FrozenBackbone(ready.model, head, ready.image_size, ready.name, onnx=onnx, device=self.device)
        old = self._backbone
        if old is None or old.identity != new.identity or (onnx and not old.onnx):
            self._backbone = new
        return self._backbone or new

    def _view(
        self, backbone: FrozenBackbone, ready: Pretrained, split: Split, augment: bool | Augmentation
    ) -> np.ndarray:
        batches = Batches(
            split.images,
            split.labels,
            batch_size=BATCH_SIZE,
            mean=ready.mean,
            std=ready.std,
            image_size=ready.image_size,
            device=backbone.device,
            shuffle=False,
            augment=augment,
        )
        seconds: list[float] = []
        features = frozen_features(
            _timed(backbone, seconds),
            batches,
            weights=backbone.identity,
            folder=self.folder,
            progress=self.progress,
        )
        if seconds:
            engine = backbone.engine if backbone.onnx else f"eager (fewer than {ONNX_FROM} images)"
            row = {"model": ready.name, "images": len(split), "engine": engine}
            self.work.append(row | {"seconds": seconds[-1] - seconds[0]})
        return features


def _timed(backbone: FrozenBackbone, seconds: list[float]) -> Callable[[torch.Tensor], torch.Tensor]:
    """The backbone, which notes when it was first called and when it last returned."""

    def call(images: torch.Tensor) -> torch.Tensor:
        if not seconds:
            seconds.append(time.perf_counter())
        features = backbone(images)
        seconds.append(time.perf_counter())
        return features

    return call


def probe_macs(ready: Pretrained, epochs: int, views: int = 2) -> int:
    """MACs of one training image of a probe: every step trains the head, the backbone runs once a view in all.

    Raises
    ------
    ValueError
        If anything but the head is trained.
    """
    trained = [name for name, parameter in ready.model.named_parameters() if parameter.requires_grad]
    head = MODELS[ready.name].head
    if set(trained) != {f"{head}.{name}" for name, _ in ready.head.named_parameters()}:
        raise ValueError(f"ready: expected a model of which the head alone is trained, got {len(trained)} tensors")
    layers = macs_by_layer(ready.model, ready.image_size)
    body = sum(layers.values()) - layers[head]
    return training_step_macs(ready.model, ready.image_size) - body + round(body * views / epochs)
