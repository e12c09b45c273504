"""The window explorer: an 8 x 8 map, windows, a shift, a mask; choose a token and see whom it may look at."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure

from helpers.layers.windows import cut_windows, may_look
from helpers.plots.style import FAINT, FAMILY_COLOURS, INK, QUIET, RC, SOFT_BLUE
from helpers.widgets.base import Explorer

SIDE, WINDOWS = 8, (4, 2)
FIRST: dict[str, Any] = {"window": 4, "shift": 2, "row": 1, "column": 6, "rolled": False, "mask": True}


def mates(window: int, shift: int, row: int, column: int) -> tuple[list[int], list[int]]:
    """Whom a token shares a window with after the roll, and whom of them it may look at, numbers row * 8 + column.

    Raises
    ------
    ValueError
        For a token outside of the map.
    """
    if not (0 <= row < SIDE and 0 <= column < SIDE):
        raise ValueError(f"token: expected row and column of 0 to {SIDE - 1}, got {row}, {column}")
    places = torch.arange(SIDE * SIDE).view(1, SIDE, SIDE, 1).roll((-shift, -shift), dims=(1, 2))
    windows = cut_windows(places, window)[0, :, :, 0]  # (n, w w), the number of each token
    n, at = (int(found[0]) for found in torch.where(windows == row * SIDE + column))
    allowed = may_look(SIDE, SIDE, window, shift)[n, at]
    return sorted(windows[n].tolist()), sorted(windows[n][allowed].tolist())


def told(window: int, shift: int, row: int, column: int, mask: bool) -> str:
    """What the explorer says, in a sentence; rows and columns are counted from 1."""
    sharing, allowed = mates(window, shift, row, column)
    strangers = len(sharing) - len(allowed)
    text = f"Windows of {window}, shifted by {shift}: row {row + 1}, column {column + 1} shares a window with "
    text += f"{len(sharing)} tokens, itself among them"
    if not strangers:
        return f"{text}; all are its neighbours in the image, and it may look at all"
    if mask:
        return f"{text}; the mask leaves it {len(allowed)} and hides {strangers} from another edge of the image"
    return f"{text}; without a mask it looks at all, and {strangers} come from another edge of the image"


class WindowExplorer(Explorer):
    """Cut an 8 x 8 map into windows, shift them, mask them; the chosen token's view in the image or after the roll."""

    script = "explorer.js"

    def __init__(self) -> None:
        super().__init__(
            {"side": SIDE, "windows": list(WINDOWS), "first": dict(FIRST)},
            alt="A map of 8 by 8 tokens with the borders of the shifted windows, one token chosen, those it may look "
            "at in blue. " + told(FIRST["window"], FIRST["shift"], FIRST["row"], FIRST["column"], True) + ".",
        )

    def still(self) -> Figure:
        """The first view, in the image."""
        sharing, allowed = mates(FIRST["window"], FIRST["shift"], FIRST["row"], FIRST["column"])
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(3.6, 3.6))
            for place in range(SIDE * SIDE):
                row, column = divmod(place, SIDE)
                chosen = (row, column) == (FIRST["row"], FIRST["column"])
                colour = FAINT if place not in sharing else SOFT_BLUE if place in allowed else "white"
                colour = FAMILY_COLOURS["vit"] if chosen else colour
                masked = place in sharing and place not in allowed
                hatch = "////" if masked else None
                ax.add_patch(
                    plt.Rectangle((column, row), 0.94, 0.94, facecolor=colour, edgecolor=QUIET, hatch=hatch, lw=0.5)
                )
            for line in np.arange(FIRST["shift"], SIDE, FIRST["window"]):
                ax.axhline(line - 0.03, color=INK, lw=2)
                ax.axvline(line - 0.03, color=INK, lw=2)
            ax.set(xlim=(-0.1, SIDE), ylim=(SIDE, -0.1), aspect="equal")
            ax.set_axis_off()
        return figure
