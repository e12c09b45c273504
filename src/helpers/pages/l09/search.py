"""The search for settings: points of a Sobol sequence, judged on validation images, the worse half stopped early.

Optuna draws and stops. Both networks get the same points in the same order, the defaults first. A search that was cut
off goes on with the trial that it was in.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from torch import nn

from helpers.pages.l09.methods import DEFAULTS, LOG, SPACE
from helpers.training import TrainingDiverged

FIRST_LOOK, KEEP = 2, 2  # passes before the first comparison; one in so many goes on
Report = Callable[[nn.Module], dict[str, float]]
Train = Callable[[Mapping[str, float], Report], None]


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
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=folder.name,
        storage=JournalStorage(JournalFileBackend(str(folder / "trials.log"))),
        sampler=optuna.samplers.QMCSampler(scramble=True, seed=seed, warn_asynchronous_seeding=False),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=FIRST_LOOK, reduction_factor=KEEP),
        direction="maximize",
        load_if_exists=True,
    )
    if not study.trials:
        study.enqueue_trial(DEFAULTS)
    take_up(study)

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

    done = len(ended(study))
    if done < trials:
        study.optimize(objective, n_trials=trials - done)
    return [row_of(trial) for trial in ended(study)]


def take_up(study: optuna.Study) -> None:
    """Put the trials that were cut off, and have not been begun anew since, before all that are still to be drawn."""
    for killed in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(killed.number, state=TrialState.FAIL)
    begun_anew = [trial.params for trial in ended(study)]
    for cut_off in study.get_trials(states=(TrialState.FAIL,)):
        if cut_off.params and cut_off.params not in begun_anew:
            study.enqueue_trial(cut_off.params)
            begun_anew.append(cut_off.params)


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
