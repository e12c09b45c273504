"""What lab 01 measures: a slope by nudging, our gradients against autograd, and three activations at several rates."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from helpers.measure.accuracy import Estimate, paired_difference, pooled
from helpers.models.by_hand import ACTIVATIONS, Array, HandMLP, Labels, centred_difference, cross_entropy, descend

LEARN, CHOOSE = 1000, 297  # digits to learn from and to choose a rate by; the other 500 are the test
ENOUGH = 0.9  # the finishing line: share of the digits held back for choosing, the same for every network
TORCH = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda a: a}
Runs = Sequence[Mapping[str, Any]]


@cache
def digits() -> dict[str, tuple[Array, Labels]]:
    """scikit-learn's 1,797 digits of 8 x 8 in three sets: "learn", "choose", "test"; pixels (n, 64) in [-1, 1]."""
    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.target))
    x, labels = found.data[order] / 8 - 1, found.target[order]
    ends = {"learn": slice(0, LEARN), "choose": slice(LEARN, LEARN + CHOOSE), "test": slice(LEARN + CHOOSE, None)}
    return {name: (x[rows], labels[rows]) for name, rows in ends.items()}


def nudged(steps: Sequence[float], activation: str = "tanh", seed: int = 0) -> dict[str, list[float]]:
    """Error of the slope of the loss along one weight, by a secant and by a centred difference, for each step.

    Relative to the slope that back-propagation finds. One hidden layer of 32, a hundred digits, float64.
    """
    x, labels = (rows[:100] for rows in digits()["learn"])
    model = HandMLP((64, 32, 10), activation, seed)
    logits, stored = model.forward(x)
    slope = model.backward(logits, labels, stored)[0][1][3, 4]  # of one weight of the second layer
    weight = model.weights[1][3:4, 4:5]  # a view: what moves it moves the network

    def loss() -> float:
        return cross_entropy(model.forward(x)[0], labels)

    found: dict[str, list[float]] = {"secant": [], "centred": []}
    here, kept = loss(), float(weight[0, 0])
    for step in steps:
        weight[0, 0] = kept + step
        found["secant"].append(abs(float((loss() - here) / step / slope) - 1))
        weight[0, 0] = kept
        found["centred"].append(abs(float(centred_difference(loss, weight, step)[0, 0] / slope) - 1))
    return found


def against_autograd(widths: tuple[int, ...], activation: str, seed: int) -> float:
    """Largest difference of our gradients to autograd's, relative to the largest of each, over all layers, float64."""
    x, labels = (rows[:50] for rows in digits()["learn"])
    model = HandMLP(widths, activation, seed)
    logits, stored = model.forward(x)
    ours = [gradient for pair in zip(*model.backward(logits, labels, stored), strict=True) for gradient in pair]
    theirs = [
        torch.tensor(a, requires_grad=True) for pair in zip(model.weights, model.biases, strict=True) for a in pair
    ]
    h = torch.tensor(x)
    for layer in range(0, len(theirs), 2):
        h = h @ theirs[layer] + theirs[layer + 1]
        h = TORCH[activation](h) if layer < len(theirs) - 2 else h
    torch.nn.functional.cross_entropy(h, torch.tensor(labels)).backward()
    gradients = [tensor.grad.numpy() for tensor in theirs if tensor.grad is not None]
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(ours, gradients, strict=True))


def at_start(model: HandMLP) -> dict[str, float]:
    """What goes through a network before its first step, all digits to learn from at once.

    Returns
    -------
    dict
        `first_gradient`, `last_gradient`: norms of the gradient of the first and the last weights. `spread`: how much
        the last hidden layer differs between digits (standard deviation over digits, root mean square over units),
        relative to its mean over digits (the same over units). 0: it is the same for every digit.
    """
    x, labels = digits()["learn"]
    logits, stored = model.forward(x)
    gradients = model.backward(logits, labels, stored)[0]
    last = stored.inputs[-1]  # (n, width)
    spread = float(np.sqrt(last.var(0).mean() / (last.mean(0) ** 2).mean()))
    norms = {name: float(np.linalg.norm(gradients[k])) for name, k in (("first_gradient", 0), ("last_gradient", -1))}
    return norms | {"spread": spread}


