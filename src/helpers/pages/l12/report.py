"""From the runs of lab 12 to what its networks use, what its maps tell of it, and the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.measure.contrast import contrast
from helpers.measure.intervals import t_quantile, variance_of_mean, without_interval
from helpers.pages.l12.methods import BOTH, BUILD, COAT, LESSONS, METHODS, NETWORKS, STATEMENTS, Term, methods_of

Runs = Sequence[Mapping[str, Any]]
HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"
EXPECTED = {"yes": HOLDS, "no": UNDECIDED}


def verdict(difference: Estimate) -> str:
    """What the interval of a difference says."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return UNDECIDED
    return HOLDS if difference.low > 0 else OPPOSITE


def mean_of(table: np.ndarray) -> Estimate:
    """Mean of one number for each seed and picture, (seeds, n), with its 95 % interval over both; with one seed over
    pictures alone, and none where nothing varies."""
    seeds, n = table.shape
    value = float(table.mean())
    if np.ptp(table) == 0 or n < 2:
        return without_interval(value, n)
    if seeds == 1:
        half = t_quantile(0.95, n - 1) * float(table.std(ddof=1)) / n**0.5
        return Estimate(value, value - half, value + half, n, "test sampling")
    variance, freedom = variance_of_mean(table)
    half = t_quantile(0.95, freedom) * variance**0.5
    return Estimate(value, value - half, value + half, n, "both")


def of(runs: Runs, network: str, lesson: str) -> list[Mapping[str, Any]]:
    """The runs of one network and lesson, in the order of their seeds."""
    return sorted(
        (run for run in runs if (run["network"], run["lesson"]) == (network, lesson)), key=lambda run: run["seed"]
    )


def networks_in(runs: Runs) -> list[str]:
    """The networks that ran, in their order."""
    return [network for network in NETWORKS if any(run["network"] == network for run in runs)]


# ------------------------------------------------------------------------------------------------- what is really used


def answered(runs: Runs, network: str, lesson: str, how: str, truth: np.ndarray) -> Estimate:
    """Share of pictures whose answer is `truth`, over seeds and pictures; `how` names what was done to them."""
    return pooled(np.array([np.array(run["answers"][how]) == truth for run in of(runs, network, lesson)]))


def used_rows(runs: Runs, coat: np.ndarray, build: np.ndarray) -> list[dict[str, Any]]:
    """What each network uses: of cue conflicts the share named by the coat and by the build, and how often another coat
    or another build changes the answer."""
    rows = []
    for network in networks_in(runs):
        for lesson in LESSONS:
            own = of(runs, network, lesson)
            row: dict[str, Any] = {"network": network, "lesson": lesson}
            row["by the coat"] = answered(runs, network, lesson, "as it is", coat)
            row["by the build"] = answered(runs, network, lesson, "as it is", build)
            for how in ("another coat", "another build"):
                changed = [np.array(run["answers"][how]) != np.array(run["answers"]["as it is"]) for run in own]
                row[how] = pooled(np.array(changed))
            rows.append(row)
    return rows


def place_rows(runs: Runs, coat: np.ndarray, build: np.ndarray) -> list[dict[str, Any]]:
    """Are the places right? Answers by the cue that was learned: as it is, with the inside painted over, with the
    outline painted over; and the difference of the last two, positive where the outline matters more."""
    rows = []
    for network in networks_in(runs):
        for lesson, truth in ((COAT, coat), (BUILD, build)):
            kept = {how: answered(runs, network, lesson, how, truth) for how in ("as it is", "inside painted")}
            kept["outline painted"] = answered(runs, network, lesson, "outline painted", truth)
            right = {
                how: np.array([np.array(run["answers"][how]) == truth for run in of(runs, network, lesson)])
                for how in ("inside painted", "outline painted")
            }
            harm = paired_difference(right["inside painted"], right["outline painted"])
            rows.append({"network": network, "lesson": lesson, **kept, "difference": harm})
    return rows


# ------------------------------------------------------------------------------------------------- what the maps tell


