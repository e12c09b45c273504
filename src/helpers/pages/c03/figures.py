"""Figures of chapter 3: from the secant to gradients that vanish. Blue and orange mark two roles, said in captions."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from helpers.plots.style import FAINT, FAMILY_COLOURS, INK, QUIET, SOFT_BLUE

WIDTH = 3.8  # inches: as wide as a figure beside its text; letters of 10 points stay readable on a phone
BLUE, ORANGE = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
# Colour, dashes, marker of an activation: readable without colour too.
ACTIVATION_STYLES = {
    "relu": (ORANGE, "-", "o"),
    "tanh": (BLUE, "--", "s"),
    "sigmoid": (INK, ":", "^"),
    "identity": (QUIET, "-.", "x"),
}


def secant_figure(x: float, steps: Sequence[float]) -> Figure:
    """The curve t², its secants from x to x + h for each h of `steps`, and the tangent at x."""
    figure, ax = plt.subplots(figsize=(WIDTH, 3.4))
    t = np.linspace(x - 1.6, x + 1.08 * max(steps), 200)
    ax.plot(t, t**2, color=INK, label="$x^2$")
    for i, h in enumerate(sorted(steps, reverse=True)):
        slope = ((x + h) ** 2 - x**2) / h
        alpha = 0.45 + 0.55 * (i + 1) / len(steps)
        ax.plot(t, x**2 + slope * (t - x), color=ORANGE, lw=1.3, alpha=alpha, ls="--")
        ax.plot(x + h, (x + h) ** 2, "o", color=ORANGE, ms=5)
        side = (22, -4) if i == 0 else (8, -14)  # past the ends of the lines, and below them
        ax.annotate(
            f"h = {h:g}: slope {slope:g}",
            (x + h, (x + h) ** 2),
            xytext=side,
            textcoords="offset points",
            color=ORANGE,
            fontsize=10,
        )
    ax.plot(t, x**2 + 2 * x * (t - x), color=BLUE)
    ax.plot(x, x**2, "o", color=BLUE, ms=7, zorder=5)
    ax.annotate(
        f"tangent: slope {2 * x:g}", (x, x**2), xytext=(8, -14), textcoords="offset points", color=BLUE, fontsize=10
    )
    top = (x + max(steps)) ** 2
    ax.set(xlabel="$x$", ylabel="$x^2$", xlim=(t[0], t[-1] + 0.9), ylim=(-4, 1.15 * top))
    return figure


def step_error_figure(steps: ArrayLike, errors: Mapping[str, ArrayLike]) -> Figure:
    """|estimated - true derivative| against the step h, both logarithmic; one line a name of `errors`.

    A name that holds "secant" is orange, any other blue; "float32" is dashed. Errors of exactly 0 are left out."""
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    for name, values in errors.items():
        shown = np.where(np.asarray(values, dtype=float) > 0, values, np.nan)
        colour = ORANGE if "secant" in name else BLUE
        half = "float32" in name
        marker = "s" if half else "o"
        ax.loglog(steps, shown, color=colour, ls="--" if half else "-", lw=1.3, marker=marker, ms=3, label=name)
    ax.invert_xaxis()
    ax.set(xlabel="step $h$, smaller to the right", ylabel="error of the derivative")
    ax.legend(fontsize=10, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)
    return figure


# Node of the worked example: (what it computes, place). Inputs stand above the operation that they enter.
GRAPH_NODES = {
    "x": (0.0, 1.0), "w": (0.0, 0.0), "b": (0.0, -1.0), "a": (1.15, 0.0), "h": (2.3, 0.0), "v": (2.3, 1.0),
    "c": (2.3, -1.0), "z": (3.45, 0.0), "p": (4.6, 0.0), "L": (5.75, 0.0),
}  # fmt: skip
GRAPH_EDGES = (
    ("x", "a"), ("w", "a"), ("b", "a"), ("a", "h"), ("h", "z"), ("v", "z"), ("c", "z"), ("z", "p"), ("p", "L"),
)  # fmt: skip
GRAPH_FORMULAS = {"a": "wx + b", "h": "relu(a)", "z": "vh + c", "p": "σ(z)", "L": "−log p"}


def graph_figure(values: Mapping[str, float], gradients: Mapping[str, float]) -> Figure:
    """The graph of the worked example: values (blue) computed from left to right, gradients (orange) from the right.

    Raises
    ------
    ValueError
        Where a node of the graph has no value.
    """
    missing = sorted(set(GRAPH_NODES) - set(values))
    if missing:
        raise ValueError(f"values: expected one for every node, got none for {', '.join(missing)}")
    figure, ax = plt.subplots(figsize=(4.8, 4.2))
    ax.set_axis_off()
    for start, end in GRAPH_EDGES:
        level = GRAPH_NODES[start][1] == GRAPH_NODES[end][1]
        gaps = (21, 21) if level else (27, 40)  # from the middle of a box to its edge, or to the text beyond it
        arrow = {"arrowstyle": "-|>", "color": QUIET, "shrinkA": gaps[0], "shrinkB": gaps[1], "lw": 1.2}
        ax.annotate("", GRAPH_NODES[end], GRAPH_NODES[start], arrowprops=arrow)
    for name, (x, y) in GRAPH_NODES.items():
        box = FancyBboxPatch((x - 0.34, y - 0.2), 0.68, 0.4, boxstyle="round,pad=0.02,rounding_size=0.1")
        box.set(facecolor="white" if name in GRAPH_FORMULAS else FAINT, edgecolor=INK, linewidth=1.1)
        ax.add_patch(box)
        ax.text(x, y + 0.1, name, ha="center", va="center", fontsize=10, color=INK, weight="bold")
        ax.text(x, y - 0.1, _signed(values[name]), ha="center", va="center", fontsize=10, color=BLUE)
        if name in GRAPH_FORMULAS:
            ax.text(x, y + 0.28, GRAPH_FORMULAS[name], ha="center", va="bottom", fontsize=10, color=INK)
        if name in gradients:
            text = _signed(gradients[name])
            ax.text(x, y - 0.27, text, ha="center", va="top", fontsize=10, color=ORANGE, weight="bold")
    ax.set(xlim=(-0.45, 6.2), ylim=(-1.5, 1.3))
    return figure


def _signed(value: float) -> str:
    return f"{round(value, 3):g}".replace("-", "−")


def xor_figure(points: ArrayLike, labels: ArrayLike, hidden: ArrayLike, weights: ArrayLike, bias: float) -> Figure:
    """The four points of XOR in their plane, and in the plane of two hidden units with the line w · h + bias = 0.

    (4, 2), (4,), (4, 2), (2,) -> Figure."""
    points, labels, hidden, w = (np.asarray(array) for array in (points, labels, hidden, weights))
    figure, (left, right) = plt.subplots(2, 1, figsize=(WIDTH, 4.7))
    for ax, plane, names in ((left, points, ("$x_1$", "$x_2$")), (right, hidden, ("$h_1$", "$h_2$"))):
        for label, colour, marker in ((0, BLUE, "s"), (1, ORANGE, "o")):
            ax.plot(*plane[labels == label].T, marker, color=colour, ms=11, label=f"class {label}")
        ax.set(xlabel=names[0], ylabel=names[1])
    left.set(title="inputs: no line parts them", xlim=(-0.4, 1.6), ylim=(-0.4, 1.6))
    right.set(title="hidden units: one does", xlim=(-0.4, 2.4), ylim=(-0.5, 1.5))
    h1 = np.linspace(-0.4, 2.4, 2)
    right.plot(h1, -(w[0] * h1 + bias) / w[1], color=INK, ls="--", lw=1.3)
    left.set(xticks=[0, 1], yticks=[0, 1])
    right.set(xticks=[0, 1, 2], yticks=[0, 1])
    left.legend(fontsize=10, loc="center")
    return figure


def gradients_by_layer(norms: Mapping[str, ArrayLike]) -> Figure:
    """Norm of each layer's weight gradient, logarithmic: the mean (of logarithms) over seeds and their range.

    Each name leads to (seeds, layers), layer 1, next to the input, first. A name starts with its activation; one that
    goes on after a comma is another start of it, drawn with hollow marks."""
    figure, ax = plt.subplots(figsize=(WIDTH, 3.5))
    for name, table in norms.items():
        table = np.asarray(table, dtype=float)
        colour, dashes, marker = ACTIVATION_STYLES[name.split(",")[0].split()[0]]
        fill = "white" if "," in name else colour
        layers = np.arange(1, table.shape[1] + 1)
        ax.fill_between(layers, table.min(0), table.max(0), color=colour, alpha=0.15, lw=0)
        mean = np.exp(np.log(table).mean(0))
        ax.semilogy(layers, mean, color=colour, ls=dashes, marker=marker, mfc=fill, ms=5, lw=1.4, label=name)
    ax.set(xlabel="layer, 1 = next to the input", ylabel="norm of its weight gradient")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(fontsize=10, loc="lower center", bbox_to_anchor=(0.45, 1.0), ncols=2)
    return figure


def accuracy_by_epoch(
    curves: Mapping[str, ArrayLike], chance: float, zoom: tuple[float, float] | None = None
) -> Figure:
    """Test accuracy after each epoch: mean over seeds, band from the lowest to the highest seed.

    Each activation leads to (seeds, epochs) of fractions; below, if asked for, the same from `zoom`[0] to [1]."""
    rows = 1 if zoom is None else 2
    figure, axes = plt.subplots(rows, 1, figsize=(WIDTH, 0.4 + 1.8 * rows), sharex=True, squeeze=False)
    for ax in axes[:, 0]:
        for name, table in curves.items():
            table = 100 * np.asarray(table, dtype=float)
            colour, dashes, marker = ACTIVATION_STYLES[name]
            epochs = np.arange(1, table.shape[1] + 1)
            ax.fill_between(epochs, table.min(0), table.max(0), color=colour, alpha=0.15, lw=0)
            ax.plot(epochs, table.mean(0), color=colour, ls=dashes, marker=marker, ms=3.5, label=name)
        ax.set(ylabel="test accuracy (%)", ylim=(0, 100))
    top = axes[0, 0]
    top.axhline(100 * chance, color=QUIET, lw=1, ls=(0, (1, 2)))
    top.annotate(
        f"chance {100 * chance:.0f} %", (1, 100 * chance), xytext=(0, 4), textcoords="offset points", fontsize=10
    )
    top.legend(fontsize=10, loc="lower right")
    if zoom is not None:
        axes[1, 0].set_ylim(100 * zoom[0], 100 * zoom[1])
    axes[-1, 0].set_xlabel("epoch")
    axes[-1, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


# --- the loop in PyTorch ----------------------------------------------------------------------------------------------


def loss_by_rate(losses: Mapping[float, ArrayLike], guessing: float, every: int = 20) -> Figure:
    """Training loss against steps, a line a learning rate, each named at its end; means over `every` steps.

    `losses` leads from a rate to the loss of each step; `guessing` is the loss of equal scores."""
    figure, ax = plt.subplots(figsize=(WIDTH, 2.7))
    shades = (QUIET, SOFT_BLUE, BLUE, INK, ORANGE)
    ends: list[tuple[float, float]] = []
    for rate, values in losses.items():
        means = np.asarray(values, dtype=float)
        means = means[: len(means) // every * every].reshape(-1, every).mean(1)
        steps = every * (np.arange(len(means)) + 1)
        ax.plot(steps, means, color=shades[len(ends) % len(shades)], lw=2)
        ends.append((rate, float(means[-1])))
    ax.axhline(guessing, color=QUIET, lw=1, ls="--")
    ax.set(xlabel="step", ylabel="training loss", yscale="log")
    low, high = (np.log(end) for end in ax.get_ylim())
    at = -np.inf
    for rate, end in sorted(ends, key=lambda pair: pair[1]):  # names that would lie on each other stand above
        at = max(np.log(end), at + 0.06 * (high - low))
        ax.annotate(f"η = {rate:g}", (1, np.exp(at)), xycoords=("axes fraction", "data"), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=10, annotation_clip=False)  # fmt: skip
    return figure
