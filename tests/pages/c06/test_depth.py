"""Deep stacks of digits: what is built, that a sum keeps the gradient alive, and that the study has a row for each."""

import pytest
import torch
from torch import nn

from helpers.pages.c06 import depth


@pytest.mark.parametrize("kind", depth.KINDS)
def test_a_network_has_its_layers_and_ten_logits(kind):
    model = depth.build(kind, 4)
    batch_norm, residual, _ = depth.KINDS[kind]
    layers = [layer for layer in model if isinstance(layer, depth.Layer)]
    assert len(layers) == 4
    assert all(layer.residual == residual for layer in layers)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in model.modules()) == 4 * batch_norm
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
    assert torch.equal(depth.build(kind, 4)[0].weight, model[0].weight)


def test_a_layer_whose_convolution_is_zero_hands_on_its_input_or_nothing():
    x = torch.randn(2, depth.WIDTH, 4, 4)
    for residual, expected in ((True, x), (False, 0 * x)):
        layer = depth.Layer(batch_norm=False, residual=residual)
        for weight in layer.parameters():
            nn.init.zeros_(weight)
        assert torch.equal(layer(x), expected)


def test_the_gradient_dies_in_a_plain_stack_and_lives_in_a_residual_one():
    plain, residual = (depth.gradient_norms(depth.build(kind, 16)) for kind in ("plain", "residual"))
    assert len(plain) == 16
    assert plain[0] < 1e-4 * plain[-1]
    assert residual[0] > 0.1 * residual[-1]


def test_digits_are_split_once():
    images, labels, new_images, new_labels = depth.digits()
    assert (len(images), len(new_images)) == (1347, 450)
    assert images.max() <= 1
    assert {len(labels), len(new_labels)} == {1347, 450}
    both = {tuple(one.flatten().tolist()) for one in new_images} & {tuple(one.flatten().tolist()) for one in images}
    assert len(both) <= 2


def test_a_study_has_a_row_for_every_kind_depth_and_seed(monkeypatch):
    monkeypatch.setattr(depth, "DEPTHS", (2,))
    rows = depth.study(steps=3, seeds=(0, 1))
    assert [(row["kind"], row["seed"]) for row in rows] == [(kind, seed) for seed in (0, 1) for kind in depth.KINDS]
    assert all(0 <= row["new"] <= 1 and row["last"] > 0 for row in rows)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of plain"):
        depth.build("dense", 4)
