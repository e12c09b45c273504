"""The crossed design as a picture: two models, two tunings, and the steps between the corners."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers.plots.style import INK, QUIET, colour_of

CORNER = {(0, 0): (0.0, 0.0), (0, 1): (0.0, 1.0), (1, 0): (1.7, 0.0), (1, 1): (1.7, 1.0)}


def design_square(
    models: tuple[str, str], tunings: tuple[str, str], values: Mapping[tuple[str, str], float] | None = None
) -> Figure:
    """Models side by side, tunings one above the other; the diagonal is what the proof of concept compared.

    `values` are accuracies (fractions) of the four cells; without them the boxes are empty: a design, not a result."""
    figure, ax = plt.subplots(figsize=(7.4, 4.0))
    ax.set_axis_off()
    for (i, j), (x, y) in CORNER.items():
        cell = (models[i], tunings[j])
        colour = colour_of(models[i])
        compared = (i, j) in ((0, 0), (1, 1))
        ax.add_patch(
            FancyBboxPatch(
                (x - 0.36, y - 0.17), 0.72, 0.34, boxstyle="round,pad=0.02,rounding_size=0.06", linewidth=2.2,
                edgecolor=colour, facecolor=colour if compared else "white", alpha=1.0,
            )
        )  # fmt: skip
        ink = "white" if compared else colour
        value = "" if values is None else f"\n{100 * values[cell]:.1f} %"
        ax.text(x, y, f"{cell[0]}\n{cell[1]}{value}", ha="center", va="center", color=ink, fontsize=9.5)

    def arrow(
        start: tuple[int, int], end: tuple[int, int], text: str, offset: tuple[float, float], dashed: bool
    ) -> None:
        a, b = (CORNER[start], CORNER[end])
        shrink = 62 if a[1] != b[1] and a[0] == b[0] else 70
        shrink = 34 if a[0] == b[0] else shrink
        line = FancyArrowPatch(a, b, arrowstyle="-|>", mutation_scale=14, shrinkA=shrink, shrinkB=shrink)
        line.set(linewidth=1.8, color=QUIET if dashed else INK, linestyle="--" if dashed else "-")
        ax.add_patch(line)
        if values is not None:
            step = values[models[end[0]], tunings[end[1]]] - values[models[start[0]], tunings[start[1]]]
            text = f"{text}\n{round(100 * step, 6):+.1f} points".replace("-", "−")
        middle = ((a[0] + b[0]) / 2 + offset[0], (a[1] + b[1]) / 2 + offset[1])
        ax.text(*middle, text, ha="center", va="center", fontsize=9, color=QUIET if dashed else INK)

    arrow((0, 0), (0, 1), "tuning", (-0.25, 0), dashed=False)
    arrow((0, 1), (1, 1), "architecture", (0, 0.13), dashed=False)
    arrow((0, 0), (1, 1), "what was compared", (0.28, -0.14), dashed=True)
    ax.set(xlim=(-0.6, 2.25), ylim=(-0.28, 1.28))
    return figure
