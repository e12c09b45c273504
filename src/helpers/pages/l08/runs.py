"""What a lab asks of a finished training run: scores on the way, curves, mean costs."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import nn

from helpers.training import BatchSource, predict
from helpers.training.history import History


def top1_of(model: nn.Module, batches: BatchSource, labels: np.ndarray, precision: str = "auto") -> float:
    """Share of right first guesses; `batches` in the order of `labels`, int (N,)."""
    return float((predict(model, batches, precision=precision).argmax(1) == labels).mean())


def validation(
    batches: BatchSource, labels: np.ndarray, precision: str = "auto"
) -> Callable[[nn.Module], dict[str, float]]:
    """For `fit(evaluate=...)`: the validation accuracy after each epoch, as `val_top1`."""
    return lambda model: {"val_top1": top1_of(model, batches, labels, precision)}


def epoch_rows(history: History) -> list[dict[str, float]]:
    """One dictionary an epoch, with the results of `evaluate` beside the training loss."""
    return [{"train_loss": row.train_loss, **row.evaluation} for row in history.epochs]


def mean_costs(histories: Sequence[History]) -> dict[str, Any]:
    """Seconds by part and images/s as means over runs, peak memory as the largest."""
    parts = {part: float(np.mean([h.seconds[part] for h in histories])) for part in histories[0].seconds}
    return {
        "data_s": parts["data"],
        "train_s": parts["training"] + parts["checkpoints"],
        "evaluate_s": parts["evaluation"],
        "images_per_s": float(np.mean([h.seen_per_s for h in histories])),
        "peak_memory_bytes": max(h.peak_memory_bytes for h in histories),
        "peak_memory_kind": histories[0].peak_memory_kind,
    }


def short_hash(value: Any) -> str:
    """Twelve hexadecimal digits that tell one JSON-able description from another."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
