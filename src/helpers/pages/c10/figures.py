"""Figures of the Vision Transformer: its six steps, what its positions resemble, how far heads look, shuffling."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from helpers.plots.style import FAMILY_COLOURS, INK, ON_PICTURE, PALE_BLUE, QUIET, SOFT_BLUE
from helpers.shapes import check_grid

BLUE = FAMILY_COLOURS["vit"]
BIPOLAR = LinearSegmentedColormap.from_list("bipolar", [FAMILY_COLOURS["cnn"], "#ffffff", BLUE])  # as in the explorer
SLOT = 0.78  # side of a token; slots lie 1 apart, number 0 is the class token's


def cut(image: np.ndarray, grid: int) -> np.ndarray:
    """Cut a picture into grid x grid patches, row by row: (S, S, 3) -> (grid * grid, S/grid, S/grid, 3).

    Raises
    ------
    ValueError
        For another shape, or a side that the grid does not divide.
    """
    if image.ndim != 3 or image.shape[0] != image.shape[1] or image.shape[2] != 3 or image.shape[0] % grid:
        raise ValueError(f"image: expected (S, S, 3) with S a multiple of {grid}, got {image.shape}")
    side = image.shape[0] // grid
    return image.reshape(grid, side, grid, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)


def six_steps(image: np.ndarray, step: int | None = None, image_size: int = 48, patch_size: int = 16) -> Figure:
    """The way of nine patches to an answer, with the shape after each step: on one sheet, or one `step` of the six.

    `image`, uint8 (S, S, 3), is drawn; the shapes written are those of an image of `image_size` pixels, whose patches
    must be nine.

    Raises
    ------
    ValueError
        Where the patches are not nine, or there is no such step.
    """
    if image_size != 3 * patch_size:
        raise ValueError(f"image_size: expected 3 x patch_size = {3 * patch_size}, got {image_size}")
    steps = (_cut, _flatten, _prepend, _add_positions, _encode, _read_out)
    if step not in (None, *range(1, 7)):
        raise ValueError(f"step: expected one of 1 to 6, got {step}")
    top, bottom = (19.2, 0.1) if step is None else (TOPS[step - 1], TOPS[step])
    figure, ax = plt.subplots(figsize=(4.5, 0.434 * (top - bottom)))
    ax.set(xlim=(-0.1, 10.1), ylim=(bottom, top), aspect="equal")
    ax.set_axis_off()
    for draw in steps if step is None else steps[step - 1 : step]:
        draw(ax, image, 3 * patch_size**2, f"9 × (3 × {patch_size} × {patch_size})", image_size)
    ax.set(xlim=(-0.1, 10.1), ylim=(bottom, top))
    return figure


TOPS = (19.2, 14.3, 10.7, 8.2, 5.15, 2.8, 0.1)  # where each step of the six begins on the sheet, and the end


def _cut(ax: Axes, image: np.ndarray, flat: int, patches: str, size: int) -> None:
    _heading(ax, 18.85, "1  Cut", f"3 × {size} × {size}  →  {patches}")
    _picture_with_grid(ax, image, (0.1, 14.5, 3.2))
    for k, patch in enumerate(cut(image, 3)):
        row, column = divmod(k, 3)
        x, y = 5.5 + 1.45 * column, 16.8 - 1.1 * row
        ax.imshow(patch, extent=(x, x + 0.9, y, y + 0.9), interpolation="nearest", zorder=2)
        ax.text(x - 0.08, y + 0.45, str(k + 1), ha="right", va="center", fontsize=10, color=QUIET)
    _arrow(ax, (3.6, 16.1), (4.7, 16.1))


def _flatten(ax: Axes, image: np.ndarray, flat: int, *_: object) -> None:
    _heading(ax, 13.9, "2  Flatten, times one matrix E", f"9 × {flat}  →  9 × D")
    for k, patch in enumerate(cut(image, 3)):
        strip = patch.reshape(-1, 3)[:: len(patch) * len(patch) // 24][:24, None]
        x = k + 1 + SLOT / 2 - 0.11
        ax.imshow(strip, extent=(x, x + 0.22, 11.4, 12.7), interpolation="nearest", aspect="auto", zorder=2)
        _arrow(ax, (k + 1 + SLOT / 2, 11.3), (k + 1 + SLOT / 2, 10.75), size=8)


def _prepend(ax: Axes, *_: object) -> None:
    _heading(ax, 10.35, "3  The class token goes in front", "9 × D  →  10 × D")
    for k in range(10):
        _token(ax, k, 8.35, "cls" if k == 0 else f"$x_p^{k}E$", dark=k == 0)


def _add_positions(ax: Axes, *_: object) -> None:
    _heading(ax, 7.85, "4  Add a learned position to each of the ten", "10 × D  →  10 × D")
    for k in range(10):
        middle = k + SLOT / 2
        ax.text(middle, 6.65, "+", ha="center", va="center", fontsize=11, color=INK)
        ax.add_patch(plt.Circle((middle, 6.1), 0.36, facecolor="white", edgecolor=BLUE, linewidth=1.4))
        ax.text(middle, 6.08, str(k), ha="center", va="center", fontsize=10, color=BLUE)
        _arrow(ax, (middle, 5.7), (middle, 5.2), size=8)


def _encode(ax: Axes, *_: object) -> None:
    box = FancyBboxPatch((0.08, 3.3), 9.62, 1.8, boxstyle="round,pad=0.02,rounding_size=0.15")
    box.set(facecolor=PALE_BLUE, edgecolor=BLUE, linewidth=1.4)
    ax.add_patch(box)
    _heading(ax, 4.75, "5  L encoder blocks", "10 × D  →  10 × D", indent=0.3)
    ax.text(0.3, 3.65, "norm, attention, +, norm, MLP, +", fontsize=10, color=INK, va="center")
    _arrow(ax, (SLOT / 2, 3.25), (SLOT / 2, 2.82), size=8)


def _read_out(ax: Axes, *_: object) -> None:
    for k in range(10):
        _token(ax, k, 1.95, "cls" if k == 0 else "", dark=k == 0, unused=k > 0)
    _arrow(ax, (SLOT / 2, 1.92), (SLOT / 2, 1.42), size=8)
    ax.text(1.0, 1.62, "the nine others are not read", fontsize=10, color=QUIET, va="center")
    _heading(ax, 1.05, "6  Norm and head on the class token", "D  →  K classes")


def position_maps(similarity: np.ndarray, grid: int | tuple[int, int], every: int = 1) -> Figure:
    """One small map a patch: how much its position resembles every position, on the patches' own grid.

    Parameters
    ----------
    similarity
        (N, N) cosines in [-1, 1] of the position vectors of N patches.
    grid
        Rows and columns of patches, `model.positions.grid`; one number is a square.
    every
        Draw every so many rows and columns of patches.

    Raises
    ------
    ValueError
        If the matrix is not square, or the grid does not hold its patches.
    """
    if similarity.ndim != 2 or similarity.shape[0] != similarity.shape[1]:
        raise ValueError(f"similarity: expected (N, N), got {similarity.shape}")
    rows, columns = check_grid(grid, len(similarity))
    shown = range(0, rows, every), range(0, columns, every)
    size = (4.5, 0.6 + 4.5 * len(shown[0]) / len(shown[1]))
    figure, axes = plt.subplots(len(shown[0]), len(shown[1]), figsize=size, squeeze=False)
    picture = None
    for i, row in enumerate(shown[0]):
        for j, column in enumerate(shown[1]):
            ax = axes[i, j]
            of_patch = similarity[row * columns + column].reshape(rows, columns)
            picture = ax.imshow(of_patch, cmap=BIPOLAR, vmin=-1, vmax=1, interpolation="nearest")
            ax.plot(column, row, "o", ms=3.5, mfc=ON_PICTURE, mec="#111111", mew=1)
            ax.set(xticks=[], yticks=[])
            ax.grid(visible=False)
    if picture is not None:
        bar = figure.colorbar(picture, ax=axes, shrink=0.7, aspect=30, ticks=(-1, 0, 1), location="bottom")
        bar.set_label("cosine with the marked position", fontsize=10)
    figure.suptitle("column of the patch", fontsize=10)
    figure.supylabel("row of the patch", fontsize=10)
    return figure


def attention_distances(
    trained: np.ndarray, fresh: np.ndarray, uniform: float, half_width: np.ndarray | None = None
) -> Figure:
    """How far every head looks on average, layer by layer: trained heads filled, fresh ones hollow, uniform dashed.

    Parameters
    ----------
    trained, fresh
        (L, h) pixels.
    uniform
        Pixels, the distance of attention that is equal everywhere.
    half_width
        (L, h) of the 95 % interval of `trained`, or None.

    Raises
    ------
    ValueError
        For arrays of different shapes.
    """
    if trained.shape != fresh.shape or trained.ndim != 2:
        raise ValueError(f"expected two arrays (L, h), got {trained.shape} and {fresh.shape}")
    depth, heads = trained.shape
    layer = np.arange(1, depth + 1)[:, None] + np.zeros(heads)
    nudge = (np.arange(heads) - (heads - 1) / 2) * 0.13
    figure, ax = plt.subplots(figsize=(4.5, 3.9))
    ax.axhline(uniform, color=QUIET, ls="--", lw=1.2, label="equal attention")
    ax.plot((layer + nudge).ravel(), fresh.ravel(), "o", ms=6, mfc="white", mec=QUIET, ls="", label="fresh weights")
    spread = None if half_width is None else half_width.ravel()
    ax.errorbar(
        (layer + nudge).ravel(), trained.ravel(), yerr=spread, fmt="o", ms=6, color=BLUE, lw=1.2, label="trained"
    )
    ax.set(
        xlabel="layer", ylabel="mean attention distance (pixels)", ylim=(0, 1.25 * uniform), xticks=range(1, depth + 1)
    )
    ax.legend(fontsize=10, loc="lower right", ncols=2, columnspacing=1)
    return figure


def shuffled_scores(
    pictures: Mapping[str, np.ndarray],
    scores: Mapping[str, Sequence[tuple[float, float, float]]],
    chance: Sequence[float],
) -> Figure:
    """Two pictures, and below them three accuracies under each treatment, with intervals and chance.

    Parameters
    ----------
    pictures
        title -> uint8 (S, S, 3), drawn side by side.
    scores
        treatment -> (value, low, high) for breed, coat and build, fractions.
    chance
        Of breed, coat and build.

    Raises
    ------
    ValueError
        Without a treatment.
    """
    if not scores:
        raise ValueError("expected at least one treatment, got none")
    questions = ("breed", "coat", "build")
    layout = [list(pictures), ["bars"] * len(pictures)]
    figure, axes = plt.subplot_mosaic(layout, figsize=(4.5, 5.6), height_ratios=(1, 1.6))  # type: ignore[arg-type]
    for name, picture in pictures.items():
        axes[name].imshow(picture, interpolation="nearest")
        axes[name].set_title(name, fontsize=10)
        axes[name].set_axis_off()
    ax, width = axes["bars"], 0.8 / len(scores)
    fills = (BLUE, SOFT_BLUE, "white")
    for k, (name, triples) in enumerate(scores.items()):
        value, low, high = 100 * np.array(triples, dtype=float).T
        x = np.arange(len(questions)) + (k - (len(scores) - 1) / 2) * width
        ax.bar(x, value, width * 0.92, color=fills[k % 3], edgecolor=BLUE, linewidth=1.2, label=name)
        ax.errorbar(x, value, yerr=(value - low, high - value), fmt="none", ecolor=INK, lw=1.2, capsize=2)
    for k, level in enumerate(chance):
        ax.plot([k - 0.45, k + 0.45], [100 * level] * 2, color=INK, ls=":", lw=1.6, label="chance" if k == 0 else None)
    ax.set_xticks(range(len(questions)), questions)
    ax.grid(visible=False, axis="x")
    ax.set(ylabel="right (%)", ylim=(0, 100))
    ax.legend(fontsize=10, loc="upper left", ncols=2, columnspacing=1)
    return figure


def _heading(ax: Axes, y: float, what: str, shapes: str, indent: float = 0.08) -> None:
    ax.text(indent, y, what, fontsize=10, fontweight="bold", color=INK, va="center")
    ax.text(indent + 0.42, y - 0.55, shapes, fontsize=10, color=QUIET if indent < 0.1 else INK, va="center")


def _picture_with_grid(ax: Axes, image: np.ndarray, where: tuple[float, float, float]) -> None:
    x, y, side = where
    ax.imshow(image, extent=(x, x + side, y, y + side), interpolation="nearest", zorder=2)
    for k in (1, 2):
        at = k * side / 3
        ax.plot([x + at, x + at], [y, y + side], color=ON_PICTURE, lw=2, zorder=3)
        ax.plot([x, x + side], [y + at, y + at], color=ON_PICTURE, lw=2, zorder=3)


def _token(ax: Axes, slot: int, y: float, label: str, dark: bool = False, unused: bool = False) -> None:
    face = INK if dark else "white" if unused else PALE_BLUE
    square = Rectangle((slot, y), SLOT, SLOT, facecolor=face, edgecolor=INK if dark else BLUE, linewidth=1.2)
    square.set_linestyle(":" if unused else "-")
    ax.add_patch(square)
    colour = "white" if dark else INK
    ax.text(slot + SLOT / 2, y + SLOT / 2, label, ha="center", va="center", fontsize=9, color=colour)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], size: float = 14) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=size, shrinkA=0, shrinkB=0)
    arrow.set(color=QUIET, linewidth=1.2)
    ax.add_patch(arrow)


def tiny_curves(curves: Mapping[str, Sequence[tuple[float, float]]], chance: float) -> Figure:
    """Accuracy after each epoch of a CNN and a ViT: full lines on new pictures, dashed on those trained on.

    `curves` leads from "CNN" and "ViT" to (training, new) for each epoch, fractions as `chance` is."""
    figure, ax = plt.subplots(figsize=(4.5, 3.1))
    for name, rows in curves.items():
        colour = FAMILY_COLOURS[name.lower()]
        values = 100 * np.asarray(rows, dtype=float)
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values[:, 0], ls=(0, (4, 2)), lw=1.4, color=colour)
        ax.plot(epochs, values[:, 1], lw=2.2, color=colour)
        ax.annotate(
            name, (epochs[-1], values[-1, 1]), (5, 0), textcoords="offset points", va="center", color=colour,
            fontsize=11, annotation_clip=False,
        )  # fmt: skip
    ax.axhline(100 * chance, color=QUIET, ls=":", lw=1)
    ax.set(xlabel="epoch", ylabel="right (%)", ylim=(0, 102))
    return figure
