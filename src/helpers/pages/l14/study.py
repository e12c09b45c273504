"""What lab 14 trains and how: the data, the one recipe of all arms, and one run of the grid."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data import Dataset, load_dataset
from helpers.data.batches import Batches
from helpers.measure.cost import count_parameters, macs
from helpers.models.cait import CLASS_DEPTH
from helpers.pages.l14.methods import ARMS, HIGH, USUAL
from helpers.pages.l14.networks import NUM_HEADS, build
from helpers.pages.l14.probe import probe
from helpers.training import TrainingConfig, TrainingDiverged, fit, predict

DATASETS = ("breeds", "tiny_imagenet")
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
Parameters = Mapping[str, Any]


class Key(NamedTuple):
    """One part of the grid: which arm, how many blocks, which of the two rates, which seed."""

    arm: str
    depth: int
    rate: str
    seed: int

    @property
    def name(self) -> str:
        """As a piece is called, `plain/24/high/0`."""
        return "/".join(map(str, self))


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For a number of classes of the drawn set, which has its own; patches that do not tile the image; a width that
        the heads cannot share; too few blocks for class attention; a high rate that is not above the usual one; a
        setting of the training outside its limits.
    """
    given = parameters
    if given["dataset"] == "breeds" and given["classes"] is not None:
        raise ValueError(f"classes: expected None for the drawn set, got {given['classes']}")
    if given["image_size"] % given["patch_size"]:
        raise ValueError(f"image_size: expected a multiple of {given['patch_size']} pixels, got {given['image_size']}")
    if given["width"] % NUM_HEADS:
        raise ValueError(f"width: expected a multiple of {NUM_HEADS}, got {given['width']}")
    if min(given["depths"]) <= CLASS_DEPTH:
        raise ValueError(f"depths: expected more than {CLASS_DEPTH} blocks, got {min(given['depths'])}")
    if given["layer_scale"] <= 0:
        raise ValueError(f"layer_scale: expected a number above 0, got {given['layer_scale']}")
    if given["high_rate"] is not None and given["high_rate"] <= given["learning_rate"]:
        raise ValueError(f"high_rate: expected more than {given['learning_rate']}, got {given['high_rate']}")
    for rate in (USUAL, HIGH) if given["high_rate"] is not None else (USUAL,):
        training_config(given, rate, seed=0, epochs=1)


def grid(parameters: Parameters) -> dict[str, Key]:
    """Name -> part of the grid: every arm at every depth, and the high rate at both ends, with every seed."""
    arms = [arm for arm in ARMS if arm in parameters["arms"]]
    depths, seeds = sorted(parameters["depths"]), range(parameters["seeds"])
    keys = [Key(arm, depth, USUAL, seed) for arm, depth, seed in product(arms, depths, seeds)]
    if parameters["high_rate"] is not None:
        high = [arm for arm in arms if arm in parameters["high_arms"]]
        keys += [
            Key(arm, depth, HIGH, seed) for arm, depth, seed in product(high, sorted({depths[0], depths[-1]}), seeds)
        ]
    return {key.name: key for key in keys}


def load(parameters: Parameters) -> Dataset:
    """The images: dogs drawn by the course's code, or photographs of Tiny ImageNet's classes, drawn by `class_seed`."""
    size = parameters["image_size"]
    if parameters["dataset"] == "breeds":
        return load_dataset("breeds", image_size=size, **parameters["breeds"])
    from helpers.data.tiny_imagenet import load_tiny_imagenet

    return load_tiny_imagenet(image_size=size, num_classes=parameters["classes"], class_seed=parameters["class_seed"])


def epochs_of(parameters: Parameters, count: int) -> int:
    """Whole passes over `count` training images that come nearest to the budget, at least one."""
    return max(1, round(parameters["images"] / count))


