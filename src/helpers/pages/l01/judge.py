"""A judge for a backward pass that a learner wrote: which gradients are right, and what went wrong with the others.

The network has one hidden layer: A = x W1 + b1, H = tanh(A), logits Z = H W2 + b2, and the loss is the mean
cross-entropy over the batch. Rows are images, as in `helpers.models.by_hand`, which is the reference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from helpers.models.by_hand import Array, HandMLP, Labels, softmax

NAMES = ("dW1", "db1", "dW2", "db2")
TOLERANCE = 1e-8  # of the largest difference, relative to the largest number of the gradient
Backward = Callable[[Array, Labels, Array, Array, Array, Array], Sequence[Any] | None]


def solution(x: Array, labels: Labels, W1: Array, b1: Array, W2: Array, b2: Array) -> tuple[Array, ...]:
    """What the lab prints as a solution: x (B, d_0), labels (B,) -> the four gradients."""
    H = np.tanh(x @ W1 + b1)
    p = softmax(H @ W2 + b2)  # (B, K)
    delta = (p - np.eye(len(b2))[labels]) / len(x)  # (B, K), of the logits
    below = (delta @ W2.T) * (1 - H**2)  # (B, d_1), of A
    return x.T @ below, below.sum(0), H.T @ delta, delta.sum(0)


@dataclass(frozen=True)
class Case:
    """A small network and a batch: what a backward pass is asked on.

    Attributes
    ----------
    x
        Images, (B, d_0).
    labels
        Their classes, (B,).
    weights
        W1 (d_0, d_1), b1 (d_1,), W2 (d_1, K), b2 (K,).
    """

    x: Array
    labels: Labels
    weights: tuple[Array, Array, Array, Array]

    @classmethod
    def draw(cls, seed: int = 0, batch: int = 7) -> "Case":
        """Five pixels, four hidden units, three classes, biases that are not zero."""
        rng = np.random.default_rng(seed)
        weights = [rng.normal(size=shape) for shape in ((5, 4), (4,), (4, 3), (3,))]
        return cls(rng.normal(size=(batch, 5)), rng.integers(0, 3, batch), tuple(weights))  # type: ignore[arg-type]

    def right(self) -> tuple[Array, ...]:
        """The four gradients by `HandMLP`."""
        w1, b1, w2, b2 = self.weights
        model = HandMLP((len(w1), len(b1), len(b2)), "tanh")
        model.weights, model.biases = [w1, w2], [b1, b2]
        logits, stored = model.forward(self.x)
        (dw1, dw2), (db1, db2) = model.backward(logits, self.labels, stored)
        return dw1, db1, dw2, db2

    def mistakes(self) -> dict[str, tuple[Array, ...]]:
        """Name of a common mistake -> the four gradients that it makes."""
        w1, b1, w2, b2 = self.weights
        x, batch = self.x, len(self.x)
        hidden = np.tanh(x @ w1 + b1)  # (B, d_1)
        target = np.eye(len(b2))[self.labels]  # (B, K)
        p = softmax(hidden @ w2 + b2)

        def passed(delta: Array, slope: Array) -> tuple[Array, ...]:
            below = (delta @ w2.T) * slope  # (B, d_1)
            return x.T @ below, below.sum(0), hidden.T @ delta, delta.sum(0)

        slope = 1 - hidden**2
        return {
            "not divided by the number of images": passed(p - target, slope),
            "divided by the number of classes, not of images": passed((p - target) / len(b2), slope),
            "the slope of tanh is missing": passed((p - target) / batch, np.ones_like(slope)),
            "the slope is taken of H, not of A: tanh'(A) is 1 - H²": passed(
                (p - target) / batch, 1 - np.tanh(hidden) ** 2
            ),
            "the one-hot row of the label is not subtracted": passed(p / batch, slope),
            "the sign is turned: target minus probability": passed((target - p) / batch, slope),
        }


def says(backward: Backward, case: Case) -> dict[str, str]:
    """Gradient -> what the judge says of it: "right", or what is wrong.

    Raises
    ------
    ValueError
        If the function returns something else than None or four arrays.
    """
    found = backward(case.x.copy(), case.labels.copy(), *(weight.copy() for weight in case.weights))
    if found is None:
        return dict.fromkeys(NAMES, "not written yet")
    if not isinstance(found, (tuple, list)) or len(found) != len(NAMES):
        raise ValueError(
            f"expected the four gradients {', '.join(NAMES)}, got {type(found).__name__} of {_length(found)}"
        )
    right, wrong = case.right(), case.mistakes()
    return {name: _says(k, np.asarray(found[k], dtype=float), right, wrong) for k, name in enumerate(NAMES)}


def summary_of(said: dict[str, dict[str, str]]) -> list[dict[str, str]]:
    """What was handed in -> what the judge said of its gradients, as a row each: which are right and which not."""
    rows = []
    for what, words in said.items():
        parts = {right: ", ".join(n for n in NAMES if (words[n] == "right") == right) or "none" for right in (0, 1)}
        rows.append({"handed in": what, "wrong": parts[0], "right": parts[1]})
    return rows


def _says(k: int, own: Array, right: Sequence[Array], wrong: dict[str, tuple[Array, ...]]) -> str:
    if own.shape != right[k].shape:
        turned = ": transposed?" if own.shape == right[k].T.shape else ""
        return f"shape {own.shape}, expected {right[k].shape}{turned}"
    if close(own, right[k]):
        return "right"
    named = [name for name, gradients in wrong.items() if close(own, gradients[k])]
    return (
        named[0] if named else f"wrong by up to {np.abs(own - right[k]).max():.1g}, and not by a mistake that we know"
    )


def close(one: Array, other: Array) -> bool:
    """Whether two gradients are the same within `TOLERANCE`."""
    return bool(np.abs(one - other).max() <= TOLERANCE * max(1e-12, float(np.abs(other).max())))


def _length(found: Any) -> str:
    return str(len(found)) if hasattr(found, "__len__") else "no length"
