"""Figures of lab 17: nine falling losses, tests against networks, where parity breaks, and what faults cost."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAINT, FAMILY_COLOURS, INK, QUIET, RED, check_some

BLUE = FAMILY_COLOURS["vit"]


def falling(losses: Mapping[str, Sequence[float]], start: float) -> Figure:
    """The loss of each network while it learns one batch by heart, on one pair of axes; dotted: ln K.

    Parameters
    ----------
    losses
        Letter -> the loss at each step.
    start
        ln K.

    Raises
    ------
    ValueError
        Without a network.
    """
    check_some(losses, "network")
    figure, ax = plt.subplots(figsize=(4.2, 2.9))
    ax.axhline(start, color=QUIET, lw=1, ls=(0, (1, 2)))
    for values in losses.values():
        ax.plot(np.arange(len(values)), values, color=BLUE, lw=1.3, alpha=0.7)
    steps = len(next(iter(losses.values())))
    ax.annotate("ln 10", (steps, start), xytext=(0, 4), textcoords="offset points", ha="right", color=QUIET)
    ax.annotate(f"{' '.join(losses)}", (0.97, 0.62), xycoords="axes fraction", ha="right", color=BLUE)
    ax.set(xlabel="step", ylabel="loss of one batch", ylim=(0, None))
    return figure


def board(results: Mapping[str, Mapping[str, bool | None]]) -> Figure:
    """Tests down, networks across: a dot where one passes, a cross where it fails, nothing where there is no test yet.

    Raises
    ------
    ValueError
        Without a test.
    """
    check_some(results, "test")
    tests, letters = list(results), list(next(iter(results.values())))
    figure, ax = plt.subplots(figsize=(4.3, 0.3 * len(tests) + 0.75))
    for y, row in enumerate(results.values()):
        ax.axhspan(y - 0.5, y + 0.5, color=FAINT if y % 2 == 0 else "none", lw=0, zorder=0)
        passed = [x for x, letter in enumerate(letters) if row[letter] is True]
        failed = [x for x, letter in enumerate(letters) if row[letter] is False]
        ax.plot(passed, [y] * len(passed), "o", color=QUIET, ms=3.5)
        ax.plot(failed, [y] * len(failed), "X", color=RED, ms=10, mec="none")
    ax.set_xticks(range(len(letters)), letters, fontsize=11)
    ax.set_yticks(range(len(tests)), tests, fontsize=10.5)
    ax.tick_params(length=0, labelcolor=INK)
    ax.xaxis.tick_top()
    ax.set(xlim=(-0.6, len(letters) - 0.4), ylim=(len(tests) - 0.5, -0.5))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return figure


def parity_map(judged: Mapping[str, Mapping[str, Any]], agree: float) -> Figure:
    """Networks down, places across: a dot where it agrees with the plain ViT, a cross where not, or why it is no pair.

    Parameters
    ----------
    judged
        Label -> `refused` and `places`, of `costs.judged`.
    agree
        The largest difference that is rounding.

    Raises
    ------
    ValueError
        Without a network.
    """
    check_some(judged, "network")
    places = list(next(row["places"] for row in judged.values() if row["places"]))
    figure, ax = plt.subplots(figsize=(4.3, 0.42 * len(judged) + 1.0))
    for y, row in enumerate(judged.values()):
        ax.axhspan(y - 0.5, y + 0.5, color=FAINT if y % 2 == 0 else "none", lw=0, zorder=0)
        if row["refused"]:
            ax.text(len(places) / 2 - 0.5, y, "loading refused", ha="center", va="center", fontsize=10.5, color=INK)
            continue
        values = list(row["places"].values())
        same = [x for x, value in enumerate(values) if value < agree]
        other = [x for x, value in enumerate(values) if not value < agree]
        ax.plot(same, [y] * len(same), "o", color=QUIET, ms=3.5)
        ax.plot(other, [y] * len(other), "X", color=RED, ms=9, mec="none")
    ax.set_xticks(range(len(places)), places, fontsize=10.5, rotation=40, ha="left")
    ax.set_yticks(range(len(judged)), [fill(label, 20) for label in judged], fontsize=10.5)
    ax.tick_params(length=0, labelcolor=INK)
    ax.xaxis.tick_top()
    ax.set(xlim=(-0.6, len(places) - 0.4), ylim=(len(judged) - 0.5, -0.5))
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    return figure


def ladder(rows: Sequence[Any], chance: float, what: str) -> Figure:
    """Accuracies with their 95 % intervals, one row each under its name; dotted: chance, line: the sound network's.

    Parameters
    ----------
    rows
        Anything with `label`, `top1` and `behind`, the sound network first; hollow where it is asked in another way.
    chance
        The share that guessing gets right.
    what
        Under the axis.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.4, 0.43 * len(rows) + 0.8))
    sound = 100 * rows[0].top1.value
    ax.axvline(sound, color=BLUE, lw=1, zorder=1)
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)), zorder=1)
    for y, row in enumerate(rows):
        shade = BLUE if row.behind is None else INK
        value, low, high = (100 * x for x in (row.top1.value, row.top1.low, row.top1.high))
        label = ax.text(0.0, y - 0.42, row.label, transform=ax.get_yaxis_transform(), va="top", fontsize=10.5, zorder=4)
        label.set(color=shade, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})
        ax.plot([low, high], [y + 0.25] * 2, color=shade, lw=5, alpha=0.3, solid_capstyle="round", zorder=2)
        face = shade if row.asked == "predictions" else "white"
        ax.plot(value, y + 0.25, "o", color=shade, mfc=face, ms=6, zorder=3)
        ax.annotate(
            f"{value:.1f}", (1.0, y + 0.25), xycoords=ax.get_yaxis_transform(), va="center", ha="right", size=10.5
        )
    ax.set(xlabel=what, ylim=(len(rows) - 0.3, -0.6), xlim=(0, 112), yticks=[], xticks=range(0, 101, 20))
    ax.spines["left"].set_visible(False)
    return figure
