"""What several heads are for: one word asks the others, with one softmax or with two."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.layers.masks import masked_softmax
from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some

COLOURS = {"one": QUIET, "first": FAMILY_COLOURS["vit"], "second": FAMILY_COLOURS["cnn"]}


def heads_drawing(
    words: Sequence[str], asks: int, panels: Mapping[str, Mapping[str, Sequence[float]]], width: int
) -> Figure:
    """Under each other: the word that asks, lines to the words that each head reads, and the numbers that come out.

    Parameters
    ----------
    words
        One row of words; `asks` is the index of the one whose rows of weights are drawn.
    panels
        Title -> role -> scores, a number for each word. The role `one` writes all the numbers that come out, `first`
        and `second` half of them each.
    width
        How many numbers come out.

    Raises
    ------
    ValueError
        Without a panel, or where scores and words do not fit.
    """
    check_some(panels, "panel")
    figure, axes = plt.subplots(len(panels), 1, figsize=(4.5, 2.0 * len(panels)), squeeze=False)
    for ax, (title, heads) in zip(axes[:, 0], panels.items(), strict=True):
        for row, (role, scores) in enumerate(heads.items()):
            if len(scores) != len(words):
                raise ValueError(f"{title}: expected {len(words)} scores, one a word, got {len(scores)}")
            weights = masked_softmax(torch.tensor([list(scores)], dtype=torch.float64))[0].numpy()
            _draw_head(ax, asks, weights, COLOURS[role], -0.1 - 0.2 * row, (row - (len(heads) - 1) / 2) * 0.1)
            _draw_numbers(ax, asks, role, width)
        for place, word in enumerate(words):
            ax.text(place, 0.12, word, ha="center", va="center", fontsize=11, color=INK)
        box = {"facecolor": "white", "edgecolor": QUIET, "boxstyle": "round,pad=0.25"}
        ax.text(asks, 1.0, words[asks], ha="center", va="center", fontsize=11, color=INK, fontweight="bold", bbox=box)
        ax.set_title(title, fontsize=11, color=INK, loc="left")
        ax.set(xlim=(-0.6, len(words) - 0.4), ylim=(-0.2 - 0.2 * len(heads), 1.5), xticks=[], yticks=[])
        ax.grid(visible=False)
        for side in ax.spines.values():
            side.set_visible(False)
    return figure


def _draw_head(ax: Any, asks: int, weights: np.ndarray, colour: str, y: float, aside: float) -> None:
    """Lines as thick as the weights, and the weights in a row at `y`; `aside` keeps two heads apart."""
    for place, weight in enumerate(weights):
        look = {"lw": 0.6 + 8 * weight, "alpha": 0.25 + 0.75 * weight}
        ax.plot([asks + aside, place + aside], [0.88, 0.24], color=colour, zorder=1, **look)
        ax.text(place, y, f"{weight:.2f}", ha="center", va="center", fontsize=10.5, color=colour)


def _draw_numbers(ax: Any, asks: int, role: str, width: int) -> None:
    written = {"one": range(width), "first": range(width // 2), "second": range(width // 2, width)}[role]
    for index in written:
        left = asks + 0.3 * (index - width / 2)
        ax.add_patch(Rectangle((left, 1.22), 0.26, 0.17, facecolor=COLOURS[role], edgecolor="none"))
