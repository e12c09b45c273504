"""Figures of lab 02: accuracy through the years, accuracy against four costs, seconds against MACs."""

from collections.abc import Callable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.pages.l02.methods import METHODS
from helpers.plots.style import INK, QUIET, check_some, colour_of

FONT = 7.5  # of the labels, points
# Where a label may stand, in points from its mark to its own middle, the nearest first: below, above, then further off.
PLACES = tuple((0.0, sign * (9.0 + 10.0 * step)) for step in range(9) for sign in (-1, 1))
LARGE = 5e6  # MACs of an answer; below, the fixed part of a step may be most of it


def ladder(rows: Sequence[Any], chance: float) -> Figure:
    """One row a method, oldest on top: test accuracy with its interval, a tick for each seed; a hollow mark for the
    training crops of the last pass.

    Rows have `model`, `year`, `top1` (value, low, high), `by_seed` and `training` (None where nothing was trained).

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "method")
    figure, ax = plt.subplots(figsize=(6.8, 0.42 * len(rows) + 1.1))
    for y, row in enumerate(rows):
        colour, estimate = colour_of(row.model), row.top1
        low, high = (estimate.low, estimate.high) if estimate.low is not None else (estimate.value, estimate.value)
        ax.plot([100 * low, 100 * high], [y, y], color=colour, lw=6, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * estimate.value, y, "o", color=colour, ms=7)
        if row.training is not None:
            ax.plot(100 * row.training, y, "o", color=colour, ms=7, markerfacecolor="none", zorder=4)
        if len(row.by_seed) > 1:
            ax.plot([100 * seed.value for seed in row.by_seed], [y - 0.28] * len(row.by_seed), "|", color=INK, ms=5)
        ax.annotate(
            f"{100 * estimate.value:.1f}",
            (100 * max(high, row.training or 0), y),
            xytext=(6, -3),
            textcoords="offset points",
            fontsize=8.5,
        )
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_yticks(range(len(rows)), [f"{METHODS[row.model].label} · {row.year}" for row in rows])
    ax.set(
        xlabel="test accuracy (%), band: its 95 % interval; dotted: chance\nhollow: on training crops, last pass",
        xlim=(0, None),
        ylim=(len(rows) - 0.4, -0.6),
    )
    ax.grid(axis="y", visible=False)
    return figure


def against_costs(rows: Sequence[Any]) -> Figure:
    """Test accuracy against parameters, MACs of an answer, memory kept for the backward pass, and seconds of learning.

    Rows as of `ladder`, with `numbers`, `macs`, `kept_mib` and `fit_s`; a panel leaves out what has no such number.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "method")
    panels: tuple[tuple[str, Callable[[Any], float | None]], ...] = (
        ("parameters, or numbers kept", lambda row: row.numbers),
        ("million MACs an answer", lambda row: None if row.macs is None else row.macs / 1e6),
        ("MiB kept for one image's backward pass", lambda row: row.kept_mib),
        ("seconds of learning, on this machine", lambda row: row.fit_s),
    )
    figure, axes = plt.subplots(2, 2, figsize=(7.6, 6.4), sharey=True)
    for ax, (label, cost) in zip(axes.flat, panels, strict=True):
        ax.set(xscale="log", xlabel=label)
        ax.margins(x=0.25)
        for row in rows:
            if (x := cost(row)) is not None and row.top1.low is not None:
                low, high = row.top1.low, row.top1.high
                ax.plot([x, x], [100 * low, 100 * high], color=colour_of(row.model), lw=3, alpha=0.25)
    for ax in axes[:, 0]:
        ax.set_ylabel("test accuracy (%)")
    figure.draw_without_rendering()  # now the axes know where data lie
    for ax, (_, cost) in zip(axes.flat, panels, strict=True):
        _mark_all(ax, [(row, x, 100 * row.top1.value) for row in rows if (x := cost(row)) is not None])
    return figure


