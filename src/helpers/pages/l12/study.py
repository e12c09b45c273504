"""What lab 12 draws, trains and asks: networks that had to learn the coat, the build, or could choose."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data import Dataset, Split
from helpers.data.batches import Batches
from helpers.data.breeds import DRAWING_VERSION, LAB_PROPORTIONS, LAB_TEXTURES, PROPORTIONS, TEXTURES, draw_breeds
from helpers.data.decode import read_picture
from helpers.models.pretrained import build_model
from helpers.pages.l12 import places
from helpers.pages.l12.methods import BOTH, COAT, LESSONS, NETWORKS, OUTLINE
from helpers.training import TrainingConfig, fit, predict

KINDS = 3  # values of each cue that are used, so that guessing is equally good for every lesson
COATS, BUILDS = tuple(LAB_TEXTURES)[:KINDS], tuple(LAB_PROPORTIONS)[:KINDS]
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
SIZE = 64  # pixels, that of the shipped networks
CHANCE = 1 / KINDS
THICKEST = 4  # pixels of outline that leave every dog an inside
Parameters = Mapping[str, Any]


class Key(NamedTuple):
    """One network: which architecture, what it had to learn, which seed."""

    network: str
    lesson: str
    seed: int


@dataclass(frozen=True)
class Dogs:
    """Drawn dogs with both cues known: `pixels` uint8 (n, S, S, 3), `coat` and `build` int64 (n,) from 0, and what
    drew them."""

    pixels: np.ndarray
    coat: np.ndarray
    build: np.ndarray
    seed: tuple[int, ...]
    difficulty: float

    @property
    def images(self) -> Tensor:
        """As the networks expect them, float32 (n, 3, S, S) in -1..1."""
        return as_input(self.pixels)

    @property
    def names(self) -> list[str]:
        """What each one is called, its coat first."""
        return [f"{TEXTURES[COATS[c]]} {PROPORTIONS[BUILDS[b]]}" for c, b in zip(self.coat, self.build, strict=True)]

    def again(self, coat: np.ndarray | None = None, build: np.ndarray | None = None) -> "Dogs":
        """The same dogs with another coat, or another build, (n,) each; nothing else is drawn anew."""
        coat, build = self.coat if coat is None else coat, self.build if build is None else build
        return drawn(coat, build, self.seed, self.difficulty, self.pixels.shape[1])

    @cached_property
    def _distance(self) -> np.ndarray:
        rng, kinds = np.random.default_rng(self.seed), np.array(BUILDS)[self.build]
        return places.signed_distance(kinds, rng, self.pixels.shape[1], self.difficulty)

    def places(self, width: float = OUTLINE[0]) -> tuple[np.ndarray, np.ndarray]:
        """Where the coat lies and where the build does, bool (n, S, S) each; see `helpers.pages.l12.places`."""
        return places.places(self._distance, width)

    @cached_property
    def other_coat(self) -> "Dogs":
        """The same dogs with the next coat."""
        return self.again(coat=(self.coat + 1) % KINDS)

    @cached_property
    def other_build(self) -> "Dogs":
        """The same dogs with the next build."""
        return self.again(build=(self.build + 1) % KINDS)


def as_input(pixels: np.ndarray) -> Tensor:
    """Pictures uint8 (n, S, S, 3) as the small networks expect them, float32 (n, 3, S, S) in -1..1."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def drawn(coat: np.ndarray, build: np.ndarray, seed: tuple[int, ...], difficulty: float, size: int = SIZE) -> Dogs:
    """Dogs of these coats and builds, numbers from 0, (n,) each; an equal seed draws all the rest alike."""
    textures, proportions = np.array(COATS)[coat], np.array(BUILDS)[build]
    pixels = draw_breeds(textures, proportions, np.random.default_rng(seed), image_size=size, difficulty=difficulty)
    return Dogs(pixels, coat.astype(np.int64), build.astype(np.int64), seed, difficulty)


def lesson_dogs(count: int, seed: int, difficulty: float, agree: bool) -> Dogs:
    """Dogs to learn from: coat and build by lot, or, where they `agree`, one number for both."""
    rng = np.random.default_rng([seed, 0])
    coat = rng.integers(0, KINDS, count)
    build = coat if agree else rng.integers(0, KINDS, count)
    return drawn(coat, build, (seed, 1), difficulty)


def conflicts(count: int, seed: int, difficulty: float) -> Dogs:
    """Dogs whose coat says one class and whose build another, all six pairs in turn."""
    pairs = np.array([pair for pair in product(range(KINDS), repeat=2) if pair[0] != pair[1]])
    chosen = pairs[np.arange(count) % len(pairs)]
    return drawn(chosen[:, 0], chosen[:, 1], (seed, 2), difficulty)


