"""The equations of chapter 3 (facts 5.0 and 5.4), checked in numbers."""

import math

import numpy as np
import pytest
import torch

from helpers.models.by_hand import HandMLP, centred_difference, cross_entropy, softmax


def test_the_secant_of_the_square_is_2x_plus_h():
    x, h = 3.0, 1e-3
    assert ((x + h) ** 2 - x**2) / h == pytest.approx(6.001, abs=1e-9)


def test_too_small_a_step_leaves_nothing():
    x, h = 3.0, 1e-16
    assert ((x + h) ** 2 - x**2) / h == 0.0


def test_the_graph_by_hand():
    """The numbers that the chapter computes with pencil and paper, and the explorer steps through."""
    x, w, b, v, c = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (2, 0.5, -0.4, 2, -1.2))
    a = w * x + b
    h = torch.relu(a)
    z = v * h + c
    p = torch.sigmoid(z)
    loss = -torch.log(p)
    for node in (a, h, z, p):
        node.retain_grad()
    loss.backward()
    assert [n.item() for n in (a, h, z, p, loss)] == pytest.approx([0.6, 0.6, 0, 0.5, math.log(2)], abs=1e-15)
    gradients = {"p": p, "z": z, "v": v, "c": c, "h": h, "a": a, "w": w, "b": b, "x": x}
    by_hand = {"p": -2, "z": -0.5, "v": -0.3, "c": -0.5, "h": -1, "a": -1, "w": -2, "b": -1, "x": -0.5}
    assert {name: node.grad.item() for name, node in gradients.items()} == pytest.approx(by_hand, abs=1e-15)


def test_softmax_and_its_gradient_for_three_logits():
    logits = np.array([[2.0, 1.0, 0.1]])
    p = softmax(logits)
    assert p[0].round(3).tolist() == [0.659, 0.242, 0.099]
    gradient = centred_difference(lambda: cross_entropy(logits, np.array([0])), logits)
    assert gradient[0].round(3).tolist() == [-0.341, 0.242, 0.099]
    np.testing.assert_allclose(gradient, p - [[1, 0, 0]], atol=1e-9)


def test_the_gradient_of_a_batch_is_p_minus_e_over_b():
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(8, 5)), rng.integers(0, 5, 8)
    z = torch.tensor(logits, requires_grad=True)
    torch.nn.functional.cross_entropy(z, torch.tensor(labels)).backward()
    np.testing.assert_allclose((softmax(logits) - np.eye(5)[labels]) / 8, z.grad.numpy(), atol=1e-16)


def test_back_propagation_in_matrices_is_exact_to_1e_8():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    model = HandMLP((4, 5, 5, 3), "relu", seed=1)
    logits, stored = model.forward(x)
    of_weights, of_biases = model.backward(logits, labels, stored)
    arrays = model.weights + model.biases
    for array, gradient in zip(arrays, of_weights + of_biases, strict=True):
        assert gradient.shape == array.shape
        numeric = centred_difference(lambda: cross_entropy(model.forward(x)[0], labels), array)
        assert np.abs(gradient - numeric).max() < 1e-8


def test_parameters_of_784_256_10():
    model = HandMLP((784, 256, 10))
    assert sum(array.size for array in model.weights + model.biases) == 203_530


def test_stacked_linear_layers_are_one():
    model = HandMLP((6, 9, 4), "identity", seed=3)
    x = np.random.default_rng(0).normal(size=(20, 6))
    matrix = model.weights[0] @ model.weights[1]
    bias = model.biases[0] @ model.weights[1] + model.biases[1]
    assert np.abs(model.forward(x)[0] - (x @ matrix + bias)).max() < 1e-12


def test_two_hidden_units_solve_xor():
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    h = np.maximum(points @ np.array([[1, 1], [1, 1]]) + np.array([0, -1]), 0)
    assert (h @ np.array([1, -2])).tolist() == [0, 1, 1, 0]


def test_the_cube_s_two_differences_err_by_9h_and_by_its_square():
    x, h = 3.0, 2.0**-10  # a power of two, so that nothing is rounded in x + h
    secant = ((x + h) ** 3 - x**3) / h
    centred = ((x + h) ** 3 - (x - h) ** 3) / (2 * h)
    assert secant - 27 == pytest.approx(9 * h + h**2, rel=1e-9)
    assert centred - 27 == pytest.approx(h**2, rel=1e-6)


def test_locality_and_sharing_save_one_after_the_other():
    shared = torch.nn.Conv2d(1, 16, kernel_size=3, padding=1)
    own_patch = torch.nn.Conv2d(9, 64 * 16, kernel_size=1)  # every unit has nine pixels of its own
    own = torch.nn.Linear(64, 64 * 16)
    assert shared(torch.zeros(1, 1, 8, 8)).numel() == own(torch.zeros(1, 64)).numel()
    numbers = [sum(p.numel() for p in layer.parameters()) for layer in (shared, own_patch, own)]
    assert numbers == [160, 10_240, 66_560]


def test_where_a_node_is_used_twice_the_answers_add():
    x = torch.tensor(3.0, requires_grad=True)
    (x * x).backward()
    assert x.grad.item() == 3 + 3


@pytest.mark.parametrize("y", [0, 1])
def test_the_gradient_of_the_yes_or_no_loss_is_p_minus_y(y):
    z = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    p = torch.sigmoid(z)
    (-y * torch.log(p) - (1 - y) * torch.log(1 - p)).backward()
    assert z.grad.item() == pytest.approx(p.item() - y, abs=1e-15)


def test_jacobians_from_the_loss_or_from_the_input_make_one_gradient():
    rng = np.random.default_rng(0)
    row, *jacobians = rng.normal(size=(1, 6)), *rng.normal(size=(4, 6, 6))
    from_the_loss = row
    for matrix in jacobians:
        from_the_loss = from_the_loss @ matrix  # a row times a matrix
    from_the_input = jacobians[-1]
    for matrix in jacobians[-2::-1]:
        from_the_input = matrix @ from_the_input  # a matrix times a matrix
    np.testing.assert_allclose(from_the_loss, row @ from_the_input, rtol=1e-12)


def test_a_slope_written_one_minus_p_is_lost_where_p_is_one():
    p = softmax(np.array([[200.0, 0.0]]))[0]
    assert 0 < p[0] * p[1] < 1e-80
    assert p[0] * (1 - p[0]) == 0.0


def test_the_perceptron_s_rule_descends_how_far_not_how_often():
    x = torch.tensor([1.0, -2.0])
    w = torch.tensor([-1.0, 0.5], requires_grad=True)  # z = -2 where the answer is 1
    torch.relu(-(w @ x)).backward()
    assert torch.equal(-w.grad, (1 - 0) * x)
