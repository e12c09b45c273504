"""From the runs of lab 5 to its tables, its differences and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, by_seed
from helpers.measure.intervals import normal_quantile, t_quantile, variance_of_mean
from helpers.pages.l05.arms import (
    ALIKE,
    ARMS,
    FULL,
    MARGIN,
    STATEMENTS,
    TOP,
)

Runs = Sequence[Mapping[str, Any]]
SOON = 0.9  # of the letters: when a curve first gets there


@dataclass(frozen=True)
class Standing:
    """What one arm reached.

    Attributes
    ----------
    arm
        Which.
    letters
        Share of letters, the right ones before told; over seeds and words.
    words
        Share of words right to the last letter; over seeds and words.
    by_seed
        Letters of each seed.
    by_place
        Share of each letter, from the first written to the last, mean over seeds.
    soon
        The step of each seed at which nine letters of ten were first right, None if never.
    pointed
        Share of letters at which the largest cross weight is on the right place, mean over seeds; None of deep ones.
    parameters
        How many, counted.
    fit_s
        Seconds of training, mean over seeds.
    diverged
        How many seeds did.
    """

    arm: str
    letters: Estimate
    words: Estimate
    by_seed: tuple[float, ...]
    by_place: tuple[float, ...]
    soon: tuple[int | None, ...]
    pointed: float | None
    parameters: int
    fit_s: float
    diverged: int

    def as_row(self) -> dict[str, Any]:
        """For the record, with how the network was built and trained."""
        shares = {"letters": self.letters.as_dict(), "words": self.words.as_dict()}
        return asdict(self) | shares | {"built": asdict(ARMS[self.arm])}


@dataclass(frozen=True)
class Finding:
    """One statement with what was measured.

    Attributes
    ----------
    statement
        The sentence, `text` of `helpers.pages.l05.arms.Statement`.
    says
        Who says what of it.
    expected
        The verdict that this lets one expect, or empty.
    terms
        A sign and an arm each.
    difference
        The signed sum of shares of letters.
    full
        Whether no arm has room to be better, so that a likeness says nothing.
    beforehand
        Whether it stood, as it stands, before runs had been seen.
    """

    statement: str
    says: str
    expected: str
    terms: tuple[tuple[int, str], ...]
    difference: Estimate
    full: bool = False
    beforehand: bool = True

    @property
    def verdict(self) -> str:
        """As `verdict` of the difference, but two arms at the ceiling are not called alike."""
        said = verdict(self.difference)
        return FULL if self.full and said == ALIKE else said

    @property
    def agrees(self) -> str:
        """ "as expected", "against it", "open", or "not said" where nothing was expected."""
        if not self.expected:
            return "not said"
        if self.verdict in (UNDECIDED, FULL):
            return "open"
        return "as expected" if self.verdict == self.expected else "against it"

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row = {key: value for key, value in asdict(self).items() if key != "difference"}
        name = "difference" if len(self.terms) == 2 else "contrast"  # one of differences may reach beyond 1
        return row | {name: self.difference.as_dict(), "verdict": self.verdict, "agrees": self.agrees}


def verdict(difference: Estimate) -> str:
    """What an interval says: within the margin on both sides is alike; else above or below zero; else undecided."""
    low, high = difference.low, difference.high
    if low is None or high is None:
        return UNDECIDED
    if low >= -MARGIN and high <= MARGIN:
        return ALIKE
    return HOLDS if low > 0 else OPPOSITE if high < 0 else UNDECIDED


def tables(runs: Runs, length: int) -> dict[str, np.ndarray]:
    """Arm -> share of the letters right of each test word, float (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If two arms have different seeds.
    """
    return by_seed((run["arm"], run["seed"], np.asarray(run["right"]) / length) for run in runs)


def signed_mean(terms: Sequence[tuple[int, np.ndarray]]) -> Estimate:
    """A signed sum of shares of letters on the same words, with its 95 % interval; the words vary, not their letters.

    Over seeds and words by the two-way analysis of `helpers.measure.intervals.variance_of_mean`, with one seed over
    words alone. Two arms whose shares differ in no word get the interval of `paired_difference` on whole words: letters
    differ less.

    Parameters
    ----------
    terms
        Pairs of a sign and shares, float (seeds, n).
    """
    table = np.sum([sign * shares for sign, shares in terms], axis=0)  # (seeds, n)
    seeds, n = table.shape
    value = float(table.mean())
    lowest, highest = 0.0 - sum(sign < 0 for sign, _ in terms), 0.0 + sum(sign > 0 for sign, _ in terms)
    if np.ptp(table) == 0:
        if len(terms) == 2 and value == 0:
            return paired_difference(*(shares == 1 for _, shares in terms))
        return Estimate(value, None, None, n, "nothing")
    if seeds == 1:
        half, covers = normal_quantile(0.95) * float(table.std(ddof=1)) / n**0.5, "test sampling"
    else:
        variance, freedom = variance_of_mean(table)
        half, covers = t_quantile(0.95, freedom) * variance**0.5, "both"
    return Estimate(value, max(lowest, value - half), min(highest, value + half), n, covers)  # type: ignore[arg-type]


def standings(runs: Runs, length: int) -> list[Standing]:
    """One row for each arm, in the order of `ARMS`."""
    rows = []
    for arm, shares in tables(runs, length).items():
        own = sorted((run for run in runs if run["arm"] == arm), key=lambda run: run["seed"])
        seen = [run["pointed"] for run in own if "pointed" in run]
        rows.append(
            Standing(
                arm=arm,
                letters=signed_mean([(1, shares)]),
                words=pooled(shares == 1),
                by_seed=tuple(shares.mean(axis=1).tolist()),
                by_place=tuple(np.mean([run["by_place"] for run in own], axis=0).round(4).tolist()),
                soon=tuple(reached(run) for run in own),
                pointed=float(np.mean(seen)) if seen else None,
                parameters=own[0]["parameters"],
                fit_s=float(np.mean([run["fit_s"] for run in own])),
                diverged=sum(run["diverged"] is not None for run in own),
            )
        )
    return sorted(rows, key=lambda row: list(ARMS).index(row.arm))


def reached(run: Mapping[str, Any]) -> int | None:
    """First step at which nine letters of ten were right, None if never."""
    return next((point["step"] for point in run["curve"] if point["letters"] >= SOON), None)


def shown(rows: Sequence[Standing], question: str) -> list[Standing]:
    """The arms that a question is about."""
    return [row for row in rows if question in ARMS[row.arm].asked]


def findings(runs: Runs, length: int) -> list[Finding]:
    """The statements all of whose arms ran, each with its signed sum on the same words and what that says."""
    shares, found = tables(runs, length), []
    for one in STATEMENTS:
        if {arm for _, arm in one.terms} <= set(shares):
            summed = signed_mean([(sign, shares[arm]) for sign, arm in one.terms])
            full = one.needs_room and all(shares[arm].mean() > TOP for _, arm in one.terms)
            found.append(Finding(one.text, one.says, one.expected, one.terms, summed, full, one.beforehand))
    return found


def ceiling(length: int) -> list[float]:
    """Of each letter, the largest share that can be right without positions on the source: 1/N, 1/(N - 1), ..., 1."""
    return [1 / (length - t) for t in range(length)]


def elsewhere(runs: Runs) -> list[dict[str, Any]]:
    """What the base networks say of other words: a row for each kind, means over seeds and the two ends."""
    kinds: dict[tuple[int, bool], list[Mapping[str, Any]]] = {}
    for run in runs:
        for row in run.get("elsewhere", []):
            kinds.setdefault((row["length"], row["repeats"]), []).append(row)
    return [
        {"length": length, "repeats": repeats}
        | {name: float(np.mean([row[name] for row in rows])) for name in ("letters", "words", "pointed", "as_trained")}
        | {"by_seed": [row["letters"] for row in rows]}
        for (length, repeats), rows in kinds.items()
    ]


def record_rows(runs: Runs, keep_right: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them; `keep_right` in the record of a piece, from which the whole is put together."""
    return [{key: value for key, value in run.items() if keep_right or key != "right"} for run in runs]
