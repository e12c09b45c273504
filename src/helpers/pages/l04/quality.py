"""Lab 4's words and BLEU by length, each with an interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate
from helpers.measure.bleu import bleu_of, bootstrap, share_of
from helpers.pages.l04.arms import ARMS
from helpers.pages.l04.bins import bins_of
from helpers.plots.tables import percent

Runs = Sequence[Mapping[str, Any]]
ALL = "all"


def quality(runs: Runs, lengths: np.ndarray, ends: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Arm -> bin by bin, then of all sentences, `bin`, `from` and `to` (the shortest and the longest that are in it),
    `mean` (length), `n`, `words` (share right, the right ones before told) and `bleu`, both Estimates.

    Counts are summed over seeds; intervals cover sentences, not trainings. `ends` as of `bins_of`.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for arm in dict.fromkeys(run["arm"] for run in runs):
        own = [run for run in runs if run["arm"] == arm]
        tokens, counts = (np.sum([run[name] for run in own], axis=0) for name in ("tokens", "bleu"))  # (n, 2), (n, 10)
        found[arm] = [
            {"bin": name, "from": int(lengths[chosen].min()), "to": int(lengths[chosen].max())}
            | {"mean": float(lengths[chosen].mean()), "n": int(chosen.sum())}
            | {"words": bootstrap(tokens[chosen], share_of), "bleu": bootstrap(counts[chosen], bleu_of)}
            for name, chosen in [*bins_of(lengths, ends), (ALL, np.ones(len(lengths), bool))]
        ]
    return found


def as_rows(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """For the record."""
    return {
        arm: [{key: value.as_dict() if isinstance(value, Estimate) else value for key, value in row.items()}
              for row in rows]
        for arm, rows in found.items()
    }  # fmt: skip


def quality_table(found: Mapping[str, Sequence[Mapping[str, Any]]], measure: str) -> list[dict[str, Any]]:
    """A line for each bin: sentences, then each translator's `measure`, "words" or "bleu"."""
    first = next(iter(found.values()), [])
    return [
        {"French words": row["bin"], "sentences": row["n"]}
        | {ARMS[arm].label: percent(rows[k][measure]) for arm, rows in found.items()}
        for k, row in enumerate(first)
    ]
