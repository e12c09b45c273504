"""Figures of lab 4: sentences right by length, a map with its true links, and which words a map finds.

All are narrow, so that a phone shows them in readable letters.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.pages.l04.arms import ARMS
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED, check_some

WIDTH = 4.2  # inches
COLOURS = {
    "none": FAMILY_COLOURS["classical"],
    "dot": FAMILY_COLOURS["cnn"],
    "additive": FAMILY_COLOURS["vit"],
    "forwards": INK,
    "backwards": FAMILY_COLOURS["cait"],
}
DASHES = {"none": "-", "dot": "--", "additive": "-", "forwards": ":", "backwards": "-."}


def by_length(rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """Sentences right to the last word against the length of the French, a line an arm, with 95 % intervals.

    Parameters
    ----------
    rows
        As of `helpers.pages.l04.report.by_length`.

    Raises
    ------
    ValueError
        Without an arm.
    """
    check_some(rows, "arm")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.9))
    ends = {}
    for k, (arm, bins) in enumerate(rows.items()):
        x = np.array([row["mean"] for row in bins]) + 0.25 * (k - (len(rows) - 1) / 2)  # intervals side by side
        y = [100 * row["exact"].value for row in bins]
        ax.plot(x, y, "o", ls=DASHES[arm], ms=5, color=COLOURS[arm])
        for at, row in zip(x, bins, strict=True):
            ax.plot([at, at], [100 * row["exact"].low, 100 * row["exact"].high], color=COLOURS[arm], lw=3, alpha=0.3)
        ends[arm] = y[-1]
    ax.set(xlabel="French words of a sentence, mean of a bin", ylabel="sentences right (%)", ylim=(0, 102))
    place, placed = np.inf, {}
    for arm in sorted(ends, key=lambda name: -ends[name]):
        place = placed[arm] = min(ends[arm] / 102, place - 0.065)
    lift = max(0.0, -min(placed.values()))
    for arm, y in placed.items():
        ax.annotate(
            ARMS[arm].label,
            (1.02, y + lift),
            xycoords="axes fraction",
            fontsize=10,
            color=COLOURS[arm],
            va="center",
            annotation_clip=False,
        )
    return figure


def translation_map(
    french: Sequence[str],
    english: Sequence[str],
    weights: ArrayLike,
    links: Sequence[Sequence[int]] | None = None,
) -> Figure:
    """Which French words were read for each English one; true links are framed, green where the largest weight is.

    Parameters
    ----------
    french, english
        Words, M and N.
    weights
        (N, M) or more rows, of which the first N are drawn.
    links
        For each English word its French ones; None where nobody knows.

    Raises
    ------
    ValueError
        Without an English word.
    """
    check_some(english, "English word")
    table = np.asarray(weights)[: len(english)]
    side = 0.3
    figure, ax = plt.subplots(figsize=(max(2.8, side * len(french) + 1.3), max(2.2, side * len(english) + 0.9)))
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, own in enumerate(links or []):
        best = int(table[row].argmax())
        for column in own:
            colour = GREEN if best in own else RED
            frame = Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=colour, lw=1.6)
            ax.add_patch(frame)
    ax.set_xticks(range(len(french)), french, rotation=60, ha="left", rotation_mode="anchor")
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(english)), english)
    ax.tick_params(length=0, labelsize=10.5, labelcolor=INK)
    ax.grid(visible=False)
    return figure


def found_links(rows: Sequence[Mapping[str, Any]], readings: Sequence[str], kinds: Sequence[str]) -> Figure:
    """Share of the linked words that each reading finds, by the kind of word, with 95 % intervals over sentences.

    Parameters
    ----------
    rows
        Of `helpers.pages.l04.report.pointing_table`.
    readings
        Which, from top to bottom within a kind.
    kinds
        Which, from top to bottom.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    by_name = {(row["kind"], row["reading"]): row["share"] for row in rows}
    names = [reading for reading in readings if any(row["reading"] == reading for row in rows)]
    shown = [kind for kind in kinds if any(row["kind"] == kind for row in rows)]
    figure, ax = plt.subplots(figsize=(WIDTH, 0.24 * len(shown) * (len(names) + 1.2) + 0.7))
    y, ticks = 0.0, {}
    for kind in shown:
        ax.text(0, y, kind, transform=ax.get_yaxis_transform(), fontsize=11, color=INK, weight="bold", va="center")
        for name in names:
            y += 1
            share = by_name[kind, name]
            colour = COLOURS.get(name, QUIET)
            if share.low is not None:
                ax.plot([100 * share.low, 100 * share.high], [y, y], color=colour, lw=5, alpha=0.3)
            ax.plot(100 * share.value, y, "o", color=colour, ms=6)
            ticks[y] = ARMS[name].label if name in ARMS else name
        y += 1.2
    ax.set_yticks(list(ticks), list(ticks.values()))
    ax.set(xlabel="linked words that are found (%)", xlim=(0, 102), ylim=(y - 0.4, -0.8))
    ax.grid(axis="y", visible=False)
    return figure
