"""Figures of chapter 18: what is known of each candidate, reliability, foreign pictures, a grid on many GPUs."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.plots.style import DIM, FAINT, FAMILY_COLOURS, INK, PALE_BLUE, QUIET, check_some

WIDTH = 4.6  # inches: letters of 10 points stay readable on a phone
FACES = {"measured here": PALE_BLUE, "reported": FAINT, "unknown": "none"}
SCORES = (  # name, colour, mark, how far below the middle of its row
    ("confidence", FAMILY_COLOURS["cnn"], "o", -0.22),
    ("energy", FAMILY_COLOURS["vit"], "s", 0.0),
    ("nearness", FAMILY_COLOURS["deit"], "D", 0.22),
)
SPENT = (  # face and letters of: computing, loading, start, checkpoints, waiting
    (FAMILY_COLOURS["vit"], "white"),
    (PALE_BLUE, INK),
    (FAINT, INK),
    (DIM, INK),
    ("none", INK),
)
Cell = tuple[str, str]  # what is written, and one of the faces


def decision_matrix(names: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> Figure:
    """A table in colours: a column for each candidate, a row for each criterion; what is unknown is an empty frame.

    Raises
    ------
    ValueError
        Without a row, or where a row has not one cell for each candidate.
    """
    check_some(rows, "row")
    left, high = 2.1, len(rows)
    figure, ax = plt.subplots(figsize=(0.57 * (left + len(names)), 0.36 * high + 0.55))
    for x, name in enumerate(names):
        ax.text(left + x + 0.5, -0.2, name, ha="center", va="bottom", fontsize=9, weight="bold", color=INK)
    for y, (criterion, cells) in enumerate(rows.items()):
        if len(cells) != len(names):
            raise ValueError(f"{criterion}: expected {len(names)} cells, got {len(cells)}")
        ax.text(left - 0.1, y + 0.5, criterion, ha="right", va="center", fontsize=10, color=INK)
        for x, (text, known) in enumerate(cells):
            dashed = {"ls": (0, (2, 2)), "edgecolor": QUIET} if known == "unknown" else {"edgecolor": DIM}
            box = FancyBboxPatch(
                (left + x + 0.06, y + 0.1), 0.88, 0.8, boxstyle="round,pad=0,rounding_size=0.08", lw=0.9,
                facecolor=FACES[known], **dashed,
            )  # fmt: skip
            ax.add_patch(box)
            weight = "bold" if text == "?" else "normal"
            ax.text(left + x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=9, color=INK, weight=weight)
    ax.set(xlim=(0, left + len(names)), ylim=(high, -1.1))
    ax.axis("off")
    return figure


def reliability(before: Sequence[tuple[float, float, int]], after: Sequence[tuple[float, float, int]]) -> Figure:
    """Share right against confidence, bin by bin, before and after one division; the diagonal is what was promised.

    Raises
    ------
    ValueError
        Without a bin.
    """
    check_some(before, "bin")
    check_some(after, "bin")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.6))
    ax.plot([0, 1], [0, 1], color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(0.17, 0.21, "kept promises", rotation=38, color=QUIET, fontsize=10, ha="center", va="center")
    for rows, colour, filled in ((before, FAMILY_COLOURS["cnn"], False), (after, FAMILY_COLOURS["vit"], True)):
        ax.plot([r[0] for r in rows], [r[1] for r in rows], color=colour, lw=1.2, alpha=0.6)
        for mean, hits, n in rows:
            face = colour if filled else "white"
            ax.scatter(mean, hits, s=14 + 0.9 * n, color=face, edgecolors=colour, zorder=3, linewidths=1.5)
    ax.text(0.99, 0.1, "as it comes", color=FAMILY_COLOURS["cnn"], fontsize=10, ha="right", weight="bold")
    ax.text(0.99, 0.02, "logits divided by T", color=FAMILY_COLOURS["vit"], fontsize=10, ha="right", weight="bold")
    ax.set(xlim=(0, 1.02), ylim=(-0.03, 1.05), xlabel="how sure it says it is", ylabel="how often it is right")
    return figure


def foreign_rows(rows: Mapping[str, Sequence[Any]]) -> Figure:
    """Of each kind of foreign picture how well three scores tell it from dogs, with intervals.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(WIDTH, 0.58 * len(rows) + 1.0))
    for y, found_by_score in enumerate(rows.values()):
        for found, (_, colour, mark, off) in zip(found_by_score, SCORES, strict=True):
            if found.low is not None:
                ax.plot([found.low, found.high], [y + off, y + off], color=colour)
            ax.plot(found.value, y + off, mark, color=colour, ms=6)
    ax.axvline(0.5, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(0.5, len(rows) - 0.42, " a coin", color=QUIET, fontsize=10, ha="left", va="center")
    ax.set_yticks(range(len(rows)), list(rows), fontsize=10)
    ax.set(ylim=(len(rows) - 0.25, -0.6), xlabel="chance that the dog gets the higher score")
    for place, (name, colour, mark, _) in zip((-0.2, 0.25, 0.62), SCORES, strict=True):
        ax.plot(place - 0.03, 1.04, mark, color=colour, ms=6, transform=ax.transAxes, clip_on=False)
        ax.text(place, 1.04, name, transform=ax.transAxes, color=colour, fontsize=10, va="center", weight="bold")
    ax.grid(axis="y", visible=False)
    return figure


def where_gpus_stop(
    minutes: Mapping[str, Sequence[tuple[int, float]]], shares: Mapping[int, Mapping[str, float]]
) -> Figure:
    """Above: minutes of a grid over the number of GPUs, a line a kind of GPU, dashed what halving for ever would give.
    Below: how the time that is paid for is spent, a bar a number of GPUs.

    Parameters
    ----------
    minutes
        What is written beside the line -> (GPUs, minutes), from one GPU on.
    shares
        GPUs -> part -> share of the paid time, the same parts in the same order.

    Raises
    ------
    ValueError
        Without a line or without a bar.
    """
    check_some(minutes, "line")
    check_some(shares, "bar")
    figure, (top, low) = plt.subplots(2, 1, figsize=(WIDTH, 5.4), height_ratios=(3.2, 1.9))
    for rows in minutes.values():
        gpus, found = zip(*rows, strict=True)
        top.plot(gpus, [found[0] / n for n in gpus], color=DIM, lw=1.2, ls=(0, (4, 3)))
    for (told, rows), width in zip(minutes.items(), (1.6, 2.6), strict=False):
        top.plot(*zip(*rows, strict=True), color=INK, lw=width, drawstyle="steps-post")
        end, floor = rows[-1]
        label = f"{told}:\n{floor:.2g} min, one task"
        top.annotate(label, (end, floor), xytext=(6, 0), textcoords="offset points", va="center", color=INK)
    top.set(xscale="log", yscale="log", ylabel="minutes for the grid")
    top.set_xlabel("GPUs, one task each", loc="left")
    top.set_xlim(0.85, 5000)  # room for what is written beside the lines
    top.set_xticks((1, 8, 64, 256), ("1", "8", "64", "256"))
    top.set_yticks((1, 10, 100, 1000), ("1", "10", "100", "1,000"))
    top.minorticks_off()
    _bars(low, shares)
    return figure


def _bars(ax: Axes, shares: Mapping[int, Mapping[str, float]]) -> None:
    looks = dict(zip(next(iter(shares.values())), SPENT, strict=False))
    for y, row in enumerate(shares.values()):
        left = 0.0
        for part, share in row.items():
            face, letters = looks[part]
            ax.barh(y, share, left=left, height=0.62, color=face, edgecolor=QUIET, lw=0.6)
            if share > 0.075:
                ax.text(left + share / 2, y, f"{100 * share:.0f}", ha="center", va="center", fontsize=10, color=letters)
            if y == 0 and share > 0.075:
                ax.text(left + share / 2, -0.42, part, ha="center", va="bottom", fontsize=10, color=INK)
            if y == len(shares) - 1 and part in ("checkpoints", "waiting"):
                x, side = (left + share, "right") if part == "checkpoints" else (left + share / 2, "center")
                ax.text(x, y + 0.38, part, ha=side, va="top", fontsize=10, color=INK)
            left += share
    ax.set(xlim=(0, 1), ylim=(len(shares) - 0.3, -0.85), xlabel="of the paid GPU time (%)")
    ax.set_yticks(range(len(shares)), [f"{gpus} GPU{'s' if gpus > 1 else ''}" for gpus in shares])
    ax.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    ax.spines["left"].set_visible(False)
    ax.tick_params(left=False)
    ax.grid(False)
