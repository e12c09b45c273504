"""Figures of chapter 17: faces and what hides them, ROC with its band, intervals in many worlds, who leads where."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.data.faces import draw_people
from helpers.data.occluders import drop_cells, from_afar
from helpers.measure.verification import Pairs, people_weights, roc
from helpers.pages.c17.protocols import DIFFICULTY, FIRST_TEST
from helpers.pages.c17.recorded import Lead
from helpers.plots.style import FAMILY_COLOURS, GREEN, INK, QUIET, RED, check_some

ORANGE, BLUE = FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"]
COLOURS = {"cnn": ORANGE, "vit": BLUE}
SHOWN = 96  # pixels of a face that is drawn for people, not for networks
LEVELS = np.linspace(0, 1, 201)  # false accepts at which a ROC's band is drawn


def faces(people: int, pictures: int, first: int = 0, wears: str | None = None) -> np.ndarray:
    """Drawn people in readable size, uint8 (people, pictures, 96, 96, 3)."""
    images, _ = draw_people(
        people, pictures, SHOWN, first_person=FIRST_TEST + first, wears=wears, difficulty=DIFFICULTY
    )
    return images.reshape(people, pictures, SHOWN, SHOWN, 3)


def gallery(images: np.ndarray, names: Sequence[str], marks: Sequence[str] = (), columns: int = 3) -> Figure:
    """Pictures with a line under each, in rows of `columns`.

    Parameters
    ----------
    images
        uint8 (n, S, S, 3).
    names
        n lines.
    marks
        None, or n of "", "right", "wrong": the colour of the line.

    Raises
    ------
    ValueError
        Without a picture, or with another number of names.
    """
    check_some(images, "picture")
    if len(names) != len(images):
        raise ValueError(f"gallery: expected {len(images)} names, got {len(names)}")
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(1.55 * columns, 1.85 * rows), squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    colour = {"right": GREEN, "wrong": RED}
    for k, (ax, picture) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(picture)
        ax.set_title(
            names[k],
            fontsize=11,
            loc="center",
            weight="normal",
            color=colour.get(marks[k] if marks else "", INK),
            y=-0.2,
        )
    return figure


def step(number: int) -> Figure:
    """The four pictures of the opening: a person, verification, identification, what hides a face.

    Raises
    ------
    ValueError
        For a step other than 1 to 4.
    """
    if number == 1:
        return gallery(faces(1, 6)[0], [f"picture {k + 1}" for k in range(6)])
    if number == 2:
        a, b = faces(3, 2)[0], faces(1, 2, first=5)[0]
        return gallery(
            np.stack([a[0], a[1], a[0], b[1]]), ["enrolled", "same person", "enrolled", "another"], columns=2
        )
    if number == 3:
        people = faces(5, 2)
        images = np.concatenate([people[3:4, 1], people[:, 0]])
        return gallery(images, ["who is this?", *(f"person {k + 1}" for k in range(5))], ["wrong", *[""] * 5])
    if number == 4:
        plain = faces(1, 1)[0]
        cell = SHOWN // 6
        shown = [faces(1, 1, wears="scarf")[0], faces(1, 1, wears="sunglasses")[0], from_afar(plain, 16)]
        shown += [drop_cells(plain, 0.5, cell), drop_cells(plain, 0.5, cell, shift=cell // 2)]
        shown += [drop_cells(plain, 0.5, cell, fill="noise")]
        return gallery(np.concatenate(shown), ["scarf", "sunglasses", "far away", "cells", "cells, shifted", "noise"])
    raise ValueError(f"step: expected 1 to 4, got {number}")


def roc_bands(tests: Mapping[str, Pairs], draws: int = 200) -> Figure:
    """ROC of each test with the band of a bootstrap over people; the diagonal is guessing, the other one EER.

    Raises
    ------
    ValueError
        Without a test.
    """
    check_some(tests, "test")
    figure, ax = plt.subplots(figsize=(4.5, 4.3))
    for (name, pairs), colour in zip(tests.items(), (BLUE, ORANGE, INK), strict=False):
        rng = np.random.default_rng(0)
        counts = rng.multinomial(pairs.people, np.full(pairs.people, 1 / pairs.people), size=draws)
        curves = [weighted_roc(pairs, weights) for weights in people_weights(pairs, counts)]
        low, high = np.quantile(np.stack(curves), (0.025, 0.975), axis=0)
        ax.fill_between(LEVELS, low, high, color=colour, alpha=0.18, lw=0)
        x, y = roc(pairs.scores, pairs.same)
        ax.plot(x, y, color=colour)
        at = int(np.argmax(x >= 0.3))
        ax.annotate(name, (x[at], y[at]), (10, -16), textcoords="offset points", fontsize=11, color=colour)
    ax.plot([0, 1], [0, 1], color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.plot([0, 1], [1, 0], color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.text(0.53, 0.40, "equal errors", fontsize=11, color=QUIET)
    ax.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="others let in (share)", ylabel="own people let in (share)")
    return figure


def weighted_roc(pairs: Pairs, weights: np.ndarray) -> np.ndarray:
    """True accepts at `LEVELS` of false ones, pairs counted by `weights` (n,)."""
    order = np.argsort(-pairs.scores)
    own, other = (weights[order] * (pairs.same[order] == kind) for kind in (True, False))
    return np.interp(LEVELS, np.cumsum(other) / other.sum(), np.cumsum(own) / own.sum())


def many_worlds(found: Mapping[str, Any], shown: int = 30) -> Figure:
    """Intervals of the first worlds, pairs drawn again beside people drawn again; red ones miss the truth.

    Parameters
    ----------
    found
        Of `coverage.coverage`: `truth`, `intervals` (worlds of four ends), `methods`.
    """
    ends = np.array(found["intervals"][:shown])
    check_some(ends, "world")
    figure, axes = plt.subplots(1, 2, figsize=(4.8, 4.4), sharex=True, sharey=True)
    for k, (ax, title) in enumerate(zip(axes, ("pairs drawn again", "people drawn again"), strict=True)):
        for y, (low, high) in enumerate(ends[:, 2 * k : 2 * k + 2]):
            ax.plot([low, high], [y, y], color=QUIET if low <= found["truth"] <= high else RED, lw=2)
        ax.axvline(found["truth"], color=INK, lw=1)
        ax.set(yticks=[], xlabel="AUC")
        ax.set_title(title, fontsize=11)
        ax.spines["left"].set_visible(False)
    return figure


def carried_over(drawn: Sequence[Lead], photographed: Sequence[Lead], named: Mapping[str, str]) -> Figure:
    """The ViT's lead on photographs over its lead on drawn people; a ring where not the same one leads.

    Parameters
    ----------
    drawn, photographed
        The same probes in the same order.
    named
        Probe -> what is written beside its point; the others have none.

    Raises
    ------
    ValueError
        Without a probe, or for probes that differ.
    """
    check_some(drawn, "probe")
    figure, ax = plt.subplots(figsize=(4.6, 4.0))
    for x, y in zip(drawn, photographed, strict=True):
        if x.probe != y.probe:
            raise ValueError(f"photographed: expected the probe {x.probe!r}, got {y.probe!r}")
        colour = {"the ViT": COLOURS["vit"], "the CNN": COLOURS["cnn"], "neither": QUIET}[x.leader]
        face = colour if x.leader == y.leader else "none"
        ax.plot(100 * x.value, 100 * y.value, "o", color=colour, markerfacecolor=face, ms=7)
        if x.probe in named:
            place = (6, -4) if x.value < 0.15 else (-6, 6)
            side = "left" if x.value < 0.15 else "right"
            ax.annotate(named[x.probe], (100 * x.value, 100 * y.value), place, textcoords="offset points", ha=side)
    for line in (ax.axhline, ax.axvline):
        line(0, color=INK, lw=0.8)
    ax.set(xlabel="ViT minus CNN on drawn people, points", ylabel="the same on photographs")
    return figure


def two_lines(rows: Sequence[Mapping[str, Any]], ticks: Sequence[str], xlabel: str) -> Figure:
    """AUC of CNN and ViT along an axis, a dot a seed and a line through the means.

    Parameters
    ----------
    rows
        `network`, `at` (a place on the axis) and `auc`.
    ticks
        Names of the places 0, 1, 2, ...

    Raises
    ------
    ValueError
        Without a row.
    """
    check_some(rows, "row")
    figure, ax = plt.subplots(figsize=(4.6, 3.2))
    for network, name in (("cnn", "CNN"), ("vit", "ViT")):
        own = [row for row in rows if row["network"] == network]
        places = sorted({row["at"] for row in own})
        means = [np.mean([row["auc"] for row in own if row["at"] == place]) for place in places]
        ax.plot(places, means, color=COLOURS[network])
        ax.plot([row["at"] for row in own], [row["auc"] for row in own], "o", color=COLOURS[network], ms=4)
        other = [np.mean([row["auc"] for row in rows if row["network"] != network and row["at"] == place])
                 for place in places]  # fmt: skip
        up = means[0] >= other[0]
        ax.annotate(name, (places[0], means[0]), (2, 8 if up else -16), textcoords="offset points", fontsize=11,
                    color=COLOURS[network], weight="bold")  # fmt: skip
    ax.axhline(0.5, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.set_xticks(range(len(ticks)), ticks)
    ax.set(ylim=(0.46, 1.03), xlabel=xlabel, ylabel="AUC")
    return figure
