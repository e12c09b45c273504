"""The one small problem of chapter 4: digits of hands that are held back, a small network, and its training.

The digits are scikit-learn's, 8 x 8 grey values (Alpaydin and Kaynak 1998); whole hands go to one side
(`helpers.data.digits`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.data.digits import digits

CLASSES, PIXELS, WIDTH = 10, 64, 128
TRAIN_HANDS, VAL_HANDS = 5, 4  # of 14; the other five are the test
BATCH, RATE, STEPS = 50, 2e-3, 600
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "ReLU": nn.ReLU,
    "tanh": nn.Tanh,
    "GELU": nn.GELU,
    "none": nn.Identity,
}


@dataclass(frozen=True)
class Draw:
    """One draw of the problem: float32 images (n, 64) about -1..1, int64 labels (n,); `given` are those trained on."""

    images: Tensor
    given: Tensor
    wrong: Tensor  # bool (n,): whose given label was replaced by another
    val_images: Tensor
    val_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def draw(seed: int, count: int = 150, wrong: float = 0.0) -> Draw:
    """Fourteen hands dealt anew: training digits from five of them, validation from four, test from the other five.

    Parameters
    ----------
    count
        Training digits, drawn from the 600 and more that the five hands wrote; smaller draws of a seed are nested.
    wrong
        Share of the training labels that is replaced by one of the nine others; validation and test stay true.

    Raises
    ------
    ValueError
        If five hands wrote fewer digits, or the share is none.
    """
    if not 0 <= wrong <= 1:
        raise ValueError(f"wrong: expected a share from 0 to 1, got {wrong}")
    data, rng = digits(), np.random.default_rng([seed, 4])
    order = rng.permutation(14)
    sides = np.split(order, [TRAIN_HANDS, TRAIN_HANDS + VAL_HANDS])
    mine, val, test = (rng.permutation(np.flatnonzero(np.isin(data.hand, side))) for side in sides)
    if not 1 <= count <= len(mine):
        raise ValueError(f"count: expected 1 to {len(mine)}, got {count}")
    images = torch.from_numpy(data.pixels).float() / 8 - 1
    labels = torch.from_numpy(data.labels.astype(np.int64))
    mine = mine[:count]
    given, swapped = labels[mine].clone(), np.zeros(count, dtype=bool)
    swapped[: round(wrong * count)] = True
    given[swapped] = (given[swapped] + torch.from_numpy(rng.integers(1, CLASSES, int(swapped.sum())))) % CLASSES
    asked = (images[val], labels[val], images[test], labels[test])
    return Draw(images[mine], given, torch.from_numpy(swapped), *asked)


def network(
    seed: int,
    activation: str = "ReLU",
    width: int = WIDTH,
    dropout: float = 0.0,
    depth: int = 2,
    norm: bool = False,
    gain: float | None = None,
) -> nn.Sequential:
    """64 pixels, `depth` hidden layers, ten logits, with fresh weights; the caller's random state is left as it was.

    Weights start as He et al. 2015 say for ReLU, with half of that variance for what lets all through.

    Parameters
    ----------
    norm
        Batch normalisation before each activation.
    gain
        Variance of a starting weight times the inputs of its layer, in place of 2 for ReLU and GELU and 1 for the rest.

    Raises
    ------
    ValueError
        For another activation.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    layers: list[nn.Module] = []
    generator = torch.Generator().manual_seed(seed)
    gain = gain or (2.0 if activation in ("ReLU", "GELU") else 1.0)
    widths = [PIXELS, *[width] * depth, CLASSES]
    with torch.random.fork_rng(devices=[]):
        for inputs, outputs in pairwise(widths):
            linear = nn.Linear(inputs, outputs)
            nn.init.normal_(linear.weight, std=math.sqrt(gain / inputs), generator=generator)
            nn.init.zeros_(linear.bias)
            layers += [linear, *([nn.BatchNorm1d(outputs)] if norm else []), ACTIVATIONS[activation]()]
            layers += [nn.Dropout(dropout)] if dropout else []
    last = max(at for at, layer in enumerate(layers) if isinstance(layer, nn.Linear))
    nn.init.normal_(layers[last].weight, std=math.sqrt(1 / widths[-2]), generator=generator)  # type: ignore[arg-type]
    return nn.Sequential(*layers[: last + 1])


