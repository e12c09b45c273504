"""What lab 07 trains and how: nested sets of training images, the plain and the strong recipe, one run."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from helpers.data import Dataset, Split, load_dataset, take
from helpers.data.batches import Batches
from helpers.layers.drop_path import DropPath
from helpers.measure.cost import count_parameters
from helpers.models.pretrained import MODELS as MODELS_OF_COURSE
from helpers.models.pretrained import OURS, build_model
from helpers.models.pretrained.loading import Pretrained
from helpers.pages.l07.methods import ARMS, CNN, MODELS
from helpers.training import TrainingConfig, fit, predict
from helpers.training.mixing import Mixed

# Data set -> the weights of the course that have learned from other pictures than these.
OTHER_PICTURES = {"breeds": "shipped", "tiny_imagenet": "shipped", "stanford_dogs": "photographs"}
WHAT = {  # as the cards say it
    "shipped": "drawings: fractals, and dogs of breeds that no lab uses, by the same code",
    "photographs": "photographs of Tiny ImageNet without a dog",
}
DROP_PATH = 0.1  # of the last block of the ViT in the strong recipe
Parameters = Mapping[str, Any]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For sizes that are not ascending numbers of images, other sizes that are not among them, an image size that
        patches of 8 px do not tile, or a setting of the training outside its limits.
    """
    sizes, others = parameters["sizes"], parameters["other_sizes"]
    if not sizes or sizes != sorted(set(sizes)) or sizes[0] < 1:
        raise ValueError(f"sizes: expected ascending numbers of images a class, got {sizes}")
    if not set(others) <= set(sizes):
        raise ValueError(f"other_sizes: expected some of sizes, {sizes}; got {others}")
    if parameters["image_size"] % 8:
        raise ValueError(f"image_size: expected a multiple of 8 pixels, got {parameters['image_size']}")
    training_config(parameters, CNN, seed=0, epochs=1)


def load(parameters: Parameters) -> Dataset:
    """The images: dogs drawn by the course's code, photographs of Tiny ImageNet without a dog, or Stanford Dogs.

    Raises
    ------
    ValueError
        Where no class has as many training images as the largest of the sizes.
    """
    name, size = parameters["dataset"], parameters["image_size"]
    if name == "breeds":
        data = load_dataset(name, image_size=size, **parameters["breeds"])
    elif name == "tiny_imagenet":
        from helpers.data.tiny_imagenet import load_tiny_imagenet

        data = load_tiny_imagenet(image_size=size)
    else:
        data = load_dataset(name, image_size=size, val_fraction=0.0)
    most, wanted = int(np.bincount(data.train.labels).max()), parameters["sizes"][-1]
    if wanted > most:  # two sizes would be the same images
        raise ValueError(f"sizes: this copy of {name} has at most {most} training images a class, got {wanted}")
    return data


def grid(parameters: Parameters) -> dict[str, tuple[str, str, int, int]]:
    """Piece -> arm, model, images a class, seed; the largest sets first, for they tell soonest what is wrong."""
    found = {}
    for arm in parameters["arms"]:
        for size in reversed(parameters["sizes"] if arm == "scratch" else parameters["other_sizes"]):
            for model in MODELS:
                for seed in range(parameters["seeds"]):
                    found[f"{arm}/{model}/{size}/{seed}"] = (arm, model, size, seed)
    return found


def some_of(data: Dataset, per_class: int, seed: int) -> Split:
    """So many training images of each class, or all of a smaller one; a seed's smaller set lies in its larger ones."""
    rng = np.random.default_rng(seed)
    labels = data.train.labels
    rows = [rng.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(data.num_classes)]
    return take(data.train, np.sort(np.concatenate(rows)))


def epochs_of(parameters: Parameters, count: int) -> int:
    """Whole passes over `count` images that come nearest to the budget, at least one."""
    return max(1, round(parameters["images"] / count))


def plan(parameters: Parameters, data: Dataset) -> list[dict[str, int]]:
    """What each number of images a class comes to: `images a class`, `images`, `passes`, `images seen`, `steps`.

    The last batch of a pass holds what is left. So where the batch does not divide the images, fewer images mean more
    steps, and the table says how many.
    """
    rows = []
    for size in parameters["sizes"]:
        count = int(np.minimum(np.bincount(data.train.labels, minlength=data.num_classes), size).sum())
        passes = epochs_of(parameters, count)
        blank = np.zeros((count, 1, 1, 3), np.uint8)
        half = (0.5, 0.5, 0.5)
        batches = Batches(blank, blank[:, 0, 0, 0], batch_size=parameters["batch_size"], mean=half, std=half)
        row = {"images a class": size, "images": count, "passes": passes, "images seen": passes * count}
        rows.append(row | {"steps": passes * len(batches)})
    return rows


