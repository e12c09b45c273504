"""Patches, tokens and cost: the formulas against models, what is refused, the explorer's size and still picture."""

import numpy as np
import pytest
import torch

from helpers.measure.cost import macs, saved_activation_bytes
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.pages.c10.explorer import PatchExplorer, patch_cost

MIB = 2**20


def an_image(side: int = 64, width: int | None = None) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, width or side, 3), dtype=np.uint8)


def a_similarity(grid: int = 14, columns: int | None = None, width: int = 32) -> np.ndarray:
    vectors = np.random.default_rng(1).normal(size=(grid * (columns or grid), width))
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
    assert PatchExplorer(an_image()).data["start"] == [[224, 224], 16]


@pytest.mark.parametrize(
    ("size", "patch", "config"),
    [(224, 16, "B"), (384, 16, "B"), (224, 32, "B"), (224, 14, "S"), (224, 8, "Ti"), ((128, 256), 16, "Ti")],
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
        (((224, 100), 16), r"image_size: expected a multiple of patch_size 16, got \(224, 100\)"),
        (((224, -16), 16), "image_size: expected a positive integer, got -16"),
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
        (an_image().astype(float), r"image: expected uint8 \(H, W, 3\), got float64 \(64, 64, 3\)"),
        (an_image()[..., 0], r"image: expected uint8 \(H, W, 3\), got uint8 \(64, 64\)"),
        (an_image()[:16], r"image: expected sides of at least 32 pixels, got \(16, 64, 3\)"),
        (an_image(33, 64), r"image: expected sides that patches of one of .* pixels divide, got \(33, 64\)"),
    ],
)
def test_an_image_of_another_form_is_refused(image, message):
    with pytest.raises(ValueError, match=message):
        PatchExplorer(image)


def test_a_similarity_of_another_form_is_refused():
    good = a_similarity(4)
    with pytest.raises(ValueError, match=r"similarity: expected \(N, N\) with N >= 4, got \(16, 15\)"):
        PatchExplorer(an_image(), good[:, :15], grid=4)
    with pytest.raises(ValueError, match=r"similarity: expected finite values in \[-1, 1\]"):
        PatchExplorer(an_image(), 2 * good, grid=4)
    with pytest.raises(ValueError, match="similarity: expected it symmetric, with ones on the diagonal"):
        PatchExplorer(an_image(), good * 0.5, grid=4)
    with pytest.raises(ValueError, match="similarity: expected it symmetric"):
        PatchExplorer(an_image(), good + np.triu(np.full_like(good, -0.01), 1) * np.sign(good), grid=4)
    with pytest.raises(ValueError, match=r"grid: expected \(rows, columns\) with 16 patches, got \(2, 7\)"):
        PatchExplorer(an_image(), good, grid=(2, 7))
    for similarity, grid in ((None, (14, 14)), (good, None)):
        with pytest.raises(ValueError, match="grid: expected one with a similarity and None without, got"):
            PatchExplorer(an_image(), similarity, grid)


def test_more_than_the_page_can_carry_is_refused():
    with pytest.raises(ValueError, match="expected at most 60000 bytes in all"):
        PatchExplorer(an_image(), a_similarity(24), grid=24)


@pytest.mark.parametrize(
    ("image", "grid"), [((64, 64), (2, 8)), ((64, 256), (8, 8)), ((64, 256), (16, 4)), ((64, 64), (5, 5))]
)
def test_a_grid_that_cannot_be_that_of_the_image_is_refused(image, grid):
    with pytest.raises(ValueError, match=rf"grid: expected one that divides the image of \({image[0]}, {image[1]}\)"):
        PatchExplorer(an_image(*image), a_similarity(*grid), grid)


@pytest.mark.parametrize(
    ("image", "grid", "start"),
    [
        ((224, 224), (14, 14), [[224, 224], 16]),
        ((64, 64), (14, 14), [[224, 224], 16]),
        ((64, 64), (8, 8), [[64, 64], 8]),
        ((224, 224), (7, 7), [[224, 224], 32]),
        ((64, 256), (4, 16), [[64, 256], 16]),
        ((112, 56), (14, 7), [[112, 56], 8]),
    ],
)
def test_first_view_shows_the_grid_of_the_similarity(image, grid, start):
    explorer = PatchExplorer(an_image(*image), a_similarity(*grid), grid=grid)
    assert (explorer.data["start"], explorer.data["grid"]) == (start, list(grid))
    assert start[0] in explorer.data["sizes"]
    assert start[1] in explorer.data["patches"]


def test_the_still_picture_of_a_wide_grid_has_its_rows_and_columns():
    explorer = PatchExplorer(an_image(64, 256), a_similarity(4, 16), grid=(4, 16))
    assert "A picture of 64 by 256 pixels under a grid of 4 by 16 patches: 64 patches, 65 tokens" in explorer.alt
    picture, similar, _ = explorer.still().axes[:3]
    assert picture.get_title(loc="left") == "4 x 16 patches of 16 pixels"
    assert similar.get_title(loc="left") == "cosine with row 3 column 9"
    shown = similar.images[0].get_array()
    assert shown.shape == (4, 16)
    assert shown[2, 8] == pytest.approx(1)


@pytest.mark.parametrize(("similarity", "grid"), [(None, None), (a_similarity(), (14, 14))])
def test_explorer_is_light_and_has_a_still_picture(light_with_a_still, similarity, grid):
    # Noise is the picture that compresses worst: its side gives way until the page can carry it.
    explorer = PatchExplorer(an_image(224), similarity, grid)
    light_with_a_still(explorer)
    assert "196 patches, 197 tokens, 17.56 GMACs and 133.3 MiB" in explorer.alt
