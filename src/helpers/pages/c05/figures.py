"""Figures of chapter 5: a window that slides, the matrix of a convolution, four layers on a cat, shifts, features."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike

from helpers.pages.c05.by_hand import as_matrix, correlate
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET

WIDTH = 3.8  # inches: as wide as a figure beside its text; letters of 10 points stay readable on a phone
BLUE, ORANGE = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
CLEAR = [(*to_rgb(ORANGE), 1), (*to_rgb(ORANGE), 0), (*to_rgb(BLUE), 0), (*to_rgb(BLUE), 1)]
BIPOLAR = LinearSegmentedColormap.from_list("bipolar", list(zip((0, 0.5, 0.5, 1), CLEAR, strict=True)))  # 0: the page
STEPS = (  # title, padding, stride, which places of the map are filled when the step ends
    ("1  lay the kernel on a corner", 0, 1, 0),
    ("2  multiply, add up: one number", 0, 1, 1),
    ("3  one step on, the same nine weights", 0, 1, 2),
    ("4  everywhere it fits", 0, 1, 9),
    ("5  with a ring of zeros around", 1, 1, 25),
    ("6  every second place: stride 2", 1, 2, 9),
)


# ------------------------------------------------------------------------------------------- the window that slides


def sliding_step(image: ArrayLike, kernel: ArrayLike, step: int) -> Figure:
    """One of six steps of a 3 x 3 kernel over an image of 5 x 5: the numbers, the window and the map so far.

    Parameters
    ----------
    image, kernel
        (5, 5) and (3, 3), whole numbers.
    step
        1 to 6.

    Raises
    ------
    ValueError
        For another shape or step.
    """
    x, w = np.asarray(image), np.asarray(kernel)
    if x.shape != (5, 5) or w.shape != (3, 3) or step not in range(1, 7):
        raise ValueError(f"expected shapes (5, 5) and (3, 3) and a step of 1 to 6, got {x.shape}, {w.shape}, {step}")
    title, padding, stride, filled = STEPS[step - 1]
    values = correlate(x.astype(float), w, stride, padding)
    figure, ax = plt.subplots(figsize=(4.0, 2.45))
    ax.set(xlim=(-1.1, 12.1), ylim=(6.2, -1.1), aspect="equal")
    ax.set_axis_off()
    ax.set_title(title, fontsize=10.5)
    last = max(filled - 1, 0)
    top, left = (k * stride - padding for k in divmod(last, values.shape[1]))
    for row, column in np.ndindex(5 + 2 * padding, 5 + 2 * padding):
        i, j = row - padding, column - padding
        inside = 0 <= i < 5 and 0 <= j < 5
        _cell(ax, j, i, x[i, j] if inside else 0, "white" if inside else FAINT)
        if top <= i < top + 3 and left <= j < left + 3 and w[i - top, j - left]:
            colour = BLUE if w[i - top, j - left] > 0 else ORANGE
            ax.add_patch(Rectangle((j, i), 1, 1, facecolor=colour, alpha=0.3, linewidth=0))
    ax.add_patch(Rectangle((left, top), 3, 3, fill=False, edgecolor=INK, linewidth=2.5, zorder=4))
    offset = 7.0
    for place, (row, column) in enumerate(np.ndindex(values.shape)):
        number = float(values[row, column]) if place < filled else None
        _cell(ax, offset + column, row, number, PALE_BLUE if place == last and filled else "white")
    if step in (2, 3):  # later it would cross numbers
        start, end = (left + 3, top + 1.5), (offset + last % values.shape[1], last // values.shape[1] + 0.5)
        ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, color=INK, lw=1.3, zorder=5,
                                     connectionstyle="arc3,rad=-0.2"))  # fmt: skip
    side = values.shape[0]
    ax.text(offset, side + 0.75, f"map: {side} × {side}", fontsize=10, color=QUIET)
    return figure


def _signed(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def _cell(ax: Axes, x: float, y: float, number: float | None, face: str) -> None:
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=face, edgecolor=DIM, linewidth=1))
    if number is not None:
        ax.text(x + 0.46, y + 0.47, _signed(number), ha="center", va="center", fontsize=10, color=INK)


# --------------------------------------------------------------------------------------------------- as a matrix


def matrix_figure(kernel: ArrayLike, shape: tuple[int, int]) -> Figure:
    """Which weight of a 3 x 3 kernel stands where in the matrix of its convolution; white: zero.

    A colour for each row of the kernel, paler to darker for its columns; `shape` are the pixels of the image.
    """
    labels = np.arange(1, 10).reshape(3, 3)  # the weights by number: a weight of 0 shows too
    matrix = as_matrix(labels, shape)  # (H'W', HW)
    figure, ax = plt.subplots(figsize=(4.0, 0.6 + 3.7 * matrix.shape[0] / matrix.shape[1]))
    colours = (ORANGE, INK, BLUE)
    for (row, column), label in np.ndenumerate(matrix):
        if label:
            which, place = divmod(int(label) - 1, 3)
            face = Rectangle((column, row), 1, 1, facecolor=colours[which], alpha=(0.4, 0.7, 1.0)[place], linewidth=0)
            ax.add_patch(face)
    for line in range(0, matrix.shape[1] + 1, shape[1]):
        ax.axvline(line, color=DIM, lw=0.8, zorder=0)
    for line in range(0, matrix.shape[0] + 1, shape[1] - 2):
        ax.axhline(line, color=DIM, lw=0.8, zorder=0)
    ax.set(xlim=(0, matrix.shape[1]), ylim=(matrix.shape[0], 0), aspect="equal", yticks=[], xticks=[])
    ax.set_xlabel(f"{matrix.shape[1]} pixels, row by row", fontsize=10)
    ax.set_ylabel(f"{matrix.shape[0]} places", fontsize=10)
    ax.grid(visible=False)
    return figure


# ---------------------------------------------------------------------------------------------- four layers on a cat


def layer_chain(panels: Mapping[str, ArrayLike]) -> Figure:
    """Pictures one after the other, with the name of each above; signed maps in orange and blue, the first in grey."""
    figure, axes = plt.subplots(2, 2, figsize=(4.0, 3.6))
    for k, (ax, (name, values)) in enumerate(zip(axes.flat, panels.items(), strict=True)):
        array = np.asarray(values, dtype=float)
        most = np.quantile(np.abs(array), 0.98)  # a few strong edges would leave the rest pale
        how = {"cmap": "gray", "vmin": 0, "vmax": 255} if k == 0 else {"cmap": BIPOLAR, "vmin": -most, "vmax": most}
        ax.imshow(array, interpolation="nearest", **how)
        ax.set_title(f"{name}\n{array.shape[0]} × {array.shape[1]}", fontsize=10, loc="left")
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return figure


# ------------------------------------------------------------------------------------------------------------ shifts

SHIFT_STYLES = {  # network -> colour, dashes, marker, and where its name stands: shift, per cent
    "MLP": (QUIET, ":", "^", (4.2, 5.5)),
    "the map, flattened": (INK, "--", "s", (3.4, 49)),
    "the map's maximum": (ORANGE, "-", "o", (2.5, 97.5)),
}


def shift_curves(accuracies: Mapping[str, ArrayLike], stride: int, chance: float = 0.1) -> Figure:
    """Test accuracy in per cent against the shift in pixels: a line a network (mean), a band from its lowest seed to
    its highest.

    Parameters
    ----------
    accuracies
        (seeds, shifts) for each name of `SHIFT_STYLES`; shift k is k pixels.
    stride
        Pixels; where the shift is a multiple of it a thin line stands.
    chance
        Fraction.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 3.6))
    for name, table in accuracies.items():
        colour, dashes, marker, place = SHIFT_STYLES[name]
        rows = 100 * np.asarray(table, dtype=float)
        shifts = np.arange(rows.shape[1])
        ax.fill_between(shifts, rows.min(0), rows.max(0), color=colour, alpha=0.18, lw=0)
        ax.plot(shifts, rows.mean(0), color=colour, ls=dashes, marker=marker, ms=5)
        ax.text(*place, name, color=colour, fontsize=10)
    for k in range(stride, shifts[-1] + 1, stride):
        ax.axvline(k, color=DIM, lw=1.2, zorder=0)
    ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 3)))
    ax.set(xlabel="shift (pixels)", ylabel="test accuracy (%)", ylim=(0, 103), xticks=shifts)
    return figure


