"""The steps of the crossed design, from the main lab's record: what more tuning gained, by seed and by three rules."""

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from helpers.measure.accuracy import paired_difference
from helpers.records import Record

Rows = list[dict[str, Any]]  # JSON, as the record holds it
FEW, ALL = "top10", "full"  # tunings: the last tenth, and everything


@dataclass(frozen=True)
class TuningStep:
    """What a model gained from being tuned in full.

    Attributes
    ----------
    by_seed
        Seed -> the paired difference on its test images.
    chances
        McNemar's p of each seed, as mathematics.
    unpaired
        The difference of both accuracies with the interval of two independent figures.
    """

    by_seed: dict[int, Any]
    chances: list[str]
    unpaired: SimpleNamespace


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
        If the seeds do not pull in opposite directions, or pairing does not widen the interval: the text says both.
    """
    value, seeds = accuracies(record), seeds_of(record)
    counted = {(row["comparison"], row["seed"]): row for row in _summary(record)["mcnemar"]}
    by_seed, chances = {}, []
    for seed in seeds:
        row = counted[f"{model}: {ALL} – {FEW}", seed]
        by_seed[seed] = _paired(row, round(value[model, ALL, seed] * row["n"]))
        power = math.floor(math.log10(row["p_exact"]))
        chances.append(f"$p = {row['p_exact'] / 10.0**power:.0f} \\cdot 10^{{{power}}}$")
    unpaired = _independent(record, model)
    moves = [value[model, how, seeds[-1]] - value[model, how, seeds[0]] for how in (FEW, ALL)]
    steps = {d["name"]: d["difference"] for d in _summary(record)["differences"]}
    over = steps[f"{model}: {ALL} – {FEW}"]
    if not (over["high"] - over["low"] > unpaired.high - unpaired.low and moves[0] * moves[1] < 0):
        raise ValueError(
            f"{model}: expected seeds that move both accuracies in opposite directions, and so a wider interval than "
            f"that of independent figures, got moves {moves}; the chapter's explanation must change with the record"
        )
    return TuningStep(by_seed, chances, unpaired)


def _paired(row: dict[str, Any], right: int) -> Any:
    """The paired difference from a table of McNemar: both right, only the one, only the other, neither."""
    counts = (right - row["b"], row["b"], row["c"], row["n"] - right - row["c"])
    kinds = [True, True, False, False], [True, False, True, False]
    whole, part = (np.repeat(kind, counts) for kind in kinds)
    return paired_difference(whole, part)


def _cell(record: Record, model: str, tuning: str) -> dict[str, Any]:
    return next(c["test_top1"] for c in _summary(record)["cells"] if (c["model"], c["tuning"]) == (model, tuning))


def _independent(record: Record, model: str) -> SimpleNamespace:
    whole, part = _cell(record, model, ALL), _cell(record, model, FEW)
    steps = {d["name"]: d["difference"] for d in _summary(record)["differences"]}
    value = steps[f"{model}: {ALL} – {FEW}"]["value"]
    below = math.hypot(whole["value"] - whole["low"], part["high"] - part["value"])
    above = math.hypot(whole["high"] - whole["value"], part["value"] - part["low"])
    return SimpleNamespace(value=value, low=value - below, high=value + above)
