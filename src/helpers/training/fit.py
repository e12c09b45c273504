"""Training and prediction for every model of the course, on a CPU, a GPU, or several by `torchrun`.

This module knows neither a data set nor an architecture. `batches` is anything with `__len__` and
`epoch(epoch, start)`, batch k of an epoch being always the same; a `step` makes a loss of a model and a batch. By
default batches are (images (B, C, H, W), labels (B,)) and a model maps images to logits (B, K). The loop over epochs
is in `helpers.training.run`, the five lines of a step are in `helpers.training.step`.
"""

import contextlib
import copy
import dataclasses
import statistics
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from helpers.progress import progress_bar
from helpers.training.checkpoints import latest_checkpoint, reserved
from helpers.training.config import TrainingConfig, resolve_precision
from helpers.training.distributed import wait_for_everyone
from helpers.training.history import History
from helpers.training.run import Evaluate, MakeOptimizer, Run, Schedule, autocast, set_training_mode
from helpers.training.step import BatchSource, Step


def fit(
    model: nn.Module,
    batches: BatchSource,
    config: TrainingConfig,
    *,
    step: Step | None = None,
    unit: str = "images",
    evaluate: Evaluate | None = None,
    checkpoint_dir: Path | str | None = None,
    layer_groups: Sequence[Sequence[str]] | None = None,
    optimizer: MakeOptimizer | None = None,
    schedule: Schedule | None = None,
) -> History:
    """Train, in place, the parameters of a model that require a gradient; return the account of the run.

    With a `checkpoint_dir`, a run that was cut off continues where it was, to the same numbers on a CPU, provided the
    model comes with the weights it started from; a finished one returns at once. Another run's checkpoint is refused:
    one of other data, another step, other settings. The caller's random state is left as it was.

    Parameters
    ----------
    model
        On the CPU or on the device where it shall be trained.
    batches
        Of several processes each has its own share, `rank` of `world_size`.
    config
        How it is trained.
    step
        `step(model, batch) -> (summed loss, right, count)`: forward pass and loss of one batch, the sum over all that
        it counts, be it images or tokens; how many were right (0 where that means nothing); how many there are. The
        gradient is that of the mean over all batches of an update. It runs under autocast where the precision asks for
        it: take the loss of `logits.float()`. By default classification with the config's label smoothing.
    unit
        What the step counts, in words, for the history.
    evaluate
        Called with the model after each epoch (by every process); its numbers go into the history.
    checkpoint_dir
        A folder for this run alone.
    layer_groups
        Parameter names from the input to the head, for the config's layer_decay.
    optimizer
        Makes another optimiser than AdamW from parameter groups, each with "params", "names", "lr" and "weight_decay";
        `torch.optim.SGD` will do.
    schedule
        `schedule(t, T)` is the factor of every rate at update t of T, counted from 0; by default the config's warm-up
        and cosine.

    Returns
    -------
    History
        A row per epoch, what it cost, where it ran.

    Raises
    ------
    TrainingDiverged
        When the loss becomes NaN or infinite.
    CheckpointError
        When checkpoint_dir holds a damaged checkpoint or one of another run, or another run is training there.
    OSError
        When checkpoint_dir cannot be written to (before training), or a checkpoint cannot be written.
    ValueError
        When the precision does not suit the device, nothing is trainable, there are no batches or they are not this
        process's share, the step returns something else, or a checkpoint could not tell data or step from others.
    """
    run = Run(model, batches, config, step, layer_groups, optimizer, schedule, unit)
    if checkpoint_dir is None:
        with _random_state_kept(run.device):
            run.train(evaluate, None, {})
        return run.state.history
    folder = Path(checkpoint_dir).expanduser()
    fingerprint = run.fingerprint(evaluate)
    with reserved(folder) if run.place.is_main_process else contextlib.nullcontext():
        wait_for_everyone()
        if (found := latest_checkpoint(folder)) is not None:
            run.resume(found, fingerprint)
        wait_for_everyone()  # none writes before all have read
        with _random_state_kept(run.device):
            run.train(evaluate, folder, fingerprint)
    return run.state.history


def predict(model: nn.Module, batches: BatchSource, *, precision: str = "auto", progress: bool = False) -> np.ndarray:
    """Logits of every image in the order of the batches, float32 (N, K); the model's mode is left as it was.

    Parameters
    ----------
    model
        Maps images to logits (B, K).
    batches
        Of (images, labels), made with shuffle=False, augment=False and all images, so that rows and labels match.
    precision
        As in TrainingConfig, for the device the model is on.
    progress
        Show a progress bar.

    Returns
    -------
    np.ndarray
        Logits, float32 (N, K).

    Raises
    ------
    ValueError
        When the batches are shuffled, augmented or one process's share, the precision does not suit the device, or
        there are no batches.
    """
    _check_order(batches)
    device = next(model.parameters()).device
    number_format = resolve_precision(precision, device)
    modes = [(module, module.training) for module in model.modules()]
    logits: list[Tensor] = []
    model.eval()
    try:
        # Not inference_mode: what a model or its batches keep from here on could not be used in training again.
        with (
            progress_bar(len(batches), "predicting", unit="batch", show=progress) as bar,
            torch.no_grad(),
            autocast(device, number_format),
        ):
            for images, _ in batches.epoch(0):
                logits.append(model(images.to(device, non_blocking=True)).float())  # (B, K)
                bar.update()
    finally:
        for module, training in modes:
            module.training = training
    if not logits:
        raise ValueError("batches: expected at least one batch, got 0")
    return torch.cat(logits).cpu().numpy()  # (N, K)


def estimate_seconds(
    model: nn.Module, batches: BatchSource, config: TrainingConfig, steps: int = 3, *, step: Step | None = None
) -> float:
    """Seconds of data and training that `fit` will take, from the median of a few updates of a copy of the model.

    The first update, which also pays for compilation, is not counted. Model, batches and random state are left as
    they were; evaluation is not included.

    Parameters
    ----------
    model, batches, config, step
        As for `fit`.
    steps
        Updates that are timed.

    Returns
    -------
    float
        Seconds of all epochs.
    """
    run = Run(copy.deepcopy(model), copy.copy(batches), dataclasses.replace(config, layer_decay=None), step)
    durations = []
    with _random_state_kept(run.device):
        set_training_mode(run.model)
        start = time.perf_counter()
        for group in islice(run.groups(), steps + 1):
            run.advance(group)
            run.meter.read()  # waits for the device
            durations.append(time.perf_counter() - start)
            start = time.perf_counter()
    return statistics.median(durations[1:] or durations) * run.total_steps


def _check_order(batches: BatchSource) -> None:
    """Refuse batches whose rows are not all images in the order of the array."""
    found = {
        "shuffle": bool(getattr(batches, "shuffle", False)),
        "augment": getattr(batches, "augmentation", None) is not None,
    }
    if any(found.values()):
        raise ValueError(
            "batches: predict expected shuffle=False, augment=False, so that rows and labels match, got "
            + ", ".join(f"{name}={value}" for name, value in found.items())
        )
    if (processes := getattr(batches, "world_size", 1)) > 1:
        raise ValueError(
            f"batches: predict expected all images, got the share of rank {getattr(batches, 'rank', 0)} of {processes} "
            "processes; leave out rank and world_size, each process predicts everything"
        )


def _random_state_kept(device: torch.device):
    """What draws random numbers after training must not depend on how long training was, or whether it resumed."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