def moved(images: Tensor, strength: float, generator: torch.Generator) -> Tensor:
    """Each image (n, 64) shifted by up to `strength` pixels each way and turned by up to 12 degrees per unit of it."""
    n, half = len(images), 4.0  # half a side in pixels
    angle = (torch.rand(n, generator=generator) * 2 - 1) * math.radians(12) * strength
    shift = (torch.rand(n, 2, generator=generator) * 2 - 1) * strength / half
    cos, sin = angle.cos(), angle.sin()
    turned = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)  # (n, 2, 2)
    grid = F.affine_grid(torch.cat([turned, shift[:, :, None]], 2), [n, 1, 8, 8], align_corners=False)
    paper = images.reshape(n, 1, 8, 8) + 1  # white is 0 now, as what lies outside
    return (F.grid_sample(paper, grid, align_corners=False) - 1).reshape(n, PIXELS)


@dataclass(frozen=True)
class Measures:
    """What is done against over-fitting, with its strength; 0 is nothing."""

    decay: float = 0.0  # decoupled, of AdamW
    dropout: float = 0.0  # share of hidden units
    augment: float = 0.0  # see `moved`
    smoothing: float = 0.0  # of the labels


@dataclass(frozen=True)
class Looks:
    """What was seen at each look, (looks,) each, and the answers to the test at the look of lowest validation loss and
    at the last, bool (n,)."""

    steps: list[int]
    train_loss: list[float]
    train_top1: list[float]
    val_loss: list[float]
    val_top1: list[float]
    best: int
    test_loss_at_best: float
    test_loss_at_end: float
    right_at_best: np.ndarray
    right_at_end: np.ndarray


@torch.no_grad()
def asked(model: nn.Module, images: Tensor, labels: Tensor) -> tuple[float, Tensor]:
    """Loss, and which images (n,) are named rightly, in evaluation mode."""
    model.eval()
    logits = model(images)
    return float(F.cross_entropy(logits, labels)), logits.argmax(1) == labels


def train(
    model: nn.Module,
    data: Draw,
    how: Measures,
    seed: int,
    *,
    steps: int = STEPS,
    rate: float = RATE,
    every: int = 25,
    until: float = 0.0,
) -> Looks:
    """Train in place with AdamW at a constant rate, look every so many steps.

    Parameters
    ----------
    until
        Stop at the first look with a training loss no higher than this.
    """
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # of the dropout
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=how.decay, fused=True)
    seen: dict[str, list] = {name: [] for name in ("steps", "train_loss", "train_top1", "val_loss", "val_top1")}
    best = (math.inf, torch.zeros(0))
    for step in range(1, steps + 1):
        model.train()
        rows = torch.randint(0, len(data.given), (BATCH,), generator=generator)
        images = moved(data.images[rows], how.augment, generator) if how.augment else data.images[rows]
        optimizer.zero_grad()
        F.cross_entropy(model(images), data.given[rows], label_smoothing=how.smoothing).backward()
        optimizer.step()
        if step % every == 0 or step == steps:
            (loss, named), (val_loss, val_named) = (
                asked(model, *side) for side in ((data.images, data.given), (data.val_images, data.val_labels))
            )
            if not seen["steps"] or val_loss < min(seen["val_loss"]):
                best = asked(model, data.test_images, data.test_labels)
            row = (step, loss, float(named.float().mean()), val_loss, float(val_named.float().mean()))
            for values, value in zip(seen.values(), row, strict=True):
                values.append(value)
            if loss <= until:
                break
    end = asked(model, data.test_images, data.test_labels)
    return Looks(
        **seen,
        best=int(np.argmin(seen["val_loss"])),
        test_loss_at_best=best[0],
        test_loss_at_end=end[0],
        right_at_best=best[1].numpy(),
        right_at_end=end[1].numpy(),
    )