def load(parameters: Parameters) -> Dataset:
    """The pictures with independent cues to learn from, named by their coat, and the cue conflicts, as one set."""
    given = [parameters[name] for name in ("train_images", "test_images", "drawing_seed", "difficulty")]
    train = lesson_dogs(given[0], given[2], given[3], agree=False)
    test = conflicts(given[1], given[2], given[3])
    recipe = {"drawing": "cue conflicts", "version": DRAWING_VERSION, "given": given}
    about = {"source": "drawn by helpers.data.breeds", "licence": "MIT (code), CC BY 4.0 (pictures)", "terms": "drawn"}
    splits = {name: _split(name, dogs) for name, dogs in (("train", train), ("test", test))}
    return Dataset(
        name="cue conflicts",
        class_names=tuple(f"{TEXTURES[c]} or {PROPORTIONS[b]}" for c, b in zip(COATS, BUILDS, strict=True)),
        image_size=SIZE,
        fingerprint=hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
        provenance=about | {"local_variant": False, "skipped": 0, "recipe": recipe},
        val=Split(train.pixels[:0], train.coat[:0], ()),
        **splits,
    )


def _split(name: str, dogs: Dogs) -> Split:
    names = tuple(f"{name}/{k:05d}" for k in range(len(dogs.coat)))
    return Split(dogs.pixels, dogs.coat, names, {"texture": dogs.coat, "proportion": dogs.build})


def check(parameters: Parameters) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For a difficulty out of range, more pictures to read maps of than there are test pictures or too few, cells that
        do not tile the picture, an outline of no or too much width, or a photograph that cannot be read.
    """
    if not 0 <= parameters["difficulty"] <= 1:
        raise ValueError(f"difficulty: expected 0 to 1, got {parameters['difficulty']}")
    if parameters["map_images"] > parameters["test_images"]:
        raise ValueError(
            f"map_images: expected at most the {parameters['test_images']} test images, got {parameters['map_images']}"
        )
    if parameters["map_images"] < 6:
        raise ValueError(f"map_images: expected at least 6, one for each pair of cues, got {parameters['map_images']}")
    if SIZE % parameters["occlusion_cells"]:
        raise ValueError(f"occlusion_cells: expected a divisor of {SIZE}, got {parameters['occlusion_cells']}")
    widths = parameters["outline"]
    if not widths or not all(1 <= width <= THICKEST for width in widths):
        raise ValueError(f"outline: expected widths of 1 to {THICKEST} pixels, got {widths}")
    training_config(parameters, NETWORKS[0], seed=0)
    if parameters["picture"] is not None:
        read_picture(parameters["picture"], SIZE)


def grid(parameters: Parameters) -> list[Key]:
    """Every network, lesson and seed; those that may choose have seeds of their own number."""
    return [
        Key(network, lesson, seed)
        for network in NETWORKS
        if network in parameters["networks"]
        for lesson in LESSONS
        for seed in range(parameters["choosers" if lesson == BOTH else "seeds"])
    ]


def training_config(parameters: Parameters, network: str, seed: int) -> TrainingConfig:
    """The same for all lessons."""
    epochs = max(1, round(parameters["images"] / parameters["train_images"]))
    return TrainingConfig(
        epochs=epochs,
        learning_rate=parameters["learning_rate"],
        channels_last=network == NETWORKS[0],
        seed=seed,
        progress=False,
    )


def folder_name(key: Key, data: Dataset, parameters: Parameters) -> str:
    """Where a training keeps its checkpoints; runs that train the same in the same way share it."""
    config = asdict(training_config(parameters, key.network, key.seed))
    text = json.dumps([data.fingerprint, *key, parameters["batch_size"], config], sort_keys=True)
    return f"{'-'.join(map(str, key))}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def train(key: Key, data: Dataset, parameters: Parameters, folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """A shipped network, trained whole on one lesson; coat and build are learned from the same pictures.

    Returns
    -------
    tuple
        The network in eval mode, and its row: `network`, `lesson`, `seed`, `images_seen`, `fit_s`.
    """
    pixels, labels = data.train.images, data.train.factors["texture" if key.lesson == COAT else "proportion"]
    if key.lesson == BOTH:
        agreed = lesson_dogs(len(labels), parameters["drawing_seed"] + 1, parameters["difficulty"], agree=True)
        pixels, labels = agreed.pixels, agreed.coat
    ready = build_model(key.network, KINDS, weights="shipped", image_size=SIZE, seed=key.seed)
    batches = Batches(
        pixels, labels, batch_size=parameters["batch_size"], mean=NORM[0], std=NORM[1], seed=key.seed, augment=False
    )
    history = fit(ready.model, batches, training_config(parameters, key.network, key.seed), checkpoint_dir=folder)
    row = {**key._asdict(), "images_seen": history.seen}
    row["fit_s"] = history.seconds["data"] + history.seconds["training"]
    return ready.model.eval().requires_grad_(False), row


def named(model: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """The class that a network names, uint8 (n, S, S, 3) -> int64 (n,)."""
    batches = Batches(
        pixels, np.zeros(len(pixels), np.int64), batch_size=128, mean=NORM[0], std=NORM[1], shuffle=False, augment=False
    )
    return predict(model, batches).argmax(axis=1)
