"""Figures of lab 10: what an augmentation makes of a picture, training beside test, sure beside right."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.l10.methods import ARMS, MODELS
from helpers.plots.style import INK, QUIET, check_some, colour_of


def examples(pictures: Mapping[str, np.ndarray]) -> Figure:
    """A row an arm, the same pictures in each, uint8 (rows, H, W, 3)."""
    check_some(pictures, "row of pictures")
    count = len(next(iter(pictures.values())))
    figure, axes = plt.subplots(len(pictures), count, figsize=(1.05 * count + 1.6, 1.12 * len(pictures)), squeeze=False)
    for row, (arm, images) in zip(axes, pictures.items(), strict=True):
        for ax, image in zip(row, images, strict=True):
            ax.imshow(image)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(ARMS[arm], rotation=0, ha="right", va="center", fontsize=10.5)
    return figure


def train_and_test(points: Sequence[Any], chance: float) -> Figure:
    """A panel a network, a row an arm: training (hollow) and test accuracy with its interval, joined by a line.

    Points have `arm`, `model`, `top1` (value, low, high) and `training`.

    Raises
    ------
    ValueError
        Without a point.
    """
    check_some(points, "point")
    models = [model for model in MODELS if any(point.model == model for point in points)]
    figure, axes = plt.subplots(len(models), 1, figsize=(5.0, 2.5 * len(models)), sharex=True, squeeze=False)
    for ax, model in zip(axes[:, 0], models, strict=True):
        own, colour = [point for point in points if point.model == model], colour_of(model)
        for y, point in enumerate(own):
            low, high = (point.top1.value if end is None else end for end in (point.top1.low, point.top1.high))
            ax.plot([100 * point.top1.value, 100 * point.training], [y, y], color=QUIET, lw=1, zorder=1)
            ax.plot([100 * low, 100 * high], [y, y], color=colour, lw=5, alpha=0.35)
            ax.plot(100 * point.top1.value, y, "o", color=colour, ms=6)
            ax.plot(100 * point.training, y, "o", color=colour, ms=6, markerfacecolor="white")
        ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
        ax.set_yticks(range(len(own)), [ARMS[point.arm] for point in own])
        ax.set(ylim=(len(own) - 0.5, -0.6), xlim=(0, 103))
        ax.set_title(MODELS[model], loc="left", color=colour)
        ax.grid(axis="y", visible=False)
    axes[-1, 0].set_xlabel("named rightly (%); hollow: training images, filled: test, with 95 % interval")
    return figure


def sure_and_right(points: Sequence[Any]) -> Figure:
    """Mean confidence over accuracy on the test images, a mark a run; above the line a network is too sure.

    Raises
    ------
    ValueError
        Without a point.
    """
    check_some(points, "point")
    figure, ax = plt.subplots(figsize=(4.8, 4.2))
    ends = [100 * value for point in points for value in (point.sure, point.top1.value)]
    low, high = max(0, min(ends) - 8), min(100, max(ends) + 8)
    ax.plot([low, high], [low, high], color=INK, lw=1)
    last = -np.inf
    for point in sorted(points, key=lambda point: point.sure):
        at = max(100 * point.sure, last + (high - low) / 19)  # names must not lie upon each other
        last, where, colour = at, (100 * point.top1.value, 100 * point.sure), colour_of(point.model)
        ax.plot(*where, "o", color=colour, ms=6)
        ax.annotate(
            f"{MODELS[point.model]}, {ARMS[point.arm]}", where, xytext=(high + 1, at), fontsize=9.5, color=colour,
            va="center", annotation_clip=False, arrowprops={"arrowstyle": "-", "color": QUIET, "lw": 0.5},
        )  # fmt: skip
    ax.set(xlabel="right on test images (%)", ylabel="sure, on average (%)", xlim=(low, high), ylim=(low, high))
    return figure
