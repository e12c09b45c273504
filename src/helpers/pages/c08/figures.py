"""Figures of the translation chapter: attention in five builds, what length does, alignments.

Two roles have a colour: blue is what the encoder knows of the source, orange is what the decoder asks and takes.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from numpy.typing import ArrayLike

from helpers.plots.style import DIM, FAMILY_COLOURS, INK, QUIET

SOURCE, ASKS = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
LINES = {  # model -> colour, dashes, marker
    "none": (INK, (0, (4, 2)), "s"),
    "dot": (ASKS, "-", "o"),
    "additive": (SOURCE, "-", "D"),
}
BUILDS = (
    "1  encoder and decoder, one vector",
    "2  score: how well does each state answer?",
    "3  softmax: scores become weights, sum 1",
    "4  context: the weighted sum of the states",
    "5  the decoder uses the context",
)
COLUMNS = (0.55, 1.75, 2.95)  # where the source words stand


# ------------------------------------------------------------------------------------------------- the five builds


def _box(ax: Axes, x: float, y: float, text: str, colour: str, width: float = 0.74) -> None:
    """A rounded box with white text, centred on (x, y)."""
    corner = (x - width / 2, y - 0.19)
    ax.add_patch(FancyBboxPatch(corner, width, 0.38, boxstyle="round,pad=0,rounding_size=0.08", lw=0, facecolor=colour))
    ax.text(x, y, text, ha="center", va="center", fontsize=10.5, color="white" if colour != DIM else QUIET)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str, width: float = 1.3) -> None:
    """A straight arrow."""
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, lw=width, color=colour, shrinkA=0, shrinkB=0)
    )


def _build(
    ax: Axes, step: int, words: Sequence[str], scores: np.ndarray, weights: np.ndarray, context: np.ndarray
) -> None:
    """One build: the same drawing, with this step's part lit, earlier ones grey and later ones left out."""

    def lit(own: int, colour: str) -> str:
        return colour if step == own else DIM

    for x, word, j in zip(COLUMNS, words, "123", strict=True):
        ax.text(x, 0.0, word, ha="center", va="center", fontsize=10.5, color=INK)
        _arrow(ax, (x, 0.15), (x, 0.36), QUIET)
        _box(ax, x, 0.56, f"$h_{j}$", SOURCE)
    for left, right in pairwise(COLUMNS):  # the encoder reads in both directions
        _arrow(ax, (left + 0.37, 0.62), (right - 0.37, 0.62), QUIET)
        _arrow(ax, (right - 0.37, 0.50), (left + 0.37, 0.50), QUIET)
    asking = ASKS if step != 1 else QUIET
    _box(ax, 4.4, 0.56, "$s_{t-1}$", asking)
    _box(ax, 5.75, 0.56, "$s_t$", ASKS if step in (1, 5) else DIM)
    _arrow(ax, (4.77, 0.56), (5.38, 0.56), QUIET if step in (1, 5) else DIM)
    ax.text(5.75, 0.0, "the", ha="center", va="center", fontsize=10.5, color=INK if step in (1, 5) else DIM)
    _arrow(ax, (5.75, 0.15), (5.75, 0.36), QUIET if step in (1, 5) else DIM)
    if step == 1:
        _arrow(ax, (COLUMNS[-1] + 0.37, 0.56), (4.03, 0.56), SOURCE, 3)
    if step in (1, 5):
        _arrow(ax, (5.75, 0.76), (5.75, 1.03), ASKS)
        ax.text(
            5.75, 1.2, "?" if step == 1 else "red", ha="center", va="center", fontsize=11, color=ASKS, weight="bold"
        )
    if step >= 2:
        for x, score in zip(COLUMNS, scores, strict=True):
            _arrow(ax, (x, 0.76), (x, 1.07), lit(2, SOURCE))
            ax.plot([4.3, 3.75, x + 0.23], [0.76, 1.3, 1.3], color=lit(2, ASKS), lw=1.0, zorder=0)
            ax.add_patch(Circle((x, 1.3), 0.23, facecolor="white", edgecolor=lit(2, INK), lw=1.3))
            ax.text(x, 1.3, f"{score:.1f}", ha="center", va="center", fontsize=10, color=INK if step == 2 else QUIET)
    if step >= 3:
        for x, weight in zip(COLUMNS, weights, strict=True):
            ax.add_patch(Rectangle((x - 0.19, 1.62), 0.38, 0.8 * float(weight), facecolor=lit(3, ASKS), lw=0))
            colour = INK if step == 3 else QUIET
            ax.text(x + 0.24, 1.66, f"{weight:.2f}", ha="left", va="bottom", fontsize=10, color=colour)
    if step >= 4:
        for x, weight in zip(COLUMNS, weights, strict=True):
            way = ([x - 0.31, x - 0.31, 3.5], [0.75, 2.4, 2.62])  # the value: from the state, past its weight
            ax.plot(*way, color=lit(4, SOURCE), lw=0.8 + 7 * float(weight), zorder=0.5)
        numbers = ", ".join(f"{part:.2f}".replace("-", "\N{MINUS SIGN}") for part in context)
        _box(ax, 4.75, 2.62, f"$c_t$ = ({numbers})", SOURCE, 2.4)
    if step == 5:
        _arrow(ax, (4.75, 2.42), (5.5, 0.77), SOURCE, 2)
        _arrow(ax, (5.6, 2.42), (5.75, 1.37), SOURCE, 2)
    ax.set_xlim(0, 6.3)
    ax.set_ylim(-0.18, (1.45, 1.62, 2.25, 2.9, 2.9)[step - 1])
    ax.set_aspect("equal")
    ax.axis("off")
    ax.set_title(BUILDS[step - 1], fontsize=10)


