"""Figures of the Transformer chapter: the whole model, who reads whom, saturation, positions, norms, schedules, cost.

Two roles have a colour: blue reads its own sequence, orange reads another one; a hatch is a mask. In figures that
compare two ways of doing one thing, blue is the way the model takes and orange the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from helpers.plots.style import FAINT, FAMILY_COLOURS, GRID, INK, QUIET, check_some

OWN, OTHER = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
ENCODER_X, DECODER_X, WIDTH = 1.0, 3.35, 1.75  # where the two stacks stand in the drawing


# --------------------------------------------------------------------------------------- the model, from bottom to top


def _box(ax: Axes, x: float, y: float, text: str, face: str = FAINT, ink: str = INK, hatch: str | None = None) -> None:
    """A rounded box of the drawing, centred on (x, y)."""
    shape = FancyBboxPatch(
        (x - WIDTH / 2, y - 0.19), WIDTH, 0.38, boxstyle="round,pad=0.0,rounding_size=0.09", linewidth=1.3,
        edgecolor=QUIET if face == FAINT else face, facecolor=face,
    )  # fmt: skip
    ax.add_patch(shape)
    if hatch is not None:
        strip = Rectangle((x + WIDTH / 2 - 0.36, y - 0.17), 0.3, 0.34, facecolor="none", edgecolor="white", lw=0)
        strip.set_hatch(hatch)
        ax.add_patch(strip)
    ax.text(x - (0.13 if hatch else 0), y, text, ha="center", va="center", fontsize=11, color=ink)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = INK) -> None:
    """An arrow of the drawing."""
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=10, lw=1.4, color=colour, shrinkA=0, shrinkB=0)
    )


def _branch(ax: Axes, x: float, y: float, text: str, **look: Any) -> float:
    """One part of a block with its add-and-norm box and the residual path around it; returns the y above both."""
    side = x - WIDTH / 2 - 0.16
    _arrow(ax, (x, y - 0.42), (x, y - 0.19))
    _box(ax, x, y, text, **look)
    _arrow(ax, (x, y + 0.19), (x, y + 0.36))
    _box(ax, x, y + 0.55, "add & norm")
    ax.plot([x, side, side], [y - 0.34, y - 0.34, y + 0.55], color=QUIET, lw=1.2)
    _arrow(ax, (side, y + 0.55), (x - WIDTH / 2, y + 0.55), QUIET)
    return y + 1.16


def transformer_drawing() -> Figure:
    """The encoder-decoder in the order of its paper's figure, with the three attentions coloured by what they read.

    Blue: queries, keys and values from one sequence (hatched: masked). Orange: queries from one, keys and values from
    the other.
    """
    figure, ax = plt.subplots(figsize=(5.0, 7.4))
    ax.set_axis_off()
    stacks = ((ENCODER_X, "source\nM words", "source (M, D)"), (DECODER_X, "target so far\nN words", "target (N, D)"))
    for x, words, name in stacks:
        ax.text(x, -0.62, words, ha="center", va="center", fontsize=11, color=QUIET)
        _arrow(ax, (x, -0.36), (x, -0.19))
        _box(ax, x, 0.0, "embedding")
        _arrow(ax, (x, 0.19), (x, 0.4))
        ax.text(x, 0.55, "⊕", ha="center", va="center", fontsize=15, color=INK)
        _arrow(ax, (x, 0.7), (x, 1.12))
        ax.text(x + 0.2, 0.92, name, ha="left", va="center", fontsize=10.5, color=QUIET)
    middle = (ENCODER_X + DECODER_X) / 2
    ax.text(middle, 0.55, "positions", ha="center", va="center", fontsize=11, color=INK)
    _arrow(ax, (middle - 0.45, 0.55), (ENCODER_X + 0.16, 0.55), QUIET)
    _arrow(ax, (middle + 0.45, 0.55), (DECODER_X - 0.16, 0.55), QUIET)

    top = _branch(ax, ENCODER_X, 1.54, "self-attention", face=OWN, ink="white")
    encoder_top = _branch(ax, ENCODER_X, top, "MLP, word by word")
    top = _branch(ax, DECODER_X, 1.54, "masked self-\nattention", face=OWN, ink="white", hatch="////")
    cross = top
    top = _branch(ax, DECODER_X, top, "cross-attention", face=OTHER, ink="white")
    decoder_top = _branch(ax, DECODER_X, top, "MLP, word by word")
    for x, low, high in ((ENCODER_X, 1.14, encoder_top - 0.36), (DECODER_X, 1.14, decoder_top - 0.36)):
        frame = (x - WIDTH / 2 - 0.25, low)
        ax.add_patch(Rectangle(frame, WIDTH + 0.36, high - low, fill=False, ec=GRID, lw=1.6, zorder=0))
        ax.text(frame[0] + WIDTH + 0.33, high + 0.03, "× L", ha="right", va="bottom", fontsize=11, color=QUIET)

    # The encoder's output travels up, across, and into the keys and values of every decoder block.
    out = encoder_top - 0.42
    lane = ENCODER_X + WIDTH / 2 + 0.24
    ax.plot([ENCODER_X, ENCODER_X, lane, lane], [out, out + 0.28, out + 0.28, cross], color=OTHER, lw=1.8)
    _arrow(ax, (lane, cross), (DECODER_X - WIDTH / 2, cross), OTHER)
    ax.text(ENCODER_X - 0.1, out + 0.36, "memory (M, D):\nK and V", ha="center", va="bottom", fontsize=11, color=OTHER)
    ax.text(DECODER_X + 0.08, cross - 0.27, "Q", ha="left", va="center", fontsize=11, color=OTHER)

    _arrow(ax, (DECODER_X, decoder_top - 0.42), (DECODER_X, decoder_top - 0.1))
    _box(ax, DECODER_X, decoder_top + 0.09, "linear, softmax")
    _arrow(ax, (DECODER_X, decoder_top + 0.28), (DECODER_X, decoder_top + 0.5))
    ax.text(DECODER_X, decoder_top + 0.68, "next words\n(N, V)", ha="center", va="center", fontsize=11, color=QUIET)
    ax.set(xlim=(-0.18, 4.5), ylim=(-0.85, decoder_top + 0.9))
    return figure


def who_reads_whom(panels: Sequence[Mapping[str, Any]]) -> Figure:
    """One grid a panel: a row for each query, a column for each key, filled where the query may read the key.

    Panels hold `title`, `mask` (N, M) of True/False, `queries`, `keys` and `own` (whether both are one sequence).

    Raises
    ------
    ValueError
        Without panels.
    """
    check_some(panels, "panel")
    sizes = [np.shape(panel["mask"])[0] + 1.6 for panel in panels]
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(4.6, 0.32 * sum(sizes)), height_ratios=sizes, squeeze=False
    )  # fmt: skip
    for ax, panel in zip(axes[:, 0], panels, strict=True):
        mask = np.asarray(panel["mask"], dtype=bool)
        colour = OWN if panel["own"] else OTHER
        for (i, j), readable in np.ndenumerate(mask):
            face = colour if readable else "white"
            ax.add_patch(Rectangle((j + 0.04, i + 0.06), 0.92, 0.88, facecolor=face, edgecolor=GRID))
        ax.set(xlim=(0, 6), ylim=(mask.shape[0], 0))
        ax.set_xticks(np.arange(mask.shape[1]) + 0.5, panel["keys"], fontsize=10)
        ax.set_yticks(np.arange(mask.shape[0]) + 0.5, panel["queries"], fontsize=10)
        ax.tick_params(length=0, labeltop=True, labelbottom=False, colors=INK)
        ax.set_title(panel["title"])
        ax.grid(visible=False)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return figure


# ---------------------------------------------------------------------------------------------------- why divide by √d


def saturation(rows: Sequence[Mapping[str, Any]], keys: int) -> Figure:
    """Largest weight, and the gradient that reaches a query, against d, with the division by √d and without.

    Rows hold `d`, `scaled` (bool), `largest` (mean largest weight), and for two probes, `weight` and `output`, the
    `low`, `median`, `high` of the gradient's norm.

    Raises
    ------
    ValueError
        Without rows.
    """
    check_some(rows, "row")
    figure, axes = plt.subplots(3, 1, figsize=(5.0, 7.4), sharex=True)
    top = axes[0]
    for scaled, colour, marker, label in ((True, OWN, "o", "divided by √d"), (False, OTHER, "s", "not divided")):
        own = [row for row in rows if row["scaled"] == scaled]
        d = [row["d"] for row in own]
        top.plot(d, [row["largest"] for row in own], marker=marker, color=colour, label=label)
        for ax, probe in zip(axes[1:], ("weight", "output"), strict=True):
            low, median, high = ([row[probe][name] for row in own] for name in ("low", "median", "high"))
            ax.plot(d, median, marker=marker, color=colour)
            ax.fill_between(d, low, high, color=colour, alpha=0.18, lw=0)
    top.axhline(1 / keys, color=QUIET, lw=1, ls=(0, (1, 2)))
    top.annotate(f"uniform, 1/{keys}", (own[0]["d"], 1 / keys), xytext=(0, 4), textcoords="offset points", fontsize=10)
    top.set(title="mean largest weight", ylim=(0, 1.02), xscale="log")
    for ax, title in zip(axes[1:], ("one weight is asked for", "through the output"), strict=True):
        ax.set(title=f"gradient at the query: {title}", yscale="log")
    axes[2].set(xlabel="dimension d of queries and keys")
    axes[2].set_xticks(d, [f"{value:g}" for value in d])
    axes[2].minorticks_off()
    top.legend(fontsize=10)
    return figure


# ----------------------------------------------------------------------------------------------------------- positions


def sinusoid_figure(table: ArrayLike, rows: Sequence[int]) -> Figure:
    """The table of sinusoids, and below it the dot products of a few of its rows with all others, by offset.

    `table` (N, D); `rows` are the positions p whose curves are drawn over one another.
    """
    table = np.asarray(table)
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(5.0, 5.2), height_ratios=(1.1, 1))
    image = top.imshow(table, cmap="PuOr", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    top.set(xlabel="coordinate (sine and cosine by turns)", ylabel="position p")
    top.grid(visible=False)
    figure.colorbar(image, ax=top, label="value")
    product = table @ table.T
    for row, style, width in zip(rows, ("-", "--", ":"), (4.5, 2.6, 1.6), strict=False):
        offsets = np.arange(len(table)) - row
        colour = {0: GRID, 1: OWN, 2: OTHER}[rows.index(row) % 3]
        bottom.plot(offsets, product[row], ls=style, lw=width, color=colour, label=f"p = {row}")
    bottom.set(xlabel="offset k", ylabel="PE(p) · PE(p + k)")
    bottom.legend(fontsize=10)
    return figure


def letters_by_position(
    curves: Mapping[str, Sequence[Sequence[float]]], ceiling: Sequence[float], titles: Mapping[str, str]
) -> Figure:
    """Accuracy (drawn in per cent) at each letter, one line a seed, for each condition, with a proved ceiling dashed.

    `curves` holds fractions, (S, N) for each condition; `titles` names the conditions, in the order of the panels.
    """
    figure, axes = plt.subplots(2, 2, figsize=(5.2, 4.8), sharex=True, sharey=True)
    x = np.arange(1, len(ceiling) + 1)
    for ax, (name, title) in zip(axes.flat, titles.items(), strict=True):
        for curve in curves[name]:
            ax.plot(x, 100 * np.asarray(curve), color=OWN, lw=1.6, marker="o", ms=3.5)
        ax.plot(x, 100 * np.asarray(ceiling), color=OTHER, ls="--", lw=1.6)
        ax.set_title(title)
        ax.set(ylim=(-3, 106), xticks=x)
    axes[0, 0].annotate("ceiling without\nplaces", (4.2, 42), color=OTHER, fontsize=10, ha="center")
    figure.supxlabel("letter of the answer", fontsize=10)
    figure.supylabel("right, % of the test words", fontsize=10)
    return figure


# ---------------------------------------------------------------------------------------------- norms, schedules, cost


def gradients_by_block(curves: Mapping[tuple[str, int], ArrayLike]) -> Figure:
    """Gradient norm of each block at initialisation, against its place in the stack from 0 (first) to 1 (last).

    Keys are (`pre` or `post`, depth L); values are (S, L), one row a seed: the geometric mean is drawn, all seeds lie
    in the band.
    """
    figure, ax = plt.subplots(figsize=(5.2, 4.4))
    styles = dict(zip(sorted({depth for _, depth in curves}), (":", "--", "-"), strict=False))
    for (norm, depth), values in curves.items():
        values = np.asarray(values)
        place = np.linspace(0, 1, depth)
        colour = OWN if norm == "pre" else OTHER
        mean = np.exp(np.log(values).mean(0))
        ax.plot(place, mean, color=colour, ls=styles[depth], label=f"{norm}-norm, L = {depth}")
        ax.fill_between(place, values.min(0), values.max(0), color=colour, alpha=0.13, lw=0)
    ax.set(yscale="log", xlabel="place in the stack (0 first block, 1 last)", ylabel="gradient norm at initialisation")
    ax.legend(fontsize=10, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return figure


def schedule_figure(schedules: Mapping[str, tuple[ArrayLike, ArrayLike]], warmup: int) -> Figure:
    """Learning rate against step for a few schedules; the end of the warm-up is marked."""
    figure, ax = plt.subplots(figsize=(5.2, 3.3))
    for (name, (steps, rates)), colour, style in zip(
        schedules.items(), (OWN, OTHER, QUIET), ("-", "--", ":"), strict=False
    ):
        ax.plot(steps, 1e4 * np.asarray(rates), color=colour, ls=style, label=name)
    ax.axvline(warmup, color=QUIET, lw=1, ls=(0, (1, 2)))
    ax.annotate(
        f"warm-up ends\nat step {warmup:,}", (warmup, 0.3), xytext=(6, 0), textcoords="offset points", fontsize=10
    )
    ax.set(xlabel="step", ylabel="learning rate × 10 000", ylim=(0, None))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.xaxis.set_major_formatter(lambda value, position: f"{value:,.0f}")
    ax.legend(fontsize=10)
    return figure


def cost_figure(rows: Sequence[Mapping[str, float]], embed_dim: int) -> Figure:
    """MACs of one block, in its linear layers and in its N x N products, against the number of tokens.

    Rows hold `tokens`, `linear`, `mlp` and `quadratic`, all counted. Dotted lines mark N = 4 D and N = 6 D.
    """
    figure, ax = plt.subplots(figsize=(5.2, 4.0))
    tokens = [row["tokens"] for row in rows]
    for key, label, colour, style in (
        ("linear", "all linear layers", INK, "-"),
        ("mlp", "of these, the MLP", QUIET, "--"),
        ("quadratic", "scores and averages, N × N", OTHER, "-"),
    ):
        ax.plot(tokens, [row[key] for row in rows], color=colour, ls=style, marker="o", ms=4, label=label)
    for factor in (4, 6):
        ax.axvline(factor * embed_dim, color=GRID, lw=1.4, zorder=0)
        ax.annotate(f"{factor}D", (factor * embed_dim, rows[0]["quadratic"]), xytext=(3, 0),
                    textcoords="offset points", fontsize=10, color=QUIET)  # fmt: skip
    ax.set(xscale="log", yscale="log", xlabel="tokens N", ylabel="MACs of one block")
    ax.legend(fontsize=10, loc="upper left")
    return figure
