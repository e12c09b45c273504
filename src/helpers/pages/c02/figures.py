"""Figures of chapter 2: what survived, readers by place, soft words, precision and recall, sizes of a vocabulary."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from helpers.plots.style import DIM, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

WIDTH = 3.8  # inches: letters of 10.5 points stay readable on a phone
OLD, NEW, OTHER = FAMILY_COLOURS["classical"], FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]


def survived(rows: Sequence[tuple[str, str, str]]) -> Figure:
    """What became of each step: (of 2006, of 2020, the question both answer), from pixels to a decision.

    Raises
    ------
    ValueError
        Without a step.
    """
    check_some(rows, "step")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.92 * len(rows) + 0.3))
    ax.set(xlim=(0, 10), ylim=(len(rows) + 0.02, -0.32))
    ax.set_axis_off()
    for x, name, colour in ((2.35, "2006", OLD), (7.65, "2020", NEW)):
        ax.text(x, -0.16, name, fontsize=11.5, weight="bold", color=colour, ha="center", va="center")
    for y, (old, new, question) in enumerate(rows):
        ax.text(5, y + 0.14, question, fontsize=10.5, color=QUIET, ha="center", va="center", style="italic")
        for x, text, colour, face in ((0.1, old, OLD, "white"), (5.4, new, NEW, PALE_BLUE)):
            style: Any = {"boxstyle": "round,pad=0,rounding_size=0.12", "edgecolor": colour, "lw": 1.2}
            ax.add_patch(FancyBboxPatch((x, y + 0.3), 4.5, 0.56, facecolor=face, **style))
            ax.text(x + 2.25, y + 0.58, text, fontsize=10.5, color=INK, ha="center", va="center", linespacing=1.1)
        ax.plot([4.68, 5.32], [y + 0.58, y + 0.58], color=DIM, lw=1.4)
    return figure


def readers(groups: Mapping[str, Sequence[tuple[str, float]]], chance: Mapping[str, float]) -> Figure:
    """Share right (fractions) of several readers of each question, as bars; dotted: guessing.

    Raises
    ------
    ValueError
        Without a question.
    """
    check_some(groups, "question")
    bars = max(len(rows) for rows in groups.values())
    figure, axes = plt.subplots(len(groups), 1, figsize=(WIDTH, (0.36 * bars + 0.5) * len(groups) + 0.3), sharex=True)
    for ax, (question, rows) in zip(np.atleast_1d(axes), groups.items(), strict=True):
        names, values = [name for name, _ in rows], [100 * value for _, value in rows]
        colours = [OTHER if "shuffled" in name else NEW for name in names]
        ax.barh(range(len(rows)), values, color=colours, height=0.62)
        for y, value in enumerate(values):
            ax.text(value - 1.5, y, f"{value:.0f}", ha="right", va="center", color="white", fontsize=10.5)
        ax.axvline(100 * chance[question], color=INK, linestyle=":", linewidth=1.2)
        ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, 100))
        ax.set_yticks(range(len(rows)), names, fontsize=10.5, color=INK)
        ax.set_title(question, loc="left")
        ax.grid(visible=False, axis="y")
    np.atleast_1d(axes)[-1].set_xlabel("right of new dogs (%)")
    return figure


def soft_bars(weights: Mapping[str, ArrayLike]) -> Figure:
    """Weights of one descriptor on its nearest words at several temperatures, one row of bars each.

    Raises
    ------
    ValueError
        Without a temperature.
    """
    check_some(weights, "temperature")
    figure, axes = plt.subplots(len(weights), 1, figsize=(WIDTH, 0.95 * len(weights) + 0.3), sharex=True)
    for ax, (name, row) in zip(np.atleast_1d(axes), weights.items(), strict=True):
        values = np.asarray(row)
        ax.bar(range(len(values)), values, color=[NEW] + [QUIET] * (len(values) - 1), width=0.8)
        ax.text(len(values) - 0.5, 0.78, name, ha="right", va="center", fontsize=10.5, color=INK)
        ax.set(ylim=(0, 1.05), yticks=[0, 1], xticks=[])
    np.atleast_1d(axes)[-1].set_xlabel(f"{len(values)} of the words, nearest first")
    return figure


def precision_by_recall(curves: Sequence[tuple[str, ArrayLike, ArrayLike, float]]) -> Figure:
    """Precision over recall (fractions), a line each: (name, recall, precision, share of the class among all).

    The dots at the right edge say what a ranking by lot gets.

    Raises
    ------
    ValueError
        Without a curve.
    """
    check_some(curves, "curve")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.2))
    colours = (NEW, OTHER, "#0f7f74", "#7b4bc4")
    for (name, recall, precision, share), colour in zip(curves, colours, strict=False):
        x, y = 100 * np.asarray(recall), 100 * np.asarray(precision)
        ax.plot(x, y, color=colour)
        ax.plot([100], [100 * share], ".", color=colour, clip_on=False, ms=8)
        at = int(np.searchsorted(x, 48))
        ax.text(53, y[at] + 2, name, fontsize=10.5, color=colour, va="bottom")
    ax.set(xlim=(0, 100), ylim=(0, 105), xlabel="recall (%): found, of all of the class")
    ax.set_ylabel("precision (%): right, of those taken")
    return figure


def vocabularies(sizes: Sequence[int], lines: Mapping[str, Sequence[Any]], chance: float) -> Figure:
    """Accuracy (anything with value, low, high) over the number of words, a line a way to make them.

    Raises
    ------
    ValueError
        Without a size.
    """
    check_some(sizes, "size")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.0))
    styles: tuple[tuple[str, str, float], ...] = ((NEW, "o-", 0.96), (OTHER, "s--", 1.04))
    for (name, points), (colour, style, shift) in zip(lines.items(), styles, strict=False):
        x = shift * np.asarray(sizes, dtype=float)
        values, low, high = (100 * np.array([getattr(p, key) for p in points]) for key in ("value", "low", "high"))
        ax.errorbar(x, values, [values - low, high - values], fmt=style, color=colour, ms=5, capsize=3)
        side, offset = ("bottom", 1.6) if style == "o-" else ("top", -1.6)
        ax.text(x[1], (high if side == "bottom" else low)[1] + offset, name, color=colour, va=side, ha="center")
    ax.axhline(100 * chance, color=INK, linestyle=":", linewidth=1.2)
    ax.set_xscale("log")
    ax.set_xticks(list(sizes), [str(size) for size in sizes])
    ax.minorticks_off()
    ax.set(ylim=(0, None), xlabel="words", ylabel="right of new photographs (%)")
    return figure
