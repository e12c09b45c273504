"""Figures of twenty years: blocks, a timeline for the wall, gradients by layer, losses, and two charts of lab 2."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from helpers.pages.c06.bricks import Brick, Conv
from helpers.plots.style import DIM, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some, colour_of

ORANGE, BLUE, GREEN, PURPLE = (FAMILY_COLOURS[name] for name in ("cnn", "vit", "deit", "cait"))
WIDE = 1.5  # of the widest convolution, in units of the drawing


def colour_of_conv(conv: Conv) -> str:
    """Green: each channel alone; blue: 1 x 1; orange: the rest."""
    return GREEN if conv.depthwise else BLUE if conv.kernel == 1 else ORANGE


def draw_block(ax: Axes, brick: Brick, small: bool = False, x0: float = 0.0) -> None:
    """A block from below up: a bar a convolution, as wide as the channels that come out, and an arc where the input is
    added. `small` leaves out all words.
    """
    most = max(conv.outputs for conv in brick.convs)
    lanes, gap = brick.branches, 2.0 if small else 2.25
    middle = (len(lanes) - 1) / 2
    top = max(len(lane) for lane in lanes)
    for k, lane in enumerate(lanes):
        x = x0 + (k - middle) * gap / (1 if len(lanes) == 1 else 1.15)
        ax.plot([x0, x, x, x0], [-0.55, -0.15, top - 0.15, top + 0.25], color=QUIET, lw=1.1, zorder=1)
        for y, conv in enumerate(lane):
            half = WIDE * (0.28 + 0.72 * np.sqrt(conv.outputs / most)) / 2 * (0.8 if len(lanes) > 1 else 1)
            box = FancyBboxPatch((x - half, y), 2 * half, 0.52, boxstyle="round,pad=0,rounding_size=0.1")
            box.set(facecolor=colour_of_conv(conv), edgecolor="none", zorder=2)
            ax.add_patch(box)
            if not small:
                ax.text(x, y + 0.6, f"{conv.label}, {conv.outputs}", ha="center", va="bottom", fontsize=10, color=INK)
                ax.texts[-1].set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.6})
    if brick.residual:
        reach = x0 + WIDE * (0.8 if small else 0.9)
        ax.plot([x0, reach, reach, x0], [-0.45, -0.3, top + 0.12, top + 0.28], color=PURPLE, lw=1.8, zorder=1)
        ax.add_patch(Circle((x0, top + 0.3), 0.17, facecolor="white", edgecolor=PURPLE, lw=1.5, zorder=3))
        ax.text(x0, top + 0.3, "+", ha="center", va="center", fontsize=9, color=PURPLE, zorder=4)


def blocks(bricks: Sequence[Brick], titles: Sequence[str] | None = None) -> Figure:
    """Blocks side by side, each with its weights below."""
    check_some(bricks, "block")
    widths = [max(1.0, 0.95 * len(brick.branches)) for brick in bricks]
    figure, axes = plt.subplots(1, len(bricks), figsize=(4.5, 2.8), width_ratios=widths, squeeze=False)
    top = max(len(lane) for brick in bricks for lane in brick.branches)
    for ax, brick, title in zip(axes[0], bricks, titles or [b.name for b in bricks], strict=True):
        draw_block(ax, brick)
        ax.set_title(title, fontsize=10, loc="center")
        ax.text(0, -0.75, f"{brick.weights:,} weights", ha="center", va="top", fontsize=10.5, color=INK)
        half = 1.5 * max(1.0, 0.8 * len(brick.branches))
        ax.set(xlim=(-half, half), ylim=(-1.2, top + 0.6))
        ax.set_axis_off()
    return figure


def timeline(steps: Sequence[Mapping[str, Any]]) -> Figure:
    """The years from top to bottom: a dot as large as the parameters, an icon of the block, the idea in two lines.

    Steps hold `year`, `name`, `idea` (two lines at most), `parameters` (None where not counted) and `brick`.
    """
    check_some(steps, "step")
    figure, ax = plt.subplots(figsize=(4.5, 0.88 * len(steps) + 0.2))
    ax.plot([1.3, 1.3], [0.3, -len(steps) + 0.7], color=DIM, lw=2, zorder=0)
    for k, step in enumerate(steps):
        y, parameters = -k, step["parameters"]
        ax.text(0.45, y, str(step["year"]), ha="right", va="center", fontsize=11, color=QUIET)
        size = 6 + 34 * np.sqrt((parameters or 0) / 140e6)
        ax.plot(1.3, y, "o", ms=size, color=ORANGE if parameters else DIM, mec="white", zorder=2)
        ax.text(2.1, y + 0.1, step["name"], va="bottom", fontsize=11, weight="bold", color=INK)
        if parameters:
            count = f"{parameters / 1e6:.1f}" if parameters < 10e6 else f"{parameters / 1e6:.0f}"
            ax.text(5.75, y + 0.1, f"{count} M", va="bottom", ha="right", fontsize=10, color=ORANGE)
        ax.text(2.1, y + 0.06, step["idea"], va="top", fontsize=10.3, color=INK, linespacing=1.15)
        inset = ax.inset_axes((5.75, y - 0.45, 1.3, 0.9), transform=ax.transData)
        draw_block(inset, step["brick"], small=True)
        lanes, height = len(step["brick"].branches), max(len(lane) for lane in step["brick"].branches)
        half = 1.6 if lanes == 1 else 0.9 * lanes
        inset.set(xlim=(-half, half), ylim=(-0.7, max(2, height) + 0.6))
        inset.set_axis_off()
    ax.set(xlim=(-0.6, 7.05), ylim=(-len(steps) + 0.45, 0.55))
    ax.set_axis_off()
    return figure


COLOURS = (ORANGE, FAMILY_COLOURS["classical"], GREEN, PURPLE, BLUE)
DASHES = ("-", (0, (4, 2)), (0, (1, 1.2)), "-", "-")


def gradients(sizes: Mapping[str, Sequence[float]]) -> Figure:
    """Norm of the gradient that reaches each layer, from the last (left) to the first; log axis, names at the ends."""
    check_some(sizes, "stack")
    figure, ax = plt.subplots(figsize=(4.6, 3.5))
    ends, depth = [], 1
    for (name, row), colour, dash in zip(sizes.items(), COLOURS, DASHES, strict=False):
        depth = len(row) - 1
        ax.plot(range(depth + 1), row[::-1], color=colour, ls=dash)
        ends.append((float(np.log10(row[0])), name, colour))
    ax.set(yscale="log", xlabel="layers that the error has come back through", ylabel="size of the gradient")
    ax.set_xlim(0, 1.62 * depth)
    ax.set_xticks(range(0, depth + 1, max(1, depth // 4)))
    span = max(end for end, _, _ in ends) - min(end for end, _, _ in ends)
    _names(ax, 1.03 * depth, ends, 0.075 * span, log=True)
    return figure


def losses(curves: Mapping[str, Sequence[float]], chance: float, window: int = 10) -> Figure:
    """Loss, mean of every ten steps, of each stack, its name at the end, and the loss of guessing."""
    check_some(curves, "stack")
    figure, ax = plt.subplots(figsize=(4.6, 3.4))
    ends, steps = [], 0
    for (name, row), colour, dash in zip(curves.items(), COLOURS, DASHES, strict=False):
        smooth, steps = np.asarray(row).reshape(-1, window).mean(1), len(row)
        ax.plot(window * (np.arange(len(smooth)) + 0.5), smooth, color=colour, ls=dash)
        ends.append((float(smooth[-1]), name, colour))
    ax.axhline(chance, color=QUIET, lw=1, ls=(0, (2, 3)))
    _names(ax, 1.02 * steps, ends, 0.19)
    ax.set(xlabel="step", ylabel="training loss", xlim=(0, 1.62 * steps), ylim=(0, 2.9))
    ax.set_xticks(range(0, steps + 1, max(1, steps // 4)))
    return figure


def _names(ax: Axes, x: float, ends: list[tuple[float, str, str]], gap: float, log: bool = False) -> None:
    low = -np.inf
    for value, name, colour in sorted(ends):
        low = max(value, low + gap)
        ax.text(x, 10**low if log else low, name, va="center", fontsize=10, color=colour)


def recurrent_and_residual() -> Figure:
    """Left: one layer, an arrow from its output back to its input. Right: three layers, each with a way around it."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(4.6, 3.0))
    for ax, title in ((left, "recurrent"), (right, "residual")):
        ax.set_title(title, loc="center", fontsize=11)
        ax.set(xlim=(-1.7, 1.7), ylim=(-0.9, 3.6))
        ax.set_axis_off()

    def box(ax: Axes, y: float, text: str) -> None:
        patch = FancyBboxPatch((-0.6, y - 0.26), 1.2, 0.52, boxstyle="round,pad=0,rounding_size=0.1")
        patch.set(facecolor=PALE_BLUE, edgecolor=BLUE)
        ax.add_patch(patch)
        ax.text(0, y, text, ha="center", va="center", fontsize=11, color=INK)

    def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, bend: float = 0.0) -> None:
        style = f"arc3,rad={bend}"
        kind = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=colour, lw=1.6)
        kind.set_connectionstyle(style)
        ax.add_patch(kind)

    box(left, 1.4, "W")
    arrow(left, (0, -0.6), (0, 1.1), QUIET)
    arrow(left, (0, 1.7), (0, 3.3), QUIET)
    arrow(left, (0.1, 2.2), (0.1, 0.6), ORANGE, bend=-1.25)
    left.text(0, -0.85, "one W, used again and again", ha="center", fontsize=10, color=INK)
    for k in range(3):
        box(right, 1.05 * k + 0.35, f"$W_{k + 1}$")
        arrow(right, (0, 1.05 * k - 0.3), (0, 1.05 * k + 0.1), QUIET)
        arrow(right, (0, 1.05 * k - 0.2), (0, 1.05 * k + 0.75), PURPLE, bend=1.75)
    arrow(right, (0, 2.75), (0, 3.4), QUIET)
    right.text(0, -0.85, "its own W each, and a sum", ha="center", fontsize=10, color=INK)
    return figure


