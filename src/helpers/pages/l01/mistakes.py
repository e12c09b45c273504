"""Two wrong backward passes, trained: does a network with them learn all the same?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from helpers.models.by_hand import Array, HandMLP, Labels, Stored, descend
from helpers.pages.l01.study import digits


class Summed(HandMLP):
    """Its gradients are not divided by the number of images."""

    def backward(self, logits: Array, labels: Labels, stored: Stored) -> tuple[list[Array], list[Array]]:
        """B times the gradients of the mean loss."""
        of_weights, of_biases = super().backward(logits, labels, stored)
        return [len(labels) * one for one in of_weights], [len(labels) * one for one in of_biases]


class Slopeless(HandMLP):
    """The slope of tanh is forgotten: it is taken for 1, which it is at 0 alone."""

    def backward(self, logits: Array, labels: Labels, stored: Stored) -> tuple[list[Array], list[Array]]:
        """Gradients with a slope of 1 everywhere."""
        flat = [np.zeros_like(one) for one in stored.pre_activations]
        return super().backward(logits, labels, Stored(stored.inputs, flat))


# What is wrong, the network, images a batch, rate. The second pair has the first pair's step at 50 images.
TRIED: tuple[tuple[str, type[HandMLP], int, float], ...] = (
    ("nothing", HandMLP, 50, 0.5),
    ("the slope of tanh is missing", Slopeless, 50, 0.5),
    ("not divided by the number of images", Summed, 50, 0.01),
    ("nothing", HandMLP, 500, 0.5),
    ("not divided by the number of images", Summed, 500, 0.01),
)


def tried(epochs: int, width: int, seeds: Sequence[int] = (0, 1, 2)) -> list[dict[str, Any]]:
    """One hidden layer of tanh, `epochs` passes: `right` is the share of the digits held back for choosing, mean of the
    seeds. The test digits are not asked."""
    (x, labels), (held_back, named) = digits()["learn"], digits()["choose"]
    rows = []
    for wrong, kind, batch, rate in TRIED:
        shares = []
        for seed in seeds:
            model = kind((64, width, 10), "tanh", seed)
            for _ in descend(model, x, labels, epochs=epochs, learning_rate=rate, batch_size=batch, seed=seed):
                pass
            shares.append(float(np.mean(model.predict(held_back) == named)))
        rows.append({"wrong": wrong, "images a batch": batch, "rate": rate, "right": float(np.mean(shares))})
    return rows