def loss_curve(losses: ArrayLike, guessing: float, every: int) -> Figure:
    """Training loss, mean of each `every` steps, against steps; dashed: the loss of equal scores."""
    values = np.asarray(losses, dtype=float)
    means = values[: len(values) // every * every].reshape(-1, every).mean(1)
    figure, ax = plt.subplots(figsize=(WIDTH, 2.4))
    ax.plot(every * (np.arange(len(means)) + 1), means, color=ORANGE, lw=2)
    ax.axhline(guessing, color=QUIET, lw=1, ls="--")
    ax.text(1, guessing, " guessing", va="bottom", fontsize=10, color=QUIET)
    ax.set(xlabel="step", ylabel="training loss", yscale="log")
    return figure


# ---------------------------------------------------------------------------------------------------------- features


def filters_figure(weights: ArrayLike, columns: int = 8) -> Figure:
    """First-layer filters as small colour pictures, each on its own scale: (C_out, 3, k, k)."""
    array = np.asarray(weights, dtype=float)
    rows = -(-len(array) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, WIDTH * rows / columns + 0.1))
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, filter_ in zip(axes.flat, array, strict=False):
        most = np.abs(filter_).max()
        ax.imshow((0.5 + filter_ / (2 * most)).transpose(1, 2, 0), interpolation="nearest")
    return figure


def feature_maps(rows: Sequence[tuple[str, ArrayLike]], picture: ArrayLike) -> Figure:
    """A row of maps a layer, white: strong, with the layer's name; the picture above them.

    Parameters
    ----------
    rows
        Name, and maps (n, H, W), the same n in every row.
    picture
        uint8 (S, S, 3).
    """
    count = len(np.asarray(rows[0][1]))
    figure, axes = plt.subplots(len(rows) + 1, count, figsize=(0.8 * count, 1.04 * (len(rows) + 1)), layout="none")
    figure.subplots_adjust(left=0.005, right=0.995, top=0.965, bottom=0.005, hspace=0.34, wspace=0.06)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set_visible(False)
    axes[0, 0].imshow(np.asarray(picture))
    axes[0, 0].set_title("the cat", fontsize=10, loc="left")
    for ax in axes[0, 1:]:
        ax.set_visible(False)
    for row, (name, maps) in zip(axes[1:], rows, strict=True):
        row[0].set_title(name, fontsize=10, loc="left")
        for ax, one in zip(row, np.asarray(maps, dtype=float), strict=True):
            ax.imshow(one, cmap="gray", interpolation="nearest")
    return figure
