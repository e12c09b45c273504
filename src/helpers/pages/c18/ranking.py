"""The ranking explorer: four weights, five candidates, who comes first, and in which share of all weightings."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.c18.candidates import CRITERIA
from helpers.plots.style import RC, colour_of
from helpers.widgets.base import Explorer

FIRST = (3, 1, 1, 0)  # weights when it opens, 0 to 5 each


def ranked(names: list[str], scores: np.ndarray, weights: tuple[int, ...]) -> list[tuple[str, float]]:
    """Names with their weighted means, the best first; all weights 0 count as all equal."""
    given = np.array(weights, dtype=float) if any(weights) else np.ones(len(weights))
    means = scores @ given / given.sum()
    return [(names[k], float(means[k])) for k in np.argsort(-means, kind="stable")]


def told(names: list[str], scores: np.ndarray, weights: tuple[int, ...], shares: np.ndarray) -> str:
    """What the explorer says."""
    order = ranked(names, scores, weights)
    (first, best), (second, next_best) = order[:2]
    everywhere = 100 * shares[names.index(first)]
    return (
        f"First: {first}, {best:.2f}; then {second}, {next_best:.2f}. "
        f"Of all possible weightings {first} wins {everywhere:.0f} %."
    )


class RankingExplorer(Explorer):
    """Give each criterion a weight from 0 to 5.

    Parameters
    ----------
    names
        Of the candidates.
    scores
        (candidates, 4) in 0..1.
    shares
        (candidates,), in which share of all weightings each comes first.
    """

    script = "ranking.js"

    def __init__(self, names: list[str], scores: np.ndarray, shares: np.ndarray) -> None:
        self.names, self.scores, self.shares = names, scores.round(4), shares
        data: dict[str, Any] = {
            "names": names,
            "colours": ["vit" if name.startswith("ViT") else "cnn" for name in names],
            "criteria": list(CRITERIA),
            "scores": self.scores.tolist(),
            "shares": [round(float(share), 4) for share in shares],
            "weights": list(FIRST),
        }
        super().__init__(data, alt=f"Weighted scores of five networks as bars. {self.first_words()}")

    def first_words(self) -> str:
        """What it says when it opens."""
        return told(self.names, self.scores, FIRST, self.shares)

    def still(self) -> Figure:
        """Bars at the first weights."""
        order = ranked(self.names, self.scores, FIRST)
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 2.4))
            for y, (name, value) in enumerate(order):
                ax.barh(y, value, color=colour_of(name), height=0.6)
                ax.annotate(f"{value:.2f}", (value, y), xytext=(5, -4), textcoords="offset points")
            ax.set_yticks(range(len(order)), [name for name, _ in order])
            ax.set(xlim=(0, 1.1), ylim=(len(order) - 0.5, -0.5), xlabel="weighted score")
            ax.grid(axis="y", visible=False)
        return figure
