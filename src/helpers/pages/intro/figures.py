"""One question, several worlds: differences of two accuracies side by side, each with its interval."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, GRID, INK, QUIET

ROOM = 0.72  # empty rows above each question, for its title


def gaps_by_world(questions: Sequence[Mapping[str, Any]], directions: tuple[str, str]) -> Figure:
    """A row a world under each question: the difference in points, its interval, and where nobody measured it.

    Parameters
    ----------
    questions
        Each holds `title`, `colour` (a family of `FAMILY_COLOURS`) and `rows`: `world`, `difference` (an object with
        `value`, `low` and `high`, fractions, or None where it was never measured) and `reported` (drawn hollow).
    directions
        What a difference below and above zero says.

    Raises
    ------
    ValueError
        Without a question or a row.
    """
    if not questions or not all(question["rows"] for question in questions):
        raise ValueError("expected at least one question, each with at least one row")
    height = sum(len(question["rows"]) + ROOM for question in questions)
    figure, ax = plt.subplots(figsize=(4.5, 0.37 * height + 0.85))
    ticks: list[tuple[float, str]] = []
    y = 0.0
    for question in questions:
        y += ROOM
        ax.annotate(
            question["title"], (0, y - 0.78), xycoords=("axes fraction", "data"), xytext=(-108, 0),
            textcoords="offset points", fontsize=10.5, fontweight="bold", color=INK, va="center", annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
        for row in question["rows"]:
            _draw_row(ax, y, row, FAMILY_COLOURS[question["colour"]])
            ticks.append((y, row["world"]))
            y += 1
    ax.axvline(0, color=QUIET, lw=1)
    ax.set_yticks([tick for tick, _ in ticks], [label for _, label in ticks], fontsize=10.5)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.set(ylim=(y - 0.4, -0.35 - ROOM / 2), xlabel=f"← {directions[0]}  points  {directions[1]} →")
    ax.set_xlim(*_limits(questions))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    return figure


def _limits(questions: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Symmetric about zero, with room for the number beside the longest interval."""
    found = [row["difference"] for question in questions for row in question["rows"] if row["difference"] is not None]
    ends = [abs(100 * (x if x is not None else d.value)) for d in found for x in (d.low, d.high)]
    reach = 1.3 * max(ends, default=1.0) + 7
    return -reach, reach


def _draw_row(ax: Any, y: float, row: Mapping[str, Any], colour: str) -> None:
    difference = row["difference"]
    if difference is None:
        ax.axhline(y, color=GRID, lw=1, ls=(0, (2, 2)), zorder=0)
        text = ax.annotate("never run", (0, y), xytext=(6, 0), textcoords="offset points", fontsize=10, color=QUIET)
        text.set(va="center", style="italic", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
        return
    value, low, high = (100 * x for x in (difference.value, difference.low, difference.high))
    hollow = bool(row.get("reported"))
    if hollow:  # a narrow interval stays visible across its marker
        ax.plot(value, y, "D", color=colour, mfc="white", mew=1.5, ms=9)
        ax.errorbar(
            value, y, xerr=[[value - low], [high - value]], color=INK, elinewidth=1.4, capsize=3.5, capthick=1.4
        )
    else:
        ax.plot([low, high], [y, y], color=colour, lw=5, alpha=0.35, solid_capstyle="round")
        ax.plot(value, y, "o", color=colour, mew=1.8, ms=7)
    right = value >= 0
    label = ax.annotate(
        f"{round(value, 6):+.1f}".replace("-", "−"), (high if right else low, y), xytext=(7 if right else -7, 0),
        textcoords="offset points", fontsize=10.5, color=INK, va="center", ha="left" if right else "right",
    )  # fmt: skip
    label.set_in_layout(False)
