"""The chapter's two small networks, the recipe that both are trained by, and what they make of a picture.

A network learns to name the people that it is shown; what stands before its last layer, scaled to length 1, is its
*template* of a picture. Two pictures are compared by the product of their templates, and no person of the test was
ever named in training.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.vit import ViT

SIDE, PATCH = 36, 6  # pixels of a picture and of a ViT's patch: a grid of 6 x 6
BATCH, DECAY, WARMUP = 32, 0.05, 20
LEAST, MOST = 0.1, 0.5  # share of a picture that one erased rectangle hides


class CNN(nn.Module):
    """Four 3 x 3 convolutions with batch norm, the mean over places, one linear layer."""

    def __init__(self, num_classes: int, widths: tuple[int, ...] = (16, 32, 64, 64)) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width, stride in zip((3, *widths), widths, (1, 2, 2, 1), strict=False):
            layers += [nn.Conv2d(before, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], num_classes)

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, D)."""
        return self.layers(images).mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.features(images))


class FaceViT(ViT):
    """The course's ViT on a grid of 6 x 6 patches: width 48, three blocks, four heads."""

    def __init__(self, num_classes: int) -> None:
        super().__init__(SIDE, PATCH, num_classes=num_classes, embed_dim=48, depth=3, num_heads=4)


NETWORKS: dict[str, Callable[[int], nn.Module]] = {"cnn": CNN, "vit": FaceViT}
NAMES = {"cnn": "CNN", "vit": "ViT"}


def build(name: str, num_classes: int, seed: int) -> nn.Module:
    """One of `NETWORKS` with fresh weights; the random state of the caller is left as it was.

    Raises
    ------
    ValueError
        For another name.
    """
    if name not in NETWORKS:
        raise ValueError(f"name: expected one of {', '.join(NETWORKS)}, got {name!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[name](num_classes)


def as_input(images: np.ndarray) -> Tensor:
    """uint8 (n, S, S, 3) -> float32 (n, 3, S, S) in -1..1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def erased(images: Tensor, generator: torch.Generator) -> Tensor:
    """Every second picture with a rectangle of noise on it, as *random erasing* does, (B, 3, S, S) -> the same shape.

    The rectangle hides 10 to 50 % of the picture and lies anywhere in it: it knows of no grid.
    """
    images, side = images.clone(), images.shape[-1]
    for i in torch.nonzero(torch.rand(len(images), generator=generator) < 0.5)[:, 0].tolist():
        share, tall, down, right = torch.rand(4, generator=generator).tolist()
        area = (LEAST + (MOST - LEAST) * share) * side**2
        height = min(side, round(math.sqrt(area) * 2 ** (tall - 0.5)))
        width = min(side, round(area / height))
        top, left = round(down * (side - height)), round(right * (side - width))
        noise = torch.rand(images.shape[1], height, width, generator=generator)
        images[i, :, top : top + height, left : left + width] = 2 * noise - 1
    return images


def train(
    model: nn.Module, images: Tensor, labels: Tensor, *, steps: int, rate: float, erase: bool, seed: int
) -> nn.Module:
    """Train in place to name the people in images (n, 3, S, S): AdamW, warm-up, half a cosine.

    `erase` adds random erasing. All else is the same for both networks.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=DECAY, fused=True)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * step / steps))
        rows = torch.randint(0, len(labels), (BATCH,), generator=generator)
        seen = erased(images[rows], generator) if erase else images[rows]  # (B, 3, S, S)
        loss = F.cross_entropy(model(seen), labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


@torch.no_grad()
def before_head(model: nn.Module, images: Tensor) -> Tensor:
    """What the last linear layer gets, (n, 3, S, S) -> (n, D)."""
    kept: list[Tensor] = []
    handle = model.get_submodule("head").register_forward_pre_hook(lambda _, inputs: kept.append(inputs[0]))
    try:
        for batch in images.split(256):
            model.eval()(batch)
    finally:
        handle.remove()
    return torch.cat(kept)


def templates(model: nn.Module, images: np.ndarray, centre: Tensor) -> np.ndarray:
    """A row of length 1 for each picture: what stands before the head, less `centre` (D,), the mean of training."""
    found = before_head(model, as_input(images)) - centre
    return F.normalize(found, dim=1).numpy()
