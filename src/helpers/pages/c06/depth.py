"""The page's stacks at 2 to 32 layers, three seeds each: what does each way to start and to add do to depth?

`python -m helpers.pages.c06.depth` records the study that the page quotes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from helpers.pages.c06.stacks import Stack, train
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

DEPTHS = (2, 4, 8, 16, 32)
STUDY = "06_depth"  # the record
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "plain, He's start": {"gain": 1.0},
    "plain, batch norm": {"norm": True},
    "residual": {"residual": True},
    "residual, batch norm": {"residual": True, "norm": True},
}
RATE = 3e-3


def build(kind: str, depth: int, seed: int) -> Stack:
    """A fresh stack of one of `KINDS`; the random state of the caller is left as it was.

    Raises
    ------
    ValueError
        For another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}; got {kind!r}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Stack(depth, **KINDS[kind])


def digits(learn: int = 1347) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """scikit-learn's digits, shuffled once, some to learn from and the rest: images (n, 1, 8, 8), labels, twice."""
    found = load_digits()
    images = torch.tensor(found.images, dtype=torch.float32)[:, None]
    images, labels = (images - images.mean()) / images.std(), torch.tensor(found.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    return images[order[:learn]], labels[order[:learn]], images[order[learn:]], labels[order[learn:]]


def right(stack: Stack, images: Tensor, labels: Tensor) -> float:
    """Share of images named rightly."""
    with torch.no_grad():
        return float((stack(images).argmax(1) == labels).double().mean())


def study(epochs: int, seeds: Sequence[int], learn: int = 1347) -> list[dict[str, Any]]:
    """Every kind at every depth from every seed: steps, their last losses, shares of right answers."""
    images, labels, new, new_labels = digits(learn)
    rows = []
    for seed in seeds:
        for kind in KINDS:
            for depth in DEPTHS:
                stack = build(kind, depth, seed)
                losses = train(stack, images, labels, epochs, RATE, seed)
                row: dict[str, Any] = {"kind": kind, "depth": depth, "seed": seed, "steps": len(losses)}
                row |= {"loss": sum(losses[-20:]) / len(losses[-20:]), "own": right(stack, images, labels)}
                rows.append(row | {"new": right(stack, new, new_labels)})
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"epochs": 8, "seeds": (0, 1, 2)}
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
