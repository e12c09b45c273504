"""From the runs of lab 4 to its tables, its differences and verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.measure.bleu import bleu_of, bootstrap, share_of
from helpers.measure.findings import HOLDS, UNDECIDED, by_seed, verdict
from helpers.measure.intervals import normal_quantile, t_quantile, variance_of_mean
from helpers.pages.l04.answers import diagonal, hits
from helpers.pages.l04.arms import (
    ARMS,
    GROWTH,
    NO_ROOM,
    POINTING,
    SENTENCES,
    STATEMENTS,
    WORDS,
)
from helpers.pages.l04.bins import bins_of, growth, no_room

Runs = Sequence[Mapping[str, Any]]
DIAGONAL = "diagonal"


@dataclass(frozen=True)
class Standing:
    """What one arm reached.

    Attributes
    ----------
    arm
        Which.
    exact
        Share of sentences right to the last word; over seeds and sentences.
    words
        Share of words right, the right ones before told; mean over sentences and seeds, as in `words_ahead`.
    learnt
        The same of the training words in the last pass, each word counted once; mean over seeds.
    bleu
        BLEU of each seed.
    parameters
        How many.
    fit_s
        Seconds of training, mean over seeds.
    """

    arm: str
    exact: Estimate
    words: float
    learnt: float
    bleu: tuple[float, ...]
    parameters: int
    fit_s: float

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self) | {"exact": self.exact.as_dict(), "bleu": list(self.bleu)}


@dataclass(frozen=True)
class Finding:
    """One statement with what was measured.

    Attributes
    ----------
    statement
        The sentence, `text` of `helpers.pages.l04.arms.Statement`.
    says
        Who says what of it.
    expected
        The verdict that this lets one expect, or empty.
    difference
        Of shares.
    forced
        Whether a lead could not have been as large in the shortest sentences as it is in the longest.
    beforehand
        Whether it stood, as it stands, before runs had been seen.
    """

    statement: str
    says: str
    expected: str
    difference: Estimate
    forced: bool = False
    beforehand: bool = True

    @property
    def verdict(self) -> str:
        """Whether the interval lies above zero, below it, or neither; above zero for want of room tells nothing."""
        said = verdict(self.difference)
        return NO_ROOM if said == HOLDS and self.forced else said

    @property
    def agrees(self) -> str:
        """ "as expected", "against it", "open", or "not said" where nothing was expected."""
        if not self.expected:
            return "not said"
        if self.verdict in (UNDECIDED, NO_ROOM):
            return "open"
        return "as expected" if self.verdict == self.expected else "against it"

    def as_row(self) -> dict[str, Any]:
        """For the record; a difference of differences may reach beyond 1."""
        row: dict[str, Any] = {"statement": self.statement, "says": self.says, "expected": self.expected}
        row |= {"beforehand": self.beforehand}
        return row | {"contrast": self.difference.as_dict(), "verdict": self.verdict, "agrees": self.agrees}


def exact(runs: Runs) -> dict[str, np.ndarray]:
    """Arm -> sentences right to the last word, bool (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If two arms have different seeds.
    """
    return by_seed((run["arm"], run["seed"], np.asarray(run["exact"], dtype=bool)) for run in runs)


def standings(runs: Runs) -> list[Standing]:
    """One row for each arm, in the order of `ARMS`."""
    rows = []
    for arm, answers in exact(runs).items():
        own = sorted((run for run in runs if run["arm"] == arm), key=lambda run: run["seed"])
        rows.append(
            Standing(
                arm=arm,
                exact=pooled(answers),
                words=float(np.mean([share_of(run["tokens"]) for run in own])),
                learnt=float(np.mean([run["curve"][-1]["words"] for run in own])),
                bleu=tuple(float(bleu_of(np.sum(run["bleu"], axis=0))) for run in own),
                parameters=own[0]["parameters"],
                fit_s=float(np.mean([run["fit_s"] for run in own])),
            )
        )
    return sorted(rows, key=lambda row: list(ARMS).index(row.arm))


def words_ahead(runs: Runs, a: str, b: str) -> Estimate:
    """Share of words right of a minus that of b, mean over sentences; the interval covers seeds and sentences, with one
    seed sentences alone. None where no sentence differs."""
    sides = []
    for arm in (a, b):
        own = sorted((run for run in runs if run["arm"] == arm), key=lambda run: run["seed"])
        tokens = np.array([run["tokens"] for run in own], dtype=float)  # (seeds, n, 2)
        sides.append(tokens[..., 0] / tokens[..., 1])
    table = sides[0] - sides[1]  # (seeds, n)
    seeds, n = table.shape
    value = float(table.mean())
    if np.ptp(table) < 1e-12:
        return Estimate(value, None, None, n, "nothing")
    if seeds == 1:
        half = normal_quantile(0.95) * float(table.std(ddof=1)) / n**0.5
        return Estimate(value, value - half, value + half, n, "test sampling")
    variance, freedom = variance_of_mean(table)
    half = t_quantile(0.95, freedom) * variance**0.5
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half), n, "both")


def by_length(runs: Runs, lengths: np.ndarray, ends: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Arm -> bin by bin `bin`, `mean` (length), `n`, `exact` (an Estimate) and `bleu` (mean over seeds)."""
    found: dict[str, list[dict[str, Any]]] = {}
    for arm, answers in exact(runs).items():
        counts = np.array([run["bleu"] for run in runs if run["arm"] == arm])  # (seeds, n, 10)
        found[arm] = [
            {"bin": name, "mean": float(lengths[chosen].mean()), "n": int(chosen.sum())}
            | {"exact": pooled(answers[:, chosen]), "bleu": float(bleu_of(counts[:, chosen].sum(axis=1)).mean())}
            for name, chosen in bins_of(lengths, ends)
        ]
    return found


def pointed(runs: Runs, phrases: Sequence[Any]) -> dict[str, dict[str, np.ndarray]]:
    """Arm with a map, or "diagonal" -> kind of word -> (n, 2), summed over the seeds."""
    if not phrases:
        return {}
    found: dict[str, dict[str, np.ndarray]] = {}
    for run in runs:
        for kind, counts in run.get("links", {}).items():
            own = found.setdefault(run["arm"], {})
            own[kind] = own.get(kind, np.zeros((len(phrases), 2), int)) + np.array(counts)
    ruler: dict[str, np.ndarray] = {}
    for row, phrase in enumerate(phrases):
        for kind, counts in hits(phrase, diagonal(phrase)).items():
            ruler.setdefault(kind, np.zeros((len(phrases), 2), int))[row] = counts
    return found | {DIAGONAL: ruler}


def pointing_table(found: Mapping[str, Mapping[str, np.ndarray]]) -> list[dict[str, Any]]:
    """Reading and kind with the share of linked words that are hit, interval over sentences, and how many words."""
    return [
        {"reading": reading, "kind": kind, "share": bootstrap(counts, share_of), "words": int(counts[:, 1].sum())}
        for reading, kinds in found.items()
        for kind, counts in kinds.items()
    ]


def _pointing(found: Mapping[str, Mapping[str, np.ndarray]], a: str, b: str) -> Estimate | None:
    """Links hit by a minus those hit by b, in shares; interval over sentences."""
    if a not in found or b not in found:
        return None
    one, other = found[a]["all"], found[b]["all"]
    # Sums over seeds count every word once a seed; the diagonal has one.
    other = other * (one[:, 1].sum() // other[:, 1].sum())
    both = np.column_stack([one[:, 0], other[:, 0], one[:, 1]])
    return bootstrap(both, lambda counts: (counts[..., 0] - counts[..., 1]) / counts[..., 2])


def findings(runs: Runs, lengths: np.ndarray, ends: Sequence[int], phrases: Sequence[Any]) -> list[Finding]:
    """The statements both of whose sides ran, each with its difference and what that says."""
    answers, maps, found = exact(runs), pointed(runs, phrases), []
    for one in STATEMENTS:
        difference, forced = None, False
        if one.kind == POINTING:
            difference = _pointing(maps, one.a, one.b)
        elif {one.a, one.b} <= set(answers):
            sides = answers[one.a], answers[one.b]
            if one.kind == SENTENCES:
                difference = paired_difference(*sides)
            elif one.kind == WORDS:
                difference = words_ahead(runs, one.a, one.b)
            else:
                assert one.kind == GROWTH
                difference, forced = growth(*sides, lengths, ends), no_room(*sides, lengths, ends)
        if difference is not None:
            found.append(Finding(one.text, one.says, one.expected, difference, forced, one.beforehand))
    return found


def beam_rows(runs: Runs) -> list[dict[str, Any]]:
    """Greedy beside a beam, a row an arm: BLEU of both, sentences right, how many differ and are likelier."""
    return [
        {"arm": run["arm"], "n": run["beam"]["n"], "width": run["beam"]["width"]}
        | {f"bleu_{name}": float(bleu_of(np.sum(run["beam"][name], axis=0))) for name in ("greedy", "beam")}
        | {f"exact_{name}": int(np.sum(run["beam"][f"exact_{name}"])) for name in ("greedy", "beam")}
        | {name: run["beam"][name] for name in ("other", "likelier")}
        for run in runs
        if "beam" in run
    ]


def record_rows(runs: Runs, keep: bool, own: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them: without what was answered sentence by sentence.

    Parameters
    ----------
    keep
        In the record of a piece, from which the whole is put together: all but the answers' words.
    own
        Whether the sentences are ours; of a corpus no answer is kept, which may be a sentence of it.
    """
    bulky = {"said"} if keep else {"said", "tokens", "bleu", "exact", "links", "beam", "own"}
    return [
        {key: value for key, value in run.items() if key not in bulky or (key == "said" and keep and own)}
        for run in runs
    ]
