"""Figures of receptive fields: maps beside their theoretical squares, growth through a network, growth in a stack."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.plots.style import INK, ON_PICTURE, QUIET, check_some, colour_of


def field_maps(panels: Sequence[Mapping[str, Any]]) -> Figure:
    """One map of gradient shares a panel, with the theoretical square (dashed) and the one that holds 95 % (solid).

    Panels hold `title`, `share` (H, W), `theory_px` (None: the whole image) and `side95_px`. Colour is the square root
    of the share over its largest, so that faint tails stay visible.

    Raises
    ------
    ValueError
        Without panels.
    """
    check_some(panels, "panel")
    figure, axes = plt.subplots(1, len(panels), figsize=(2.35 * len(panels), 2.9), squeeze=False)
    for ax, panel in zip(axes[0], panels, strict=True):
        share = np.asarray(panel["share"])
        height, width = share.shape
        ax.imshow(share / share.max(), cmap="magma", norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
        rows, columns = np.indices(share.shape)
        centre = (share * columns).sum() / share.sum(), (share * rows).sum() / share.sum()
        theory = panel["theory_px"]
        for side, dashes in ((theory, (0, (4, 3))), (panel["side95_px"], "-")):
            if side is not None:
                corner = (centre[0] - side / 2, centre[1] - side / 2)
                ax.add_patch(Rectangle(corner, side, side, fill=False, ec=ON_PICTURE, lw=1.3, ls=dashes))
        reach = "whole image" if theory is None else f"{theory} px"
        ax.set_title(f"{panel['title']}\ntheory {reach}", fontsize=9)
        ax.set_xlabel(f"95 % within {panel['side95_px']} of {width} px", fontsize=8)
        ax.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        ax.grid(visible=False)
    return figure


def growth_through_layers(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Side of the field, theory and practice, at each studied layer of each network.

    Rows hold `model`, `layer`, `theory_px` (None: the whole image), `image_px`, `side95_px` and its interval `low_px`,
    `high_px` (None: no interval).

    Raises
    ------
    ValueError
        Without rows.
    """
    check_some(rows, "row")
    models = list(dict.fromkeys(row["model"] for row in rows))
    figure, axes = plt.subplots(1, len(models), figsize=(2.35 * len(models), 3.1), sharey=True, squeeze=False)
    for ax, model in zip(axes[0], models, strict=True):
        own = [row for row in rows if row["model"] == model]
        x = np.arange(len(own))
        theory = [row["image_px"] if row["theory_px"] is None else row["theory_px"] for row in own]
        colour = colour_of(model)
        ax.plot(x, theory, "o--", color=QUIET, mfc="white", label="theory")
        for at, row in zip(x, own, strict=True):
            if row["theory_px"] is None:
                ax.annotate(
                    "all", (at, row["image_px"]), xytext=(0, 5), textcoords="offset points", fontsize=8, color=QUIET
                )
            if row["low_px"] is not None:
                ax.plot([at, at], [max(1, row["low_px"]), row["high_px"]], color=colour, lw=5, alpha=0.3)
        ax.plot(x, [row["side95_px"] for row in own], "o-", color=colour, label="95 % of gradient")
        ax.axhline(own[0]["image_px"], color=QUIET, lw=1, ls=(0, (1, 2)))
        ax.set_yscale("log", base=2)
        ax.set_xticks(x, [row["layer"] for row in own], rotation=35, ha="right", fontsize=7)
        ax.set(title=model, ylim=(3, 1600))
    axes[0, 0].set_ylabel("side of the field (px)")
    axes[0, 0].yaxis.set_major_formatter(lambda value, position: f"{value:g}")
    axes[0, -1].legend(fontsize=8, loc="lower right")
    return figure


def stack_growth(depths: Sequence[int], spreads: Mapping[str, Sequence[float]]) -> Figure:
    """Spread of the effective field against the number of random 3 x 3 layers, on doubly logarithmic axes.

    Beside it the random walk sqrt(2 n / 3) and the half side n of the theoretical field.
    """
    figure, ax = plt.subplots(figsize=(5.4, 3.6))
    n = np.asarray(depths, dtype=float)
    ax.plot(n, n, "--", color=QUIET, label="half side of the field, n")
    ax.plot(n, np.sqrt(2 * n / 3), "-", color=INK, lw=1.2, label="random walk, sqrt(2n/3)")
    for (label, values), marker in zip(spreads.items(), ("o", "s", "^"), strict=False):
        ax.plot(
            n,
            values,
            marker,
            ms=7,
            mfc="none",
            mew=1.8,
            color=colour_of("cnn" if marker == "o" else "vit"),
            label=label,
        )
    ax.set(xscale="log", yscale="log", xlabel="number n of 3 x 3 layers", ylabel="standard deviation (px)")
    ax.set_xticks(n, [f"{d:g}" for d in n])
    ax.minorticks_off()
    ticks = [tick for tick in (1, 2, 4, 8, 16, 32, 64) if tick <= n.max()]
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.legend(fontsize=8)
    return figure
