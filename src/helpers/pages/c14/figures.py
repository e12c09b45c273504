"""Drawings of chapter 14: windows in six steps, who reaches whom, CaiT from below, and a family tree."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from numpy.typing import ArrayLike

from helpers.layers.windows import may_look
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, RED, SOFT_BLUE, check_some

BLUE, ORANGE, GREEN, VIOLET = (FAMILY_COLOURS[family] for family in ("vit", "cnn", "deit", "cait"))
GREY = FAMILY_COLOURS["classical"]
SIDE, WINDOW, SHIFT = 8, 4, 2
STEPS = (
    "1  windows: look within your own",
    "2  and again: neighbours never meet",
    "3  shift the cut: nine pieces",
    "4  roll the map: four full windows again",
    "5  mask: only the same letter may look",
    "6  roll back: what each has seen",
)
# Letter of a piece by its row band and column band (top, middle, bottom; left, middle, right), and its tint.
LETTERS = (("I", "E", "H"), ("C", "A", "B"), ("G", "D", "F"))
TINTS = {"A": (FAINT, 1.0), "B": (BLUE, 0.5), "C": (BLUE, 0.2), "D": (GREEN, 0.5), "E": (GREEN, 0.2)}
TINTS |= {"F": (VIOLET, 0.6), "G": (VIOLET, 0.25), "H": (ORANGE, 0.6), "I": (ORANGE, 0.25)}


def letter(row: int, column: int) -> str:
    """The piece that a token of the 8 x 8 map lies in, once the cut has moved by two."""
    band = [0 if at < SHIFT else 1 if at < SIDE - SHIFT else 2 for at in (row, column)]
    return LETTERS[band[0]][band[1]]


def _cell(ax: Axes, row: float, column: float, colour: str, alpha: float = 1.0, text: str = "") -> None:
    ax.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=alpha, edgecolor="none"))
    ax.add_patch(Rectangle((column, row), 1, 1, facecolor="none", edgecolor=DIM, lw=0.6))
    if text:
        ax.text(column + 0.5, row + 0.53, text, ha="center", va="center", fontsize=10.5, color=INK)


def _borders(ax: Axes, lines: ArrayLike) -> None:
    for at in (0, SIDE, *np.atleast_1d(lines)):
        ax.plot([at, at], [0, SIDE], color=INK, lw=2.2, solid_capstyle="round")
        ax.plot([0, SIDE], [at, at], color=INK, lw=2.2, solid_capstyle="round")


def window_step(step: int) -> Figure:
    """One of six steps of windows, shift and mask on a map of 8 x 8 tokens, windows of 4.

    Raises
    ------
    ValueError
        For another step.
    """
    if step not in range(1, 7):
        raise ValueError(f"step: expected 1 to 6, got {step}")
    figure, ax = plt.subplots(figsize=(4.6, 3.9))
    ax.set_title(STEPS[step - 1], fontsize=10.5)
    ax.set(xlim=(-0.2, 8.2), ylim=(8.2, -0.2), aspect="equal")
    ax.set_axis_off()
    if step == 5:
        _mask_of_the_last_window(ax)
        return figure
    me, other = (3, 3), (3, 4)
    for row in range(SIDE):
        for column in range(SIDE):
            colour, alpha, text = "white", 1.0, ""
            if step in (3, 4):
                came = ((row + SHIFT) % SIDE, (column + SHIFT) % SIDE) if step == 4 else (row, column)
                text = letter(*came)
                colour, alpha = TINTS[text]
            elif step < 3 and row < WINDOW and column < WINDOW:
                colour = SOFT_BLUE
            elif step == 6 and letter(row, column) in "AI":
                colour, alpha = (SOFT_BLUE, 1.0) if letter(row, column) == "A" else (ORANGE, 0.3)
            _cell(ax, row, column, colour, alpha, text)
    _borders(ax, [SHIFT, SIDE - SHIFT] if step in (3, 6) else [WINDOW])
    if step in (1, 2, 6):
        _cell(ax, *me, BLUE)
    if step == 6:
        _cell(ax, 0, 0, ORANGE)
    if step in (2, 6):
        ax.plot(other[1] + 0.5, other[0] + 0.5, "o", color=INK, ms=8)
    if step == 2:
        ax.plot(4, 3.5, "x", color=RED, ms=13, mew=3)
    return figure


def _mask_of_the_last_window(ax: Axes) -> None:
    """The bottom right window's pieces, and its part of the mask, as the package makes it."""
    allowed = may_look(SIDE, SIDE, WINDOW, SHIFT)[-1].numpy()
    pieces = [letter((4 + k // 4 + SHIFT) % SIDE, (4 + k % 4 + SHIFT) % SIDE) for k in range(16)]
    size, left, top = 0.385, 2.04, 1.0
    for k, piece in enumerate(pieces):
        x, y = size * (k % 4), top + size * (k // 4)
        ax.add_patch(Rectangle((x, y), size, size, facecolor=TINTS[piece][0], alpha=TINTS[piece][1]))
        for at, beside in ((x, y), (left - size, top + size * k)):
            ax.text(at + size / 2, beside + 0.55 * size, piece, ha="center", va="center", fontsize=10.5, color=INK)
        for key in range(16):
            colour, alpha = TINTS[piece] if allowed[k, key] else (FAINT, 1.0)
            ax.add_patch(Rectangle((left + size * key, top + size * k), size, size, facecolor=colour, alpha=alpha))
    ax.add_patch(Rectangle((0, top), 4 * size, 4 * size, facecolor="none", edgecolor=INK, lw=2))
    ax.add_patch(Rectangle((left, top), 16 * size, 16 * size, facecolor="none", edgecolor=QUIET, lw=1))
    ax.text(left + 8 * size, top - 0.25, "its 16 tokens as keys", ha="center", fontsize=10.5, color=QUIET)
    ax.text(2 * size, top - 0.25, "last window", ha="center", fontsize=10.5, color=QUIET)
    told = f"{int(allowed.sum())} of {allowed.size} pairs may look"
    ax.text(left + 8 * size, top + 16 * size + 0.55, told, ha="center", fontsize=10.5, color=INK)


def reach(maps: dict[str, list[ArrayLike]]) -> Figure:
    """Which tokens can have been heard from after 1, 2, … blocks: name -> maps (H, W) of bool, one row of them each.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(maps, "row")
    columns = len(next(iter(maps.values())))
    figure, axes = plt.subplots(len(maps), columns, figsize=(4.6, 1.42 * len(maps)), squeeze=False)
    for (name, row), line in zip(maps.items(), axes, strict=True):
        for k, (heard, ax) in enumerate(zip(row, line, strict=True)):
            found = np.asarray(heard)
            for y, x in np.argwhere(np.ones_like(found)):
                colour = SOFT_BLUE if found[y, x] else "white"
                ax.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor=DIM, lw=0.3))
            ax.set(xlim=(-0.3, found.shape[1] + 0.3), ylim=(found.shape[0] + 0.3, -0.3), aspect="equal")
            ax.set(xticks=[], yticks=[])
            ax.grid(visible=False)
            ax.set_frame_on(False)
            ax.set_xlabel(f"{k + 1}: {int(found.sum())}", fontsize=10.5, labelpad=1)
        line[0].set_title(name, loc="left", fontsize=10.5).set_in_layout(False)  # longer than its panel
    return figure


def _box(ax: Axes, x: float, y: float, width: float, height: float, text: str, edge: str, face: str = FAINT) -> None:
    shape = "round,pad=0,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=face, edgecolor=edge, lw=1.4))
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=10.5, color=INK)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.4})


def late_class_token() -> Figure:
    """CaiT from below: patches alone through L blocks, then the class token, which reads them twice."""
    figure, ax = plt.subplots(figsize=(4.6, 3.3))
    ax.set(xlim=(0, 9.2), ylim=(0, 6.6))
    ax.set_axis_off()
    for x in (0.5, 1.8, 3.1, 4.4):
        _box(ax, x, 0.1, 1.05, 0.7, "patch", DIM)
        _arrow(ax, (x + 0.52, 0.85), (x + 0.52, 1.45), QUIET)
        _arrow(ax, (x + 0.52, 2.65), (x + 0.52, 3.3), QUIET)
    _box(ax, 0.3, 1.5, 5.3, 1.1, "L blocks:\npatches among themselves", BLUE, PALE_BLUE)
    _box(ax, 0.3, 3.35, 5.3, 0.75, "patches, which no longer change", DIM)
    _box(ax, 6.7, 1.5, 2.1, 1.1, "class token\nenters here", VIOLET)
    _arrow(ax, (7.75, 2.65), (7.75, 3.3), VIOLET)
    for k, y in enumerate((3.35, 4.75)):
        _box(ax, 6.5, y, 2.5, 0.75, ("it reads", "and again")[k], VIOLET)
        _arrow(ax, (5.65, 3.72), (6.45, y + 0.37), QUIET)
        _arrow(ax, (7.75, y + 0.8), (7.75, y + 1.35), VIOLET)
    ax.text(7.75, 6.3, "class", ha="center", va="center", fontsize=10.5, color=INK)
    return figure


# Name -> (row, column, what it brought, what mixes its tokens or pixels)
TREE: dict[str, tuple[int, int, str, str]] = {
    "ResNet": (0, 0, "x + f(x)", ORANGE),
    "Transformer": (1, 3, "attention", BLUE),
    "hybrid": (2, 1, "CNN first", VIOLET),
    "ViT": (2, 3, "patches", BLUE),
    "stem": (3, 1, "3 × 3 first", VIOLET),
    "Swin": (3, 2, "windows", BLUE),
    "DeiT": (3, 3, "recipe", BLUE),
    "Mixer": (3, 4, "MLP alone", GREY),
    "CaiT": (4, 3, "depth", BLUE),
    "ConvNeXt": (5, 0, "habits", ORANGE),
    "DeiT III": (5, 3, "recipe III", BLUE),
    "registers": (6, 3, "+4 tokens", BLUE),
}
YEARS = ("2015", "2017", "2020", "2021", "2021", "2022", "2023")
BRANCHES: tuple[tuple[str, str], ...] = (
    ("ResNet", "hybrid"),
    ("ViT", "hybrid"),
    ("Transformer", "ViT"),
    ("hybrid", "stem"),
    ("ViT", "Swin"),
)
BRANCHES += (("ViT", "Mixer"), ("ViT", "DeiT"), ("DeiT", "CaiT"), ("CaiT", "DeiT III"), ("DeiT III", "registers"))
BRANCHES += (("ResNet", "ConvNeXt"), ("Swin", "ConvNeXt"))


def family_tree() -> Figure:
    """Who took what from whom, 2015 to 2023, coloured by what mixes tokens or pixels."""
    figure, ax = plt.subplots(figsize=(4.7, 5.6))
    ax.set(xlim=(-0.98, 4.95), ylim=(7.2, -0.4))
    ax.set_axis_off()
    for parent, child in BRANCHES:
        (row, column, _, _), (below, beside, _, colour) = TREE[parent], TREE[child]
        start, end = (1.08 * column, row + 0.3), (1.08 * beside, below - 0.32)
        if row == below:
            start, end = (start[0] - 0.5, row), (end[0] + 0.53, row)
        _arrow(ax, start, end, colour)
    for name, (row, column, brought, colour) in TREE.items():
        half = 0.62 if len(name) > 10 else 0.5
        _box(ax, 1.08 * column - half, row - 0.3, 2 * half, 0.6, "", colour, "white")
        ax.text(1.08 * column, row - 0.1, name, ha="center", va="center", fontsize=10.5, weight="bold", color=colour)
        ax.text(1.08 * column, row + 0.14, brought, ha="center", va="center", fontsize=10.5, color=INK)
    for row, year in enumerate(YEARS):
        ax.text(-0.97, row, year, va="center", fontsize=10.5, color=QUIET)
    words = (("convolution", ORANGE, -0.5), ("attention", BLUE, 1.25), ("both", VIOLET, 2.75), ("neither", GREY, 3.85))
    for word, colour, at in words:
        ax.text(at, 6.95, word, ha="left", fontsize=10.5, weight="bold", color=colour)
    return figure
