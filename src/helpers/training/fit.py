"""Training and prediction for every model of the course, on a CPU, a GPU, or several by `torchrun`.

This module knows neither a data set nor an architecture. `batches` is anything with `__len__` and `epoch(epoch, start)`
that yields (images (B, C, H, W), labels (B,)), batch k of an epoch being always the same; a model maps images to logits
(B, K). The loop over epochs is in `helpers.training.run`, the five lines of a step are in `helpers.training.step`.
"""

import copy
import dataclasses
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from helpers.progress import progress_bar
from helpers.training.checkpoints import describe_model, latest_checkpoint
from helpers.training.config import TrainingConfig, resolve_precision
from helpers.training.history import History
from helpers.training.run import Run, set_training_mode
from helpers.training.step import BatchSource, process_state


def training_device() -> torch.device:
    """The device that `fit` uses in this process: this rank's GPU where there is one, else the CPU."""
    return process_state().device


def fit(
    model: nn.Module,
    batches: BatchSource,
    config: TrainingConfig,
    *,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
    evaluate: Callable[[nn.Module], dict[str, float]] | None = None,
    checkpoint_dir: Path | str | None = None,
    layer_groups: Sequence[Sequence[str]] | None = None,
) -> History:
    """Train, in place, the parameters of a model that require a gradient; return the account of the run.

    With a `checkpoint_dir`, a run that was cut off continues where it was, to the same numbers on a CPU, provided the
    model comes with the weights it started from; a finished one returns at once. The caller's random state is left
    as it was.

    Parameters
    ----------
    loss : mean over a batch from (logits, labels); by default cross-entropy with the config's label smoothing
    evaluate : called with the model after each epoch (by every process); its numbers go into the history
    checkpoint_dir : a folder for this run alone
    layer_groups : parameter names from the input to the head, for the config's layer_decay

    Raises
    ------
    TrainingDiverged
        When the loss becomes NaN or infinite.
    CheckpointError
        When checkpoint_dir holds a damaged checkpoint, or one of another run.
    OSError
        When a checkpoint cannot be written.
    ValueError
        When the precision does not suit the device, nothing is trainable, or there are no batches.
    """
    run = Run(model, batches, config, loss, layer_groups)
    folder = None if checkpoint_dir is None else Path(checkpoint_dir)
    if folder is not None:
        run.fingerprint = _fingerprint(run, layer_groups)
        if (found := latest_checkpoint(folder)) is not None:
            run.resume(found)
    with _random_state_kept(run.device):
        run.train(evaluate, folder)
    return run.state.history


def predict(model: nn.Module, batches: BatchSource, *, precision: str = "auto", progress: bool = False) -> np.ndarray:
    """Logits of every image in the order of the batches, float32 (N, K); the model's mode is left as it was.

    Parameters
    ----------
    batches : unshuffled and not augmented, or rows and labels do not match
    precision : as in TrainingConfig, for the device the model is on
    progress : show a progress bar

    Raises
    ------
    ValueError
        When the precision does not suit the device, or there are no batches.
    """
    device = next(model.parameters()).device
    number_format = resolve_precision(precision, device)
    dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[number_format]
    modes = [(module, module.training) for module in model.modules()]
    logits: list[Tensor] = []
    model.eval()
    try:
        # Not inference_mode: what a model or its batches keep from here on could not be used in training again.
        with (
            progress_bar(len(batches), "predicting", unit="batch", show=progress) as bar,
            torch.no_grad(),
            torch.autocast(device.type, dtype=dtype, enabled=dtype is not None),
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


def estimate_seconds(model: nn.Module, batches: BatchSource, config: TrainingConfig, steps: int = 3) -> float:
    """Seconds of data and training that `fit` will take, from the median of a few updates of a copy of the model.

    The first update, which also pays for compilation, is not counted. Model, batches and random state are left as
    they were; evaluation is not included.
    """
    run = Run(copy.deepcopy(model), copy.copy(batches), dataclasses.replace(config, layer_decay=None))
    durations = []
    with _random_state_kept(run.device):
        set_training_mode(run.model)
        start = time.perf_counter()
        for group in islice(run.groups(), steps + 1):
            run.update(group)
            run.meter.read()  # waits for the device
            durations.append(time.perf_counter() - start)
            start = time.perf_counter()
    return statistics.median(durations[1:] or durations) * run.total_steps


def _random_state_kept(device: torch.device):
    """What draws random numbers after training must not depend on how long training was, or whether it resumed."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def _fingerprint(run: Run, layer_groups: Sequence[Sequence[str]] | None) -> dict:
    """All that a checkpoint must share with the run that continues it."""
    config = dataclasses.asdict(run.config)
    for name in ("progress", "checkpoint_every_s"):
        del config[name]
    names = ("num_images", "batch_size", "seed", "fingerprint")
    batches = {name: getattr(run.batches, name) for name in names if hasattr(run.batches, name)}
    return {
        "config": config | {"precision": run.state.history.precision},
        "processes": run.accelerator.num_processes,
        "batches": batches | {"per_epoch": len(run.batches)},
        "layer_groups": layer_groups,
        "loss": getattr(run.loss, "__qualname__", type(run.loss).__qualname__),
        "model": describe_model(run.model),
    }
