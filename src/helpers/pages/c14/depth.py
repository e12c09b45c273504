"""Digits through 6 to 48 Transformer blocks: how gradients arrive, how far a first step pushes, and what trains.

A digit of 8 x 8 pixels is read as eight tokens, its rows. Linear layers start at a deviation of 0.7/sqrt(inputs), at
which a fresh block of width 32 changes its tokens about as much as one of width 768 that starts at the usual 0.02.
Started at 0.02 itself it would change them hardly at all, which is a LayerScale of its own.

`python -m helpers.pages.c14.depth` records the study that the page quotes.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention
from helpers.layers.layer_scale import LayerScale
from helpers.layers.mlp import TokenMLP
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

WIDTH, HEADS, TOKENS, CLASSES = 32, 4, 8, 10
DEPTHS, TRAINED_DEPTHS, RATES = (6, 12, 24, 48), (6, 24, 48), (0.001, 0.003, 0.01, 0.03, 0.1)
GAIN = 0.7  # deviation of fresh weights, times the root of a layer's inputs
STUDY = "14_stacks"  # the record
# Where the norm stands, and LayerScale's first value.
KINDS: dict[str, tuple[str, float | None]] = {
    "norm after": ("after", None),
    "norm first": ("first", None),
    "LayerScale 0.1": ("first", 0.1),
    "LayerScale 1e-5": ("first", 1e-5),
}
TRAINED = tuple(KINDS)


class Block(nn.Module):
    """x + g1 MSA(LN(x)), then x + g2 MLP(LN(x)); or, as in 2017, LN(x + MSA(x)), then LN(x + MLP(x))."""

    def __init__(self, norm: str, scale: float | None, width: int = WIDTH) -> None:
        super().__init__()
        self.norm = norm
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.branches = nn.ModuleList([MultiHeadAttention(width, HEADS), TokenMLP(width, 4 * width)])
        self.scales = nn.ModuleList(nn.Identity() if scale is None else LayerScale(width, scale) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        for norm, branch, scale in zip(self.norms, self.branches, self.scales, strict=True):
            x = norm(x + scale(branch(x))) if self.norm == "after" else x + scale(branch(norm(x)))
        return x


class Net(nn.Module):
    """Rows of a digit with learned positions, L blocks, norm, mean over tokens, ten logits."""

    def __init__(self, kind: str, depth: int) -> None:
        super().__init__()
        self.rows = nn.Linear(8, WIDTH)
        self.positions = nn.Parameter(0.5 * torch.randn(1, TOKENS, WIDTH))
        self.blocks = nn.ModuleList(Block(*KINDS[kind]) for _ in range(depth))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, CLASSES)
        self.apply(start)
        nn.init.normal_(self.head.weight, std=0.02)  # the first loss is ln 10

    def streams(self, digits: Tensor) -> list[Tensor]:
        """Digits (B, 8, 8) -> the tokens (B, 8, D) before the first block and after each, L + 1 of them."""
        found = [self.rows(digits) + self.positions]
        for block in self.blocks:
            found.append(block(found[-1]))
        return found

    def forward(self, digits: Tensor) -> Tensor:
        """(B, 8, 8) -> logits (B, 10)."""
        return self.head(self.norm(self.streams(digits)[-1]).mean(1))


def start(module: nn.Module, deviation: float | None = None) -> None:
    """Normal weights, GAIN/sqrt(inputs) where no deviation is given, and no bias, in a linear layer."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=deviation or GAIN * module.in_features**-0.5)
        nn.init.zeros_(module.bias)


