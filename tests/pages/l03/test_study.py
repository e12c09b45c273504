"""The networks of lab 03: names, layers, and what fresh weights do."""

from dataclasses import replace

import pytest
import timm
import torch
from torch import nn

from helpers.models.vit import ViT
from helpers.pages.l03.study import (
    NETWORKS,
    Network,
    beside,
    measure_layer,
    measure_trained,
    networks,
    noise,
    over_draws,
    random_network,
    random_stack,
    stack_spread,
    theory,
    trained_network,
    why_not_trained,
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
    last = network.layers[-1]
    assert theory(model, [last], network.image_size, network.in_channels)[last].size == PUBLISHED[name]


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.timm_name])
def test_timm_layers_are_the_same_layers(name: str) -> None:
    network = NETWORKS[name]
    with torch.device("meta"):
        ours, theirs = network.build(network.image_size), timm.create_model(network.timm_name, pretrained=False)
    fields = theory(ours, network.layers, network.image_size), theory(theirs, network.timm_layers, network.image_size)
    assert list(fields[0].values()) == list(fields[1].values())


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
    images = torch.randn(4, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    model = random_network(small_network(), images, 0)
    row, share = measure_layer(model, "3", theory(model, ["3"], 24)["3"], images, seed=0)
    assert (row["theory_px"], row["jump_px"], row["image_px"]) == (7, 2, 24)
    assert 1 < row["side95_px"] <= 7
    assert row["own_share"] is None  # a map of overlapping fields, not of patches
    assert share.shape == (24, 24)


def test_an_untrained_vit_keeps_to_its_own_patch() -> None:
    torch.manual_seed(0)
    model = ViT(48, 16, 10, embed_dim=32, depth=2, num_heads=2).eval()
    fields = theory(model, ["patches", "blocks.0"], 48)
    images = noise(NETWORKS["vit_ti16"], 48, 2, seed=0)
    only, mostly = (measure_layer(model, layer, field, images, 0)[0] for layer, field in fields.items())
    assert (only["theory_px"], only["own_share"]) == (16, 1)
    assert mostly["theory_px"] is None
    assert 0.5 < mostly["own_share"] < 1


def test_trained_rows_carry_our_names() -> None:
    network = small_network()
    network = replace(network, timm_name="theirs", timm_layers=network.layers, layers=("ours.0", "ours.1"))
    images = noise(network, 24, 2, seed=0)
    rows, maps = measure_trained(network, random_network(network, images, 0), images_per_seed=2, seeds=2)
    assert [(row["seed"], row["layer"]) for row in rows] == [(0, "ours.0"), (0, "ours.1"), (1, "ours.0"), (1, "ours.1")]
    assert all(share.sum() == pytest.approx(1) for share in maps.values())


def test_what_cannot_be_had_trained_says_why() -> None:
    assert why_not_trained(NETWORKS["vgg16"], 224) is None
    assert why_not_trained(NETWORKS["vgg16"], 64) == "its weights are for images of 224 px"
    assert "no trained weights" in str(why_not_trained(NETWORKS["lenet5"], 32))


def test_a_hub_out_of_reach_is_a_connection_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(ConnectionError, match=r"vgg16\.tv_in1k could not be had from the hub \(OSError\)"):
        trained_network(NETWORKS["vgg16"])


def test_trained_layers_stand_beside_the_fresh_ones() -> None:
    fixed = {"model": "m", "theory_px": 30, "own_share": None}
    fresh = [{**fixed, "layer": layer, "side95_px": side} for layer, side in (("a", 5.0), ("b", 9.0))]
    (row,) = beside(fresh, [{**fixed, "layer": "b", "side95_px": 21.0}])
    assert (row["layer"], row["theory (px)"], row["fresh (px)"], row["trained (px)"]) == ("b", 30, 9, 21)


def test_draws_are_averaged_with_an_interval() -> None:
    fixed = {"model": "m", "layer": "a", "image_px": 24, "theory_px": None, "jump_px": 2, "spread_px": 2.0}
    (row,) = over_draws([{**fixed, "side95_px": side, "own_share": 0.1} for side in (9, 11, 13)])
    assert (row["side95_px"], row["theory_px"], row["seeds"]) == (11, None, 3)
    assert row["low_px"] < 9
    (single,) = over_draws([{**fixed, "side95_px": 9, "own_share": 0.1}])
    assert single["low_px"] is None


def test_random_stacks_keep_the_size_of_signals() -> None:
    torch.manual_seed(0)
    for relu in (False, True):
        signal = random_stack(20, 64, relu)(torch.randn(2, 1, 64, 64))[:, :, 22:42, 22:42]
        assert 0.2 < signal.std() < 4


@pytest.mark.parametrize("relu", [False, True])
def test_the_spread_of_a_stack_is_a_random_walk(relu: bool) -> None:
    assert stack_spread(6, 16, relu, draws=8, seed=0) == pytest.approx(2.0, rel=0.08)


def test_networks_are_chosen_by_name() -> None:
    assert list(networks(["vgg16", "lenet5"])) == ["vgg16", "lenet5"]
    with pytest.raises(ValueError, match=r"expected some of lenet5, .*got vgg17"):
        networks(["vgg17", "lenet5"])
    with pytest.raises(ValueError, match="no trained weights"):
        trained_network(NETWORKS["lenet5"])
