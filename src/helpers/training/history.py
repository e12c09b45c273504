"""What a training run was: one row per epoch, what it cost, and where it stands while it runs."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil
import torch
from pydantic import TypeAdapter


class TrainingDiverged(FloatingPointError):
    """The loss became NaN or infinite; the message names the step and the learning rate."""


@dataclass
class EpochRow:
    """One epoch: means over what its steps counted, the results of `evaluate`, the last learning rate."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    learning_rate: float
    seconds: float
    evaluation: dict[str, float] = field(default_factory=dict)


@dataclass
class History:
    """The account of a run, summed over its interruptions without the work they lost; `asdict` makes it JSON.

    Attributes
    ----------
    epochs
        A row each.
    steps
        Updates of the weights.
    seen
        How many images, tokens, ... were trained on, each epoch anew; `unit` says which.
    unit
        What the steps count, in words: "images" unless `fit` was told otherwise.
    seconds
        Split into "data" (waiting for the next batch), "training", "evaluation" and "checkpoints". A GPU works
        asynchronously: what it spends on preparing batches there counts as training.
    seen_per_s
        Over the seconds of data and training.
    peak_memory_bytes
        How much.
    peak_memory_kind
        Of what.
    resumed_from_step
        Where the last continuation began; None for a run in one piece.
    device
        Where it was computed.
    precision
        In which number format.
    num_processes
        By how many.
    """

    epochs: list[EpochRow] = field(default_factory=list)
    steps: int = 0
    seen: int = 0
    unit: str = "images"
    seconds: dict[str, float] = field(
        default_factory=lambda: {"data": 0.0, "training": 0.0, "evaluation": 0.0, "checkpoints": 0.0}
    )
    seen_per_s: float = 0.0
    peak_memory_bytes: int = 0
    peak_memory_kind: str = ""
    resumed_from_step: int | None = None
    device: str = ""
    precision: str = ""
    num_processes: int = 1

    @property
    def throughput(self) -> float:
        """Images (or tokens, ...) a second of data and training."""
        busy = self.seconds["data"] + self.seconds["training"]
        return self.seen / busy if busy > 0 else 0.0

    def describe(self) -> str:
        """The last epoch in words, for the progress bar."""
        if not self.epochs:
            return ""
        row = self.epochs[-1]
        return self.in_words(row.epoch, row.train_loss, row.train_accuracy)

    def in_words(self, epoch: int, loss: float, accuracy: float) -> str:
        """An epoch's means and the speed of the run."""
        return f"epoch {epoch}, loss {loss:.3f}, accuracy {accuracy:.1%}, {self.throughput:,.0f} {self.unit}/s"

    @property
    def working_seconds(self) -> float:
        """Seconds of data, training and evaluation together."""
        return sum(seconds for part, seconds in self.seconds.items() if part != "checkpoints")

    @contextmanager
    def clock(self, part: str) -> Iterator[None]:
        """Add the seconds spent inside to one part."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += time.perf_counter() - start

    def close_books(self, device: torch.device) -> None:
        """Bring throughput and peak memory up to date."""
        self.seen_per_s = self.throughput
        peak, self.peak_memory_kind = peak_memory(device)
        self.peak_memory_bytes = max(self.peak_memory_bytes, peak)


@dataclass
class RunState:
    """Where a run stands; with the weights and the optimiser this is all that continuing it takes."""

    epoch: int = 0
    batch: int = 0  # batches of this epoch already trained on
    epoch_loss: float = 0.0  # sum over what this epoch's steps counted
    epoch_right: int = 0
    epoch_count: int = 0
    history: History = field(default_factory=History)

    def next_epoch(self) -> None:
        """Start the next epoch with empty sums."""
        self.epoch, self.batch = self.epoch + 1, 0
        self.epoch_loss, self.epoch_right, self.epoch_count = 0.0, 0, 0

    def describe(self) -> str:
        """The running means of this epoch, for the progress bar."""
        if not self.epoch_count:
            return self.history.describe()
        return self.history.in_words(
            self.epoch + 1, self.epoch_loss / self.epoch_count, self.epoch_right / self.epoch_count
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "RunState":
        """The state that `to_json` gave; ValueError (pydantic's) where a value is of another type."""
        return TypeAdapter(cls).validate_json(json.dumps(saved), strict=True)  # strict Python takes no dict


class Meter:
    """Running loss and accuracy without making a GPU wait: results are read now and then, several steps at once.

    They are added one by one in the order of the steps, so the sums do not depend on when they were read.
    """

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.pending: list[tuple[int, float, torch.Tensor]] = []

    def add(self, step: int, learning_rate: float, sums: torch.Tensor) -> None:
        """Note one update: `sums` (3,) holds its summed loss, its right answers and what it counted."""
        self.pending.append((step, learning_rate, sums))

    def read(self) -> None:
        """Fetch what is pending.

        Raises
        ------
        TrainingDiverged
            For the first loss that is not finite.
        ValueError
            For the first update whose step counted nothing.
        """
        if not self.pending:
            return
        values = torch.stack([sums for _, _, sums in self.pending]).tolist()
        for (step, rate, _), (loss, right, count) in zip(self.pending, values, strict=True):
            if count < 1:
                raise ValueError(f"step: expected at least one image or token counted in an update, got {count:g}")
            if not abs(loss) < float("inf"):
                raise TrainingDiverged(
                    f"the loss became {loss} at step {step} with learning rate {rate:.3g}; "
                    "lower the rate, lengthen the warm-up or clip the gradient"
                )
            self.state.epoch_loss += loss
            self.state.epoch_right += int(right)
            self.state.epoch_count += int(count)
            self.state.history.seen += int(count)
        self.pending.clear()


def peak_memory(device: torch.device) -> tuple[int, str]:
    """Peak memory in bytes, and what was measured: GPU tensors since the start of fit, or this process's peak."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device), "cuda tensors of the run"
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset, "resident memory of the process"
    import resource  # absent on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024), "resident memory of the process"


def device_name(device: torch.device) -> str:
    """A device in words: the GPU's name, or "cpu"."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
