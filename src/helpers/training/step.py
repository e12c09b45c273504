"""One update of the weights: the five lines of a step, on a CPU, a GPU, or several processes.

Devices, number formats and processes are accelerate's part.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState
from torch import Tensor, nn, optim

from helpers.training.config import TrainingConfig, resolve_precision
from helpers.training.history import History, Meter, RunState, device_name
from helpers.training.schedules import cosine_with_warmup, parameter_groups, set_learning_rates


class BatchSource(Protocol):
    """What training asks of its data: batch k of an epoch is the same whenever it is asked for."""

    def __len__(self) -> int: ...

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]: ...


def process_state() -> PartialState:
    """Where this process computes: its `device`, `process_index` and `num_processes`, which batches must share."""
    # Only when told that there is nothing else does accelerate join CPU processes to a group.
    return PartialState(cpu=not torch.accelerator.is_available())


class Updater:
    """A model, its batches and its optimiser between two updates."""

    def __init__(
        self,
        model: nn.Module,
        batches: BatchSource,
        config: TrainingConfig,
        loss: Callable[[Tensor, Tensor], Tensor] | None = None,
        layer_groups: Sequence[Sequence[str]] | None = None,
    ) -> None:
        if len(batches) < 1:
            raise ValueError("batches: expected at least one batch an epoch, got 0")
        self.model, self.batches, self.config = model, batches, config
        self.loss = nn.CrossEntropyLoss(label_smoothing=config.label_smoothing) if loss is None else loss
        place = process_state()
        precision = resolve_precision(config.precision, place.device)
        AcceleratorState._reset_state()  # else accelerate keeps the precision of the process's first run
        self.accelerator = Accelerator(
            cpu=place.device.type == "cpu", mixed_precision="no" if precision == "fp32" else precision
        )
        self.device = self.accelerator.device
        self.memory_format = torch.channels_last if config.channels_last else torch.preserve_format

        model.to(self.device)
        if config.channels_last:
            model.to(memory_format=torch.channels_last)
        groups = parameter_groups(model, config.learning_rate, config.weight_decay, layer_groups, config.layer_decay)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        optimizer = optim.AdamW(groups, fused=self.device.type == "cuda")
        # In a container, because accelerate patches the forward of the module it is given.
        module: Any = torch.compile(model) if config.compile else model
        container = nn.Sequential(module)
        self.network, self.optimizer = self.accelerator.prepare(container, optimizer)

        self.total_steps = config.epochs * -(-len(batches) // config.accumulation_steps)
        history = History(
            device=device_name(self.device), precision=precision, num_processes=self.accelerator.num_processes
        )
        self.state = RunState(history=history)
        self.meter = Meter(self.state)

    def groups(self) -> Iterator[list[tuple[Tensor, Tensor]]]:
        """The batches of one update at a time, on the device, from where the epoch stands."""
        source = iter(self.batches.epoch(self.state.epoch, self.state.batch))
        while True:
            with self.state.history.clock("data"):
                group = [
                    (
                        images.to(self.device, non_blocking=True, memory_format=self.memory_format),
                        labels.to(self.device, non_blocking=True),
                    )
                    for images, labels in islice(source, self.config.accumulation_steps)
                ]
            if not group:
                return
            yield group

    def update(self, group: list[tuple[Tensor, Tensor]]) -> None:
        """One update, on the mean loss over all images of the group and of all processes."""
        config, accelerator = self.config, self.accelerator
        step = self.state.history.steps
        factor = self.schedule(step)
        set_learning_rates(self.optimizer, factor)
        seed_update(config.seed, step, accelerator.process_index)
        images_here = sum(len(labels) for _, labels in group)
        # Filled on the device: copying a number there would make the program wait for the GPU at every update.
        images_everywhere = self.sum_over_processes(torch.full((), images_here, device=self.device))
        sums = torch.zeros(3, device=self.device)  # loss, right answers, images

        self.optimizer.zero_grad()
        for number, (images, labels) in enumerate(group, start=1):
            last = number == len(group)
            with nullcontext() if last else accelerator.no_sync(self.network):
                logits = self.network(images)  # (B, K)
                loss = self.loss(logits, labels)
                # Processes average their gradients: undo that, and give each batch the share its images have.
                share = len(labels) * accelerator.num_processes / images_everywhere
                accelerator.backward(loss * share)
            sums[0] += loss.detach() * len(labels)
            sums[1] += (logits.argmax(dim=1) == labels).sum()
            sums[2] += len(labels)
        if config.clip_norm is not None:
            accelerator.clip_grad_norm_(self.parameters, config.clip_norm)
        self.optimizer.step()

        self.state.history.steps += 1
        self.state.batch += len(group)
        self.meter.add(step + 1, config.learning_rate * factor, self.sum_over_processes(sums))

    def schedule(self, step: int) -> float:
        """Factor of every base rate at an update counted from 0."""
        config = self.config
        # Half a step in, so that neither the first nor the last update is spent at rate 0.
        return cosine_with_warmup(
            step + 0.5,
            self.total_steps,
            config.warmup_fraction * self.total_steps,
            floor=config.min_learning_rate / config.learning_rate,
        )

    def sum_over_processes(self, tensor: Tensor) -> Tensor:
        return self.accelerator.reduce(tensor) if self.accelerator.num_processes > 1 else tensor


def seed_update(seed: int, step: int, process: int) -> None:
    """Make dropout and drop path of an update depend on nothing but these, so that a resumed run repeats them."""
    torch.manual_seed(int(np.random.SeedSequence((seed, step, process)).generate_state(1, np.uint64)[0] >> 1))
