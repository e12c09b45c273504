"""Digits through 2 to 32 layers, with and without a sum around each: does depth train, and how do gradients arrive?

`python -m helpers.pages.c06.depth` records the study that the page quotes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

WIDTH, CLASSES, DEPTHS = 16, 10, (2, 4, 8, 16, 32)
STUDY = "06_depth"  # the record
# What is done against vanishing: (batch norm, residual, He's start)
KINDS: dict[str, tuple[bool, bool, bool]] = {
    "plain": (False, False, False),
    "plain, He's start": (False, False, True),
    "plain, batch norm": (True, False, False),
    "residual": (False, True, False),
    "residual, batch norm": (True, True, False),
}


class Layer(nn.Module):
    """relu(norm(conv(x))), or x + that."""

    def __init__(self, batch_norm: bool, residual: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, bias=not batch_norm)
        self.norm = nn.BatchNorm2d(WIDTH) if batch_norm else nn.Identity()
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        change = F.relu(self.norm(self.convolution(x)))
        return x + change if self.residual else change


def build(kind: str, depth: int, seed: int = 0) -> nn.Sequential:
    """A convolution of stride 2, `depth` layers on 4 x 4 places, the mean over places, ten logits.

    Raises
    ------
    ValueError
        For a kind that is not one of `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}; got {kind!r}")
    batch_norm, residual, he = KINDS[kind]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [Layer(batch_norm, residual) for _ in range(depth)]
        stem = nn.Conv2d(1, WIDTH, 3, padding=1, stride=2)
        model = nn.Sequential(stem, *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTH, CLASSES))
        for module in model.modules() if he else ():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model


@cache
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """scikit-learn's digits, 1,347 to learn from and 450 new ones: images (n, 1, 8, 8) in [0, 1] and labels, twice."""
    found = load_digits()
    images = torch.tensor(found.images, dtype=torch.float32)[:, None] / 16
    labels = torch.tensor(found.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    learn, new = order[:1347], order[1347:]
    return images[learn], labels[learn], images[new], labels[new]


def gradient_norms(model: nn.Sequential) -> list[float]:
    """Norm of the loss's gradient by the weights of each of the layers, first to last, before any step."""
    images, labels, _, _ = digits()
    model.train()
    model.zero_grad()
    F.cross_entropy(model(images[:256]), labels[:256]).backward()
    norms = []
    for layer in model:
        if isinstance(layer, Layer):
            gradient = layer.convolution.weight.grad
            assert gradient is not None
            norms.append(gradient.norm().item())
    model.zero_grad()
    return norms


def train(model: nn.Sequential, steps: int = 200, batch: int = 64, rate: float = 0.003, seed: int = 0) -> list[float]:
    """Adam, the rate falling by a cosine; the loss of every step. Leaves the model in eval mode."""
    images, labels, _, _ = digits()
    rng = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    losses = []
    model.train()
    for _ in range(steps):
        chosen = torch.randint(len(images), (batch,), generator=rng)
        loss = F.cross_entropy(model(images[chosen]), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    model.eval()
    return losses


def right(model: nn.Sequential, new: bool = True) -> Tensor:
    """Which of the new digits, or of those learned from, are named rightly, (n,) of bool."""
    images, labels = digits()[2:] if new else digits()[:2]
    with torch.no_grad():
        return model(images).argmax(1) == labels


def study(steps: int, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """Every kind at every depth from every seed: shares of right answers, first gradient over last."""
    rows = []
    for seed in seeds:
        for kind in KINDS:
            for depth in DEPTHS:
                model = build(kind, depth, seed)
                norms = gradient_norms(model)
                losses = train(model, steps, seed=seed)
                row: dict[str, Any] = {"kind": kind, "depth": depth, "seed": seed}
                row |= {"loss": sum(losses[-20:]) / 20, "first": norms[0], "last": norms[-1]}
                row |= {name: right(model, new).double().mean().item() for name, new in (("new", True), ("own", False))}
                rows.append(row)
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 200, "seeds": (0, 1, 2)}
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"command": "python -m helpers.pages.c06.depth"},
        runs=study(**how),
        summary={},
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
