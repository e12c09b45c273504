"""Figures of parity: differences of two networks block by block, broken copies, and what fresh weights hide.

All axes are logarithmic. A difference of exactly 0 has no place there: it is drawn at the lower end, on the tick "0".
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some

ZERO = 1e-18  # where an exact 0 is drawn, below every rounding of float64
DECADES = (1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1.0)
EXPONENTS = {1.0: "1", **{10.0**-n: f"$10^{{-{n}}}$" for n in (3, 6, 9, 12, 15)}}
SHORT_NAMES = {"patches.projection": "patches", "positions": "+ positions"}


def _visible(values: object) -> np.ndarray:
    return np.maximum(np.asarray(values, dtype=float), ZERO)


def _ticks(axis: object) -> None:
    axis.set_ticks([ZERO, *DECADES], ["0", *(EXPONENTS[decade] for decade in DECADES)], minor=False)  # type: ignore[attr-defined]
    axis.set_minor_locator(plt.NullLocator())  # type: ignore[attr-defined]


def _block_axes(ax: Axes, blocks: Sequence[str]) -> None:
    names = [SHORT_NAMES.get(name, name.replace("blocks.", "block ")) for name in blocks]
    ax.set_yscale("log")
    ax.set_ylim(ZERO / 4, 30)
    _ticks(ax.yaxis)
    ax.set_xticks(range(len(names)), names, rotation=90, fontsize=7)


def _line(ax: Axes, draws: Sequence[Sequence[float]], **style: object) -> None:
    """Median over draws, with a band from the smallest to the largest."""
    values = _visible(draws)  # (draws, blocks)
    x = np.arange(values.shape[1])
    (line,) = ax.plot(x, np.median(values, axis=0), **style)  # type: ignore[arg-type]
    ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2, lw=0)


def differences_by_block(
    blocks: Sequence[str], series: Mapping[str, Sequence[Sequence[float]]], resolution: Mapping[str, float]
) -> Figure:
    """Largest relative difference at each block, a line a number format, beside the resolution of the format.

    Parameters
    ----------
    blocks
        Their names, from the first to the logits.
    series
        Draws x blocks of differences for each format.
    resolution
        Distance from 1 to the next number of each format.

    Raises
    ------
    ValueError
        Without a series.
    """
    check_some(series, "series")
    figure, ax = plt.subplots(figsize=(7.2, 3.8))
    for (name, draws), marker in zip(series.items(), ("o", "s", "^"), strict=False):
        _line(ax, draws, color=FAMILY_COLOURS["vit"], marker=marker, ms=5, mfc="white", label=name)
        ax.axhline(resolution[name], color=QUIET, lw=1, ls=(0, (1, 2)))
        at = (len(blocks) - 1, resolution[name] / 1.5)
        ax.annotate(f"resolution of {name}", at, fontsize=7, color=QUIET, ha="right", va="top")
    _block_axes(ax, blocks)
    ax.set_ylabel("largest relative difference")
    ax.legend(fontsize=8, loc="upper left")
    return figure


def trap_panels(
    blocks: Sequence[str], intact: Sequence[Sequence[float]], broken: Mapping[str, Sequence[Sequence[float]]]
) -> Figure:
    """One panel a mistake: where its difference enters and how it goes on, above the rounding of the intact pair.

    Parameters
    ----------
    blocks
        Their names, from the first to the logits.
    intact, broken
        Draws x blocks of differences of the pair, and of each mistake.

    Raises
    ------
    ValueError
        Without a mistake.
    """
    check_some(broken, "broken copy")
    columns = min(3, len(broken))
    rows = -(-len(broken) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.9 * columns, 2.4 * rows + 0.5), sharex=True, sharey=True, squeeze=False
    )
    for ax in axes.flat[len(broken) :]:
        ax.remove()
    for ax, (name, draws) in zip(axes.flat, broken.items(), strict=False):
        _line(ax, intact, color=FAMILY_COLOURS["vit"], lw=1.2, label="intact")
        _line(ax, draws, color=INK, marker="o", ms=3.5, label="broken")
        _block_axes(ax, blocks)
        ax.set_title(name, fontsize=9)
    for ax in axes[:, 0]:
        ax.set_ylabel("relative difference", fontsize=8)
    axes[0, 0].legend(fontsize=7, loc="center right")
    return figure


def blind_test(mistakes: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Difference of the logits that each mistake makes, with fresh weights (hollow) and with drawn ones (filled).

    Parameters
    ----------
    mistakes
        The draws for "fresh" and "drawn" of each mistake.

    Raises
    ------
    ValueError
        Without a mistake.
    """
    check_some(mistakes, "mistake")
    figure, ax = plt.subplots(figsize=(7.2, 0.42 * len(mistakes) + 1.2))
    for y, draws in enumerate(mistakes.values()):
        fresh, drawn = _visible(draws["fresh"]), _visible(draws["drawn"])
        ax.plot([np.median(fresh), np.median(drawn)], [y - 0.12, y + 0.12], color=QUIET, lw=1)
        for values, fill, at in ((fresh, "white", y - 0.12), (drawn, FAMILY_COLOURS["vit"], y + 0.12)):
            label = ("fresh weights" if fill == "white" else "drawn weights") if y == 0 else None
            colour = FAMILY_COLOURS["vit"]
            ax.plot(values, np.full(len(values), at), "o", ms=6, color=colour, mfc=fill, label=label)
    ax.set_xscale("log")
    ax.set_xlim(ZERO / 4, 30)
    _ticks(ax.xaxis)
    ax.set_yticks(range(len(mistakes)), list(mistakes), fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel("largest difference of the logits, relative to max(1, largest reference value)")
    ax.legend(fontsize=8, loc="center left")
    return figure