def leanings(runs: Runs, network: str, lesson: str, method: str, what: str = "leaning") -> np.ndarray:
    """Where the maps lean, 1 is the coat's place and 0 the build's, (seeds, n)."""
    return np.array([run["maps"][what][method] for run in of(runs, network, lesson)])


def tells(runs: Runs, network: str, method: str, what: str = "leaning") -> Estimate:
    """Share of dogs whose map points at the coat where the coat was learned, less that where the build was learned.

    1 is always right, 0 what every map has that does not ask the network.
    """
    coat, build = (leanings(runs, network, lesson, method, what) > 0.5 for lesson in (COAT, BUILD))
    if (coat == build).all():  # the two maps point alike: no matter of sampling where the network is not asked
        asks = METHODS[method].asks
        return paired_difference(coat, build) if asks else without_interval(0.0, coat.shape[1])
    return paired_difference(coat, build)


def tells_in_pairs(runs: Runs, network: str, method: str, what: str = "leaning") -> Estimate:
    """The milder question, with both maps of a dog in hand: how often the coat network's leans more to the coat, less
    how often it leans less; 1 is always right, 0 chance."""
    coat, build = (leanings(runs, network, lesson, method, what) for lesson in (COAT, BUILD))
    if (coat == build).all():
        return without_interval(0.0, coat.shape[1])
    return paired_difference(coat > build, coat < build)


def told(runs: Runs, network: str, terms: Sequence[Term]) -> Estimate:
    """The signed sum of what maps tell."""
    signed = []
    for sign, method in terms:
        for lesson, side in ((COAT, 1), (BUILD, -1)):
            signed.append((sign * side, leanings(runs, network, lesson, method) > 0.5))
    return contrast(signed)


@dataclass(frozen=True)
class MapRow:
    """What one map of one network is worth.

    Attributes
    ----------
    network
        Of which network.
    method
        Which map.
    alone
        See `tells`.
    pairs
        See `tells_in_pairs`.
    points
        Share of dogs whose map points at the coat, of the coat network and of the build network.
    ruined
        `tells` with shuffled weights; None where it was not asked.
    ruined_pairs
        `tells_in_pairs` with shuffled weights; None where it was not asked.
    deletion
        Mean gain by deletion over both networks; None where it was not asked.
    """

    network: str
    method: str
    alone: Estimate
    pairs: Estimate
    points: tuple[float, float]
    ruined: Estimate | None
    ruined_pairs: Estimate | None
    deletion: Estimate | None

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


def map_rows(runs: Runs) -> list[MapRow]:
    """One row for each network and map."""
    rows = []
    for network in networks_in(runs):
        first = of(runs, network, COAT)[0]["maps"]
        for method in methods_of(network):
            ruined, ruined_pairs, gain = None, None, None
            if method in first["shuffled"]:
                ruined, ruined_pairs = (how(runs, network, method, "shuffled") for how in (tells, tells_in_pairs))
            if method in first["deletion"]:
                both = [leanings(runs, network, lesson, method, "deletion") for lesson in (COAT, BUILD)]
                gain = mean_of(np.mean(both, axis=0))
            alone, pairs = tells(runs, network, method), tells_in_pairs(runs, network, method)
            at = [float((leanings(runs, network, lesson, method) > 0.5).mean()) for lesson in (COAT, BUILD)]
            rows.append(MapRow(network, method, alone, pairs, (at[0], at[1]), ruined, ruined_pairs, gain))
    return rows


@dataclass(frozen=True)
class Finding:
    """One statement and what was measured."""

    statement: str
    network: str
    terms: tuple[Term, ...]
    expected: str
    difference: Estimate

    @property
    def verdict(self) -> str:
        """ "holds", "the opposite holds", or "undecided" where the interval holds 0."""
        return verdict(self.difference)

    @property
    def agrees(self) -> str:
        """Whether it came as expected; where nothing was expected to be told, "not refuted" is the most one can say."""
        if not self.expected:
            return "nothing expected"
        if self.expected == "no":
            return "not refuted" if self.verdict == UNDECIDED else "otherwise"
        return {HOLDS: "as expected", UNDECIDED: "open", OPPOSITE: "otherwise"}[self.verdict]

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row = {key: value for key, value in asdict(self).items() if key != "difference"}
        name = "difference" if len(self.terms) == 1 else "contrast"  # one of differences may reach beyond 1
        return row | {name: self.difference.as_dict(), "verdict": self.verdict, "agrees": self.agrees}


