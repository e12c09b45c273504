"""Figures of lab 12 that are made of pictures: dogs with their places, maps side by side, the reader's photograph."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.pages.l12.figures import CUES, WIDTH
from helpers.plots.style import INK, ON_PICTURE, QUIET


def _picture(ax: Axes, pixels: np.ndarray, heat: np.ndarray | None = None) -> None:
    side = len(pixels)
    ax.imshow(pixels, interpolation="nearest" if side < 100 else "antialiased")
    if heat is not None:
        span = np.ptp(heat)
        heat = (heat - heat.min()) / span if span > 0 else np.zeros_like(heat)
        ax.imshow(heat, extent=(-0.5, side - 0.5, side - 0.5, -0.5), vmin=0, vmax=1, cmap="inferno", alpha=0.6)
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def conflicts(pixels: Sequence[np.ndarray], titles: Sequence[str], coat: np.ndarray, build: np.ndarray) -> Figure:
    """Dogs above, and below each the places of its two cues.

    Parameters
    ----------
    pixels, titles
        uint8 (S, S, 3) each, and what stands above.
    coat, build
        bool (n, S, S).
    """
    figure, axes = plt.subplots(2, len(pixels), figsize=(WIDTH + 0.4, 3.6), squeeze=False)
    for k, (image, title) in enumerate(zip(pixels, titles, strict=True)):
        _picture(axes[0, k], image)
        axes[0, k].set_title(title, fontsize=10, fontweight="normal", loc="center")
        _picture(axes[1, k], np.full_like(image, 128))
        for where, cue in ((coat[k], "coat"), (build[k], "build")):
            veil = np.zeros((*where.shape, 4))
            veil[where] = [*(int(CUES[cue][at : at + 2], 16) / 255 for at in (1, 3, 5)), 1]
            axes[1, k].imshow(veil, interpolation="nearest")
    axes[1, 0].annotate("the coat's place", (0, -0.12), xycoords="axes fraction", color=CUES["coat"], fontsize=10)
    axes[1, -1].annotate(
        "the build's place", (1, -0.12), xycoords="axes fraction", color=CUES["build"], fontsize=10, ha="right"
    )
    return figure


def side_by_side(heats: Mapping[str, tuple[np.ndarray, np.ndarray]], inside: np.ndarray, columns: int = 2) -> Figure:
    """Pairs of maps: left that of the network that learned the coat, right that of the one that learned the build.

    Parameters
    ----------
    heats
        Name of the map -> (h, w) twice. Each is drawn from its lowest value to that which one in a hundred exceeds.
    inside
        The coat's place, bool (S, S), whose border is drawn over them.
    columns
        Pairs in a row.
    """
    rows = -(-len(heats) // columns)
    figure, axes = plt.subplots(rows, 2 * columns, figsize=(WIDTH, 1.32 * rows + 0.2), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (name, pair) in enumerate(heats.items()):
        row, column = divmod(k, columns)
        for ax, heat, cue in zip(axes[row, 2 * column :], pair, CUES, strict=False):
            _map(ax, heat, inside)
            ax.annotate(
                f"{cue} network",
                (0.5, -0.03),
                xycoords="axes fraction",
                ha="center",
                va="top",
                fontsize=9,
                color=CUES[cue],
            )
        axes[row, 2 * column].set_title(name, fontsize=10, loc="left", fontweight="normal")
    return figure


def _map(ax: Axes, heat: np.ndarray, inside: np.ndarray) -> None:
    side = len(inside)
    low, high = float(heat.min()), float(np.quantile(heat, 0.99))
    extent = (-0.5, side - 0.5, side - 0.5, -0.5)
    ax.imshow(heat, extent=extent, vmin=low, vmax=max(high, low + 1e-12), cmap="inferno", interpolation="nearest")
    ax.contour(inside, levels=[0.5], colors=[ON_PICTURE], linewidths=0.9)


def explained(
    pixels: np.ndarray,
    heat: np.ndarray,
    deleted: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    title: str,
    share: float,
) -> Figure:
    """A photograph under its map, the same with a share of its pixels deleted, and below the deletion curves.

    Parameters
    ----------
    pixels, deleted
        uint8 (S, S, 3).
    heat
        (h, w).
    curves
        Name -> shares deleted and probabilities, (T,) each; the first one is the map's.
    title
        Above the photograph.
    share
        Of the pixels deleted in `deleted`, marked on the curves.
    """
    figure = plt.figure(figsize=(WIDTH, 4.9))
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 1))
    left, right, below = (figure.add_subplot(part) for part in (grid[0, 0], grid[0, 1], grid[1, :]))
    _picture(left, pixels, heat)
    left.set_title(title, fontsize=9, fontweight="normal", loc="left")
    _picture(right, deleted)
    right.set_title(f"{100 * share:.0f} % deleted", fontsize=9, fontweight="normal", loc="left")
    for k, (name, (x, y)) in enumerate(curves.items()):
        colour = INK if k == 0 else QUIET
        below.plot(100 * x, y, color=colour, ls=("-", "--", ":")[k % 3], label=name)
    below.axvline(100 * share, color=INK, lw=0.8, ls=(0, (4, 2)))
    below.legend(labelcolor="linecolor", fontsize=9, loc="upper right")
    below.set(xlabel="pixels deleted (%)", ylabel="probability of the answer", ylim=(0, None), xlim=(0, 100))
    return figure
