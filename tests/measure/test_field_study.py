"""The networks of lab 03: names, layers, and what fresh weights do."""

import pytest
import timm
import torch
from torch import nn

from helpers.measure.field_study import (
    NETWORKS,
    Network,
    measure_layer,
    networks,
    random_network,
    random_stack,
    stack_spread,
    theory,
    trained_network,
)

PUBLISHED = {  # sides in pixels of the last studied layer (facts F1)
    "lenet5": 16,
    "vgg16": 196,
    "resnet50": 427,
    "xception": 1083,
    "vit_ti16": float("inf"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_studied_layer_has_the_published_field(name: str) -> None:
    network = NETWORKS[name]
    with torch.device("meta"):
        model = network.build(network.image_size)
    assert theory(model, network.layers[-1], network.image_size, network.in_channels).size == PUBLISHED[name]


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.timm_name])
def test_timm_layers_are_the_same_layers(name: str) -> None:
    network = NETWORKS[name]
    with torch.device("meta"):
        ours, theirs = network.build(network.image_size), timm.create_model(network.timm_name, pretrained=False)
    for layer, timm_layer in zip(network.layers, network.timm_layers, strict=True):
        assert theory(ours, layer, network.image_size) == theory(theirs, timm_layer, network.image_size)


def small_network() -> Network:
    def build(size: int) -> nn.Module:
        body = [nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3)]
        return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))

    return Network(build, 24, ("0", "3"))


def test_fresh_networks_normalise_by_the_images_and_repeat_from_the_seed() -> None:
    images = torch.randn(4, 3, 24, 24) * 5 + 2
    first, again, other = (random_network(small_network(), images, seed) for seed in (0, 0, 1))
    assert not first.training
    with torch.no_grad():
        normalised = first[1](first[0](images))
    assert torch.allclose(normalised.mean((0, 2, 3)), torch.zeros(8), atol=1e-4)
    assert torch.allclose(normalised.std((0, 2, 3)), torch.ones(8), atol=2e-2)
    assert torch.equal(first[0].weight, again[0].weight)
    assert not torch.equal(first[0].weight, other[0].weight)


def test_a_row_holds_theory_and_practice() -> None:
    images = torch.randn(4, 3, 24, 24)
    row, share = measure_layer(random_network(small_network(), images, 0), "3", images, seed=0)
    assert (row["theory_px"], row["jump_px"], row["image_px"]) == (7, 2, 24)
    assert 1 < row["side95_px"] <= 7
    assert 0 < row["own_share"] < 1
    assert share.shape == (24, 24)


def test_random_stacks_keep_the_size_of_signals() -> None:
    torch.manual_seed(0)
    for relu in (False, True):
        signal = random_stack(20, 64, relu)(torch.randn(2, 1, 64, 64))[:, :, 22:42, 22:42]
        assert 0.2 < signal.std() < 4


@pytest.mark.parametrize("relu", [False, True])
def test_the_spread_of_a_stack_is_a_random_walk(relu: bool) -> None:
    assert stack_spread(6, 16, relu, draws=8, seed=0) == pytest.approx(2.0, rel=0.08)


def test_networks_are_chosen_by_name() -> None:
    assert list(networks("vgg16, lenet5")) == list(networks(["vgg16", "lenet5"])) == ["vgg16", "lenet5"]
    with pytest.raises(ValueError, match=r"expected some of lenet5, .*got vgg17"):
        networks("vgg17,lenet5")
    with pytest.raises(ValueError, match="no trained weights"):
        trained_network(NETWORKS["lenet5"])