def findings(runs: Runs) -> list[Finding]:
    """The statements of the networks that ran."""
    shown = networks_in(runs)
    return [
        Finding(one.text, one.network, one.terms, one.expected, told(runs, one.network, one.terms))
        for one in STATEMENTS
        if one.network in shown
    ]


# ------------------------------------------------------------------------------------- networks that could choose


def choice_rows(runs: Runs, coat: np.ndarray, build: np.ndarray) -> list[dict[str, Any]]:
    """The networks that could choose, one by one: what they use by their answers, and what each map says they use.

    A map says *coat* where its mean leaning is nearer to that of the coat network of the same kind and seed than to
    that of the build network; `ties` where both are equally near.
    """
    rows = []
    for network in networks_in(runs):
        for seed, run in enumerate(of(runs, network, BOTH)):
            answers = np.array(run["answers"]["as it is"])
            by_coat, by_build = int((answers == coat).sum()), int((answers == build).sum())
            row: dict[str, Any] = {"network": network, "seed": run["seed"], "by_coat": by_coat, "by_build": by_build}
            row["uses"] = COAT if by_coat > by_build else BUILD if by_build > by_coat else "ties"
            row["said"] = {}
            for method in methods_of(network):
                at = {lesson: leanings(runs, network, lesson, method)[seed].mean() for lesson in LESSONS}
                nearer = abs(at[BOTH] - at[BUILD]) - abs(at[BOTH] - at[COAT])
                row["said"][method] = "ties" if abs(nearer) < 1e-9 else COAT if nearer > 0 else BUILD
            rows.append(row)
    return rows


def found_by(rows: Sequence[Mapping[str, Any]], network: str, method: str) -> tuple[int, int]:
    """Of how many networks that could choose a map names the cue that their answers name, and how many there are."""
    own = [row for row in rows if row["network"] == network]
    return sum(names_it(row, method) for row in own), len(own)


def names_it(row: Mapping[str, Any], method: str) -> bool:
    """Whether a map names the cue that the answers of a network name; where these do not decide, none does."""
    return row["uses"] in (COAT, BUILD) and row["said"].get(method) == row["uses"]


# ------------------------------------------------------------------------------------------------------- reach


def reach_of(runs: Runs, lesson: str) -> np.ndarray | None:
    """Attention distance of the ViT's heads after a lesson, (seeds, L, h), in shares of equal attention; None without
    a ViT."""
    found = [run["reach"] for run in runs if run["lesson"] == lesson and run["reach"] is not None]
    return np.array(found) if found else None


def reach_rows(before: Mapping[str, np.ndarray], lessons: Mapping[str, np.ndarray | None]) -> list[dict[str, Any]]:
    """Mean over the heads of the first and of the last block, and the head that looks nearest of all: a row for the
    shipped network, one for fresh weights, one a lesson (mean over seeds)."""
    found = {f"learned the {name}": rows.mean(0) for name, rows in lessons.items() if rows is not None}
    return [
        {"network": name, "block 1": float(rows[0].mean()), f"block {len(rows)}": float(rows[-1].mean())}
        | {"nearest head": float(rows.min()), "farthest head": float(rows.max())}
        for name, rows in ({"fresh weights": before["fresh"], "shipped": before["shipped"]} | found).items()
    ]


def as_json(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for the record: estimates become dictionaries."""
    return [
        {key: value.as_dict() if isinstance(value, Estimate) else value for key, value in row.items()} for row in rows
    ]


def record_rows(runs: Runs) -> list[dict[str, Any]]:
    """Runs as the record holds them: of the answers how many of each kind the summary tells, so they are left out."""
    return [{key: value for key, value in run.items() if key != "answers"} for run in runs]