def macs_and_seconds(rows: Sequence[Any]) -> Figure:
    """Milliseconds of a training image against its MACs, on logarithmic axes; a line of equal speed in grey.

    Rows have `model`, `training_macs`, `fit_s` and `images_seen`; those without training MACs are left out. If MACs
    were seconds, all marks lay on the line, which goes through the median speed.

    Raises
    ------
    ValueError
        If no row has training MACs.
    """
    networks = [row for row in rows if row.training_macs is not None]
    check_some(networks, "network")
    figure, ax = plt.subplots(figsize=(6.4, 4.2))
    macs = np.array([row.training_macs / 1e6 for row in networks])
    ms = np.array([1000 * row.fit_s / row.images_seen for row in networks])
    ends = np.array([macs.min() / 1.5, macs.max() * 1.5])
    ax.plot(ends, ends * np.median(ms / macs), color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.set(xscale="log", yscale="log", xlabel="million MACs of a training image", ylabel="ms a training image, here")
    ax.set(ylim=(ms.min() / 2, ms.max() * 2), xlim=(ends[0] / 1.5, ends[1] * 1.5))
    figure.draw_without_rendering()
    _mark_all(ax, list(zip(networks, macs, ms, strict=True)))
    return figure


def speeds(rows: Sequence[Any]) -> dict[str, float]:
    """Network -> billion training MACs a second, on this machine, of rows as in `macs_and_seconds`."""
    return {
        row.model: row.training_macs * row.images_seen / row.fit_s / 1e9
        for row in rows
        if row.training_macs is not None
    }


def speeds_text(rows: Sequence[Any]) -> str:
    """The fastest and the slowest by `speeds`, and the slowest of those that have something to multiply; empty without
    a network."""
    found, macs = speeds(rows), {row.model: row.macs for row in rows}
    if not found:
        return ""
    fastest, slowest = max(found, key=lambda name: found[name]), min(found, key=lambda name: found[name])
    text = (
        f"{METHODS[fastest].label} {found[fastest]:.1f}, {METHODS[slowest].label} {found[slowest]:.2f}: "
        f"{found[fastest] / found[slowest]:.0f} times less."
    )
    large = {name: speed for name, speed in found.items() if (macs[name] or 0) > LARGE}
    if large and slowest not in large:
        other = min(large, key=lambda name: large[name])
        text += (
            f" Of those above {LARGE / 1e6:.0f} million MACs the slowest is {METHODS[other].label}, {large[other]:.2f}."
        )
    return text


def slowest_text(rows: Sequence[Any]) -> str:
    """Who takes the most seconds for a MAC: of all, and of those that have something to multiply."""
    found, macs = speeds(rows), {row.model: row.macs for row in rows}
    slowest = min(found, key=lambda name: found[name])
    large = {name: speed for name, speed in found.items() if (macs[name] or 0) > LARGE}
    if not large or slowest in large:
        return METHODS[slowest].label
    other = min(large, key=lambda name: large[name])
    return (
        f"{METHODS[slowest].label}, which has little to multiply; of those above {LARGE / 1e6:.0f} million MACs "
        f"{METHODS[other].label}"
    )


def _mark_all(ax: Axes, marks: Sequence[tuple[Any, float, float]]) -> None:
    """A mark for each (row, x, y), and its label at the nearest place where it covers no mark, no label, no axis.

    The figure has been drawn once without rendering, so that the axes know where data lie."""
    for row, x, y in marks:
        ax.plot(x, y, "o", color=colour_of(row.model), ms=6, zorder=3)
    scale = 72 / ax.get_figure().dpi  # type: ignore[union-attr]
    centres = [scale * ax.transData.transform((x, y)) for _, x, y in marks]  # in points
    taken = [(x - 3, y - 3, x + 3, y + 3) for x, y in centres]
    floor, roof = scale * ax.bbox.y0, scale * ax.bbox.y1
    for (row, *place), centre in zip(marks, centres, strict=True):
        text = METHODS[row.model].label.split(",")[0].split(" (")[0]
        boxes = [_box(centre, offset, len(text)) for offset in PLACES]
        inside = [k for k, (_, low, _, high) in enumerate(boxes) if floor < low and high < roof]
        free = [k for k in inside if not any(_overlap(boxes[k], other) for other in taken)]
        best = free[0] if free else 0
        taken.append(boxes[best])
        ax.annotate(
            text,
            place,  # type: ignore[arg-type]
            xytext=PLACES[best],
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=FONT,
            color=INK,
            zorder=4,
            arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.6} if best > 1 else None,
        )


def _box(centre: np.ndarray, offset: tuple[float, float], letters: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a label in points, from its number of letters."""
    x, y = centre[0] + offset[0], centre[1] + offset[1]
    return x - 0.31 * FONT * letters, y - 0.65 * FONT, x + 0.31 * FONT * letters, y + 0.65 * FONT


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
