"""Two pictures of the derivative: the secant that becomes a tangent, and back-propagation one node a step.

The graph is the smallest network that shows everything: one neuron with a ReLU, a weight and a bias after it, a
sigmoid, and the cross-entropy of a yes-or-no label: a = wx + b, h = max(0, a), z = vh + c, p = 1 / (1 + exp(-z)),
L = -log p for y = 1 and -log(1 - p) for y = 0. Back-propagation: Rumelhart, Hinton and Williams, Nature 323 (1986).
"""

import math
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, RC
from helpers.widgets.base import Explorer

INPUTS: dict[str, float] = {"x": 2.0, "w": 0.5, "b": -0.4, "v": 2.0, "c": -1.2, "y": 1}
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # |h|; the slider has both signs, and 0
PARENT = {"p": "L", "z": "p", "v": "z", "c": "z", "h": "z", "a": "h", "w": "a", "b": "a", "x": "a"}
FORWARD_COLOUR, BACKWARD_COLOUR = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]


def forward_backward(inputs: Mapping[str, float] = INPUTS) -> tuple[dict[str, float], dict[str, float]]:
    """Values of all nodes of the graph, and the gradient of L at each of them but y.

    Parameters
    ----------
    inputs
        x, w, b, v, c, and the label y, 0 or 1: scalars.

    Returns
    -------
    tuple[dict[str, float], dict[str, float]]
        Values and gradients, by the name of the node; gradients in the order of the way back, p first.

    Raises
    ------
    ValueError
        If an input is missing or not finite, or y is neither 0 nor 1.
    """
    if set(inputs) != set(INPUTS) or not all(math.isfinite(value) for value in inputs.values()):
        raise ValueError(f"inputs: expected finite numbers for {', '.join(INPUTS)}, got {dict(inputs)}")
    x, w, b, v, c, y = (inputs[name] for name in INPUTS)
    if y not in (0, 1):
        raise ValueError(f"y: expected 0 or 1, got {y}")
    a = w * x + b
    h = max(0.0, a)
    z = v * h + c
    p = 1 / (1 + math.exp(-z))
    loss = -math.log(p) if y == 1 else -math.log(1 - p)
    slopes = {"p": -1 / p if y == 1 else 1 / (1 - p), "z": p * (1 - p), "v": h, "c": 1.0, "h": v}
    slopes |= {"a": float(a > 0), "w": x, "b": 1.0, "x": w}
    gradients = {"L": 1.0}
    for node, parent in PARENT.items():
        gradients[node] = gradients[parent] * slopes[node]
    return {**inputs, "a": a, "h": h, "z": z, "p": p, "L": loss}, {node: gradients[node] for node in PARENT}


class BackpropExplorer(Explorer):
    """A slider that lets the secant of x² become its tangent, and a stepper through the graph of `forward_backward`.

    The secant through x and x + h has the slope ((x + h)² - x²) / h = 2x + h; the tangent 2x. Each step of the graph
    shows one value (forward) or one local derivative and the product of all on the way from L (backward).

    Parameters
    ----------
    point
        Where the tangent touches.

    Raises
    ------
    ValueError
        If `point` is not a finite number of at most 100 in size.
    """

    script = "explorer.js"

    def __init__(self, point: float = 3.0) -> None:
        if isinstance(point, bool) or not isinstance(point, (int, float, np.number)) or not abs(point) <= 100:
            raise ValueError(f"point: expected a number from -100 to 100, got {point!r}")
        self.point = float(point)
        data: dict[str, Any] = {"point": self.point, "steps": list(STEPS), "inputs": INPUTS}
        values, gradients = forward_backward()
        super().__init__(
            data,
            alt=f"Left: x² with its tangent at {self.point:g}, of slope {2 * self.point:g}, and the secant for h = 2, "
            f"of slope {2 * self.point + 2:g}. Right: the graph from x, w and b to the loss {values['L']:.4f}; "
            f"gradients run back to w ({gradients['w']:g}), b ({gradients['b']:g}) and x ({gradients['x']:g}).",
        )

    def still(self) -> Figure:
        """Secant for h = 2 and tangent, and the graph after its last step."""
        with plt.rc_context(RC):
            figure, axes = plt.subplots(1, 2, figsize=(9.2, 3.9), width_ratios=[1, 1.9])
            _draw_tangent(axes[0], self.point, STEPS[-1])
            _draw_graph(axes[1])
        return figure


def _draw_tangent(ax: Axes, point: float, h: float) -> None:
    x = np.linspace(point - 3, point + 3, 121)
    ax.plot(x, x**2, color=QUIET, label="x²")
    ax.axline((point, point**2), slope=2 * point + h, color=BACKWARD_COLOUR, label=f"secant, slope {2 * point + h:g}")
    ax.axline(
        (point, point**2), slope=2 * point, color=FORWARD_COLOUR, linestyle="--", label=f"tangent, slope {2 * point:g}"
    )
    ax.plot([point + h], [(point + h) ** 2], "o", color=BACKWARD_COLOUR)
    ax.plot([point], [point**2], "o", color=FORWARD_COLOUR)
    low, high = float((x**2).min()), float((x**2).max())
    ax.set(xlabel="x", ylim=(low - 0.06 * high, high), xlim=(x[0], x[-1]), title=f"h = {h:g}")
    ax.legend(fontsize=9, loc="upper left" if point >= 0 else "upper right", frameon=False)


PLACES = {
    "x": (0, 2), "w": (0, 1), "b": (0, 0), "a": (1, 1), "h": (2, 1), "v": (2, 2), "c": (2, 0),
    "z": (3, 1), "p": (4, 1), "y": (4, 2), "L": (5, 1),
}  # fmt: skip
TITLES = {"a": "a = wx + b", "h": "h = relu(a)", "z": "z = vh + c", "p": "p = σ(z)", "L": "L = -log p"}


def _draw_graph(ax: Axes) -> None:
    values, gradients = forward_backward()
    ax.set_axis_off()
    ax.grid(False)
    for start, end in ("xa", "wa", "ba", "ah", "hz", "vz", "cz", "zp", "pL", "yL"):
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        back = start in gradients
        ax.annotate(
            "", (x0, y0) if back else (x1, y1), (x1, y1) if back else (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": BACKWARD_COLOUR if back else QUIET, "shrinkA": 27, "shrinkB": 27},
        )  # fmt: skip
    for node, (x, y) in PLACES.items():
        box = FancyBboxPatch((x - 0.4, y - 0.24), 0.8, 0.48, boxstyle="round,pad=0,rounding_size=0.06", zorder=2)
        box.set(facecolor="white", edgecolor=QUIET)
        ax.add_patch(box)
        text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "zorder": 3}
        ax.text(x, y + 0.14, TITLES.get(node, node), color=INK, weight="bold", **text)
        ax.text(x, y, f"{values[node] + 0.0:.4g}", color=INK, **text)
        if node in gradients:
            ax.text(x, y - 0.14, f"{gradients[node]:.3g}", color=BACKWARD_COLOUR, **text)
    ax.set(xlim=(-0.45, 5.45), ylim=(-0.35, 2.45), title="values, and below them the gradients dL/d(node)")
