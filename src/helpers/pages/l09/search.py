"""The search for settings: points of a Sobol sequence, judged on validation images; those below the median stop early.

SciPy draws the points, Optuna keeps the trials and stops those that, after as many passes, lie below the median of the
trials before them (Golovin et al., "Google Vizier", KDD 2017). Both networks get the same points in the same order, the
defaults first. A search that was cut off goes on with the trial that it was in, to the same numbers.
"""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from scipy.stats import qmc
from torch import nn

from helpers.pages.l09.methods import DEFAULTS, LOG, SPACE
from helpers.training import TrainingDiverged

FREE, FIRST_LOOK = 4, 3  # trials that all run to their end; passes before a later one may be stopped
Report = Callable[[nn.Module], dict[str, float]]
Train = Callable[[Mapping[str, float], Report], None]


def points(count: int, seed: int) -> list[dict[str, float]]:
    """So many points of the space, the defaults first, then a scrambled Sobol sequence."""
    power = max(1, math.ceil(math.log2(max(2, count))))
    drawn = qmc.Sobol(len(SPACE), scramble=True, rng=seed).random_base2(power)  # (2^power, settings)
    found = [DEFAULTS]
    for row in drawn[: count - 1]:
        scaled = {}
        for share, (name, (low, high, how)) in zip(row.tolist(), SPACE.items(), strict=True):
            scaled[name] = low * (high / low) ** share if how == LOG else low + share * (high - low)
        found.append(scaled)
    return found


def suggested(trial: optuna.Trial) -> dict[str, float]:
    """The settings of a trial."""
    return {name: trial.suggest_float(name, low, high, log=how == LOG) for name, (low, high, how) in SPACE.items()}


def search(
    train: Train, ask: Callable[[nn.Module], float], trials: int, seed: int, folder: Path
) -> list[dict[str, Any]]:
    """Run so many trials.

    Parameters
    ----------
    train
        Trains a network with the given settings and calls back with it after each pass.
    ask
        Accuracy of a network on the validation images.
    trials
        How many, the defaults among them.
    seed
        Of the points.
    folder
        Where finished trials are kept until the search has ended.

    Returns
    -------
    list[dict]
        One row a trial: `number`, `settings`, `val_top1` after each pass, `stopped` early or not, `diverged`,
        `seconds`.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = opened(folder)

    def objective(trial: optuna.Trial) -> float:
        began, settings, passes = time.perf_counter(), suggested(trial), 0
        value = 0.0

        def after_a_pass(model: nn.Module) -> dict[str, float]:
            nonlocal passes, value
            passes, value = passes + 1, ask(model)
            trial.report(value, passes)
            trial.set_user_attr("seconds", time.perf_counter() - began)
            if trial.should_prune():
                raise optuna.TrialPruned
            return {"val_top1": value}

        try:
            train(settings, after_a_pass)
        except TrainingDiverged as error:
            trial.set_user_attr("diverged", True)
            raise optuna.TrialPruned from error
        return value

    for point in points(trials, seed)[len(study.trials) :]:
        study.enqueue_trial(point)
        study.optimize(objective, n_trials=1)
    return [row_of(trial) for trial in study.trials]


def opened(folder: Path) -> optuna.Study:
    """The search as it stands: a new one, or one that was cut off, without the trial that it was in.

    A trial that did not end would go on competing with the others, so a study that has one is copied without it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / "trials.log")))
    names = optuna.get_all_study_names(storage)
    kept = ended(optuna.load_study(study_name=max(names), storage=storage)) if names else []
    study = optuna.create_study(
        study_name=f"{len(names):03d}",
        storage=storage,
        sampler=optuna.samplers.RandomSampler(),  # never asked: every point is given
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FREE, n_warmup_steps=FIRST_LOOK),
        direction="maximize",
    )
    study.add_trials(kept)
    return study


def ended(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Its finished and its stopped trials."""
    return study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))


def row_of(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """A trial as the record holds it."""
    return {
        "number": trial.number,
        "settings": dict(trial.params),
        "val_top1": [trial.intermediate_values[step] for step in sorted(trial.intermediate_values)],
        "stopped": trial.state == TrialState.PRUNED,
        "diverged": bool(trial.user_attrs.get("diverged", False)),
        "seconds": float(trial.user_attrs.get("seconds", 0.0)),
    }
