"""Figures of lab 13: drawn faces and what hides them, identification against what is hidden, distance, people."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.l13.methods import BLURRED, CNN, FROZEN, NETWORKS, PLAIN, RELEASED, VIT, afar, hidden
from helpers.plots.style import INK, QUIET, check_some, colour_of

COLUMNS = 4
COLOURS = {CNN: colour_of(CNN), VIT: colour_of(VIT), RELEASED: QUIET}
FILLED = {"black": "black", "mean": "the mean colour", "noise": "noise"}


def examples(pictures: Mapping[str, np.ndarray]) -> Figure:
    """Drawn faces uint8 (S, S, 3), their names under them.

    Raises
    ------
    ValueError
        Without a picture.
    """
    check_some(pictures, "picture")
    rows = -(-len(pictures) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(1.35 * COLUMNS, 1.62 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, (name, picture) in zip(axes.flat, pictures.items(), strict=False):
        ax.imshow(picture)
        ax.set_title(name.replace(" shifted", ",\nbeside"), fontsize=10.5, loc="center", weight="normal", color=INK)
    return figure


def spread(ends: Sequence[float], least: float) -> list[float]:
    """Heights for labels that keep `least` between each other, as near to `ends` as going upwards allows."""
    heights, last = [0.0] * len(ends), -np.inf
    for k in np.argsort(ends):
        last = heights[int(k)] = max(float(ends[k]), last + least)
    return heights


def lines(ax: Any, drawn: Sequence[tuple[str, str, Sequence[float], Sequence[Any], str]], least: float) -> None:
    """Labelled lines with their intervals: (label, colour, places, estimates, line style) each."""
    ends = spread([100 * estimates[-1].value for *_, estimates, _ in drawn], least)
    for (label, colour, places, estimates, style), height in zip(drawn, ends, strict=True):
        values = np.array([(e.value, e.low, e.high) for e in estimates], dtype=float) * 100
        ax.plot(places, values[:, 0], style, color=colour, marker="o", ms=4)
        ax.fill_between(places, values[:, 1], values[:, 2], color=colour, alpha=0.13, lw=0)
        ax.annotate(
            label, (places[-1], values[-1, 0]), xytext=(1.02, height), textcoords=ax.get_yaxis_transform(),
            fontsize=10.5, color=colour, va="center", annotation_clip=False,
        )  # fmt: skip


def hiding(table: Sequence[Any], fills: Sequence[str], shares: Sequence[float], people: int) -> Figure:
    """A panel a fill: named first (%) against the hidden share of the picture, with intervals over people; dashed, the
    two small networks with the cells beside the grid of the patches.

    Standings have `network`, `recipe`, `probe`, `rank_one`; shown are what learned from plain pictures and the released
    network.

    Parameters
    ----------
    people
        How many are enrolled: one in so many is guessed.

    Raises
    ------
    ValueError
        Without a standing.
    """
    check_some(table, "standing")
    arms = [(CNN, PLAIN), (VIT, PLAIN), (RELEASED, FROZEN)]
    figure, axes = plt.subplots(len(fills), 1, figsize=(4.9, 2.1 * len(fills)), sharex=True, squeeze=False)
    for ax, fill in zip(axes[:, 0], fills, strict=True):
        names = {0.0: "clean"} | {share: hidden(fill, share) for share in sorted(shares)}
        drawn = []
        for network, recipe in arms:
            own = {row.probe: row.rank_one for row in table if (row.network, row.recipe) == (network, recipe)}
            places = [share for share, name in names.items() if name in own]
            if len(places) > 1:
                found = [own[names[share]] for share in places]
                drawn.append((NETWORKS[network], COLOURS[network], [100 * p for p in places], found, "-"))
        lines(ax, drawn, least=11)
        for network, recipe in arms[:2]:
            beside = {0.0: "clean"} | {share: hidden(fill, share, shifted=True) for share in sorted(shares)}
            own = {row.probe: row.rank_one.value for row in table if (row.network, row.recipe) == (network, recipe)}
            at = [share for share, name in beside.items() if name in own]
            values = [100 * own[beside[share]] for share in at]
            if len(at) > 1:
                ax.plot([100 * share for share in at], values, "--", color=COLOURS[network], lw=1.3)
        ax.axhline(100 / people, color=QUIET, lw=1, ls=(0, (1, 2)))
        ax.set(ylim=(-3, 103), ylabel="named first (%)")
        ax.set_title(f"cells of {FILLED[fill]}", loc="left")
    axes[-1, 0].set_xlabel("hidden part of the picture (%)")
    return figure


def distance(table: Sequence[Any], distances: Sequence[int]) -> Figure:
    """AUC against distance, for both small networks, trained on plain pictures (solid) and on blurred ones (dashed).

    Raises
    ------
    ValueError
        Without a standing.
    """
    check_some(table, "standing")
    names = {1: "clean"} | {times: afar(times) for times in sorted(distances)}
    figure, ax = plt.subplots(figsize=(4.9, 3.4))
    drawn = []
    for network in (CNN, VIT):
        for recipe, style in ((PLAIN, "-"), (BLURRED, "--")):
            own = {row.probe: row.auc for row in table if (row.network, row.recipe) == (network, recipe)}
            found = [own[name] for name in names.values() if name in own]
            if len(found) == len(names) > 1:
                label = f"{NETWORKS[network]}, {recipe}"
                drawn.append((label, COLOURS[network], list(range(len(names))), found, style))
    lines(ax, drawn, least=4)
    ax.axhline(50, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_xticks(range(len(names)), ["near", *(f"{times}×" for times in sorted(distances))])
    ax.set(ylim=(44, 102), xlabel="distance of the probe", ylabel="AUC (%)")
    return figure
