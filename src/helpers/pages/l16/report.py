"""From the answers of lab 16 to its tables and its record. A record names no class and no file: places, never names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, mean_per_class, paired_difference, top1
from helpers.measure.intervals import normal_quantile, wilson
from helpers.measure.learning_curve import Forecast, Point
from helpers.measure.logistic_probe import negative_log_likelihood
from helpers.models.pretrained import MODELS
from helpers.plots.names import in_markdown
from helpers.plots.tables import NBSP, percent, points

IMAGENET = "ImageNet: research, education"
LEARNED = {  # weights -> what they learned from, and their terms in short; the card of a kept model has them in full
    "package": ("ImageNet photographs", IMAGENET),
    "hub": ("ImageNet photographs", IMAGENET),
    "photographs": ("ImageNet photographs without a dog", IMAGENET),
    "shipped": ("drawn pictures", "CC BY 4.0"),
    "folder": ("unknown", "unknown"),
}
LOST_IN_ERROR = "The gain is no larger than the error of the law's own check: do not collect photographs because of it."
ABOVE = (0.5, 0.7, 0.8, 0.9, 0.95)  # confidences


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


def resolution(n: int, right: float = 0.9) -> str:
    """How coarsely a test list of n photographs tells accuracies apart, in a sentence."""
    low, high = wilson(right, n, normal_quantile(0.95))
    return (
        f"{n} test photographs, {100 * right:.0f} % of them right, would leave an accuracy of {100 * low:.0f} to "
        f"{100 * high:.0f} %; four times as many, about half that width."
    )


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
            "validation": f"{100 * row['val'].value:.1f}{NBSP}%",
            "test": percent(row["test"]),
            "the chosen one is better by": "– (chosen)" if row["behind"] is None else points(row["behind"]),
            "ms a picture": round(1000 * row["candidate"].seconds_a_picture, 1),
            "terms of its weights": LEARNED[row["candidate"].weights][1],
        }
        for row in rows
    ]


def verdict(rows: Sequence[Mapping[str, Any]], n_test: int) -> str:
    """What the decision table allows to say, in one or two sentences."""
    chosen = next(row for row in rows if row["behind"] is None)
    unsure = [row["name"] for row in rows if row["behind"] is not None and row["behind"].low <= 0]
    text = f"Chosen by validation: {chosen['name']}, test accuracy {percent(chosen['test'])} on {n_test} photographs."
    if unsure:
        text += f" These photographs cannot tell it from {', '.join(unsure)}."
    return text


def without(right: np.ndarray, left_out: Mapping[str, np.ndarray]) -> list[str]:
    """The accuracy without some of the test photographs, a sentence each; none where that are none, or all of them.

    `left_out`: what they have -> bool (n,)."""
    told = []
    for what, out in left_out.items():
        if out.any() and not out.all():
            alone = top1(right[~out].astype(int), np.ones((~out).sum(), dtype=int))
            told.append(f"Without the {out.sum()} test photographs that {what}: {percent(alone)}, n = {alone.n}.")
    return told


def class_rows(guesses: np.ndarray, labels: np.ndarray, names: Sequence[str], most: int = 12) -> list[dict[str, Any]]:
    """For each class, the worst first and at most `most`: how many are right, of how many, and what the others were
    taken for, with how often."""
    rows: list[dict[str, Any]] = []
    for label, name in enumerate(names):
        own = guesses[labels == label]
        taken = Counter(own[own != label].tolist()).most_common(3)
        others = ", ".join(f"{in_markdown(names[other])} ({times})" for other, times in taken)
        row = {"class": in_markdown(name), "right": int((own == label).sum()), "of": len(own)}
        rows.append(row | {"accuracy": percent(top1(own, np.full(len(own), label))), "taken for": others or None})
    return sorted(rows, key=lambda row: row["right"] / row["of"])[:most]


def threshold_rows(probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, Any]]:
    """What answering only above a confidence would do to the test photographs."""
    rows: list[dict[str, Any]] = []
    for threshold in ABOVE:
        accuracy = answered(probabilities, labels, threshold)[1]
        row = {"answer only above": f"{100 * threshold:.0f}{NBSP}%", "answered": accuracy.n if accuracy else 0}
        rows.append(row | {"of": len(labels), "right, of those": percent(accuracy) if accuracy else None})
    return rows


def threshold_text(probabilities: np.ndarray, labels: np.ndarray) -> str:
    """Whether any threshold of `threshold_rows` makes the answers that are left more often right, in a sentence."""
    everything = float(np.mean(probabilities.argmax(1) == labels))
    kept = [accuracy.value for t in ABOVE if (accuracy := answered(probabilities, labels, t)[1]) is not None]
    best = max(kept, default=0.0)
    if best <= everything:
        return f"Answering all is right in {100 * everything:.1f} %, and no threshold is better: here none helps."
    return f"Answering all is right in {100 * everything:.1f} %; the best threshold leaves {100 * best:.1f} %."


def families_text(candidates: Sequence[Candidate]) -> str:
    """Which family that learned from photographs is missing among the candidates, in a sentence; else empty."""
    tried = {MODELS[one.backbone].family for one in candidates if one.weights != "shipped"}
    missing = [name for family, name in (("cnn", "CNN"), ("vit", "ViT")) if family not in tried]
    if not missing:
        return ""
    return f"No {' and no '.join(missing)} pre-trained on photographs was tried: this run says nothing of CNN or ViT."


def last_word(
    row: Mapping[str, Any], labels: np.ndarray, asked_for: Sequence[str], skipped: Mapping[str, str], seed: int
) -> list[dict[str, str]]:
    """The verdict on the chosen one, a row of `decision_rows`: against chance, which model, and what the range holds.

    Chance is the answer that needs no picture: always the largest class of the test part. `asked_for` names the
    backbones of this run, `skipped` holds those that were not tried.
    """
    test, n, blind = row["test"], len(labels), float(np.bincount(labels).max() / len(labels))
    against = f"{percent(test)} of {n} test photographs, against {100 * blind:.1f}{NBSP}% for always the largest class"
    model = f"{row['name']}; terms of its weights: {LEARNED[row['candidate'].weights][1]}"
    untried = sum(name in skipped for name in asked_for)
    model += f"; {untried} of {len(asked_for)} backbones were not tried" if untried else ""
    range_ = f"{100 * test.low:.0f} to {100 * test.high:.0f}{NBSP}%, for other photographs like these"
    return [
        {"question": "Does it work?", "answer": f"{'yes' if test.low > blind else 'not shown'}: {against}"},
        {"question": "Which model?", "answer": model},
        {"question": "How sure?", "answer": f"{range_}; another split and training: `-p seed {seed + 1}`"},
    ]


def doubts(worst: Mapping[str, Any], calibration: str, counts: Mapping[str, int]) -> dict[str, str]:
    """The last row of the verdict: what to doubt first.

    `worst` is the first of `class_rows`; `counts` says of how many test photographs something is doubtful."""
    told = [f"{count} test photographs {what}" for what, count in counts.items() if count]
    told += [f"the class {worst['class']}: {worst['right']} of {worst['of']} right"]
    return {"question": "What to doubt first?", "answer": "; ".join([*told, calibration[0].lower() + calibration[1:]])}


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
    error = ahead.measured.value - ahead.predicted
    held = ahead.measured.low is not None and ahead.measured.high is not None
    inside = held and ahead.measured.low <= ahead.predicted <= ahead.measured.high  # type: ignore[operator]
    check = "inside its interval" if inside else "outside of its interval"
    return (
        f"Another {ahead.more} photographs a class would likely bring {points(ahead.gain)}, if the law holds. Its "
        f"check: fitted without the last size it says {100 * ahead.predicted:.1f} % there; measured were "
        f"{percent(ahead.measured)}, and it is {check}"
        + (f", a weak check at n = {ahead.measured.n}." if inside else ": do not trust the forecast.")
        + (f" {LOST_IN_ERROR}" if ahead.gain.value <= abs(error) else "")
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
