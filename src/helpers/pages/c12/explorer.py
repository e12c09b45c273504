"""Take the picture away from the networks: where digits lie, whether pixels are shuffled, and how many there are.

Accuracies are those of the page's study, with intervals at 95 % over seeds and test digits.
"""

import base64
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.pages.c12 import bias
from helpers.plots.style import FAMILY_COLOURS, RC
from helpers.widgets.base import Explorer

SHOWN = 3  # digits
WORLDS = {"centred": "centred", "wandering": "anywhere on a larger canvas"}
ORDERS = {"none": "in order", "pixels": "shuffled, all alike"}
COLOURS = {"mlp": "classical", "cnn": "cnn", "vit": "vit", "vit_stem": "deit"}
Point = dict[str, Any]


def points_of(rows: Sequence[Point]) -> list[Point]:
    """What the explorer keeps of the study: the plain networks, shares in percent."""
    return [
        {"network": row["arm"], "world": row["world"], "shuffle": row["shuffle"], "size": row["size"]}
        | {end: round(100 * row[end], 1) for end in ("value", "low", "high")}
        | {"text": f"{100 * row['value']:.0f}"}
        for row in rows
        if row["arm"] in bias.NETWORKS
    ]


def told(points: Sequence[Point], world: str, shuffle: str, size: int) -> str:
    """What the explorer says, in a sentence."""
    own = [p for p in points if (p["world"], p["shuffle"], p["size"]) == (world, shuffle, size)]
    shares = ", ".join(f"{bias.NAMES[p['network']]} {p['text']} %" for p in own)
    digits = "1 digit" if size == 1 else f"{size} digits"
    return f"Digits {WORLDS[world]}, pixels {ORDERS[shuffle]}, {digits} of each class: {shares}"


def pictures() -> list[dict[str, Any]]:
    """Three test digits in each world, as they are and shuffled: `world`, `shuffle`, `side`, grey bytes."""
    found = []
    for world, side in bias.SIDES.items():
        images = bias.digits(world).test_images[:SHOWN]
        for kind in ORDERS:
            grey = ((bias.shuffle(images, kind)[:, 0] + 1) * 127.5).round().byte().numpy()  # (3, S, S)
            packed = base64.b64encode(grey.tobytes()).decode()
            found.append({"world": world, "shuffle": kind, "side": side, "bytes": packed})
    return found


class BiasExplorer(Explorer):
    """Who still names digits when the picture in them is taken away?

    Parameters
    ----------
    rows
        Points of the study: `arm`, `world`, `shuffle`, `size`, `value`, `low`, `high`.
    """

    script = "explorer.js"

    def __init__(self, rows: Sequence[Point]) -> None:
        self.points = points_of(rows)
        data: dict[str, Any] = {"points": self.points, "pictures": pictures(), "names": list(bias.NAMES.items())}
        data |= {"worlds": list(WORLDS.items()), "orders": list(ORDERS.items())}
        data["sizes"] = sorted({p["size"] for p in self.points})
        first = told(self.points, "centred", "none", 10)
        alt = f"Three digits as the networks see them, and a bar for each network's accuracy. {first}."
        super().__init__(data, alt=alt)

    def still(self) -> Figure:
        """Bars of the first view."""
        own = [p for p in self.points if (p["world"], p["shuffle"], p["size"]) == ("centred", "none", 10)]
        with plt.rc_context(RC):
            figure, ax = plt.subplots(figsize=(4.6, 2.6))
            for y, point in enumerate(own):
                ax.barh(y, point["value"], color=FAMILY_COLOURS[COLOURS[point["network"]]])
            ax.set_yticks(np.arange(len(own)), [bias.NAMES[p["network"]] for p in own])
            ax.set(xlim=(0, 100), xlabel="test digits named rightly (%), 10 of each class")
            ax.invert_yaxis()
        return figure
