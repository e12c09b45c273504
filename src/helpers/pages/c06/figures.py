"""Figures of chapter 6: blocks drawn by their channels, twenty years on one line, gradients, losses, depth, speed."""

from collections.abc import Mapping, Sequence
from itertools import cycle, pairwise
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Bbox

from helpers.pages.c06.blocks import Block, Step
from helpers.plots.style import DIM, FAMILY_COLOURS, INK, QUIET, check_some

WIDTH = 4.6  # inches: as wide as a figure beside its text; letters of 10 points stay readable on a phone
ORANGE, BLUE = FAMILY_COLOURS["cnn"], FAMILY_COLOURS["vit"]

# ------------------------------------------------------------------------------------------------- blocks, in points

BOX, GAP, FONT = 27.0, 20.0, 10.0
WIDEST, FORKED, APART = 120.0, 66.0, 9.0  # widths of a chain and of one of several branches; between branches
BESIDE = 22.0  # for the line around them
AROUND = [Path.MOVETO, *(2 * [Path.LINETO, Path.CURVE3, Path.CURVE3]), Path.LINETO]


def drawn(blocks: Sequence[Block]) -> Figure:
    """One to three blocks side by side: every layer a box as wide as its channels, which are written on the lines.

    Orange: a layer that looks around itself, in strips where each channel is on its own; blue: 1 x 1; grey: pooling.
    """
    check_some(blocks, "block")
    if len(blocks) > 3:
        raise ValueError(f"expected one to three blocks, got {len(blocks)}")
    fixed = [2 * (BESIDE if b.adds_input else APART) + APART * (len(b.branches) - 1) for b in blocks]
    room = 72 * (WIDTH if len(blocks) < 3 else 5.4) - APART - sum(fixed)
    forked = [len(b.branches) if len(b.branches) > 1 else 0 for b in blocks]
    chain = min(WIDEST, max(WIDEST / 2, (room - FORKED * sum(forked)) / max(1, forked.count(0))))  # shrinks first
    branch = min(FORKED, (room - chain * forked.count(0)) / max(1, sum(forked)))
    columns = [f + (n * branch or chain) for f, n in zip(fixed, forked, strict=True)]
    titles = [fill(b.network, int(width / 7), break_long_words=False) for b, width in zip(blocks, columns, strict=True)]
    head = 17 + 13 * max(title.count("\n") + 1 for title in titles)
    figure, ax = _canvas(sum(columns) + APART, head + 4 + max(_height(block, BOX, GAP) for block in blocks))
    middles = APART / 2 + np.cumsum(columns) - np.array(columns) / 2
    for block, title, middle, several in zip(blocks, titles, middles, forked, strict=True):
        ax.text(middle, -head + 16, title, ha="center", va="bottom", fontsize=10.5, weight="bold", linespacing=1.05)
        ax.text(middle, -head + 3, str(block.year), ha="center", va="bottom", fontsize=FONT, color=QUIET)
        _draw(ax, block, middle, -head, branch if several else chain, BOX, GAP)
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Axes whose unit is a point, x to the right, y upwards from the upper edge."""
    figure, ax = plt.subplots(figsize=(width / 72, height / 72), layout="constrained")
    figure.set_layout_engine("constrained", w_pad=0, h_pad=0)
    ax.set(xlim=(0, width), ylim=(-height, 0))
    ax.set_axis_off()
    return figure, ax


def _height(block: Block, box: float, gap: float) -> float:
    joins = block.adds_input + (len(block.branches) > 1)
    return 1.3 * gap + max(map(len, block.branches)) * (box + gap) + (0, 0.9 * gap, 1.4 * gap)[joins]


def _draw(ax: Axes, block: Block, x: float, top: float, widest: float, box: float, gap: float) -> None:
    """A block around `x`, below `top`; `widest` points for its most channels. Boxes too flat for letters get none."""
    words = box > FONT
    most = max(c for branch in block.branches for step in branch for c in (step.channels_in, step.channels_out))
    count = len(block.branches)
    xs = x + (widest + APART * box / BOX) * (np.arange(count) - (count - 1) / 2)
    first = top - 1.3 * gap  # upper edge of the first boxes
    end = first - max(map(len, block.branches)) * (box + gap)
    line: dict[str, Any] = {"color": INK, "lw": 1.3 if words else 0.8, "zorder": 1, "solid_capstyle": "round"}
    ax.plot([x, x], [top, first if count == 1 else first + 0.4 * gap], **line)
    labels = [(x, top - 0.32 * gap, block.branches[0][0].channels_in)]
    for y in (first + 0.4 * gap, end)[: count - 1]:
        ax.plot(xs[[0, -1]], [y, y], **line)
    for at, branch in zip(xs, block.branches, strict=True):
        ax.plot([at, at], [first + (0.4 * gap if count > 1 else 0), end], **line)
        for k, step in enumerate(branch):
            y = first - k * (box + gap)
            _layer(ax, step, at, y, widest / most, box, words and (1 if count > 1 else -1))
            labels.append((at, y - box - 0.45 * gap, step.channels_out))
    joined = end - (0.5 * gap if block.adds_input and count > 1 else 0)
    if block.adds_input:
        ring, right = 0.33 * gap, x + abs(xs[-1] - x) + widest / 2 + 0.45 * gap
        y0, y1, inner, bend = top - 0.75 * gap, joined, right - 0.5 * gap, 0.5 * gap
        corners = (x, y0), (inner, y0), (right, y0), (right, y0 - bend), (right, y1 + bend), (right, y1), (inner, y1)
        path = Path([*corners, (x + ring, y1)], AROUND)
        ax.add_patch(PathPatch(path, fill=False, edgecolor=INK, lw=1.4 * line["lw"], zorder=2))
        ax.add_patch(Circle((x, joined), ring, facecolor="white", edgecolor=INK, lw=line["lw"], zorder=3))
        ax.plot(x, joined, "+", color=INK, ms=1.15 * ring, mew=line["lw"], zorder=4)
    if count > 1 or block.adds_input:
        ax.plot([x, x], [end, joined - 0.9 * gap], **line)  # out
        labels.append((x, joined - 0.62 * gap, sum(branch[-1].channels_out for branch in block.branches)))
    for at, y, channels in labels if words else ():
        ax.text(at + 4, y, str(channels), va="center", fontsize=9.5, color=QUIET, zorder=5)


def _layer(ax: Axes, step: Step, x: float, y: float, scale: float, box: float, side: int) -> None:
    """A box from its channels in, above, to its channels out; its name in it, else at `side` of it (0: no name)."""
    above, below = (max(scale * channels, 1.5) for channels in (step.channels_in, step.channels_out))
    colour = ORANGE if step.kernel > 1 else BLUE if step.kernel else QUIET
    shape = [(x - above / 2, y), (x + above / 2, y), (x + below / 2, y - box), (x - below / 2, y - box)]
    ax.add_patch(Polygon(shape, closed=True, facecolor="white", edgecolor="white", lw=0.5, zorder=2))  # over the line
    if step.depthwise:
        strips = max(2, round(above / (0.26 * box)))
        for k in range(strips):
            corner = (x - above / 2 + (k + 0.12) * above / strips, y - box)
            ax.add_patch(Rectangle(corner, 0.76 * above / strips, box, facecolor=colour, alpha=0.45, lw=0, zorder=3))
    else:
        ax.add_patch(Polygon(shape, closed=True, facecolor=colour, alpha=0.36, lw=0, zorder=3))
        ax.add_patch(Polygon(shape, closed=True, fill=False, edgecolor=colour, lw=1.2 if side else 0.7, zorder=3))
    if not side:
        return
    name = f"{step.kernel} × {step.kernel}{' depthwise' if step.depthwise else ''}" if step.kernel else "pooling"
    room = (above + below) / 2 + (4 if above != below else -2)
    if _wide(name) > room and step.depthwise:
        name = name.replace(" depthwise", "\ndepthwise")
    inside = max(map(_wide, name.split("\n"))) <= room
    at = x if inside else x + side * (max(above, below) / 2 + 4)
    align = "center" if inside else "left" if side > 0 else "right"
    ax.text(at, y - box / 2, name, ha=align, va="center", fontsize=FONT, color=INK, linespacing=1.0, zorder=5)


def _wide(text: str) -> float:
    return TextPath((0, 0), text, size=FONT).get_extents().width


# ---------------------------------------------------------------------------------------------- twenty years, downwards

ROW, LARGEST, LINE, TEXT, ICON, DISC = 60.0, 21.0, 38.0, 52.0, 222.0, 291.0  # a row, largest radius, where parts stand


def timeline(rows: Sequence[tuple[int, str, str, float | None, Block | None]]) -> Figure:
    """Networks down a line of years: name and idea, a miniature of the block, parameters as the area of a disc.

    Rows are evenly apart; where more than three years pass between two, the line is dotted and says how many. They
    hold year, name, idea (at most six words), millions of parameters or None, and a block or None, in order of years.
    """
    check_some(rows, "row")
    years = [row[0] for row in rows]
    if years != sorted(years):
        raise ValueError(f"expected years in their order, got {years}")
    leaps = [0, *(0.5 * ROW * (later - year > 3) for year, later in pairwise(years))]
    ys = -22 - ROW * (0.5 + np.arange(len(rows))) - np.cumsum(leaps)
    figure, ax = _canvas(72 * WIDTH, -ys[-1] + ROW / 2 + 4)
    for x, head in ((ICON, "block"), (DISC, "parameters")):
        ax.text(x, -8, head, ha="center", va="center", fontsize=9.5, color=QUIET)
    for k, ((year, name, idea, millions, block), y) in enumerate(zip(rows, ys, strict=True)):
        if k:
            ax.plot([LINE] * 2, [ys[k - 1], y], color=DIM, lw=3, ls=(0, (0.01, 2)) if leaps[k] else "-", zorder=1,
                    dash_capstyle="round")  # fmt: skip
        if leaps[k]:
            ax.text(TEXT, (ys[k - 1] + y) / 2, f"{year - years[k - 1]} years", va="center", fontsize=9.5, color=QUIET)
        ax.add_patch(Circle((LINE, y), 4.5, facecolor=ORANGE, edgecolor="white", lw=1.5, zorder=3))
        if not k or year != years[k - 1]:
            ax.text(LINE - 8, y, str(year), ha="right", va="center", fontsize=10, weight="bold", color=INK)
        words = fill(idea, 24)
        middle = y + 6 * words.count("\n") + 2
        ax.text(TEXT, middle, name, va="bottom", fontsize=10.5, weight="bold", color=INK)
        ax.text(TEXT, middle - 2, words, va="top", fontsize=9.5, color=QUIET, linespacing=1.1)
        if block is not None:
            size = min(1.0, (ROW - 8) / _height(block, 9, 6))
            _draw(ax, block, ICON, y + size * _height(block, 9, 6) / 2, 44 * size / len(block.branches) ** 0.75,
                  9 * size, 6 * size)  # fmt: skip
        if millions is None:
            continue
        radius = LARGEST * (millions / max(row[3] or 0 for row in rows)) ** 0.5
        ax.add_patch(Circle((DISC, y + 6), radius, facecolor=ORANGE, alpha=0.45, lw=0))
        ax.text(DISC, y + 4 - max(radius, 3), f"{millions:.2g} M" if millions < 10 else f"{millions:.0f} M",
                ha="center", va="top", fontsize=9.5, color=INK)  # fmt: skip
    return figure


COLOURS = (ORANGE, BLUE, FAMILY_COLOURS["deit"], FAMILY_COLOURS["cait"], INK, QUIET)
DASHES = ("-", "--", "-", "-.", "-", "--", ":")


def gradients_by_layer(rows: Mapping[str, Sequence[float]]) -> Figure:
    """Norm of the gradient of each layer's weights, first layer to last, on a logarithmic axis: a line a network."""
    if any(norm <= 0 for norms in rows.values() for norm in norms):
        raise ValueError("expected norms above 0: a logarithmic axis has no place for others")
    lines = {name: (np.linspace(0, 1, len(norms)), norms) for name, norms in rows.items()}
    figure, ax = _named(lines, ms=3, yscale="log", ylabel="norm of the gradient")
    ax.set_xticks((0, 1), ("first layer", "last layer"))
    return figure


