"""What "95 %" promises: many intervals from one truth, and the few that miss it."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET


def repeated_intervals(estimates: Sequence[Any], truth: float) -> Figure:
    """One interval a test set, side by side; those that miss the truth stand out in colour and in shape.

    Parameters
    ----------
    estimates
        Each has `value`, `low` and `high`, fractions.
    truth
        The accuracy that all of them estimate, a fraction.

    Raises
    ------
    ValueError
        Without an estimate.
    """
    if not estimates:
        raise ValueError("expected at least one estimate, got none")
    figure, ax = plt.subplots(figsize=(5.8, 3.0))
    for x, estimate in enumerate(estimates, start=1):
        missed = not estimate.low <= truth <= estimate.high
        colour = FAMILY_COLOURS["cnn"] if missed else QUIET
        ax.plot([x, x], [100 * estimate.low, 100 * estimate.high], color=colour, lw=2.6 if missed else 1.8)
        ax.plot(
            x, 100 * estimate.value, "X" if missed else "o", color=colour, ms=11 if missed else 4, mec="white", mew=0.8
        )
    ax.axhline(100 * truth, color=INK, lw=1.2)
    ax.annotate(
        "truth", (len(estimates) + 0.8, 100 * truth), xytext=(0, 3), textcoords="offset points", fontsize=10, color=INK
    )
    ax.set(xlabel="test sets, one after another", ylabel="accuracy (%)", xlim=(0, len(estimates) + 3.5))
    ax.grid(axis="x", visible=False)
    return figure