def five_builds(
    words: Sequence[str], scores: ArrayLike, weights: ArrayLike, context: ArrayLike, step: int | None = None
) -> Figure:
    """Attention between an encoder and a decoder, one part more in each of five pictures.

    Parameters
    ----------
    words
        Three source words.
    scores, weights
        (3,) of the decoder's state for each of them.
    context
        (2,), the weighted sum of the states.
    step
        1 to 5 draws this build alone, all in one frame, so that parts stay in their place; otherwise all on one sheet.

    Raises
    ------
    ValueError
        If there are not three words, scores and weights and two numbers of context, or no such step.
    """
    scores, weights, context = (np.asarray(part, dtype=float) for part in (scores, weights, context))
    if len(words) != 3 or scores.shape != (3,) or weights.shape != (3,) or context.shape != (2,):
        shapes = f"{len(words)} words, {scores.shape}, {weights.shape}, {context.shape}"
        raise ValueError(f"expected 3 words, scores (3,), weights (3,), context (2,), got {shapes}")
    if step is not None:
        if step not in range(1, 6):
            raise ValueError(f"step: expected 1 to 5, or None for all of them, got {step}")
        figure, ax = plt.subplots(figsize=(4.0, 2.2))
        _build(ax, step, words, scores, weights, context)
        ax.set_ylim(-0.18, 2.9)
        return figure
    heights = (1.63, 1.8, 2.43, 3.08, 3.08)
    figure, axes = plt.subplots(5, 1, figsize=(4.0, 9.2), height_ratios=heights)
    for step, ax in enumerate(axes, start=1):
        _build(ax, step, words, scores, weights, context)
    return figure


# ----------------------------------------------------------------------------------------------- what length does


def quality_by_length(quality: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Words right and BLEU against the length of the source, a line a model, with 95 % intervals.

    Parameters
    ----------
    quality
        Attention -> rows with "mean" (length) and the cells "words" and "bleu" (value, low, high); the last row, all
        lengths, is left out.
    """
    figure, axes = plt.subplots(2, 1, figsize=(3.4, 5.0), sharex=True)
    panels = {"words": "next word right (%)", "bleu": "BLEU (%)"}
    for ax, (key, label) in zip(axes, panels.items(), strict=True):
        for k, (name, groups) in enumerate(quality.items()):
            rows = groups[:-1]
            colour, dashes, marker = LINES[name]
            x = np.array([row["mean"] for row in rows]) + 0.18 * (k - 1)
            value, low, high = (np.array([100 * row[key][part] for row in rows]) for part in ("value", "low", "high"))
            ax.errorbar(
                x, value, [value - low, high - value], color=colour, linestyle=dashes, marker=marker, markersize=4.5,
                capsize=2, label=name,
            )  # fmt: skip
        ax.set_ylabel(label, fontsize=10.5)
        ax.set_ylim(bottom=0)
    axes[0].legend(title="attention", loc="lower left")
    axes[1].set_xlabel("length of the source (words and marks)")
    return figure


# ------------------------------------------------------------------------------------------------------ alignments


def alignments(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Heat maps of attention weights, one below the other; the links made by hand are framed.

    Parameters
    ----------
    rows
        Each with "source" and "target" (words), "weights" (N + 1, M), whose last row is that of <end>, and "links",
        for each target word the linked places of the source.
    """
    if not rows:
        raise ValueError("rows: expected at least one sentence, got 0")
    figure, axes = plt.subplots(len(rows), 1, figsize=(3.4, 2.15 * len(rows)), squeeze=False)
    for ax, row in zip(axes.flat, rows, strict=True):
        weights = np.asarray(row["weights"])[: len(row["target"])]  # (N, M)
        shades = ax.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for i, link in enumerate(row["links"]):
            for j in link:
                ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=ASKS, lw=1.8))
        ax.set_xticks(range(len(row["source"])), row["source"], rotation=45, ha="left", rotation_mode="anchor")
        ax.set_yticks(range(len(row["target"])), row["target"])
        ax.xaxis.tick_top()
        ax.tick_params(length=0, labelsize=10.5, labelcolor=INK)
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set_visible(False)
    scale = figure.colorbar(shades, ax=list(axes.flat), location="bottom", shrink=0.7, aspect=22, pad=0.02)
    scale.set_label("weight", fontsize=10.5)
    scale.ax.tick_params(labelsize=10.5)
    scale.outline.set_visible(False)  # type: ignore[operator]
    return figure
