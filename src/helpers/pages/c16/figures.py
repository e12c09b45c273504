"""Figures of chapter 16: maps over pictures, a ruler in steps, layers by deletion."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some

WIDTH = 4.6  # inches, as wide as a figure beside its text
BLUE, ORANGE = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
HEAT = LinearSegmentedColormap.from_list("heat", ["#0b1026", "#5b2a86", "#e0563f", "#ffe08a"])  # by brightness too


def over(ax: Axes, picture: ArrayLike, saliency: ArrayLike | None, title: str = "") -> None:
    """A picture, or its grey shadow under a map, uint8 (H, W, 3), (h, w)."""
    pixels = np.asarray(picture)
    extent = (0, pixels.shape[1], pixels.shape[0], 0)
    if saliency is None:
        ax.imshow(pixels, extent=extent, interpolation="nearest")
    else:
        ax.imshow(pixels.mean(2), cmap="gray", extent=extent, interpolation="nearest")
        ax.imshow(np.asarray(saliency), cmap=HEAT, alpha=0.7, extent=extent, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.set_title(title, fontsize=10, loc="left", weight="normal")


def gallery(picture: ArrayLike, panels: Mapping[str, ArrayLike | None], columns: int = 3) -> Figure:
    """Maps over one picture, in rows of `columns`, the name above each; None shows the picture itself.

    Raises
    ------
    ValueError
        Without a panel.
    """
    check_some(panels, "panel")
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 1.08 * WIDTH / columns * rows), squeeze=False)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    for ax, (name, saliency) in zip(axes.flat, panels.items(), strict=False):
        over(ax, picture, saliency, name)
    return figure


def two_readers(pictures: Sequence[ArrayLike], said: Sequence[Sequence[str]]) -> Figure:
    """One dog drawn three times, and what both readers say of each.

    Parameters
    ----------
    pictures
        Three, uint8 (H, W, 3).
    said
        For each a title, the coat-reader's word and the build-reader's.
    """
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.35))
    for ax, picture, words in zip(axes, pictures, said, strict=True):
        over(ax, picture, None, words[0])
        ax.text(0, -0.1, words[1], transform=ax.transAxes, fontsize=10, color=INK, va="top")
        ax.text(0, -0.27, words[2], transform=ax.transAxes, fontsize=10, color=INK, va="top")
    return figure


def ruler_step(step: int, picture: ArrayLike, deleted: ArrayLike, saliency: ArrayLike, curves: Any) -> Figure:
    """One of three steps of a deletion curve.

    Parameters
    ----------
    step
        1: the map; 2: its top third deleted; 3: the curve, and chance.
    picture, deleted
        uint8 (H, W, 3).
    saliency
        (h, w).
    curves
        Shares (T,), and the probabilities of the map and of chance, (T,) each.

    Raises
    ------
    ValueError
        For another step.
    """
    if step not in (1, 2, 3):
        raise ValueError(f"step: expected 1 to 3, got {step}")
    if step < 3:
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.5))
        over(axes[0], picture, None, "the picture")
        if step == 1:
            over(axes[1], picture, saliency, "a map of it")
        else:
            over(axes[1], deleted, None, "its top third deleted")
        return figure
    figure, ax = plt.subplots(figsize=(WIDTH, 2.7))
    shares, own, chance = curves
    ax.fill_between(100 * shares, own, color=BLUE, alpha=0.12, lw=0)
    ax.plot(100 * shares, own, "o-", color=BLUE, ms=4)
    ax.plot(100 * shares, chance, "o--", color=QUIET, ms=4)
    at = len(shares) // 2
    ax.annotate("by the map", (100 * shares[at], own[at]), xytext=(-8, 8), textcoords="offset points",
                color=BLUE, fontsize=10, ha="right")  # fmt: skip
    ax.annotate("at random", (100 * shares[at], chance[at]), xytext=(6, 6), textcoords="offset points",
                color=QUIET, fontsize=10)  # fmt: skip
    ax.set(xlabel="pixels deleted (%)", ylabel="probability of the answer", ylim=(0, 1.03), xlim=(0, 100))
    return figure


def layer_dots(layers: Mapping[str, Any], bar: float, bar_name: str, colour: str, chosen: str) -> Figure:
    """Gain of a map at each layer, from the input up, with intervals; a dashed line for what asks no network.

    Parameters
    ----------
    layers
        Name -> anything with `value`, `low`, `high`.
    bar, bar_name
        The line and what it is.
    colour
        Of the network's family.
    chosen
        The layer that the other half of the pictures chose; it is drawn full.

    Raises
    ------
    ValueError
        Without a layer.
    """
    check_some(layers, "layer")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.31 * len(layers) + 1.05))
    for y, (name, row) in enumerate(layers.items()):
        if row.low is not None:
            ax.plot([row.low, row.high], [y, y], color=colour, lw=5, alpha=0.3, solid_capstyle="round")
        ax.plot(row.value, y, "o", color=colour, ms=8, markerfacecolor=colour if name == chosen else "white")
    ax.axvline(0, color=INK, lw=1)
    ax.axvline(bar, color=QUIET, lw=1.2, ls=(0, (3, 2)))
    ax.text(bar, -0.85, f" {bar_name}", fontsize=10, color=QUIET, va="center")
    ax.set_yticks(range(len(layers)), list(layers), fontsize=10)
    ax.set(ylim=(len(layers) - 0.5, -1.2), xlabel="gain over chance by deletion")
    ax.grid(axis="y", visible=False)
    return figure