def ladder(rows: Sequence[Any], chance: float) -> Figure:
    """One row a method, oldest on top: test accuracy with its interval; dotted: chance."""
    check_some(rows, "method")
    figure, ax = plt.subplots(figsize=(4.7, 0.36 * len(rows) + 0.9))
    for y, row in enumerate(rows):
        colour = colour_of(row.model)
        ax.plot([100 * row.top1.low, 100 * row.top1.high], [y, y], color=colour, lw=6, alpha=0.35)
        ax.plot(100 * row.top1.value, y, "o", color=colour, ms=6)
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_yticks(range(len(rows)), [f"{row.label} · {row.year}" for row in rows])
    ax.set(xlabel="right answers on test images (%)", xlim=(0, None), ylim=(len(rows) - 0.5, -0.6))
    ax.grid(axis="y", visible=False)
    return figure


def verdicts(runs: Mapping[str, Mapping[str, Any]]) -> Figure:
    """One row a statement, one interval a run: the difference in points that it rests on; hollow where it holds zero.

    Parameters
    ----------
    runs
        Name of a run -> statement -> `difference` (value, low, high). The first run's statements are drawn.
    """
    check_some(runs, "run")
    statements = list(next(iter(runs.values())))
    figure, ax = plt.subplots(figsize=(4.6, 0.56 * len(statements) + 1.2))
    colours = dict(zip(runs, (ORANGE, FAMILY_COLOURS["vit"], INK), strict=False))
    for row, statement in enumerate(statements):
        words = ax.text(0.0, row - 0.2, statement, transform=ax.get_yaxis_transform(), fontsize=10.5, va="bottom")
        words.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # no line runs through a word
        for place, (name, rows) in enumerate(runs.items()):
            if statement not in rows:
                continue
            found, y = rows[statement].difference, row + 0.17 * place
            ax.plot([100 * found.low, 100 * found.high], [y, y], color=colours[name], lw=2.2, alpha=0.45, clip_on=True)
            face = "white" if found.low <= 0 <= found.high else colours[name]
            ax.plot(100 * found.value, y, "o", color=colours[name], markerfacecolor=face, ms=5.5)
    ax.axvline(0, color=INK, lw=1)
    for place, name in enumerate(runs):
        ax.text(1.0, -0.9 + 0.3 * place, name, transform=ax.get_yaxis_transform(), ha="right", color=colours[name])
    ax.set(xlabel="difference in points, with its 95 % interval", yticks=[], xlim=(-40, 40))
    ax.set_ylim(len(statements) - 0.4, -1.1)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    return figure


