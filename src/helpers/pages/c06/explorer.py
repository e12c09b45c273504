"""A block to choose: its layers as wide as they have channels, the price of each, and the sums of all blocks."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from helpers.pages.c06.blocks import BLOCKS, Block, Step, block
from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, RC
from helpers.widgets.base import Explorer

CHANNELS = (16, 32, 64, 96, 128, 192, 256, 384, 512, 768)
SIDES = (7, 14, 28, 56)
UNITS = ((10**9, "G"), (10**6, "M"), (10**3, "k"))


def short(number: int) -> str:
    """Three digits and a unit: 13647872 -> "13.6 M"; below a thousand, the number."""
    for unit, sign in UNITS:
        if number >= 0.9995 * unit:
            value = Decimal(number) / unit
            places = 2 - value.adjusted()
            rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
            if rounded.adjusted() > value.adjusted():  # 9.996 is 10.0
                rounded = value.quantize(Decimal(1).scaleb(1 - places), ROUND_HALF_UP)
            return f"{rounded:f} {sign}"
    return str(number)


def times_plain(weights: int, channels: int) -> str:
    """How many times the weights of one 3 x 3 convolution of the same channels, with two digits: "0.12 ×"."""
    ratio = Decimal(weights / block("plain", channels).weights)
    return f"{ratio.quantize(Decimal('0.01'), ROUND_HALF_UP)} ×"


def kind(step: Step) -> str:
    """What a layer is: "3 × 3", "3 × 3 depthwise" or "pooling"."""
    if step.kernel == 0:
        return "pooling"
    return f"{step.kernel} × {step.kernel}" + (" depthwise" if step.depthwise else "")


def flow(step: Step) -> str:
    """Its channels: "256 → 64", or their number where each is on its own."""
    return str(step.channels_in) if step.depthwise else f"{step.channels_in} → {step.channels_out}"


def told(name: str, channels: int, side: int) -> str:
    """What the explorer says of a block, in a sentence."""
    found = block(name, channels)
    branches = [
        ", then ".join(kind(step) + (f", {flow(step)} channels" if step.kernel else "") for step in branch)
        for branch in found.branches
    ]
    text = f"{found.name[0].upper()}{found.name[1:]} ({found.network}, {found.year}) with {channels} channels on a map "
    text += f"of {side} × {side}" + (f", {len(branches)} branches side by side: " if len(branches) > 1 else ": ")
    text += "; ".join(branches) + ("; the input is added" if found.adds_input else "")
    text += (
        f"; {found.weights:,} weights, {found.macs(side):,} MACs, {times_plain(found.weights, channels)} a plain 3 × 3."
    )
    return text


class BlockExplorer(Explorer):
    """Choose a block, its channels and the side of its map; see it drawn and priced, beside the weights of all blocks.

    Parameters
    ----------
    name
        The block it opens on, of `BLOCKS`.
    channels
        A multiple of 16 up to 768; joins the choices `CHANNELS`.
    side
        Of the map: one of `SIDES`.

    Raises
    ------
    ValueError
        For another name, number of channels, or side.
    """

    script = "explorer.js"

    def __init__(self, name: str = "bottleneck", channels: int = 256, side: int = 14) -> None:
        self.name, self.channels, self.side = name, channels, side
        block(name, channels)
        if channels > CHANNELS[-1]:
            raise ValueError(f"channels: expected at most {CHANNELS[-1]}, got {channels}")
        if side not in SIDES:
            raise ValueError(f"side: expected one of {', '.join(map(str, SIDES))}; got {side}")
        data: dict[str, Any] = {
            "blocks": [_as_data(key) for key in BLOCKS],
            "channels": sorted({*CHANNELS, channels}),
            "sides": list(SIDES),
            "first": {"name": name, "channels": channels, "side": side},
        }
        alt = f"A block drawn layer by layer, each as wide as it has channels. {told(name, channels, side)} "
        super().__init__(data, alt=f"{alt}Bars beside it: the weights of {len(BLOCKS)} blocks at {channels} channels.")

    def still(self) -> Figure:
        """The block it opens on, and the weights of all blocks at its channels."""
        found = block(self.name, self.channels)
        with plt.rc_context(RC):
            figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.2), width_ratios=(4, 5))
            _draw_block(left, found, self.side)
            _draw_bars(right, self.name, self.channels)
        return figure


def _as_data(name: str) -> dict[str, Any]:
    """A block for the script; its widths in sixteenths of the channels, which are those of the block of 16 channels."""
    found = block(name, 16)
    return {
        "key": name,
        "name": found.name,
        "network": found.network,
        "year": found.year,
        "adds_input": found.adds_input,
        "branches": [
            [[step.kernel, step.channels_in, step.channels_out, step.depthwise] for step in branch]
            for branch in found.branches
        ],
    }


def _draw_block(ax: Axes, found: Block, side: int) -> None:
    widest = max(max(step.channels_in, step.channels_out) for branch in found.branches for step in branch)
    columns = len(found.branches)
    for column, branch in enumerate(found.branches):
        for row, step in enumerate(branch):
            above, below = (0.45 * width / widest for width in (step.channels_in, step.channels_out))
            corners: list[tuple[float, float]] = [(column - above, row), (column + above, row)]
            corners += [(column + below, row + 0.45), (column - below, row + 0.45)]
            face = FAMILY_COLOURS["cnn"] if step.kernel else "none"
            ax.add_patch(Polygon(corners, facecolor=face, edgecolor=FAMILY_COLOURS["cnn"], alpha=0.6))
            lines = [kind(step), flow(step)] if columns > 1 else [f"{kind(step)}, {flow(step)}"]
            lines += [f"{step.weights:,}", short(step.weights * side**2)]
            if columns == 1:
                lines[-2:] = [f"{lines[-2]} weights, {lines[-1]} MACs"]
            ax.text(
                column, row + 0.5, "\n".join(lines), ha="center", va="top", fontsize=8 if columns > 1 else 9, color=INK
            )
    deepest = max(len(branch) for branch in found.branches)
    if found.adds_input:
        ax.text(0, deepest + 0.1, "+ the input", ha="center", va="top", color=FAMILY_COLOURS["vit"])
    ax.set(
        xlim=(-0.55, columns - 0.45), ylim=(deepest + 0.4, -0.1), title=f"{found.name} ({found.network}, {found.year})"
    )
    ax.axis("off")


def _draw_bars(ax: Axes, chosen: str, channels: int) -> None:
    found = [block(name, channels) for name in BLOCKS]
    colours = [FAMILY_COLOURS["cnn"] if name == chosen else QUIET for name in BLOCKS]
    weights = [one.weights for one in found]
    bars = ax.barh(range(len(found)), weights, color=colours)
    ax.bar_label(bars, [times_plain(one, channels) for one in weights], padding=3, fontsize=9)
    ax.set_yticks(range(len(found)), [one.name for one in found])
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.15 * max(weights)), title=f"weights at {channels} channels", xlabel="weights")
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: short(int(value)))
