"""What the maps of lab 12 tell of the cue: three questions, each at every width of the outline, and the verdicts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure import findings as shared
from helpers.measure.accuracy import Estimate, paired_difference
from helpers.measure.contrast import contrast
from helpers.measure.findings import HOLDS, UNDECIDED, verdict
from helpers.measure.intervals import t_quantile, variance_of_mean, without_interval
from helpers.pages.l12.methods import BUILD, COAT, METHODS, NETWORKS, STATEMENTS, Term, methods_of
from helpers.pages.l12.odd import odd_one_out

Runs = Sequence[Mapping[str, Any]]


def of(runs: Runs, network: str, lesson: str) -> list[Mapping[str, Any]]:
    """The runs of one network and lesson, in the order of their seeds."""
    return sorted(
        (run for run in runs if (run["network"], run["lesson"]) == (network, lesson)), key=lambda run: run["seed"]
    )


def networks_in(runs: Runs) -> list[str]:
    """The networks that ran, in their order."""
    return [network for network in NETWORKS if any(run["network"] == network for run in runs)]


def leanings(runs: Runs, network: str, lesson: str, method: str, what: str = "leaning", width: int = 0) -> np.ndarray:
    """Where the maps lean, 1 is the coat's place and 0 the build's, (seeds, n); `width` counts those of the outline."""
    return np.array([run["maps"][what][method][width] for run in of(runs, network, lesson)])


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


# ------------------------------------------------------------------------------------------------- three questions


@dataclass(frozen=True)
class Answer:
    """What one map of one network answers, at one width of the outline.

    Attributes
    ----------
    tells
        Share of dogs whose map points at the coat where the coat was learned, less that where the build was learned.
    beyond
        The same, less what it is with shuffled weights; None where a map asks no network.
    odd
        See `odd_one_out`; None with one training of each lesson.
    """

    tells: Estimate
    beyond: Estimate | None
    odd: Estimate | None

    @property
    def finds(self) -> bool:
        """Whether all three intervals lie above zero."""
        return all(one is not None and verdict(one) == HOLDS for one in (self.tells, self.beyond, self.odd))


def tells(runs: Runs, network: str, method: str, width: int = 0) -> Estimate:
    """See `Answer`; 1 is always right, 0 what every map has that does not ask the network."""
    coat, build = (leanings(runs, network, lesson, method, width=width) > 0.5 for lesson in (COAT, BUILD))
    if (coat == build).all() and not METHODS[method].asks:  # no matter of sampling
        return without_interval(0.0, coat.shape[1])
    return paired_difference(coat, build)


def signed(runs: Runs, terms: Sequence[Term], what: str = "leaning", width: int = 0) -> list[tuple[int, np.ndarray]]:
    """A signed sum of what maps tell, as terms for `contrast`."""
    return [
        (sign * side, leanings(runs, network, lesson, method, what, width) > 0.5)
        for sign, network, method in terms
        for lesson, side in ((COAT, 1), (BUILD, -1))
    ]


def more_than_shuffled(runs: Runs, network: str, method: str, width: int) -> Estimate:
    """What a map tells, less what it tells with shuffled weights; where that is the same for every training and dog,
    with the interval of `tells`, moved."""
    control = signed(runs, ((-1, network, method),), "shuffled", width)
    found = contrast(signed(runs, ((1, network, method),), width=width) + control)
    if found.low is not None:
        return found
    whole = tells(runs, network, method, width)
    if whole.low is None or whole.high is None:
        return found
    moved = found.value - whole.value
    return Estimate(found.value, whole.low + moved, whole.high + moved, found.n, whole.covers)


def answer(runs: Runs, network: str, method: str, width: int) -> Answer:
    """The three questions, put to one map at one width of the outline."""
    own = {lesson: leanings(runs, network, lesson, method, width=width) for lesson in (COAT, BUILD)}
    beyond = more_than_shuffled(runs, network, method, width) if METHODS[method].asks else None
    odd = odd_one_out(own[COAT], own[BUILD]) if min(map(len, own.values())) > 1 else None
    return Answer(tells(runs, network, method, width), beyond, odd)


# ------------------------------------------------------------------------------------------------- the table of maps


@dataclass(frozen=True)
class MapRow:
    """What one map of one network is worth.

    Attributes
    ----------
    network
        Of which network.
    method
        Which map.
    answers
        One for each width of the outline.
    points
        Share of dogs whose map points at the coat, of each coat network, and of each build network.
    deletion
        Mean gain by deletion over both lessons; None where it was not asked.
    first
        Whether no other map's gain is surely larger.
    judged
        Whether the places of this network passed their check; else no answer of its maps counts.
    """

    network: str
    method: str
    answers: tuple[Answer, ...]
    points: tuple[tuple[float, ...], tuple[float, ...]]
    deletion: Estimate | None
    first: bool
    judged: bool = True

    @property
    def alone(self) -> Estimate:
        """What it tells, at the first width."""
        return self.answers[0].tells

    @property
    def finds(self) -> bool:
        """Whether it finds the cue at every width, by places that passed their check."""
        return self.judged and all(one.finds for one in self.answers)

    def surely(self, question: str) -> bool:
        """Whether the interval of `tells`, `beyond` or `odd` lies above zero at every width."""
        found = [getattr(one, question) for one in self.answers]
        return all(one is not None and verdict(one) == HOLDS for one in found)

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self) | {"finds": self.finds}


def gains(runs: Runs, network: str, method: str) -> np.ndarray:
    """What a map gains by deletion, mean of the coat network and the build network of a seed, (seeds, n)."""
    both = [[run["maps"]["deletion"][method] for run in of(runs, network, lesson)] for lesson in (COAT, BUILD)]
    return np.asarray(np.mean(both, axis=0))


def first_by_deletion(runs: Runs, network: str) -> set[str]:
    """The map that gains most, and those from which the interval of the difference does not tell it; all equally
    first."""
    judged = list(of(runs, network, COAT)[0]["maps"]["deletion"])
    if not judged:
        return set()
    own = {method: gains(runs, network, method) for method in judged}
    best = max(judged, key=lambda method: own[method].mean())
    return {method for method in judged if verdict(mean_of(own[best] - own[method])) != HOLDS}


def map_rows(runs: Runs, misplaced: Collection[str] = ()) -> list[MapRow]:
    """One row for each network and map; `misplaced` are the networks whose places failed the check."""
    rows = []
    for network in networks_in(runs):
        sample, first = of(runs, network, COAT)[0]["maps"], first_by_deletion(runs, network)
        for method in methods_of(network):
            answers = tuple(answer(runs, network, method, k) for k in range(len(sample["leaning"][method])))
            gain = mean_of(gains(runs, network, method)) if method in sample["deletion"] else None
            at = [(leanings(runs, network, lesson, method) > 0.5).mean(1) for lesson in (COAT, BUILD)]
            points = (tuple(at[0].tolist()), tuple(at[1].tolist()))
            rows.append(MapRow(network, method, answers, points, gain, method in first, network not in misplaced))
    return rows


# ------------------------------------------------------------------------------------------------- statements


@dataclass(frozen=True)
class Finding(shared.Finding):
    """A statement and what was measured at the first width of the outline; `others` at the other ones. Not `judged`
    where the places of its network failed the check."""

    others: tuple[Estimate, ...] = ()
    judged: bool = True

    @property
    def verdict(self) -> str:
        """That of the interval, where it is the same at every width; else, and where not judged, "undecided"."""
        if not self.judged:
            return UNDECIDED
        found = {verdict(one) for one in (self.sum, *self.others)}
        return found.pop() if len(found) == 1 else UNDECIDED

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return super().as_row() | {"others": [one.as_dict() for one in self.others], "judged": self.judged}


def findings(runs: Runs, widths: int, misplaced: Collection[str] = ()) -> list[Finding]:
    """The statements of the networks that ran, at so many widths; those of `misplaced` networks are not judged."""
    shown, found = networks_in(runs), []
    for one in STATEMENTS:
        if {network for _, network, _ in one.terms} <= set(shown):
            sums = [contrast(signed(runs, one.terms, width=k)) for k in range(widths)]
            judged = not {network for _, network, _ in one.terms} & set(misplaced)
            found.append(Finding(one, sums[0], tuple(sums[1:]), judged))
    return found
