"""Paths against measured gradients and against the field; the explorer's sentence, size and still picture."""

import numpy as np
import pytest

from helpers.measure.receptive_field import Layer, effective_field, receptive_field, side_holding, spread
from helpers.pages.c07.explorer import PRESETS, FieldExplorer, path_shares, square_of_paths, told
from helpers.pages.l03.study import random_stack


def a_picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", PRESETS)
def test_paths_fill_the_field(name):
    layers = [Layer(*layer) for layer in PRESETS[name]]
    shares = path_shares(layers)
    assert len(shares) == receptive_field(layers)[-1].size
    assert shares.sum() == pytest.approx(1)
    assert shares[0] > 0
    assert np.allclose(shares, shares[::-1])


def test_counts_of_three_layers_by_hand():
    assert np.allclose(27 * path_shares([Layer(3)] * 3), (1, 3, 6, 7, 6, 3, 1))
    assert np.allclose(path_shares([]), [1])


@pytest.mark.parametrize(("n", "k"), [(3, 3), (24, 5), (7, 2)])
def test_the_walk_has_the_variance_of_its_steps(n, k):
    shares = path_shares([Layer(k)] * n)
    at = np.arange(len(shares)) - (len(shares) - 1) / 2
    assert (shares * at**2).sum() == pytest.approx(n * (k**2 - 1) / 12)


def test_paths_are_the_mean_squared_gradient_of_random_stacks():
    import torch

    torch.manual_seed(0)
    images = (torch.randn(1, 1, 11, 11) for _ in range(400))
    fields = [effective_field(random_stack(2, 1, relu=False), "1", x, seed=k) for k, x in enumerate(images)]
    shares = path_shares([Layer(3)] * 2)
    assert np.abs(np.mean(fields, 0)[3:8, 3:8] - np.outer(shares, shares)).max() < 0.02
    assert spread(np.outer(shares, shares)) == pytest.approx((4 / 3) ** 0.5)


@pytest.mark.parametrize("n", [1, 4, 32])
def test_the_square_is_that_of_the_lab(n):
    shares = path_shares([Layer(3)] * n)
    assert square_of_paths(shares) == side_holding(np.outer(shares, shares))


def test_too_wide_a_field_and_no_layer_are_refused():
    with pytest.raises(ValueError, match="expected a field of at most 4000 pixels"):
        path_shares([Layer(16, 16)] * 4)
    with pytest.raises(ValueError, match="at least 1"):
        path_shares([Layer(3, 0)])


def test_the_sentence_names_holes_and_fields_wider_than_the_picture():
    assert told([]) == "No layer: the value is the pixel itself"
    assert "Holes: of its 13 columns 7 are reached" in told([Layer(3, 1, 2)] * 3)
    assert told([Layer(3)] * 120).endswith("wider than the picture's 224")
    assert told([Layer(3)]).startswith("1 layer: the field is 3 x 3 pixels, a step of the map is 1 pixel;")


def test_explorer_is_light_and_has_a_still_picture(light_with_a_still):
    explorer = FieldExplorer(a_picture()[:, :, :1].repeat(3, axis=2) // 8)
    light_with_a_still(explorer)
    assert "the field is 196 x 196 pixels" in explorer.alt


@pytest.mark.parametrize("wrong", [a_picture()[:100], a_picture().astype(float)])
def test_another_picture_is_refused(wrong):
    with pytest.raises(ValueError, match=r"picture: expected uint8 \(224, 224, 3\)"):
        FieldExplorer(wrong)
