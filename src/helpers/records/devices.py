"""What a run computes on, as its record tells it, and what a reader must know of that."""

import sys

MPS = (
    "note: this run computes on Apple's GPU (MPS), on which the course was not tested: it knows no float64, some"
    " operations run on the processor instead, and its numbers differ from the recorded ones more than those of a CPU"
)

_beside = 0  # bytes, of other processes


def device_type() -> str:
    """ "cuda", "mps" or "cpu": where `helpers.training.process_state` puts a training in this process."""
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def device_warning() -> str | None:
    """What to know of this device before one believes a number; None where there is nothing."""
    if sys.platform != "darwin":  # and nobody else waits for torch
        return None
    return MPS if device_type() == "mps" else None


def own_peak() -> int:
    """The most memory that this process has held at once, in bytes."""
    import psutil

    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # absent on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def held_beside(peaks: int) -> None:
    """Count processes that worked beside this one: the sum of what each held at most, in bytes."""
    global _beside
    _beside = max(_beside, peaks)


def peak_memory() -> int:
    """The most memory of this process and of those beside it, in bytes: at most, since each may peak at another time.

    Pages that several share are counted in each.
    """
    return own_peak() + _beside
