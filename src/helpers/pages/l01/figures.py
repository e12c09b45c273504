"""Figures of lab 01: the error of a nudge, and accuracy against the learning rate."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some

# Colour, dashes and marker of an activation: readable without colour too.
STYLES = {
    "relu": (FAMILY_COLOURS["cnn"], "-", "o"),
    "tanh": (FAMILY_COLOURS["vit"], "--", "s"),
    "sigmoid": (INK, ":", "^"),
    "identity": (QUIET, "-.", "x"),
}

APART = 13.0  # points of accuracy between two names


def nudges(steps: Sequence[float], errors: Mapping[str, Sequence[float]]) -> Figure:
    """Relative error of a slope against the size of the nudge, both on logarithmic axes; errors of 0 are left out.

    Raises
    ------
    ValueError
        Without a line.
    """
    check_some(errors, "line")
    figure, ax = plt.subplots(figsize=(5.2, 3.2))
    for (name, own), colour in zip(errors.items(), (FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"]), strict=False):
        shown = [(step, error) for step, error in zip(steps, own, strict=True) if error > 0]
        ax.plot(*zip(*shown, strict=True), "o-", color=colour, ms=4)
        ax.annotate(name, shown[0], xytext=(6, 2), textcoords="offset points", color=colour, fontsize=10)
    ax.set(xscale="log", yscale="log", xlabel="nudge h of one weight", ylabel="relative error of the slope")
    ax.set_xlim(min(steps) / 2, max(steps) * 20)
    return figure


def by_rate(runs: Sequence[Mapping[str, Any]], chance: float = 0.1) -> Figure:
    """Accuracy on the digits that a rate is chosen by, against the rate; a panel a depth, a line an activation.

    A mark is a seed, a line their mean.

    Raises
    ------
    ValueError
        Without a run.
    """
    check_some(runs, "run")
    depths = sorted({run["depth"] for run in runs})
    figure, axes = plt.subplots(
        len(depths), 1, figsize=(5.2, 2.3 * len(depths)), sharex=True, sharey=True, squeeze=False
    )
    for ax, depth in zip(axes[:, 0], depths, strict=True):
        ends = {}
        for activation in dict.fromkeys(run["activation"] for run in runs if run["depth"] == depth):
            colour, dashes, mark = STYLES[activation]
            own = [run for run in runs if (run["activation"], run["depth"]) == (activation, depth)]
            rates = sorted({run["rate"] for run in own})
            means = [100 * np.mean([run["chosen_by"] for run in own if run["rate"] == rate]) for rate in rates]
            ax.plot([run["rate"] for run in own], [100 * run["chosen_by"] for run in own], mark, color=colour, ms=4)
            ax.plot(rates, means, ls=dashes, color=colour)
            ends[activation] = (rates[-1], float(means[-1]))
        place = -APART
        for activation, (rate, mean) in sorted(ends.items(), key=lambda item: item[1][1]):
            place = max(mean, place + APART)  # names of lines that end together stand above each other
            offset = {"xytext": (8, -3), "textcoords": "offset points", "fontsize": 9}
            ax.annotate(activation, (rate, place), color=STYLES[activation][0], **offset)
        ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
        ax.set_title(f"{depth} hidden layer{'s' if depth > 1 else ''}", loc="left")
        ax.set(ylabel="right (%)", ylim=(0, 104))
    rates = sorted({run["rate"] for run in runs})
    axes[-1, 0].set(xscale="log", xlabel="learning rate (dotted: guessing)", xlim=(rates[0] / 1.5, rates[-1] * 5))
    axes[-1, 0].set_xticks(rates, [f"{rate:g}" for rate in rates])
    axes[-1, 0].minorticks_off()
    return figure
