"""Name the disease: loss curves of trainings in which one thing is wrong, to be recognised, and to be given.

The curves are those of the page's record; every sentence is made here, so that script and tests read the same.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, QUIET, RC
from helpers.widgets.base import Explorer

SIGNS: dict[str, tuple[str, str]] = {  # what to look for, and what to do
    "healthy": (
        "a first loss near ln 10, both curves falling together, validation levelling out a little above",
        "nothing; write down the seed",
    ),
    "rate too high": (
        "jumps from look to look, or a plateau near the loss of guessing that nothing leads away from",
        "divide the rate by ten; the rate finder shows where",
    ),
    "rate too low": (
        "a healthy start, and two curves side by side that are still going down when the training ends",
        "raise the rate in factors of four; validation chooses",
    ),
    "bad start": (
        "a first loss many times that of guessing though the inputs are in order",
        "the variance of the starting weights: 2 / inputs for ReLU",
    ),
    "dead units": (
        "units that no image wakes; if all are silent the loss lies on that of guessing and nothing moves",
        "biases at 0, a lower rate, and a count of silent units",
    ),
    "over-fitting": (
        "training towards 0 while validation turns and climbs: the gap is the sign, not the height",
        "more and cleaner data, augmentation; of the rest what validation chooses",
    ),
    "labels shuffled": (
        "a training loss that falls far too slowly, since every wrong label has to be learned by itself; with all "
        "shuffled, validation at chance and its loss above that of guessing",
        "look at twenty images with their labels",
    ),
    "normalisation forgotten": (
        "inputs in the hundreds, and a first loss as far from that of guessing as the inputs are from 1",
        "subtract the mean, divide by the standard deviation, in training and in use",
    ),
    "evaluated in train mode": (
        "two curves that stay too high, and another answer when asked again: it depends on the neighbours and on luck",
        "model.eval() before every question, model.train() before every step",
    ),
}
LOWEST, GUESSING = -3, round(math.log10(math.log(10)), 4)
FIRST = "over-fitting"  # that the picture without scripts shows


def number(value: float) -> str:
    """Short, for a sentence: 0.004, 2.31, 48, 12,000."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}" if value >= 0.095 else f"{value:.3f}"


def chart_of(patient: Mapping[str, Any]) -> str:
    """What one would measure of a patient, in sentences."""
    train, val, again = patient["ends"]
    low, high = (f"{value:,.0f}".replace("-", "−") for value in patient["inputs"])
    right, val_right, silent = (100 * patient[key] for key in ("train_top1", "val_top1", "silent"))
    return (
        f"Inputs {low} to {high}. First loss {number(10 ** patient['train'][0])}; after {patient['steps'][-1]} steps "
        f"{number(train)} in training and {val:.4g} in validation, {again:.4g} when asked again. Right {right:.0f} and "
        f"{val_right:.0f} %. Silent units {silent:.0f} %."
    )


def order_of(count: int) -> list[int]:
    """In which order the patients are shown: shuffled, the same for everybody."""
    return random.Random(4).sample(range(count), count)


def told_hidden(place: int, patients: Sequence[Mapping[str, Any]]) -> str:
    """What is said of the patient at a place of the order, before it is named."""
    patient = patients[order_of(len(patients))[place]]
    return f"Patient {place + 1} of {len(patients)}. {chart_of(patient)} What is it?"


def told_guess(patient: Mapping[str, Any], guess: str) -> str:
    """What is said to a diagnosis."""
    disease = patient["disease"]
    if guess == disease:
        return f"Right: {disease}, {patient['dose']}. Look for {SIGNS[disease][0]}. Do: {SIGNS[disease][1]}."
    return f"Not {guess}: there one sees {SIGNS[guess][0]}. Look again."


def told_given(patient: Mapping[str, Any]) -> str:
    """What is said of a disease that the reader gave."""
    return f"{patient['disease']}, {patient['dose']}. {chart_of(patient)} Look for {SIGNS[patient['disease']][0]}."


class DiseaseExplorer(Explorer):
    """Name the disease of a loss curve, then give it in three doses.

    Parameters
    ----------
    patients
        Of the record: `disease`, `dose`, `steps`, `train` and `val` (powers of ten), `inputs`, `silent`, accuracies.

    Raises
    ------
    ValueError
        If a disease has no signs.
    """

    script = "explorer.js"

    def __init__(self, patients: Sequence[Mapping[str, Any]]) -> None:
        self.patients = [dict(patient) for patient in patients]
        if unknown := {patient["disease"] for patient in self.patients} - set(SIGNS):
            raise ValueError(f"patients: expected diseases of SIGNS, got {sorted(unknown)}")
        shown = [
            {key: patient[key] for key in ("disease", "dose", "steps", "train", "val")} | {"chart": chart_of(patient)}
            for patient in self.patients
        ]
        data: dict[str, Any] = {"patients": shown, "order": order_of(len(shown)), "lowest": LOWEST}
        data |= {"signs": [[name, *signs] for name, signs in SIGNS.items()], "guessing": GUESSING}
        super().__init__(data, alt=f"Training and validation loss of a sick training. {told_given(self._first())}")

    def _first(self) -> dict[str, Any]:
        return next(patient for patient in self.patients if patient["disease"] == FIRST)

    def still(self) -> Figure:
        """One patient, named."""
        patient = self._first()
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 2.8))
            for side, name, colour in (("train", "training", "vit"), ("val", "validation", "cnn")):
                ax.plot(patient["steps"], [10**power for power in patient[side]], color=FAMILY_COLOURS[colour])
                ax.annotate(name, (patient["steps"][-1], 10 ** patient[side][-1]), xytext=(4, 0),
                            textcoords="offset points", va="center", color=FAMILY_COLOURS[colour])  # fmt: skip
            ax.axhline(math.log(10), color=QUIET, ls="--", lw=1)
            ax.set(yscale="log", xlabel="steps", ylabel="loss", title=f"{patient['disease']}, {patient['dose']}")
        return figure
