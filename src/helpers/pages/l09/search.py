"""The search for settings: points of a Sobol sequence, judged on validation images; those below the median stop early.

SciPy draws the points, Optuna keeps the trials and stops those that, after as many passes, lie below the median of the
trials that have ended by then (Golovin et al., "Google Vizier", KDD 2017). Both networks get the same points in the
same order, the defaults first. Several workers may share one search: its trials lie in one file, whoever is free takes
the next point, and each is judged beside the ended trials of all. A worker that was cut off goes on with the point that
it was at; alone, to the same numbers.
"""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
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
    train: Train, ask: Callable[[nn.Module], float], trials: int, seed: int, folder: Path, worker: int = 0
) -> list[dict[str, Any]]:
    """Run so many trials, alone or with other workers on the same folder, until no point is left to begin.

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
        Where the trials are kept until the search has ended; the same for all who share them.
    worker
        The number of this one; no other may run under it at the same time.

    Returns
    -------
    list[dict]
        One row for each trial that has ended, whoever ran it, in the order of the points: its `number`, `settings`,
        `val_top1` after each pass, `stopped` early or not, `diverged`, `seconds`, `worker`. Fewer than `trials` while
        other workers are still at theirs.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    todo, study = points(trials, seed), opened(folder)
    for cut_off in study.get_trials(states=(TrialState.RUNNING,)):
        if cut_off.user_attrs["worker"] == worker:
            study.tell(cut_off.number, state=TrialState.FAIL)
    while (trial := claimed(study, todo, folder, worker)) is not None:
        try:
            study.tell(trial, run(trial, train, ask))
        except optuna.TrialPruned:
            study.tell(trial, state=TrialState.PRUNED)
    ended = study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED))
    return sorted(map(row_of, ended), key=lambda row: row["number"])


def run(trial: optuna.Trial, train: Train, ask: Callable[[nn.Module], float]) -> float:
    """One trial; its last accuracy.

    Raises
    ------
    optuna.TrialPruned
        If it is stopped early, or diverges.
    """
    began, settings, passes, value = time.perf_counter(), suggested(trial), 0, 0.0

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


def opened(folder: Path) -> optuna.Study:
    """The search in a folder, a new one where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    return optuna.create_study(
        study_name="search",
        load_if_exists=True,
        storage=JournalStorage(JournalFileBackend(str(folder / "trials.log"))),
        sampler=optuna.samplers.RandomSampler(),  # never asked: every point is given
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FREE, n_warmup_steps=FIRST_LOOK),
        direction="maximize",
    )


def claimed(study: optuna.Study, todo: list[dict[str, float]], folder: Path, worker: int) -> optuna.Trial | None:
    """The first point that nobody has begun, as a trial of this worker; None if there is none.

    A trial that was cut off has failed: its point is free again.
    """
    with FileLock(folder / "claims.lock"):
        begun = study.get_trials(deepcopy=False)
        if not any(trial.state == TrialState.WAITING for trial in begun):  # one that is, somebody died over in here
            taken = {trial.user_attrs["point"] for trial in begun if trial.state != TrialState.FAIL}
            free = next((number for number in range(len(todo)) if number not in taken), None)
            if free is None:
                return None
            study.enqueue_trial(todo[free], user_attrs={"point": free, "worker": worker})
        trial = study.ask()
        trial.set_user_attr("worker", worker)
    return trial


def closes(folder: Path, worker: int) -> bool:
    """Whether it falls to this worker to go on from the search that has ended: to the first that asks."""
    with FileLock(folder / "claims.lock"):
        study = opened(folder)
        first = study.user_attrs.get("closed by", worker)
        study.set_user_attr("closed by", first)
    return bool(first == worker)


def row_of(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """A trial as the record holds it."""
    return {
        "number": trial.user_attrs["point"],
        "settings": dict(trial.params),
        "val_top1": [trial.intermediate_values[step] for step in sorted(trial.intermediate_values)],
        "stopped": trial.state == TrialState.PRUNED,
        "diverged": bool(trial.user_attrs.get("diverged", False)),
        "seconds": float(trial.user_attrs.get("seconds", 0.0)),
        "worker": trial.user_attrs["worker"],
    }
