"""Small trainings for claims about training: handwritten digits, networks of some 30,000 numbers, many seeds.

The digits are scikit-learn's: 1,797 real scans of 8 x 8 grey values (Alpaydin and Kaynak 1998), shipped with the
library. They are small enough to train a network in a second, and so to ask a question of five seeds, not of one. A
seed draws the training images, the weights and the batches; the 797 test images are always the same.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import LambdaLR

from helpers.layers.positions import sinusoidal_positions
from helpers.models.vit import ViT
from helpers.training import TrainingDiverged
from helpers.training.side_by_side import side_by_side

POOL, CLASSES = 1000, 10  # training images to draw from; the other 797 are for the test
K = TypeVar("K")
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
    """Two hidden layers of 128 units; `activation` is none, tanh or relu."""
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    layers: list[nn.Module] = [nn.Flatten()]
    for before in (192, 128):
        layers += [nn.Linear(before, 128), ACTIVATIONS[activation](), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(128, CLASSES))


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
    model = kind(image_size=8, patch_size=patch_size, num_classes=CLASSES, embed_dim=32, depth=2, num_heads=4)
    table = model.positions.table
    if positions != "learned":
        waves = sinusoidal_positions(table.shape[1], table.shape[2]).to(table.dtype)
        table.data.copy_(waves if positions == "sinusoidal" else torch.zeros_like(table))
        table.requires_grad_(False)
    return model


# ------------------------------------------------------------------------------------------------------ a training


def short_warmup(step: int, steps: int) -> float:
    """Up within 20 updates, under half a cosine: the factor of the learning rate."""
    return min(1.0, (step + 1) / 20) * 0.5 * (1 + math.cos(math.pi * step / steps))


def train_together(
    models: Sequence[nn.Module],
    images: Tensor,
    labels: Tensor,
    *,
    seeds: Sequence[int],
    steps: int,
    batch_size: int = 64,
    micro_batch: int | None = None,
    learning_rate: float = 2e-3,
    weight_decay: float = 0.05,
    default_of: Callable[..., torch.optim.Optimizer] | None = None,
) -> None:
    """Train S networks of one kind at once, in place, each on random batches of images of its own.

    Networks so small spend most of a step on calling operations, not on computing. So the S weights of a layer are
    stacked, and one call does the work of all (`torch.vmap`). The loss is a sum over networks: the gradient of each is
    its own, and an optimiser that treats every number by itself, such as AdamW, does to each what it would do alone.

    Parameters
    ----------
    models
        S networks of the same layers; each maps images (B, C, H, W) to logits.
    images, labels
        What they are trained on, (S, n, C, H, W) and (S, n).
    seeds
        S numbers, of the batches that each sees.
    steps, batch_size
        Updates, and images in each.
    micro_batch
        Compute the gradient of each batch in parts of that many images and add them up, as one does where the memory
        does not hold the whole batch.
    learning_rate, weight_decay
        Of AdamW, with a short warm-up and a cosine; the decay spares no tensor, also not biases and norms.
    default_of
        Takes an optimiser of torch as it comes in the place of these, with its own rate, which stays.

    Raises
    ------
    TrainingDiverged
        If a weight is NaN or infinite at the end.
    """
    parameters, buffers = stack_module_state(list(models))  # name -> (S, ...)
    layers = copy.deepcopy(models[0]).to("meta").train()  # without values

    attends = {"return_attention": True} if isinstance(layers, ViT) else {}  # torch's fused kernel cannot be stacked

    def answer(own: dict[str, Tensor], own_buffers: dict[str, Tensor], x: Tensor) -> Tensor:
        answered = functional_call(layers, (own, own_buffers), (x,), attends)
        return answered[0] if attends else answered  # type: ignore[no-any-return]

    answer_all = torch.vmap(answer, randomness="different")
    trained = [tensor for tensor in parameters.values() if tensor.requires_grad]
    if default_of is None:
        optimizer: torch.optim.Optimizer = torch.optim.AdamW(
            trained, lr=learning_rate, weight_decay=weight_decay, fused=True
        )
        rate = LambdaLR(optimizer, partial(short_warmup, steps=steps))
    else:
        optimizer = default_of(trained, fused=True)
        rate = LambdaLR(optimizer, lambda step: 1.0)

    each, count = torch.arange(len(models))[:, None], labels.shape[1]
    size = min(batch_size, count)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]  # of the batches
    for _ in range(steps):
        rows = torch.stack([torch.randperm(count, generator=generator)[:size] for generator in generators])  # (S, B)
        optimizer.zero_grad()
        for part in rows.split(micro_batch or size, dim=1):
            logits = answer_all(parameters, buffers, images[each, part])  # (S, B, K)
            loss = cross_entropy(logits.flatten(0, 1), labels[each, part].flatten(), reduction="sum")
            (loss / size).backward()  # the mean over a network's batch, summed over networks
        optimizer.step()
        rate.step()
    if not all(tensor.isfinite().all() for tensor in trained):
        raise TrainingDiverged(f"after {steps} steps not all weights are finite; a smaller learning rate may help")
    for i, model in enumerate(models):
        model.load_state_dict({name: stacked[i] for name, stacked in (parameters | buffers).items()})
        model.eval()


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
    data, models, drawn = digits(), [], []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            images, labels = data.draw(count, seed)
            drawn.append((images, spoil(labels, wrong_labels, seed)[0] if wrong_labels else labels))
            torch.manual_seed(seed)
            models.append(build())
        torch.manual_seed(0)  # of dropout
        images, labels = (torch.stack(parts) for parts in zip(*drawn, strict=True))  # (S, n, 3, 8, 8), (S, n)
        train_together(models, images, labels, seeds=seeds, **training)
    test = [right(model, data.test_images, data.test_labels) for model in models]
    fitted = [right(model, *own).mean() for model, own in zip(models, drawn, strict=True)]
    return Trained(tuple(models), np.stack(test), np.array(fitted))


def train_variants(plan: Mapping[K, Mapping[str, Any]], processes: int = 1) -> dict[K, Trained]:
    """Train each variant of a plan, its values arguments of `train_seeds`; with a bar, some at a time, one thread each.

    How many at a time changes no number: every training draws from generators of its own.
    """
    results = side_by_side(_train_one, [(options,) for options in plan.values()], processes, "digits", "variant")
    return dict(zip(plan, results, strict=True))


def _train_one(options: Mapping[str, Any]) -> Trained:
    return train_seeds(**options)


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
