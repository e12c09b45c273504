"""Accuracies of several experiments under each other: reported, measured, and those that need a caution."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, check_some

ROOM = 0.9  # empty rows above each experiment, for its title
LOOKS = {"reported": (False, None), "measured": (True, None), "seen": (False, "////")}  # filled, hatched


def accuracies(experiments: Sequence[Mapping[str, Any]]) -> Figure:
    """A bar a network under the title of each experiment, with its accuracy and, where it is known, its interval.

    Parameters
    ----------
    experiments
        Each holds `title`, `look` (`reported`: hollow, `measured`: filled, `seen`: hatched, its test photographs were
        trained on) and `rows`: `name`, `colour` (a family of `FAMILY_COLOURS`) and `top1` (an object with `value`,
        `low` and `high`, fractions; `low` and `high` may be None).

    Raises
    ------
    ValueError
        Without an experiment or a row.
    """
    check_some(experiments, "experiment")
    height = sum(len(experiment["rows"]) + ROOM for experiment in experiments)
    figure, ax = plt.subplots(figsize=(4.5, 0.36 * height + 0.6))
    ticks: list[tuple[float, str]] = []
    y = 0.0
    for experiment in experiments:
        check_some(experiment["rows"], "row")
        y += ROOM
        ax.annotate(
            experiment["title"], (0, y - 0.87), xycoords=("axes fraction", "data"), xytext=(-140, 0),
            textcoords="offset points", fontsize=10.5, fontweight="bold", color=INK, va="center", annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
        for row in experiment["rows"]:
            _draw_row(ax, y, row, experiment["look"])
            ticks.append((y, row["name"]))
            y += 1
    ax.set_yticks([tick for tick, _ in ticks], [label for _, label in ticks], fontsize=10.5)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.set(ylim=(y - 0.4, -0.35 - ROOM / 2), xlim=(0, 112), xlabel="dogs named rightly (%)")
    ax.set_xticks(range(0, 101, 25))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    return figure


def _draw_row(ax: Any, y: float, row: Mapping[str, Any], look: str) -> None:
    colour, top1 = FAMILY_COLOURS[row["colour"]], row["top1"]
    filled, hatch = LOOKS[look]
    ax.barh(
        y, 100 * top1.value, height=0.62, facecolor=colour if filled else "white", edgecolor=colour,
        linewidth=1.5, hatch=hatch,
    )  # fmt: skip
    end = top1.value
    if top1.low is not None:
        ax.plot([100 * top1.low, 100 * top1.high], [y, y], color=INK, lw=1.6)
        end = top1.high
    ax.annotate(
        f"{100 * top1.value:.1f}", (100 * end, y), xytext=(5, 0), textcoords="offset points", fontsize=10.5,
        color=INK, va="center", annotation_clip=False,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
