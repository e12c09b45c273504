"""Figures of lab 15: who reached what, the two tokens through the layers, who disagrees with whom, and the leak."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.l15.methods import STUDENTS, TEACHER
from helpers.pages.l15.report import Standing, label_of
from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, check_some, colour_of


def colour(name: str) -> str:
    """Of a teacher its family's; of a student DeiT's where it has two tokens, else ViT's."""
    if name.startswith(TEACHER):
        return colour_of(name.removeprefix(TEACHER))
    return FAMILY_COLOURS["deit" if STUDENTS[name].two_tokens else "vit"]


def ladder(rows: Sequence[Standing], chance: float) -> Figure:
    """One row each, teachers (squares) first: test accuracy with its interval, a tick for each seed.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(6.4, 0.46 * len(rows) + 1.1))
    for y, row in enumerate(rows):
        low, high = (100 * (row.top1.value if x is None else x) for x in (row.top1.low, row.top1.high))
        ax.plot([low, high], [y, y], color=colour(row.name), lw=6, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * row.top1.value, y, "s" if row.name.startswith(TEACHER) else "o", color=colour(row.name), ms=7)
        if len(row.by_seed) > 1:
            ax.plot([100 * value for value in row.by_seed], [y - 0.28] * len(row.by_seed), "|", color=INK, ms=5)
        ax.annotate(f"{100 * row.top1.value:.1f}", (high, y), xytext=(6, -3), textcoords="offset points", fontsize=9)
    ax.axvline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_yticks(range(len(rows)), [label_of(row.name) for row in rows])
    ax.set(xlabel="test accuracy (%); band: 95 % interval; dotted: chance", xlim=(0, None))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    return figure


def token_lines(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Cosine of the two tokens at the input and after each block, one line a run of `report.token_rows`.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "student with two tokens")
    figure, ax = plt.subplots(figsize=(6.4, 3.9))
    ends = []
    for row in rows:
        alone = STUDENTS[row["student"]].teacher is None
        shade = QUIET if alone else FAMILY_COLOURS["deit"]
        ax.plot(row["cosines"], "o--" if alone else "o-", color=shade, ms=4, alpha=0.9)
        ends.append((row["cosines"][-1], STUDENTS[row["student"]].label, shade))
    placed: list[float] = []
    for value, text, shade in sorted(dict.fromkeys(ends), reverse=True):
        if any(label == text for _, label, _ in ends[: ends.index((value, text, shade))]):
            continue  # one label a student
        y = min([value, *(other - 0.075 for other in placed[-1:])])
        placed.append(y)
        ax.annotate(text, (len(rows[0]["cosines"]) - 0.85, y), fontsize=9, color=shade, va="center")
    layers = len(rows[0]["cosines"])
    floor = min(0.0, *(min(row["cosines"]) for row in rows))
    ax.set(
        xlabel="after block", ylabel="cosine of the two tokens", xlim=(-0.2, layers + 2.6), ylim=(floor - 0.05, 1.06)
    )
    ax.set_xticks(range(layers), ["input", *map(str, range(1, layers))])
    return figure


def disagreements(names: Sequence[str], table: np.ndarray) -> Figure:
    """Of the matrix of `report.disagreement`, in percent: everyone against the teachers and against labels alone.

    Raises
    ------
    ValueError
        Without a teacher and without a student taught by labels alone.
    """
    columns = [k for k, name in enumerate(names) if name.startswith(TEACHER) or name == "none"]
    check_some(columns, "column")
    shown = ["teacher " + name.removeprefix(TEACHER) if name.startswith(TEACHER) else name for name in names]
    figure, ax = plt.subplots(figsize=(1.05 * len(columns) + 3.2, 0.36 * len(names) + 1.5))
    part = np.ma.masked_invalid(table[:, columns])
    ax.imshow(part, cmap="Blues", vmin=0, vmax=2 * max(part.max(), 1e-9), aspect="auto", alpha=0.35)
    for (i, j), value in np.ndenumerate(table[:, columns]):
        if np.isfinite(value):
            ax.text(j, i, f"{100 * value:.0f}", ha="center", va="center", fontsize=9.5, color=INK)
    ax.set_xticks(range(len(columns)), [shown[k].replace(" ", "\n", 1) for k in columns], fontsize=9)
    ax.set_yticks(range(len(names)), shown, fontsize=9)
    ax.set_xlabel("% of test images named otherwise")
    ax.grid(visible=False)
    return figure


def leak_bars(effects: Mapping[str, Any]) -> Figure:
    """What having seen a part of the test images is worth to a teacher and its student, in points.

    Raises
    ------
    ValueError
        Without an effect.
    """
    check_some(effects, "effect")
    names = ("teacher, seen", "teacher, unseen", "student, seen", "student, unseen")
    figure, ax = plt.subplots(figsize=(6.0, 2.9))
    for y, name in enumerate(names):
        effect, shade = effects[name], FAMILY_COLOURS["cnn" if name.startswith("teacher") else "vit"]
        low, high = (100 * (effect.value if x is None else x) for x in (effect.low, effect.high))
        ax.plot([low, high], [y, y], color=shade, lw=6, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * effect.value, y, "o", color=shade, ms=7)
        text = f"{100 * effect.value:+.1f}".replace("-", "\N{MINUS SIGN}")
        ax.annotate(text, (high, y), xytext=(7, -3), textcoords="offset points", fontsize=9)
    ax.axvline(0, color=INK, lw=1)
    where = {"seen": "on images it saw", "unseen": "on other test images"}
    labels = [f"{who}, {where[which]}" for who, which in (name.split(", ") for name in names)]
    ax.set_yticks(range(4), [label.replace("student, on images it saw", "student, on the same") for label in labels])
    ax.set(xlabel="points more than with a teacher that saw none", ylim=(3.5, -0.5))
    ax.margins(x=0.15)
    ax.grid(axis="y", visible=False)
    return figure
