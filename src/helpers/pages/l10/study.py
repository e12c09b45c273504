"""What lab 10 trains and how: two networks, six augmentations, one budget; one run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import softmax

from helpers.data import Dataset, Split, load_dataset, take
from helpers.data.batches import Batches
from helpers.models.pretrained import build_model
from helpers.models.pretrained.loading import Pretrained
from helpers.pages.l10.augmented import Augmented
from helpers.pages.l10.methods import ARMS, CNN, MODELS, PLAIN
from helpers.training import TrainingConfig, fit, predict

# Data set -> the weights of the course that have learned from other pictures than these.
OTHER_PICTURES = {"breeds": "shipped", "tiny_imagenet": "shipped", "stanford_dogs": "photographs"}
STARTS = ("pretrained", "scratch")
Parameters = Mapping[str, Any]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For an image size that patches of 8 px do not tile, or a setting of the training outside its limits.
    """
    if parameters["image_size"] % 8:
        raise ValueError(f"image_size: expected a multiple of 8 pixels, got {parameters['image_size']}")
    training_config(parameters, CNN, seed=0)


def load(parameters: Parameters) -> Dataset:
    """The images: dogs drawn by the course's code, photographs of Tiny ImageNet without a dog, or Stanford Dogs."""
    name, size = parameters["dataset"], parameters["image_size"]
    if name == "breeds":
        return load_dataset(name, image_size=size, **parameters["breeds"])
    if name == "tiny_imagenet":
        from helpers.data.tiny_imagenet import load_tiny_imagenet

        return load_tiny_imagenet(image_size=size)
    fraction = parameters["train_fraction"]
    return load_dataset(name, image_size=size, val_fraction=0.0, train_fraction=fraction)


def grid(parameters: Parameters) -> dict[str, tuple[str, str, int]]:
    """Piece -> arm, model, seed."""
    return {
        f"{arm}/{model}/{seed}": (arm, model, seed)
        for arm in parameters["arms"]
        for model in MODELS
        for seed in range(parameters["seeds"])
    }


def training_config(parameters: Parameters, model: str, seed: int) -> TrainingConfig:
    """The same for all arms."""
    return TrainingConfig(
        epochs=parameters["epochs"],
        learning_rate=parameters["learning_rate"],
        label_smoothing=parameters["label_smoothing"],
        channels_last=model == CNN,
        seed=seed,
    )


def folder_name(arm: str, model: str, seed: int, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints."""
    left_out = ("edition", "arms", "seeds", "piece", "dataset", "breeds")
    recipe = {key: value for key, value in parameters.items() if key not in left_out}
    text = json.dumps([data.fingerprint, arm, model, seed, recipe], sort_keys=True)
    return f"{arm}-{model}-{seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def build(model: str, data: Dataset, parameters: Parameters, seed: int) -> Pretrained:
    """The network of a run before its first step."""
    weights = OTHER_PICTURES[parameters["dataset"]] if parameters["start"] == "pretrained" else "none"
    return build_model(model, data.num_classes, weights=weights, image_size=parameters["image_size"], seed=seed)


def batches_of(split: Split, built: Pretrained, parameters: Parameters, augment: bool, seed: int = 0) -> Batches:
    """Training batches with or without mirror and crop."""
    return Batches(
        split.images,
        split.labels,
        batch_size=parameters["batch_size"],
        mean=built.mean,
        std=built.std,
        seed=seed,
        augment=augment,
    )


def asked(built: Pretrained, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """First guesses, int (n,), and how sure they are, (n,), on images as they are."""
    batches = Batches(
        split.images, split.labels, batch_size=128, shuffle=False, augment=False, mean=built.mean, std=built.std
    )
    shares = softmax(predict(built.model, batches).astype(np.float64), axis=1)
    return shares.argmax(1), shares.max(1)


def run_one(arm: str, model: str, seed: int, data: Dataset, parameters: Parameters, folder: Path) -> dict[str, Any]:
    """Train one network with one augmentation, and ask it about every training and test image, as they are.

    Returns
    -------
    dict
        `arm`, `model`, `seed`, `images_seen`, `steps`, `fit_s`, `train_top1`, `predictions` (a list of n classes),
        `confidences` (of as many), `history`.
    """
    built = build(model, data, parameters, seed)
    step = Augmented(arm, data.num_classes, tuple(built.mean), tuple(built.std), parameters["label_smoothing"])
    batches = batches_of(data.train, built, parameters, augment=arm != PLAIN, seed=seed)
    history = fit(built.model, batches, training_config(parameters, model, seed), step=step, checkpoint_dir=folder)
    learned, _ = asked(built, data.train)
    named, sure = asked(built, data.test)
    row = {"arm": arm, "model": model, "seed": seed, "images_seen": history.seen, "steps": history.steps}
    row |= {"fit_s": history.seconds["data"] + history.seconds["training"]}
    row |= {"train_top1": float((learned == data.train.labels).mean())}
    return row | {"predictions": named.tolist(), "confidences": sure.round(4).tolist(), "history": asdict(history)}


def examples(data: Dataset, parameters: Parameters, rows: int = 4, seed: int = 17) -> dict[str, np.ndarray]:
    """What each arm makes of the same training images: arm -> pixels uint8 (rows, H, W, 3)."""
    built, found = build(CNN, data, parameters, seed), {}
    chosen = take(data.train, np.linspace(0, len(data.train) - 1, rows).astype(int))  # of different classes
    mean, std = (np.array(part).reshape(3, 1, 1) for part in (built.mean, built.std))
    for arm in ARMS:
        step = Augmented(arm, data.num_classes, tuple(built.mean), tuple(built.std))
        batches = Batches(
            chosen.images, chosen.labels, batch_size=rows, mean=built.mean, std=built.std, seed=seed,
            shuffle=False, augment=arm != PLAIN,
        )  # fmt: skip
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            images, _ = step.changed(*next(iter(batches.epoch(0))))
        found[arm] = (255 * (images.numpy() * std + mean)).round().clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return found
