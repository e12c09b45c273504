"""What chapter 17 quotes of its study: AUCs, differences of two networks, coverage of intervals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from helpers.measure.intervals import Estimate
from helpers.pages.c17.protocols import AFAR, afar, cells
from helpers.plots.tables import NBSP, points
from helpers.records import Record, read_record

PATCH = 6


@cache
def study() -> Record:
    """`python -m helpers.pages.c17.study --record`."""
    return read_record("17_faces", "cpu")


def rows_of(network: str, recipe: str, protocol: str) -> list[dict[str, Any]]:
    """The runs of one network, recipe and protocol, one a seed.

    Raises
    ------
    ValueError
        If there is none.
    """
    rows = [dict(row) for row in study().runs]
    found = [row for row in rows if (row["network"], row["recipe"], row["protocol"]) == (network, recipe, protocol)]
    if not found:
        raise ValueError(f"no run of {network!r}, {recipe!r}, {protocol!r}")
    return found


def mean_of(network: str, protocol: str, recipe: str = "plain", what: str = "auc") -> float:
    """Mean over seeds of `auc`, `eer`, `rank_one` or `train_top1`."""
    return float(np.mean([row[what] for row in rows_of(network, recipe, protocol)]))


def difference(protocol: str, vit: str = "plain", cnn: str = "plain") -> Estimate:
    """AUC of the ViT minus that of the CNN, each with its recipe, interval over the people of the test.

    Raises
    ------
    ValueError
        If the study has no such difference.
    """
    which = "released" if vit == "released" else "differences"
    rows: list[dict[str, Any]] = study().summary[which]  # type: ignore[assignment]
    for row in rows:
        if (row["protocol"], row["vit"], row["cnn"]) == (protocol, vit, cnn):
            return Estimate(**{key: row[key] for key in ("value", "low", "high", "n", "covers")})
    raise ValueError(f"no difference for {protocol!r}, ViT {vit!r}, CNN {cnn!r}")


@dataclass(frozen=True)
class Lead:
    """A kind of probe in lab 13, both networks trained on plain pictures.

    Attributes
    ----------
    probe
        As the lab names it.
    value
        AUC of the ViT minus that of the CNN, means over runs.
    leader
        "the ViT", "the CNN" or "neither", by the interval over people.
    """

    probe: str
    value: float
    leader: str


def leads_of_lab(name: str | None = None) -> list[Lead]:
    """Who leads on each kind of probe, as lab 13 found it; with `name` in a recorded run of its own, such as `orl`."""
    summary: dict[str, Any] = read_record("13_faces", "cpu", name).summary
    said = re.sub(r"\*\*.*?\*\*", "", summary["says"][0])
    leaders = {
        probe: who
        for who, probes in re.findall(r"(the ViT|the CNN|neither) leads under ([^;.]+)", said)
        for probe in probes.split(", ")
    }
    aucs = {
        (row["network"], row["probe"]): row["auc"]["value"] for row in summary["standings"] if row["recipe"] == "plain"
    }
    probes = list(dict.fromkeys(probe for _, probe in aucs))
    return [Lead(one, aucs["vit_mini", one] - aucs["xception_mini", one], leaders[one]) for one in probes]


def of_lab(statement: str, name: str | None = None) -> Estimate:
    """The points of AUC that lab 13 found for a statement; with `name` in a recorded run of its own, such as `orl`.

    Raises
    ------
    ValueError
        If the run has no such statement.
    """
    rows: list[dict[str, Any]] = read_record("13_faces", "cpu", name).summary["findings"]  # type: ignore[assignment]
    for row in rows:
        if row["statement"] == statement:
            return Estimate(**row["sum"])
    raise ValueError(f"lab 13 has no statement {statement!r}")


def at_door(network: str, protocol: str, recipe: str = "plain", what: str = "kept_out") -> float:
    """Mean over trainings of a count of `python -m helpers.pages.c17.door`: `kept_out`, `own`, `let_in` or `others`.

    Raises
    ------
    ValueError
        If there is none.
    """
    rows = [dict(row) for row in read_record("17_door", "cpu").runs]
    chosen = (network, recipe, protocol)
    found = [float(str(row[what])) for row in rows if (row["network"], row["recipe"], row["protocol"]) == chosen]
    if not found:
        raise ValueError(f"no door for {network!r}, {recipe!r}, {protocol!r}")
    return float(np.mean(found))


def door_difference(protocol: str, cnn: str = "plain") -> Estimate:
    """Share of own pairs that the door keeps out, ViT minus CNN, interval over the people.

    Raises
    ------
    ValueError
        If the study has no such difference.
    """
    rows: list[dict[str, Any]] = read_record("17_door", "cpu").summary["differences"]  # type: ignore[assignment]
    for row in rows:
        if (row["protocol"], row["cnn"]) == (protocol, cnn):
            return Estimate(**{key: row[key] for key in ("value", "low", "high", "n", "covers")})
    raise ValueError(f"no door for {protocol!r}, CNN {cnn!r}")


def in_points(estimate: Estimate) -> str:
    """A difference as `+3.1 [+0.2, +6.0]`, in points, for a column that says so."""
    return points(estimate).replace(f"{NBSP}points", "")


def half(fill: str, shift: int = 0, side: int = PATCH) -> str:
    """The name of "half of the picture hidden"."""
    return cells(0.5, side, fill, shift)


def along(protocols: Sequence[str], recipe: str = "plain") -> list[dict[str, Any]]:
    """AUC of both networks along some protocols: rows of `network`, `at`, `auc`, one a seed."""
    return [
        {"network": network, "at": at, "auc": row["auc"]}
        for network in ("cnn", "vit")
        for at, protocol in enumerate(protocols)
        for row in rows_of(network, recipe, protocol)
    ]


def distances() -> list[str]:
    """From near to far."""
    return ["clean", *(afar(times) for times in AFAR)]


def covered(people: int) -> dict[str, Any]:
    """How often the intervals of so many people hold the truth.

    Raises
    ------
    ValueError
        If the study has no worlds of so many.
    """
    rows: list[dict[str, Any]] = study().summary["coverage"]  # type: ignore[assignment]
    for row in rows:
        if row["people"] == people:
            return dict(row)
    raise ValueError(f"no worlds of {people} people")


def holds(people: int, method: str) -> float:
    """Share of the worlds whose interval holds the truth."""
    found = covered(people)
    return float(next(row["holds"] for row in found["methods"] if row["method"] == method) / found["worlds"])
