"""What lab 13 trains and asks: frozen networks, small trained ones by three recipes, every probe; one run."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from helpers.data.batches import Batches
from helpers.measure.verification import auc, compare, equal_error_rate, left_out, rank_one
from helpers.models.pretrained import MODELS, build_model
from helpers.models.pretrained.frozen import FrozenBackbone
from helpers.models.pretrained.loading import Pretrained
from helpers.pages.l13.errors import rates_left_out
from helpers.pages.l13.methods import CNN, EQUAL, FROZEN, PLAIN, RELEASED, VIT
from helpers.pages.l13.people import Faces
from helpers.pages.l13.probes import probes
from helpers.pages.l13.recipes import Recipe
from helpers.training import TrainingConfig, fit

STARTS = ("photographs", "shipped", "none")
PATCH = 8  # pixels of a patch of ViT-mini
SHRINKAGE = 0.2  # of the discriminants
MANY = 100  # pictures of training from which on the released network is run by ONNX Runtime
Parameters = Mapping[str, Any]
Judge = Callable[[np.ndarray], np.ndarray]  # pictures uint8 (n, S, S, 3) -> templates (n, D), rows of length 1


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For sizes that do not tile, shares or distances out of range, or a setting of the training outside its limits.
    """
    size, cell = parameters["image_size"], parameters["cell"]
    if size % PATCH or size < 32:
        raise ValueError(f"image_size: expected a multiple of {PATCH} pixels from 32 on, got {size}")
    if cell % 2 or size % cell:
        raise ValueError(f"cell: expected an even number of pixels that divides {size}, got {cell}")
    if not all(0 < share < 1 for share in parameters["shares"]):
        raise ValueError(f"shares: expected numbers between 0 and 1, got {parameters['shares']}")
    if not all(1 < times <= size // 4 for times in parameters["distances"]):
        raise ValueError(f"distances: expected 2 to {size // 4} times, got {parameters['distances']}")
    training_config(parameters, CNN, PLAIN, seed=0)


def grid(parameters: Parameters) -> dict[str, tuple[str, str, int]]:
    """Piece -> network, recipe (or frozen), seed."""
    arms = [(network, FROZEN) for network in parameters["frozen"]]
    arms += [(network, recipe) for recipe in parameters["recipes"] for network in (CNN, VIT)]
    arms += [(network, name) for name, network in EQUAL.items() if parameters[name]]
    return {f"{n}/{recipe}/{seed}": (n, recipe, seed) for seed in range(parameters["seeds"]) for n, recipe in arms}


def training_config(parameters: Parameters, network: str, recipe: str, seed: int) -> TrainingConfig:
    """The same for both networks and all recipes, but for the passes of those that are to have learnt as much."""
    return TrainingConfig(
        epochs=parameters[recipe if recipe in EQUAL else "epochs"],
        learning_rate=parameters["learning_rate"],
        channels_last=MODELS[network].family == "cnn",
        seed=seed,
    )


def folder_name(network: str, recipe: str, seed: int, faces: Faces, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints."""
    kept: tuple[str, ...] = ("start", "epochs", "image_size", "batch_size", "learning_rate")
    kept += (recipe,) if recipe in EQUAL else ()
    told = [faces.data.fingerprint, network, recipe, seed, {key: parameters[key] for key in kept}]
    return f"{network}-{recipe}-{seed}-{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]}"


def run_one(network: str, recipe: str, seed: int, faces: Faces, parameters: Parameters, folder: Path) -> dict[str, Any]:
    """Train a network, or take it as it is, and compare every probe of people whom it never saw.

    Returns
    -------
    dict
        `network`, `recipe`, `seed`, `people` (their numbers), `images_seen`, `fit_s`, `known` (share of the training
        pictures that it names; None where it is frozen), `pairs`, `tests` (of `tested`), `history`.
    """
    row: dict[str, Any] = {"network": network, "recipe": recipe, "seed": seed, "people": faces.numbers}
    if recipe == FROZEN:
        judge = frozen_judge(network, faces, parameters)
        row |= {"images_seen": 0, "fit_s": 0.0, "known": None, "history": None}
    else:
        ready, known, history = trained(network, recipe, seed, faces, parameters, folder)
        judge = trained_judge(ready, faces)
        row |= {"images_seen": history.seen, "fit_s": history.seconds["data"] + history.seconds["training"]}
        row |= {"known": known, "history": asdict(history)}
    return row | tested(judge, faces, parameters)


def trained(
    network: str, recipe: str, seed: int, faces: Faces, parameters: Parameters, folder: Path
) -> tuple[Pretrained, float, Any]:
    """A small network that learned to name the people of training; which share of them it names, and the history."""
    train, start, size = faces.data.train, parameters["start"], parameters["image_size"]
    people, labels = np.unique(train.labels, return_inverse=True)
    ready = build_model(network, len(people), weights=start, image_size=size, seed=seed)
    batches = Batches(
        train.images, labels, batch_size=parameters["batch_size"], mean=ready.mean, std=ready.std, seed=seed,
        augment=False,
    )  # fmt: skip
    config = training_config(parameters, network, recipe, seed)
    black = tuple(-mean / std for mean, std in zip(ready.mean, ready.std, strict=True))
    step = Recipe(PLAIN if recipe in EQUAL else recipe, black)
    history = fit(ready.model, batches, config, step=step, checkpoint_dir=folder)
    ready.model.eval()
    with torch.no_grad():
        named = torch.cat([ready.model(part).argmax(1) for part in as_input(train.images, ready).split(128)])
    return ready, float((named.numpy() == labels).mean()), history


def as_input(images: np.ndarray, ready: Pretrained) -> torch.Tensor:
    """uint8 (n, S, S, 3) -> float32 (n, 3, T, T), normalised, and enlarged to the network's own T pixels."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    if pixels.shape[-1] != ready.image_size:
        pixels = F.interpolate(pixels, (ready.image_size, ready.image_size), mode="bilinear", antialias=True)
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (ready.mean, ready.std))
    return (pixels - mean) / std


def features_of(ready: Pretrained, onnx: bool) -> Judge:
    """What stands before a network's last layer, as a function of pictures, float64 (n, D).

    `onnx` asks for ONNX Runtime, whose export takes seconds: it pays for many pictures alone.
    """
    backbone = FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name, onnx=onnx)

    def features(images: np.ndarray) -> np.ndarray:
        parts = [images[k : k + 64] for k in range(0, len(images), 64)]
        return np.concatenate([backbone(as_input(part, ready)).double().numpy() for part in parts])

    return features


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1, (n, D)."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))