def train(activation: str, depth: int, rate: float, seed: int, epochs: int, width: int) -> dict[str, Any]:
    """One network on the digits.

    Returns
    -------
    dict
        `activation`, `depth` (hidden layers), `rate`, `seed`, what `at_start` finds, `by_epoch` (accuracy on the digits
        held back for choosing, after each pass), `learned_after` (passes until `ENOUGH` of them, or None), `chosen_by`
        (the last of them), `commonest` (share of the test digits that get the commonest answer), `predictions` on the
        test.
    """
    sets = digits()
    (x, labels), (held_back, named) = sets["learn"], sets["choose"]
    model = HandMLP((64, *[width] * depth, 10), activation, seed)
    row: dict[str, Any] = {"activation": activation, "depth": depth, "rate": rate, "seed": seed} | at_start(model)
    with np.errstate(over="ignore", invalid="ignore"):  # a rate may be too high: its row shows it
        done = descend(model, x, labels, epochs=epochs, learning_rate=rate, seed=seed)
        row["by_epoch"] = [float(np.mean(model.predict(held_back) == named)) for _ in done]
        answers = model.predict(sets["test"][0])
    learned = [epoch for epoch, share in enumerate(row["by_epoch"], start=1) if share >= ENOUGH]
    row |= {"learned_after": learned[0] if learned else None, "chosen_by": row["by_epoch"][-1]}
    return row | {"commonest": float(np.bincount(answers).max() / len(answers)), "predictions": answers.tolist()}


def sweep(
    activations: Sequence[str], depths: Sequence[int], rates: Sequence[float], seeds: int
) -> list[tuple[str, int, float, int]]:
    """Every combination, one a run.

    Raises
    ------
    ValueError
        For an activation that does not exist, a depth below 1, or a rate that is not positive.
    """
    if unknown := set(activations) - set(ACTIVATIONS):
        raise ValueError(f"activations: expected some of {', '.join(ACTIVATIONS)}, got {', '.join(sorted(unknown))}")
    if min(depths) < 1 or min(rates) <= 0:
        raise ValueError(f"depths and rates: expected numbers above 0, got {depths} and {rates}")
    return list(product(activations, depths, rates, range(seeds)))


def best_rates(runs: Runs) -> dict[tuple[str, int], float]:
    """(activation, depth) -> the rate with the best mean accuracy on the digits that are there to choose by."""
    found: dict[tuple[str, int], dict[float, list[float]]] = {}
    for run in runs:
        found.setdefault((run["activation"], run["depth"]), {}).setdefault(run["rate"], []).append(run["chosen_by"])
    return {key: max(by_rate, key=lambda rate: float(np.mean(by_rate[rate]))) for key, by_rate in found.items()}


def right(runs: Runs, activation: str, depth: int, rate: float) -> Array:
    """Right or wrong on the test, bool (seeds, n), in the order of the seeds."""
    own = [run for run in runs if (run["activation"], run["depth"], run["rate"]) == (activation, depth, rate)]
    own.sort(key=lambda run: run["seed"])
    return np.stack([np.asarray(run["predictions"]) == digits()["test"][1] for run in own])


def at_best(runs: Runs) -> list[dict[str, Any]]:
    """For each activation and depth the chosen rate, its test accuracy, and whether that is more than one answer for
    all digits can get (`guesses`); `commonest` is the mean share of the commonest answer."""
    rows = []
    for (activation, depth), rate in best_rates(runs).items():
        own = [run for run in runs if (run["activation"], run["depth"], run["rate"]) == (activation, depth, rate)]
        row: dict[str, Any] = {"activation": activation, "depth": depth, "rate": rate}
        top1 = pooled(right(runs, activation, depth, rate))
        row |= {"commonest": float(np.mean([run["commonest"] for run in own])), "top1": top1}
        rows.append(row | {"guesses": top1.low is None or top1.low <= chance()})
    return rows


def chance() -> float:
    """What one answer for all test digits gets at best."""
    labels = digits()["test"][1]
    return float(np.bincount(labels).max() / len(labels))


def difference(runs: Runs, a: str, b: str, depth: int) -> Estimate | None:
    """Test accuracy of `a` minus that of `b` at a depth, each at its own best rate; None where one was not run."""
    rates = best_rates(runs)
    if (a, depth) not in rates or (b, depth) not in rates:
        return None
    return paired_difference(right(runs, a, depth, rates[a, depth]), right(runs, b, depth, rates[b, depth]))
