"""Secant, tangent and back-propagation: the numbers of the explorer against autograd, its size, its still picture."""

import math

import pytest
import torch

from helpers.pages.c03.explorer import INPUTS, STEPS, BackpropExplorer, forward_backward


def test_values_and_gradients_are_those_of_the_worked_example():
    values, gradients = forward_backward()
    expected = {"a": 0.6, "h": 0.6, "z": 0.0, "p": 0.5, "L": math.log(2)}
    assert {node: values[node] for node in expected} == pytest.approx(expected, abs=1e-12)
    expected = {"z": -0.5, "v": -0.3, "c": -0.5, "h": -1, "a": -1, "w": -2, "b": -1, "x": -0.5}
    assert {node: gradients[node] for node in expected} == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "change", [{}, {"y": 0}, {"w": 0.1}, {"w": -1.0, "y": 0}, {"v": -3.0}, {"v": 0.0}, {"x": -1.5}]
)
def test_gradients_are_those_of_autograd(change):
    inputs = INPUTS | change
    t = {name: torch.tensor(float(inputs[name]), dtype=torch.float64, requires_grad=True) for name in "xwbvc"}
    p = torch.sigmoid(t["v"] * torch.relu(t["w"] * t["x"] + t["b"]) + t["c"])
    loss = torch.nn.functional.binary_cross_entropy(p, torch.tensor(float(inputs["y"]), dtype=torch.float64))
    loss.backward()
    values, gradients = forward_backward(inputs)
    assert values["L"] == pytest.approx(loss.item(), abs=1e-12)
    for name, tensor in t.items():
        assert gradients[name] == pytest.approx(tensor.grad.item(), abs=1e-12)


def test_nothing_passes_a_shut_relu():
    _, gradients = forward_backward(INPUTS | {"w": 0.1})
    assert gradients["a"] == gradients["w"] == gradients["b"] == gradients["x"] == 0
    assert gradients["c"] != 0


@pytest.mark.parametrize("point", ["3", None, True, float("nan"), float("inf"), 101])
def test_a_point_that_is_no_number_is_refused(point):
    with pytest.raises(ValueError, match="point: expected a number from -100 to 100, got"):
        BackpropExplorer(point)


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="y: expected 0 or 1, got 2"):
        forward_backward(INPUTS | {"y": 2})
    with pytest.raises(ValueError, match="inputs: expected finite numbers for x, w, b, v, c, y, got"):
        forward_backward({"x": 1.0})


@pytest.mark.parametrize("point", [3.0, 0.0, -2])
def test_explorer_is_light_and_has_a_still_picture(light_with_a_still, point):
    explorer = BackpropExplorer(point)
    assert explorer.data["point"] == point
    assert explorer.data["steps"] == list(STEPS)
    light_with_a_still(explorer)
    assert f"slope {2 * point:g}" in explorer.alt
