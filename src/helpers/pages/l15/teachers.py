"""The teachers of lab 15, and their answers: each is asked once about every fixed view, and the answers are kept.

On photographs of Tiny ImageNet the two small networks that ship with the package teach with their own heads, of which
the columns of the lab's classes are taken; so does EfficientNet-Lite0 with its 1000 outputs (the classes are found by
their WordNet ids). For other data a small network first learns the lab's classes, from its shipped weights.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from helpers.data import Dataset, Split
from helpers.data.batches import Batches
from helpers.data.fetching import cache_dir, fetch
from helpers.data.views import FixedViews
from helpers.models.pretrained import MODELS, Pretrained, build_model
from helpers.training import TrainingConfig, fit
from helpers.training.features import frozen_features
from helpers.training.fingerprint import describe_model

TEACHERS = ("xception_mini", "vit_mini", "efficientnet_lite0")
RELEASED = "efficientnet_lite0"
PHOTOGRAPHS = "tiny_imagenet"
Parameters = Mapping[str, Any]


class Teacher(nn.Module):
    """A network that reads pixels in 0..1, at a size of its own, and answers for the lab's classes alone.

    Parameters
    ----------
    ready
        The network, and what its input is normalised by.
    columns
        Its outputs that are the lab's classes, in their order; None for all.
    """

    def __init__(self, ready: Pretrained, columns: list[int] | None = None) -> None:
        super().__init__()
        self.network, self.size = ready.model.eval().requires_grad_(False), ready.image_size
        self.columns = columns
        self.mean, self.std = (torch.tensor(part)[:, None, None] for part in (ready.mean, ready.std))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) in 0..1 -> logits (B, K)."""
        if images.shape[-1] != self.size:
            size = (self.size, self.size)
            images = functional.interpolate(images, size=size, mode="bilinear", antialias=True)
        logits = self.network((images - self.mean) / self.std)  # (B, all outputs)
        return logits if self.columns is None else logits[:, self.columns]

    @property
    def identity(self) -> str:
        """A text that another network, other weights or other columns would change."""
        read = f"{self.size} {self.columns} {self.mean.tolist()} {self.std.tolist()}"
        return f"{type(self.network).__name__} {read} {describe_model(self)['initial_weights']}"


def teacher(name: str, data: Dataset, parameters: Parameters, folder: Path) -> Teacher:
    """A teacher of the lab's classes; where it has to learn them first, its checkpoints lie in `folder`."""
    if data.name != PHOTOGRAPHS:
        return learner(name, data.train, data, parameters, parameters["teacher_images"], folder, seed=0, augment=True)
    if name == RELEASED:
        from helpers.models.pretrained import imagenet_classifier

        return Teacher(*imagenet_classifier(name, "package", parameters["released_size"], data.train))
    place = {wnid: column for column, wnid in enumerate(wnids_without_dogs())}
    ready = build_model(name, len(place), weights="photographs", image_size=data.image_size, with_head=True)
    return Teacher(ready, [place[wnid] for wnid in class_wnids(data.train)])


def learner(
    name: str, lesson: Split, data: Dataset, parameters: Parameters, images: int, folder: Path, seed: int, augment: bool
) -> Teacher:
    """A small network of the package, trained further on the lab's classes from its shipped weights.

    Parameters
    ----------
    lesson
        What it learns from.
    images
        About how many looks; whole passes, at least one.
    augment
        False shows whole frames, which it then knows by heart.
    """
    weights = "shipped" if data.name == "breeds" else "photographs"
    ready = build_model(name, data.num_classes, weights=weights, image_size=data.image_size, seed=seed)
    batches = Batches(
        lesson.images,
        lesson.labels,
        batch_size=parameters["batch_size"],
        mean=ready.mean,
        std=ready.std,
        seed=seed,
        augment=augment,
    )
    config = TrainingConfig(
        epochs=max(1, round(images / len(lesson))),
        learning_rate=parameters["learning_rate"],
        label_smoothing=parameters["label_smoothing"] if augment else 0.0,
        channels_last=MODELS[name].family == "cnn",
        seed=seed,
    )
    fit(ready.model, batches, config, checkpoint_dir=folder)
    return Teacher(ready)


def answers(asked: Teacher, views: FixedViews) -> np.ndarray:
    """Its logits on every view, float16 (V, N, K): from the cache, or computed and kept there."""
    return frozen_features(
        asked, views, weights=asked.identity, folder=cache_dir() / "features", views=len(views.pixels), progress=False
    )


def wnids_without_dogs() -> list[str]:
    """The WordNet ids of Tiny ImageNet's classes that are no dogs, in their order: the outputs of the shipped networks.

    Raises
    ------
    FetchError
        Where the table of classes is nowhere.
    """
    with fetch(PHOTOGRAPHS, "classes.tsv").path.open(encoding="utf-8") as file:
        return sorted(row["wnid"] for row in csv.DictReader(file, delimiter="\t") if row["is_dog"] == "0")


def class_wnids(split: Split) -> list[str]:
    """The WordNet id of each class, from the names of its files, `n01443537_12.jpg`."""
    found = {int(label): name.split("_")[0] for label, name in zip(split.labels, split.names, strict=True)}
    return [found[label] for label in range(len(found))]
