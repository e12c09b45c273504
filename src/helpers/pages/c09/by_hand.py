"""The worked example of chapter 9 as coloured tables."""

import math

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike

from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET

OWN, OTHER = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]


def attention_by_hand(inputs: ArrayLike, queries: ArrayLike, keys: ArrayLike, values: ArrayLike) -> Figure:
    """One head on a few tokens as coloured tables, the darker the larger: inputs, their three projections, scores,
    weights, outputs.

    Parameters
    ----------
    inputs
        (N, D)
    queries, keys, values
        (N, d) each.
    """
    x, q, k, v = (np.asarray(table, dtype=float) for table in (inputs, queries, keys, values))
    scores = q @ k.T / math.sqrt(q.shape[1])
    exponentials = np.exp(scores - scores.max(1, keepdims=True))
    weights = exponentials / exponentials.sum(1, keepdims=True)
    rows = len(x)
    figure, ax = plt.subplots(figsize=(4.6, 5.6))
    ax.set(xlim=(-0.2, 10.6), ylim=(-0.3, 12.8), aspect="equal")
    ax.set_axis_off()
    top, middle, bottom = 9.1, 4.6, 0.1
    for table, name, left, colour in ((x, "X", 0, INK), (q, "Q", 3.2, OTHER), (k, "K", 5.8, OWN), (v, "V", 8.4, GREEN)):
        _table(ax, table, (left, top), colour, name)
    _table(ax, scores, (1.2, middle), QUIET, "QKᵀ / √d")
    _table(ax, weights, (6.0, middle), OWN, "A")
    _table(ax, weights @ v, (4.2, bottom), GREEN, "AV")
    turn = "angle,angleA=-90,angleB=180,rad=8"
    for start, end, word, at, bend in (
        ((2.1, top + rows / 2), (3.1, top + rows / 2), "", (0, 0), "arc3"),
        ((5.5, top - 0.15), (3.9, middle + rows + 0.25), "who fits whom?", (5.3, top - 0.75), "arc3"),
        ((4.35, middle + rows / 2), (5.85, middle + rows / 2), "softmax", (4.35, middle + rows / 2 + 0.45), "arc3"),
        ((6.9, middle - 0.15), (5.6, bottom + rows + 0.3), "mix the values", (2.9, middle - 0.55), "arc3"),
        ((9.9, top - 0.15), (6.35, bottom + rows / 2), "", (0, 0), turn),
    ):
        arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=12, shrinkA=0, shrinkB=0)
        arrow.set(color=QUIET, linewidth=1.2, connectionstyle=bend)
        arrow.set_facecolor("none" if bend == turn else QUIET)
        ax.add_patch(arrow)
        ax.text(at[0], at[1], word, ha="left", va="center", fontsize=10, color=QUIET)
    return figure


def _table(ax: Axes, values: np.ndarray, corner: tuple[float, float], colour: str, name: str) -> None:
    """A table of numbers with its first row on top; the corner is the lower left one."""
    rows, columns = values.shape
    most = max(float(np.abs(values).max()), 1e-9)
    whole = bool(np.all(values == np.round(values)))
    for i in range(rows):
        for j in range(columns):
            x, y = corner[0] + j, corner[1] + rows - 1 - i
            share = abs(float(values[i, j])) / most
            ax.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, alpha=0.06 + 0.44 * share, lw=0))
            text = f"{values[i, j]:.0f}" if whole else f"{values[i, j]:.2f}"
            ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=10, color=INK)
    ax.add_patch(Rectangle(corner, columns, rows, fill=False, edgecolor=colour, lw=1.2))
    ax.text(
        corner[0] + columns / 2, corner[1] + rows + 0.2, name, ha="center", va="bottom", fontsize=11, color=colour,
        fontweight="bold",
    )  # fmt: skip
