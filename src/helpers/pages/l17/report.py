"""From the answers of the nine networks to accuracies, differences and the sentences that quote them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.pages.l17.faulty import FAULTS, SOUND

EXTRA = {  # further ways in which some networks were asked -> what a row says of it
    "sorted": "class by class",
    "alone": "one image at a time",
    "by_rule": "by the rule of shapes",
    "folded": "its position folded in",
}
FRESH = {  # what keeps its first weights where weights are forced in; elsewhere nothing does
    ("late_class", "by_rule"): "all positions",
    ("wide_keys", "predictions"): "attention, all blocks",
    ("late_class", "predictions"): "nothing; one position left out",
}
Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """One network, asked in one way.

    Attributes
    ----------
    fault
        A key of `FAULTS`.
    asked
        "predictions", or a key of `EXTRA`.
    top1
        Share of right answers, over seeds and images.
    behind
        That minus the sound network's on the same images, its interval widened for the number of rows that are
        compared (Bonferroni), so that all of them hold together at 95 %; None of the sound one itself.
    by_seed
        The accuracy of each seed.
    """

    fault: str
    asked: str
    top1: Estimate
    behind: Estimate | None
    by_seed: tuple[float, ...]

    @property
    def label(self) -> str:
        """What figures and tables call it."""
        name = "the sound network" if self.fault == SOUND else FAULTS[self.fault].name
        return name if self.asked == "predictions" else f"{name}, {EXTRA[self.asked]}"

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self) | {"label": self.label, "by_seed": list(self.by_seed)}


def standings(runs: Runs, labels: np.ndarray) -> list[Standing]:
    """One row a network and a way of asking, the sound one first, then in the order of `FAULTS`.

    Parameters
    ----------
    runs
        Rows with `fault`, `predictions`, perhaps `seed` and keys of `EXTRA`; every fault with every seed.
    labels
        int (n,), the truth.

    Raises
    ------
    ValueError
        Without the sound network, to which all are compared.
    """
    right: dict[tuple[str, str], np.ndarray] = {}
    for fault in FAULTS:
        own = sorted((run for run in runs if run["fault"] == fault), key=lambda run: run.get("seed", 0))
        for asked in ("predictions", *EXTRA):
            if own and asked in own[0]:
                right[fault, asked] = np.stack([np.asarray(run[asked]) == labels for run in own])  # (S, n)
    if (SOUND, "predictions") not in right:
        raise ValueError("runs: expected the sound network among them, got none")
    sound = right[SOUND, "predictions"]
    confidence = 1 - 0.05 / max(1, len(right) - 1)
    return [
        Standing(
            fault,
            asked,
            pooled(rows),
            None if fault == SOUND else paired_difference(rows, sound, confidence),
            tuple(rows.mean(axis=1).tolist()),
        )
        for (fault, asked), rows in right.items()
    ]


def of(rows: Sequence[Standing], fault: str, asked: str = "predictions") -> Standing:
    """The row of a network."""
    return next(row for row in rows if (row.fault, row.asked) == (fault, asked))


def verdict(row: Standing) -> str:
    """What the interval of a difference to the sound network says."""
    if row.behind is None:
        return "–"
    low, high = row.behind.low or 0.0, row.behind.high or 0.0  # a difference on test images has an interval
    return "worse" if high < 0 else "better" if low > 0 else "not told apart"


def verdicts(rows: Sequence[Standing], what: str, by_rule: bool = False) -> list[str]:
    """The networks of one verdict, asked in company as one does; `by_rule`: loaded by the rule of shapes alone."""
    ruled = {row.fault for row in rows if by_rule and row.asked == "by_rule"}
    asked = {row.fault: "by_rule" if row.fault in ruled else "predictions" for row in rows}
    found = [row for row in rows if row.behind and row.asked == asked[row.fault] and verdict(row) == what]
    return [FAULTS[row.fault].name for row in found]


def stays_fresh(row: Standing) -> str:
    """What of a network that was handed weights is not from them."""
    return FRESH.get((row.fault, row.asked), "nothing")


def false_alarms(results: Mapping[str, Mapping[str, bool | None]], sound: str) -> list[str]:
    """The tests that convict the sound network: they ask for what a ViT need not do."""
    return [test for test, row in results.items() if row[sound] is False]


def record_rows(runs: Runs, labels: np.ndarray) -> list[dict[str, Any]]:
    """Runs as the record holds them: accuracies in place of answers."""
    hidden = ("predictions", *EXTRA)
    return [
        {key: value for key, value in run.items() if key not in hidden}
        | {f"top1_{key}": float(np.mean(np.asarray(run[key]) == labels)) for key in hidden if key in run}
        for run in runs
    ]
