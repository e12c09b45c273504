"""From the searches of lab 9 to what they found, what they cost, and the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, pooled
from helpers.measure.contrast import contrast
from helpers.measure.findings import Finding, by_seed
from helpers.measure.intervals import wilson
from helpers.pages.l09.methods import BEST, DEFAULT, MODELS, STATEMENTS, gain

Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Found:
    """What one network's search came to.

    Attributes
    ----------
    model
        Which.
    settings
        The best ones.
    is_default
        Whether these are the defaults.
    val
        Validation accuracy of the winner, in the trial by which it won.
    default_val
        That of the defaults in theirs, if they were not stopped.
    test
        Test accuracy of the best settings after fresh trainings.
    default_test
        That of the defaults.
    trials
        How many.
    stopped
        How many of them were stopped early.
    diverged
        How many of these since their loss was no number.
    passes
        How many passes were run.
    all_passes
        How many it would have been without stopping.
    """

    model: str
    settings: Mapping[str, float]
    is_default: bool
    val: Estimate
    default_val: float | None
    test: Estimate
    default_test: Estimate
    trials: int
    stopped: int
    diverged: int
    passes: int
    all_passes: int

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        plain = {key: value for key, value in vars(self).items() if not isinstance(value, Estimate)}
        return plain | {
            "settings": dict(self.settings),
            "val_top1": self.val.as_dict(),
            "test_top1": self.test.as_dict(),
            "default_test_top1": self.default_test.as_dict(),
        }


def answers(runs: Runs, labels: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """(setting, model) -> right or wrong on the test images, bool (seeds, n), in the order of the seeds."""
    return by_seed(
        ((row["setting"], run["model"]), row["seed"], np.asarray(row["predictions"]) == labels)
        for run in runs
        for row in run["finals"]
    )


def founds(runs: Runs, labels: np.ndarray, n_val: int, epochs: int) -> list[Found]:
    """One for each network whose search has ended.

    Parameters
    ----------
    n_val
        Validation images.
    epochs
        Passes of a trial that is not stopped.
    """
    right, rows = answers(runs, labels), []
    for model in MODELS:
        for run in (run for run in runs if run["model"] == model and run["finals"]):
            trials = run["trials"]
            best = next(trial for trial in trials if trial["number"] == run["best"])
            first = trials[0]
            value = best["val_top1"][-1]
            low, high = wilson(value, n_val, 1.959964)
            rows.append(
                Found(
                    model,
                    best["settings"],
                    best is first,
                    Estimate(value, low, high, n_val, "test sampling"),
                    None if first["stopped"] else first["val_top1"][-1],
                    pooled(right[BEST, model]),
                    pooled(right[DEFAULT, model]),
                    len(trials),
                    sum(trial["stopped"] for trial in trials),
                    sum(trial["diverged"] for trial in trials),
                    sum(len(trial["val_top1"]) for trial in trials),
                    epochs * len(trials),
                )
            )
    return rows


def findings(runs: Runs, labels: np.ndarray) -> list[Finding]:
    """The statements all of whose accuracies are there, but for what a search brought that kept the defaults."""
    right = answers(runs, labels)
    kept = [
        run["model"] for run in runs if run["best"] == run["trials"][0]["number"]
    ]  # the defaults, so no gain to test
    return [
        Finding(statement, contrast([(sign, right[setting, model]) for sign, setting, model in statement.terms]))
        for statement in STATEMENTS
        if all((setting, model) in right for _, setting, model in statement.terms)
        and not any(statement.terms == gain(model) for model in kept)
    ]


def record_rows(runs: Runs, labels: np.ndarray, keep_predictions: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them; `keep_predictions` for the record of a piece."""
    rows = []
    for run in runs:
        finals = [
            {key: value for key, value in final.items() if keep_predictions or key != "predictions"}
            | {"right": float(np.mean(np.asarray(final["predictions"]) == labels))}
            for final in run["finals"]
        ]
        rows.append(dict(run) | {"finals": finals})
    return rows
