"""Optimisers by hand, one weight (or many) at a time, equal to PyTorch's to the last digit that it keeps.

Momentum: Polyak 1964, in the form of PyTorch, without dampening. RMSProp: as PyTorch has it. Adam: Kingma and Ba 2015.
AdamW: Loshchilov and Hutter 2019.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

Array = np.ndarray


def adamw(
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    *,
    rate: float,
    decay: float = 0.0,
    coupled: float = 0.0,
) -> tuple[Array, Array, Array]:
    """Step t = 1, 2, … of AdamW for weights w with gradient g: the new w, m and v.

    `decay` is decoupled (AdamW); `coupled` adds the same pull to the gradient (L2, the `weight_decay` of torch's Adam).
    """
    beta_m, beta_v, tiny = 0.9, 0.999, 1e-8
    g = g + coupled * w  # L2: the pull goes through all that follows
    m = beta_m * m + (1 - beta_m) * g  # mean gradient
    v = beta_v * v + (1 - beta_v) * g**2  # mean square
    fair_m = m / (1 - beta_m**t)  # both start at 0: undo it
    fair_v = v / (1 - beta_v**t)
    w = w - rate * decay * w  # decoupled: the pull goes past all that
    return w - rate * fair_m / (np.sqrt(fair_v) + tiny), m, v


@dataclass
class Rule:
    """An optimiser: `step` takes weights, gradient, the number of the step and its memory, which it may change."""

    step: Callable[[Array, Array, int, dict[str, Any]], Array]
    torch_kind: Callable[..., torch.optim.Optimizer]
    options: dict[str, Any] = field(default_factory=dict)


def _momentum(rate: float) -> Callable[[Array, Array, int, dict[str, Any]], Array]:
    def step(w: Array, g: Array, t: int, memory: dict[str, Any]) -> Array:
        memory["u"] = 0.9 * memory.get("u", 0) + g
        return w - rate * memory["u"]

    return step


def _rmsprop(rate: float) -> Callable[[Array, Array, int, dict[str, Any]], Array]:
    def step(w: Array, g: Array, t: int, memory: dict[str, Any]) -> Array:
        memory["v"] = 0.9 * memory.get("v", 0) + 0.1 * g**2
        return w - rate * g / (np.sqrt(memory["v"]) + 1e-8)

    return step


def _adam(rate: float, **pull: float) -> Callable[[Array, Array, int, dict[str, Any]], Array]:
    def step(w: Array, g: Array, t: int, memory: dict[str, Any]) -> Array:
        w, memory["m"], memory["v"] = adamw(w, g, memory.get("m", 0 * w), memory.get("v", 0 * w), t, rate=rate, **pull)
        return w

    return step


def rules(rate: float = 0.1, decay: float = 0.1) -> dict[str, Rule]:
    """Five optimisers, and Adam with L2, at one rate and one pull."""
    optim = torch.optim
    return {
        "SGD": Rule(lambda w, g, t, memory: w - rate * g, optim.SGD),
        "momentum": Rule(_momentum(rate), optim.SGD, {"momentum": 0.9}),
        "RMSProp": Rule(_rmsprop(rate), optim.RMSprop, {"alpha": 0.9}),
        "Adam": Rule(_adam(rate), optim.Adam),
        "AdamW": Rule(_adam(rate, decay=decay), optim.AdamW, {"weight_decay": decay}),
        "Adam with L2": Rule(_adam(rate, coupled=decay), optim.Adam, {"weight_decay": decay}),
    }


def walk(rule: Rule, start: Sequence[float], gradient: Callable[[Array], Array], steps: int) -> Array:
    """Where the weights are before and after each step: (steps + 1, weights)."""
    w, memory = np.array(start, dtype=np.float64), {}  # type: ignore[var-annotated]
    path = [w]
    for t in range(1, steps + 1):
        w = rule.step(w, gradient(w), t, memory)
        path.append(w)
    return np.array(path)


def walk_in_torch(
    rule: Rule, start: Sequence[float], gradient: Callable[[Array], Array], steps: int, rate: float = 0.1
) -> Array:
    """The same by PyTorch's optimiser, in float64."""
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = rule.torch_kind([w], lr=rate, **rule.options)
    path = [w.detach().numpy().copy()]
    for _ in range(steps):
        w.grad = torch.from_numpy(np.asarray(gradient(w.detach().numpy())))
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)
