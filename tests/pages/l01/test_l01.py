"""Lab 1: the judge, nudges, our gradients against autograd, and rates that are chosen before the test is asked."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.measure.accuracy import Estimate
from helpers.models.by_hand import HandMLP, softmax
from helpers.pages.l01 import figures, mistakes, report, study
from helpers.pages.l01.headline import headline
from helpers.pages.l01.judge import NAMES, Case, says, solution, summary_of

LAB = Path(__file__).parents[3] / "labs" / "01_tangent_to_mlp.ipynb"


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


def test_the_solution_that_the_lab_prints_passes_its_judge():
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"]}
    printed = re.search(r"```python\n(.*?)```", cells["solution"], re.DOTALL).group(1)
    space = {"np": np, "softmax": softmax}
    exec(printed, space)
    assert says(space["your_backward"], Case.draw(5)) == dict.fromkeys(NAMES, "right")


def squared(x, labels, w1, b1, w2, b2):
    """A mistake that is not on the judge's list: the gradient of the squared error of the probabilities."""
    hidden = np.tanh(x @ w1 + b1)
    p = softmax(hidden @ w2 + b2)
    error = 2 * (p - np.eye(len(b2))[labels]) / len(x)
    delta = p * (error - (error * p).sum(-1, keepdims=True))
    below = (delta @ w2.T) * (1 - hidden**2)
    return x.T @ below, below.sum(0), hidden.T @ delta, delta.sum(0)


def no_bias(x, labels, w1, b1, w2, b2):
    """Another: the hidden layer is computed without its bias."""
    return solution(x, labels, w1, 0 * b1, w2, b2)


@pytest.mark.parametrize("wrong", [squared, no_bias])
def test_a_mistake_that_is_not_on_the_list_never_passes_and_gets_no_false_name(wrong):
    case = Case.draw()
    said = says(wrong, case)
    assert all("not by a mistake that we know" in word for word in said.values())
    rows = summary_of({"mine": said, "solution": says(solution, case)})
    assert rows[0] == {"handed in": "mine", "wrong": ", ".join(NAMES), "right": "none"}
    assert rows[1] == {"handed in": "solution", "wrong": "none", "right": ", ".join(NAMES)}


def test_wrong_passes_are_wrong_in_what_their_names_say():
    x, labels = (rows[:20] for rows in study.digits()["learn"])
    right, summed, slopeless = (kind((64, 9, 10), "tanh", 0) for kind in (HandMLP, mistakes.Summed, mistakes.Slopeless))
    gradients = [model.backward(*_logits_first(model, x, labels)) for model in (right, summed, slopeless)]
    for one, other in zip(gradients[0][0] + gradients[0][1], gradients[1][0] + gradients[1][1], strict=True):
        np.testing.assert_allclose(other, 20 * one)
    np.testing.assert_allclose(gradients[2][0][1], gradients[0][0][1])
    assert np.abs(gradients[2][0][0]).sum() > 1.05 * np.abs(gradients[0][0][0]).sum(), "a slope of tanh is below 1"


def _logits_first(model, x, labels):
    logits, stored = model.forward(x)
    return logits, labels, stored


def test_a_summed_gradient_with_a_smaller_rate_is_the_right_one_until_the_batch_grows():
    rows = mistakes.tried(epochs=2, width=8, seeds=[0])
    assert rows[0]["right"] == rows[2]["right"]
    assert rows[3]["right"] != rows[4]["right"]


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
    assert row["chosen_by"] == row["by_epoch"][-1]
    assert row["commonest"] == np.bincount(row["predictions"]).max() / 500
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
    row |= {"first_gradient": 0.2, "last_gradient": 0.1, "spread": 0.5, "commonest": 0.12}
    return row | {"predictions": named.tolist(), "learned_after": None if chosen_by < 0.5 else 3 + seed}


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
    assert not rows["tanh"]["guesses"]
    assert study.difference(RUNS, "relu", "tanh", 1).value == pytest.approx(-0.1)
    assert study.difference(RUNS, "relu", "tanh", 4) is None


