"""What lab 08 trains and how, and everything that can be refused before a picture is decoded."""

import inspect
import tempfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from helpers.data.breeds import load_breeds
from helpers.measure.cost import training_step_macs
from helpers.measure.linear_probe import probe_macs
from helpers.models import pretrained as pre
from helpers.training import TrainingConfig, resolve_precision, training_device
from helpers.training.side_by_side import cores_for_trainings

SMALL = 64  # pixels: networks of larger images use all cores, and much memory


def training_config(parameters: Mapping[str, Any], model: str, tuning: str, seed: int) -> TrainingConfig:
    """How one cell is trained; the scratch control trains everything, at the rate of `full`."""
    return TrainingConfig(
        epochs=parameters["epochs"],
        learning_rate=parameters["learning_rates"]["full" if tuning == "scratch" else tuning],
        layer_decay=None if tuning == "probe" else parameters["layer_decay"],  # one layer has nothing to decay
        label_smoothing=parameters["label_smoothing"],
        precision=parameters["precision"],
        compile=parameters["compile_model"],
        checkpoint_every_s=parameters["checkpoint_every_s"],
        channels_last=pre.MODELS[model].family == "cnn",
        seed=seed,
    )


def trainings_at_once(parameters: Mapping[str, Any], runs: int) -> int:
    """How many of the runs to train at a time: of networks of small images one a core, up to four; of others one."""
    sizes = (pre.check_image_size(name, parameters["image_size"]) for name in parameters["models"])
    alone = runs < 2 or max(sizes) > SMALL or "probe" in parameters["tunings"]
    return 1 if alone else min(runs, cores_for_trainings())


def macs_per_image(ready: pre.Pretrained, tuning: str, epochs: int) -> int:
    """MACs of one training image, forward and backward; of a probe, whose backbone runs once a view, as a mean."""
    return probe_macs(ready, epochs) if tuning == "probe" else training_step_macs(ready.model, ready.image_size)


def check(parameters: Mapping[str, Any]) -> dict[str, int]:
    """Refuse, before any work, what would fail later.

    Returns
    -------
    dict
        The image size in pixels of each model.

    Raises
    ------
    ValueError
        If a model cannot take the weights or the image size, a tuning has no learning rate, an option of the drawn set
        does not exist, a setting of the training lies outside its limits, or `output_dir` cannot be written.
    """
    models, tunings = parameters["models"], parameters["tunings"]
    pre.check_choices(models, tunings, parameters["weights"], parameters["image_size"])
    sizes = parameters["photographs_a_class"] or []
    if sizes != sorted(sizes):
        raise ValueError(f"photographs_a_class: expected ascending numbers such as 1,2,5,10, got {sizes}")
    if sizes and not parameters["val_fraction"]:
        raise ValueError(
            "photographs_a_class: its probe is chosen on the validation part, which val_fraction=0 leaves out"
        )
    resolve_precision(parameters["precision"], training_device())
    parts = tunings + (["scratch"] if parameters["scratch_control"] else [])
    _check_rates(parameters["learning_rates"], parts)
    if parameters["dataset"] == "breeds":
        options = [name for name in inspect.signature(load_breeds).parameters if name.startswith("n_")]
        _check_names("breeds", parameters["breeds"], [*options, "difficulty"])
    for model, part in product(models, parts):
        training_config(parameters, model, part, seed=0)
    if parameters["output_dir"] is not None:
        _check_writable(Path(parameters["output_dir"]))
    return {name: pre.check_image_size(name, parameters["image_size"]) for name in models}


def _check_rates(rates: Mapping[str, float], parts: list[str]) -> None:
    _check_names("learning_rates", rates, pre.TUNINGS)
    needed = dict.fromkeys("full" if part == "scratch" else part for part in parts)
    if missing := [part for part in needed if part not in rates]:
        why = " (the scratch control trains everything, at the rate of full)" if "scratch" in parts else ""
        raise ValueError(
            f"learning_rates: expected a rate for {', '.join(needed)}, got none for {', '.join(missing)}{why}; for"
            " example: -y 'learning_rates: {probe: 0.003, top10: 0.001, full: 0.001}'"
        )


def _check_names(parameter: str, given: Mapping[str, Any], known: list[str] | tuple[str, ...]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise ValueError(f"{parameter}: expected some of {', '.join(known)}, got {', '.join(unknown)}")


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"output_dir: expected a folder that can be written to, got {folder} ({error.strerror}); leave it"
            " out to keep checkpoints in the build folder while the lab runs"
        ) from error
