"""Twins give the same answers to shuffled images, before and after a step of training; a CNN has none."""

import pytest
import torch

from helpers.pages.c12 import bias, twins


@pytest.mark.parametrize("kind", ["patches", "pixels"])
def test_an_mlp_has_a_twin_for_any_shuffle(kind):
    images = bias.digits().images[:6]
    model = bias.build("mlp", 0)
    torch.testing.assert_close(twins.mlp_twin(model, kind)(bias.shuffle(images, kind)), model(images))


def test_a_vit_has_a_twin_for_shuffled_patches_and_not_for_shuffled_pixels():
    images = bias.digits().images[:6].double()
    model = bias.build("vit", 0).double().eval()
    twin = twins.vit_twin(model)
    torch.testing.assert_close(twin(bias.shuffle(images, "patches")), model(images))
    assert (twin(bias.shuffle(images, "pixels")) - model(images)).abs().max() > 1e-4


def test_twins_learn_alike():
    images, labels = bias.digits().draw(1, 0)
    model = bias.build("mlp", 0)
    twin = twins.mlp_twin(model, "pixels")
    shuffled = bias.shuffle(images, "pixels")
    bias.train(model, images, labels, steps=5, seed=0)
    bias.train(twin, shuffled, labels, steps=5, seed=0)
    torch.testing.assert_close(twin(shuffled), model(images), atol=1e-4, rtol=1e-4)
