"""From the runs of lab 13 to its standings and verdicts: intervals over people, and whether all trainings agree."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure import findings as shared
from helpers.measure.findings import HOLDS, UNDECIDED
from helpers.measure.intervals import Estimate, without_interval
from helpers.measure.verification import jackknife
from helpers.pages.l13.methods import EQUAL, FROZEN, NETWORKS, RECIPES, STATEMENTS, Statement, Term

Cell = tuple[str, str, str]  # network, recipe or frozen, probe
Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """One network by one recipe under one probe.

    Attributes
    ----------
    network
        Which network.
    recipe
        What it learned from, or frozen.
    probe
        What was done to the probes.
    auc
        Mean over seeds, with an interval over the people of the tests.
    eer
        The same of the equal error rate.
    rank_one
        The same of identification: share of probes named first.
    by_seed
        AUC of each training.
    """

    network: str
    recipe: str
    probe: str
    auc: Estimate
    eer: Estimate
    rank_one: Estimate
    by_seed: tuple[float, ...]

    @property
    def guessing(self) -> bool:
        """Whether its AUC cannot be told from 0.5."""
        return self.auc.low is None or self.auc.high is None or self.auc.low <= 0.5 <= self.auc.high

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row: dict[str, Any] = {"network": self.network, "recipe": self.recipe, "probe": self.probe}
        found = {"auc": self.auc, "eer": self.eer, "rank_one": self.rank_one}
        return row | {key: value.as_dict() for key, value in found.items()} | {"auc_by_seed": list(self.by_seed)}


@dataclass(frozen=True)
class Finding(shared.Finding):
    """A statement, the sum of AUCs that decides it, and what interval and trainings say."""

    statement: Statement
    by_seed: tuple[float, ...] = ()
    photographs: bool = False

    @property
    def verdict(self) -> str:
        """ "holds" where the interval over people lies above 0 and so does every training alone; "the opposite holds"
        where both lie below; else "undecided"."""
        found = shared.verdict(self.sum)
        signs = {value > 0 for value in self.by_seed}
        return found if signs == {found == HOLDS} else UNDECIDED

    @property
    def as_expected(self) -> str:
        """ "as expected", "against it", or "open" where undecided."""
        if self.verdict == UNDECIDED:
            return "open"
        return (
            "as expected" if (self.verdict == HOLDS) == self.statement.was_expected(self.photographs) else "against it"
        )

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return super().as_row() | {"by_seed": list(self.by_seed)}


def index(runs: Runs) -> dict[tuple[str, str, str], dict[int, Mapping[str, Any]]]:
    """(network, recipe, probe) -> seed -> the row of that probe, with the people of its run."""
    found: dict[tuple[str, str, str], dict[int, Mapping[str, Any]]] = {}
    for run in runs:
        for row in run["tests"]:
            key = (run["network"], run["recipe"], row["probe"])
            found.setdefault(key, {})[run["seed"]] = {**row, "people": run["people"]}
    return found


def value_and_left(row: Mapping[str, Any], what: str) -> tuple[float, np.ndarray]:
    """AUC, EER or identification, and the same without each person in turn."""
    if what == "rank_one":
        named = np.asarray(row["named"])
        return float(named.mean()), (named.sum() - named) / (len(named) - 1)
    left = row.get(f"{what}_left", [])  # empty where only the value was kept
    return row[what], np.asarray(left, dtype=float)


def combined(
    runs: Runs, cells: Sequence[Cell], formula: Callable[..., Any], what: str = "auc"
) -> tuple[Estimate, tuple[float, ...]] | None:
    """A number made of those of some cells, its mean over seeds with an interval over all people that were tested, and
    each seed's own.

    A person who is tested in some seeds only is left out of those. None where a cell was not run; no interval where
    what it would be without each person was not kept.

    Parameters
    ----------
    formula
        Takes a number for each cell, or an array for each, element by element.
    """
    rows = index(runs)
    if any(cell not in rows for cell in cells):
        return None
    seeds = sorted(set.intersection(*(set(rows[cell]) for cell in cells)))
    values, left = [], []
    for seed in seeds:
        parts = [value_and_left(rows[cell][seed], what) for cell in cells]
        values.append(float(formula(*(value for value, _ in parts))))
        if all(len(without) for _, without in parts):
            without = formula(*(without for _, without in parts))
            left.append(dict(zip(rows[cells[0]][seed]["people"], without, strict=True)))
    if not seeds:
        return None
    value = float(np.mean(values))
    if len(left) < len(seeds):
        return without_interval(value, len(rows[cells[0]][seeds[0]]["people"])), tuple(values)
    everybody = sorted({person for found in left for person in found})
    without = [np.mean([found.get(p, own) for found, own in zip(left, values, strict=True)]) for p in everybody]
    return jackknife(value, np.array(without)), tuple(values)


def total(runs: Runs, terms: Sequence[Term], what: str = "auc") -> tuple[Estimate, tuple[float, ...]] | None:
    """A signed sum; see `combined`."""
    signs = [sign for sign, *_ in terms]
    cells = [(network, recipe, probe) for _, network, recipe, probe in terms]
    return combined(runs, cells, lambda *each: sum(sign * one for sign, one in zip(signs, each, strict=True)), what)


def kept(runs: Runs, arms: Sequence[tuple[str, str]], probe: str) -> tuple[Estimate, tuple[float, ...]] | None:
    """The share of its clean lead over a guess, AUC - 0.5, that a network keeps under a probe; of two, the first one's
    share less the second's. None where one is not surely better than a guess on clean pictures: it has no lead to keep.

    Parameters
    ----------
    arms
        Network and recipe, of one or two.
    """
    for arm in arms:
        clean = total(runs, ((1, *arm, "clean"),))
        if clean is None:
            return None
        perfect = clean[0].value == 1  # which varies with no person, so that there is no interval
        if not perfect and (clean[0].low is None or clean[0].low <= 0.5):
            return None

    def share(*each: Any) -> Any:
        shares = [(hidden - 0.5) / (clean - 0.5) for hidden, clean in zip(each[::2], each[1::2], strict=True)]
        return shares[0] - shares[1] if len(shares) > 1 else shares[0]

    return combined(runs, [(*arm, one) for arm in arms for one in (probe, "clean")], share)


def within(found: Estimate) -> Estimate:
    """The same with its ends held between 0 and 1: Student's interval knows no bounds."""
    if found.low is None or found.high is None:
        return found
    return Estimate(found.value, max(0.0, found.low), min(1.0, found.high), found.n, found.covers)


