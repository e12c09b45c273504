"""Digits, small networks with more or less bias for pictures, and how they are trained.

The digits are scikit-learn's, 8 x 8 grey values (Alpaydin and Kaynak 1998), as they come, centred, or each at one
random place of a 12 x 12 canvas. A bias can be given (a convolutional stem, after Xiao et al., "Early convolutions
help transformers see better", NeurIPS 2021; a fresh shift at each look) and taken away (one fixed shuffle in all).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from helpers.models.vit import ViT, init_weights

SIDES = {"centred": 8, "wandering": 12}  # world -> side of its images in pixels
DIGIT, GRID, CLASSES = 8, 4, 10
TEST = 697  # of 1,797 digits; the rest is to draw from
BATCH, RATE, DECAY, WARMUP = 32, 3e-3, 0.05, 20


@dataclass(frozen=True)
class Digits:
    """Images float32 (n, 3, S, S) in -1..1, the grey value in all three channels, and labels int64 (n,)."""

    images: Tensor
    labels: Tensor
    test_images: Tensor
    test_labels: Tensor

    def draw(self, per_class: int, seed: int) -> tuple[Tensor, Tensor]:
        """So many digits of each class, images (10 per_class, 3, S, S) and labels; smaller draws of a seed are nested.

        Raises
        ------
        ValueError
            If a class has fewer.
        """
        most = int(torch.bincount(self.labels, minlength=CLASSES).min())
        if not 1 <= per_class <= most:
            raise ValueError(f"per_class: expected 1 to {most}, got {per_class}")
        rng, labels = np.random.default_rng([seed, 1]), self.labels.numpy()
        rows = [rng.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(CLASSES)]
        chosen = torch.from_numpy(np.concatenate(rows))
        return self.images[chosen], self.labels[chosen]


@cache
def digits(world: str = "centred") -> Digits:
    """scikit-learn's digits, split once and for all; `world` is one of `SIDES`."""
    raw = load_digits()
    order = np.random.default_rng(0).permutation(len(raw.images))
    images = torch.from_numpy(raw.images[order]).float() / 8 - 1
    labels = torch.from_numpy(raw.target[order].astype(np.int64))
    side = side_of(world)
    corners = torch.randint(0, side - DIGIT + 1, (len(images), 2), generator=torch.Generator().manual_seed(1))
    canvas = torch.full((len(images), side, side), -1.0)
    rows, columns = (corners[:, k, None] + torch.arange(DIGIT) for k in (0, 1))  # (n, 8) each
    canvas[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]] = images
    canvas = canvas[:, None].expand(-1, 3, -1, -1).contiguous()
    return Digits(canvas[TEST:], labels[TEST:], canvas[:TEST], labels[:TEST])


def side_of(world: str) -> int:
    """Side in pixels of the images of a world.

    Raises
    ------
    ValueError
        For another world.
    """
    if world not in SIDES:
        raise ValueError(f"world: expected one of {', '.join(SIDES)}, got {world!r}")
    return SIDES[world]


def shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image moved by at most one pixel each way, its edge repeated, (n, C, S, S) -> the same shape."""
    side = images.shape[-1]
    wide = F.pad(images, (1, 1, 1, 1), mode="replicate")
    corners = torch.randint(0, 3, (len(images), 2), generator=generator)
    rows, columns = (corners[:, k, None] + torch.arange(side) for k in (0, 1))  # (n, S) each
    return wide[torch.arange(len(images))[:, None, None], :, rows[:, :, None], columns[:, None, :]].movedim(-1, 1)


# ------------------------------------------------------------------------------------------------------------ shuffles


@cache
def order_of(kind: str, side: int) -> Tensor:
    """Where each of the S S pixels comes from: `none`, `patches` (whole patches change place) or `pixels`, (S S,).

    Raises
    ------
    ValueError
        For another kind.
    """
    rng, places = np.random.default_rng(12), np.arange(side**2).reshape(side, side)
    if kind == "none":
        return torch.from_numpy(places.ravel())
    if kind == "pixels":
        return torch.from_numpy(rng.permutation(side**2))
    if kind != "patches":
        raise ValueError(f"kind: expected none, patches or pixels, got {kind!r}")
    patch = side // GRID
    cut = places.reshape(GRID, patch, GRID, patch).transpose(0, 2, 1, 3).reshape(GRID**2, patch, patch)
    cut = cut[rng.permutation(GRID**2)].reshape(GRID, GRID, patch, patch).transpose(0, 2, 1, 3)  # type: ignore[assignment]
    return torch.from_numpy(np.ascontiguousarray(cut).ravel())


def shuffle(images: Tensor, kind: str) -> Tensor:
    """The same shuffle in every image, (n, C, S, S) -> the same shape."""
    side = images.shape[-1]
    return images.flatten(2)[..., order_of(kind, side)].unflatten(2, (side, side))


# ------------------------------------------------------------------------------------------------------------ networks


def mlp(side: int = 8) -> nn.Module:
    """Every pixel to every hidden unit: it knows of no neighbours."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * side**2, 64), nn.ReLU(), nn.Linear(64, CLASSES))


