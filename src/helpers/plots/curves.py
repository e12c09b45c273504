"""Accuracy against the number of photographs a class."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET


def accuracy_curve(
    sizes: Sequence[float], estimates: Sequence[Any], ahead: Mapping[str, float] | None = None
) -> Figure:
    """Test accuracy against photographs a class, on a logarithmic axis, with the forecast where there is one.

    `ahead`: `size`, `value`, `low`, `high`."""
    figure, ax = plt.subplots(figsize=(5.0, 3.2))
    values = np.array([[e.low, e.value, e.high] for e in estimates]) * 100
    ax.fill_between(sizes, values[:, 0], values[:, 2], color=FAMILY_COLOURS["cnn"], alpha=0.2, lw=0)
    ax.plot(sizes, values[:, 1], "o-", color=FAMILY_COLOURS["cnn"])
    ticks = list(sizes)
    if ahead is not None:
        ax.plot([sizes[-1], ahead["size"]], [values[-1, 1], 100 * ahead["value"]], ":", color=INK)
        ax.plot([ahead["size"]] * 2, [100 * ahead["low"], 100 * ahead["high"]], color=QUIET, lw=2.4)
        ax.plot(ahead["size"], 100 * ahead["value"], "o", color=INK, markerfacecolor="white")
        ax.annotate(
            "likely", (ahead["size"], 100 * ahead["value"]), xytext=(6, -10), textcoords="offset points", fontsize=9
        )
        ticks.append(ahead["size"])
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{size:.0f}" for size in ticks])
    ax.minorticks_off()
    ax.set(xlabel="photographs a class to learn from", ylabel="test accuracy (%)")
    return figure
