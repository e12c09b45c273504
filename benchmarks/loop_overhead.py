"""What does our training loop cost beside a bare forward / backward / step?

Both train the cpu edition's models on the same batches in memory, in turns, one update each: the bare loop steps
inside the data iterator of `helpers.training.fit`, so that a busy machine disturbs both alike. The ratio is ours / bare
in images a second, the median over pairs of updates with its quartiles; at least 0.97 is wanted on a CPU. Where other
programs share the cores the quartiles lie wide: then the ratio of processor seconds, over all updates, says more.

    python benchmarks/loop_overhead.py [--steps 60] [--batch-size 32] [--image-size 64]
"""

import argparse
import platform
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from helpers.models.vit import ViT
from helpers.models.xception import Xception
from helpers.training import TrainingConfig, fit, training_device

CLASSES = 12
WARM_UP = 5  # updates that are not counted
TARGET = 0.97


def clocks() -> tuple[float, float]:
    """Seconds on the wall, and of processor time."""
    return time.perf_counter(), time.process_time()


def since(began: tuple[float, float]) -> tuple[float, float]:
    wall_s, cpu_s = clocks()
    return wall_s - began[0], cpu_s - began[1]


class Bare:
    """The five lines, and nothing else."""

    def __init__(self, model: nn.Module, clip_norm: float | None) -> None:
        self.model, self.clip_norm = model.to(training_device()).train(), clip_norm
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05)

    def step(self, images: Tensor, labels: Tensor) -> tuple[float, float]:
        began = clocks()
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(images), labels)
        loss.backward()
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.optimizer.step()
        return since(began)


class InTurns:
    """Batches for `fit` that let the bare loop make an update before each of ours, and time both."""

    def __init__(self, bare: Bare, steps: int, batch_size: int, image_size: int) -> None:
        self.bare, self.steps = bare, steps
        device = training_device()
        self.pool = [
            (
                torch.randn(batch_size, 3, image_size, image_size, device=device),
                torch.randint(CLASSES, (batch_size,), device=device),
            )
            for _ in range(8)
        ]
        self.bare_s: list[tuple[float, float]] = []
        self.ours_s: list[tuple[float, float]] = []

    def __len__(self) -> int:
        return self.steps

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        for k in range(start, self.steps):
            images, labels = self.pool[k % len(self.pool)]
            self.bare_s.append(self.bare.step(images, labels))
            began = clocks()
            yield images, labels
            self.ours_s.append(since(began))  # until fit asks for the next batch


def measure(build: Callable[[], nn.Module], clip_norm: float | None, steps: int, batch_size: int, side: int) -> dict:
    """Images a second of both loops and their ratio."""
    torch.manual_seed(0)
    batches = InTurns(Bare(build(), clip_norm), steps + WARM_UP, batch_size, side)
    config = TrainingConfig(epochs=1, learning_rate=1e-4, clip_norm=clip_norm, precision="fp32", progress=True)
    fit(build(), batches, config)
    (bare, bare_cpu), (ours, ours_cpu) = np.array(batches.bare_s[WARM_UP:]).T, np.array(batches.ours_s[WARM_UP:]).T
    low, ratio, high = np.quantile(bare / ours, [0.25, 0.5, 0.75])
    return {
        "bare": batch_size / np.median(bare),
        "ours": batch_size / np.median(ours),
        "ratio": ratio,
        "low": low,
        "high": high,
        "cpu": bare_cpu.sum() / ours_cpu.sum(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--image-size", type=int, default=64)
    options = parser.parse_args()
    side = options.image_size
    if training_device().type != "cpu":
        parser.error("this benchmark times a CPU: hide the GPU with CUDA_VISIBLE_DEVICES=''")

    models: dict[str, Callable[[], nn.Module]] = {
        "Xception, width 0.25": lambda: Xception(num_classes=CLASSES, width=0.25),
        "ViT, 6 blocks of 128": lambda: ViT(side, 8, CLASSES, embed_dim=128, depth=6, num_heads=4),
    }
    print(
        f"training loop, batch {options.batch_size}, {side} px, {options.steps} pairs of updates, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, {platform.machine()}"
    )
    print(
        f"{'model':<22}{'clipping':>9}{'bare img/s':>12}{'ours img/s':>12}{'ours/bare':>11}  quartiles     >= {TARGET}"
    )
    for name, build in models.items():
        for clip_norm in (None, 1.0):
            row = measure(build, clip_norm, options.steps, options.batch_size, side)
            clipping, enough = "no" if clip_norm is None else "yes", "yes" if row["ratio"] >= TARGET else "NO"
            print(
                f"{name:<22}{clipping:>9}{row['bare']:>12.1f}{row['ours']:>12.1f}{row['ratio']:>11.3f}  "
                f"{row['low']:.3f}-{row['high']:.3f}  {enough:>7}{row['cpu']:>13.3f}"
            )


if __name__ == "__main__":
    main()
