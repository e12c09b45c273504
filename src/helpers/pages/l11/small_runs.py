"""Small trainings for claims about training: handwritten digits, networks of some 30,000 numbers, many seeds.

The digits are scikit-learn's: 1,797 real scans of 8 x 8 grey values (Alpaydin and Kaynak 1998), shipped with the
library. They are small enough to train a network in a second, and so to ask a question of five seeds, not of one. A
seed draws the training images, the weights and the batches; the 797 test images are always the same.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.layers.positions import sinusoidal_positions
from helpers.models.vit import ViT
from helpers.training import TrainingConfig, fit

POOL, CLASSES = 1000, 10  # training images to draw from; the other 797 are for the test
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"none": nn.Identity, "tanh": nn.Tanh, "relu": nn.ReLU}


@dataclass(frozen=True)
class Digits:
    """Images float32 (n, 3, 8, 8) in -1..1, the grey value in all three channels; labels int64 (n,)."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def draw(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """`count` of the 1,000 training images, the same for every network of a seed; smaller draws are nested."""
        if not 1 <= count <= POOL:
            raise ValueError(f"count: expected 1 to {POOL} training images, got {count}")
        chosen = torch.from_numpy(np.random.default_rng([seed, 1]).permutation(POOL)[:count])
        return self.train_images[chosen], self.train_labels[chosen]


@cache
def digits() -> Digits:
    """The data set, split once and for all."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    order = np.random.default_rng(0).permutation(len(raw.images))
    images = torch.from_numpy(raw.images[order]).float().div(8).sub(1)[:, None].expand(-1, 3, -1, -1)  # (n, 3, 8, 8)
    labels = torch.from_numpy(raw.target[order].astype(np.int64))
    return Digits(images[:POOL].contiguous(), labels[:POOL], images[POOL:].contiguous(), labels[POOL:])


# ---------------------------------------------------------------------------------------------------- the networks


