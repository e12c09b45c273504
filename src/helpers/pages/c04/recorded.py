"""What the page quotes of its two studies, with the intervals that were recorded."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from scipy import stats

from helpers.measure.accuracy import Estimate, over_seeds
from helpers.plots.tables import points
from helpers.records import Record, read_record

Row = dict[str, Any]


@cache
def measures_record() -> Record:
    """What limits over-fitting: `python -m helpers.pages.c04.study`."""
    return read_record("04_overfitting", "cpu")


@cache
def curves_record() -> Record:
    """Sick curves and schedules: `python -m helpers.pages.c04.curves`."""
    return read_record("04_curves", "cpu")


def _rows(record: Record, part: str) -> list[Row]:
    rows: list[Row] = record.summary[part]  # type: ignore[assignment]
    return [dict(row) for row in rows]


def _estimate(row: Row) -> Estimate:
    return Estimate(**{key: row[key] for key in ("value", "low", "high", "n", "covers")})


def _one(part: str, measure: str, wrong: float, value_of: str) -> Row:
    for row in _rows(measures_record(), part):
        if (row["measure"], row["wrong"], row["value_of"]) == (measure, wrong, value_of):
            return row
    raise ValueError(f"no {value_of} of {measure!r} with {wrong} of the labels wrong in {part}")


def gain(measure: str, wrong: float, value_of: str = "test_top1") -> Estimate:
    """A measure at its chosen strength minus the plain run, within a seed.

    Raises
    ------
    ValueError
        If it was not recorded.
    """
    return _estimate(_one("measures" if value_of == "test_top1" else "losses", measure, wrong, value_of))


def mean(measure: str, wrong: float, value_of: str = "test_top1") -> float:
    """Mean over seeds of a measure at its chosen strength.

    Raises
    ------
    ValueError
        If it was not recorded.
    """
    return float(_one("measures" if value_of == "test_top1" else "losses", measure, wrong, value_of)["mean"])


def gains(wrong: float) -> dict[str, Estimate]:
    """All measures against the plain run, the best first."""
    names = [row["measure"] for row in _rows(measures_record(), "measures") if row["wrong"] == wrong and "value" in row]
    found = {name: gain(name, wrong) for name in names}
    return dict(sorted(found.items(), key=lambda item: -item[1].value))


def minus_relu(activation: str, wrong: float, value_of: str = "gap") -> Estimate:
    """Another activation minus ReLU at equal fit: `gap` (training minus test accuracy) or `test_top1`.

    Raises
    ------
    ValueError
        If it was not recorded.
    """
    return _estimate(_one("activations", activation, wrong, value_of))


def of_activation(activation: str, wrong: float, key: str) -> list[float]:
    """A figure of each run of an activation, by seed."""
    rows: list[Row] = [dict(row) for row in measures_record().runs]
    return [row[key] for row in rows
            if row.get("study") == "activations" and (row["measure"], row["wrong"]) == (activation, wrong)]  # fmt: skip


def strengths(measure: str, wrong: float) -> list[float]:
    """What validation chose, seed by seed."""
    rows: list[Row] = [dict(row) for row in measures_record().runs]
    return [row["strength"] for row in rows
            if row.get("chosen") and (row["measure"], row["wrong"]) == (measure, wrong)]  # fmt: skip


def by_seed(measure: str, wrong: float) -> list[float]:
    """Test accuracies at the chosen strength, seed by seed."""
    rows: list[Row] = [dict(row) for row in measures_record().runs]
    return [row["test_top1"] for row in rows
            if row.get("chosen") and (row["measure"], row["wrong"]) == (measure, wrong)]  # fmt: skip


def minus(measures: Sequence[str], others: Sequence[str], wrong: float) -> Estimate:
    """Gains of some measures summed, minus those of others, within a seed."""
    plain = np.array(by_seed("plain", wrong))
    sums = [sum((np.array(by_seed(name, wrong)) - plain for name in side), 0 * plain) for side in (measures, others)]
    return over_seeds((sums[0] - sums[1]).tolist())


def half_width(measure: str, wrong: float, seeds: int) -> float:
    """Half of the 95 % interval that so many seeds would give, of differences that scatter as the recorded ones do."""
    scatter = np.std(np.subtract(by_seed(measure, wrong), by_seed("plain", wrong)), ddof=1)
    return float(stats.t.ppf(0.975, seeds - 1) * scatter / math.sqrt(seeds))


def contest(tried: Mapping[str, Sequence[float]]) -> list[Row]:
    """The contest as rows of a table: gain with interval, and the strengths chosen, in both worlds.

    Parameters
    ----------
    tried
        The list of strengths of each measure that had one.
    """
    table = []
    for measure in gains(0.0):
        row = {"measure": measure, "list": ", ".join(f"{strength:g}" for strength in tried.get(measure, ())) or "–"}
        for world, label in ((0.0, "right"), (0.2, "wrong")):
            row[label] = points(gain(measure, world)).replace("\N{NO-BREAK SPACE}points", "")
            row[f"chosen, {label}"] = _chosen(strengths(measure, world), tried.get(measure, ()))
        table.append(row)
    return table


def _chosen(chosen: Sequence[float], tried: Sequence[float]) -> str:
    """Median, and how many stand at an end of the list."""
    if len(tried) < 2:
        return "–"
    ends = sum(strength in (min(tried), max(tried)) for strength in chosen)
    return f"{np.median(chosen):g} ({ends} of {len(chosen)})"


def patients() -> list[Row]:
    """The sick curves."""
    return _rows(curves_record(), "patients")


def patient(disease: str, place: int) -> Row:
    """One of them, by its dose 0 to 2."""
    return [row for row in patients() if row["disease"] == disease][place]


def scheduled() -> list[Row]:
    """Test accuracies by rate and schedule: `rate`, `schedule`, `value`, `low`, `high`."""
    return _rows(curves_record(), "schedules")


def best_against_best(schedule: str) -> Estimate:
    """A schedule at the rate that suits it best minus the constant rate at its own best, within a seed."""
    runs: list[Any] = list(curves_record().runs)

    def best(name: str) -> dict[int, float]:
        rows = [row for row in scheduled() if row["schedule"] == name]
        rate = max(rows, key=lambda row: row["value"])["rate"]
        return {
            int(row["seed"]): float(row["test_top1"]) for row in runs if (row["schedule"], row["rate"]) == (name, rate)
        }

    ours, plain = best(schedule), best("constant")
    return over_seeds([ours[seed] - plain[seed] for seed in plain])


def against_constant(rate: float, schedule: str) -> Estimate:
    """A schedule minus the constant rate, within a seed.

    Raises
    ------
    ValueError
        If it was not recorded.
    """
    for row in _rows(curves_record(), "against_constant"):
        if (row["rate"], row["schedule"]) == (rate, schedule):
            return _estimate(row)
    raise ValueError(f"no {schedule!r} at {rate}")
