"""Charts of lab 16: the decision, the curve, calibration, pictures of no class. Numbers in, a figure out."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET


def decision(rows: Sequence[Mapping[str, Any]], chosen: int) -> Figure:
    """Test accuracy of every candidate with its 95 % interval; the chosen one is filled.

    Rows have `name`, `family`, `test` (value, low, high)."""
    figure, ax = plt.subplots(figsize=(6.4, 0.42 * len(rows) + 1.1))
    for y, row in enumerate(rows):
        colour, e = FAMILY_COLOURS[row["family"]], row["test"]
        ax.plot([100 * e.low, 100 * e.high], [y, y], color=colour, lw=5, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * e.value, y, "o", color=colour, ms=9, markerfacecolor=colour if y == chosen else "white")
        ax.annotate(
            f"{100 * e.value:.1f}",
            (100 * e.value, y),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
    ax.set(
        xlim=(0, 102), ylim=(len(rows) - 0.4, -0.7), xlabel="test accuracy (%), with its 95 % interval; filled: chosen"
    )
    ax.grid(axis="y", visible=False)
    return figure


def reliability(before: Sequence[Mapping[str, float]], after: Sequence[Mapping[str, float]]) -> Figure:
    """Accuracy against confidence, before and after the temperature; on the diagonal a probability means what it says.

    Rows: `confidence`, `accuracy`, `low`, `high`."""
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 3.2), sharey=True)
    for ax, bins, title in zip(axes, (before, after), ("as trained", "with temperature"), strict=True):
        ax.plot([0, 100], [0, 100], color=QUIET, lw=1, ls=(0, (1, 2)))
        for row in bins:
            ax.plot([100 * row["confidence"]] * 2, [100 * row["low"], 100 * row["high"]], color=INK, lw=2.4, alpha=0.3)
        ax.plot([100 * r["confidence"] for r in bins], [100 * r["accuracy"] for r in bins], "o", color=INK)
        ax.set(title=title, xlabel="mean confidence (%)", xlim=(0, 103), ylim=(0, 103))
    axes[0].set_ylabel("accuracy (%)")
    return figure


def foreign_scores(known: np.ndarray, foreign: Mapping[str, float], threshold: float) -> Figure:
    """Scores of the test photographs as a histogram, those of pictures of no class as labelled ticks, the threshold."""
    figure, ax = plt.subplots(figsize=(6.4, 0.9 + 0.27 * (len(foreign) + 5)))
    heights, edges = np.histogram(known, bins=20)
    ax.stairs(heights, edges, fill=True, color=FAMILY_COLOURS["vit"], alpha=0.5)
    top, rows = heights.max(), len(foreign)
    for place, (name, score) in enumerate(sorted(foreign.items(), key=lambda pair: pair[1])):
        y = -top * (0.16 + 0.2 * place)
        ax.plot(score, y, "|", color=FAMILY_COLOURS["cnn"], ms=11, mew=2.4)
        ax.annotate(name, (score, y), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)
    ax.axvline(threshold, color=INK, lw=1.2, ls=(0, (4, 2)))
    ax.annotate("foreign", (threshold, top), xytext=(-4, 2), textcoords="offset points", ha="right", fontsize=9)
    ax.annotate("known", (threshold, top), xytext=(4, 2), textcoords="offset points", fontsize=9)
    ax.axhline(0, color=QUIET, lw=0.8)
    ax.set(
        ylim=(-top * (0.2 + 0.2 * rows), 1.12 * top), xlabel="score; bars: your test photographs, ticks: other pictures"
    )
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return figure
