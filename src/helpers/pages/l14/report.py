"""From the runs of lab 14 to its table, its differences and verdicts, and what its blocks do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled, top1
from helpers.measure.contrast import contrast
from helpers.measure.findings import UNDECIDED, by_seed, verdict
from helpers.pages.l14.methods import ARMS, DEEP, HIGH, STATEMENTS, USUAL, Side

Runs = Sequence[Mapping[str, Any]]
Cell = tuple[str, int, str]  # arm, depth, rate


@dataclass(frozen=True)
class Standing:
    """What one arm of one depth reached at one rate.

    Attributes
    ----------
    arm
        Which arm.
    depth
        Of how many blocks.
    rate
        At which of the two rates.
    top1
        Test accuracy, over seeds and images.
    by_seed
        The accuracy of each seed.
    training
        Share named rightly of the training crops of the last pass, mean over seeds; None where every seed diverged.
    diverged
        How many seeds did.
    fit_s
        Seconds of learning, mean over seeds.
    parameters
        How many, counted.
    macs
        Of one image, counted.
    """

    arm: str
    depth: int
    rate: str
    top1: Estimate
    by_seed: tuple[float, ...]
    training: float | None
    diverged: int
    fit_s: float
    parameters: int
    macs: int

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self) | {"top1": self.top1.as_dict(), "by_seed": list(self.by_seed)}


@dataclass(frozen=True)
class Finding:
    """One statement: its signed cells, what the paper says, what it lets one expect, and what was measured."""

    statement: str
    terms: tuple[tuple[int, Cell], ...]
    paper: str
    expected: str
    difference: Estimate
    beforehand: bool = True

    @property
    def verdict(self) -> str:
        """ "holds", "the opposite holds", or "undecided" where the interval holds 0."""
        return verdict(self.difference)

    @property
    def agrees(self) -> str:
        """ "as the paper says", "against the paper", "open", or "not said" where the paper lets one expect nothing."""
        if not self.expected:
            return "not said"
        if self.verdict == UNDECIDED:
            return "open"
        return "as the paper says" if self.verdict == self.expected else "against the paper"

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row = {key: value for key, value in asdict(self).items() if key != "difference"}
        name = "difference" if len(self.terms) == 2 else "contrast"  # one of differences may reach beyond 1
        return row | {name: self.difference.as_dict(), "verdict": self.verdict, "agrees": self.agrees}


def cell_of(run: Mapping[str, Any]) -> Cell:
    """Which arm, depth and rate a run is of."""
    return run["arm"], run["depth"], run["rate"]


def right(runs: Runs, labels: np.ndarray) -> dict[Cell, np.ndarray]:
    """Arm, depth and rate -> right or wrong on the test images, bool (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If two have different seeds.
    """
    return by_seed((cell_of(run), run["seed"], np.asarray(run["predictions"]) == labels) for run in runs)


def standings(runs: Runs, labels: np.ndarray, counted: Mapping[tuple[str, int], Mapping[str, int]]) -> list[Standing]:
    """One row for each arm, depth and rate, in this order.

    Parameters
    ----------
    runs
        Rows of `helpers.pages.l14.study.run_one`.
    labels
        int (n,), the truth.
    counted
        Arm and depth -> its row of `helpers.pages.l14.study.counts`.
    """
    rows = []
    for cell, answers in right(runs, labels).items():
        arm, depth, rate = cell
        own = [run for run in runs if cell_of(run) == cell]
        count = counted[arm, depth]
        rows.append(
            Standing(
                arm=arm,
                depth=depth,
                rate=rate,
                top1=pooled(answers),
                by_seed=tuple(answers.mean(axis=1).tolist()),
                training=last_pass(own),
                diverged=sum(run["diverged"] is not None for run in own),
                fit_s=float(np.mean([run["fit_s"] for run in own])),
                parameters=count["parameters"],
                macs=count["macs"],
            )
        )
    return sorted(rows, key=lambda row: (list(ARMS).index(row.arm), row.depth, row.rate == HIGH))


def last_pass(runs: Runs) -> float | None:
    """Training accuracy of the last pass, on its crops and while the weights still moved, mean over the runs that came
    to their end; None where none did."""
    rows = [run["history"]["epochs"][-1]["train_accuracy"] for run in runs if run["history"]]
    return float(np.mean(rows)) if rows else None


def depths_of(runs: Runs) -> tuple[int, int]:
    """The smallest and the largest depth."""
    depths = [run["depth"] for run in runs]
    return min(depths), max(depths)


def findings(runs: Runs, labels: np.ndarray) -> list[Finding]:
    """The statements all of whose sides ran, each with its signed sum on the same test images and what that says.

    A statement that needs two depths needs two."""
    answers, (shallow, deep) = right(runs, labels), depths_of(runs)

    def cell(side: Side) -> Cell:
        return side[0], deep if side[1] == DEEP else shallow, side[2]

    found = []
    for one in STATEMENTS:
        terms = tuple((sign, cell(side)) for sign, side in one.terms)
        cells = [own for _, own in terms]
        if len(set(cells)) == len(cells) and set(cells) <= set(answers):
            summed = contrast([(sign, answers[own]) for sign, own in terms])
            found.append(Finding(one.text, terms, one.paper, one.expected, summed, one.beforehand))
    return found


def order(runs: Runs, labels: np.ndarray) -> tuple[list[str], list[Estimate]]:
    """The arms of the largest depth at the usual rate from best to worst, and each one's lead over the next, paired."""
    deep = depths_of(runs)[1]
    answers = {arm: rows for (arm, depth, rate), rows in right(runs, labels).items() if (depth, rate) == (deep, USUAL)}
    arms = sorted(answers, key=lambda arm: -float(answers[arm].mean()))
    return arms, [paired_difference(answers[a], answers[b]) for a, b in pairwise(arms)]


def profiles(runs: Runs, quantity: str, when: str) -> dict[tuple[str, int], np.ndarray]:
    """Arm and depth -> a quantity of `helpers.pages.l14.probe` block by block, at the usual rate, float (seeds, L).

    Parameters
    ----------
    quantity
        "adds", "stream", "weights" or "gain"; arms without it are left out.
    when
        "before" or "after" training; seeds that diverged have no "after".
    """
    found: dict[tuple[str, int], list[list[float]]] = {}
    for run in runs:
        if run["rate"] == USUAL and run[when] is not None and None not in run[when][quantity]:
            found.setdefault((run["arm"], run["depth"]), []).append(run[when][quantity])
    return {key: np.array(rows) for key, rows in found.items()}


def spread(profile: np.ndarray) -> float:
    """How many times more the strongest block does than the weakest: (seeds, L) -> one number, median over seeds."""
    return float(np.median(profile.max(axis=1) / profile.min(axis=1)))


def block_rows(runs: Runs) -> list[dict[str, Any]]:
    """For each arm of the largest depth: what its blocks add before and after training (median over blocks and seeds),
    how unequal they are after it, how much smaller the gradient is at the first block than at the last before it
    (as a ratio first / last), and the mean gain after it (None without LayerScale)."""
    deep = depths_of(runs)[1]
    before, after = profiles(runs, "adds", "before"), profiles(runs, "adds", "after")
    stream, gain = profiles(runs, "stream", "before"), profiles(runs, "gain", "after")
    rows = []
    for arm, depth in before:
        if depth == deep:
            key = (arm, depth)
            rows.append(
                {
                    "arm": arm,
                    "depth": depth,
                    "before": float(np.median(before[key])),
                    "after": float(np.median(after[key])) if key in after else None,
                    "spread": spread(after[key]) if key in after else None,
                    "first_to_last": float(np.median(stream[key][:, 0] / stream[key][:, -1])),
                    "gain": float(gain[key].mean()) if key in gain else None,
                }
            )
    return rows


def evenness(runs: Runs) -> dict[str, int] | None:
    """The paper says that LayerScale evens out how much blocks add. In how many seeds of the largest depth is the
    strongest block of the arm "scale" less ahead of its weakest, after training, than in "plain"?

    None where one of the two is missing or diverged.
    """
    deep, after = depths_of(runs)[1], profiles(runs, "adds", "after")
    plain, scaled = after.get(("plain", deep)), after.get(("scale", deep))
    if plain is None or scaled is None or len(plain) != len(scaled):
        return None
    more_even = scaled.max(axis=1) / scaled.min(axis=1) < plain.max(axis=1) / plain.min(axis=1)
    return {"more_even": int(more_even.sum()), "seeds": len(more_even)}


def record_rows(runs: Runs, labels: np.ndarray, keep_predictions: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them, each with its test accuracy.

    Parameters
    ----------
    keep_predictions
        For the record of a piece, from which the whole is put together later.
    """
    found = []
    for run in runs:
        kept = {key: value for key, value in run.items() if keep_predictions or key != "predictions"}
        scored = top1(np.asarray(run["predictions"]), labels)
        found.append(kept | {"test_top1": scored.as_dict(), "n_test": len(labels)})
    return found
