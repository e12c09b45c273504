"""Figures made of the photographs themselves: contact sheet, predictions, confused pairs."""

from collections.abc import Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.names import in_figure
from helpers.plots.style import GREEN, INK, RED

RIGHT, WRONG = GREEN, RED
SMALL = 100  # pixels; smaller pictures are shown pixel by pixel
SEEN, MIDDLE = 0xFC, 0x02  # the bits of a channel that one can see, and the middle of what the others can be


def _show(ax: Axes, image: np.ndarray, title: str = "", colour: str = INK) -> None:
    if image.shape[0] < SMALL:
        # As it is, the page enlarges it; enlarged here, and with bits that nobody sees, sixty are a megabyte of PNG.
        ax.imshow(image & SEEN | MIDDLE, interpolation="none")
    else:
        ax.imshow(image, interpolation="antialiased")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set(visible=bool(title) and colour != INK, color=colour, linewidth=2)
    ax.set_title(title, fontsize=7.5, color=colour, loc="center", fontweight="normal", wrap=True)
    ax.title.set_fontfamily(mpl.rcParams["font.family"])  # `in_figure` may have added a font since the axes were made


def contact_sheet(images: np.ndarray, labels: np.ndarray, class_names: Sequence[str], columns: int = 6) -> Figure:
    """The first image of up to 24 classes, spread evenly over the list: uint8 (N, S, S, 3), (N,) -> Figure."""
    present = np.unique(labels)
    chosen = present[np.unique(np.linspace(0, len(present) - 1, min(24, len(present))).astype(int))]
    first = [int(np.flatnonzero(labels == k)[0]) for k in chosen]
    rows = -(-len(first) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.45 * columns, 1.7 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, index in zip(axes.flat, first, strict=False):
        ax.set_axis_on()
        _show(ax, images[index], in_figure(class_names[labels[index]]))
    return figure


def prediction_gallery(
    images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, class_names: Sequence[str], columns: int = 6
) -> Figure:
    """Images with the predicted class and its probability, green where right and red (with the truth) where wrong.

    uint8 (n, S, S, 3), (n,), float (n, K) -> Figure."""
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.6 * columns, 2.05 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, label, row in zip(axes.flat, images, labels, probabilities, strict=False):
        ax.set_axis_on()
        guess = int(row.argmax())
        right = guess == label
        title = f"{'✓' if right else '✗'} {in_figure(class_names[guess])} {100 * row[guess]:.0f} %"
        title += "" if right else f"\nis: {in_figure(class_names[label])}"
        _show(ax, image, title, RIGHT if right else WRONG)
    return figure


def confused_pairs(
    images: np.ndarray,
    labels: np.ndarray,
    predictions: np.ndarray,
    pairs: Sequence[tuple[int, int]],
    class_names: Sequence[str],
    each: int = 3,
) -> Figure:
    """One row a pair of classes: examples of the first, the mistakes between the two (framed), examples of the second.

    uint8 (N, S, S, 3), (N,), (N,), [(first, second), ...] -> Figure."""
    if not pairs:
        raise ValueError("no pair of classes was confused: nothing to show")
    figure, axes = plt.subplots(len(pairs), 3 * each, figsize=(1.15 * 3 * each, 1.5 * len(pairs)), squeeze=False)
    for row, (first, second) in zip(axes, pairs, strict=True):
        right = labels == predictions
        mixed = ((labels == first) & (predictions == second)) | ((labels == second) & (predictions == first))
        groups = (
            (np.flatnonzero((labels == first) & right), in_figure(class_names[first]), INK),
            (np.flatnonzero(mixed), None, WRONG),
            (np.flatnonzero((labels == second) & right), in_figure(class_names[second]), INK),
        )
        for ax in row:
            ax.set_axis_off()
        for block, (index, name, colour) in enumerate(groups):
            for ax, i in zip(row[block * each : (block + 1) * each], index[:each], strict=False):
                ax.set_axis_on()
                title = f"{in_figure(class_names[labels[i]])}\ntaken for the other" if name is None else name
                _show(ax, images[i], title, colour)
    return figure


def single(image: np.ndarray, title: str) -> Figure:
    """One picture with a title: uint8 (S, S, 3) -> Figure."""
    figure, ax = plt.subplots(figsize=(3, 3.2))
    _show(ax, image, in_figure(title))
    return figure
