"""The drift explorer: choose what changes, how many pictures a day are watched and how; the alarm, then the truth."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.c18.drift import CALM, DAYS, KINDS, RULE, SIZES, WATCHES
from helpers.plots.style import FAMILY_COLOURS, QUIET, RC, RED
from helpers.widgets.base import Explorer

FIRST = {"kind": 1, "size": 1, "watch": 1}


def first_alarm(distances: list[float]) -> int | None:
    """The first day, from 1, that ends two days in a row beyond the threshold, both after the calm ones."""
    days = range(CALM + RULE, len(distances) + 1)
    return next((day for day in days if min(distances[day - RULE : day]) > 1), None)


def told(distances: list[float], accuracy: list[float], revealed: bool) -> str:
    """What the explorer says of a story."""
    early = sum(value > 1 for value in distances[:CALM])
    alarm = first_alarm(distances)
    words = f"Above the threshold on the {CALM} calm days: {early}. "
    words += f"Alarm on day {alarm}. " if alarm else "No alarm. "
    if not revealed:
        return words + "The accuracy is hidden, as it would be."
    start, end = (f"{100 * accuracy[at]:.1f} %" for at in (0, -1))
    then = f", {100 * accuracy[alarm - 1]:.1f} % on the day of the alarm" if alarm else ""
    return words + f"The truth: {start} right at first{then}, {end} on day {DAYS}."


class DriftExplorer(Explorer):
    """Forty days, the distance from the reference over its threshold.

    Parameters
    ----------
    stories
        [kind][size] -> (distances by watch, accuracy by day), in the order of `KINDS` and `SIZES`.
    """

    script = "watching.js"

    def __init__(self, stories: list[list[tuple[list[list[float]], list[float]]]]) -> None:
        self.stories = stories
        data: dict[str, Any] = {
            "kinds": list(KINDS),
            "sizes": list(SIZES),
            "watches": list(WATCHES),
            "distances": [[told_of for told_of, _ in row] for row in stories],
            "accuracy": [row[0][1] for row in stories],
            "calm": CALM,
            "rule": RULE,
            **FIRST,
        }
        super().__init__(data, alt=f"Forty days: distance from the reference over its threshold. {self.first_words()}")

    def of(self, kind: int, size: int, watch: int) -> tuple[list[float], list[float]]:
        """Distances and accuracy of a choice."""
        distances, accuracy = self.stories[kind][size]
        return distances[watch], accuracy

    def first_words(self) -> str:
        """What it says when it opens."""
        return self.said(**FIRST, revealed=False)

    def said(self, kind: int, size: int, watch: int, revealed: bool) -> str:
        """What it says of a choice."""
        chosen = f"{KINDS[kind]}, {SIZES[size]} a day, {WATCHES[watch]}. "
        return chosen + told(*self.of(kind, size, watch), revealed)

    def still(self) -> Figure:
        """The first choice: distances, the threshold, and when the change begins."""
        distances, _ = self.of(**FIRST)
        days = np.arange(1, DAYS + 1)
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 2.8))
            ax.axhline(1, color=RED, lw=1)
            ax.text(1, 1.04, "alarm", color=RED)
            ax.axvline(CALM + 0.5, color=QUIET, lw=1, ls=(0, (4, 3)))
            ax.plot(days, distances, color=FAMILY_COLOURS["vit"], marker="o", ms=3, lw=1)
            ax.set(xlabel="day", ylabel="distance over threshold", ylim=(0, None))
        return figure