def curves(curves: Mapping[str, Sequence[float]], level: float, window: int = 25) -> Figure:
    """Training loss against steps, each value the mean of `window` steps around it; dotted: the loss of guessing."""
    if short := [name for name, losses in curves.items() if len(losses) < window]:
        raise ValueError(f"expected at least {window} steps, got fewer of {', '.join(short)}")
    means = {name: np.convolve(losses, np.full(window, 1 / window), "valid") for name, losses in curves.items()}
    lines = {name: (np.arange(len(mean)) + (window + 1) / 2, mean) for name, mean in means.items()}
    return _named(lines, level=level, xlabel="step", ylabel="training loss")[0]


def depth_chart(rows: Mapping[str, Mapping[int, float]], label: str = "training loss at the end") -> Figure:
    """What a network of each depth ends with, a line a kind; depths double from tick to tick."""
    lines = {name: (sorted(row), [row[depth] for depth in sorted(row)]) for name, row in rows.items()}
    figure, ax = _named(lines, ms=6, xscale="log", xlabel="layers", ylabel=label)
    depths = sorted({depth for row in rows.values() for depth in row})
    ax.set_xticks(depths, [str(depth) for depth in depths])
    ax.minorticks_off()
    return figure


def _named(lines: Mapping[str, Any], level: float | None = None, ms: float = 0, **axes: Any) -> tuple[Figure, Axes]:
    """Lines in the order of `COLOURS`, with their names at their ends, pushed apart; each of x and y."""
    check_some(lines, "line")
    figure, ax = plt.subplots(figsize=(WIDTH, 3.2))
    ax.set(**axes)
    last = max(np.max(x) for x, _ in lines.values())
    ends = [] if level is None else [(last, level, "guessing", QUIET)]
    if level is not None:
        ax.axhline(level, color=QUIET, lw=1.2, ls=(0, (1, 3)))
    for (name, (x, y)), colour, dashes in zip(lines.items(), cycle(COLOURS), cycle(DASHES), strict=False):
        ax.plot(x, y, color=colour, ls=dashes, marker="o", ms=ms, clip_on=False)
        ends.append((x[-1], y[-1], name, colour))
    ax.set_xlim(None, last)
    figure.draw_without_rendering()
    heights = [float(ax.transAxes.inverted().transform(ax.transData.transform(end[:2]))[1]) for end in ends]
    order, gap = np.argsort(heights, kind="stable"), 13 / (72 * ax.get_position().height * figure.get_figheight())
    spread = np.array(heights)[order] - gap * np.arange(len(ends))  # to be made not to fall: then names are gaps apart
    places = np.minimum(np.maximum.accumulate(spread), 1 - gap * (len(ends) - 1)) + gap * np.arange(len(ends))
    for k, place in zip(order, places, strict=True):
        ax.plot([1, 1.025], [heights[k], place], transform=ax.transAxes, color=ends[k][3], lw=0.8, clip_on=False)
        ax.text(1.035, place, ends[k][2], transform=ax.transAxes, va="center", color=ends[k][3])
    return figure, ax


SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
PLACES = [(far * dx, far * dy) for far in (9, 18, 27, 36, 50) for dx, dy in SIDES]  # of a name from its mark, points


def speeds(rows: Sequence[Any]) -> Figure:
    """Milliseconds of a training image against its MACs, logarithmic; dashed: equal speed, through the median.

    Rows have `name`, `macs` and `ms`. A name stands at the nearest place that covers no mark, no name, no dashes.
    """
    check_some(rows, "row")
    macs, ms = np.array([(row.macs / 1e6, row.ms) for row in rows]).T
    figure, ax = plt.subplots(figsize=(WIDTH, 3.8))
    ends = np.array([macs.min() / 3, macs.max() * 3])
    ax.set(xscale="log", yscale="log", xlabel="million MACs of a training image", ylabel="ms a training image")
    ax.set(xlim=ends, ylim=(ms.min() / 2.5, ms.max() * 2.5))
    ax.plot(ends, ends * np.median(ms / macs), color=QUIET, lw=1, ls=(0, (4, 3)))
    ax.plot(macs, ms, "o", color=ORANGE, ms=6, zorder=3)
    figure.draw_without_rendering()  # now the axes know where data lie
    dashed, unit = np.geomspace(ends[0], ends[1], 120), figure.dpi / 72
    points = np.vstack([np.c_[macs, ms], np.c_[dashed, dashed * np.median(ms / macs)]])
    taken = [_spot(x, y, 5) for x, y in ax.transData.transform(points)]
    for k, (row, at) in enumerate(zip(rows, points, strict=False)):
        (x, y), others = ax.transData.transform(at), taken[:k] + taken[k + 1 :]
        width = (_wide(row.name) + 4) * unit
        lows = [(x + dx * unit - width * (dx < 0 if dx else 0.5), y + (dy - 6) * unit) for dx, dy in PLACES]
        boxes = [Bbox.from_bounds(*low, width, 12 * unit) for low in lows]
        ways = [[_spot(x + t * dx * unit, y + t * dy * unit, 1) for t in np.linspace(0.1, 1, 15)] for dx, dy in PLACES]
        inside = [i for i, box in enumerate(boxes) if ax.bbox.count_contains(box.corners()) == 4]
        clear = [i for i in inside if not boxes[i].count_overlaps(others)]
        free = [i for i in clear if i < 8 or not any(spot.count_overlaps(others) for spot in ways[i])] or clear
        best = free[0] if free else 0
        taken += [boxes[best], *(ways[best] if best > 7 else ())]
        arrow = {"arrowstyle": "-", "color": QUIET, "lw": 0.7} if best > 7 else None
        align = "center" if not PLACES[best][0] else "left" if PLACES[best][0] > 0 else "right"
        ax.annotate(row.name, at, PLACES[best], textcoords="offset points", va="center", ha=align, arrowprops=arrow)
    return figure


