"""Figures of lab 07: accuracy against images, and the gap between the two networks."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.pages.l07.methods import ARMS, MODELS
from helpers.plots.style import INK, QUIET, check_some, colour_of

MARKS = {"scratch": ("o", "-"), "strong": ("s", (0, (4, 2))), "pretrained": ("D", (0, (1, 1.5)))}


def curves(points: Sequence[Any], chance: float) -> Figure:
    """Test accuracy against images a class, a panel an arm, a line a network; hollow: training crops of the last pass.

    Points have `arm`, `model`, `size`, `top1` (value, low, high) and `training`.

    Raises
    ------
    ValueError
        Without a point.
    """
    check_some(points, "point")
    arms = [arm for arm in ARMS if any(point.arm == arm for point in points)]
    figure, axes = plt.subplots(len(arms), 1, figsize=(5.2, 2.5 * len(arms)), sharex=True, sharey=True, squeeze=False)
    for ax, arm in zip(axes[:, 0], arms, strict=True):
        for model, label in MODELS.items():
            own = [point for point in points if (point.arm, point.model) == (arm, model)]
            if not own:
                continue
            sizes, colour = [point.size for point in own], colour_of(model)
            ends = [[p.top1.value if end is None else end for end in (p.top1.low, p.top1.high)] for p in own]
            ax.fill_between(sizes, *([100 * end[k] for end in ends] for k in (0, 1)), color=colour, alpha=0.2, lw=0)
            ax.plot(sizes, [100 * point.top1.value for point in own], "o-", color=colour, ms=5)
            ax.plot(sizes, [100 * point.training for point in own], "o", color=colour, ms=5, markerfacecolor="none")
            last = (sizes[-1], 100 * own[-1].top1.value)
            ax.annotate(label, last, xytext=(8, -3), textcoords="offset points", color=colour, fontsize=9)
        ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
        ax.set_title(ARMS[arm], loc="left")
        ax.set_ylabel("right (%)")
    _sizes(axes[-1, 0], sorted({point.size for point in points}))
    axes[-1, 0].set_xlabel("images a class; filled: test, band: 95 % interval; hollow: training crops", fontsize=9)
    return figure


def gap_lines(gaps: Mapping[str, Mapping[int, Any]]) -> Figure:
    """ViT minus CNN in points against images a class, a line an arm, with 95 % intervals; above zero the ViT is ahead.

    Raises
    ------
    ValueError
        Without an arm.
    """
    check_some(gaps, "arm")
    figure, ax = plt.subplots(figsize=(5.6, 3.6))
    for shift, (arm, own) in zip((0.0, -0.04, 0.04), gaps.items(), strict=False):
        mark, line = MARKS[arm]
        sizes = [size * 10**shift for size in own]  # aside, so that intervals do not lie upon each other
        for size, gap in zip(sizes, own.values(), strict=True):
            if gap.low is not None:
                ax.plot([size, size], [100 * gap.low, 100 * gap.high], color=QUIET, lw=2.2, zorder=2)
        ax.plot(sizes, [100 * gap.value for gap in own.values()], mark, ls=line, color=INK, ms=5.5, zorder=3)
        last = (sizes[-1], 100 * list(own.values())[-1].value)
        ax.annotate(ARMS[arm], last, xytext=(9, -3), textcoords="offset points", color=INK, fontsize=9)
    ax.axhline(0, color=INK, lw=1)
    ax.set(xlabel="images a class to learn from", ylabel="ViT minus CNN (points)")
    _sizes(ax, sorted({size for own in gaps.values() for size in own}))
    return figure


def _sizes(ax: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis with a tick at each size and room on the right for the names of the lines."""
    ax.set_xscale("log")
    ax.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlim(sizes[0] / 1.3, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.55 * 1.3)
