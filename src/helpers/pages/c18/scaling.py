"""A grid of trials on some GPUs, on paper: who waits for whom."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """How long a grid takes and how much of the paid time is used."""

    gpus: int
    hours: float
    paid_gpu_hours: float
    busy: float


def plan(seconds: Sequence[float], gpus: int) -> Plan:
    """Longest trial first, each to the GPU that is free first; all GPUs are paid until the last trial ends.

    Raises
    ------
    ValueError
        Without a trial or without a GPU.
    """
    if not seconds or gpus < 1:
        raise ValueError(f"plan: expected at least one trial and one GPU, got {len(seconds)} and {gpus}")
    free = [0.0] * gpus
    for trial in sorted(seconds, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + trial)
    end = max(free)
    return Plan(gpus, end / 3600, gpus * end / 3600, sum(seconds) / (gpus * end))
