"""Gradients written by hand are those of autograd, and training with them works."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.models.by_hand import ACTIVATIONS, HandMLP, centred_difference, cross_entropy, descend, sigmoid, softmax

TORCH = {"identity": lambda a: a, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    return rng.normal(size=(7, 5)), rng.integers(0, 3, 7)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_autograd(batch, activation):
    x, labels = batch
    model = HandMLP((5, 6, 4, 3), activation, seed=2)
    logits, stored = model.forward(x)
    of_weights, of_biases = model.backward(logits, labels, stored)

    weights = [torch.tensor(w, requires_grad=True) for w in model.weights]
    biases = [torch.tensor(b, requires_grad=True) for b in model.biases]
    h = torch.tensor(x)
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        h = h @ w + b
        if layer < 2:
            h = TORCH[activation](h)
    loss = F.cross_entropy(h, torch.tensor(labels))
    loss.backward()
    assert cross_entropy(logits, labels) == pytest.approx(loss.item(), abs=1e-14)
    for mine, theirs in zip(of_weights + of_biases, weights + biases, strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-14)


def test_centred_differences_agree_and_leave_the_array_as_it_was(batch):
    x, labels = batch
    model = HandMLP((5, 6, 3), "tanh")
    of_weights, _ = model.backward(*(lambda out: (out[0], labels, out[1]))(model.forward(x)))
    before = model.weights[0].copy()
    numeric = centred_difference(lambda: cross_entropy(model.forward(x)[0], labels), model.weights[0])
    np.testing.assert_array_equal(model.weights[0], before)
    np.testing.assert_allclose(numeric, of_weights[0], atol=1e-9)


def test_large_logits_do_not_overflow():
    logits = np.array([[1000.0, 0.0], [-1000.0, 0.0]])
    assert softmax(logits).tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert cross_entropy(logits, np.array([1, 1])) == 500.0
    assert sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist() == [0.0, 0.5, 1.0]


def test_one_batch_can_be_memorised(batch):
    x, labels = batch
    model = HandMLP((5, 32, 3))
    assert list(descend(model, x, labels, epochs=300, learning_rate=0.5)) == list(range(1, 301))
    assert cross_entropy(model.forward(x)[0], labels) < 0.01
    assert (model.predict(x) == labels).all()


def test_weight_decay_shrinks_weights_and_spares_biases(batch):
    x, labels = batch
    plain, decayed = HandMLP((5, 8, 3)), HandMLP((5, 8, 3))
    plain.biases[0] += 1
    decayed.biases[0] += 1
    for model, decay in ((plain, 0.0), (decayed, 0.5)):
        list(descend(model, x, labels, epochs=1, learning_rate=0.1, weight_decay=decay))
    start = HandMLP((5, 8, 3)).weights[0]
    np.testing.assert_allclose(plain.weights[0] - decayed.weights[0], 0.1 * 0.5 * start)
    np.testing.assert_array_equal(plain.biases[0], decayed.biases[0])


def test_what_is_stored_is_counted(batch):
    x, _ = batch
    _, stored = HandMLP((5, 6, 3)).forward(x)
    assert stored.nbytes == 8 * 7 * (5 + 6 + 6)


def test_wrong_shapes_and_names_are_told():
    with pytest.raises(ValueError, match=r"x: expected \(B, D=5\), got \(2, 4\)"):
        HandMLP((5, 3)).forward(np.zeros((2, 4)))
    with pytest.raises(ValueError, match="got \\(5, 3\\), swish"):
        HandMLP((5, 3), "swish")
