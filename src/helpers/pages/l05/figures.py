"""Figures of lab 5: learning curves, letters by their place, the map of a word, words of other lengths.

All are narrow, so that a phone shows them in readable letters.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.pages.l05.arms import ARMS
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED, SOFT_BLUE, check_some

WIDTH = 4.2  # inches
CYCLE = (FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"], GREEN, FAMILY_COLOURS["cait"], INK)
DASHES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))


def curves(runs: Sequence[Mapping[str, Any]], arms: Sequence[str], names: Mapping[str, str] | None = None) -> Figure:
    """Letters right against steps, a line an arm (mean over seeds) with each seed as a thin one.

    Parameters
    ----------
    runs
        Rows of `helpers.pages.l05.study.train`.
    arms
        Which, in the order of their colours.
    names
        Other names of some arms.

    Raises
    ------
    ValueError
        Without a curve of one of them.
    """
    own = {arm: [run["curve"] for run in runs if run["arm"] == arm and run["curve"]] for arm in arms}
    own = {arm: found for arm, found in own.items() if found}
    check_some(own, "curve")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    ends = {}
    for k, (arm, found) in enumerate(own.items()):
        x = [point["step"] for point in found[0]]
        y = 100 * np.array([[point["letters"] for point in curve] for curve in found])  # (seeds, points)
        for row in y:
            ax.plot(x, row, color=CYCLE[k % 5], lw=0.9, alpha=0.45)
        ax.plot(x, y.mean(0), color=CYCLE[k % 5], ls=DASHES[k % 5])
        ends[(names or {}).get(arm, ARMS[arm].label)] = (float(y.mean(0)[-1]), CYCLE[k % 5])
    ax.set(xlabel="steps", ylabel="letters right (%)", ylim=(0, 102), xlim=(0, None))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    _label_ends(ax, ends)
    return figure


def _label_ends(ax: Axes, ends: Mapping[str, tuple[float, str]]) -> None:
    """The name of each line to the right of the axes at the height of its end, none on another."""
    low, high = ax.get_ylim()
    gap = 15 / (72 * ax.get_position().height * ax.get_figure().get_figheight())  # type: ignore[union-attr]
    place, placed = np.inf, {}
    for label in sorted(ends, key=lambda name: -ends[name][0]):
        place = min((ends[label][0] - low) / (high - low), place - gap)
        placed[label] = place
    lift = max(0.0, -min(placed.values(), default=0.0))  # none under the axis
    for label, y in placed.items():
        ax.annotate(
            label,
            (1.02, y + lift),
            xycoords="axes fraction",
            fontsize=10,
            color=ends[label][1],
            va="center",
            annotation_clip=False,
        )


def places(by_place: Mapping[str, Sequence[float]], ceiling: Sequence[float]) -> Figure:
    """Letters right by their place in the answer, a line an arm, and the proven ceiling as a stair.

    Parameters
    ----------
    by_place
        Arm -> share of each letter, (N,).
    ceiling
        The largest share without positions on the source, (N,).

    Raises
    ------
    ValueError
        Without an arm.
    """
    check_some(by_place, "arm")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    x = np.arange(1, len(ceiling) + 1)
    ax.bar(x, 100 * np.array(ceiling), width=0.9, color=SOFT_BLUE, alpha=0.5)
    ends = {}
    for k, (arm, shares) in enumerate(by_place.items()):
        y = 100 * np.array(shares)
        ax.plot(x, y, "o", color=CYCLE[k % 5], ls=DASHES[k % 5], ms=5)
        ends[ARMS[arm].label] = (float(y[0]), CYCLE[k % 5])
    for label, (height, colour) in ends.items():
        low = height < 50
        ax.annotate(
            label,
            (1, height),
            xytext=(4, 12 + 14 * low * list(ends).index(label)) if low else (4, -14),
            textcoords="offset points",
            color=colour,
            fontsize=10,
        )
    ax.set(xlabel="letter of the answer\nbars: nobody can do better without places", ylabel="right (%)", ylim=(0, 104))
    ax.set_xticks(x)
    return figure


def word_maps(shown: Mapping[str, Any], family: str = "cross") -> Figure:
    """One attention on one word, mean over heads: rows are the letters that are written, columns those that are read.

    Parameters
    ----------
    shown
        `word`, and `weights` with the family's map (h, N, M).
    family
        Which of the three attentions.

    Raises
    ------
    ValueError
        If there is no such map.
    """
    if family not in shown["weights"]:
        raise ValueError(f"family: expected one of {', '.join(shown['weights'])}, got {family!r}")
    weights = np.array(shown["weights"][family]).mean(0)  # (N, M)
    word = shown["word"]
    figure, ax = plt.subplots(figsize=(3.6, 3.6))
    ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    ax.set_xticks(range(len(word)), list(word))
    ax.set_yticks(range(len(word)), list(word[::-1]))
    ax.set(xlabel="letter that is read", ylabel="letter that is written")
    ax.tick_params(length=0, labelsize=11)
    ax.grid(visible=False)
    for row, column in zip(*np.nonzero(weights >= 0.1), strict=True):
        value = weights[row, column]
        colour = "white" if value > 0.6 else INK
        ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=9, color=colour)
    return figure


def other_words(rows: Sequence[Mapping[str, Any]], length: int) -> Figure:
    """Letters right in words of other lengths, and in words with repeated letters; seeds are hollow.

    Parameters
    ----------
    rows
        Of `helpers.pages.l05.report.elsewhere`.
    length
        Of the words that were trained on.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.42 * len(rows) + 0.9))
    for y, row in enumerate(rows):
        trained = row["length"] == length and not row["repeats"]
        colour = GREEN if trained else RED
        ax.plot([0, 100 * row["letters"]], [y, y], color=colour, lw=6, alpha=0.35, solid_capstyle="butt")
        ax.plot([100 * share for share in row["by_seed"]], [y] * len(row["by_seed"]), "o", color=colour, mfc="none")
        text = f"{100 * row['letters']:.0f} %, whole words {100 * row['words']:.0f} %"
        inside = row["letters"] > 0.5
        ax.annotate(
            text,
            (2 if inside else 100 * max(row["by_seed"]) + 4, y),
            va="center",
            fontsize=10,
            color=INK,
        )
    names = [f"{row['length']}{', repeats' if row['repeats'] else ''}" for row in rows]
    ax.set_yticks(range(len(rows)), names)
    ax.set(xlabel="letters right (%)", ylabel="letters of a word", xlim=(0, 104), ylim=(len(rows) - 0.5, -0.5))
    ax.grid(axis="y", visible=False)
    ax.axvline(100, color=QUIET, lw=1, ls=(0, (1, 2)))
    return figure