def build(kind: str, depth: int, seed: int = 0) -> Net:
    """A network with fresh weights; the caller's random state stays.

    Raises
    ------
    ValueError
        For a kind that is not one of `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}; got {kind!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Net(kind, depth)


@cache
def digits() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """scikit-learn's digits, 1,347 to learn from and 450 new ones: (n, 8, 8) in [-1, 1] and labels, twice."""
    found = load_digits()
    images, labels = torch.tensor(found.images, dtype=torch.float32) / 8 - 1, torch.tensor(found.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    learn, new = order[:1347], order[1347:]
    return images[learn], labels[learn], images[new], labels[new]


def at_the_start(kind: str, depth: int, seed: int = 0, rate: float = 0.001) -> dict[str, float]:
    """Before training, on 128 digits: gradients by block, growth of the stream, and the push of one step of Adam.

    Returns
    -------
    dict[str, float]
        "first", "last": norm of the loss's gradient by the tokens before the first block and before the last;
        "growth": norm of the tokens after the last block over that before the first; "push": how far one step at the
        given rate moves the tokens that the head reads, relative to their norm.
    """
    images, labels = (part[:128] for part in digits()[:2])
    net = build(kind, depth, seed)
    streams = net.streams(images)
    read = net.norm(streams[-1])
    loss = F.cross_entropy(net.head(read.mean(1)), labels)
    first, last = torch.autograd.grad(loss, [streams[0], streams[-2]], retain_graph=True)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    loss.backward()
    optimiser.step()
    with torch.no_grad():
        moved = net.norm(net.streams(images)[-1])
        push = ((moved - read).norm() / read.norm()).item()
        growth = (streams[-1].norm() / streams[0].norm()).item()
    return {"first": first.norm().item(), "last": last.norm().item(), "growth": growth, "push": push}


def train(net: Net, rate: float, steps: int, batch: int = 32, seed: int = 0) -> list[float]:
    """AdamW, a tenth of the steps of warm-up, then a cosine; the loss of every step."""
    images, labels, _, _ = digits()
    rng = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.0, fused=True)  # 600 tensors at 48 blocks
    warm = max(1, steps // 10)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda i: min((i + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * max(0, i - warm) / (steps - warm)))
    )
    losses = []
    for _ in range(steps):
        chosen = torch.randint(len(images), (batch,), generator=rng)
        loss = F.cross_entropy(net(images[chosen]), labels[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def right(net: Net) -> float:
    """Share of the new digits that are named rightly."""
    _, _, images, labels = digits()
    with torch.no_grad():
        return (net(images).argmax(1) == labels).double().mean().item()


def branch_share(width: int, deviation: float | None, seed: int = 0) -> float:
    """Size of a fresh block's change over that of random tokens that come in: ||f(x) - x|| / ||x||."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        block = Block("first", None, width)
        for module in block.modules():
            start(module, deviation)
        x = torch.randn(4, TOKENS, width)
        return ((block(x) - x).norm() / x.norm()).item()


def starts(seeds: Sequence[int], depths: Sequence[int]) -> list[dict[str, Any]]:
    """Every kind at every depth from every seed, before training."""
    return [
        {"kind": kind, "depth": depth, "seed": seed} | at_the_start(kind, depth, seed)
        for kind in KINDS
        for depth in depths
        for seed in seeds
    ]


def study(steps: int, seeds: Sequence[int], depths: Sequence[int], rates: Sequence[float]) -> list[dict[str, Any]]:
    """What is trained at every depth from every seed, at every rate."""
    rows = []
    for seed in seeds:
        for depth in depths:
            for kind in TRAINED:
                for rate in rates:
                    net = build(kind, depth, seed)
                    losses = train(net, rate, steps, seed=seed)
                    row: dict[str, Any] = {"kind": kind, "depth": depth, "seed": seed, "rate": rate}
                    rows.append(row | {"loss": sum(losses[-10:]) / 10, "new": right(net)})
                    print(rows[-1], flush=True)
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 60, "seeds": (0, 1, 2), "depths": TRAINED_DEPTHS, "rates": RATES}
    fresh: dict[str, Any] = {"seeds": (0, 1, 2), "depths": DEPTHS}
    record = make_record(
        STUDY,
        "cpu",
        parameters=how | {"fresh": fresh, "command": "python -m helpers.pages.c14.depth"},
        runs=study(**how),
        summary={"starts": starts(**fresh)},
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n")
