"""Where a map points, what occlusion costs, and that maps without a network tell nothing."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.models.pretrained import build_model
from helpers.pages.l12 import maps, scores, study
from helpers.pages.l12.methods import ASKING, METHODS, NETWORKS, methods_of
from helpers.pages.l12.study import Key


class Corner(nn.Module):
    """Its first logit is the mean of the upper left quarter, the second is 0."""

    def forward(self, images):
        half = images.shape[-1] // 2
        first = images[:, :, :half, :half].mean((1, 2, 3))
        return torch.stack([first, torch.zeros_like(first)], 1)


def test_leaning_is_one_inside_zero_along_and_a_half_where_nothing_varies():
    coat, build = np.zeros((3, 8, 8), bool), np.zeros((3, 8, 8), bool)
    coat[:, 2:4, 2:4], build[:, 6:, 6:] = True, True
    heat = torch.stack([torch.from_numpy(coat[0]), torch.from_numpy(build[0]), torch.ones(8, 8)]).double()
    assert scores.leaning(heat, coat, build).tolist() == [1.0, 0.0, 0.5]


def test_only_the_order_of_a_maps_values_counts():
    rng = np.random.default_rng(0)
    heat = torch.from_numpy(rng.random((2, 8, 8)))
    coat = rng.random((2, 8, 8)) < 0.3
    a, b = (scores.leaning(one, coat, ~coat) for one in (heat, torch.exp(7 * heat)))
    assert np.allclose(a, b)


def test_a_perfect_map_tells_always_unless_it_has_one_cell_alone():
    coat, build = study.conflicts(6, 3, 0.1).places()
    assert scores.ceiling(coat, build, study.SIZE) == 1
    assert scores.ceiling(coat, build, 1) == 0


def test_occlusion_finds_the_only_quarter_that_counts():
    images = torch.rand(2, 3, 16, 16)
    images[:, :, :8, :8] += 2
    lost = maps.occlusion(Corner(), images, torch.zeros(2, dtype=torch.long), grid=2)
    assert (lost[:, 0, 0] > 0.1).all()
    assert torch.allclose(lost.flatten(1)[:, 1:], torch.zeros(2, 3), atol=1e-6)


def test_painting_a_place_leaves_the_rest():
    images, where = torch.rand(1, 3, 4, 4), np.zeros((1, 4, 4), bool)
    where[0, 0, 0] = True
    painted = scores.painted(images, where)
    assert torch.allclose(painted[0, :, 0, 0], images.mean((2, 3))[0])
    assert torch.equal(painted[0, :, 1:], images[0, :, 1:])


@pytest.mark.parametrize("network", NETWORKS)
def test_every_map_is_made_of_the_networks_it_names_and_no_other(network):
    model = build_model(network, 3, weights="shipped").model.eval().requires_grad_(False)
    images, classes = torch.rand(2, 3, 64, 64), torch.tensor([0, 2])
    for method in METHODS:
        if method not in methods_of(network):
            with pytest.raises(ValueError, match="method: expected a map of"):
                maps.explanation(method, network)
            continue
        heat = maps.explanation(method, network, cells=2)(model, images, classes)
        assert heat.shape[0] == 2
        assert torch.isfinite(heat).all()
        assert heat.std() > 0, f"{method} is flat"


def test_shuffled_weights_keep_their_numbers_and_lose_the_answers():
    model = build_model("vit_mini", 3, weights="shipped").model.eval()
    ruined = maps.shuffled(model, seed=0)
    for (name, one), other in zip(model.named_parameters(), ruined.parameters(), strict=True):
        assert torch.equal(one.flatten().sort().values, other.flatten().sort().values), name
    images = torch.rand(2, 3, 64, 64)
    assert not torch.allclose(model(images), ruined(images), atol=0.01)


def test_what_is_asked_of_a_network_that_could_choose_leaves_out_what_needs_a_known_cue():
    model = build_model("vit_mini", 3, weights="shipped").model.eval().requires_grad_(False)
    dogs = study.conflicts(6, 3, 0.1)
    chose = scores.ask(Key("vit_mini", "both", 0), model, dogs, dogs, deletion=2, cells=2)
    forced = scores.ask(Key("vit_mini", "coat", 0), model, dogs, dogs, deletion=2, cells=2)
    assert set(chose["maps"]["leaning"]) == set(methods_of("vit_mini"))
    assert not chose["maps"]["deletion"]
    assert set(forced["maps"]["deletion"]) == set(methods_of("vit_mini"))
    assert "blob" not in forced["maps"]["shuffled"]
    assert set(forced["maps"]["shuffled"]) == set(ASKING), "occlusion has its control as all have"
    assert forced["maps"]["leaning"] == chose["maps"]["leaning"], "the same network, the same maps"
    assert np.array(forced["maps"]["leaning"]["gradient"]).shape == (2, 6), "two outlines, six dogs"


def test_occlusion_in_batches_is_that_of_one_cell_at_a_time(monkeypatch):
    model = build_model("vit_mini", 3, weights="shipped").model.eval().requires_grad_(False)
    images, classes = torch.rand(2, 3, 64, 64), torch.tensor([0, 2])
    at_once = maps.occlusion(model, images, classes, grid=4)
    monkeypatch.setattr(maps, "AT_ONCE", 1)
    assert torch.allclose(at_once, maps.occlusion(model, images, classes, grid=4), atol=1e-5)
