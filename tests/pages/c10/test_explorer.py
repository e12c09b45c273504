"""Patches, tokens and cost: the formulas against models, what is refused, the explorer's size and still picture."""

import numpy as np
import pytest
import torch

from helpers.measure.cost import macs, saved_activation_bytes
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.pages.c10.explorer import PatchExplorer, patch_cost

MIB = 2**20


def an_image(side: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def a_similarity(grid: int = 14, width: int = 32) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(grid * grid, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


def test_first_view_is_vit_b_16():
    cost = patch_cost(224, 16)
    assert (cost.patches, cost.tokens) == (196, 197)
    assert cost.macs == 17_563_828_224
    assert cost.activation_bytes / MIB == pytest.approx(133.3, abs=0.05)
    assert cost.fused_activation_bytes / MIB == pytest.approx(112.0, abs=0.05)
    assert cost.quadratic_macs / cost.macs == pytest.approx(0.041, abs=5e-4)
    assert (cost.embedding_parameters, cost.position_parameters) == (590_592, 151_296)
    assert PatchExplorer(an_image()).data["start"] == [224, 16]


@pytest.mark.parametrize(
    ("size", "patch", "config"), [(224, 16, "B"), (384, 16, "B"), (224, 32, "B"), (224, 14, "S"), (224, 8, "Ti")]
)
def test_cost_is_that_of_the_model(size, patch, config):
    with torch.device("meta"):
        model = ViT(size, patch, **VIT_CONFIGS[config])
    cost = patch_cost(size, patch, **VIT_CONFIGS[config])
    assert cost.macs == macs(model, size)
    assert cost.embedding_parameters == sum(p.numel() for p in model.patches.parameters())
    assert cost.position_parameters == sum(p.numel() for p in model.positions.parameters())
    # The formula leaves out what does not grow with depth and tokens: means of norms, logits.
    assert cost.activation_bytes == pytest.approx(saved_activation_bytes(model, size), rel=0.0015)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((225, 16), "image_size: expected a multiple of patch_size 16, got 225"),
        ((0, 16), "image_size: expected a positive integer, got 0"),
        ((224, 16, 768, 12, 7), "embed_dim: expected a multiple of num_heads 7, got 768"),
        ((224, 16, 768, 1.5), "depth: expected a positive integer, got 1.5"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        patch_cost(*numbers)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (an_image().astype(float), r"image: expected uint8 \(S, S, 3\), got float64 \(64, 64, 3\)"),
        (an_image()[..., 0], r"image: expected uint8 \(S, S, 3\), got uint8 \(64, 64\)"),
        (an_image()[:40], r"image: expected a square of at least 32 pixels, got \(40, 64, 3\)"),
        (an_image(16), r"image: expected a square of at least 32 pixels, got \(16, 16, 3\)"),
    ],
)
def test_an_image_of_another_form_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        PatchExplorer(image)


def test_a_similarity_of_another_form_is_refused():
    good = a_similarity(4)
    with pytest.raises(ValueError, match=r"similarity: expected \(N, N\) with N >= 4, got \(16, 15\)"):
        PatchExplorer(an_image(), good[:, :15])
    with pytest.raises(ValueError, match=r"similarity: expected finite values in \[-1, 1\]"):
        PatchExplorer(an_image(), 2 * good)
    with pytest.raises(ValueError, match="similarity: expected it symmetric, with ones on the diagonal"):
        PatchExplorer(an_image(), good * 0.5)
    with pytest.raises(ValueError, match="similarity: expected it symmetric"):
        PatchExplorer(an_image(), good + np.triu(np.full_like(good, -0.01), 1) * np.sign(good))
    with pytest.raises(
        ValueError, match=r"grid: expected equal rows and columns whose product is N = 16, got \(2, 8\)"
    ):
        PatchExplorer(an_image(), good, grid=(2, 8))
    with pytest.raises(ValueError, match="grid: expected None without similarity"):
        PatchExplorer(an_image(), grid=(14, 14))
    with pytest.raises(ValueError, match="grid: expected one that divides the image of 64 pixels"):
        PatchExplorer(an_image(), a_similarity(5))


def test_more_than_the_page_can_carry_is_refused():
    with pytest.raises(ValueError, match="expected at most 60000 bytes in all"):
        PatchExplorer(an_image(), a_similarity(24))


@pytest.mark.parametrize(
    ("side", "grid", "start"), [(224, 14, [224, 16]), (64, 14, [224, 16]), (64, 8, [64, 8]), (224, 7, [224, 32])]
)
def test_first_view_shows_the_grid_of_the_similarity(side, grid, start):
    explorer = PatchExplorer(an_image(side), a_similarity(grid), grid=(grid, grid))
    assert explorer.data["start"] == start
    assert start[0] in explorer.data["sizes"]
    assert start[1] in explorer.data["patches"]


@pytest.mark.parametrize("similarity", [None, a_similarity()])
def test_explorer_is_light_and_has_a_still_picture(light_with_a_still, similarity):
    # Noise is the picture that compresses worst: its side gives way until the page can carry it.
    explorer = PatchExplorer(an_image(224), similarity)
    light_with_a_still(explorer)
    assert "196 patches, 197 tokens, 17.56 GMACs and 133.3 MiB" in explorer.alt
