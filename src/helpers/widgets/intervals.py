r"""How much of an accuracy is chance, and how much is a leak.

An accuracy a on n test images has the 95 % interval of Wilson (JASA 22, 1927), about
$a\pm1.96\sqrt{a(1-a)/n}$. The difference of two models tested on *different* images (independent) has that of Newcombe
(Statistics in Medicine 17, 1998, 873-890, method 10), which joins two of Wilson's. If a share q of the test images was
memorised, a model of accuracy a reports $q+(1-q)a$. None of this covers other training runs.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, RC
from helpers.widgets.base import Explorer

Z = 1.959963984540054  # 95 % of a normal distribution lie within so many standard deviations
GAP, LEAK = 0.01, 0.30  # of the first view


def wilson_interval(accuracy: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval (low, high) of an accuracy on n test images; `helpers.measure.accuracy` gives the same.

    Raises
    ------
    ValueError
        If the accuracy lies outside [0, 1] or n is not a positive integer.
    """
    _check(n, accuracy)
    centre = (accuracy + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * (accuracy * (1 - accuracy) / n + Z**2 / (4 * n**2)) ** 0.5 / (1 + Z**2 / n)
    return (0.0 if accuracy == 0 else max(0.0, centre - half)), (1.0 if accuracy == 1 else min(1.0, centre + half))


def half_width(accuracy: float, n: int) -> float:
    """Half of the simple interval, 1.96 √(a (1 - a) / n); too small where few answers are right, or few wrong.

    Raises
    ------
    ValueError
        As `wilson_interval`.
    """
    _check(n, accuracy)
    return Z * (accuracy * (1 - accuracy) / n) ** 0.5


def difference_interval(a: float, b: float, n: int) -> tuple[float, float]:
    """Newcombe's 95 % interval (low, high) of a - b, two accuracies on n images each, not the same ones.

    Raises
    ------
    ValueError
        As `wilson_interval`.
    """
    (low_a, high_a), (low_b, high_b) = wilson_interval(a, n), wilson_interval(b, n)
    return a - b - float(np.hypot(a - low_a, high_b - b)), a - b + float(np.hypot(high_a - a, b - low_b))


def reported_accuracy(accuracy: float, leak: float) -> float:
    """What a model of this accuracy reports when a share `leak` of the test images was memorised: q + (1 - q) a.

    Raises
    ------
    ValueError
        If one of the two lies outside [0, 1].
    """
    for name, share in (("accuracy", accuracy), ("leak", leak)):
        _check_share(name, share)
    return leak + (1 - leak) * accuracy


class IntervalExplorer(Explorer):
    """Sliders for n, the accuracy, the gap to a second model and the leaked share; intervals on an accuracy axis.

    Parameters
    ----------
    n
        Test images of the first view.
    accuracy
        Accuracy of the first view, a fraction.

    Raises
    ------
    ValueError
        If n is not an integer from 1 to 10 million or the accuracy lies outside [0, 1].
    """

    script = "intervals.js"

    def __init__(self, n: int = 8580, accuracy: float = 0.8243) -> None:
        _check(n, accuracy)
        if n > 10_000_000:
            raise ValueError(f"n: expected at most 10000000 test images, got {n}")
        self.n, self.accuracy = int(n), float(accuracy)
        data: dict[str, Any] = {"n": self.n, "accuracy": self.accuracy, "gap": GAP, "leak": LEAK}
        low, high = wilson_interval(self.accuracy, self.n)
        super().__init__(
            data,
            alt=f"An accuracy of {100 * self.accuracy:.1f} % on {self.n} test images with its interval from "
            f"{100 * low:.1f} to {100 * high:.1f} %, a second model {100 * GAP:g} point lower, and what the first "
            f"reports, {100 * reported_accuracy(self.accuracy, LEAK):.1f} %, if {100 * LEAK:g} % of the test set was "
            f"memorised. Below, the interval of the difference of the two models.",
        )

    def still(self) -> Figure:
        """Three intervals on one accuracy axis, and the interval of the difference below."""
        second = max(0.0, self.accuracy - GAP)
        leaky = reported_accuracy(self.accuracy, LEAK)
        rows = [
            (f"{100 * LEAK:g} % memorised", leaky, FAMILY_COLOURS["vit"], "white"),
            ("second model", second, FAMILY_COLOURS["cnn"], FAMILY_COLOURS["cnn"]),
            ("this model", self.accuracy, FAMILY_COLOURS["vit"], FAMILY_COLOURS["vit"]),
        ]
        with plt.rc_context(RC):
            figure, (top, bottom) = plt.subplots(2, 1, figsize=(7, 3.6), height_ratios=[3, 1])
            for place, (_, value, colour, face) in enumerate(rows):
                low, high = wilson_interval(value, self.n)
                style: dict[str, Any] = {"color": colour, "markerfacecolor": face, "markersize": 7, "capsize": 4}
                error = [[100 * max(0.0, value - low)], [100 * max(0.0, high - value)]]
                top.errorbar([100 * value], [place], xerr=error, fmt="o", **style)
                text = f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
                top.annotate(
                    text, (100 * value, place), (0, 9), textcoords="offset points", ha="center", fontsize=9, color=INK
                )
            top.set_yticks(range(3), [row[0] for row in rows])
            top.set(ylim=(-0.5, 2.7), xlabel="accuracy in %", title=f"n = {self.n} test images, 95 % intervals")
            top.margins(x=0.12)
            low, high = difference_interval(self.accuracy, second, self.n)
            gap = 100 * (self.accuracy - second)
            bottom.errorbar([gap], [0], xerr=[[gap - 100 * low], [100 * high - gap]], fmt="o", color=INK, capsize=4)
            bottom.axvline(0, color=QUIET, linestyle="--")
            bottom.set_yticks([0], ["difference"])
            bottom.set(ylim=(-1, 1), xlabel="points")
        return figure


def _check(n: int, accuracy: float) -> None:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n: expected a positive integer, got {n!r}")
    _check_share("accuracy", accuracy)


def _check_share(name: str, share: float) -> None:
    if isinstance(share, bool) or not isinstance(share, (int, float, np.number)) or not 0 <= share <= 1:
        raise ValueError(f"{name}: expected a fraction in [0, 1], got {share!r}")
