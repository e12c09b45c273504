"""What a run computes on, as its record tells it, and what a reader must know of that."""

import sys

MPS = (
    "note: this run computes on Apple's GPU (MPS), on which the course was not tested: it knows no float64, some"
    " operations run on the processor instead, and its numbers differ from the recorded ones more than those of a CPU"
)


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
