"""The crossed design as a picture: two models, two tunings, and the steps between the corners."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers.plots.style import INK, QUIET, colour_of

SIZE = (5.0, 3.5)  # inches, and the axes count in inches too: what fits here fits on a phone
BOX = (1.32, 0.82)
CORNER = {(0, 0): (1.0, 0.52), (0, 1): (1.0, 2.72), (1, 0): (4.26, 0.52), (1, 1): (4.26, 2.72)}


def design_square(
    models: tuple[str, str], tunings: tuple[str, str], values: Mapping[tuple[str, str], float] | None = None
) -> Figure:
    """Models side by side, tunings one above the other, the opposite corners joined by a dashed line.

    `values` are accuracies (fractions) of the four cells; all boxes are filled then. Without them it is a design, not
    a result: the two corners that the proof of concept compared are filled, the two that were never run are empty."""
    figure = plt.figure(figsize=SIZE, layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    ax.set(xlim=(0, SIZE[0]), ylim=(0, SIZE[1]))
    for (i, j), (x, y) in CORNER.items():
        cell = (models[i], tunings[j])
        colour = colour_of(models[i])
        filled = values is not None or (i, j) in ((0, 0), (1, 1))
        ax.add_patch(
            FancyBboxPatch(
                (x - BOX[0] / 2, y - BOX[1] / 2), *BOX, boxstyle="round,pad=0,rounding_size=0.12", linewidth=2.2,
                edgecolor=colour, facecolor=colour if filled else "white",
            )
        )  # fmt: skip
        value = "" if values is None else f"\n{100 * values[cell]:.1f} %"
        ink = "white" if filled else colour
        ax.text(x, y, f"{cell[0]}\n{cell[1]}{value}", ha="center", va="center", color=ink, fontsize=11.5)

    def arrow(
        start: tuple[int, int], end: tuple[int, int], text: str, offset: tuple[float, float], dashed: bool
    ) -> None:
        (x0, y0), (x1, y1) = CORNER[start], CORNER[end]
        dx, dy = x1 - x0, y1 - y0
        # where the line leaves a box, and a little further
        inside = min(BOX[i] / 2 / abs(d) for i, d in enumerate((dx, dy)) if d) + 0.07 / (dx**2 + dy**2) ** 0.5
        a, b = ((x0 + s * dx, y0 + s * dy) for s in (inside, 1 - inside))
        line = FancyArrowPatch(a, b, arrowstyle="-|>", mutation_scale=14, shrinkA=0, shrinkB=0)
        line.set(linewidth=1.8, color=QUIET if dashed else INK, linestyle="--" if dashed else "-")
        ax.add_patch(line)
        if values is not None:
            step = values[models[end[0]], tunings[end[1]]] - values[models[start[0]], tunings[start[1]]]
            text = f"{text}\n{round(100 * step, 6):+.1f} points".replace("-", "−")
        middle = ((x0 + x1) / 2 + offset[0], (y0 + y1) / 2 + offset[1])
        ax.text(*middle, text, ha="center", va="center", fontsize=11.5, color=QUIET if dashed else INK)

    arrow((0, 0), (0, 1), "tuning", (-0.53, 0), dashed=False)
    arrow((0, 1), (1, 1), "architecture", (0, 0.32), dashed=False)
    compared = "what was compared" if values is None else "opposite corners"
    arrow((0, 0), (1, 1), compared, (0.78, -0.42), dashed=True)
    return figure
