"""Figures of lab 9: trials pass by pass, accuracy against the rate, and the map of two settings."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.pages.l09.methods import MODELS
from helpers.plots.style import DIM, INK, QUIET, check_some, colour_of

Runs = Sequence[Mapping[str, Any]]


def _panels(runs: Runs, height: float) -> tuple[Figure, Sequence[Axes]]:
    check_some(runs, "search")
    figure, axes = plt.subplots(
        len(runs), 1, figsize=(5.0, height * len(runs)), squeeze=False, sharex=True, sharey=True
    )
    for ax, run in zip(axes[:, 0], runs, strict=True):
        ax.set_title(MODELS[run["model"]], loc="left", color=colour_of(run["model"]))
    return figure, list(axes[:, 0])


def halving(runs: Runs) -> Figure:
    """A panel a network, a line a trial: validation accuracy after each pass; grey: stopped, thick: the winner.

    Raises
    ------
    ValueError
        Without a search.
    """
    figure, axes = _panels(runs, 2.5)
    for ax, run in zip(axes, runs, strict=True):
        for trial in run["trials"]:
            passes, won = range(1, len(trial["val_top1"]) + 1), trial["number"] == run["best"]
            values = [100 * value for value in trial["val_top1"]]
            colour = DIM if trial["stopped"] else colour_of(run["model"])
            ax.plot(passes, values, "-o", color=colour, lw=3 if won else 1.2, ms=3, zorder=3 if won else 2)
        ax.set_ylabel("right (%)")
    axes[-1].set_xlabel("passes; grey: stopped early, thick: the best")
    return figure


def rates(runs: Runs) -> Figure:
    """A panel a network, a mark a trial: its last validation accuracy over the rate; hollow: stopped early.

    Raises
    ------
    ValueError
        Without a search.
    """
    figure, axes = _panels(runs, 2.4)
    for ax, run in zip(axes, runs, strict=True):
        colour = colour_of(run["model"])
        for trial in run["trials"]:
            if not trial["val_top1"]:
                continue
            at = (trial["settings"]["learning_rate"], 100 * trial["val_top1"][-1])
            ax.plot(*at, "o", color=colour, ms=6, markerfacecolor="white" if trial["stopped"] else colour)
            told = {0: "defaults", run["best"]: "best"}.get(trial["number"])
            if told:
                ax.annotate(told, at, xytext=(0, 9), textcoords="offset points", ha="center", fontsize=10, color=INK)
        ax.set(xscale="log", ylabel="right (%)")
        ax.margins(y=0.2)
    axes[-1].set_xlabel("learning rate; hollow: stopped early, at its last pass")
    return figure


def surface(runs: Runs) -> Figure:
    """A panel a network: rate and weight decay of each trial, marked by its last validation accuracy in percent.

    Raises
    ------
    ValueError
        Without a search.
    """
    figure, axes = _panels(runs, 2.7)
    for ax, run in zip(axes, runs, strict=True):
        asked = [trial for trial in run["trials"] if trial["val_top1"]]
        most = max((trial["val_top1"][-1] for trial in asked), default=1.0)
        for trial in asked:
            at = (trial["settings"]["learning_rate"], trial["settings"]["weight_decay"])
            value = trial["val_top1"][-1]
            ax.plot(*at, "o", color=colour_of(run["model"]), ms=19, alpha=0.75 * (value / most) ** 3, mew=0)
            ax.text(
                *at,
                f"{100 * value:.0f}",
                ha="center",
                va="center",
                fontsize=9.5,
                color=QUIET if trial["stopped"] else INK,
            )
        ax.set(xscale="log", yscale="log", ylabel="weight decay")
        ax.margins(0.12)
    axes[-1].set_xlabel("learning rate; numbers: right on validation images (%), grey: stopped early")
    return figure
