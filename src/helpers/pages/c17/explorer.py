"""A square before a face: its size and place, and whom two networks then take the person for.

Scores are those of the page's study; the faces are drawn anew from their numbers.
"""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.data.occluders import square
from helpers.pages.c17.networks import NAMES
from helpers.pages.c17.protocols import TESTING, people_of_test
from helpers.plots.style import RC
from helpers.widgets.base import Explorer, pack_image

RECIPES = {"plain": "plain pictures", "erasing": "pictures with erased parts"}
NEAREST = 3


def told(explored: Mapping[str, Any], recipe: str, state: int) -> str:
    """What the explorer says, in a sentence."""
    side, top, left = explored["states"][state]
    where = "Nothing is hidden" if side == 0 else f"A square of {side} pixels, {top} from the top, {left} from the left"
    parts = []
    for row in explored["rows"]:
        if row["recipe"] == recipe:
            place, own = row["place"][state], f"{row['own'][state]:.2f}"
            parts.append(f"{NAMES[row['network']]}: {'right' if place == 1 else f'place {place}'}, score {own}")
    return f"{where}. {'; '.join(parts)}"


class SquareExplorer(Explorer):
    """Move a square over a face.

    Parameters
    ----------
    explored
        Of the study: `person`, `states` (side, top, left), `rows` with `network`, `recipe`, `nearest`, `own`, `place`.
    """

    script = "explorer.js"

    def __init__(self, explored: Mapping[str, Any]) -> None:
        test = people_of_test(36)
        first = np.arange(0, len(test.people), TESTING[1])
        self.explored, self.probe = explored, test.clean[first[explored["person"]] + 1]
        seen = sorted({person for row in explored["rows"] for person, _ in row["nearest"]})
        data: dict[str, Any] = {"person": explored["person"], "states": explored["states"], "rows": explored["rows"]}
        data |= {"names": list(NAMES.items()), "recipes": list(RECIPES.items()), "side": test.side}
        data |= {
            "probe": pack_image(self.probe)["src"],
            "seen": seen,
            "faces": [pack_image(test.clean[first[p]])["src"] for p in seen],
        }
        data["count"] = NEAREST
        alt = f"A drawn face with a square before it and the three nearest people. {told(explored, 'plain', 0)}."
        super().__init__(data, alt=alt)

    def still(self) -> Figure:
        """The probe, clean and with a square of the largest size in the middle."""
        side, top, left = self.explored["states"][-13]  # the middle of the 5 x 5 places of the last size
        with plt.rc_context(RC):
            figure, axes = plt.subplots(1, 2, figsize=(4.0, 2.1))
            for ax, picture in zip(axes, (self.probe, square(self.probe[None], side, top, left)[0]), strict=True):
                ax.imshow(picture)
                ax.set_axis_off()
        return figure