def cnn(side: int = 8) -> nn.Module:
    """Three 3 x 3 convolutions with batch norm, a pooling, the mean over places, a linear layer; for any side."""

    def step(before: int, after: int) -> list[nn.Module]:
        return [nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]

    return nn.Sequential(
        *step(3, 16), nn.MaxPool2d(2), *step(16, 32), *step(32, 64),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES),
    )  # fmt: skip


def vit_sizes(side: int) -> dict[str, int]:
    """Two blocks of width 32 on 4 x 4 patches."""
    sizes = {"image_size": side, "patch_size": side // GRID, "num_classes": CLASSES}
    return sizes | {"embed_dim": 32, "depth": 2, "num_heads": 4}


def vit(side: int = 8) -> ViT:
    """The ViT of `vit_sizes`, with learned positions."""
    return ViT(**vit_sizes(side))


class ConvolutionalStem(nn.Module):
    """Two 3 x 3 convolutions in place of the cut into patches, (B, 3, S, S) -> (B, G^2, D).

    Parameters
    ----------
    patch_size
        Stride of the second convolution, 2 or 3, so that as many tokens come out.
    embed_dim
        D.
    """

    def __init__(self, patch_size: int, embed_dim: int = 32) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.layers = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, embed_dim, 3, stride=patch_size, padding=3 - patch_size),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten(2).transpose(1, 2)  # (B, G G, D)


def vit_stem(side: int = 8) -> ViT:
    """The same ViT, with a `ConvolutionalStem`."""
    model = vit(side)
    model.patches = ConvolutionalStem(side // GRID)  # type: ignore[assignment]
    return model


def linear(side: int = 8) -> nn.Module:
    """Every pixel to every class: what a weight for each place can do alone."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * side**2, CLASSES))


class WidePositions(ViT):
    """The same ViT, whose positions start 25 times as large: as large as what they are added to, about."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        nn.init.normal_(self.positions.table, std=0.5)


class MeanOfPatches(ViT):
    """Reads the mean of all patches in place of the class token: all of them, and none at its place."""

    def classify(self, x: Tensor) -> Tensor:
        return self.head(self.norm(x[:, 1:]).mean(1))  # (B, K)


class EachPatchAtItsPlace(ViT):
    """Reads each patch with weights of its place, as an MLP reads pixels: a head of G G D numbers a class."""

    def __init__(self, **sizes: int) -> None:
        super().__init__(**sizes)
        self.head = nn.Linear(GRID**2 * self.head.in_features, CLASSES)
        init_weights(self.head)

    def classify(self, x: Tensor) -> Tensor:
        return self.head(self.norm(x[:, 1:]).flatten(1))  # (B, K)


NETWORKS: dict[str, Callable[[int], nn.Module]] = {"mlp": mlp, "cnn": cnn, "vit": vit, "vit_stem": vit_stem}
CONTROLS: dict[str, Callable[[int], nn.Module]] = {  # what tells which property does it
    "linear": linear,
    "vit_wide": lambda side: WidePositions(**vit_sizes(side)),
    "vit_mean": lambda side: MeanOfPatches(**vit_sizes(side)),
    "vit_places": lambda side: EachPatchAtItsPlace(**vit_sizes(side)),
}
NAMES = {
    "mlp": "MLP",
    "cnn": "CNN",
    "vit": "ViT",
    "vit_stem": "ViT with convolutions first",
    "linear": "linear classifier",
    "vit_wide": "ViT whose positions start large",
    "vit_mean": "ViT that reads the mean of its patches",
    "vit_places": "ViT that reads each patch at its place",
}


def build(name: str, seed: int, world: str = "centred") -> nn.Module:
    """One of `NETWORKS` or `CONTROLS` with fresh weights; the random state of the caller is left as it was.

    Raises
    ------
    ValueError
        For another name.
    """
    known = NETWORKS | CONTROLS
    if name not in known:
        raise ValueError(f"name: expected one of {', '.join(known)}, got {name!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return known[name](side_of(world))


# ------------------------------------------------------------------------------------------------------------ training


def train(
    model: nn.Module, images: Tensor, labels: Tensor, *, steps: int, seed: int, rate: float = RATE, moving: bool = False
) -> nn.Module:
    """Train in place on random batches of images (n, 3, S, S); `moving` shifts each afresh at every look."""
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=DECAY, fused=True)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:  # up within 20 steps, under half a cosine
            group["lr"] = rate * min(1, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rows = torch.randint(0, len(labels), (BATCH,), generator=generator)
        seen = shifted(images[rows], generator) if moving else images[rows]  # (B, 3, S, S)
        loss = F.cross_entropy(model(seen), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


@torch.no_grad()
def answers(model: nn.Module, images: Tensor) -> np.ndarray:
    """The class that it names for each image, (n, 3, S, S) -> int (n,)."""
    return model.eval()(images).argmax(1).numpy()
