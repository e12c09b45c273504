"""Figures of the way from local to global: pyramids of paths, bells, fields of networks, streets, denoised pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.measure.receptive_field import Layer
from helpers.pages.c07.explorer import path_shares
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

ORANGE, BLUE = FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"]


def pyramid(layers: Sequence[Layer], label: str) -> Figure:
    """One value above, the layers below it, the pixels at the bottom: every line is a weight that a path may take.

    In each pixel stands the number of paths from it to the value. All layers have kernels of 3.

    Raises
    ------
    ValueError
        Without layers.
    """
    check_some(layers, "layer")
    counts = [np.rint(path_shares(layers[k:]) * 3 ** len(layers[k:])).astype(int) for k in range(len(layers) + 1)]
    jumps = np.cumprod([1, *(layer.stride for layer in layers)])
    figure, ax = plt.subplots(figsize=(4.5, 0.75 + 0.78 * len(layers)))
    xs = [jump * (np.arange(len(row)) - (len(row) - 1) / 2) for row, jump in zip(counts, jumps, strict=True)]
    for k, layer in enumerate(layers):
        for at, x in enumerate(xs[k + 1]):
            if counts[k + 1][at]:
                for i in range(layer.kernel):
                    end = xs[k][at * layer.stride + i * layer.dilation]
                    ax.plot([end, x], [k + 0.3, k + 0.75], color=QUIET, lw=0.9, solid_capstyle="round")
    for k, (row, x, jump) in enumerate(zip(counts, xs, jumps, strict=True)):
        most = row.max()
        for value, at in zip(row, x, strict=True):
            width = 0.86 * min(jump, 1.6)
            face = ORANGE if k == len(layers) else PALE_BLUE if value else FAINT
            box = Rectangle((at - width / 2, k - 0.23), width, 0.5, facecolor=face, edgecolor=BLUE if value else DIM)
            ax.add_patch(box)
            if k == 0 and value:
                weight = "bold" if value == most else "normal"
                ax.text(at, 0.0, str(value), ha="center", va="center", fontsize=10, weight=weight, color=INK)
    side = len(counts[0])
    half = max(8.0, side / 2 + 0.4)
    ax.annotate("", (-side / 2, -0.5), (side / 2, -0.5), arrowprops={"arrowstyle": "<->", "color": ORANGE, "lw": 1.4})
    ax.text(0, -0.62, f"{label}: {side} pixels", ha="center", va="top", fontsize=11, color=INK)
    ax.set(xlim=(-half, half), ylim=(-1.15, len(layers) + 0.45))
    ax.set_axis_off()
    return figure


def bells(depths: Sequence[int]) -> Figure:
    """Where paths begin, for stacks of 3 x 3 layers, each over the width of its own field."""
    check_some(depths, "depth")
    figure, axes = plt.subplots(len(depths), 1, figsize=(4.5, 1.15 * len(depths) + 0.4), sharex=True, squeeze=False)
    for ax, depth in zip(axes[:, 0], depths, strict=True):
        shares = path_shares([Layer(3)] * depth)
        x = np.arange(-depth, depth + 1)
        ax.fill_between(x / depth, shares / shares.max(), step="mid", color=ORANGE, lw=0)
        ax.set(yticks=[], xlim=(-1.12, 1.12), ylim=(0, 1.12))
        ax.spines["left"].set_visible(False)
        ax.grid(visible=False)
        ax.text(-1.1, 0.7, f"{depth} layers\n{2 * depth + 1} pixels", fontsize=10.5, va="center", color=INK)
    axes[-1, 0].set_xticks((-1, 0, 1), ("edge of the field", "middle", "edge"))
    axes[-1, 0].tick_params(labelsize=10.5)
    return figure


def dumbbells(rows: Sequence[Mapping[str, Any]], limit: float | None = None) -> Figure:
    """Field in theory (hollow) and side that holds 95 % (filled), as shares of the side of the image.

    Rows hold `name`, `theory` (None: the whole image) and `sides`, a mapping of label to side, all in shares.

    Raises
    ------
    ValueError
        Without rows.
    """
    check_some(rows, "row")
    colours = (ORANGE, BLUE)
    widest = max(rows, key=lambda row: max(row["sides"].values()) - min(row["sides"].values()))
    figure, ax = plt.subplots(figsize=(4.6, 0.47 * len(rows) + 0.95))
    for k, row in enumerate(rows):
        theory = row["theory"] or 1
        ends = [theory, *row["sides"].values()]
        ax.plot([min(ends), max(ends)], [k, k], color=DIM, lw=2)
        ax.plot(theory, k, "o", ms=8, mfc="white", mec=QUIET, mew=1.8)
        for (label, side), colour, marker in zip(row["sides"].items(), colours, "os", strict=False):
            ax.plot(side, k, marker, ms=8, color=colour)
            if row is widest and len(row["sides"]) > 1:
                up = 11 if marker == "o" else -17
                ax.annotate(label, (side, k), (0, up), textcoords="offset points", ha="center", color=colour)
    ax.axvline(1, color=QUIET, lw=1, ls=(0, (2, 3)))
    ax.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=10.5)
    ax.set(ylim=(len(rows) - 0.4, -0.75), xlim=(0, limit), xlabel="side of the field / side of the image")
    ax.grid(visible=False, axis="y")
    return figure


# ----------------------------------------------------------------------------------------------------- the street

LAMPS = [FAMILY_COLOURS[name] for name in ("cnn", "vit", "deit", "cait")]
COLOUR_NAMES = ("orange", "blue", "green", "purple")
MARKS = ("o", "s", "^", "D")


def street(image: np.ndarray, asker: int, weights: np.ndarray | None = None) -> Figure:
    """A street of 32 houses in two rows of 16, its lamps and the asker (in a box); bars below: what the asker reads.

    Parameters
    ----------
    image
        (9, 32): which shape (4), which colour (4), whether the house asks.
    asker
        Its place.
    weights
        (32,), attention of the asker, or None.
    """
    figure, axes = plt.subplots(2, 1, figsize=(4.6, 2.0 if weights is None else 2.9))
    half = image.shape[1] // 2
    for ax, start in zip(axes, (0, half), strict=True):
        for x in range(half):
            place = start + x
            ax.add_patch(Rectangle((x + 0.06, 0), 0.88, 1, facecolor=FAINT, edgecolor=DIM))
            if image[:4, place].any():
                mark = MARKS[int(image[:4, place].argmax())]
                lit = LAMPS[int(image[4:8, place].argmax())] if image[4:8, place].any() else "white"
                ax.plot(x + 0.5, 0.5, mark, ms=9, color=lit, mec=INK if place == asker else lit, mew=1.4)
            if place == asker:
                box = Rectangle((x - 0.02, -0.1), 1.04, 1.2, fill=False, ec=INK, lw=2)
                ax.add_patch(box)
                ax.text(x + 0.5, 1.22, "?", ha="center", va="bottom", fontsize=12, weight="bold", color=INK)
            if weights is not None:
                ax.add_patch(Rectangle((x + 0.2, -0.25 - weights[place]), 0.6, weights[place], facecolor=BLUE))
        ax.text(-0.15, 0.5, str(start + 1), ha="right", va="center", fontsize=10, color=QUIET)
        ax.text(half + 0.15, 0.5, str(start + half), ha="left", va="center", fontsize=10, color=QUIET)
        ax.set(xlim=(-0.9, half + 0.9), ylim=(-0.25 if weights is None else -1.3, 1.75))
        ax.set_axis_off()
    return figure


def losses(curves: Mapping[str, Sequence[float]], chance: float, window: int = 10) -> Figure:
    """Mean loss of every ten steps of each network, its name beside its last value, and the loss of guessing."""
    figure, ax = plt.subplots(figsize=(4.6, 3.3))
    ends = []
    for (name, values), colour, dashes in zip(curves.items(), SERIES, DASHES, strict=True):
        smooth = np.asarray(values).reshape(-1, window).mean(1)
        ax.plot(window * (np.arange(len(smooth)) + 0.5), smooth, color=colour, ls=dashes)
        ends.append((smooth[-1], name, colour))
    ax.axhline(chance, color=QUIET, lw=1, ls=(0, (2, 3)))
    _beside(ax, len(values), ends, 0.13)
    ax.set(xlabel="step", ylabel="loss", ylim=(-0.04, 1.75), xlim=(0, 1.5 * len(values)))
    ax.set_xticks(range(0, len(values) + 1, 100))
    return figure


SERIES = [ORANGE, ORANGE, FAMILY_COLOURS["deit"], FAMILY_COLOURS["cait"], FAMILY_COLOURS["classical"], BLUE]
DASHES = ["-", "--", "-", "-", "-", "-"]


def accuracy_by_distance(
    shares: Mapping[str, Sequence[float]], counted: Mapping[str, Sequence[float]], reaches: Mapping[str, int]
) -> Figure:
    """Share of right answers at each distance, and of who counts colours (`counted`, dashed) with the same field.

    The region beyond the field is shaded, chance, 1 in 4, dotted.
    """
    figure, axes = plt.subplots(len(shares), 1, figsize=(4.6, 0.98 * len(shares) + 0.6), sharex=True, sharey=True)
    for ax, (name, row), colour in zip(np.atleast_1d(axes), shares.items(), SERIES, strict=True):
        x = np.arange(1, len(row) + 1)
        ax.axhline(25, color=QUIET, lw=1, ls=(0, (2, 3)))
        if reaches[name] < len(row):
            ax.axvspan(reaches[name] + 0.5, len(row) + 0.5, color=FAINT, lw=0)
            ax.axvline(reaches[name] + 0.5, color=colour, lw=1.4)
        ax.plot(x, 100 * np.asarray(counted[name]), color=INK, lw=1.4, ls=(0, (5, 3)))
        ax.plot(x, 100 * np.asarray(row), "o-", ms=4, color=colour)
        ax.text(20.4, 77, name, ha="right", va="center", color=colour, weight="bold", fontsize=10.5)
        ax.set(ylim=(0, 112), xlim=(0.5, len(row) + 0.5), yticks=(0, 25, 50, 100))
        ax.grid(visible=False, axis="x")
    np.atleast_1d(axes)[-1].set(xlabel="distance to the lamp (houses)", xticks=(1, 5, 10, 15, 20))
    figure.supylabel("right answers (%)", fontsize=10)
    return figure


def _beside(ax: Axes, x: float, ends: list[tuple[float, str, str]], gap: float) -> None:
    """Names at the ends of lines, pushed apart."""
    low = -np.inf
    for value, name, colour in sorted(ends):
        low = max(value, low + gap)
        ax.text(1.02 * x, low, name, va="center", fontsize=10.5, color=colour)


# -------------------------------------------------------------------------------------------------- non-local means


def denoised(pictures: Mapping[str, np.ndarray], weights: np.ndarray, place: tuple[int, int]) -> Figure:
    """Three grey pictures two in a row, and the weights that one pixel (ringed) gives to all, brighter for more."""
    figure, axes = plt.subplots(2, 2, figsize=(4.6, 4.9))
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    for ax, (name, picture) in zip(axes.flat, pictures.items(), strict=False):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(name, fontsize=10.5, loc="left")
    last = axes.flat[-1]
    last.imshow(np.sqrt(weights / weights.max()), cmap="magma", interpolation="nearest")
    last.plot(place[1], place[0], "o", ms=11, mfc="none", mec="#fefefe", mew=1.8)
    last.set_title("what one pixel reads", fontsize=10.5, loc="left")
    return figure