def standings(runs: Runs) -> list[Standing]:
    """All of them, in the order of networks, recipes and probes."""
    rows, order = index(runs), (FROZEN, *RECIPES, *EQUAL)
    keys = sorted(rows, key=lambda key: (list(NETWORKS).index(key[0]), order.index(key[1])))
    found = []
    for key in keys:
        told = {what: total(runs, ((1, *key),), what) for what in ("auc", "eer", "rank_one")}
        estimates = {what: within(one[0]) for what, one in told.items() if one is not None}
        found.append(Standing(*key, **estimates, by_seed=told["auc"][1]))  # type: ignore[index, arg-type]
    return found


def findings(runs: Runs, photographs: bool) -> list[Finding]:
    """The statements all of whose AUCs are there."""
    told = [(statement, total(runs, statement.terms)) for statement in STATEMENTS]
    return [Finding(statement, *found, photographs) for statement, found in told if found is not None]


def record_rows(runs: Runs, keep_left: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them; `keep_left` for the record of a piece, which is gathered later.

    Else neither people nor what is known of each of them is kept.
    """
    kept = ("probe", "auc", "eer", "rank_one")
    rows = []
    for run in runs:
        row = {key: value for key, value in run.items() if value is not None and (keep_left or key != "people")}
        if not keep_left:
            row["tests"] = [{key: test[key] for key in kept} for test in run["tests"]]
        rows.append(row)
    return rows
