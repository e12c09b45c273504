"""What the page quotes of its two studies, with the intervals that were recorded."""

from functools import cache
from typing import Any

from helpers.measure.accuracy import Estimate
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


def patients() -> list[Row]:
    """The sick curves."""
    return _rows(curves_record(), "patients")


def patient(disease: str, place: int) -> Row:
    """One of them, by its dose 0 to 2."""
    return [row for row in patients() if row["disease"] == disease][place]


def scheduled() -> list[Row]:
    """Test accuracies by rate and schedule: `rate`, `schedule`, `value`, `low`, `high`."""
    return _rows(curves_record(), "schedules")


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
