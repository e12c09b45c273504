"""Measured effects on one axis: a strip of points with their intervals."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import INK, QUIET


def effect_strip(effects: Mapping[str, Any], wrap: int = 42) -> Figure:
    """Differences of accuracies (fractions) in points, one row each under its name, with their 95 % intervals.

    The figure is narrow, so that a phone shows it in readable letters.

    Parameters
    ----------
    effects
        Name -> anything with `value`, `low`, `high`; the point is hollow where the interval holds zero.
    wrap
        Characters of a line of a name.

    Raises
    ------
    ValueError
        Without an effect.
    """
    if not effects:
        raise ValueError("effect_strip: expected at least one effect, got none")
    names = [fill(name, wrap, break_on_hyphens=False) for name in effects]
    figure, ax = plt.subplots(figsize=(4.2, 0.7 + sum(0.26 + 0.19 * (name.count("\n") + 1) for name in names)))
    bottom = 0.0
    for name, effect in zip(names, effects.values(), strict=True):
        undecided = effect.low is None or effect.low <= 0 <= effect.high
        label = ax.text(
            0.0, bottom, name, transform=ax.get_yaxis_transform(), va="top", fontsize=11, color=INK, zorder=4
        )
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # no line runs through a word
        row = bottom + 0.19 * (name.count("\n") + 1) + 0.09
        if effect.low is not None:
            ax.plot([100 * effect.low, 100 * effect.high], [row, row], color=QUIET, linewidth=2.4, zorder=2)
        face = "white" if undecided else INK
        ax.plot(100 * effect.value, row, "o", color=INK, markerfacecolor=face, markersize=6, zorder=3)
        bottom = row + 0.17
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.set(ylim=(bottom, -0.08), yticks=[], xlabel="difference in points, with its 95 % interval")
    ax.spines["left"].set_visible(False)
    return figure