def trained_judge(ready: Pretrained, faces: Faces) -> Judge:
    """Templates of a trained network: its features about their mean over the pictures of training."""
    features = features_of(ready, onnx=False)
    centre = features(faces.data.train.images).mean(0)
    return lambda images: unit(features(images) - centre)


def frozen_judge(network: str, faces: Faces, parameters: Parameters) -> Judge:
    """Templates of a network that is not trained: linear discriminants of the people of training tell its features
    apart; they too have never seen the people of the test."""
    size = parameters["released_size"] if network == RELEASED else parameters["image_size"]
    weights = "package" if network == RELEASED else "photographs"
    ready = build_model(network, 2, weights=weights, image_size=size)
    features = features_of(ready, onnx=network == RELEASED and len(faces.data.train) >= MANY)
    tells = LinearDiscriminantAnalysis(solver="eigen", shrinkage=SHRINKAGE)
    tells.fit(features(faces.data.train.images), faces.data.train.labels)
    return lambda images: unit(tells.transform(features(images)))


def tested(judge: Judge, faces: Faces, parameters: Parameters) -> dict[str, Any]:
    """Every probe against the clean pictures of the test.

    Returns
    -------
    dict
        `pairs`, and `tests`: a row a probe with `probe`, `auc`, `eer` and `rank_one`, the same without each person in
        turn (`auc_left`, `eer_left`), and `named`, the share of each person's own probes that name them.
    """
    enrolled, people = judge(faces.data.test.images), faces.people
    others = np.setdiff1d(np.arange(len(people)), faces.first)
    rows, pairs = [], None
    for name, images in probes(faces, parameters).items():
        probe = judge(images)
        pairs = compare(enrolled, probe.copy(), people)
        right = rank_one(enrolled[faces.first], probe[others], people[others])
        named = [float(right[people[others] == k].mean()) for k in range(len(faces.numbers))]
        row: dict[str, Any] = {"probe": name, "auc": float(auc(pairs.scores, pairs.same))}
        row |= {"eer": equal_error_rate(pairs.scores, pairs.same), "rank_one": float(right.mean())}
        row["auc_left"] = left_out(pairs).tolist()
        if name == "clean":  # of the others the rate is kept without an interval: this is a second of each run
            row["eer_left"] = rates_left_out(pairs).tolist()
        rows.append(row | {"named": named})
    return {"pairs": 0 if pairs is None else len(pairs.scores), "tests": rows}
