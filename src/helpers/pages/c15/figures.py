"""The pictures of chapter 15: what is trained and how fast, accuracy against rates and epochs, the crossed design."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from helpers.plots.style import FAMILY_COLOURS, GRID, INK, QUIET, colour_of

MODEL_NAMES = {"xception_mini": "Xception-mini", "vit_mini": "ViT-mini", "efficientnet_lite0": "EfficientNet-Lite0"}
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


# --- what is trained, and how fast ------------------------------------------------------------------------------------

LAYERS = 7  # of the picture: the patches or the stem, five blocks, the head


def tuning_ladder(decay: float = 0.75) -> Figure:
    """Three tunings of one network side by side: grey layers are frozen, the others show their learning rate as length.

    `decay` is the factor from a layer to the one below it in the third."""
    rates = {
        "probe\nthe head": [0.0] * (LAYERS - 1) + [1.0],
        "top10\nthe last tenth": [0.0] * (LAYERS - 2) + [1.0, 1.0],
        "full\nslower below": [decay ** (LAYERS - 1 - layer) for layer in range(LAYERS)],
    }
    figure, axes = plt.subplots(1, 3, figsize=(5.0, 3.0), sharey=True)
    for ax, (title, row) in zip(axes, rates.items(), strict=True):
        ax.barh(range(LAYERS), [1.0] * LAYERS, height=0.72, color=GRID)
        ax.barh(range(LAYERS), row, height=0.72, color=FAMILY_COLOURS["vit"])
        ax.barh([LAYERS - 1], [1.0], height=0.72, color=FAMILY_COLOURS["cnn"])
        ax.set_title(title, fontsize=11)
        ax.set(xlim=(0, 1.02), xticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    names = ["input side", *["block"] * (LAYERS - 2), "new head"]
    axes[0].set_yticks(range(LAYERS), names, fontsize=11)
    for ax in axes:
        ax.tick_params(length=0)
    return figure


# --- the records ------------------------------------------------------------------------------------------------------


def rate_curves(sweep: Mapping[str, Sequence[Mapping[str, Any]]], chance: float) -> Figure:
    """Validation accuracy against the learning rate, a line a model; the models' names stand at their best rates.

    `sweep` maps a model to runs of `learning_rate` and `val_top1`; `chance` is a fraction."""
    figure, ax = plt.subplots(figsize=(5.0, 3.3))
    for model, runs in sweep.items():
        rates = [run["learning_rate"] for run in runs]
        values = np.array([[run["val_top1"][part] for part in ("low", "value", "high")] for run in runs]) * 100
        ax.fill_between(rates, values[:, 0], values[:, 2], color=colour_of(model), alpha=0.18, lw=0)
        ax.plot(rates, values[:, 1], "o-", color=colour_of(model))
        top = int(values[:, 1].argmax())
        ax.annotate(
            MODEL_NAMES.get(model, model), (rates[top], values[top, 2]), (0, 4), textcoords="offset points",
            ha="center", va="bottom", color=colour_of(model), fontsize=11,
        )  # fmt: skip
    ax.axhline(100 * chance, color=QUIET, linestyle="--", linewidth=1)
    ax.annotate("chance", (0, 100 * chance), (4, -12), xycoords=("axes fraction", "data"), textcoords="offset points",
                ha="left", color=QUIET, fontsize=10)  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
    ax.minorticks_off()
    ax.set(xlabel="learning rate of all layers", ylabel="validation accuracy (%)", ylim=(0, None))
    ax.margins(y=0.12)
    return figure


def order_gains(gains: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Figure:
    """What each order of tuning gains over the head alone, in points, with intervals; a colour a network.

    `gains` maps a network to its orders, an order to `value`, `low`, `high` as fractions."""
    orders = max((list(rows) for rows in gains.values()), key=len)
    figure, ax = plt.subplots(figsize=(5.0, 0.85 + 0.75 * len(orders)))
    colours = dict(zip(gains, (QUIET, FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"]), strict=False))
    for place, (model, rows) in enumerate(gains.items()):
        for order, gain in rows.items():
            y = -orders.index(order) - 0.22 * (place - (len(gains) - 1) / 2)
            low, value, high = (100 * gain[part] for part in ("low", "value", "high"))
            ax.plot([low, high], [y, y], color=colours[model], linewidth=2)
            ax.plot(value, y, "o", color=colours[model], label=MODEL_NAMES.get(model, model))
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks([-k for k in range(len(orders))], orders, fontsize=11)
    ax.set(xlabel="points gained over the head alone", ylim=(-len(orders) + 0.45, 0.55))
    ax.grid(visible=False, axis="y")
    handles, names = ax.get_legend_handles_labels()
    known = dict(zip(names, handles, strict=True))
    figure.legend(known.values(), known, loc="outside upper center", ncols=len(known), fontsize=10, handletextpad=0.1,
                  columnspacing=1.0, frameon=False)  # fmt: skip
    return figure


def live_curves(curves: Mapping[str, Sequence[float]], chance: float) -> Figure:
    """Validation accuracy from a common start (epoch 0) on, a line a way to go on, named at its end; fractions."""
    figure, ax = plt.subplots(figsize=(5.0, 3.1))
    colours = dict(zip(curves, (QUIET, FAMILY_COLOURS["cnn"], INK, FAMILY_COLOURS["vit"]), strict=False))
    lowest = -np.inf
    for name, values in sorted(curves.items(), key=lambda item: item[1][-1]):
        ax.plot(range(len(values)), [100 * value for value in values], "o-", color=colours[name])
        lowest = max(100 * values[-1], lowest + 9)  # names that would lie on each other stand one above the other
        ax.text(len(values) - 0.9, lowest, name, va="center", color=colours[name], fontsize=11)
    ax.axhline(100 * chance, color=QUIET, linestyle="--", linewidth=1, zorder=0, xmax=0.5)
    ax.text(0, 100 * chance - 6, "chance", color=QUIET, fontsize=10)
    last = max(len(values) for values in curves.values()) - 1
    ax.set(
        xlabel="epoch after the head's training",
        ylabel="validation accuracy (%)",
        ylim=(0, 80),
        xlim=(-0.1, last + 2.7),
    )
    ax.set_xticks(range(last + 1))
    return figure
