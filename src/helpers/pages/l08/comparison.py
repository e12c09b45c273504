"""A crossed comparison, model x tuning x seed: accuracies, paired differences, and the gap taken apart.

Everything here starts from logits on one common test list, so every difference is paired: the same
images, seed by seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from helpers.measure.accuracy import Estimate, mcnemar, paired_difference, pooled, pooled_per_class, top1
from helpers.measure.findings import order_text

Cell = tuple[str, str]  # (model, tuning)


@dataclass(frozen=True)
class CellAccuracy:
    """One cell: top-1 over seeds and images, mean per-class accuracy, and each seed's own top-1."""

    model: str
    tuning: str
    top1: Estimate
    per_class: Estimate
    by_seed: tuple[Estimate, ...]


@dataclass(frozen=True)
class Contrast:
    """Accuracy of cell `a` minus that of cell `b`, paired."""

    name: str
    a: Cell
    b: Cell
    difference: Estimate

    @property
    def reading(self) -> str:
        """What the interval allows to say."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None or low <= 0 <= high:
            return "undecided: the interval holds 0"
        return f"{' '.join(self.a if low > 0 else self.b)} is better"


class Comparison:
    """Answers of every cell and seed on one test list.

    Parameters
    ----------
    labels
        int (n,), the truth.
    num_classes
        K.
    logits
        (model, tuning, seed) -> float (n, K); every cell has the same seeds.

    Raises
    ------
    ValueError
        Where shapes or seeds do not match.
    """

    def __init__(self, labels: np.ndarray, num_classes: int, logits: Mapping[tuple[str, str, int], np.ndarray]) -> None:
        self.labels, self.num_classes = np.asarray(labels), num_classes
        self.cells: list[Cell] = list(dict.fromkeys((model, tuning) for model, tuning, _ in logits))
        self.seeds = sorted({seed for _, _, seed in logits})
        missing = [(*cell, seed) for cell in self.cells for seed in self.seeds if (*cell, seed) not in logits]
        if missing or not self.cells:
            raise ValueError(f"every cell needs every seed; missing: {missing or 'all of them'}")
        for key, values in logits.items():
            if values.shape != (len(self.labels), num_classes):
                raise ValueError(f"logits of {key}: expected {(len(self.labels), num_classes)}, got {values.shape}")
        self.guesses = {key: values.argmax(1) for key, values in logits.items()}

    def correct(self, cell: Cell) -> np.ndarray:
        """Right or wrong, bool (seeds, n)."""
        return np.stack([self.guesses[*cell, seed] == self.labels for seed in self.seeds])

    def accuracies(self) -> list[CellAccuracy]:
        """One row a cell, in the order of the design."""
        rows = []
        for cell in self.cells:
            correct = self.correct(cell)
            per_class = pooled_per_class(correct, self.labels, self.num_classes)
            by_seed = tuple(top1(self.guesses[*cell, seed], self.labels) for seed in self.seeds)
            rows.append(CellAccuracy(*cell, pooled(correct), per_class, by_seed))
        return rows

    def contrasts(self) -> list[Contrast]:
        """Model against model at equal tuning, tuning against tuning within a model, and the opposite corners.

        The last one is there for two models with the tunings `top10` and `full`: it compares what the proof of concept
        compared, and equals the sum of its two steps."""
        models = list(dict.fromkeys(model for model, _ in self.cells))
        tunings = list(dict.fromkeys(tuning for _, tuning in self.cells))
        steps = [(f"{t}: {b} – {a}", (b, t), (a, t)) for t in tunings for a, b in pairwise(models)]
        shared = [tuning for tuning in tunings if tuning != "scratch"]
        steps += [(f"{m}: {b} – {a}", (m, b), (m, a)) for m in models for a, b in pairwise(shared)]
        if {"full", "scratch"} <= set(tunings):
            steps += [(f"{m}: full – scratch", (m, "full"), (m, "scratch")) for m in models]
        if len(models) == 2 and {"top10", "full"} <= set(tunings):
            a, b = models
            steps.append((f"opposite corners: {b} full – {a} top10", (b, "full"), (a, "top10")))
        return [Contrast(name, a, b, paired_difference(self.correct(a), self.correct(b))) for name, a, b in steps]

    def two_ways(self) -> list[str]:
        """The gap between the opposite corners as a sum of two steps, both ways round; empty where a corner is missing.

        Points without intervals: those of the steps stand among `contrasts`."""
        found = {c.name: 100 * c.difference.value for c in self.contrasts()}
        corners = [name for name in found if name.startswith("opposite corners")]
        if not corners:
            return []
        a, b = dict.fromkeys(model for model, _ in self.cells)
        ways = [
            (f"{a}: full – top10", f"full: {b} – {a}"),
            (f"top10: {b} – {a}", f"{b}: full – top10"),
        ]
        return [
            f"{found[corners[0]]:+.1f} points = {found[one]:+.1f} ({one}) {found[other]:+.1f} ({other})".replace(
                "-", "−"
            )
            for one, other in ways
        ]

    def predictions(self) -> list[dict[str, str]]:
        """The answers of this run to the three predictions, as rows; only those that were run."""
        cells = [cell for cell in self.cells if cell[1] != "scratch"]
        right = {" ".join(cell): self.correct(cell) for cell in cells}
        rows = []
        if len(cells) > 1:
            rows.append({"question": "1. which cell wins", "this run": order_text(right)})
        models = list(dict.fromkeys(model for model, _ in cells))
        shared = [c for c in self.contrasts() if c.a[1] == c.b[1] != "scratch"]
        if len(models) == 2 and shared:
            said = "; ".join(f"both {c.a[1]}: {c.reading}" for c in shared)
            rows.append({"question": "2. both models tuned the same way", "this run": said})
        widths = [
            100 * (c.difference.high - c.difference.low)
            for c in shared
            if c.difference.low is not None and c.difference.high is not None
        ]
        if widths:
            said = f"{min(widths):.1f} to {max(widths):.1f} points from end to end"
            rows.append({"question": "3. intervals of these differences", "this run": said})
        return rows

    def mcnemar_rows(self) -> list[dict[str, Any]]:
        """McNemar's exact test for every contrast and seed; `b` counts images that only the first got right."""
        return [
            {"comparison": contrast.name, "seed": seed}
            | mcnemar(self.correct(contrast.a)[i], self.correct(contrast.b)[i])
            for contrast in self.contrasts()
            for i, seed in enumerate(self.seeds)
        ]
