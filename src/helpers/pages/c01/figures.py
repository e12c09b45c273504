"""Figures of chapter 1: the luck of the best, three sets and how each breaks, two classifiers, heaps, wrong labels."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

WIDTH = 3.8  # inches: letters of 10.5 points stay readable on a phone
HONEST, FOOLED = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]


def coins(on_test: ArrayLike, on_fresh: ArrayLike, n_test: int, n_fresh: int) -> Figure:
    """Scores of coin-tossing classifiers on the images they were chosen on, and on fresh ones, in per cent.

    Parameters
    ----------
    on_test, on_fresh
        (m,), fractions; the first best on the test images is marked.

    Raises
    ------
    ValueError
        Without a classifier.
    """
    test, fresh = 100 * np.asarray(on_test), 100 * np.asarray(on_fresh)
    check_some(test, "classifier")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.3))
    winner = int(test.argmax())
    ax.axhline(50, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.axvline(50, color=QUIET, lw=1, ls=(0, (4, 3)))
    others = np.arange(len(test)) != winner
    ax.plot(test[others], fresh[others], "o", color=QUIET, ms=5.5, alpha=0.6, mec="none")
    ax.plot(test[winner], fresh[winner], "o", color=FOOLED, ms=10)
    place = (test[winner], fresh[winner])
    words = f"the winner: {test[winner]:.0f} %,\nthen {fresh[winner]:.1f} %"
    ax.annotate(words, place, xytext=(0, 42), textcoords="offset points", ha="center", fontsize=10.5, color=FOOLED,
                arrowprops={"arrowstyle": "-", "color": FOOLED})  # fmt: skip
    ax.set(xlim=(34, 70), ylim=(34, 70), xlabel=f"right of the {n_test} test images (%)")
    ax.set_ylabel(f"right of {n_fresh:,} fresh ones (%)")
    return figure


def promised_and_kept(
    tries: Sequence[int], promised: Sequence[float], kept: Sequence[float], validation: int
) -> Figure:
    """Accuracy (fractions) of the classifier chosen by a few images, on these and on others, over the tries."""
    check_some(tries, "number of tries")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.1))
    high, low = 100 * np.asarray(promised), 100 * np.asarray(kept)
    ax.fill_between(tries, low, high, color=FOOLED, alpha=0.14, lw=0)
    ax.plot(tries, high, "o-", color=FOOLED, ms=4.5)
    ax.plot(tries, low, "o-", color=HONEST, ms=4.5)
    middle = len(tries) // 2
    ax.text(
        tries[middle], high[middle] + 2.2, f"on the {validation} that chose", ha="right", fontsize=10.5, color=FOOLED
    )
    ax.text(tries[middle], low[middle] - 3.4, "on all others", fontsize=10.5, color=HONEST)
    ax.text(tries[-2], (low[-2] + high[-2]) / 2, "luck", ha="center", va="center", fontsize=10.5, color=INK)
    ax.set_xscale("log")
    ax.set_xticks(tries, [str(number) for number in tries])
    ax.minorticks_off()
    ax.set(xlabel="classifiers tried", ylabel="accuracy of the best (%)")
    return figure


def three_sets(rows: Sequence[tuple[str, str, str, str]]) -> Figure:
    """Which set answers which question, how often one may look, and what breaks it: (set, question, looks, breaks)."""
    check_some(rows, "set")
    figure, ax = plt.subplots(figsize=(WIDTH, 1.45 * len(rows)))
    ax.set(xlim=(0, 10), ylim=(len(rows), 0))
    ax.set_axis_off()
    faces = (FAINT, PALE_BLUE, "white")
    for y, (name, question, looks, breaks) in enumerate(rows):
        shape = "round,pad=0,rounding_size=0.09"
        style: Any = {"boxstyle": shape, "facecolor": faces[y % 3], "edgecolor": DIM, "lw": 1.2, "mutation_aspect": 1}
        ax.add_patch(FancyBboxPatch((0.05, y + 0.05), 9.9, 0.88, **style))
        ax.text(0.3, y + 0.2, name, fontsize=12, weight="bold", color=INK, va="center")
        ax.text(9.7, y + 0.2, looks, fontsize=10.5, color=QUIET, va="center", ha="right")
        ax.text(0.3, y + 0.42, question, fontsize=11, color=HONEST, va="center")
        text = fill(breaks, 45)
        ax.text(0.3, y + 0.57, text, fontsize=10.5, color=FOOLED, va="top", linespacing=1.25)
    return figure


def pipelines(rows: Sequence[tuple[str, str, str, str, bool]]) -> Figure:
    """From pixels to a decision, one row a way: (name, colour, features, decision, are the features learned?).

    What is learned from labels is filled, what people designed is dashed; a decision always is learned.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.86 * len(rows) + 0.1))
    ax.set(xlim=(0, 10), ylim=(len(rows), 0))
    ax.set_axis_off()
    for y, (name, colour, features, decision, learned) in enumerate(rows):
        ax.text(0.05, y + 0.13, name, fontsize=10.5, weight="bold", color=colour, va="center")
        for x, width, text, filled in (
            (0.05, 1.7, "pixels", None),
            (2.6, 3.9, features, learned),
            (7.35, 2.6, decision, True),
        ):
            style: Any = {
                "boxstyle": "round,pad=0,rounding_size=0.12",
                "edgecolor": colour if filled else QUIET,
                "lw": 1.3,
            }
            style |= {"facecolor": "white"} if not filled else {"facecolor": PALE_BLUE}
            style |= {"linestyle": (0, (3, 2))} if filled is False else {}
            ax.add_patch(FancyBboxPatch((x, y + 0.3), width, 0.5, **style))
            ax.text(x + width / 2, y + 0.55, text, fontsize=10.5, color=INK, ha="center", va="center")
        for start, end in ((1.85, 2.5), (6.6, 7.25)):
            ax.annotate("", (end, y + 0.55), (start, y + 0.55), arrowprops={"arrowstyle": "-|>", "color": QUIET})
    return figure


