"""The training loop: epochs of updates, each with its evaluation and its checkpoints. `helpers.training.fit` drives it.

The five lines of a step are in `helpers.training.step.Updater.update`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import broadcast
from torch import nn

from helpers.progress import progress_bar
from helpers.training.checkpoints import load_checkpoint, save_checkpoint
from helpers.training.history import EpochRow, Meter, RunState
from helpers.training.step import Updater

READ_EVERY_S = 0.5  # how often losses are fetched from the device
BAR = "{desc} {percentage:3.0f} %|{bar:20}| {n_fmt}/{total_fmt} steps [{elapsed}, {remaining} left{postfix}]"


class Run(Updater):
    """One run under way, from its first update to its last."""

    fingerprint: dict[str, Any]  # what a checkpoint must share with this run

    def train(self, evaluate: Callable[[nn.Module], dict[str, float]] | None, folder: Path | None) -> None:
        """Every epoch that is left: updates, evaluation, checkpoints."""
        config, state, history = self.config, self.state, self.state.history
        every_s = config.checkpoint_every_s if folder is not None and config.checkpoint_every_s else float("inf")
        quiet = not (config.progress and self.accelerator.is_main_process)
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
                        self.update(group)
                        bar.update()
                        if (now := time.perf_counter()) - read_at > READ_EVERY_S:
                            self.meter.read()
                            bar.set_postfix_str(self.state.describe(), refresh=False)
                            read_at = now
                    if now - saved_at > every_s:
                        self.save(folder)
                        saved_at = time.perf_counter()
                self.end_epoch(evaluate)
                bar.set_postfix_str(history.describe())
                self.save(folder)
                saved_at = time.perf_counter()
        self.accelerator.wait_for_everyone()  # the last checkpoint stands when any process returns
        history.close_books(self.device)

    def end_epoch(self, evaluate: Callable[[nn.Module], dict[str, float]] | None) -> None:
        """Close an epoch: its row in the history."""
        state, history = self.state, self.state.history
        with history.clock("training"):
            self.meter.read()
        if self.accelerator.num_processes > 1:  # BatchNorm's statistics are each process's own
            for buffer in self.model.buffers():
                broadcast(buffer)
        with history.clock("evaluation"):
            results = dict(evaluate(self.model)) if evaluate is not None else {}
        row = EpochRow(
            epoch=state.epoch + 1,
            step=history.steps,
            train_loss=state.epoch_loss / state.epoch_images,
            train_accuracy=state.epoch_correct / state.epoch_images,
            learning_rate=self.config.learning_rate * self.schedule(history.steps - 1),
            seconds=history.working_seconds - sum(row.seconds for row in history.epochs),
            evaluation={name: float(value) for name, value in results.items()},
        )
        history.epochs.append(row)
        state.next_epoch()

    def save(self, folder: Path | None) -> None:
        """Write a checkpoint, by the main process alone."""
        if folder is None:
            return
        with self.state.history.clock("training"):
            self.meter.read()  # never save weights that a NaN has reached
        with self.state.history.clock("checkpoints"):
            self.state.history.close_books(self.device)
            if self.accelerator.is_main_process:
                scaler = self.accelerator.scaler
                state = {**self.state.to_json(), "loss_scale": scaler.state_dict() if scaler is not None else None}
                save_checkpoint(folder, self.model, self.optimizer, state, self.fingerprint)

    def resume(self, checkpoint: Path) -> None:
        """Continue from a checkpoint of this very run."""
        saved = load_checkpoint(checkpoint, self.model, self.optimizer, self.fingerprint)
        if (scale := saved.pop("loss_scale")) is not None:
            self.accelerator.scaler.load_state_dict(scale)
        self.state = RunState.from_json(saved)
        self.state.history.resumed_from_step = self.state.history.steps
        self.meter = Meter(self.state)


def set_training_mode(model: nn.Module) -> None:
    """Training mode for all but BatchNorm layers whose parameters are frozen.

    Their statistics are frozen with them."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            parameters = list(module.parameters())
            if parameters and not any(parameter.requires_grad for parameter in parameters):
                module.eval()
