"""What the chapter reads: its own study on photographs, and lab 2's row of visual words."""

from functools import cache
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate
from helpers.pages.c02.words import Voter
from helpers.records import Record, read_record

STUDY = "02_words"
KEYS = ("value", "low", "high", "n", "covers")


@cache
def study() -> Record:
    """20 classes of photographs, one thing changed at a time: `python -m helpers.pages.c02.study`."""
    return read_record(STUDY, "cpu")


def arm(name: str) -> Estimate:
    """Accuracy of one arm, over vocabularies and test photographs.

    Raises
    ------
    ValueError
        If the study has no such arm.
    """
    rows: list[dict[str, Any]] = study().summary["arms"]  # type: ignore[assignment]
    for row in rows:
        if row["arm"] == name:
            return Estimate(**{key: row[key] for key in KEYS})
    raise ValueError(f"no arm {name!r} in the study")


def learned(name: str) -> float:
    """Share of the photographs it learned from that an arm names rightly, mean over vocabularies."""
    return float(np.mean([row["train_top1"] for row in map(dict, study().runs) if row["arm"] == name]))


def difference(plus: str, minus: str = "base") -> Estimate:
    """Accuracy of one arm minus that of another.

    Raises
    ------
    ValueError
        If the study did not compare the two.
    """
    rows: list[dict[str, Any]] = study().summary["differences"]  # type: ignore[assignment]
    for row in rows:
        if (row["plus"], row["minus"]) == (plus, minus):
            return Estimate(**{key: row[key] for key in KEYS})
    raise ValueError(f"{plus!r} was not compared with {minus!r}")


def voter() -> Voter:
    """The recorded SVM on plain counts of 100 words, whose votes the page draws."""
    found: dict[str, Any] = study().summary["voter"]  # type: ignore[assignment]
    return Voter(*(np.array(found[key]) for key in ("words", "weights", "bias")))


def voter_right() -> float:
    """Share of the test photographs that it names rightly."""
    return float(study().summary["voter"]["right"])  # type: ignore[index,call-overload,arg-type]


def class_names() -> list[str]:
    """The 20 classes."""
    return list(study().summary["class_names"])  # type: ignore[arg-type]


def ranks(name: str) -> np.ndarray:
    """Where the photographs of a class stand when all test photographs are ranked by its score, sorted, 0 is first."""
    found: dict[str, Any] = study().summary["voter"]  # type: ignore[assignment]
    return np.array(found["ranks"][class_names().index(name)])


def lab2(model: str) -> Estimate:
    """Accuracy of a method of lab 2 on the same 20 classes of photographs."""
    rows: list[dict[str, Any]] = read_record("02_twenty_years", "cpu", "tiny20").summary["methods"]  # type: ignore[assignment]
    return Estimate(**next(row["test_top1"] for row in rows if row["model"] == model))


def lab2_difference(a: str, b: str) -> Estimate:
    """Accuracy of one method of lab 2 minus another's, on photographs.

    Raises
    ------
    ValueError
        For a pair that the lab does not compare.
    """
    rows: list[dict[str, Any]] = read_record("02_twenty_years", "cpu", "tiny20").summary["verdicts"]  # type: ignore[assignment]
    for row in rows:
        if (row["a"], row["b"]) == (a, b):
            return Estimate(**row["difference"])
    raise ValueError(f"lab 2 does not compare {a} with {b}")