def training_config(parameters: Parameters, rate: str, seed: int, epochs: int) -> TrainingConfig:
    """The recipe, the same for all arms and depths. Gradients are not clipped: that would hide what is looked for."""
    return TrainingConfig(
        epochs=epochs,
        learning_rate=parameters["high_rate" if rate == HIGH else "learning_rate"],
        label_smoothing=parameters["label_smoothing"],
        clip_norm=None,
        seed=seed,
    )


def fresh(key: Key, num_classes: int, parameters: Parameters) -> nn.Module:
    """The network of a part of the grid, untrained."""
    sizes = {name: parameters[name] for name in ("image_size", "patch_size", "width", "layer_scale")}
    return build(key.arm, key.depth, num_classes, seed=key.seed, **sizes)


def counts(key: Key, num_classes: int, parameters: Parameters) -> dict[str, int]:
    """What follows from the code alone: `parameters`, and `macs` of one image."""
    model = fresh(key, num_classes, parameters)
    return {"parameters": count_parameters(model)["total"], "macs": macs(model, parameters["image_size"])}


def folder_name(key: Key, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints; runs that train the same in the same way share it."""
    names = ("image_size", "patch_size", "width", "layer_scale", "batch_size")
    recipe = {name: parameters[name] for name in names}
    epochs = epochs_of(parameters, len(data.train))
    recipe["config"] = asdict(training_config(parameters, key.rate, key.seed, epochs))
    text = json.dumps([data.fingerprint, *key, recipe], sort_keys=True)
    return f"{key.name.replace('/', '-')}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def probe_images(data: Dataset, parameters: Parameters) -> tuple[Tensor, Tensor]:
    """Training images as the networks see them, whole frames, evenly from all of them: (B, 3, S, S) and (B,)."""
    rows = np.unique(np.linspace(0, len(data.train) - 1, parameters["probe_images"]).astype(int))
    pixels = torch.from_numpy(np.ascontiguousarray(data.train.images[rows])).permute(0, 3, 1, 2).float() / 255
    return (pixels - NORM[0][0]) / NORM[1][0], torch.from_numpy(data.train.labels[rows]).long()


def run_one(key: Key, data: Dataset, parameters: Parameters, folder: Path) -> dict[str, Any]:
    """Probe a fresh network, train it, probe it again, and ask it about every test image.

    Returns
    -------
    dict
        `arm`, `depth`, `rate`, `seed`, `predictions` (a list of n classes), `before` and `after` (see
        `helpers.pages.l14.probe`), `fit_s`, `diverged` (None, or what happened), `images_seen` and `history` (None
        where it diverged, as is `after`).
    """
    model = fresh(key, data.num_classes, parameters)
    images, labels = probe_images(data, parameters)
    row: dict[str, Any] = {**key._asdict(), "before": probe(model, images, labels), "after": None}
    row |= {"images_seen": None, "history": None, "diverged": None}
    config = training_config(parameters, key.rate, key.seed, epochs_of(parameters, len(data.train)))
    start = time.perf_counter()
    try:
        history = fit(model, batches_of(parameters, data, key.seed), config, checkpoint_dir=folder)
    except TrainingDiverged as failure:
        row |= {"diverged": str(failure), "fit_s": time.perf_counter() - start}
    else:
        row |= {"images_seen": history.seen, "history": asdict(history), "after": probe(model, images, labels)}
        row["fit_s"] = history.seconds["data"] + history.seconds["training"]
    # Of a network that diverged the answers are NaN, of which argmax takes the first: it names one class throughout.
    return row | {"predictions": predict(model, batches_of(parameters, data)).argmax(axis=1).tolist()}


def batches_of(parameters: Parameters, data: Dataset, seed: int | None = None) -> Batches:
    """Training batches, shuffled and augmented by a seed; without one, the test images in their order."""
    split, size = (data.test, 128) if seed is None else (data.train, parameters["batch_size"])
    train = seed is not None
    return Batches(
        split.images,
        split.labels,
        batch_size=size,
        mean=NORM[0],
        std=NORM[1],
        seed=seed or 0,
        shuffle=train,
        augment=train,
    )
