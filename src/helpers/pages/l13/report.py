"""From the runs of lab 13 to its standings and verdicts: intervals over people, and whether all trainings agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.measure.intervals import Estimate
from helpers.measure.verification import jackknife
from helpers.pages.l13.methods import FROZEN, NETWORKS, RECIPES, STATEMENTS, Statement, Term

HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"
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
class Finding:
    """A statement, the sum of AUCs that decides it, and what interval and trainings say."""

    statement: Statement
    sum: Estimate
    by_seed: tuple[float, ...]
    photographs: bool

    @property
    def verdict(self) -> str:
        """ "holds" where the interval over people lies above 0 and so does every training alone; "the opposite holds"
        where both lie below; else "undecided"."""
        if self.sum.low is None or self.sum.high is None:
            return UNDECIDED
        if self.sum.low > 0 and min(self.by_seed) > 0:
            return HOLDS
        return OPPOSITE if self.sum.high < 0 and max(self.by_seed) < 0 else UNDECIDED

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
        row: dict[str, Any] = {"statement": self.statement.text, "expected": self.statement.expected}
        row |= {"verdict": self.verdict, "as_expected": self.as_expected}
        return row | {"sum": self.sum.as_dict(), "by_seed": list(self.by_seed)}


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
    return row[what], np.asarray(row[f"{what}_left"])


def total(runs: Runs, terms: Sequence[Term], what: str = "auc") -> tuple[Estimate, tuple[float, ...]] | None:
    """A signed sum, its mean over seeds with an interval over all people that were tested, and each seed's own.

    A person who is tested in some seeds only is left out of those. None where a term was not run.
    """
    rows = index(runs)
    if any(tuple(key) not in rows for _, *key in terms):
        return None
    seeds = sorted(set.intersection(*(set(rows[tuple(key)]) for _, *key in terms)))  # type: ignore[index]
    values, left = [], []
    for seed in seeds:
        parts = [(sign, *value_and_left(rows[tuple(key)][seed], what)) for sign, *key in terms]  # type: ignore[index]
        people = rows[tuple(terms[0][1:])][seed]["people"]  # type: ignore[index]
        values.append(sum(sign * value for sign, value, _ in parts))
        left.append(dict(zip(people, np.sum([sign * without for sign, _, without in parts], axis=0), strict=True)))
    if not seeds:
        return None
    everybody = sorted({person for found in left for person in found})
    without = [np.mean([found.get(p, own) for found, own in zip(left, values, strict=True)]) for p in everybody]
    return jackknife(float(np.mean(values)), np.array(without)), tuple(values)


def within(found: Estimate) -> Estimate:
    """The same with its ends held between 0 and 1: Student's interval knows no bounds."""
    if found.low is None or found.high is None:
        return found
    return Estimate(found.value, max(0.0, found.low), min(1.0, found.high), found.n, found.covers)


def standings(runs: Runs) -> list[Standing]:
    """All of them, in the order of networks, recipes and probes."""
    rows, order = index(runs), (FROZEN, *RECIPES)
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
