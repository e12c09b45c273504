"""Lab 1: the judge, nudges, our gradients against autograd, and rates that are chosen before the test is asked."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.models.by_hand import softmax
from helpers.pages.l01 import figures, study
from helpers.pages.l01.headline import headline
from helpers.pages.l01.judge import NAMES, Case, says


def solution(x, labels, w1, b1, w2, b2):
    hidden = np.tanh(x @ w1 + b1)
    delta = (softmax(hidden @ w2 + b2) - np.eye(len(b2))[labels]) / len(x)
    below = (delta @ w2.T) * (1 - hidden**2)
    return x.T @ below, below.sum(0), hidden.T @ delta, delta.sum(0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_solution_is_right_and_nothing_is_changed_by_asking(seed):
    case = Case.draw(seed)
    before = [weight.copy() for weight in case.weights]
    assert says(solution, case) == dict.fromkeys(NAMES, "right")
    assert all(np.array_equal(one, other) for one, other in zip(before, case.weights, strict=True))


@pytest.mark.parametrize("mistake", list(Case.draw().mistakes()))
def test_every_mistake_is_known_by_name_and_never_passes(mistake):
    case = Case.draw()
    said = says(lambda *_: case.mistakes()[mistake], case)
    assert mistake in said.values()
    assert set(said.values()) <= {mistake, "right"}
    assert said["dW1"] == mistake, "the lowest layer shows every mistake"


def test_what_is_no_known_mistake_is_called_wrong_all_the_same():
    case = Case.draw()
    right = case.right()
    twisted = says(lambda *_: (right[0].T, right[1] + 1e-6, right[2], np.zeros(5)), case)
    assert twisted["dW1"] == "shape (4, 5), expected (5, 4): transposed?"
    assert twisted["db1"].startswith("wrong by up to 1e-06, and not by a mistake")
    assert twisted["dW2"] == "right"
    assert twisted["db2"] == "shape (5,), expected (3,)"
    assert set(says(lambda *_: None, case).values()) == {"not written yet"}
    for wrong, words in (((1, 2), "tuple of 2"), (3.0, "float of no length")):
        with pytest.raises(ValueError, match=words):
            says(lambda *_, found=wrong: found, case)


def test_digits_are_in_one_set_only():
    sets = study.digits()
    assert [len(labels) for _, labels in sets.values()] == [1000, 297, 500]
    assert {x.shape[1] for x, _ in sets.values()} == {64}
    assert all(x.min() >= -1 and x.max() <= 1 for x, _ in sets.values())


def test_a_nudge_has_a_best_size_and_the_centred_one_is_better():
    errors = study.nudged([1e-1, 1e-4, 1e-7, 1e-12])
    assert errors["secant"][2] < errors["secant"][1] < errors["secant"][0]
    assert errors["secant"][3] > errors["secant"][2]
    assert min(errors["centred"]) < min(errors["secant"])


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "identity"])
def test_our_gradients_are_autograds(activation):
    assert study.against_autograd((64, 9, 7, 10), activation, 3) < 1e-12


def test_a_row_says_when_it_had_learned():
    row = study.train("tanh", 1, 0.5, 0, epochs=3, width=32)
    assert row["learned_after"] == next(n for n, share in enumerate(row["by_epoch"], 1) if share >= study.ENOUGH)
    assert len(row["predictions"]) == 500
    blown = study.train("relu", 4, 1e4, 0, epochs=1, width=8)
    assert blown["learned_after"] is None


def test_sweeps_are_all_combinations_and_refuse_nonsense():
    assert len(study.sweep(["relu", "tanh"], [1, 2], [0.1], 3)) == 12
    for wrong in ((["swish"], [1], [0.1]), (["relu"], [0], [0.1]), (["relu"], [1], [0.0])):
        with pytest.raises(ValueError, match="expected"):
            study.sweep(*wrong, 1)


def run(activation, depth, rate, seed, chosen_by, right):
    labels = study.digits()["test"][1]
    named = np.where(np.arange(500) < right, labels, (labels + 1) % 10)
    row = {"activation": activation, "depth": depth, "rate": rate, "seed": seed, "chosen_by": chosen_by}
    return row | {"predictions": named.tolist(), "learned_after": None if chosen_by < 0.5 else 3}


RUNS = [
    run(name, 1, rate, seed, chosen + 0.01 * seed, right)
    for name, rate, chosen, right in (
        ("relu", 0.1, 0.8, 300),
        ("relu", 0.5, 0.9, 400),
        ("tanh", 0.1, 0.95, 450),
        ("tanh", 0.5, 0.3, 490),  # better on the test, and not chosen
    )
    for seed in (0, 1)
]


def test_the_rate_is_chosen_without_the_test():
    assert study.best_rates(RUNS) == {("relu", 1): 0.5, ("tanh", 1): 0.1}
    rows = {row["activation"]: row for row in study.at_best(RUNS)}
    assert rows["tanh"]["top1"].value == pytest.approx(0.9)
    assert rows["tanh"]["learned_after"] == [3, 3]
    assert study.difference(RUNS, "relu", "tanh", 1).value == pytest.approx(-0.1)
    assert study.difference(RUNS, "relu", "tanh", 4) is None


def test_figures_have_a_panel_for_each_depth_and_refuse_nothing():
    figure = figures.by_rate([*RUNS, run("relu", 4, 0.1, 0, 0.5, 100)])
    assert [ax.get_title("left") for ax in figure.axes] == ["1 hidden layer", "4 hidden layers"]
    ax = figures.nudges([0.1, 0.01], {"secant": [0.1, 0.0], "centred": [0.01, 0.001]}).axes[0]
    assert [len(line.get_xdata()) for line in ax.lines] == [1, 2]
    for draw in (lambda: figures.by_rate([]), lambda: figures.nudges([0.1], {})):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_the_headline_names_the_distance_to_autograd_and_the_differences():
    gap = Estimate(-0.1, -0.12, -0.08, 500, "both")
    row = {"a": "relu", "b": "tanh", "depth": 4, "difference": gap.as_dict()}
    text = headline(SimpleNamespace(summary=json.loads(json.dumps({"autograd": 3e-16, "differences": [row]}))))
    assert "**3e-16**" in text
    assert "4 hidden layers, each at its own best rate: relu minus tanh **−10.0" in text
