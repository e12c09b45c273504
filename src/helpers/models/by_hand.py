"""Back-propagation written out: a multi-layer perceptron in numpy, no autograd anywhere.

Rows are samples. Layer l maps width d_{l-1} to d_l by a weight (d_{l-1}, d_l). The forward pass
keeps what the backward pass needs, and hands it over openly. Rumelhart, Hinton and Williams, Nature
323 (1986), in matrices for a batch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from helpers.shapes import check_shape

Array: TypeAlias = NDArray[Any]
Labels: TypeAlias = NDArray[np.integer]


def sigmoid(a: Array) -> Array:
    return 0.5 * (1 + np.tanh(a / 2))  # the same number as 1 / (1 + exp(-a)), and never an overflow


# Name: (the activation, its derivative as a function of the pre-activation a)
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "identity": (lambda a: a, np.ones_like),
    "sigmoid": (sigmoid, lambda a: sigmoid(a) * (1 - sigmoid(a))),
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a) ** 2),
    "relu": (lambda a: np.maximum(a, 0), lambda a: (a > 0).astype(a.dtype)),
}


def softmax(logits: Array) -> Array:
    """p_k = exp(z_k) / sum_j exp(z_j) of every row, (B, K) -> (B, K)."""
    shifted = np.exp(
        logits - logits.max(-1, keepdims=True)
    )  # a shift cancels, an overflow would not
    return shifted / shifted.sum(-1, keepdims=True)


def cross_entropy(logits: Array, labels: Labels) -> float:
    """Mean of -log p_y over the batch, (B, K) and (B,) -> a number."""
    shifted = logits - logits.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))  # (B, K)
    return float(-log_p[np.arange(len(labels)), labels].mean())


@dataclass(frozen=True)
class Stored:
    """What the forward pass leaves for the backward pass.

    Attributes
    ----------
    inputs
        The input of every layer, H_0 = x first, (B, d_{l-1}) each.
    pre_activations
        A_l of every hidden layer, (B, d_l) each.
    """

    inputs: list[Array]
    pre_activations: list[Array]

    @property
    def nbytes(self) -> int:
        """Bytes kept, x included."""
        return sum(array.nbytes for array in self.inputs + self.pre_activations)


class HandMLP:
    """Linear layers with an activation between them, and their gradients by the chain rule.

    Parameters
    ----------
    widths
        d_0 (the input) to d_L = K (the logits).
    activation
        One of `ACTIVATIONS`.
    seed
        Of the first weights, which are normal with variance gain / d_in.
    gain
        None takes 2 for ReLU, which halves the mean square of its input, and 1 otherwise.

    Raises
    ------
    ValueError
        For fewer than two widths or an unknown activation.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        activation: str = "relu",
        seed: int = 0,
        gain: float | None = None,
    ) -> None:
        if len(widths) < 2 or activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(
                f"expected two widths or more and one of {known}, got {widths}, {activation}"
            )
        rng = np.random.default_rng(seed)
        gain = gain if gain is not None else (2.0 if activation == "relu" else 1.0)
        self.widths = widths
        self.activation = activation
        self.weights: list[Array] = [
            rng.normal(0, (gain / d_in) ** 0.5, (d_in, d_out)) for d_in, d_out in pairwise(widths)
        ]
        self.biases: list[Array] = [np.zeros(d_out) for d_out in widths[1:]]

    def forward(self, x: Array) -> tuple[Array, Stored]:
        """(B, d_0) -> logits (B, K), and what the backward pass needs."""
        check_shape(x, "B D", name="x", D=self.widths[0])
        activate, _ = ACTIVATIONS[self.activation]
        inputs, pre_activations = [x], []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = inputs[-1] @ weight + bias  # (B, d_l)
            pre_activations.append(a)
            inputs.append(activate(a))  # (B, d_l)
        logits = inputs[-1] @ self.weights[-1] + self.biases[-1]  # (B, K)
        return logits, Stored(inputs, pre_activations)

    def backward(
        self, logits: Array, labels: Labels, stored: Stored
    ) -> tuple[list[Array], list[Array]]:
        """Gradients of the mean cross-entropy for all weights and all biases, layer 1 first."""
        _, slope = ACTIVATIONS[self.activation]
        batch, depth = len(logits), len(self.weights)
        target = np.eye(self.widths[-1])[labels]  # (B, K), a one in the column of the label
        delta = (softmax(logits) - target) / batch  # (B, K)
        of_weights, of_biases = [], []
        for layer in reversed(range(depth)):
            of_weights.append(stored.inputs[layer].T @ delta)  # (d_{l-1}, d_l)
            of_biases.append(delta.sum(0))  # (d_l,)
            if layer > 0:  # nobody asks for the gradient of the image
                error = delta @ self.weights[layer].T  # (B, d_{l-1})
                delta = error * slope(stored.pre_activations[layer - 1])  # (B, d_{l-1})
        return of_weights[::-1], of_biases[::-1]

    def predict(self, x: Array) -> Labels:
        """(B, d_0) -> the class with the largest logit, (B,)."""
        return self.forward(x)[0].argmax(-1)


def descend(
    model: HandMLP,
    x: Array,
    labels: Labels,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int = 50,
    weight_decay: float = 0.0,
    seed: int = 0,
) -> Iterator[int]:
    """Train by gradient descent on shuffled batches; after each epoch the caller may look.

    Every step subtracts learning_rate * (gradient + weight_decay * weight); biases do not decay.

    Yields
    ------
    int
        The number of the epoch that is done, from 1.
    """
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            rows = order[start : start + batch_size]
            logits, stored = model.forward(x[rows])
            of_weights, of_biases = model.backward(logits, labels[rows], stored)
            for weight, gradient in zip(model.weights, of_weights, strict=True):
                weight -= learning_rate * (gradient + weight_decay * weight)
            for bias, gradient in zip(model.biases, of_biases, strict=True):
                bias -= learning_rate * gradient
        yield epoch


def centred_difference(function: Callable[[], float], array: Array, step: float = 1e-5) -> Array:
    """(f(+step) - f(-step)) / (2 step) for each number of `array`, moved in place and put back.

    Two calls of `function` a number: for a check of a small network, never for training.
    """
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        gradient[index] = (above - function()) / (2 * step)
        array[index] = kept
    return gradient
