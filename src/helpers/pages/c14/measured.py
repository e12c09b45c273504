"""The two studies of chapter 14 and lab 14 on photographs, read from their records, and their figures."""

from collections.abc import Sequence
from functools import cache
from statistics import mean
from typing import Any, cast

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.measure.accuracy import Estimate
from helpers.pages.c14.depth import KINDS, TRAINED
from helpers.pages.c14.depth import STUDY as DEPTH_STUDY
from helpers.pages.c14.lookup import STUDY as LOOKUP_STUDY
from helpers.plots.style import DIM, FAMILY_COLOURS, INK, QUIET, check_some
from helpers.records import Record, read_record

Rows = Sequence[dict[str, Any]]
COLOURS = {"norm after": FAMILY_COLOURS["classical"], "norm first": FAMILY_COLOURS["vit"]}
COLOURS |= {"LayerScale 0.1": FAMILY_COLOURS["deit"], "LayerScale 1e-5": FAMILY_COLOURS["cait"]}


def depth_rows() -> Rows:
    """One row a kind, depth, rate and seed that `helpers.pages.c14.depth` has trained."""
    return list(read_record(DEPTH_STUDY, "cpu").runs)


def start_rows() -> Rows:
    """One row a kind, depth and seed, before training."""
    return cast(Rows, read_record(DEPTH_STUDY, "cpu").summary["starts"])


def lookup_rows() -> Rows:
    """One row a question, kind, reader and seed of `helpers.pages.c14.lookup`."""
    return list(read_record(LOOKUP_STUDY, "cpu").runs)


@cache
def photographs() -> Record:
    """Lab 14 on photographs of Tiny ImageNet: arms, depths and rates, two seeds."""
    return read_record("14_depth", "cpu", "tiny20")


def found(statement: str) -> Estimate:
    """A difference that lab 14 measured on photographs.

    Raises
    ------
    ValueError
        If it measured none of that name.
    """
    rows: list[dict[str, Any]] = photographs().summary["findings"]  # type: ignore[assignment]
    for row in rows:
        if row["statement"] == statement:
            return Estimate(**row["difference"])
    raise ValueError(f"lab 14 has no statement {statement!r}")


def standing(arm: str, depth: int, rate: str = "usual") -> dict[str, Any]:
    """A row of lab 14's table on photographs: `top1`, `by_seed`, `training` (share of its own images right)."""
    rows: list[dict[str, Any]] = photographs().summary["standings"]  # type: ignore[assignment]
    return next(row for row in rows if (row["arm"], row["depth"], row["rate"]) == (arm, depth, rate))


def average(rows: Rows, what: str, **chosen: Any) -> float:
    """Mean over the rows that have all the chosen values.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [row[what] for row in rows if all(row[name] == value for name, value in chosen.items())]
    if not found:
        raise ValueError(f"expected rows with {chosen}, got none")
    return mean(found)


def values(rows: Rows, name: str) -> list[Any]:
    """The different values of a column, in order."""
    return list(dict.fromkeys(row[name] for row in rows))


def best_rate(rows: Rows, kind: str, depth: int) -> tuple[float, float]:
    """The rate at which most new digits are right, seeds averaged, and that share.

    The best is chosen on the digits that it is reported on, in the same way for all kinds.
    """
    shares = {rate: average(rows, "new", kind=kind, depth=depth, rate=rate) for rate in values(rows, "rate")}
    best = max(shares, key=shares.__getitem__)
    return best, shares[best]


def gradient_table(rows: Rows) -> list[dict[str, str]]:
    """Gradient by the tokens before the first block and before the last, in thousandths: a row a kind and place, a
    column a depth, the mean over seeds."""
    depths = values(rows, "depth")
    return [
        {"stacked": kind, "before the": f"{place} block"}
        | {
            str(depth): f"{1000 * average(rows, place, kind=kind, depth=depth):\N{FIGURE SPACE}>4.1f}"
            for depth in depths
        }
        for kind in KINDS
        for place in ("first", "last")
    ]


def first_push(rows: Rows) -> Figure:
    """How far one step at rate 0.001 moves what the head reads, over depth, a line a kind, the mean over seeds.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.6, 3.0))
    depths = values(rows, "depth")
    for kind in KINDS:
        line = [average(rows, "push", kind=kind, depth=depth) for depth in depths]
        ax.plot(depths, line, "o-", color=COLOURS[kind], ms=5)
        ax.annotate(
            kind,
            (depths[-1], line[-1]),
            xytext=(7, {"norm after": 6, "norm first": -4}.get(kind, 0)),
            textcoords="offset points",
            va="center",
            fontsize=10.5,
            color=COLOURS[kind],
        )
    ax.set_title("push of one step at rate 0.001", fontsize=10.5)
    ax.set(xscale="log", yscale="log", xlim=(depths[0] * 0.9, depths[-1] * 2.9), xlabel="blocks")
    ax.set_xticks(depths, [str(depth) for depth in depths])
    ax.minorticks_off()
    return figure


