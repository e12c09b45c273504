"""Charts of lab 12: where the maps of each training point, and what deletion thinks of them."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.pages.l12.methods import METHODS, SHORT
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED, check_some

WIDTH = 4.2  # inches
COLOURS = {"xception_mini": FAMILY_COLOURS["cnn"], "vit_mini": FAMILY_COLOURS["vit"]}
CUES = {"coat": RED, "build": GREEN}


def _ends(estimate: Any) -> tuple[float, float]:
    return tuple(estimate.value if end is None else end for end in (estimate.low, estimate.high))  # type: ignore[return-value]


def trainings(rows: Sequence[Any]) -> Figure:
    """A panel a network, a row a map, a dot a training: on how many dogs (%) its map points at the coat.

    Above, in red, the networks that learned the coat; below, in green, those that learned the build; a bar at the mean
    of each. Rows have `network`, `method`, `points` (shares of the coat networks, of the build networks) and `finds`,
    which prints the name bold.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "map")
    networks = list(dict.fromkeys(row.network for row in rows))
    counts = [sum(row.network == network for row in rows) for network in networks]
    height = 0.42 * sum(counts) + 0.6 * len(networks) + 0.7
    figure, axes = plt.subplots(
        len(networks), 1, figsize=(WIDTH, height), sharex=True, squeeze=False, height_ratios=counts
    )
    for ax, network in zip(axes[:, 0], networks, strict=True):
        own = [row for row in rows if row.network == network]
        for y, row in enumerate(own):
            for (cue, colour), shares, lift in zip(CUES.items(), row.points, (-0.15, 0.17), strict=True):
                values = [100 * share for share in shares]
                mean = sum(values) / len(values)
                ax.plot([mean, mean], [y + lift - 0.13, y + lift + 0.13], color=colour, lw=2)
                ax.plot(values, [y + lift] * len(values), "o", color=colour, ms=6, alpha=0.55, mew=0, label=cue)
        ax.set_yticks(range(len(own)), [METHODS[row.method].label for row in own])
        for label, row in zip(ax.get_yticklabels(), own, strict=True):
            label.set_fontweight("bold" if row.finds else "normal")
        ax.set(ylim=(len(own) - 0.5, -0.5), xlim=(-4, 104))
        ax.set_title(SHORT[network], color=COLOURS[network])
        ax.grid(axis="y", visible=False)
    for (cue, colour), lift in zip(CUES.items(), (16, 3), strict=True):  # points above the first panel
        axes[0, 0].annotate(
            f"learned the {cue}", (1, 1), xycoords="axes fraction", xytext=(0, lift), textcoords="offset points",
            color=colour, fontsize=10, ha="right",
        )  # fmt: skip
    axes[-1, 0].set_xlabel("dogs whose map points at the coat (%)", x=0.3)
    return figure


def deletion_and_cue(rows: Sequence[Any]) -> Figure:
    """A panel a network, a named point a map: what deletion gives it, and what it tells of the cue.

    Rows have `network`, `method`, and with `value`, `low`, `high` the fields `alone` and `deletion`.

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
