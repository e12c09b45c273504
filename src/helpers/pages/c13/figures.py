"""Figures of chapter 13: a lesson in four steps, teachers, the ablation, what a teacher sees, two tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike

from helpers.pages.c13.paper import ABLATION, DEFAULT, TEACHERS
from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

ORANGE, BLUE, GREEN = FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"], FAMILY_COLOURS["deit"]
STEPS = ("1  a ViT, taught by labels", "2  a teacher answers", "3  one token more", "4  the examination")


def _box(ax: Axes, x: float, y: float, width: float, height: float, text: str, face: str, edge: str) -> None:
    shape = "round,pad=0,rounding_size=0.12"
    ax.add_patch(FancyBboxPatch((x, y), width, height, boxstyle=shape, facecolor=face, edgecolor=edge, lw=1.3))
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=10.5, color=INK)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = QUIET) -> None:
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.4})


def lesson_step(step: int) -> Figure:
    """One of four steps from a ViT to a DeiT and its examination.

    Raises
    ------
    ValueError
        For another step.
    """
    if step not in range(1, 5):
        raise ValueError(f"step: expected 1 to 4, got {step}")
    figure, ax = plt.subplots(figsize=(4.6, 3.5))
    ax.set(xlim=(-0.2, 9.2), ylim=(-1.0, 6.4))
    ax.set_axis_off()
    ax.set_title(STEPS[step - 1], fontsize=10.5)
    two, taught = step >= 3, step in (2, 3)
    _box(ax, 0.2, 1.8, 5.6, 1.0, "L blocks of attention and MLP", FAINT, QUIET)
    tokens = [("class", 0.2, BLUE), *([("distil.", 4.6, GREEN)] if two else [])]
    for x in (1.55, 2.55, 3.55):
        _box(ax, x, 0.1, 0.85, 0.8, "patch", FAINT, DIM)
        _arrow(ax, (x + 0.42, 0.95), (x + 0.42, 1.75))
    for name, x, edge in tokens:
        _box(ax, x, 0.1, 1.2, 0.8, name, PALE_BLUE, edge)
        _arrow(ax, (x + 0.6, 0.95), (x + 0.6, 1.75), edge)
        _arrow(ax, (x + 0.6, 2.85), (x + 0.6, 3.45), edge)
        _box(ax, x - 0.1, 3.5, 1.4, 0.75, "head", PALE_BLUE, edge)
    ax.text(2.98, -0.45, "the same pixels", ha="center", va="center", fontsize=10, color=QUIET)
    if step == 4:
        for x in (0.8, 5.2):
            _arrow(ax, (x, 4.3), (3.0 + (0.25 if x > 3 else -0.25), 5.15), BLUE if x < 3 else GREEN)
        _box(ax, 1.7, 5.2, 2.6, 0.8, "mean of both", FAINT, INK)
        ax.text(7.6, 2.3, "the teacher\nstays at home", ha="center", va="center", fontsize=10.5, color=QUIET)
        return figure
    _box(ax, -0.1, 5.2, 1.8, 0.8, "label: fox", FAINT, INK)
    _arrow(ax, (0.8, 5.15), (0.8, 4.3), INK)
    if taught:
        _box(ax, 6.7, 1.8, 1.9, 1.0, "a CNN,\ntrained", FAINT, ORANGE)
        ax.plot([4.4, 7.65], [-0.45, -0.45], color=ORANGE, lw=1.4)
        _arrow(ax, (7.65, -0.45), (7.65, 1.75), ORANGE)
        _arrow(ax, (7.65, 2.85), (7.65, 5.15), ORANGE)
        _box(ax, 6.2, 5.2, 2.7, 0.8, "it says: cat", FAINT, ORANGE)
        end = (5.25, 4.3) if two else (1.3, 4.3)
        _arrow(ax, (6.15, 5.45), end, ORANGE)
    return figure


def teachers_and_students() -> Figure:
    """Table 2 of the paper: a student's accuracy over its teacher's, the same student for all."""
    figure, ax = plt.subplots(figsize=(4.5, 3.9))
    ends = np.array([79.6, 83.6])
    ax.plot(ends, ends, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(82.85, 82.6, "as good as\nits teacher", fontsize=9.5, color=QUIET, rotation=45, ha="center", va="top")
    ax.axhline(DEFAULT, color=DIM, lw=1)
    ax.text(79.65, DEFAULT - 0.05, "without a teacher", fontsize=10, color=QUIET, va="top")
    for row in TEACHERS:
        colour = FAMILY_COLOURS[row.family]
        ax.plot(row.teacher_top1, row.student_top1, "o", color=colour, ms=8)
        below = row.teacher in ("DeiT-B", "RegNetY-16GF")
        ax.annotate(
            row.teacher.replace("RegNetY-", "CNN, "),
            (row.teacher_top1, row.student_top1),
            xytext=(0, -9 if below else 9),
            textcoords="offset points",
            ha="left" if below else "center",
            va="top" if below else "bottom",
            fontsize=10.5,
            color=colour,
        )
    ax.set(xlim=tuple(ends), ylim=(81.2, 83.6), xlabel="accuracy of the teacher (%)", ylabel="of its student (%)")
    return figure


def ablation() -> Figure:
    """Table 8 of the paper as points lost against the published recipe; what did not train is hatched."""
    figure, ax = plt.subplots(figsize=(4.7, 4.1))
    rows = [row for row in ABLATION if row.top1 != DEFAULT]
    right = 1.25 * max(DEFAULT - row.top1 for row in rows if row.trained)
    for y, row in enumerate(rows):
        if row.trained:
            lost = DEFAULT - row.top1
            ax.barh(y, lost, height=0.66, color=BLUE)
            ax.text(lost + 0.12, y, f"{lost:.1f}", va="center", fontsize=10.5, color=INK)
        else:
            ax.barh(y, right, height=0.66, facecolor="none", edgecolor=QUIET, hatch="////", lw=0)
            label = ax.text(
                right / 2, y, f"did not train: {row.top1} %", va="center", ha="center", fontsize=10.5, color=INK
            )
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 2})
    ax.set_yticks(range(len(rows)), [row.change for row in rows], fontsize=10.5)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlim=(0, right), xlabel=f"points lost, of {DEFAULT} %")
    ax.grid(axis="y", visible=False)
    return figure


def lookalikes(images: ArrayLike, labels: Sequence[int], shares: Sequence[float], what: str) -> Figure:
    """Digits in a row, each with its label and the share of probability that a teacher gives to another class.

    Parameters
    ----------
    images
        (n, H, W), bright on dark.
    labels, shares
        Of each.
    what
        The other class, for the caption below each.

    Raises
    ------
    ValueError
        Without an image.
    """
    pictures = np.asarray(images)
    check_some(pictures, "image")
    figure, axes = plt.subplots(1, len(pictures), figsize=(4.6, 1.55), squeeze=False)
    for ax, picture, label, share in zip(axes[0], pictures, labels, shares, strict=True):
        ax.imshow(picture, cmap="gray")
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.set_title(f"a {label}", fontsize=10.5, loc="center", weight="normal")
        ax.set_xlabel(f"{what}: {100 * share:.0f} %", fontsize=10)
    return figure


def token_lines(lines: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Angle of two tokens at the input and after each block: name -> runs of (L + 1) cosines; its label stands inside.

    A name with "labels" in it is drawn in grey dashes. Near 1 a cosine hides what an angle shows.

    Raises
    ------
    ValueError
        Without a line.
    """
    check_some(lines, "line")
    figure, ax = plt.subplots(figsize=(4.6, 3.6))
    layers = len(next(iter(lines.values()))[0])
    most = 0.0
    for k, (name, runs) in enumerate(lines.items()):
        colour = QUIET if "labels" in name else (GREEN, ORANGE, BLUE)[k % 3]
        for run in runs:
            angles = np.degrees(np.arccos(np.clip(run, -1, 1)))
            most = max(most, float(angles.max()))
            ax.plot(angles, "o--" if "labels" in name else "o-", color=colour, ms=4)
        ax.text(0.98, 0.95 - 0.1 * k, name, transform=ax.transAxes, ha="right", fontsize=10.5, color=colour)
    ax.set_xticks(range(layers), ["input", *map(str, range(1, layers))])
    ax.set(ylim=(0, 1.08 * most), xlabel="after block", ylabel="angle of the two tokens (°)")
    return figure


def gains(rows: Mapping[str, Any], xlabel: str) -> Figure:
    """Differences of accuracy with intervals, one row each: name -> anything with value, low, high (fractions).

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.7, 0.62 * len(rows) + 0.8))
    for y, (name, one) in enumerate(rows.items()):
        low, high = (100 * (one.value if end is None else end) for end in (one.low, one.high))
        open_ = low <= 0 <= high
        ax.plot([low, high], [y, y], color=GREEN, lw=6, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * one.value, y, "o", color=GREEN, ms=7, markerfacecolor="white" if open_ else GREEN)
        label = ax.text(0, y - 0.34, name, transform=ax.get_yaxis_transform(), va="center", fontsize=10.5, color=INK)
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # no line runs through a word
    ax.axvline(0, color=INK, lw=1)
    ax.set(yticks=[], ylim=(len(rows) - 0.5, -0.65), xlabel=xlabel)
    ax.spines["left"].set_visible(False)
    return figure
