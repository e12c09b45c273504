"""What a convolution sees and what attention does; accuracies of several experiments under each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.patheffects import withStroke

from helpers.plots.style import FAMILY_COLOURS, INK, ON_PICTURE, check_some
from helpers.shapes import check_grid

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


def near_and_far(image: np.ndarray, weights: np.ndarray, at: tuple[int, int], grid: int) -> Figure:
    """One place of a picture, twice: a convolution's window around it, and what attention reads from it.

    Parameters
    ----------
    image
        uint8 (S, S, 3)
    weights
        (grid * grid,) of attention from the place `at` (row, column) to all; the strongest are drawn, the thicker the
        larger.

    Raises
    ------
    ValueError
        If the weights are not those of the grid.
    """
    check_grid(grid, len(weights))
    figure, panels = plt.subplots(1, 2, figsize=(6.6, 3.75))
    row, column = at
    for ax, title, strength in zip(panels, ("A convolution: near", "Attention: anywhere"), (1, 0.6), strict=True):
        ax.imshow(image, extent=(0, grid, grid, 0), interpolation="bilinear", alpha=strength)
        ax.set_title(title, fontsize=15, color=INK, fontweight="bold", loc="center")
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        for k in range(1, grid):
            ax.plot([k, k], [0, grid], [0, grid], [k, k], color=ON_PICTURE, lw=0.6, alpha=0.55)
        ax.set(xlim=(0, grid), ylim=(grid, 0))
    near, far = panels
    near.add_patch(
        Rectangle((column - 1, row - 1), 3, 3, facecolor=FAMILY_COLOURS["cnn"], alpha=0.35, edgecolor="none")
    )
    near.add_patch(Rectangle((column - 1, row - 1), 3, 3, fill=False, edgecolor=FAMILY_COLOURS["cnn"], lw=3))
    share = weights / weights.max()
    for place in np.argsort(weights)[-24:]:
        end = (place % grid + 0.5, place // grid + 0.5)
        if end != (column + 0.5, row + 0.5):
            line = FancyArrowPatch((column + 0.5, row + 0.5), end, connectionstyle="arc3,rad=0.18", arrowstyle="-")
            width = 0.8 + 4.6 * share[place]
            line.set(linewidth=width, color=FAMILY_COLOURS["vit"], zorder=3)
            line.set_path_effects([withStroke(linewidth=width + 1.6, foreground=ON_PICTURE, alpha=0.8)])
            far.add_patch(line)
            read = Rectangle((place % grid, place // grid), 1, 1, facecolor=FAMILY_COLOURS["vit"])
            read.set(alpha=0.1 + 0.5 * share[place], edgecolor="none")
            far.add_patch(read)
    for ax, family in ((near, "cnn"), (far, "vit")):
        ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=ON_PICTURE, lw=5))
        ax.add_patch(Rectangle((column, row), 1, 1, fill=False, edgecolor=FAMILY_COLOURS[family], lw=2.5))
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
        ends = [100 * top1.low, 100 * top1.high]
        ax.plot(ends, [y, y], color=INK, lw=2, marker="|", ms=11, mew=2)
        end = top1.high
    ax.annotate(
        f"{100 * top1.value:.1f}", (100 * end, y), xytext=(5, 0), textcoords="offset points", fontsize=10.5,
        color=INK, va="center", annotation_clip=False,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip
