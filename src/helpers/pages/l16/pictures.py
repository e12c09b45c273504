"""Figures made of the photographs themselves."""

from collections.abc import Sequence
from textwrap import fill

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.names import in_figure
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED

RIGHT, WRONG = GREEN, RED
FIRST = 0.5  # confidence where the axis begins, or lower where photographs lie there


def _lines(title: str, width: int = 20) -> str:
    """A title in lines that fit over a picture; its own line breaks stay."""
    return "\n".join(fill(in_figure(line), width, break_on_hyphens=False) for line in title.split("\n"))


def gallery(
    images: Sequence[np.ndarray],
    titles: Sequence[str],
    colours: Sequence[str] | None = None,
    heat: np.ndarray | None = None,
    columns: int = 4,
) -> Figure:
    """Pictures in rows, each with its title.

    Parameters
    ----------
    images
        uint8 (S, S, 3) each, at least one.
    titles
        One each; class names in them pass `in_figure` here.
    colours
        Of titles and frames; black draws no frame.
    heat
        float (n, h, w) between 0 and 1, laid over the pictures.

    Raises
    ------
    ValueError
        Without a picture, or for another number of titles.
    """
    if not len(images) or len(images) != len(titles):
        raise ValueError(f"gallery: expected pictures and as many titles, got {len(images)} and {len(titles)}")
    rows = -(-len(images) // columns)
    texts = [_lines(title) for title in titles]  # before the axes: it may add a font
    figure, axes = plt.subplots(rows, columns, figsize=(1.6 * columns, 2.2 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for number, (ax, image, text) in enumerate(zip(axes.flat, images, texts, strict=False)):
        colour = colours[number] if colours is not None else INK
        ax.set_axis_on()
        ax.imshow(image, interpolation="nearest" if image.shape[0] < 100 else "antialiased")
        if heat is not None:
            side = image.shape[0]
            ax.imshow(
                heat[number], extent=(-0.5, side - 0.5, side - 0.5, -0.5), cmap="inferno", alpha=0.5, vmin=0, vmax=1
            )
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        for spine in ax.spines.values():
            spine.set(visible=colour != INK, color=colour, linewidth=2)
        ax.set_title(text, fontsize=9, color=colour, loc="center", fontweight="normal")
        ax.title.set_fontfamily(mpl.rcParams["font.family"])
    return figure


def explained(
    image: np.ndarray,
    heat: np.ndarray,
    title: str,
    colour: str,
    coverage: Sequence[tuple[float, float, float]],
    threshold: float,
) -> Figure:
    """One picture, where the model looks, and what a threshold on its confidence would do to all test photographs.

    Parameters
    ----------
    image, heat
        uint8 (S, S, 3); float (h, w) between 0 and 1.
    coverage
        (threshold, share answered, accuracy on those) rows, fractions, by rising threshold.
    threshold
        The one that is marked.
    """
    text = _lines(title, 34)
    figure, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), width_ratios=(1, 1, 1.3))
    side = image.shape[0]
    for ax in axes[:2]:
        ax.imshow(image, interpolation="nearest" if side < 100 else "antialiased")
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    extent = (-0.5, side - 0.5, side - 0.5, -0.5)
    axes[1].imshow(heat, extent=extent, cmap="inferno", alpha=0.5, vmin=0, vmax=1)
    axes[0].set_title(text, fontsize=9, color=colour, fontweight="normal")
    axes[0].title.set_fontfamily(mpl.rcParams["font.family"])
    axes[1].set_title("what speaks for it", fontsize=9, fontweight="normal")
    rows = np.array(coverage)
    axes[2].plot(100 * rows[:, 0], 100 * rows[:, 1], color=QUIET, label="answered")
    axes[2].plot(100 * rows[:, 0], 100 * rows[:, 2], color=FAMILY_COLOURS["cnn"], label="right, of those")
    axes[2].axvline(100 * threshold, color=INK, lw=1, ls=(0, (4, 2)))
    axes[2].legend(labelcolor="linecolor", loc="lower left", handlelength=0)
    start = min(FIRST, threshold, rows[rows[:, 1] == 1, 0].max(initial=0))
    axes[2].set(xlabel="answer only above this confidence (%)", ylabel="test photographs (%)")
    axes[2].set(xlim=(100 * start, 102), ylim=(0, 103))
    return figure
