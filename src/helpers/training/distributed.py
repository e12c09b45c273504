"""What several processes need (`torchrun`), kept out of the five lines of a step.

Every process trains its own copy of the model on its own share of every batch. Before an update the gradients are
summed over the processes, so all copies take the same step. Processes and devices are accelerate's part, by its public
calls; with one process nothing here does anything but weigh the batches of an accumulated update.
"""

from collections.abc import Sequence
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import broadcast, reduce
from torch import Tensor, nn


def process_state() -> PartialState:
    """Where this process computes: its `device`, `process_index` and `num_processes`, which batches must share."""
    # Only when told that there is nothing else does accelerate join CPU processes to a group.
    return PartialState(cpu=not torch.accelerator.is_available())


def training_device() -> torch.device:
    """The device that `fit` uses in this process: this rank's GPU where there is one, else the CPU."""
    return process_state().device


def check_share(batches: Any) -> None:
    """Refuse batches that are not this process's share: every process would train on the same images.

    Raises
    ------
    ValueError
        When `rank` and `world_size` of the batches (0 and 1 where they have none) are not those of the process.
    """
    place = process_state()
    expected = (place.process_index, place.num_processes)
    given = (getattr(batches, "rank", 0), getattr(batches, "world_size", 1))
    if given != expected:
        raise ValueError(
            f"batches: expected rank={expected[0]}, world_size={expected[1]}, the share of this process, "
            f"got rank={given[0]}, world_size={given[1]}; make them with rank=process_state().process_index, "
            "world_size=process_state().num_processes"
        )


def start_together(model: nn.Module) -> None:
    """Give every process the weights and buffers of the first."""
    if process_state().num_processes > 1:
        with torch.no_grad():
            for tensor in model.state_dict().values():
                tensor.copy_(broadcast(tensor.contiguous()))


def share_buffers(model: nn.Module) -> None:
    """Give every process the buffers of the first: BatchNorm's statistics are each process's own."""
    if process_state().num_processes > 1:
        for buffer in model.buffers():
            buffer.copy_(broadcast(buffer.contiguous()))


def sum_over_processes(tensor: Tensor) -> Tensor:
    """The sum of a tensor over all processes, on each of them; of one process the tensor itself."""
    return reduce(tensor, "sum") if process_state().num_processes > 1 else tensor


@torch.no_grad()
def weigh_gradients(parameters: Sequence[nn.Parameter], unit: Tensor | int, total: Tensor) -> None:
    """Turn gradients of (summed loss / unit) into those of the mean over all that all processes counted.

    Parameters
    ----------
    parameters
        In the same order in every process.
    unit
        What this process divided its losses by.
    total
        What all batches of the update counted, over all processes.
    """
    if process_state().num_processes == 1:
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        for gradient in gradients:
            gradient.mul_(unit / total)
        return
    # One message for all: a parameter without a gradient here may have one in another process.
    flat = [torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in parameters]
    summed = reduce(torch.cat(flat) * (unit / total), "sum")
    for parameter, part in zip(parameters, summed.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = torch.empty_like(parameter).copy_(part.view_as(parameter))


def wait_for_everyone() -> None:
    """Go on when every process has come here."""
    process_state().wait_for_everyone()
