"""From the runs of lab 15 to its table, its differences, who agrees with whom, and what the two tokens do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, paired_difference, pooled, top1
from helpers.measure.findings import order_text
from helpers.pages.l15.methods import STATEMENTS, STUDENTS, TEACHER

HOLDS, OPPOSITE, UNDECIDED = "holds", "the opposite holds", "undecided"
HIDDEN = ("predictions", "teacher_predictions", "heads")  # of a run, kept in the record of a piece alone
Runs = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """What one student, or one teacher, reached on the test images.

    Attributes
    ----------
    name
        Of the student; of a teacher "teacher:" and its name.
    top1
        Test accuracy, over seeds and images.
    by_seed
        The accuracy of each seed.
    fit_s
        Seconds of learning, mean over seeds; None for a teacher.
    """

    name: str
    top1: Estimate
    by_seed: tuple[float, ...]
    fit_s: float | None

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        row = {"name": self.name, "label": label_of(self.name), "test_top1": self.top1.as_dict()}
        return row | {"by_seed": list(self.by_seed), "fit_s": self.fit_s}


@dataclass(frozen=True)
class Finding:
    """One statement: the accuracy of `a` minus that of `b`, what the paper found (points), and what is said of it."""

    statement: str
    a: str
    b: str
    paper: str
    difference: Estimate

    @property
    def verdict(self) -> str:
        """ "holds", "the opposite holds", or "undecided" where the interval holds 0."""
        return verdict(self.difference)

    def as_row(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self) | {"verdict": self.verdict}


def verdict(difference: Estimate) -> str:
    """What the interval of a difference says."""
    if difference.low is None or difference.high is None or difference.low <= 0 <= difference.high:
        return UNDECIDED
    return HOLDS if difference.low > 0 else OPPOSITE


def label_of(name: str) -> str:
    """What figures and tables call a student or a teacher."""
    teacher = name.removeprefix(TEACHER)
    return STUDENTS[name].label if teacher == name else f"the teacher, {teacher}"


def answers(runs: Runs, key: str = "predictions", head: str | None = None) -> dict[str, np.ndarray]:
    """Student -> the classes it names, int (seeds, n), in the order of the seeds; with `head`, what that head names.

    Raises
    ------
    ValueError
        If students have different seeds.
    """
    found: dict[str, dict[int, np.ndarray]] = {}
    for run in runs:
        if run["student"] in STUDENTS and (head is None or "heads" in run):
            named = run[key] if head is None else run["heads"][head]
            found.setdefault(run["student"], {})[run["seed"]] = np.asarray(named)
    seeds = {name: sorted(rows) for name, rows in found.items()}
    if len({tuple(own) for own in seeds.values()}) > 1:
        raise ValueError(f"every student needs every seed, got {seeds}")
    return {name: np.stack([rows[seed] for seed in sorted(rows)]) for name, rows in found.items()}


def standings(runs: Runs, labels: np.ndarray, teachers: Mapping[str, np.ndarray]) -> list[Standing]:
    """One row a teacher, then one a student.

    Parameters
    ----------
    runs
        Rows of `helpers.pages.l15.study.run_one`; others are passed over.
    labels
        int (n,), the truth.
    teachers
        Teacher -> the classes it names, int (n,).
    """
    rows = []
    for name, named in teachers.items():
        estimate = top1(named, labels)
        rows.append(Standing(TEACHER + name, estimate, (estimate.value,), None))
    for name, all_named in answers(runs).items():
        right = all_named == labels
        seconds = float(np.mean([run["fit_s"] for run in runs if run["student"] == name]))
        rows.append(Standing(name, pooled(right), tuple(right.mean(axis=1).tolist()), seconds))
    return rows


def order(runs: Runs, labels: np.ndarray, names: Sequence[str]) -> str:
    """Students from best to worst: `order_text`; empty where none of them ran."""
    right = {name: rows == labels for name, rows in answers(runs).items() if name in names}
    return order_text(right, {name: label_of(name) for name in right})


def findings(runs: Runs, labels: np.ndarray, teachers: Mapping[str, np.ndarray]) -> list[Finding]:
    """The statements whose two sides are both there, each with its paired difference and what that says.

    A teacher, which is one network, stands beside each seed of its student.
    """
    named = answers(runs)
    right = {name: rows == labels for name, rows in named.items()}
    seeds = max((len(rows) for rows in right.values()), default=1)
    right |= {TEACHER + name: np.tile(rows == labels, (seeds, 1)) for name, rows in teachers.items()}
    return [
        Finding(statement, a, b, paper, paired_difference(right[a], right[b]))
        for statement, a, b, paper in STATEMENTS
        if {a, b} <= set(right)
    ]


def disagreement(runs: Runs, teachers: Mapping[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    """How often two name different classes, over test images and over the pairs of their seeds, (m, m).

    Of students with two tokens each head stands there too, "token, label head" and "token, teacher head". A student
    beside itself: over its pairs of different seeds; nan with one seed.

    Returns
    -------
    tuple[list[str], np.ndarray]
        Names, and the shares.
    """
    sides: dict[str, np.ndarray] = {TEACHER + name: rows[None] for name, rows in teachers.items()}
    by_label, by_teacher = (answers(runs, head=head) for head in ("label", "teacher"))
    for name, rows in answers(runs).items():
        sides[name] = rows
        if name in by_label:
            sides |= {f"{name}, label head": by_label[name], f"{name}, teacher head": by_teacher[name]}
    names = list(sides)
    table = np.full((len(names), len(names)), np.nan)
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            pairs = [
                float(np.mean(x != y))
                for s, x in enumerate(sides[one])
                for t, y in enumerate(sides[other])
                if one.split(",")[0] != other.split(",")[0] or (s == t if one != other else s < t)
            ]
            if pairs:
                table[i, j] = np.mean(pairs)
    return names, table


def token_rows(runs: Runs, labels: np.ndarray) -> list[dict[str, Any]]:
    """For each run of a student with two tokens: cosines, accuracies of the heads and of both fusions.

    `differ` counts test images where the mean of logits and the mean of probabilities name different classes.
    """
    rows = []
    for run in runs:
        if "heads" not in run:
            continue
        heads = {name: np.asarray(named) for name, named in run["heads"].items()}
        logits = np.asarray(run["predictions"])
        row = {"student": run["student"], "seed": run["seed"], "cosines": run["cosines"], "n": len(labels)}
        row |= {f"{name}_top1": float(np.mean(named == labels)) for name, named in heads.items()}
        row |= {"logits_top1": float(np.mean(logits == labels))}
        rows.append(row | {"differ": int(np.sum(logits != heads["probabilities"]))})
    return rows


def tokens_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whose two tokens end farther apart, those with a lesson each or those that share the labels, beside the paper's;
    empty where one kind did not run. `rows` of `token_rows`."""
    ends: dict[bool, list[float]] = {}
    for row in rows:
        ends.setdefault(STUDENTS[row["student"]].teacher is not None, []).append(row["cosines"][-1])
    if len(ends) < 2:
        return ""
    own, shared = (float(np.mean(ends[taught])) for taught in (True, False))
    as_there = "as in the paper, lessons of their own set them farther apart" if own < shared else "not as in the paper"
    few = "; one training of each, too short to tell" if len(ends[False]) == 1 else ""
    return f"Cosine in the end: a lesson each {own:.3f}, the labels for both {shared:.3f}: {as_there}{few}."


def record_rows(runs: Runs, labels: np.ndarray, keep_predictions: bool) -> list[dict[str, Any]]:
    """Runs as the record holds them, each with its test accuracy.

    Parameters
    ----------
    keep_predictions
        For the record of a piece, from which the whole is put together later.
    """
    found = []
    for run in runs:
        kept = {key: value for key, value in run.items() if keep_predictions or key not in HIDDEN}
        scored = top1(np.asarray(run["predictions"]), labels)
        found.append(kept | {"test_top1": scored.as_dict(), "n_test": len(labels)})
    return found