def _spot(x: float, y: float, half: float) -> Bbox:
    return Bbox.from_bounds(x - half, y - half, 2 * half, 2 * half)


def accuracy_table_figure(rows: Sequence[Any]) -> Figure:
    """Test accuracy with its 95 % interval, a row a method under its name, oldest on top, its year at the left.

    Rows have `name`, `year`, `family` (of `FAMILY_COLOURS`), `value`, `low` and `high`, in fractions.
    """
    check_some(rows, "row")
    if strange := {row.family for row in rows} - set(FAMILY_COLOURS):
        raise ValueError(f"family: expected one of {', '.join(FAMILY_COLOURS)}; got {', '.join(sorted(strange))}")
    rows = sorted(rows, key=lambda row: row.year)
    figure, ax = plt.subplots(figsize=(WIDTH, 0.42 * len(rows) + 0.7))
    for y, row in enumerate(rows):
        colour = FAMILY_COLOURS[row.family]
        ax.plot([100 * row.low, 100 * row.high], [y, y], color=colour, lw=6, alpha=0.3, solid_capstyle="round")
        ax.plot(100 * row.value, y, "o", color=colour, ms=7)
        ax.annotate(f"{100 * row.value:.1f}", (100 * row.high, y), (7, 0), textcoords="offset points", va="center")
        ax.text(0.01, y - 0.36, row.name, transform=ax.get_yaxis_transform(), va="center", color=colour, weight="bold")
    ax.set_yticks(range(len(rows)), [str(row.year) for row in rows])
    ax.set(ylim=(len(rows) - 0.5, -0.7), xlabel="test accuracy (%), with its 95 % interval")
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.12)
    return figure
