"""Measured effects on one axis: a strip of points with their intervals."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import INK, QUIET


def effect_strip(effects: Mapping[str, Any], wrap: int = 46) -> Figure:
    """Differences of accuracies (fractions) in points, one row each, with their 95 % intervals.

    Arguments
    ---------
    effects : name -> anything with `value`, `low`, `high`; an interval that leaves zero out has a filled point.
    wrap : characters of a line of a name.

    Raises ValueError without an effect."""
    if not effects:
        raise ValueError("effect_strip: expected at least one effect, got none")
    names = [fill(name, wrap) for name in effects]
    lines = sum(name.count("\n") + 1 for name in names)
    figure, ax = plt.subplots(figsize=(7.0, 0.8 + 0.07 * len(names) + 0.165 * lines))
    for row, effect in enumerate(effects.values()):
        undecided = effect.low is None or effect.low <= 0 <= effect.high
        if effect.low is not None:
            ax.plot([100 * effect.low, 100 * effect.high], [row, row], color=QUIET, linewidth=2.2, zorder=2)
        ax.plot(
            100 * effect.value,
            row,
            "o",
            color=INK,
            markerfacecolor="white" if undecided else INK,
            markersize=6,
            zorder=3,
        )
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("difference in points, with its 95 % interval")
    return figure
