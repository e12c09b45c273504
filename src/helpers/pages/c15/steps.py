"""The steps of the crossed design, from the main lab's record: what more tuning gained, seed by seed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import paired_difference
from helpers.records import Record

Rows = list[dict[str, Any]]  # JSON, as the record holds it
FEW, ALL = "top10", "full"  # tunings: the last tenth, and everything
SURE = 0.01  # a p below it counts as sure


@dataclass(frozen=True)
class TuningStep:
    """What a model gained from being tuned in full.

    Attributes
    ----------
    by_seed
        Seed -> the paired difference on its test images.
    chances
        McNemar's p of each seed, as mathematics.
    """

    by_seed: dict[int, Any]
    chances: list[str]


def _runs(record: Record) -> Rows:
    return record.model_dump()["runs"]


def _summary(record: Record) -> dict[str, Any]:
    return record.model_dump()["summary"]


def accuracies(record: Record) -> dict[tuple[str, str, int], float]:
    """Model, tuning and seed -> test accuracy."""
    return {(run["model"], run["tuning"], run["seed"]): run["test_top1"]["value"] for run in _runs(record)}


def seeds_of(record: Record) -> list[int]:
    """The seeds of a record's trainings, in order."""
    return sorted({run["seed"] for run in _runs(record)})


def tuning_step(record: Record, model: str) -> TuningStep:
    """The step from the last tenth to everything: by seed, from McNemar's counts, and as if figures were independent.

    Raises
    ------
    ValueError
        If a seed gained nothing, or McNemar's test is not sure of it: the text says otherwise.
    """
    value, seeds = accuracies(record), seeds_of(record)
    counted = {(row["comparison"], row["seed"]): row for row in _summary(record)["mcnemar"]}
    by_seed, chances, exact = {}, [], []
    for seed in seeds:
        row = counted[f"{model}: {ALL} – {FEW}", seed]
        by_seed[seed] = _paired(row, round(value[model, ALL, seed] * row["n"]))
        exact.append(row["p_exact"])
        digit, power = f"{row['p_exact']:.0e}".split("e")
        chances.append(f"$p = {digit} \\cdot 10^{{{int(power)}}}$")
    if any(pair.value <= 0 for pair in by_seed.values()) or any(p >= SURE for p in exact):
        raise ValueError(
            f"{model}: expected a gain with every seed, and McNemar's test sure of each, got p = {exact}; the "
            "chapter's explanation must change with the record"
        )
    return TuningStep(by_seed, chances)


def _paired(row: dict[str, Any], right: int) -> Any:
    """The paired difference from a table of McNemar: both right, only the one, only the other, neither."""
    counts = (right - row["b"], row["b"], row["c"], row["n"] - right - row["c"])
    kinds = [True, True, False, False], [True, False, True, False]
    whole, part = (np.repeat(kind, counts) for kind in kinds)
    return paired_difference(whole, part)
