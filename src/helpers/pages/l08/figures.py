"""Figures of a comparison: learning curves, accuracies with intervals, where the seconds went."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import INK, QUIET, colour_of

DASHES = {"full": "-", "top10": "--", "probe": ":", "scratch": "-."}
MARKERS = {"full": "o", "top10": "s", "probe": "^", "scratch": "x"}


def learning_curves(runs: Sequence[Mapping[str, Any]], metric: str, ylabel: str, chance: float | None = None) -> Figure:
    """One line a run: `metric` of each epoch; colour = model family, dashes = tuning, thin lines = further seeds.

    Rows hold `model`, `tuning`, `seed` and `epochs`, a list of dictionaries with `metric`."""
    models = list(dict.fromkeys(run["model"] for run in runs))
    figure, axes = plt.subplots(1, len(models), figsize=(4.2 * len(models), 3.3), sharey=True, squeeze=False)
    for ax, model in zip(axes[0], models, strict=True):
        seen = set()
        for run in (run for run in runs if run["model"] == model):
            values = [epoch[metric] for epoch in run["epochs"] if metric in epoch]
            label = run["tuning"] if run["tuning"] not in seen else None
            seen.add(run["tuning"])
            style = {"ls": DASHES.get(run["tuning"], "-"), "marker": MARKERS.get(run["tuning"], "o"), "ms": 4}
            ax.plot(range(1, len(values) + 1), values, color=colour_of(model), label=label, alpha=0.9, **style)
        if chance is not None:
            ax.axhline(chance, color=QUIET, lw=1, ls=(0, (1, 2)))
            ax.annotate("chance", (1, chance), xytext=(0, 3), textcoords="offset points", color=QUIET, fontsize=8)
        ax.set(title=model, xlabel="epoch")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(fontsize=8)
    axes[0, 0].set_ylabel(ylabel)
    return figure


def accuracy_bars(rows: Sequence[Any], chance: float) -> Figure:
    """One point with its interval a cell of the design, and a small mark for each seed.

    Rows have `model`, `tuning`, `top1` (value, low, high) and `by_seed`, one estimate a seed."""
    figure, ax = plt.subplots(figsize=(7.2, 0.55 * len(rows) + 1.3))
    for y, row in enumerate(reversed(rows)):
        estimate, colour = row.top1, colour_of(row.model)
        low, high = (estimate.low, estimate.high) if estimate.low is not None else (estimate.value, estimate.value)
        ax.plot([100 * low, 100 * high], [y, y], color=colour, lw=5, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * estimate.value, y, MARKERS.get(row.tuning, "o"), color=colour, ms=8)
        ax.plot([100 * seed.value for seed in row.by_seed], [y + 0.22] * len(row.by_seed), "|", color=INK, ms=6)
        ax.annotate(
            f"{100 * estimate.value:.1f}", (100 * estimate.value, y), xytext=(0, -13), textcoords="offset points",
            ha="center", fontsize=8, color=colour,
        )  # fmt: skip
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.annotate(f"chance {100 * chance:.1f} %", (100 * chance, len(rows) - 0.45), fontsize=8, color=QUIET, ha="center")
    ax.set_yticks(range(len(rows)), [f"{row.model} · {row.tuning}" for row in reversed(rows)])
    ax.set(xlabel="test accuracy, top-1 (%); band: 95 % interval; ticks: single seeds", ylim=(-0.7, len(rows) - 0.2))
    ax.set_xlim(0, 100)
    ax.grid(axis="y", visible=False)
    return figure


def time_split(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Seconds of each cell's runs, split into data, training and evaluation.

    Rows hold `model`, `tuning`, `data_s`, `train_s`, `evaluate_s`, means over seeds in seconds."""
    figure, ax = plt.subplots(figsize=(7.2, 0.5 * len(rows) + 1.3))
    left = np.zeros(len(rows))
    names = [f"{row['model']} · {row['tuning']}" for row in rows]
    colours = [colour_of(row["model"]) for row in rows]
    for key, label, alpha, hatch in (
        ("data_s", "making batches", 0.25, "///"),
        ("train_s", "training", 1.0, None),
        ("evaluate_s", "evaluation", 0.5, "\\\\\\"),  # strokes: dots are 150 kB of circles a colour
    ):
        seconds = np.array([row[key] for row in rows])
        bars = ax.barh(names, seconds, left=left, color=colours, alpha=alpha, hatch=hatch, edgecolor="white", lw=0.5)
        bars[0].set_label(label)
        left += seconds
    ax.invert_yaxis()
    ax.set(xlabel="seconds a run (mean over seeds)")
    ax.grid(axis="y", visible=False)
    legend = ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    for handle in legend.legend_handles:
        handle.set_facecolor(QUIET)  # type: ignore[union-attr]
    return figure
