"""Figures of chapter 11: what is kept, what is computed, and measured values on one axis with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some, colour_of

APART = 1.7  # factor between two names on a logarithmic axis
WIDTH = 4.6  # inches: as wide as a figure beside its text; letters of 10 points stay readable on a phone


def kept_bars(mib: Mapping[str, float]) -> Figure:
    """MiB that are kept for one image, a bar a network, the smallest on top.

    Raises
    ------
    ValueError
        Without a network.
    """
    check_some(mib, "network")
    rows = sorted(mib.items(), key=lambda item: item[1])
    figure, ax = plt.subplots(figsize=(WIDTH, 0.36 * len(rows) + 0.8))
    for y, (name, value) in enumerate(rows):
        ax.barh(y, value, color=colour_of("cnn" if name.startswith("Mobile") else name), height=0.66)
        ax.annotate(f"{value:.0f}", (value, y), xytext=(5, -4), textcoords="offset points", fontsize=10)
    ax.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=10)
    ax.set(xlabel="MiB kept for one image", ylim=(len(rows) - 0.5, -0.5), xlim=(0, 1.15 * rows[-1][1]))
    ax.grid(axis="y", visible=False)
    return figure


def compute_lines(sizes: Sequence[int], gmacs: Mapping[str, Sequence[float]]) -> Figure:
    """Billion MACs of an image against its side in pixels, a line a network, both axes logarithmic.

    Raises
    ------
    ValueError
        Without a network.
    """
    check_some(gmacs, "network")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    for name, values in gmacs.items():
        dashes = "-" if name.startswith("ViT") else (0, (5, 2))
        ax.plot(sizes, values, ls=dashes, color=colour_of(name))
    height = 0.0
    for name, values in sorted(gmacs.items(), key=lambda item: item[1][-1]):
        height = max(values[-1], APART * height)  # names of lines that end together stand above each other
        at = (sizes[-1], height)
        ax.annotate(name, at, xytext=(5, -3), textcoords="offset points", color=colour_of(name), fontsize=10)
    ax.set(xscale="log", yscale="log", xlabel="side of the image in pixels", ylabel="billion MACs an image")
    ticks = [size for size in sizes if size in (224, 448, 896, 1792)]
    ax.set_xticks(ticks, [str(size) for size in ticks])
    ax.minorticks_off()
    ax.set_xlim(sizes[0], sizes[-1] * 3.2)
    return figure


def dots(
    rows: Mapping[str, Any], label: str, limits: tuple[float, float], mark: tuple[float, str] | None = None
) -> Figure:
    """Measured values with their intervals, a row each under its name, on one axis.

    Parameters
    ----------
    rows
        Name -> anything with `value`, `low`, `high`; a name that speaks of a ViT is blue, of a CNN orange.
    label
        Of the axis.
    limits
        Of the axis.
    mark
        A place on the axis and its name, such as what the sentence claims.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.52 * len(rows) + 0.85))
    for y, (name, row) in enumerate(rows.items()):
        colour = FAMILY_COLOURS["vit" if "ViT" in name else "cnn"] if "ViT" in name or "CNN" in name else INK
        if row.low is not None:
            ax.plot([row.low, row.high], [y + 0.16] * 2, color=colour, lw=5, alpha=0.3, solid_capstyle="round")
        ax.plot(row.value, y + 0.16, "o", color=colour, ms=7)
        ax.text(limits[0], y - 0.14, name, fontsize=10, color=INK, va="center")
    if mark is not None:
        ax.axvline(mark[0], color=QUIET, lw=1.2, ls=(0, (3, 2)))
        inside = mark[0] > sum(limits) / 2
        ax.text(mark[0], -0.78, mark[1], fontsize=10, color=QUIET, ha="right" if inside else "left", va="center")
    ax.set(xlabel=label, xlim=limits, ylim=(len(rows) - 0.4, -1.0 if mark else -0.5), yticks=[])
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    return figure


def learning_lines(sizes: Sequence[int], lines: Mapping[str, Sequence[Any]]) -> Figure:
    """Share of new images named rightly against images to learn from, a line and a band a network, name at its end.

    Raises
    ------
    ValueError
        Without a line.
    """
    check_some(lines, "line")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.2))
    for name, own in lines.items():
        colour = FAMILY_COLOURS["vit" if "ViT" in name else "cnn"]
        low, value, high = (100 * np.array([getattr(one, part) for one in own]) for part in ("low", "value", "high"))
        ax.fill_between(sizes, low, high, color=colour, alpha=0.2, lw=0)
        ax.plot(sizes, value, "o-", color=colour)
        ax.annotate(name, (sizes[-1], value[-1]), xytext=(8, -3), textcoords="offset points", color=colour, fontsize=10)
    ax.set(xscale="log", xlabel="digits to learn from", ylabel="new digits named rightly (%)", ylim=(30, 102))
    ax.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlim(sizes[0] / 1.1, sizes[-1] * 2)
    return figure