def networks(parameters: Parameters, data: Dataset) -> list[dict[str, Any]]:
    """Of each network its parameters, and what its shipped weights have learned from, by the cards beside them.

    `pictures` is how many different ones, `looks` how often one was seen, `px` the size at which.
    """
    source, rows = OTHER_PICTURES[parameters["dataset"]], []
    folder = OURS[source]
    for model, name in MODELS.items():
        built = build("scratch", model, data, parameters, 0)
        if source == "shipped":
            card = json.loads((folder / "model_card.json").read_text())["training"][model]
            found = {"pictures": card["train_images"], "classes": card["classes"], "looks": card["images_seen"]}
        else:
            card = json.loads((folder / f"{model}.json").read_text())
            found = {"pictures": card["data"]["n_train"], "classes": card["data"]["num_classes"]}
            found |= {"looks": card["images_seen"]}
        row = {"network": name, "parameters": count_parameters(built.model)["total"], "pre-trained on": WHAT[source]}
        rows.append(row | found | {"px": MODELS_OF_COURSE[model].image_size})
    return rows


def training_config(parameters: Parameters, model: str, seed: int, epochs: int) -> TrainingConfig:
    """The same for all runs; label smoothing is left to the step of the strong recipe."""
    return TrainingConfig(
        epochs=epochs,
        learning_rate=parameters["learning_rate"],
        label_smoothing=parameters["label_smoothing"],
        channels_last=model == CNN,
        seed=seed,
    )


def folder_name(arm: str, model: str, size: int, seed: int, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints."""
    left_out = ("edition", "arms", "sizes", "other_sizes", "seeds", "piece", "dataset", "breeds")
    recipe = {key: value for key, value in parameters.items() if key not in left_out}
    text = json.dumps([data.fingerprint, arm, model, size, seed, recipe], sort_keys=True)
    return f"{arm}-{model}-{size}-{seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def build(arm: str, model: str, data: Dataset, parameters: Parameters, seed: int) -> Pretrained:
    """The network of a run before its first step."""
    weights = OTHER_PICTURES[parameters["dataset"]] if arm == "pretrained" else "none"
    size = parameters["image_size"]
    built = build_model(model, data.num_classes, weights=weights, image_size=size, seed=seed)
    blocks = getattr(built.model, "blocks", None)
    if arm == "strong" and isinstance(blocks, nn.ModuleList):  # the CNN has no such blocks
        for index, block in enumerate(blocks):
            block.drop_path = DropPath(DROP_PATH * index / max(1, len(blocks) - 1))
    return built


def run_one(
    arm: str, model: str, size: int, seed: int, data: Dataset, parameters: Parameters, folder: Path
) -> dict[str, Any]:
    """Train one network on so many images of each class, and ask it about every test image.

    Returns
    -------
    dict
        `arm`, `model`, `size` (images a class), `seed`, `train` (images), `epochs`, `images_seen`, `steps`,
        `fit_s`, `predictions` (a list of n classes), `history`.
    """
    if arm not in ARMS:
        raise ValueError(f"arm: expected one of {', '.join(ARMS)}, got {arm!r}")
    built, own = build(arm, model, data, parameters, seed), some_of(data, size, seed)
    epochs = epochs_of(parameters, len(own.labels))
    config = training_config(parameters, model, seed, epochs)
    scale: dict[str, Any] = {"mean": built.mean, "std": built.std}
    batches = Batches(own.images, own.labels, batch_size=parameters["batch_size"], seed=seed, **scale)
    step = Mixed(data.num_classes, label_smoothing=parameters["label_smoothing"]) if arm == "strong" else None
    history = fit(built.model, batches, config, step=step, checkpoint_dir=folder)
    tests = Batches(data.test.images, data.test.labels, batch_size=128, shuffle=False, augment=False, **scale)
    named = predict(built.model, tests).argmax(1)
    row = {"arm": arm, "model": model, "size": size, "seed": seed, "train": len(own.labels), "epochs": epochs}
    row |= {"images_seen": history.seen, "steps": history.steps}
    row |= {"fit_s": history.seconds["data"] + history.seconds["training"]}
    return row | {"predictions": named.tolist(), "history": asdict(history)}