def test_the_fastest_rate_is_one_at_which_every_seed_arrives():
    found = report.fastest(RUNS)
    assert found["relu", 1] == {"rate": 0.1, "passes": [3, 4]}
    assert found["tanh", 1] == {"rate": 0.1, "passes": [3, 4]}, "at 0.5 no seed arrives"
    quicker = [row | {"learned_after": row["learned_after"] - 2} if row["rate"] == 0.5 else row for row in RUNS[:4]]
    assert report.fastest(quicker)["relu", 1] == {"rate": 0.5, "passes": [1, 2]}
    more = report.slower([*quicker, *RUNS[4:]], "relu", "tanh", 1)
    assert (more.value, more.low, more.high) == (-2, -2, -2)
    assert "relu is faster" in report.speeds([*quicker, *RUNS[4:]], 1)
    lost = [row | {"learned_after": None} for row in RUNS[:4]]
    assert report.fastest(lost)["relu", 1]["passes"] is None
    assert report.slower([*lost, *RUNS[4:]], "relu", "tanh", 1) is None
    assert "not reached" in report.speeds([*lost, *RUNS[4:]], 1)


def test_every_two_are_compared_and_only_those_apart_are_called_so():
    third = [run("sigmoid", 1, 0.1, seed, 0.9, 449) for seed in (0, 1)]
    rows = {(row["a"], row["b"]): row["difference"] for row in report.pairs([*RUNS, *third])}
    assert set(rows) == {("relu", "tanh"), ("relu", "sigmoid"), ("tanh", "sigmoid")}
    assert report.told(rows["relu", "tanh"])
    assert not report.told(rows["tanh", "sigmoid"])
    assert report.order([*RUNS, *third], 1) == "tanh  ≈  sigmoid  >  relu"
    assert report.ahead(report.pairs([*RUNS, *third]), 1).startswith(
        "**1 hidden layer.** tanh is ahead of relu by 10.0"
    )


def test_winners_at_an_end_of_the_list_are_named():
    best = {("relu", 1): 0.5, ("tanh", 4): 0.1, ("tanh", 8): 0.2}
    assert report.at_an_end(best, [0.1, 0.2, 0.5]) == [
        "relu, 1 hidden layer: highest, 0.5",
        "tanh, 4 hidden layers: lowest, 0.1",
    ]


def test_the_factor_a_layer_is_between_depths():
    start = [
        {"depth": depth, "activation": "sigmoid", "ratio": ratio} for depth, ratio in ((1, 0.6), (4, 0.6 * 0.42**3))
    ]
    (row,) = report.per_layer(start)
    assert row["factor"] == pytest.approx(0.42)
    assert not row["factor"] < 0.25, "the lab's check would fail"


def test_a_deep_sigmoid_shows_its_last_layer_the_same_for_every_digit():
    found = {name: study.at_start(HandMLP((64, *[32] * 8, 10), name, 0)) for name in ("sigmoid", "tanh")}
    assert found["sigmoid"]["spread"] < 1e-4 < 0.5 < found["tanh"]["spread"]
    assert found["sigmoid"]["last_gradient"] > found["tanh"]["last_gradient"], "it is no small gradient"
    assert found["sigmoid"]["first_gradient"] < 1e-3 * found["tanh"]["first_gradient"]


def test_the_conclusion_names_who_is_ahead_who_guesses_and_what_stays_unexplained():
    guess = [run("sigmoid", 1, rate, seed, 0.1, 48) | {"commonest": 1.0} for rate in (0.1, 0.5) for seed in (0, 1)]
    runs = [*RUNS, *guess]
    text = "\n".join(report.says(runs, study.at_best(runs)))
    assert "tanh is ahead of relu by 10.0 points" in text
    assert "sigmoid with 1 hidden layer guesses" in text
    assert "Not explained by this run" in text
    apart = [row | {"first_gradient": 9.0} if row["activation"] == "relu" else row for row in runs]
    assert "Not explained" not in "\n".join(report.says(apart, study.at_best(apart)))
    begun = [run("sigmoid", 1, 0.1, seed, 0.3, 150) for seed in (0, 1)]
    assert "has begun" in "\n".join(report.says([*RUNS, *begun], study.at_best([*RUNS, *begun])))


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
    ends = {"at_best": [{}, {}], "rates_at_an_end": ["relu, 4 hidden layers: highest, 8"]}
    text = headline(
        SimpleNamespace(
            summary=json.loads(json.dumps({"autograd": 3e-16, "differences": [row, row | {"b": "sigmoid"}]} | ends))
        )
    )
    assert "**3e-16**" in text
    assert "4 hidden layers, each at its own best rate: relu minus tanh **−10.0" in text
    assert "Of 2 best rates 1 lies at an end of the list" in text
