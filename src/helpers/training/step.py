"""One update of the weights: the five lines of a step, with whatever loss the caller computes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn, optim

from helpers.training.distributed import process_state, sum_over_processes, weigh_gradients

# (model, batch) -> summed loss, right answers, how many images or tokens the two are sums over.
Step = Callable[[nn.Module, Any], tuple[Tensor, Tensor | int, Tensor | int]]


class BatchSource(Protocol):
    """What training asks of its data: batch k of an epoch is the same whenever it is asked for.

    A batch is a tensor, or a tuple, list or dict of batches; what is in it is the step's affair. To be used with a
    `checkpoint_dir`, batches also need a `fingerprint`, a text that other data or another order would change; to be
    used by several processes, the `rank` and `world_size` of the share that they yield.
    """

    def __len__(self) -> int: ...

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Any]: ...


@dataclass(frozen=True)
class Classification:
    """The default step: cross-entropy of the model's logits on batches of images (B, ...) and labels (B,).

    Parameters
    ----------
    label_smoothing
        Probability spread evenly over the classes.
    """

    label_smoothing: float = 0.0

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        images, labels = batch
        logits = model(images)  # (B, K)
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))  # bf16 has too few digits for a loss
        loss = nn.functional.cross_entropy(logits, labels, reduction="sum", label_smoothing=self.label_smoothing)
        return loss, (logits.detach().argmax(dim=1) == labels).sum(), len(labels)


@dataclass(frozen=True)
class Update:
    """What one update of the weights takes; call it with the batches whose gradients make the update.

    Parameters
    ----------
    model
        As the step gets it: compiled where the config says so.
    step
        The forward pass and the loss of one batch.
    optimizer
        Of the parameters that are trained.
    scaler
        Of the loss, for fp16; disabled otherwise.
    autocast
        Makes the context in which the step computes in fewer bits.
    clip_norm
        Largest global norm of the gradient, or None.
    """

    model: nn.Module
    step: Step
    optimizer: optim.Optimizer
    scaler: torch.amp.GradScaler
    autocast: Callable[[], AbstractContextManager]
    clip_norm: float | None

    def __call__(self, batches: Sequence[Any]) -> Tensor:
        """One update, on the mean loss over all that the batches count; their summed loss, right answers and count.

        The sums (3,) are over all processes.
        """
        sums: list[Tensor] = []
        unit: Tensor | int = 1

        self.optimizer.zero_grad()
        for batch in batches:
            with self.autocast():
                loss, right, count = check_step(self.step(self.model, batch))
            unit = unit if sums else count
            self.scaler.scale(loss / unit).backward()  # divided at once: a sum is too large for fp16
            sums.append(as_row(loss, right, count))
        total = sum_over_processes(torch.stack(sums).sum(dim=0))  # (3,)
        self.finish_gradients(unit, total, whole=len(batches) == 1)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return total

    def finish_gradients(self, unit: Tensor | int, total: Tensor, whole: bool) -> None:
        """Weigh and clip; one batch in one process has its weight already."""
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        if not whole or process_state().num_processes > 1:
            weigh_gradients(parameters, unit, total[2])
        if self.clip_norm is not None:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(parameters, self.clip_norm)


def as_row(loss: Tensor, right: Tensor | int, count: Tensor | int) -> Tensor:
    """The three sums of a batch on the device, (3,); a number is filled in there, which makes no GPU wait."""
    loss = loss.detach().float()
    numbers = (x.detach().float() if isinstance(x, Tensor) else torch.full_like(loss, x) for x in (right, count))
    return torch.stack([loss, *numbers])


def check_step(result: Any) -> tuple[Tensor, Tensor | int, Tensor | int]:
    """What a step returned, if it has the form that training can use.

    Raises
    ------
    ValueError
        When it is not three numbers, the first with a gradient, or nothing was counted.
    """
    expected = "step: expected (summed loss, right answers, count), three numbers of which the first has a gradient"
    if not isinstance(result, tuple) or len(result) != 3:
        raise ValueError(f"{expected}, got {type(result).__name__}")
    loss, right, count = result
    if not isinstance(loss, Tensor) or not loss.requires_grad:
        raise ValueError(f"{expected}, got a loss without one")
    for name, value in (("loss", loss), ("right", right), ("count", count)):
        if isinstance(value, Tensor) and value.ndim:
            raise ValueError(f"{expected}, got {name} of the shape {tuple(value.shape)}; sum it")
    if not isinstance(count, Tensor) and count < 1:
        raise ValueError(f"{expected}, got a count of {count}")
    return loss, right, count


def to_device(batch: Any, device: torch.device, memory_format: torch.memory_format = torch.preserve_format) -> Any:
    """A batch on a device: a tensor, or a tuple, list or dict of batches; images (4 axes) in a memory format.

    Raises
    ------
    ValueError
        When there is anything else in the batch.
    """
    if isinstance(batch, Tensor):
        wanted = memory_format if batch.ndim == 4 else torch.preserve_format
        return batch.to(device, non_blocking=True, memory_format=wanted)
    if isinstance(batch, dict):
        return {name: to_device(part, device, memory_format) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [to_device(part, device, memory_format) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)  # a named tuple keeps its names
    raise ValueError(f"batch: expected tensors, or tuples, lists or dicts of them, got {type(batch).__name__}")


def seed_update(seed: int, step: int, process: int) -> None:
    """Make dropout and drop path of an update depend on nothing but these, so that a resumed run repeats them."""
    torch.manual_seed(int(np.random.SeedSequence((seed, step, process)).generate_state(1, np.uint64)[0] >> 1))
