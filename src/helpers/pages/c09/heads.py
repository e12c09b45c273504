"""What several heads are for: one word asks the others, with one softmax or with two."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.layers.masks import masked_softmax
from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some

COLOURS = {"one": QUIET, "first": FAMILY_COLOURS["vit"], "second": FAMILY_COLOURS["cnn"]}


def heads_drawing(words: Sequence[str], asks: int, heads: Mapping[str, Mapping[str, Any]], width: int) -> Figure:
    """A panel a head: the word that asks, lines to the words that it reads, and the numbers that come out.

    Parameters
    ----------
    words
        One row of words; `asks` is the index of the one whose row of weights is drawn.
    heads
        Title -> `scores` (a number for each word) and `role` (`one`, `first`, `second`), which gives the colour and,
        of the numbers that come out, the half: `one` writes all of them.
    width
        How many numbers come out.

    Raises
    ------
    ValueError
        Without a head, or where scores and words do not fit.
    """
    import torch

    check_some(heads, "head")
    figure, panels = plt.subplots(1, len(heads), figsize=(3.3 * len(heads), 3.0), squeeze=False)
    for ax, (title, head) in zip(panels[0], heads.items(), strict=True):
        if len(head["scores"]) != len(words):
            raise ValueError(f"{title}: expected {len(words)} scores, one a word, got {len(head['scores'])}")
        weights = masked_softmax(torch.tensor([head["scores"]], dtype=torch.float64))[0].numpy()
        _draw_head(ax, words, asks, weights, COLOURS[head["role"]])
        _draw_numbers(ax, asks, head["role"], width)
        ax.set_title(title, fontsize=11, color=INK, loc="center")
    return figure


def _draw_head(ax: Any, words: Sequence[str], asks: int, weights: np.ndarray, colour: str) -> None:
    for place, (word, weight) in enumerate(zip(words, weights, strict=True)):
        ax.plot([asks, place], [1.0, 0.24], color=colour, lw=0.6 + 9 * weight, alpha=0.25 + 0.75 * weight, zorder=1)
        ax.text(place, 0.12, word, ha="center", va="center", fontsize=10.5, color=INK)
        ax.text(place, -0.06, f"{weight:.2f}", ha="center", va="center", fontsize=10, color=INK)
    ax.text(
        asks, 1.06, words[asks], ha="center", va="center", fontsize=11, color=INK, fontweight="bold",
        bbox={"facecolor": "white", "edgecolor": colour, "boxstyle": "round,pad=0.25"}, zorder=3,
    )  # fmt: skip
    ax.set(xlim=(-0.6, len(words) - 0.4), ylim=(-0.15, 1.65), xticks=[], yticks=[])
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set_visible(False)


def _draw_numbers(ax: Any, asks: int, role: str, width: int) -> None:
    written = {"one": range(width), "first": range(width // 2), "second": range(width // 2, width)}[role]
    for index in range(width):
        left = asks + 0.36 * (index - width / 2)
        face = COLOURS[role] if index in written else "white"
        ax.add_patch(Rectangle((left, 1.34), 0.32, 0.16, facecolor=face, edgecolor=QUIET, lw=1.2))
