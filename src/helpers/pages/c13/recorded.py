"""What the page quotes from lab 15: the record on photographs where it is there, else the lab's own cpu edition."""

from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate
from helpers.records import Record, read_record

LAB = "15_distillation"
PHOTOGRAPHS, LEAK = "tiny40", "dogs60.leak"  # names of the recordings that take hours


@cache
def students() -> Record:
    """The record of who was taught what."""
    return _first(PHOTOGRAPHS)


@cache
def leak() -> Record:
    """The record of the teacher that knows a part of the test images."""
    return _first(LEAK)


def _first(variant: str) -> Record:
    try:
        return read_record(LAB, "cpu", variant)
    except FileNotFoundError:
        return read_record(LAB, "cpu")


def on_photographs(record: Record) -> bool:
    """Whether the images of a record are photographs, not the course's drawings."""
    return record.data is not None and record.data.terms != "drawn"


def about(record: Record) -> str:
    """Of what the images of a record are, in words."""
    return "photographs" if on_photographs(record) else "drawn dogs"


def seeds(record: Record) -> int:
    """How many trainings of each student."""
    return int(record.parameters["seeds"])  # type: ignore[arg-type]


def standings() -> dict[str, dict[str, Any]]:
    """Student, or "teacher:" and its name -> its row: label, test_top1, by_seed."""
    return {row["name"]: row for row in _summary(students())["standings"]}


def accuracy(name: str) -> Any:
    """Value, low and high of a student or a teacher."""
    return SimpleNamespace(**standings()[name]["test_top1"])


def findings() -> list[dict[str, Any]]:
    """The statements, each with `paper`, `difference` (an Estimate) and `verdict`."""
    return [row | {"difference": Estimate(**row["difference"])} for row in _summary(students())["findings"]]


def finding(statement: str) -> dict[str, Any]:
    """One of them.

    Raises
    ------
    ValueError
        If the record has no such statement.
    """
    rows = [row for row in findings() if row["statement"] == statement]
    if not rows:
        raise ValueError(f"no statement {statement!r}; there are {[row['statement'] for row in findings()]}")
    return rows[0]


def tokens() -> list[dict[str, Any]]:
    """One row a run of a student with two tokens: cosines, accuracies of the heads, `differ` of `n`."""
    rows = {(row["student"], row["seed"]): row for row in _summary(read_record(LAB, "cpu"))["tokens"]}
    own = {(row["student"], row["seed"]): row for row in _summary(students())["tokens"]}
    names = {student for student, _ in own}
    return [*own.values(), *(row for (student, _), row in rows.items() if student not in names)]


def disagreement(one: str, other: str) -> float:
    """Share of test images on which two of the record name different classes.

    Raises
    ------
    ValueError
        If one of them is not there.
    """
    table = _summary(students())["disagreement"]
    value = table["share"][table["names"].index(one)][table["names"].index(other)]
    return float("nan") if value is None else float(value)


def leaked() -> dict[str, Estimate]:
    """What having seen a part of the test images is worth, to a teacher and to its student."""
    return {name: Estimate(**effect) for name, effect in _summary(leak())["leak"].items()}


def share_that_travelled() -> tuple[float, float]:
    """The student's gain over its teacher's on the seen images: value, and the upper end of the interval."""
    effects = leaked()
    teacher, student = effects["teacher, seen"], effects["student, seen"]
    return student.value / teacher.value, float(np.nan if student.high is None else student.high) / teacher.value


def _summary(record: Record) -> dict[str, Any]:
    return dict(record.summary)
