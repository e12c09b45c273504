"""Choose a network, its reader and a map; see the map over the picture and its deletion curve beside that of chance."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers.pages.c16.figures import over
from helpers.plots.style import FAMILY_COLOURS, QUIET, RC
from helpers.widgets.base import Explorer, pack, pack_image

Case = dict[str, Any]


def area(curve: Sequence[float]) -> float:
    """Area under a curve with equal steps from 0 to 1."""
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def case(
    title: str, picture: ArrayLike, chance: Sequence[float], maps: Sequence[tuple[str, Any, Sequence[float]]]
) -> Case:
    """One network and reader on one picture.

    Parameters
    ----------
    title
        What the choice shows.
    picture
        uint8 (S, S, 3), at most 160 px.
    chance
        The curve of a random map, (T,).
    maps
        For each its name, its values in 0..1, (h, w), and its curve, (T,).

    Raises
    ------
    ValueError
        Without a map, or for curves of different lengths.
    """
    if not maps or {len(curve) for _, _, curve in maps} != {len(chance)}:
        raise ValueError(f"{title}: expected maps with curves of {len(chance)} points")
    drawn = [
        {"name": name, "map": pack(values), "curve": [round(float(p), 3) for p in curve]}
        | {"told": f"{title}, {name}: {_compared(area(curve), area(chance))}"}
        for name, values, curve in maps
    ]
    shown = pack_image(picture)
    return {"title": title, "picture": shown, "chance": [round(float(p), 3) for p in chance], "maps": drawn}


def _compared(own: float, lot: float) -> str:
    verdict = (
        "sooner than at random"
        if own < lot - 0.005
        else "later than at random"
        if own > lot + 0.005
        else "as at random"
    )
    return f"area {own:.2f} under its deletion curve, {lot:.2f} at random; the answer goes {verdict}"


def told(one: Case, at: int) -> str:
    """What the explorer says of a map, in a sentence."""
    return str(one["maps"][at]["told"])


class MapExplorer(Explorer):
    """Maps and their deletion curves, case by case.

    Parameters
    ----------
    cases
        As `case` makes them; the first map of the first is shown at the start.
    """

    script = "explorer.js"

    def __init__(self, cases: Sequence[Case], pictures: Sequence[ArrayLike]) -> None:
        self.first, self.picture = cases[0], np.asarray(pictures[0])
        first = told(cases[0], 0)
        super().__init__(
            {"cases": list(cases)}, alt=f"A map over a picture, and beside it the deletion curve. {first}."
        )

    def still(self) -> Figure:
        """The first map and its curve."""
        shown = self.first["maps"][0]
        import base64

        values = np.frombuffer(base64.b64decode(shown["map"]["bytes"]), np.uint8).reshape(shown["map"]["shape"])
        with plt.rc_context(RC):
            figure, axes = plt.subplots(1, 2, figsize=(6.4, 2.9))
            over(axes[0], self.picture, values / 255, shown["name"])
            shares = 100 * np.linspace(0, 1, len(shown["curve"]))
            axes[1].plot(shares, shown["curve"], color=FAMILY_COLOURS["vit"])
            axes[1].plot(shares, self.first["chance"], "--", color=QUIET)
            axes[1].set(xlabel="pixels deleted (%)", ylabel="probability", ylim=(0, 1.03))
        return figure
