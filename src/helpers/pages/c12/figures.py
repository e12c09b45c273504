"""Figures of chapter 12: what a bias is, table 5 as slopes, a crossing, who needs how many images, rates."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.pages.c12.paper import PHOTOGRAPHS, TABLE5
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

ORANGE, BLUE, GREY, GREEN = (FAMILY_COLOURS[name] for name in ("cnn", "vit", "classical", "deit"))
COLOURS = {"mlp": GREY, "cnn": ORANGE, "vit": BLUE, "vit_stem": GREEN}
LABELS = {"mlp": "MLP", "cnn": "CNN", "vit": "ViT", "vit_stem": "ViT, conv. first"}
SIDE = 4  # pixels of the image whose first layer is drawn
STEPS = (
    "1  an MLP: 256 free numbers",
    "2  a convolution: 9",
    "3  the convolution, pixels shuffled",
    "4  patches: 16",
)


def first_layer(step: int) -> np.ndarray:
    """Which number stands where in the matrix from 16 pixels to 16 units: (16, 16), 0 for none, 1, 2, ... by number.

    Raises
    ------
    ValueError
        For a step other than 1 to 4.
    """
    if step not in range(1, 5):
        raise ValueError(f"step: expected 1 to 4, got {step}")
    count = SIDE**2
    if step == 1:
        return np.arange(1, count**2 + 1).reshape(count, count)
    row, column = np.divmod(np.arange(count), SIDE)
    down, right = row[None] - row[:, None], column[None] - column[:, None]
    matrix = np.where((abs(down) < 2) & (abs(right) < 2), 3 * (down + 1) + right + 2, 0)
    if step == 3:
        order = np.random.default_rng(12).permutation(count)
        matrix = matrix[np.ix_(order, order)]
    if step == 4:  # pixels patch by patch: one 4 x 4 block, four times
        matrix = np.kron(np.eye(4, dtype=int), np.arange(1, 17).reshape(4, 4))
    return matrix


def bias_step(step: int) -> Figure:
    """The matrix of a first layer, a colour a number, white where there is none."""
    matrix = first_layer(step)
    figure, ax = plt.subplots(figsize=(4.2, 4.0))
    shades = plt.get_cmap("turbo")(np.linspace(0.06, 0.94, max(2, matrix.max())))
    mixed = np.random.default_rng(3).permutation(len(shades)) if step == 1 else np.arange(len(shades))
    picture = np.ma.masked_equal(matrix, 0)
    ax.imshow(picture, cmap=ListedColormap(shades[mixed]), vmin=1, vmax=max(2, matrix.max()))
    for at in range(SIDE**2 + 1):
        ax.axhline(at - 0.5, color=DIM, lw=0.5)
        ax.axvline(at - 0.5, color=DIM, lw=0.5)
    ax.set(xticks=[], yticks=[], xlabel="from 16 pixels (4 × 4)", ylabel="to 16 units")
    ax.grid(visible=False)
    ax.set_title(STEPS[step - 1], fontsize=11)
    return figure


def table5_slopes() -> Figure:
    """Table 5 of the ViT paper: accuracy against pre-training photographs, a line a network."""
    figure, ax = plt.subplots(figsize=(4.7, 4.2))
    x = np.array(list(PHOTOGRAPHS.values()))
    nudge = {"B/16": -0.45, "L/32": 0.5}
    for name, row in TABLE5.items():
        strong = name in ("B/16", "L/16")
        y = np.array(row)
        keep = ~np.isnan(y)
        ax.plot(x[keep], y[keep], "o-", color=BLUE if strong else QUIET, ms=5, lw=2.2 if strong else 1.3)
        at = (x[-1], y[-1] + nudge.get(name, 0))
        ax.annotate(
            name, at, (8, 0), textcoords="offset points", va="center", fontsize=11, color=BLUE if strong else QUIET
        )
    ax.set_xscale("log")
    ax.set_xticks(x, [f"{name}\n{count / 1e6:g} M" for name, count in PHOTOGRAPHS.items()], fontsize=10.5)
    ax.minorticks_off()
    ax.set(xlim=(7e5, 1.1e9), ylabel="ImageNet top-1 (%)", xlabel="pre-trained on so many photographs")
    return figure


def two_learners(
    sizes: Sequence[int], measured: np.ndarray, fine: np.ndarray, expected: tuple[np.ndarray, np.ndarray], cross: float
) -> Figure:
    """Error of the convolution and of the full matrix against signals: points measured, lines expected.

    Parameters
    ----------
    sizes, measured
        Signals, and errors (2, len(sizes)).
    fine, expected
        Signals, and the two expected errors at them.
    cross
        Where the lines cross.
    """
    figure, ax = plt.subplots(figsize=(4.7, 3.7))
    for name, points, line, colour in zip(
        ("3 numbers,\na little wrong", "256 numbers, can be right"), measured, expected, (ORANGE, BLUE), strict=True
    ):
        ax.plot(fine, line, color=colour, lw=1.6)
        ax.plot(sizes, points, "o", color=colour, ms=6)
        few = colour == ORANGE
        at, away = ((sizes[-1], points[-1]), (0, 7)) if few else ((sizes[0], points[0]), (12, -2))
        side = "right" if few else "left"
        ax.annotate(name, at, away, textcoords="offset points", ha=side, fontsize=11, color=colour)
    ax.axvline(cross, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(
        cross / 1.06, 0.05, f"they cross\nat {cross:.0f}", transform=ax.get_xaxis_transform(), ha="right", fontsize=11
    )
    ax.set(xscale="log", yscale="log", xlabel="signals to learn from", ylabel="error on new signals")
    ax.set_xticks(list(sizes), [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    return figure


def coloured(images: np.ndarray) -> Figure:
    """Colour images in a row, (n, S, S, 3) in 0..1.

    Raises
    ------
    ValueError
        Without an image.
    """
    check_some(images, "image")
    figure, axes = plt.subplots(1, len(images), figsize=(4.7, 0.95), squeeze=False)
    for ax, picture in zip(axes[0], images, strict=True):
        ax.imshow(picture)
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
    return figure


def accuracy_lines(points: Sequence[Mapping[str, Any]], chance: float) -> Figure:
    """Accuracy against images a class, a line an `arm` with its interval; points have `arm`, `size`, `value`, ...

    Raises
    ------
    ValueError
        Without a point.
    """
    check_some(points, "point")
    figure, ax = plt.subplots(figsize=(4.7, 4.0))
    for arm, label in LABELS.items():
        own = sorted((point for point in points if point["arm"] == arm), key=lambda point: point["size"])
        if not own:
            continue
        sizes, colour = [point["size"] for point in own], COLOURS[arm]
        ends = [[100 * point[end] for point in own] for end in ("low", "value", "high")]
        ax.fill_between(sizes, ends[0], ends[2], color=colour, alpha=0.16, lw=0)
        ax.plot(sizes, ends[1], "o-", color=colour, ms=5)
        aside = {"cnn": 8, "mlp": -2, "vit_stem": -10}.get(arm, 0)
        ax.annotate(
            label, (sizes[-1], ends[1][-1]), (8, aside), textcoords="offset points", va="center",
            fontsize=11, color=colour,
        )  # fmt: skip
    ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_xscale("log")
    ticks = sorted({point["size"] for point in points})
    ax.set_xticks(ticks, [str(size) for size in ticks])
    ax.minorticks_off()
    ax.set(
        xlim=(ticks[0] / 1.3, ticks[-1] * 9),
        ylim=(0, 103),
        ylabel="test digits named rightly (%)",
        xlabel="digits of each class to learn from",
    )
    return figure


def gap_lines(panels: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]], names: Mapping[str, str]) -> Figure:
    """ViT minus CNN in points against images a class, an arm a line, with 95 % intervals, data sets one below the
    other; above zero the ViT leads.

    Raises
    ------
    ValueError
        Without a data set, or one of them without an arm.
    """
    check_some(panels, "data set")
    figure, rows = plt.subplots(len(panels), figsize=(4.7, 0.3 + 3.5 * len(panels)), squeeze=False)
    for ax, (title, gaps) in zip(rows[:, 0], panels.items(), strict=True):
        check_some(gaps, "arm")
        _gaps(ax, gaps, names)
        ax.set_title(title, fontsize=11, loc="left")
    rows[-1, 0].set_xlabel("images a class to learn from")
    return figure


def _gaps(ax: Axes, gaps: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, str]) -> None:
    colours = dict(zip(names, (BLUE, GREEN, INK), strict=False))
    for k, (arm, own) in enumerate(gaps.items()):
        sizes = [gap["size"] * 1.05**k for gap in own]
        for size, gap in zip(sizes, own, strict=True):
            if gap["low"] is not None:
                ax.plot([size, size], [100 * gap["low"], 100 * gap["high"]], color=colours[arm], lw=2, alpha=0.5)
        ax.plot(sizes, [100 * gap["value"] for gap in own], "o-", color=colours[arm], ms=5)
        ax.text(0.02, 0.97 - 0.09 * k, names[arm], transform=ax.transAxes, va="top", fontsize=10.5, color=colours[arm])
    ax.axhline(0, color=INK, lw=1)
    ticks = sorted({gap["size"] for own in gaps.values() for gap in own})
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{size:,}" for size in ticks])
    ax.minorticks_off()
    low, high = ax.get_ylim()
    ax.set(ylim=(low, high + 0.35 * (high - low)), ylabel="ViT minus CNN (points)")


def rate_curves(rows: Sequence[Mapping[str, Any]], chance: float) -> Figure:
    """Accuracy against the learning rate for both networks; a cross where nine answers in ten are one class.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.7, 3.7))
    for name in ("cnn", "vit"):
        own = sorted((row for row in rows if row["network"] == name), key=lambda row: row["rate"])
        values = [100 * row["test_top1"] for row in own]
        ax.plot([row["rate"] for row in own], values, color=COLOURS[name])
        for row, value in zip(own, values, strict=True):
            lost = row["commonest"] > 0.9
            ax.plot(row["rate"], value, "X" if lost else "o", color=COLOURS[name], ms=9 if lost else 5)
        top = int(np.argmax(values))
        ax.annotate(
            LABELS[name], (own[top]["rate"], values[top]), (0, 7), textcoords="offset points", ha="center",
            fontsize=11, color=COLOURS[name],
        )  # fmt: skip
    rates = sorted({row["rate"] for row in rows})
    ax.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_xscale("log")
    ax.set_xticks(rates, [f"{rate:.1g}" for rate in rates])
    ax.minorticks_off()
    ax.set(ylim=(0, 112), xlabel="learning rate; × : one answer for nearly all", ylabel="test digits named rightly (%)")
    return figure


def _card(ax: Axes, y: float, head: str, do: str, why: str, face: str) -> None:
    shape = "round,pad=0,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch((0, y), 10, 1.9, boxstyle=shape, facecolor=face, edgecolor=DIM, lw=1))
    ax.text(0.2, y + 0.95, head, fontsize=16, weight="bold", va="center", color=INK)
    ax.text(2.2, y + 1.52, do, fontsize=11.5, weight="bold", va="center", color=INK)
    ax.text(2.2, y + 0.72, why, fontsize=10.5, va="center", color=INK, linespacing=1.2)


def what_to_do(cards: Sequence[tuple[str, str, str]]) -> Figure:
    """A card for each number of images a class, the fewest on top: the number, what to do, what it rests on.

    Raises
    ------
    ValueError
        Without a card.
    """
    check_some(cards, "card")
    figure, ax = plt.subplots(figsize=(4.6, 1.25 * len(cards)))
    ax.set(xlim=(-0.1, 10.1), ylim=(-2.05 * len(cards) + 1.9, 2.05))
    ax.set_axis_off()
    for k, (head, do, why) in enumerate(cards):
        _card(ax, -2.05 * k, head, do, why, PALE_BLUE if k % 2 else FAINT)
    return figure
