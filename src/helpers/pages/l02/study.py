"""What lab 02 trains and how: the data, the one recipe for all networks, one run, and what it costs by count."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.data import Dataset, load_dataset
from helpers.data.batches import Batches
from helpers.measure.cost import count_parameters, macs, saved_activation_bytes, training_step_macs
from helpers.pages.l02.classical import nearest_neighbours, visual_words
from helpers.pages.l02.methods import CLASSICAL, METHODS
from helpers.pages.l02.networks import NETWORKS, SIZES, build
from helpers.training import History, TrainingConfig, fit, predict
from helpers.training.distillation import HardDistillation

DATASETS = ("breeds", "tiny_imagenet")
TEACHERS = ("alexnet_like", "vgg_like", "resnet_like", "xception_mini", "convnext_mini")
WHOLE_ROWS = (
    "mlp",
    "vit_mini",
    "deit_mini",
    "cait_mini",
    "swin_mini",
    "mixer_mini",
)  # no gain from pixels that lie channel by channel
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
STUDENT = "deit_mini"
Parameters = Mapping[str, Any]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For an image size that the networks do not take, a number of classes for the drawn set, which has its own, rates
        for models that do not exist, a setting of the training outside its limits, or a record to compare with that is
        not there.
    """
    if parameters["image_size"] not in SIZES:
        raise ValueError(f"image_size: expected one of {SIZES} pixels, got {parameters['image_size']}")
    if parameters["dataset"] == "breeds" and parameters["classes"] is not None:
        raise ValueError(f"classes: expected None for the drawn set, got {parameters['classes']}")
    if unknown := set(parameters["own_rates"]) - set(NETWORKS):
        raise ValueError(f"own_rates: expected some of {', '.join(NETWORKS)}, got {', '.join(sorted(unknown))}")
    for name in parameters["models"]:
        if name not in CLASSICAL:
            training_config(parameters, name, seed=0, epochs=1)
    path = parameters["compare_with"]
    if path is not None and not Path(path).is_file():
        raise ValueError(f"compare_with: expected the file of a record of this lab, got {path}")


def load(parameters: Parameters) -> Dataset:
    """The images: dogs drawn by the course's code, or photographs of Tiny ImageNet's classes, drawn by `class_seed`."""
    if parameters["dataset"] == "breeds":
        return load_dataset("breeds", image_size=parameters["image_size"], **parameters["breeds"])
    from helpers.data.tiny_imagenet import load_tiny_imagenet

    return load_tiny_imagenet(
        image_size=parameters["image_size"], num_classes=parameters["classes"], class_seed=parameters["class_seed"]
    )


def epochs_of(parameters: Parameters, data: Dataset) -> int:
    """Whole passes over the training images that come nearest to the budget, at least one."""
    return max(1, round(parameters["images"] / len(data.train)))


def training_config(parameters: Parameters, name: str, seed: int, epochs: int) -> TrainingConfig:
    """The recipe: one for all, but for a rate of its own where `own_rates` gives one."""
    return TrainingConfig(
        epochs=epochs,
        learning_rate=parameters["own_rates"].get(name, parameters["learning_rate"]),
        label_smoothing=parameters["label_smoothing"],
        channels_last=name not in WHOLE_ROWS,
        seed=seed,
    )


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


def folder_name(name: str, seed: int, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints; runs that train the same in the same way share it."""
    recipe = {key: parameters[key] for key in ("batch_size", "image_size", "teacher")}
    recipe["config"] = asdict(training_config(parameters, name, seed, epochs_of(parameters, data)))
    text = json.dumps([data.fingerprint, name, seed, recipe], sort_keys=True)
    return f"{name}-{seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def trained(
    name: str, seed: int, data: Dataset, parameters: Parameters, folders: Mapping[tuple[str, int], Path]
) -> tuple[nn.Module, History]:
    """A network after its training, and the account of it; DeiT's teacher is trained before it where it has to be.

    Parameters
    ----------
    folders
        (name, seed) -> where its checkpoints lie; a finished training is taken from there.
    """
    model = build(name, data.num_classes, parameters["image_size"], seed)
    step = None
    if name == STUDENT:
        teacher, _ = trained(parameters["teacher"], seed, data, parameters, folders)
        step = HardDistillation(teacher.eval().requires_grad_(False), parameters["label_smoothing"])
    config = training_config(parameters, name, seed, epochs_of(parameters, data))
    batches = batches_of(parameters, data, seed)
    return model, fit(model, batches, config, step=step, checkpoint_dir=folders[name, seed])


def run_one(
    name: str, seed: int, data: Dataset, parameters: Parameters, folders: Mapping[tuple[str, int], Path]
) -> dict[str, Any]:
    """Train one method with one seed, and ask it about every test image.

    Returns
    -------
    dict
        `model`, `seed`, `predictions` (a list of n classes), `images_seen`, `fit_s`, `answer_s` (for all test images),
        `history` (None for the classical methods); of the classical methods also `numbers`, how many they keep, and
        `macs` of one answer (None where not counted).
    """
    row: dict[str, Any] = {"model": name, "seed": seed}
    if name in CLASSICAL:
        found = nearest_neighbours(data) if name == "knn" else visual_words(data, seed)
        row |= {"images_seen": 2 * len(data.train), "history": None, "numbers": found.numbers, "macs": found.macs}
        return row | {"predictions": found.predictions.tolist(), "fit_s": found.fit_s, "answer_s": found.answer_s}
    model, history = trained(name, seed, data, parameters, folders)
    logits, seconds = _timed_answers(model, batches_of(parameters, data))
    row |= {"images_seen": history.seen, "history": asdict(history), "predictions": logits.argmax(1).tolist()}
    return row | {"fit_s": history.seconds["data"] + history.seconds["training"], "answer_s": seconds}


def _timed_answers(model: nn.Module, batches: Batches) -> tuple[Any, float]:
    start = time.perf_counter()
    logits = predict(model, batches)
    return logits, time.perf_counter() - start


def counts(name: str, num_classes: int, image_size: int) -> dict[str, float]:
    """What follows from a network's code alone: `parameters`, `macs` of one image, `training_macs` (forward and
    backward; a taught network's teacher is not among them) and `kept_mib`, MiB that autograd keeps for one image."""
    model = build(name, num_classes, image_size, seed=0)
    found: dict[str, float] = {"parameters": count_parameters(model)["total"], "macs": macs(model, image_size)}
    found["training_macs"] = training_step_macs(model, image_size)
    with torch.device("meta"):
        blank = build(name, num_classes, image_size, seed=0)
    return found | {"kept_mib": saved_activation_bytes(blank, image_size) / 2**20}


def in_order(names: list[str]) -> list[str]:
    """Names of methods in the order of their years."""
    return [name for name in METHODS if name in names]
