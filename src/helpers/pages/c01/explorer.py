"""Draw test sets: n images from a world in which a classifier is right with probability a, a share q of them leaked.

The page draws its own numbers, by the generator mulberry32, so that this module and the script agree draw by draw.
The formulas are those of `helpers.widgets.intervals`, whose explorer computes; this one draws.
"""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from helpers.plots.style import FAMILY_COLOURS, INK, RC
from helpers.widgets.base import Explorer
from helpers.widgets.intervals import wilson_interval

SIZES = (10, 20, 50, 100, 200, 400, 1000)
FIRST = {"n": 50, "accuracy": 0.80, "leak": 0.0}
SHOWN = 20  # intervals in the picture
RIGHT, WRONG, REMEMBERED = "r", "w", "m"


def mulberry32(seed: int) -> Iterator[float]:
    """Pseudo-random numbers in [0, 1), the same as the script's."""
    state = seed & 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (1 | state)) & 0xFFFFFFFF
        t = ((t + (((t ^ (t >> 7)) * (61 | t)) & 0xFFFFFFFF)) & 0xFFFFFFFF) ^ t
        yield ((t ^ (t >> 14)) & 0xFFFFFFFF) / 4294967296


def draw_test_set(random: Iterator[float], n: int, accuracy: float, leak: float) -> str:
    """One letter an image: remembered from the training, else right or wrong by chance."""
    letters = []
    for _ in range(n):
        leaked, chance = next(random) < leak, next(random)
        letters.append(REMEMBERED if leaked else RIGHT if chance < accuracy else WRONG)
    return "".join(letters)


def told(test_set: str, number: int, held: int, accuracy: float) -> str:
    """What the explorer says of the last of `number` test sets, `held` of whose intervals hold the true accuracy."""
    n, remembered = len(test_set), test_set.count(REMEMBERED)
    right = n - test_set.count(WRONG)
    low, high = wilson_interval(right / n, n)
    by_heart = f" ({remembered} of them remembered)" if remembered else ""
    inside = "inside" if low <= accuracy <= high else "outside"
    return (
        f"Test set {number}: {right} of {n} right{by_heart}, "
        f"{100 * right / n:.1f} % [{100 * low:.1f}, {100 * high:.1f}]. "
        f"The truth, {100 * accuracy:.0f} %, lies {inside}. So far {held} of {number} intervals hold it."
    )


def first_view() -> tuple[str, str]:
    """The first test set, and what is said of it."""
    first = draw_test_set(mulberry32(1), int(FIRST["n"]), FIRST["accuracy"], FIRST["leak"])
    low, high = wilson_interval(1 - first.count(WRONG) / len(first), len(first))
    return first, told(first, 1, int(low <= FIRST["accuracy"] <= high), FIRST["accuracy"])


class DrawExplorer(Explorer):
    """Draw test sets of any size, clean or leaked; each leaves its interval beside the true accuracy."""

    script = "explorer.js"

    def __init__(self) -> None:
        data: dict[str, Any] = {"sizes": list(SIZES), "shown": SHOWN, "seed": 1, **FIRST}
        super().__init__(
            data,
            alt="A test set of 50 squares, blue where a classifier is right and orange where it is wrong, and the "
            f"interval of its accuracy beside a line at the true one. {first_view()[1]}",
        )

    def still(self) -> Figure:
        """The first test set and its interval."""
        first, _ = first_view()
        right = 1 - first.count(WRONG) / len(first)
        low, high = wilson_interval(right, len(first))
        with plt.rc_context(RC):
            figure, (top, bottom) = plt.subplots(2, 1, figsize=(4.6, 3.0), height_ratios=[2, 1])
            for place, letter in enumerate(first):
                colour = FAMILY_COLOURS["cnn" if letter == WRONG else "vit"]
                top.add_patch(Rectangle((place % 10, place // 10), 0.85, 0.85, facecolor=colour))
            top.set(xlim=(0, 10), ylim=(len(first) // 10, 0), aspect="equal")
            top.set_axis_off()
            error = [[100 * (right - low)], [100 * (high - right)]]
            bottom.errorbar([100 * right], [0], xerr=error, fmt="o", color=FAMILY_COLOURS["vit"], capsize=4)
            bottom.axvline(100 * FIRST["accuracy"], color=INK, linestyle="--")
            bottom.set(xlim=(0, 100), ylim=(-1, 1), yticks=[], xlabel="accuracy in %; dashed: the truth")
        return figure
