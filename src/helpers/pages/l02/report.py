"""From the runs of lab 02 to its table, its differences, its verdicts, and the verdicts of another run beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled, top1
from helpers.measure.findings import order_text
from helpers.measure.ranking import ranked
from helpers.pages.l02.methods import LATER_STATEMENTS, METHODS, STATEMENTS

HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"


@dataclass(frozen=True)
class Standing:
    """What one method reached and what it took.

    Attributes
    ----------
    model
        Its name.
    year
        Of its publication.
    top1
        Test accuracy over seeds and images.
    by_seed
        The accuracy of each seed.
    numbers
        Parameters, or numbers kept.
    macs
        Of one answer; None where not counted.
    training_macs
        Of one training image; None for the classical methods.
    kept_mib
        MiB that autograd keeps for one image; None for the classical methods.
    fit_s
        Seconds of learning, mean over seeds.
    answer_ms
        Milliseconds of an answer, mean over seeds.
    images_seen
        Looks at training images, each look counted.
    training
        Share named rightly of the training crops of the last pass, mean over seeds; None for the classical methods.
    """

    model: str
    year: int
    top1: Estimate
    by_seed: tuple[Estimate, ...]
    numbers: int
    macs: float | None
    training_macs: float | None
    kept_mib: float | None
    fit_s: float
    answer_ms: float
    images_seen: int
    training: float | None


@dataclass(frozen=True)
class Verdict:
    """One statement of `STATEMENTS`, the accuracy of `a` minus that of `b`, and what its interval says."""

    statement: str
    a: str
    b: str
    difference: Estimate

    @property
    def verdict(self) -> str:
        """ "holds", "the opposite holds", or "undecided" where the interval holds 0."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return UNDECIDED
        return HOLDS if low > 0 else OPPOSITE

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return {"statement": self.statement, "a": self.a, "b": self.b, "verdict": self.verdict} | {
            "difference": self.difference.as_dict()
        }


def answers(runs: Sequence[Mapping[str, Any]], labels: np.ndarray) -> dict[str, np.ndarray]:
    """Model -> right or wrong, bool (seeds, n), in the order of the seeds.

    Raises
    ------
    ValueError
        If models have different seeds.
    """
    found: dict[str, dict[int, np.ndarray]] = {}
    for run in runs:
        found.setdefault(run["model"], {})[run["seed"]] = np.asarray(run["predictions"]) == labels
    seeds = {model: sorted(rows) for model, rows in found.items()}
    if len({tuple(own) for own in seeds.values()}) > 1:
        raise ValueError(f"every model needs every seed, got {seeds}")
    return {model: np.stack([rows[seed] for seed in sorted(rows)]) for model, rows in found.items()}


def standings(
    runs: Sequence[Mapping[str, Any]], labels: np.ndarray, counted: Mapping[str, Mapping[str, float]]
) -> list[Standing]:
    """One row a method, in the order of their years.

    Parameters
    ----------
    runs
        Rows of `helpers.pages.l02.study.run_one`.
    labels
        int (n,), the truth.
    counted
        Network -> its row of `helpers.pages.l02.study.counts`.
    """
    correct, rows = answers(runs, labels), []
    for model in sorted(correct, key=lambda name: list(METHODS).index(name)):
        own = [run for run in runs if run["model"] == model]
        count = counted.get(model, {})
        by_seed = [top1(right.astype(int), np.ones(len(labels), dtype=int)) for right in correct[model]]
        rows.append(
            Standing(
                model=model,
                year=METHODS[model].year,
                top1=pooled(correct[model]),
                by_seed=tuple(by_seed),
                numbers=int(count.get("parameters", own[0].get("numbers", 0))),
                macs=count.get("macs", own[0].get("macs")),
                training_macs=count.get("training_macs"),
                kept_mib=count.get("kept_mib"),
                fit_s=float(np.mean([run["fit_s"] for run in own])),
                answer_ms=float(1000 * np.mean([run["answer_s"] for run in own]) / len(labels)),
                images_seen=int(own[0]["images_seen"]),
                training=last_pass(own),
            )
        )
    return rows


def last_pass(runs: Sequence[Mapping[str, Any]]) -> float | None:
    """Training accuracy of the last pass, on its crops and while the weights still moved, mean over the runs.

    None where nothing was trained step by step."""
    rows = [run["history"]["epochs"] for run in runs if run["history"]]
    return float(np.mean([epochs[-1]["train_accuracy"] for epochs in rows])) if rows else None


def order(runs: Sequence[Mapping[str, Any]], labels: np.ndarray, models: Sequence[str]) -> list[list[str]]:
    """Models from best to worst, those that cannot be told from the first of a group in it: `ranked`."""
    return ranked({model: right for model, right in answers(runs, labels).items() if model in models})


def order_of(runs: Sequence[Mapping[str, Any]], labels: np.ndarray, models: Sequence[str]) -> str:
    """The same in words, neighbour by neighbour: `order_text`."""
    right = {model: rows for model, rows in answers(runs, labels).items() if model in models}
    return order_text(right, {model: METHODS[model].label for model in right})


def verdicts(runs: Sequence[Mapping[str, Any]], labels: np.ndarray) -> list[Verdict]:
    """The statements whose two methods both ran, each with its paired difference and what that says."""
    correct = answers(runs, labels)
    return [
        Verdict(statement, a, b, paired_difference(correct[a], correct[b]))
        for statement, a, b in (*STATEMENTS, *LATER_STATEMENTS)
        if {a, b} <= set(correct)
    ]


def agreement(mine: Sequence[Verdict], other: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Verdicts of this run beside those of another, statement by statement.

    Two verdicts `agree` where they are the same, `contradict` where one holds and its opposite holds in the other; else
    one run is `open`.

    Parameters
    ----------
    other
        Rows of `Verdict.as_row`, as the other run's record holds them.
    """
    theirs = {row["statement"]: row["verdict"] for row in other}
    rows = []
    for own in mine:
        if own.statement not in theirs:
            continue
        pair = {own.verdict, theirs[own.statement]}
        word = "agree" if len(pair) == 1 else "one is open" if UNDECIDED in pair else "contradict"
        rows.append(
            {"statement": own.statement, "this run": own.verdict, "the other": theirs[own.statement], "so they": word}
        )
    return rows


def record_rows(runs: Sequence[Mapping[str, Any]], labels: np.ndarray, keep_predictions: bool) -> list[dict[str, Any]]:
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


def summary_rows(table: Sequence[Standing]) -> list[dict[str, Any]]:
    """The table for the record's summary."""
    rows = []
    for row in table:
        plain = {key: value for key, value in asdict(row).items() if key not in ("top1", "by_seed")}
        rows.append(plain | {"test_top1": row.top1.as_dict(), "n_seeds": len(row.by_seed)})
    return rows