def trained(rows: Rows) -> Figure:
    """A panel a kind, two by two: percent of new digits right over rate and depth, the mean over seeds.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, axes = plt.subplots(2, 2, figsize=(4.6, 4.3), sharex=True, sharey=True)
    depths, rates = values(rows, "depth"), values(rows, "rate")
    for kind, ax in zip(TRAINED, axes.flat, strict=True):
        for y, depth in enumerate(depths):
            for x, rate in enumerate(rates):
                share = average(rows, "new", kind=kind, depth=depth, rate=rate)
                ax.add_patch(Rectangle((x, y), 1, 1, facecolor=COLOURS[kind], alpha=0.65 * share**2, lw=0))
                ax.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor=DIM, lw=0.5))
                ax.text(x + 0.5, y + 0.52, f"{100 * share:.0f}", ha="center", va="center", fontsize=10.5, color=INK)
        ax.set(xlim=(0, len(rates)), ylim=(len(depths), 0))
        ax.set_xticks(
            np.arange(len(rates)) + 0.5, [f"{rate:g}".lstrip("0") for rate in rates], fontsize=10, rotation=45
        )
        ax.set_yticks(np.arange(len(depths)) + 0.5, [str(depth) for depth in depths])
        ax.grid(visible=False)
        ax.tick_params(length=0)
        ax.set_title(kind, loc="left", fontsize=10.5, color=COLOURS[kind])
    for ax in axes[1]:
        ax.set_xlabel("rate")
    for ax in axes[:, 0]:
        ax.set_ylabel("blocks")
    return figure


def lookups(rows: Rows, guess: float) -> Figure:
    """Shares of right answers, one dot a seed, one line a kind and reader, the question by content.

    Parameters
    ----------
    rows
        Of `lookup_rows`.
    guess
        What the row's most frequent colour would reach.

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.6, 3.3))
    arms = list(dict.fromkeys((row["kind"], row["read"]) for row in rows))
    colours = {"attention": FAMILY_COLOURS["vit"], "mixer": FAMILY_COLOURS["classical"]}
    for y, (kind, read) in enumerate(arms):
        colour = colours.get(kind, FAMILY_COLOURS["cnn"])
        for row in rows:
            if (row["kind"], row["read"], row["question"]) == (kind, read, "by content"):
                ax.plot(100 * row["right"], y, "o", color=colour, ms=8, alpha=0.75)
    ax.axvline(100 * guess, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(100 * guess, -0.62, "by counting colours", fontsize=10.5, color=QUIET, ha="center")
    names = {"token": "the token in front", "mean": "the mean"}
    ax.set_yticks(range(len(arms)), [f"{kind}, {names[read]}" for kind, read in arms], fontsize=10.5)
    ax.set(xlim=(15, 104), ylim=(len(arms) - 0.5, -0.9), xlabel="% of new rows answered rightly")
    return figure


def learning(losses: Sequence[float], guess: float) -> Figure:
    """The loss of every step, and their mean over 20; `guess` is the loss of a row's shares of colours.

    Raises
    ------
    ValueError
        With fewer than 20 steps.
    """
    if len(losses) < 20:
        raise ValueError(f"losses: expected at least 20 steps, got {len(losses)}")
    figure, ax = plt.subplots(figsize=(4.6, 3.0))
    ax.plot(losses, color=DIM, lw=1)
    smooth = np.convolve(losses, np.ones(20) / 20, mode="valid")
    ax.plot(np.arange(19, len(losses)), smooth, color=FAMILY_COLOURS["vit"])
    ax.axhline(guess, color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(len(losses), guess + 0.03, "only counts\nthe colours", fontsize=10.5, color=QUIET, ha="right", va="bottom")
    ax.set(ylim=(0, None), xlabel="step", ylabel="loss")
    return figure