def only_one_right(one: str, other: str, only_one: int, only_other: int, columns: int = 10) -> Figure:
    """Two classifiers on the same images: a square for each image on which exactly one of them is right."""
    figure, ax = plt.subplots(figsize=(WIDTH, 1.9))
    tall = max(-(-count // columns) for count in (only_one, only_other))
    for start, count, name, colour in ((0, only_one, one, HONEST), (columns + 2, only_other, other, FOOLED)):
        for place in range(count):
            row, column = divmod(place, columns)
            ax.add_patch(plt.Rectangle((start + column + 0.08, row + 0.08), 0.84, 0.84, facecolor=colour, lw=0))  # type: ignore[attr-defined]
        ax.text(start, -0.45, f"{count} only by {name}", fontsize=11, color=colour, va="bottom")
    ax.set(xlim=(-0.1, 2 * columns + 2.1), ylim=(tall + 0.1, -1.7), aspect="equal")
    ax.set_axis_off()
    return figure


def heaps_by_count(counts: Sequence[int], scores: Mapping[str, Sequence[float]]) -> Figure:
    """Scores of k-means over the number of heaps, one line each with its name at its right end.

    Raises
    ------
    ValueError
        Without a score.
    """
    check_some(scores, "score")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.1))
    for (name, values), colour, dash in zip(scores.items(), (FOOLED, QUIET, HONEST), ("-", "--", "-"), strict=False):
        ax.plot(counts, values, "o", ls=dash, color=colour, ms=4)
        ax.annotate(name, (counts[-1], values[-1]), xytext=(6, 0), textcoords="offset points", va="center",
                    fontsize=10.5, color=colour, annotation_clip=False)  # fmt: skip
    ax.set_xscale("log")
    shown = [count for count in counts if count in (2, 10, 50, 200, counts[-1])]
    ax.set_xticks(shown, [f"{count:,}" for count in shown])
    ax.minorticks_off()
    ax.set(ylim=(-0.03, 1.05), xlabel="heaps", ylabel="score")
    return figure


def truth_and_labels(points: Mapping[str, tuple[float, float]], ceiling: float) -> Figure:
    """Classifiers by how often they are right in truth, and by labels some of which are wrong (fractions).

    Parameters
    ----------
    points
        Name -> (right in truth, right by the labels).
    ceiling
        Share of labels that are right: what never being wrong scores.

    Raises
    ------
    ValueError
        Without a classifier.
    """
    check_some(points, "classifier")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    ends = (87, 101)
    ax.plot(ends, ends, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(93.6, 95.5, "the labels and\nthe truth agree", fontsize=10.5, color=QUIET, ha="right", va="bottom")
    ax.axhline(100 * ceiling, color=QUIET, lw=1)
    for (name, (truth, by_labels)), colour in zip(points.items(), (INK, HONEST, FOOLED), strict=False):
        ax.plot(100 * truth, 100 * by_labels, "o", color=colour, ms=9)
        text, place, side, edge = name, (0, 9), "center", "bottom"
        if truth == 1:
            text, place, side, edge = f"{name}: the share of\nlabels that are right", (4, -8), "right", "top"
        ax.annotate(text, (100 * truth, 100 * by_labels), xytext=place, textcoords="offset points",
                    ha=side, va=edge, fontsize=10.5, color=colour)  # fmt: skip
    ax.set(xlim=ends, ylim=(87, 97), xlabel="right in truth (%)", ylabel="right by the labels (%)")
    return figure
