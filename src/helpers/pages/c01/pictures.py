"""Pictures of chapter 1 with images in them: a cat becomes numbers and moves, digits and their nearest, confusions."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.plots.style import FAINT, FAMILY_COLOURS, INK, ON_PICTURE, QUIET, check_some

WIDTH = 3.8  # inches: letters of 10.5 points stay readable on a phone
HONEST, FOOLED = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
EYE = (slice(90, 130), slice(150, 190))  # rows and columns of the cat
SPARK = (slice(99, 103), slice(167, 171))
CHANNELS = ("red", "green", "blue")


def _bare(ax: Axes) -> None:
    ax.set(xticks=[], yticks=[])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _frame(ax: Axes, rows: slice, columns: slice) -> None:
    corner, width, height = (
        (columns.start - 0.5, rows.start - 0.5),
        columns.stop - columns.start,
        rows.stop - rows.start,
    )
    for colour, line in ((ON_PICTURE, 3.6), ("black", 1.6)):
        ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=colour, lw=line))


def cat_step(image: np.ndarray, step: int) -> Figure:
    """One of four steps from a photograph, uint8 (H, W, 3), to its numbers: all, an eye, a spark in it, its channels.

    Raises
    ------
    ValueError
        For another step.
    """
    if step not in range(1, 5):
        raise ValueError(f"step: expected 1 to 4, got {step}")
    if step == 4:
        return _channels(image[SPARK])
    figure, ax = plt.subplots(figsize=(WIDTH, 2.65))
    part = (image, image[EYE], image[SPARK])[step - 1]
    ax.imshow(part, interpolation="nearest")
    _bare(ax)
    height, width, _ = part.shape
    titles = (f"{height} × {width} pixels", f"the eye: {height} × {width}", f"a spark: {height} × {width}")
    ax.set_title(titles[step - 1], loc="left")
    if step == 1:
        _frame(ax, *EYE)
    if step == 2:
        _frame(ax, *(slice(s.start - e.start, s.stop - e.start) for s, e in zip(SPARK, EYE, strict=True)))
    if step == 3:
        for (row, column), _ in np.ndenumerate(part[..., 0]):
            pixel = part[row, column]
            colour = "black" if pixel.mean() > 110 else ON_PICTURE
            text = "\n".join(str(value) for value in pixel)
            ax.text(column, row, text, ha="center", va="center", fontsize=10.5, color=colour, linespacing=1.05)
    return figure


def _channels(part: np.ndarray) -> Figure:
    """Three sheets of numbers, one a channel, each as bright as its numbers."""
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 1.65))
    for channel, (ax, name) in enumerate(zip(axes, CHANNELS, strict=True)):
        values = part[..., channel]
        ax.imshow(values, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        _bare(ax)
        ax.set_title(f"{channel}: {name}", fontsize=10.5, loc="left")
        for (row, column), value in np.ndenumerate(values):
            colour = "black" if value > 110 else ON_PICTURE
            ax.text(column, row, str(value), ha="center", va="center", fontsize=10.5, color=colour)
    return figure


def three_cats(panels: Sequence[tuple[str, ArrayLike, str]]) -> Figure:
    """Images in a column, each with a name beside it and what is said of it: (name, (H, W, 3), words).

    Raises
    ------
    ValueError
        Without an image.
    """
    check_some(panels, "image")
    figure, axes = plt.subplots(
        len(panels), 2, figsize=(WIDTH, 1.15 * len(panels)), width_ratios=[1, 1.1], squeeze=False
    )
    for (left, right), (name, image, words) in zip(axes, panels, strict=True):
        left.imshow(np.asarray(image).astype(np.uint8))
        for ax in (left, right):
            _bare(ax)
        right.text(0, 0.62, name, fontsize=11, color=INK, weight="bold", va="center", transform=right.transAxes)
        right.text(0, 0.34, words, fontsize=11, color=QUIET, va="center", transform=right.transAxes)
    return figure


def nearest_pairs(images: ArrayLike, rows: Sequence[Sequence[int]], labels: ArrayLike, names: Sequence[str]) -> Figure:
    """Digits in columns: asked ones above, below each its nearest of one kind and of another, with their labels.

    Parameters
    ----------
    images, labels
        (n, 8, 8), larger is darker, and (n,).
    rows
        For each name the indices of its row; all of one length.
    names
        Of the rows.

    Raises
    ------
    ValueError
        Without a digit.
    """
    check_some(rows[0], "digit")
    pictures, truth = np.asarray(images), np.asarray(labels)
    figure = plt.figure(figsize=(max(WIDTH * len(rows[0]) / 5, 1.9), 1.15 * len(rows)))
    parts = figure.subfigures(len(rows), 1, squeeze=False)
    for part, indices, name in zip(parts[:, 0], rows, names, strict=True):
        part.suptitle(name, fontsize=10.5, color=QUIET, x=0.02, ha="left")
        for ax, index, asked in zip(part.subplots(1, len(indices), squeeze=False)[0], indices, rows[0], strict=True):
            ax.imshow(pictures[index], cmap="Greys", interpolation="nearest")
            _bare(ax)
            wrong = truth[index] != truth[asked]
            mark, colour = ("✗ ", FOOLED) if wrong else ("", INK)
            ax.set_title(f"{mark}{truth[index]}", fontsize=11, loc="center", color=colour)
    return figure


def confusion_of_images(images: ArrayLike, given: ArrayLike, labels: ArrayLike, classes: int = 10) -> Figure:
    """A table of all errors: in each cell the first image that was taken so, and how many there are.

    Parameters
    ----------
    images
        (n, H, W), larger is darker.
    given, labels
        (n,), what each was named, and what it is.

    Raises
    ------
    ValueError
        Without an error.
    """
    pictures, named, truth = (np.asarray(values) for values in (images, given, labels))
    wrong = np.flatnonzero(named != truth)
    check_some(wrong, "error")
    figure, ax = plt.subplots(figsize=(WIDTH, 4.0))
    ax.set(xlim=(-0.5, classes - 0.5), ylim=(classes - 0.5, -0.5), aspect="equal")
    most: Any = pictures.max()
    for row in range(classes):
        ax.add_patch(Rectangle((row - 0.5, row - 0.5), 1, 1, facecolor=FAINT, lw=0))
        right = int(np.sum((truth == row) & (named == row)))
        ax.text(row, row, str(right), ha="center", va="center", fontsize=10.5, color=QUIET)
        for column in set(named[wrong][truth[wrong] == row].tolist()):
            some = wrong[(truth[wrong] == row) & (named[wrong] == column)]
            box = (column - 0.45, column + 0.45, row + 0.45, row - 0.45)
            ax.imshow(pictures[some[0]], cmap="Greys", vmin=0, vmax=most, extent=box, interpolation="nearest")
            if len(some) > 1:
                label = ax.text(
                    column + 0.44, row - 0.42, str(len(some)), ha="right", va="top", fontsize=10.5, color=FOOLED
                )
                label.set(weight="bold")
                label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85})
    ax.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    ax.grid(visible=False)
    ax.grid(which="minor", lw=0.6)
    ax.tick_params(which="minor", length=0)
    ax.set_xticks(range(classes), [str(one) for one in range(classes)])
    ax.set_yticks(range(classes), [str(one) for one in range(classes)])
    ax.set(xlim=(-0.5, classes - 0.5), ylim=(classes - 0.5, -0.5), xlabel="is named", ylabel="is")
    return figure


def heap_means(images: ArrayLike, heaps: ArrayLike, labels: ArrayLike) -> Figure:
    """The mean image of each heap, and its two commonest digits with how many there are."""
    pictures, heap, truth = (np.asarray(values) for values in (images, heaps, labels))
    numbers = np.unique(heap)
    columns = 5
    figure, axes = plt.subplots(-(-len(numbers) // columns), columns, figsize=(WIDTH, 2.5), squeeze=False)
    order = sorted(numbers, key=lambda one: np.bincount(truth[heap == one]).argmax())
    for ax in axes.flat[len(order) :]:
        ax.set_axis_off()
    for ax, one in zip(axes.flat, order, strict=False):
        inside = heap == one
        counts = np.bincount(truth[inside])
        first, second = np.argsort(-counts, kind="stable")[:2]
        ax.imshow(pictures[inside].mean(axis=0), cmap="Greys", interpolation="nearest")
        _bare(ax)
        close = counts[second] > 0.3 * counts[first]
        text = f"{first}: {counts[first]}" + (f"\n{second}: {counts[second]}" if close else "\n ")
        ax.set_xlabel(text, fontsize=10.5, color=FOOLED if close else INK)
    return figure
