"""Figures of lab 14: accuracy against depth, what the high rate does, the gradient of each block, what a block adds.

All are narrow, so that a phone shows them in readable letters.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.pages.l14.methods import ARMS, HIGH, USUAL
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, SOFT_BLUE, check_some

WIDTH = 4.2  # inches
COLOURS = {
    "post": INK,
    "plain": FAMILY_COLOURS["vit"],
    "scale_large": SOFT_BLUE,
    "scale": GREEN,
    "late": FAMILY_COLOURS["cait"],
    "cait": FAMILY_COLOURS["cait"],
}
DASHED = ("post", "cait")


def _line(arm: str) -> dict[str, Any]:
    return {"color": COLOURS[arm], "ls": "--" if arm in DASHED else "-"}


def depth_lines(rows: Sequence[Any], chance: float) -> Figure:
    """Test accuracy against depth at the usual rate, one line an arm, with the 95 % interval of each point.

    Rows have `arm`, `depth`, `rate` and `top1` (value, low, high).

    Raises
    ------
    ValueError
        Without a row of the usual rate.
    """
    shown = [row for row in rows if row.rate == USUAL]
    check_some(shown, "arm")
    arms = list(dict.fromkeys(row.arm for row in shown))
    depths = sorted({row.depth for row in shown})
    figure, ax = plt.subplots(figsize=(WIDTH, 3.9))
    ends = {}
    for k, arm in enumerate(arms):
        own = sorted((row for row in shown if row.arm == arm), key=lambda row: row.depth)
        x = np.array([row.depth for row in own]) * 1.025 ** (k - (len(arms) - 1) / 2)  # intervals side by side
        y = [100 * row.top1.value for row in own]
        ax.plot(x, y, marker="o", ms=6, **_line(arm))
        for at, row in zip(x, own, strict=True):
            low, high = (row.top1.value if end is None else end for end in (row.top1.low, row.top1.high))
            ax.plot([at, at], [100 * low, 100 * high], color=COLOURS[arm], lw=3, alpha=0.3)
        ends[arm] = y[-1]
    ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set(xscale="log", xlabel="blocks", ylabel="test accuracy (%), dotted: chance", ylim=(0, None))
    ax.set_xticks(depths, [str(depth) for depth in depths])
    ax.minorticks_off()
    ax.set_xlim(depths[0] / 1.15, depths[-1] * 1.15)
    _label_ends(ax, ends)
    return figure


def _label_ends(ax: Axes, ends: Mapping[str, float], log: bool = False) -> None:
    """The name of each line to the right of the axes, at the height of its end, none on another."""
    low, high = ax.get_ylim()
    span = np.log(high / low) if log else high - low
    heights = {arm: (np.log(y / low) if log else y - low) / span for arm, y in ends.items()}
    gap, place = 15 / (72 * ax.get_position().height * ax.get_figure().get_figheight()), np.inf  # type: ignore[union-attr]
    placed = {}
    for arm in sorted(heights, key=lambda name: -heights[name]):
        place = min(heights[arm], place - gap)
        placed[arm] = place
    lift = max(0.0, -min(placed.values(), default=0.0))  # none under the axis
    for arm, y in placed.items():
        ax.annotate(
            ARMS[arm].label,
            (1.02, y + lift),
            xycoords="axes fraction",
            fontsize=10,
            color=COLOURS[arm],
            va="center",
            annotation_clip=False,
        )


def two_rates(rows: Sequence[Any], chance: float) -> Figure:
    """One row for each arm that was run at both rates: the usual rate filled, the high one hollow, with intervals.

    Rows as of `depth_lines`, with `diverged`; of the largest depth.

    Raises
    ------
    ValueError
        Without an arm at the high rate.
    """
    deepest = max((row.depth for row in rows), default=0)
    high = {row.arm: row for row in rows if row.rate == HIGH and row.depth == deepest}
    check_some(high, "arm at the high rate")
    usual = {row.arm: row for row in rows if row.rate == USUAL and row.arm in high and row.depth == high[row.arm].depth}
    figure, ax = plt.subplots(figsize=(WIDTH, 0.75 * len(high) + 1.2))
    for y, arm in enumerate(high):
        for row, at in ((usual[arm], y - 0.14), (high[arm], y + 0.14)):
            low, top = (100 * (row.top1.value if end is None else end) for end in (row.top1.low, row.top1.high))
            ax.plot([low, top], [at, at], color=COLOURS[arm], lw=5, alpha=0.3, solid_capstyle="round")
            face = "white" if row.rate == HIGH else COLOURS[arm]
            ax.plot(100 * row.top1.value, at, "o", color=COLOURS[arm], markerfacecolor=face, ms=7)
            text = f"{100 * row.top1.value:.1f}" + (f", {row.diverged} diverged" if row.diverged else "")
            ax.annotate(text, (top, at), xytext=(6, -3.5), textcoords="offset points", fontsize=10)
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_yticks(range(len(high)), [ARMS[arm].label for arm in high])
    ax.set(
        xlabel="test accuracy (%), dotted: chance\nfilled: usual rate, hollow: high",
        xlim=(0, None),
        ylim=(len(high) - 0.5, -0.5),
    )
    ax.margins(x=0.2)
    ax.grid(axis="y", visible=False)
    return figure


def gradients(stream: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray]) -> Figure:
    """Before training: the gradient that reaches each block's output, and below it that of the block's matrices.

    Parameters
    ----------
    stream, weights
        Arm -> norms block by block, float (seeds, L); lines are medians over seeds.

    Raises
    ------
    ValueError
        Without an arm.
    """
    check_some(stream, "arm")
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH, 6.0), sharex=True)
    titles = ("gradient at a block's output, of one image", "gradient of a block's matrices")
    for ax, quantity, title in zip(axes, (stream, weights), titles, strict=True):
        ends = _block_lines(ax, quantity)
        ax.set(yscale="log", title=title)
        _label_ends(ax, ends, log=True)
    axes[1].set_xlabel("block, from input to head")
    axes[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _block_lines(ax: Axes, quantity: Mapping[str, np.ndarray], **style: Any) -> dict[str, float]:
    """A line an arm, the median over its seeds; returned is where each ends."""
    ends = {}
    for arm, rows in quantity.items():
        y = np.median(rows, axis=0)
        ax.plot(range(1, len(y) + 1), y, **(_line(arm) | style))
        ends[arm] = float(y[-1])
    return ends


def added(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> Figure:
    """How much each block adds to its input, |y - x| / |x|: one panel an arm, grey before training, coloured after it.

    Parameters
    ----------
    before, after
        Arm -> share block by block, float (seeds, L); lines are medians over seeds. Arms that diverged have no `after`.

    Raises
    ------
    ValueError
        Without an arm.
    """
    check_some(before, "arm")
    figure, axes = plt.subplots(
        len(before), 1, figsize=(WIDTH, 1.35 * len(before) + 0.6), sharex=True, sharey=True, squeeze=False
    )
    for ax, arm in zip(axes[:, 0], before, strict=True):
        blocks = range(1, before[arm].shape[1] + 1)
        ax.plot(blocks, np.median(before[arm], axis=0), ".-", color=QUIET, ms=5, lw=1.2)
        if arm in after:
            ax.plot(blocks, np.median(after[arm], axis=0), ".-", color=COLOURS[arm], ms=6)
        ax.axhline(1, color=INK, lw=0.8, ls=(0, (1, 2)))
        ax.set(yscale="log")
        ax.set_title(ARMS[arm].label, color=COLOURS[arm], loc="left")
    axes[-1, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.supylabel("what a block adds, as a share of its input", fontsize=10)
    axes[-1, 0].set_xlabel(
        "block, from input to head\ngrey: before training, coloured: after it\ndotted: as much again"
    )
    return figure