def speeds(rows: Sequence[Any]) -> Figure:
    """Two bars a network, each as a share of the largest: MACs of a training image, and seconds it took."""
    networks = [row for row in rows if row.training_macs]
    check_some(networks, "network")
    macs = np.array([row.training_macs for row in networks], dtype=float)
    seconds = np.array([row.fit_s / row.images_seen for row in networks])
    figure, ax = plt.subplots(figsize=(4.7, 0.5 * len(networks) + 0.9))
    y = np.arange(len(networks))
    ax.barh(y - 0.2, 100 * macs / macs.max(), 0.36, color=DIM)
    ax.barh(y + 0.2, 100 * seconds / seconds.max(), 0.36, color=ORANGE)
    most = int(macs.argmax())
    ax.text(100, most - 0.2, "MACs ", ha="right", va="center", fontsize=9.5, color=INK)
    ax.text(101, int(seconds.argmax()) + 0.2, " seconds", va="center", fontsize=9.5, color=ORANGE)
    ax.set_yticks(y, [row.label for row in networks])
    ax.set(xlabel="% of the largest", xlim=(0, 125), ylim=(len(networks) - 0.4, -0.6), facecolor="none")
    ax.set_xticks((0, 25, 50, 75, 100))
    ax.grid(axis="y", visible=False)
    return figure
