"""What lab 9 does for one network: the search, then the defaults and the best settings with fresh seeds, and one look
at the test images. Several workers may share the search; the last of them does the rest."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from helpers.data import Dataset, Split, load_dataset
from helpers.data.batches import Batches
from helpers.models.pretrained import build_model
from helpers.models.pretrained.loading import Pretrained
from helpers.pages.l09.methods import BEST, CNN, DEFAULT, DEFAULTS
from helpers.pages.l09.search import Report, closes, search
from helpers.training import TrainingConfig, fit, predict

# Data set -> the weights of the course that have learned from other pictures than these.
OTHER_PICTURES = {"breeds": "shipped", "stanford_dogs": "photographs"}
STARTS = ("pretrained", "scratch")
FINAL_SEED = 100  # seeds of the final trainings: none of them had a part in the search
Parameters = Mapping[str, Any]


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For an image size that patches of 8 px do not tile, fewer than two trials, or more workers than trials.
    """
    if parameters["image_size"] % 8:
        raise ValueError(f"image_size: expected a multiple of 8 pixels, got {parameters['image_size']}")
    if parameters["trials"] < 2:
        raise ValueError(f"trials: expected at least 2, the defaults and another one, got {parameters['trials']}")
    if not 1 <= parameters["workers"] <= parameters["trials"]:
        raise ValueError(f"workers: expected 1 to {parameters['trials']}, the trials, got {parameters['workers']}")
    training_config(parameters, CNN, DEFAULTS, seed=0)


def load(parameters: Parameters) -> Dataset:
    """Dogs drawn by the course's code, or Stanford Dogs, with validation images.

    Raises
    ------
    ValueError
        Without validation images: there would be nothing to choose by but the test.
    """
    name, size = parameters["dataset"], parameters["image_size"]
    if name == "breeds":
        data = load_dataset(name, image_size=size, **parameters["breeds"])
    else:
        data = load_dataset(name, image_size=size, val_fraction=0.1, train_fraction=parameters["train_fraction"])
    if not len(data.val):
        raise ValueError("the data set has no validation images, and nothing may be chosen on its test images")
    return data


def grid(parameters: Parameters) -> dict[str, tuple[str, int]]:
    """Piece -> model and worker: one network's search and its final trainings, or a worker's share of them."""
    if parameters["workers"] == 1:
        return {model: (model, 0) for model in parameters["models"]}
    return {f"{model}/{k}": (model, k) for model in parameters["models"] for k in range(parameters["workers"])}


def training_config(parameters: Parameters, model: str, settings: Mapping[str, float], seed: int) -> TrainingConfig:
    """What is searched comes from `settings`, all else is the same."""
    searched: dict[str, Any] = dict(settings)
    return TrainingConfig(
        epochs=parameters["epochs"], channels_last=model == CNN, seed=seed, progress=False, **searched
    )  # fmt: skip


def folder_name(model: str, data: Dataset, parameters: Parameters) -> str:
    """Where a search keeps its trials."""
    left_out = ("edition", "models", "seeds", "piece", "dataset", "breeds")
    recipe = {key: value for key, value in parameters.items() if key not in left_out}
    text = json.dumps([data.fingerprint, model, recipe], sort_keys=True)
    return f"{model}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def build(model: str, data: Dataset, parameters: Parameters, seed: int) -> Pretrained:
    """The network before its first step."""
    weights = OTHER_PICTURES[parameters["dataset"]] if parameters["start"] == "pretrained" else "none"
    return build_model(model, data.num_classes, weights=weights, image_size=parameters["image_size"], seed=seed)


def train(
    model: str, data: Dataset, parameters: Parameters, settings: Mapping[str, float], seed: int,
    after_a_pass: Report | None = None, folder: Path | None = None,
) -> Pretrained:  # fmt: skip
    """One training on the training images."""
    built = build(model, data, parameters, seed)
    batches = batches_of(data.train, built, parameters["batch_size"], seed=seed)
    config = training_config(parameters, model, settings, seed)
    fit(built.model, batches, config, evaluate=after_a_pass, checkpoint_dir=folder)
    return built


def batches_of(split: Split, built: Pretrained, size: int, **how: Any) -> Batches:
    """Batches normalised as the network expects."""
    return Batches(split.images, split.labels, batch_size=size, mean=built.mean, std=built.std, **how)


def answers(built: Pretrained, split: Split) -> Sequence[int]:
    """First guesses on images as they are, n classes."""
    asked = batches_of(split, built, 128, shuffle=False, augment=False)
    return predict(built.model, asked).argmax(1).tolist()  # type: ignore[no-any-return]


def best_of(trials: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The trial with the best validation accuracy among those that ran to their end; of equals the first.

    Raises
    ------
    ValueError
        If none did.
    """
    finished = [trial for trial in trials if not trial["stopped"]]
    if not finished:
        raise ValueError("no trial ran to its end")
    return max(finished, key=lambda trial: trial["val_top1"][-1])


def run_one(model: str, data: Dataset, parameters: Parameters, folder: Path, worker: int = 0) -> dict[str, Any]:
    """Search for a network's settings, then train it anew at the defaults and at the best ones.

    Returns
    -------
    dict
        `model`, `seed` of the search, `trials` (rows of `search`), `best` (its number), `finals`: rows of `setting`,
        `seed` and `predictions` (a list of n classes of the test images). Where other workers have not ended their
        trials, or one has taken the final trainings on: no `best` (None) and no `finals`.
    """
    asks = build(model, data, parameters, 0)  # the scale of the images; its weights are not used

    def ask(net: Any) -> float:
        named = predict(net, batches_of(data.val, asks, 128, shuffle=False, augment=False)).argmax(1)
        return float((named == data.val.labels).mean())

    def trained(settings: Mapping[str, float], after_a_pass: Report) -> None:
        train(model, data, parameters, settings, 0, after_a_pass)

    trials = search(trained, ask, parameters["trials"], parameters["search_seed"], folder, worker)
    row = {"model": model, "seed": parameters["search_seed"], "trials": trials}
    if len(trials) < parameters["trials"] or not closes(folder, worker):
        return row | {"best": None, "finals": []}
    best, finals = best_of(trials), []
    for setting, settings in ((DEFAULT, DEFAULTS), (BEST, best["settings"])):
        for seed in range(FINAL_SEED, FINAL_SEED + parameters["seeds"]):
            built = train(model, data, parameters, settings, seed, folder=folder / f"{setting}-{seed}")
            finals.append({"setting": setting, "seed": seed, "predictions": answers(built, data.test)})
    return row | {"best": best["number"], "finals": finals}


def whole(runs: Sequence[Mapping[str, Any]], parameters: Parameters) -> list[Mapping[str, Any]]:
    """Of each network the row that holds all of its search: that of the worker who closed it.

    Raises
    ------
    ValueError
        If a network has not exactly one.
    """
    found = [run for run in runs if run["finals"]]
    if [run["model"] for run in found] != list(parameters["models"]):
        there = ", ".join(run["model"] for run in found) or "none"
        raise ValueError(f"one whole search for each of {', '.join(parameters['models'])} is needed; found: {there}")
    return found
