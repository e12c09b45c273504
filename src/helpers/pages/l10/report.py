"""From the runs of lab 10 to its points and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, pooled, top1
from helpers.measure.calibration import calibration_estimate
from helpers.measure.contrast import contrast
from helpers.measure.findings import Finding, by_seed
from helpers.pages.l10.methods import ARMS, MODELS, STATEMENTS

Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Point:
    """One network with one augmentation.

    Attributes
    ----------
    arm
        Which augmentation.
    model
        Which network.
    top1
        Test accuracy, over seeds and test images.
    training
        Share of the training images, as they are, named rightly at the end; mean over seeds.
    sure
        Mean probability of the first guess on the test images.
    calibration
        Expected calibration error on the test images: with one seed a bootstrap interval over images, with several
        the mean over seeds without one.
    """

    arm: str
    model: str
    top1: Estimate
    training: float
    sure: float
    calibration: Estimate

    @property
    def gap(self) -> float:
        """Training minus test accuracy."""
        return self.training - self.top1.value

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        plain = {"arm": self.arm, "model": self.model, "train_top1": self.training, "sure": self.sure}
        return plain | {"test_top1": self.top1.as_dict(), "calibration": self.calibration.as_dict()}


def answers(runs: Runs, labels: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """(arm, model) -> right or wrong, bool (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If they have different seeds.
    """
    return by_seed(((run["arm"], run["model"]), run["seed"], np.asarray(run["predictions"]) == labels) for run in runs)


def points(runs: Runs, labels: np.ndarray) -> list[Point]:
    """One point for each network and augmentation, in this order."""
    right, found = answers(runs, labels), []
    for model in MODELS:
        for arm in ARMS:
            if (arm, model) not in right:
                continue
            own = sorted((run for run in runs if (run["arm"], run["model"]) == (arm, model)), key=lambda r: r["seed"])
            sure = np.array([run["confidences"] for run in own])  # (seeds, n)
            errors = [calibration_estimate(*pair) for pair in zip(sure, right[arm, model], strict=True)]
            mean = float(np.mean([error.value for error in errors]))
            error = errors[0] if len(errors) == 1 else Estimate(mean, None, None, len(errors), "nothing")
            learned = float(np.mean([run["train_top1"] for run in own]))
            found.append(Point(arm, model, pooled(right[arm, model]), learned, float(sure.mean()), error))
    return found


def findings(runs: Runs, labels: np.ndarray) -> list[Finding]:
    """The statements all of whose accuracies are there."""
    right = answers(runs, labels)
    return [
        Finding(statement, contrast([(sign, right[arm, model]) for sign, arm, model in statement.terms]))
        for statement in STATEMENTS
        if all((arm, model) in right for _, arm, model in statement.terms)
    ]


def record_rows(runs: Runs, labels: np.ndarray, keep_answers: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them, each with its test accuracy; `keep_answers` for the record of a piece."""
    left_out = () if keep_answers else ("predictions", "confidences")
    return [
        {key: value for key, value in run.items() if key not in left_out}
        | {"test_top1": top1(np.asarray(run["predictions"]), labels).as_dict(), "n_test": len(labels)}
        for run in runs
    ]
