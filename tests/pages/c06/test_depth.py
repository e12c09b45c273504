"""The study of depth: what is built, which digits are new, and that it has a row for each network."""

import pytest
import torch
from torch import nn

from helpers.pages.c06 import depth


@pytest.mark.parametrize("kind", depth.KINDS)
def test_a_network_is_the_pages_stack_of_its_kind(kind):
    stack, again = depth.build(kind, 4, seed=1), depth.build(kind, 4, seed=1)
    assert len(stack.layers) == 4
    assert all(layer.residual == ("residual" in kind) for layer in stack.layers)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in stack.modules()) == 4 * ("batch norm" in kind)
    assert torch.equal(stack.layers[3].convolution.weight, again.layers[3].convolution.weight)


def test_digits_are_split_once():
    images, labels, new_images, new_labels = depth.digits()
    assert (len(images), len(new_images)) == (len(labels), len(new_labels)) == (1347, 450)
    both = {tuple(one.flatten().tolist()) for one in new_images} & {tuple(one.flatten().tolist()) for one in images}
    assert len(both) <= 2


def test_a_study_has_a_row_for_every_kind_depth_and_seed(monkeypatch):
    monkeypatch.setattr(depth, "DEPTHS", (2,))
    rows = depth.study(epochs=1, seeds=(0, 1), learn=100)
    assert [(row["kind"], row["seed"]) for row in rows] == [(kind, seed) for seed in (0, 1) for kind in depth.KINDS]
    assert all(0 <= row["new"] <= 1 and row["steps"] == 2 for row in rows)


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind: expected one of plain"):
        depth.build("dense", 4, 0)
