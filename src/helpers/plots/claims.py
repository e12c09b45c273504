"""Measured effects on one axis: a strip of points with their intervals."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import INK, QUIET

MARKS = {"for": "o", "against": "X", "open": "D"}  # filled, crossed, hollow: told apart without colour


def effect_strip(effects: Mapping[str, Any], stances: Mapping[str, str] | None = None, wrap: int = 44) -> Figure:
    """Differences of accuracies (fractions) in points, one row each, with their 95 % intervals.

    Arguments
    ---------
    effects : name -> anything with `value`, `low`, `high`.
    stances : name -> "for", "against" or "open": what the effect says of a claim, as the shape of its point.
    wrap : characters of a line of a name.

    Raises ValueError without an effect."""
    if not effects:
        raise ValueError("effect_strip: expected at least one effect, got none")
    names = [fill(name, wrap) for name in effects]
    lines = sum(name.count("\n") + 1 for name in names)
    figure, ax = plt.subplots(figsize=(7.0, 0.9 + 0.16 * len(names) + 0.17 * lines))
    for row, (name, effect) in enumerate(effects.items()):
        stance = (stances or {}).get(name, "for")
        if effect.low is not None:
            ax.plot([100 * effect.low, 100 * effect.high], [row, row], color=QUIET, linewidth=2.2, zorder=2)
        face = "white" if stance == "open" else INK
        ax.plot(100 * effect.value, row, MARKS[stance], color=INK, markerfacecolor=face, markersize=6.5, zorder=3)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("difference in points, with its 95 % interval")
    if stances:
        shapes = [("for", "for the claim"), ("against", "against it"), ("open", "open")]
        handles = [
            ax.plot([], [], MARKS[s], color=INK, markerfacecolor="white" if s == "open" else INK, label=label)[0]
            for s, label in shapes
            if s in stances.values()
        ]
        figure.legend(handles=handles, loc="outside upper left", ncols=3, fontsize=9)
    return figure
