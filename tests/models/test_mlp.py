"""The perceptron has no idea of neighbourhood."""

import math

import pytest
import torch
import torch.nn.functional as F

from helpers.models.mlp import MLP


def test_parameters_of_every_layer():
    count = sum(
        p.numel() for p in MLP(image_size=28, num_classes=10, hidden_dims=(100, 50), in_channels=1).parameters()
    )
    assert count == (784 * 100 + 100) + (100 * 50 + 50) + (50 * 10 + 10)


def test_shuffled_pixels_are_as_good_as_any():
    """Permuting the pixels and the first layer's columns gives the same logits."""
    model = MLP(image_size=4, num_classes=5, hidden_dims=(16,)).double()
    images, order = torch.randn(3, 3, 4, 4, dtype=torch.float64), torch.randperm(48)
    logits = model(images)
    with torch.no_grad():
        model.hidden[0].weight.copy_(model.hidden[0].weight[:, order])
    torch.testing.assert_close(model(images.flatten(1)[:, order].view_as(images)), logits)


def test_initial_loss_is_that_of_a_guess():
    torch.manual_seed(0)
    loss = F.cross_entropy(MLP()(torch.randn(64, 3, 32, 32)), torch.arange(64) % 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.1)


def test_no_hidden_layer_is_a_linear_classifier():
    model = MLP(image_size=4, num_classes=5, hidden_dims=())
    a, b = torch.randn(2, 1, 3, 4, 4)
    torch.testing.assert_close(model((a + b) / 2), (model(a) + model(b)) / 2)


def test_wrong_images_are_named():
    with pytest.raises(ValueError, match=r"images: expected \(B, C=3, H=32, W=32\), got \(1, 3, 28, 28\)"):
        MLP()(torch.zeros(1, 3, 28, 28))
