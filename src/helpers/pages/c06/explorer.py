"""The block explorer: choose a block, its channels and the side of its map; weights, MACs and their ratio, live."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.pages.c06.bricks import NAMES, brick, told
from helpers.pages.c06.figures import draw_block
from helpers.plots.style import RC
from helpers.widgets.base import Explorer

SIDES = (7, 14, 28, 56)
FIRST = ("bottleneck", 256, 14)


def packed(name: str) -> list[Any]:
    """A block for the script: its name, whether it is residual, and its convolutions, channels in sixteenths of C."""
    block = brick(name, 16)
    convs = [[conv.kernel, conv.inputs, conv.outputs, int(conv.depthwise), conv.branch] for conv in block.convs]
    return [name, int(block.residual), convs]


class BlockExplorer(Explorer):
    """A block of `helpers.pages.c06.bricks`, drawn and counted."""

    script = "explorer.js"

    def __init__(self) -> None:
        data = {"blocks": [packed(name) for name in NAMES], "sides": list(SIDES), "first": list(FIRST)}
        super().__init__(data, alt=f"A block, drawn from below up. {told(*FIRST)}.")

    def still(self) -> Figure:
        """The first block and its numbers."""
        name, channels, side = FIRST
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 3.6))
            draw_block(ax, brick(name, channels))
            ax.set(xlim=(-2.6, 2.6), ylim=(-1.1, 3.6))
            ax.set_axis_off()
            text = told(name, channels, side)
            ax.set_title(text.replace("; ", ";\n").replace("places: ", "places:\n"), fontsize=9.5, loc="center")
        return figure
