"""Figures of chapter 4: learning by heart, double descent, paths of optimisers, rates, shared numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from numpy.typing import ArrayLike

from helpers.pages.c04.norms import KINDS, sharing
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, QUIET, SOFT_BLUE, check_some

ORANGE, BLUE, GREEN = FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"], FAMILY_COLOURS["deit"]
WIDTH = 4.6  # inches: letters of 10.5 points stay readable on a phone


def _beside(ax: Axes, x: float, ends: Mapping[str, tuple[float, str]], apart: float) -> None:
    """Names at the right ends of lines, in their colours, pushed at least `apart` (axis units) from each other."""
    below = -np.inf
    for name, (y, colour) in sorted(ends.items(), key=lambda item: item[1][0]):
        below = max(y, below + apart)
        ax.annotate(name, (x, below), xytext=(5, 0), textcoords="offset points", va="center", color=colour,
                    fontsize=10.5, annotation_clip=False)  # fmt: skip


def by_heart(seen: Mapping[str, Sequence[float]], step: int) -> Figure:
    """One of three views of a training: its training loss, both losses, what it knows of its labels.

    Parameters
    ----------
    seen
        Of `protocol.watch`.

    Raises
    ------
    ValueError
        For another step.
    """
    if step not in (1, 2, 3):
        raise ValueError(f"step: expected 1 to 3, got {step}")
    figure, ax = plt.subplots(figsize=(WIDTH, 2.9))
    x, best = seen["step"], int(np.argmin(seen["val_loss"]))
    figure.set_layout_engine("constrained", rect=(0, 0, 0.8, 1))
    if step < 3:
        lines = {"training": ("train_loss", BLUE)} | ({"validation": ("val_loss", ORANGE)} if step == 2 else {})
        top = 1.08 * max(seen["val_loss"])
        if step == 2:
            ax.axvline(x[best], color=QUIET, lw=1, ls=(0, (4, 3)))
            ax.text(x[best] + 9, 0.96 * top, "lowest", color=QUIET, fontsize=10.5, va="top")
        ax.set(ylim=(0, top), ylabel="loss")
    else:
        lines, top = {"validation\nright": ("val_top1", ORANGE)}, 104.0
        for key, colour, words, at in (
            ("true_known", BLUE, "true labels given back", (0.98, 93)),
            ("wrong_known", INK, "wrong labels given back", (0.98, 42)),
        ):
            ax.plot(x, 100 * np.asarray(seen[key]), color=colour)
            ax.text(at[0] * x[-1], at[1], words, color=colour, fontsize=10.5, ha="right", va="top")
        ax.axvline(x[best], color=QUIET, lw=1, ls=(0, (4, 3)))
        ax.set(ylim=(0, top), ylabel="%")
    scale = 1 if step < 3 else 100
    for key, colour in lines.values():
        ax.plot(x, scale * np.asarray(seen[key]), color=colour)
    _beside(ax, x[-1], {name: (scale * seen[key][-1], colour) for name, (key, colour) in lines.items()}, 0.09 * top)
    ax.set(xlabel="steps of 50 digits", xlim=(x[0], x[-1]))
    return figure


def gap_figure(panels: Mapping[str, Mapping[str, tuple[Any, Any]]]) -> Figure:
    """Training (hollow) and test accuracy (full, with its interval) of each variant, one panel above the other.

    Each panel leads from a variant to its two estimates (value, low, high)."""
    rows = max(len(panel) for panel in panels.values())
    size = (4.6, (0.42 * rows + 0.75) * len(panels))
    figure, axes = plt.subplots(len(panels), 1, figsize=size, sharex=True, squeeze=False)
    for ax, (title, panel) in zip(axes[:, 0], panels.items(), strict=True):
        _gap_panel(ax, panel)
        ax.set_title(title)
    axes[0, 0].legend(fontsize=10, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, columnspacing=1, borderpad=0)
    axes[-1, 0].set_xlabel("accuracy (%); bar: 95 % interval over seeds")
    return figure


def _gap_panel(ax: Axes, panel: Mapping[str, tuple[Any, Any]]) -> None:
    for y, (train, test) in enumerate(panel.values()):
        first = y == 0
        ax.plot([100 * test.value, 100 * train.value], [y, y], color=QUIET, lw=1, ls=":")
        ax.plot([100 * test.low, 100 * test.high], [y, y], color=ORANGE, lw=5, alpha=0.35, solid_capstyle="round")
        ax.plot(100 * test.value, y, "o", color=ORANGE, ms=7, label="test" if first else None)
        ax.plot(100 * train.value, y, "o", mfc="white", mec=BLUE, mew=1.8, ms=7, label="training" if first else None)
    ax.set_yticks(range(len(panel)), list(panel))
    ax.set_ylim(len(panel) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)


def two_descents(widths: Sequence[int], found: Mapping[str, ArrayLike], count: int) -> Figure:
    """Shares named wrongly over the number of features, mean of the seeds, for least squares and the best ridge."""
    check_some(widths, "width")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.3))
    figure.set_layout_engine("constrained", rect=(0, 0, 0.83, 1))
    shown = {"train": ("training", DIM, "--"), "test": ("test", ORANGE, "-"), "ridge": ("test, with\nridge", BLUE, "-")}
    means = {key: 100 * np.mean(np.asarray(found[key]), axis=1) for key in shown}
    for key, (_, colour, line) in shown.items():
        ax.plot(widths, means[key], line, color=colour, marker="o", ms=3.5)
    names = {
        name: (float(means[key][-1]), QUIET if key == "train" else colour) for key, (name, colour, _) in shown.items()
    }
    _beside(ax, widths[-1], names, apart=9)
    ax.axvline(count, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(count * 1.08, 99, "as many features\nas digits", fontsize=10.5, color=QUIET, va="top")
    ax.set_xscale("log")
    ticks = [width for width in (10, 100, 1000) if widths[0] <= width <= widths[-1]]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="random features", ylabel="named wrongly (%)", ylim=(-2, 100))
    return figure


def valley(paths: Mapping[str, np.ndarray], steep: float, colours: Mapping[str, str]) -> Figure:
    """Paths of optimisers, (steps + 1, 2) each, in a valley that is `steep` times steeper across than along."""
    check_some(paths, "path")
    figure, axes = plt.subplots(len(paths), 1, figsize=(WIDTH, 1.25 * len(paths)), sharex=True)
    across, along = np.meshgrid(np.linspace(-1.6, 1.6, 80), np.linspace(-10.8, 3.4, 160))
    height = 0.5 * (along**2 + steep * across**2)
    for ax, (name, path) in zip(np.atleast_1d(axes), paths.items(), strict=True):
        ax.contour(along, across, height, levels=[0.5, 3, 9, 20, 38, 60], colors=DIM, linewidths=0.8)
        ax.plot(path[:, 0], path[:, 1], "o-", color=colours[name], ms=3, lw=1.3)
        ax.plot(0, 0, "+", color=INK, ms=11, mew=1.8)
        ax.text(3.3, -1.5, name, fontsize=10.5, weight="bold", color=colours[name], ha="right")
        ax.set(xlim=(-10.8, 3.4), ylim=(-1.6, 1.6), xticks=[], yticks=[])
        ax.grid(False)
        for side in ax.spines.values():
            side.set_visible(False)
    return figure


def rate_finder(rates: Sequence[float], losses: Sequence[float], guessing: float, taken: float) -> Figure:
    """Smoothed loss of one training whose rate grows; the lowest and another rate are marked."""
    check_some(rates, "rate")
    figure, ax = plt.subplots(figsize=(WIDTH, 2.9))
    ax.plot(rates, losses, color=BLUE)
    ax.axhline(guessing, color=QUIET, lw=1, ls=(0, (4, 3)))
    lowest = int(np.argmin(losses))
    ax.plot(rates[lowest], losses[lowest], "o", color=INK, ms=6, mfc="white")
    ax.annotate("lowest", (rates[lowest], losses[lowest]), xytext=(3, 12), textcoords="offset points", ha="left",
                fontsize=10.5)  # fmt: skip
    at = float(np.interp(np.log(taken), np.log(rates), losses))
    ax.plot(taken, at, "o", color=ORANGE, ms=8)
    ax.annotate("a tenth of it", (taken, at), xytext=(-10, -12), textcoords="offset points", ha="right",
                va="top", fontsize=10.5, color=ORANGE)  # fmt: skip
    ax.set(xscale="log", xlabel="learning rate, growing with each step", ylabel="loss", ylim=(0, 1.6 * guessing))
    return figure


def schedules(points: Sequence[Mapping[str, float | str]], colours: Mapping[str, str]) -> Figure:
    """Test accuracy (fractions) over the rate for each schedule, mean of the seeds: rows of `rate`, `schedule`,
    `value`."""
    check_some(points, "point")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.1))
    figure.set_layout_engine("constrained", rect=(0, 0, 0.86, 1))
    rates = sorted({float(row["rate"]) for row in points})
    ends = {}
    for name, colour in colours.items():
        own = {float(row["rate"]): 100 * float(row["value"]) for row in points if row["schedule"] == name}
        ax.plot(rates, [own[rate] for rate in rates], "o-", color=colour, ms=4.5)
        ends[name] = (own[rates[-1]], colour)
    _beside(ax, rates[-1], ends, apart=7)
    ax.set_xscale("log")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    ax.set(xlabel="highest learning rate", ylabel="test digits right (%)", ylim=(0, 100))
    return figure


TITLES = {
    "batch": ("batch norm", "one channel,\nall images and places"),
    "layer": ("layer norm", "one place of one image,\nall channels"),
    "group": ("group norm", "one image,\nsome channels, all places"),
    "instance": ("instance norm", "one image, one channel,\nall places"),
}


def _corner(channel: float, image: float, place: float) -> tuple[float, float]:
    """Where a corner of the cube is drawn: channels to the right, images to the back, places upwards."""
    return channel + 0.52 * image, place + 0.42 * image


def _cube(ax: Axes, kind: str, side: int) -> None:
    """A cube of side³ numbers; those that share their statistics with the nearest upper right one are orange."""
    index = sharing(kind, (side, side, side))
    own = index == index[0, side - 1, side - 1]  # (image, channel, place)
    faces = []
    for a in range(side):
        for b in range(side):
            faces.append(([(a, 0, b), (a + 1, 0, b), (a + 1, 0, b + 1), (a, 0, b + 1)], own[0, a, b], FAINT))
            faces.append(([(side, a, b), (side, a + 1, b), (side, a + 1, b + 1), (side, a, b + 1)],
                          own[a, side - 1, b], DIM))  # fmt: skip
            faces.append(([(a, b, side), (a + 1, b, side), (a + 1, b + 1, side), (a, b + 1, side)],
                          own[b, a, side - 1], SOFT_BLUE))  # fmt: skip
    for corners, shared, pale in faces:
        points = [_corner(*corner) for corner in corners]
        ax.add_patch(Polygon(points, closed=True, facecolor=ORANGE if shared else pale, edgecolor=INK, lw=0.7))


def cubes(side: int = 4) -> Figure:
    """Four cubes of images × channels × places; in each, the numbers of one mean and one variance are orange."""
    figure, axes = plt.subplots(2, 2, figsize=(WIDTH, 5.6))
    for ax, kind in zip(axes.ravel(), KINDS, strict=True):
        _cube(ax, kind, side)
        name, words = TITLES[kind]
        ax.set(xlim=(-1.5, 6.9), ylim=(-3.1, 6.0), aspect="equal")
        ax.set_axis_off()
        ax.set_title(name, fontsize=11.5)
        ax.text(side / 2, -0.3, "channels →", ha="center", va="top", fontsize=10, color=QUIET)
        ax.text(-0.25, side / 2, "places →", ha="right", va="center", fontsize=10, color=QUIET, rotation=90)
        ax.text(side + 1.35, 0.5, "images →", ha="center", va="center", fontsize=10, color=QUIET, rotation=39)
        ax.text(side / 2 + 0.5, -1.35, words, ha="center", va="top", fontsize=10.5, color=INK)
    return figure