def digit_mlp(activation: str = "relu", dropout: float = 0.0) -> nn.Module:
    """Two hidden layers of 256 units; `activation` is none, tanh or relu."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    layers: list[nn.Module] = [nn.Flatten()]
    for before in (192, 256):
        layers += [nn.Linear(before, 256), ACTIVATIONS[activation](), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(256, CLASSES))


def digit_cnn(norm: str = "batch") -> nn.Module:
    """Three 3 x 3 convolutions, a pooling, the mean, a linear layer: 24,000 numbers. `norm` is batch or layer."""
    if norm not in ("batch", "layer"):
        raise ValueError(f"norm: expected batch or layer, got {norm!r}")

    def step(before: int, after: int) -> list[nn.Module]:
        normalise = nn.BatchNorm2d(after) if norm == "batch" else nn.GroupNorm(1, after)
        return [nn.Conv2d(before, after, 3, padding=1, bias=False), normalise, nn.ReLU()]

    return nn.Sequential(
        *step(3, 16), *step(16, 32), nn.MaxPool2d(2), *step(32, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(64, CLASSES),
    )  # fmt: skip


class MeanViT(ViT):
    """The ViT without a use for its class token: the head reads the mean of the patches (ViT paper, D.3)."""

    def classify(self, x: Tensor) -> Tensor:
        return self.head(self.norm(x[:, 1:]).mean(1))


def digit_vit(positions: str = "learned", pooling: str = "class", patch_size: int = 2) -> ViT:
    """Three blocks of width 32: 39,000 numbers. `positions` is learned, sinusoidal or none, `pooling` class or mean."""
    if positions not in ("learned", "sinusoidal", "none") or pooling not in ("class", "mean"):
        raise ValueError(f"expected known positions and pooling, got {positions!r} and {pooling!r}")
    kind = ViT if pooling == "class" else MeanViT
    model = kind(image_size=8, patch_size=patch_size, num_classes=CLASSES, embed_dim=32, depth=3, num_heads=4)
    table = model.positions.table
    if positions != "learned":
        waves = sinusoidal_positions(table.shape[1], table.shape[2]).to(table.dtype)
        table.data.copy_(waves if positions == "sinusoidal" else torch.zeros_like(table))
        table.requires_grad_(False)
    return model


# ------------------------------------------------------------------------------------------------------ a training


class Draws:
    """One epoch of `steps` random batches of the images; of a batch in parts, each part is yielded on its own."""

    def __init__(self, images: Tensor, labels: Tensor, steps: int, seed: int, batch_size: int, part: int) -> None:
        self.images, self.labels, self.steps, self.seed = images, labels, steps, seed
        self.batch_size, self.part = min(batch_size, len(labels)), part
        self.parts = -(-self.batch_size // part)  # a batch

    def __len__(self) -> int:
        return self.steps * self.parts

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        generator = torch.Generator().manual_seed(self.seed)
        draws = (torch.randperm(len(self.labels), generator=generator)[: self.batch_size] for _ in range(self.steps))
        parts = (rows for draw in draws for rows in draw.split(self.part))
        for rows in islice(parts, start, None):
            yield self.images[rows], self.labels[rows]


def one_decay(
    kind: Callable[..., torch.optim.Optimizer], weight_decay: float, groups: list[dict[str, Any]]
) -> torch.optim.Optimizer:
    """An optimiser whose weight decay spares no tensor, also not biases and norms."""
    return kind([group | {"weight_decay": weight_decay} for group in groups])


def short_warmup(step: int, total_steps: int) -> float:
    """Up within 20 updates, under half a cosine: the factor of the learning rate."""
    return min(1.0, (step + 1) / 20) * 0.5 * (1 + math.cos(math.pi * step / total_steps))


def constant(step: int, total_steps: int) -> float:
    """The factor of a learning rate that stays."""
    return 1.0


def train_small(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    steps: int,
    seed: int,
    batch_size: int = 64,
    micro_batch: int | None = None,
    learning_rate: float = 2e-3,
    weight_decay: float = 0.05,
    default_of: Callable[..., torch.optim.Optimizer] | None = None,
) -> nn.Module:
    """Train in place, on random batches of a few images.

    Parameters
    ----------
    model
        Maps images (n, C, H, W) to logits.
    images, labels
        What it is trained on, (n, C, H, W) and (n,).
    steps, seed, batch_size
        Updates, and the batches that they see.
    micro_batch
        Compute the gradient of each batch in parts of that many images and add them up, as one does where the memory
        does not hold the whole batch.
    learning_rate, weight_decay
        Of AdamW, with a short warm-up and a cosine.
    default_of
        Takes an optimiser of torch as it comes in the place of these, with its own rate, which stays.

    Returns
    -------
    nn.Module
        In eval mode, on the CPU.
    """
    part = micro_batch or batch_size
    batches = Draws(images, labels, steps, seed, batch_size, part)
    if default_of is not None:
        defaults = default_of(model.parameters()).defaults
        learning_rate, weight_decay = defaults["lr"], defaults["weight_decay"]
    config = TrainingConfig(
        epochs=1,
        learning_rate=learning_rate,
        clip_norm=None,
        accumulation_steps=batches.parts,
        seed=seed,
        precision="fp32",
        progress=False,
    )
    make = partial(one_decay, default_of or torch.optim.AdamW, weight_decay)
    fit(model, batches, config, optimizer=make, schedule=short_warmup if default_of is None else constant)
    return model.cpu().eval()


@torch.no_grad()
def right(model: nn.Module, images: Tensor, labels: Tensor) -> np.ndarray:
    """Which answers are right, bool (n,)."""
    return (model.eval()(images).argmax(1) == labels).numpy()


@dataclass(frozen=True)
class Trained:
    """The networks of one variant, one a seed: test answers bool (S, n), and the share of training images right."""

    models: tuple[nn.Module, ...]
    test: np.ndarray
    train_top1: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        """Training accuracy minus test accuracy of each seed, (S,)."""
        return self.train_top1 - self.test.mean(1)

    def rows(self, **about: Any) -> list[dict[str, Any]]:
        """One row a seed for the record."""
        scores = zip(self.train_top1.tolist(), self.test.mean(1).tolist(), strict=True)
        return [{**about, "seed": s, "train_top1": a, "test_top1": b} for s, (a, b) in enumerate(scores)]


def train_seeds(
    build: Callable[[], nn.Module], count: int, seeds: Sequence[int], wrong_labels: float = 0.0, **training: Any
) -> Trained:
    """Train a variant once a seed on `count` digits; with `wrong_labels`, that share of them gets another label."""
    data, models, test, fitted = digits(), [], [], []
    for seed in seeds:
        images, labels = data.draw(count, seed)
        if wrong_labels:
            labels = spoil(labels, wrong_labels, seed)[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = build()
            train_small(model, images, labels, seed=seed, **training)
        models.append(model)
        test.append(right(model, data.test_images, data.test_labels))
        fitted.append(right(model, images, labels).mean())
    return Trained(tuple(models), np.stack(test), np.array(fitted))


def spoil(labels: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    """Give a share of the labels another class, (n,) -> the labels (n,), and which are wrong, bool (n,)."""
    rng = np.random.default_rng([seed, 2])
    wrong = torch.zeros(len(labels), dtype=torch.bool)
    wrong[torch.from_numpy(rng.permutation(len(labels))[: round(share * len(labels))])] = True
    shift = torch.from_numpy(rng.integers(1, CLASSES, len(labels)))
    return torch.where(wrong, (labels + shift) % CLASSES, labels), wrong


def memorised(trained: Trained, count: int, share: float) -> np.ndarray:
    """Share of the wrong labels that each network has learnt by heart, (S,); for `train_seeds(wrong_labels=share)`."""
    shares = []
    for seed, model in enumerate(trained.models):
        images, labels = digits().draw(count, seed)
        spoiled, wrong = spoil(labels, share, seed)
        shares.append(right(model, images[wrong], spoiled[wrong]).mean())
    return np.array(shares)
