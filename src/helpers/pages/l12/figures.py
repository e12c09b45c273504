"""Charts of lab 12: what maps tell, what deletion thinks of them, how far heads reach."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from helpers.pages.l12.methods import METHODS, SHORT
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED, check_some

WIDTH = 4.2  # inches
COLOURS = {"xception_mini": FAMILY_COLOURS["cnn"], "vit_mini": FAMILY_COLOURS["vit"]}
CUES = {"coat": RED, "build": GREEN}


def _ends(estimate: Any) -> tuple[float, float]:
    return tuple(estimate.value if end is None else end for end in (estimate.low, estimate.high))  # type: ignore[return-value]


def telling(rows: Sequence[Any]) -> Figure:
    """A panel a network, a row a map: what it tells of the cue alone, and below with the maps of both networks in hand.

    Filled where the 95 % interval leaves zero out. Rows have `network`, `method`, and with `value`, `low`, `high` the
    fields `alone` and `pairs`.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "map")
    networks = list(dict.fromkeys(row.network for row in rows))
    counts = [sum(row.network == network for row in rows) for network in networks]
    height = 0.42 * sum(counts) + 0.55 * len(networks) + 0.7
    figure, axes = plt.subplots(
        len(networks), 1, figsize=(WIDTH, height), sharex=True, squeeze=False, height_ratios=counts
    )
    for ax, network in zip(axes[:, 0], networks, strict=True):
        own = [row for row in rows if row.network == network]
        for y, row in enumerate(own):
            _interval(ax, row.alone, y - 0.15, "o", COLOURS[network], 6.5)
            _interval(ax, row.pairs, y + 0.19, "D", QUIET, 4.5)
        ax.axvline(0, color=INK, lw=1, zorder=1)
        ax.set_yticks(range(len(own)), [METHODS[row.method].label for row in own])
        ax.set(ylim=(len(own) - 0.5, -0.5), xlim=(-1.05, 1.05))
        ax.set_title(SHORT[network], color=COLOURS[network])
        ax.grid(axis="y", visible=False)
    axes[-1, 0].set_xlabel(
        "does the map tell the cue?\n1: always, 0: not at all, −1: always the other\n"
        "circle: one map in hand; diamond: both", x=0.2,
    )  # fmt: skip
    return figure


def _interval(ax: Axes, estimate: Any, y: float, marker: str, colour: str, size: float) -> None:
    low, high = _ends(estimate)
    undecided = estimate.low is None or low <= 0 <= high
    ax.plot([low, high], [y, y], color=colour, lw=0.6 * size, alpha=0.3, solid_capstyle="round")
    ax.plot(
        estimate.value, y, marker, color=colour, markerfacecolor="white" if undecided else colour, ms=size, zorder=3
    )


def deletion_and_cue(rows: Sequence[Any]) -> Figure:
    """A panel a network, a named point a map: what deletion gives it, and what it tells of the cue.

    Rows as of `telling`, with `deletion` (value, low, high).

    Raises
    ------
    ValueError
        Without a map that was judged by deletion.
    """
    judged = [row for row in rows if row.deletion is not None]
    check_some(judged, "map judged by deletion")
    networks = list(dict.fromkeys(row.network for row in judged))
    figure, axes = plt.subplots(len(networks), 1, figsize=(WIDTH, 2.9 * len(networks)), squeeze=False)
    for ax, network in zip(axes[:, 0], networks, strict=True):
        own = [row for row in judged if row.network == network]
        for row in own:
            x, y, colour = row.deletion.value, row.alone.value, _colour(row)
            ax.plot(list(_ends(row.deletion)), [y, y], color=colour, lw=3, alpha=0.25)
            ax.plot([x, x], list(_ends(row.alone)), color=colour, lw=3, alpha=0.25)
            ax.plot(x, y, "o", color=colour, ms=6)
        ax.axhline(0, color=INK, lw=0.8)
        ax.axvline(0, color=INK, lw=0.8)
        ax.set(ylabel="tells the cue", ylim=(-1.08, 1.08))
        ax.set_title(SHORT[network], color=COLOURS[network])
        _name_points(ax, own)
    figure.get_layout_engine().set(hspace=0.1)  # type: ignore[call-arg,union-attr]
    axes[-1, 0].set_xlabel("gain by deletion (0: as by lot)\ngrey: asks no network")
    return figure


def _colour(row: Any) -> str:
    return COLOURS[row.network] if METHODS[row.method].asks else QUIET


def _name_points(ax: Axes, rows: Sequence[Any]) -> None:
    """The names to the right of the axes, none on another, each joined to its point by a thin line."""
    low, high = ax.get_ylim()
    step = (high - low) / 8.2
    order = sorted(rows, key=lambda one: (-one.alone.value, -one.deletion.value))
    place, places = high, []
    for row in order:
        place = min(row.alone.value, place - step)
        places.append(place)
    lift = max(0.0, low - places[-1])  # none under the axis
    for row, y in zip(order, places, strict=True):
        arrow = {"arrowstyle": "-", "color": _colour(row), "lw": 0.6, "alpha": 0.6, "shrinkA": 1, "shrinkB": 4}
        ax.annotate(
            METHODS[row.method].label,
            (row.deletion.value, row.alone.value),
            xytext=(1.04, y + lift),
            textcoords=ax.get_yaxis_transform(),
            fontsize=9,
            color=_colour(row),
            va="center",
            annotation_clip=False,
            arrowprops=arrow | {"relpos": (0, 0.5)},
        )


def head_reach(by_lesson: Mapping[str, np.ndarray], before: np.ndarray, fresh: np.ndarray) -> Figure:
    """How far each head looks, block by block: after the coat, after the build, before either, and fresh weights.

    Parameters
    ----------
    by_lesson
        "coat" and "build" -> shares of equal attention, (seeds, L, h); shown is the mean over seeds.
    before, fresh
        The shipped network, and one with fresh weights, (L, h).
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    series = {"fresh weights": (fresh, QUIET, "white"), "shipped": (before, INK, INK)}
    series |= {
        f"learned the {lesson}": (rows.mean(0), CUES[lesson], CUES[lesson]) for lesson, rows in by_lesson.items()
    }
    width = 0.16
    for k, (name, (rows, colour, face)) in enumerate(series.items()):
        at = np.arange(1, len(rows) + 1) + width * (k - (len(series) - 1) / 2)
        for head in range(rows.shape[1]):
            ax.plot(at, rows[:, head], "o", color=colour, markerfacecolor=face, ms=4.5)
        ax.annotate(
            name, (0.0, 1.02 + 0.075 * (len(series) - 1 - k)), xycoords="axes fraction", color=colour, fontsize=10
        )
    ax.axhline(1, color=INK, lw=0.8, ls=(0, (4, 2)))
    ax.set(xlabel="block, from input to head; dashed: equal attention", ylabel="how far a head looks")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
