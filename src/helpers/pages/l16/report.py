"""From the answers of lab 16 to its tables and its record. A record names no class and no file: places, never names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, mean_per_class, paired_difference, top1
from helpers.measure.learning_curve import Forecast, Point
from helpers.measure.logistic_probe import negative_log_likelihood
from helpers.models.pretrained import MODELS
from helpers.plots.tables import percent, points


@dataclass(frozen=True)
class Candidate:
    """One trained classifier: logits of the validation and the test part, and what it cost.

    Attributes
    ----------
    seconds
        To get it: features and head, or the further training.
    seconds_a_picture
        Of the whole network, in batches of four.
    macs
        Multiply-accumulates a picture.
    trained
        Trained numbers.
    """

    backbone: str
    tuning: str
    weights: str
    val: np.ndarray
    test: np.ndarray
    seconds: float
    seconds_a_picture: float
    macs: int
    trained: int
    engine: str

    @property
    def name(self) -> str:
        """Backbone and tuning."""
        return f"{self.backbone} {self.tuning}"


def best_of(candidates: Sequence[Candidate], val_labels: np.ndarray) -> Candidate:
    """The candidate with the highest validation accuracy; among equals the one that finds the true classes likelier."""

    def order(candidate: Candidate) -> tuple[float, float]:
        accuracy = float(np.mean(candidate.val.argmax(1) == val_labels))
        return accuracy, -negative_log_likelihood(candidate.val, val_labels)

    return max(candidates, key=order)


def decision_rows(
    candidates: Sequence[Candidate], chosen: Candidate, val_labels: np.ndarray, test_labels: np.ndarray
) -> list[dict[str, Any]]:
    """What speaks for each candidate, numbers and estimates; `behind` is the chosen one's accuracy minus its own."""
    rows = []
    for candidate in candidates:
        right, best = candidate.test.argmax(1) == test_labels, chosen.test.argmax(1) == test_labels
        row: dict[str, Any] = {"name": candidate.name, "family": MODELS[candidate.backbone].family}
        row |= {"val": top1(candidate.val.argmax(1), val_labels), "test": top1(candidate.test.argmax(1), test_labels)}
        row["per_class"] = mean_per_class(candidate.test.argmax(1), test_labels, candidate.test.shape[1])
        row["behind"] = None if candidate is chosen else paired_difference(best, right)
        rows.append(row | {"candidate": candidate})
    return rows


def decision_table(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of `decision_rows` for a reader."""
    return [
        {
            "candidate": row["name"],
            "validation": percent(row["val"]),
            "test": percent(row["test"]),
            "the chosen one is better by": "– (chosen)" if row["behind"] is None else points(row["behind"]),
            "seconds to get it": round(row["candidate"].seconds, 1),
            "ms a picture": round(1000 * row["candidate"].seconds_a_picture, 1),
            "MMACs a picture": round(row["candidate"].macs / 1e6),
        }
        for row in rows
    ]


def verdict(rows: Sequence[Mapping[str, Any]], n_test: int) -> str:
    """What the decision table allows to say, in one or two sentences."""
    chosen = next(row for row in rows if row["behind"] is None)
    unsure = [row["name"] for row in rows if row["behind"] is not None and row["behind"].low <= 0]
    text = f"Chosen by validation: {chosen['name']}, test accuracy {percent(chosen['test'])} on {n_test} photographs."
    if unsure:
        text += f" These photographs cannot tell it from {', '.join(unsure)}: take the cheapest of them."
    return text


def record_rows(rows: Sequence[Mapping[str, Any]], seed: int) -> list[dict[str, Any]]:
    """One run for each candidate."""
    found = []
    for row in rows:
        candidate = row["candidate"]
        run = {"seed": seed, "model": candidate.backbone, "tuning": candidate.tuning, "weights": candidate.weights}
        run |= {"val_top1": row["val"].as_dict(), "test_top1": row["test"].as_dict()}
        run |= {"test_per_class": row["per_class"].as_dict(), "chosen": row["behind"] is None}
        run["chosen_minus_this_top1_difference"] = None if row["behind"] is None else row["behind"].as_dict()
        run |= {"seconds": candidate.seconds, "seconds_a_picture": candidate.seconds_a_picture}
        run |= {"macs": candidate.macs, "trained_parameters": candidate.trained, "engine": candidate.engine}
        found.append(run)
    return found


def forecast_row(ahead: Forecast | None) -> dict[str, Any] | None:
    """The forecast for the record."""
    if ahead is None:
        return None
    told = {"now": ahead.now, "more": ahead.more, "top1_gain": ahead.gain.as_dict()}
    return told | {"predicted_top1": ahead.predicted, "measured_top1": ahead.measured.as_dict()}


def forecast_text(ahead: Forecast | None) -> str:
    """The forecast in words, with its check; or why there is none."""
    if ahead is None:
        return "Too few sizes to fit a law: what more photographs would bring is a guess that this lab does not make."
    held = ahead.measured.low is not None and ahead.measured.high is not None
    inside = held and ahead.measured.low <= ahead.predicted <= ahead.measured.high  # type: ignore[operator]
    check = "inside its interval" if inside else "outside of its interval: do not trust the forecast"
    return (
        f"Another {ahead.more} photographs a class would likely bring {points(ahead.gain)}, if the law holds. Its "
        f"check: fitted without the last size it says {100 * ahead.predicted:.1f} % there; measured were "
        f"{percent(ahead.measured)}, so it is {check}."
    )


def answered(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> tuple[float, Estimate | None]:
    """The share of photographs whose confidence reaches a threshold, and the accuracy on those; None for none."""
    sure = probabilities.max(1) >= threshold
    if not sure.any():
        return 0.0, None
    return float(sure.mean()), top1(probabilities[sure].argmax(1), labels[sure])


def ahead_of(curve: Sequence[Point], ahead: Forecast | None) -> dict[str, float] | None:
    """The forecast as the point that `accuracy_curve` draws, between 0 and 1."""
    if ahead is None or ahead.gain.low is None or ahead.gain.high is None:
        return None
    now = curve[-1].top1.value
    value, low, high = (min(1.0, max(0.0, now + end)) for end in (ahead.gain.value, ahead.gain.low, ahead.gain.high))
    return {"size": ahead.now + ahead.more, "value": value, "low": low, "high": high}


def title(probabilities: np.ndarray, names: Sequence[str], label: int) -> str:
    """What is written over a picture: "beagle 93 %", with the truth where the guess is wrong."""
    guess = int(probabilities.argmax())
    told = f"{names[guess]} {100 * probabilities[guess]:.0f} %"
    return told if guess == label else f"{told}\nis: {names[label]}"


def coverage(probabilities: np.ndarray, labels: np.ndarray) -> list[tuple[float, float, float]]:
    """(threshold, share answered, accuracy on those) for thresholds from 0 up, as long as anything is answered."""
    found = []
    for threshold in np.linspace(0, 1, 41):
        share, accuracy = answered(probabilities, labels, threshold)
        if accuracy is not None:
            found.append((float(threshold), share, accuracy.value))
    return found
