"""A run: epochs of updates, each with its evaluation and its checkpoints. `helpers.training.fit` starts it.

The five lines of a step are in `helpers.training.step.Update`.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn, optim

from helpers.progress import progress_bar
from helpers.training.checkpoints import damaged, load_checkpoint, save_checkpoint
from helpers.training.config import TrainingConfig, resolve_precision
from helpers.training.distributed import (
    check_share,
    process_state,
    share_buffers,
    start_together,
    wait_for_everyone,
)
from helpers.training.fingerprint import (
    describe_batches,
    describe_callable,
    describe_model,
    describe_optimizer,
    describe_schedule,
)
from helpers.training.history import EpochRow, History, Meter, RunState, device_name
from helpers.training.schedules import cosine_with_warmup, parameter_groups, set_learning_rates
from helpers.training.step import BatchSource, Classification, Step, Update, seed_update, to_device

READ_EVERY_S = 0.5  # how often losses are fetched from the device
BAR = "{desc} {percentage:3.0f} %|{bar:20}| {n_fmt}/{total_fmt} steps [{elapsed}, {remaining} left{postfix}]"
DTYPES = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}

Evaluate = Callable[[nn.Module], dict[str, float]]
MakeOptimizer = Callable[[list[dict[str, Any]]], optim.Optimizer]
Schedule = Callable[[int, int], float]


class Run:
    """One run under way, from its first update to its last.

    Parameters
    ----------
    model, batches, config
        What is trained, on what, how.
    step
        None is classification with the config's label smoothing.
    layer_groups, make_optimizer, schedule, unit
        As in `fit`.
    """

    def __init__(
        self,
        model: nn.Module,
        batches: BatchSource,
        config: TrainingConfig,
        step: Step | None = None,
        layer_groups: Sequence[Sequence[str]] | None = None,
        make_optimizer: MakeOptimizer | None = None,
        schedule: Schedule | None = None,
        unit: str = "images",
    ) -> None:
        if len(batches) < 1:
            raise ValueError("batches: expected at least one batch an epoch, got 0")
        check_share(batches)
        self.model, self.batches, self.config = model, batches, config
        self.layer_groups = layer_groups
        self.step = Classification(config.label_smoothing) if step is None else step
        self.place = process_state()
        self.device = self.place.device
        precision = resolve_precision(config.precision, self.device)
        self.memory_format = torch.channels_last if config.channels_last else torch.preserve_format

        model.to(self.device)
        if config.channels_last:
            model.to(memory_format=torch.channels_last)
        start_together(model)
        groups = parameter_groups(model, config.learning_rate, config.weight_decay, layer_groups, config.layer_decay)
        self.optimizer = (make_optimizer or self.adamw)(groups)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=precision == "fp16")
        self.update = Update(
            model=cast(nn.Module, torch.compile(model)) if config.compile else model,
            step=self.step,
            optimizer=self.optimizer,
            scaler=self.scaler,
            autocast=lambda: autocast(self.device, precision),
            clip_norm=config.clip_norm,
        )
        self.total_steps = config.epochs * -(-len(batches) // config.accumulation_steps)
        self.schedule = self.warmup_and_cosine if schedule is None else lambda t: schedule(t, self.total_steps)
        history = History(
            device=device_name(self.device),
            precision=precision,
            num_processes=self.place.num_processes,
            unit=unit,
        )
        self.state = RunState(history=history)
        self.meter = Meter(self.state)

    def adamw(self, groups: list[dict[str, Any]]) -> optim.Optimizer:
        return optim.AdamW(groups, fused=self.device.type == "cuda")

    def warmup_and_cosine(self, step: int) -> float:
        """Factor of every base rate at an update counted from 0."""
        config = self.config
        # Half a step in, so that neither the first nor the last update is spent at rate 0.
        return cosine_with_warmup(
            step + 0.5,
            self.total_steps,
            config.warmup_fraction * self.total_steps,
            floor=config.min_learning_rate / config.learning_rate,
        )

    def groups(self) -> Iterator[list[Any]]:
        """The batches of one update at a time, on the device, from where the epoch stands."""
        source = iter(self.batches.epoch(self.state.epoch, self.state.batch))
        while True:
            with self.state.history.clock("data"):
                group = [
                    to_device(batch, self.device, self.memory_format)
                    for batch in islice(source, self.config.accumulation_steps)
                ]
            if not group:
                return
            yield group

    def advance(self, group: list[Any]) -> None:
        """One update on a group of batches, at its rate and with its own random numbers."""
        step = self.state.history.steps
        factor = self.schedule(step)
        set_learning_rates(self.optimizer, factor)
        seed_update(self.config.seed, step, self.place.process_index)
        sums = self.update(group)
        self.state.history.steps += 1
        self.state.batch += len(group)
        self.meter.add(step + 1, self.config.learning_rate * factor, sums)

    def train(self, evaluate: Evaluate | None, folder: Path | None, fingerprint: dict[str, Any]) -> None:
        """Every epoch that is left: updates, evaluation, checkpoints."""
        config, state, history = self.config, self.state, self.state.history
        every_s = config.checkpoint_every_s if folder is not None and config.checkpoint_every_s else float("inf")
        quiet = not (config.progress and self.place.is_main_process)
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
        with progress_bar(
            self.total_steps, "training", unit="step", initial=history.steps, show=not quiet, bar_format=BAR
        ) as bar:
            read_at = saved_at = time.perf_counter()
            while state.epoch < config.epochs:
                set_training_mode(self.model)
                for group in self.groups():
                    with history.clock("training"):
                        self.advance(group)
                        bar.update()
                        if (now := time.perf_counter()) - read_at > READ_EVERY_S:
                            self.meter.read()
                            bar.set_postfix_str(self.state.describe(), refresh=False)
                            read_at = now
                    if now - saved_at > every_s:
                        self.save(folder, fingerprint)
                        saved_at = time.perf_counter()
                self.end_epoch(evaluate)
                bar.set_postfix_str(history.describe())
                self.save(folder, fingerprint)
                saved_at = time.perf_counter()
        wait_for_everyone()  # the last checkpoint stands when any process returns
        history.close_books(self.device)

    def end_epoch(self, evaluate: Evaluate | None) -> None:
        """Close an epoch: its row in the history."""
        state, history = self.state, self.state.history
        with history.clock("training"):
            self.meter.read()
        share_buffers(self.model)
        with history.clock("evaluation"):
            results = dict(evaluate(self.model)) if evaluate is not None else {}
        row = EpochRow(
            epoch=state.epoch + 1,
            step=history.steps,
            train_loss=state.epoch_loss / state.epoch_count,
            train_accuracy=state.epoch_right / state.epoch_count,
            learning_rate=self.config.learning_rate * self.schedule(history.steps - 1),
            seconds=history.working_seconds - sum(row.seconds for row in history.epochs),
            evaluation={name: float(value) for name, value in results.items()},
        )
        history.epochs.append(row)
        state.next_epoch()

    def save(self, folder: Path | None, fingerprint: dict[str, Any]) -> None:
        """Write a checkpoint, by the main process alone."""
        if folder is None:
            return
        with self.state.history.clock("training"):
            self.meter.read()  # never save weights that a NaN has reached
        with self.state.history.clock("checkpoints"):
            self.state.history.close_books(self.device)
            if self.place.is_main_process:
                state = {**self.state.to_json(), "loss_scale": self.scaler.state_dict()}
                save_checkpoint(folder, self.model, self.optimizer, state, fingerprint)

    def resume(self, checkpoint: Path, fingerprint: dict[str, Any]) -> None:
        """Continue from a checkpoint of this very run."""
        saved = load_checkpoint(checkpoint, self.model, self.optimizer, fingerprint)
        try:
            if scale := saved.pop("loss_scale"):  # empty but for fp16
                self.scaler.load_state_dict(scale)
            self.state = RunState.from_json(saved)
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise damaged(checkpoint, error) from error
        self.state.history.resumed_from_step = self.state.history.steps
        self.meter = Meter(self.state)

    def fingerprint(self, evaluate: Evaluate | None) -> dict[str, Any]:
        """All that a checkpoint must share with the run that continues it; of the start of the run."""
        config = dataclasses.asdict(self.config)
        for name in ("progress", "checkpoint_every_s"):
            del config[name]
        return {
            "config": config | {"precision": self.state.history.precision},
            "processes": self.place.num_processes,
            "batches": describe_batches(self.batches),
            "layer_groups": self.layer_groups,
            "step": describe_callable(self.step, "step"),
            "evaluate": None if evaluate is None else describe_callable(evaluate, "evaluate"),
            "optimizer": describe_optimizer(self.optimizer),
            "schedule": describe_schedule(self.schedule, self.total_steps),
            "model": describe_model(self.model),
        }


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager:
    """The context in which a forward pass computes in "bf16" or "fp16"; none for "fp32"."""
    dtype = DTYPES[precision]
    return contextlib.nullcontext() if dtype is None else torch.autocast(device.type, dtype=dtype)


def set_training_mode(model: nn.Module) -> None:
    """Training mode for all but BatchNorm layers whose parameters are frozen.

    Their statistics are frozen with them. One without parameters (`affine=False`) shows nothing frozen, and stays in
    training mode."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            parameters = list(module.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                module.eval()
