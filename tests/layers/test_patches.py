"""Cutting, flattening and multiplying is a strided convolution, in one flatten order only."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.layers.patches import LinearPatchEmbedding, PatchEmbedding, patch_grid, patchify


def both_forms(patch_size, channels, embed_dim):
    convolution = PatchEmbedding(patch_size, channels, embed_dim).double()
    linear = LinearPatchEmbedding(patch_size, channels, embed_dim).double()
    with torch.no_grad():
        linear.projection.weight.copy_(convolution.projection.weight.flatten(1))  # (D, C P P)
        linear.projection.bias.copy_(convolution.projection.bias)
    return convolution, linear


@settings(max_examples=30, deadline=None)
@given(
    P=st.integers(1, 8), rows=st.integers(1, 4), columns=st.integers(1, 4), C=st.integers(1, 4), D=st.integers(1, 16)
)
def test_convolution_equals_unfold_and_linear(P, rows, columns, C, D):
    """Facts 5.10: the error is of the order of 1e-15."""
    convolution, linear = both_forms(P, C, D)
    images = torch.randn(2, C, rows * P, columns * P, dtype=torch.float64)
    tokens = convolution(images)
    assert tokens.shape == (2, rows * columns, D)
    assert (tokens - linear(images)).abs().max() < 1e-13


def test_the_other_flatten_order_is_another_network():
    """Facts 5.10: (h, w, c) instead of (c, h, w) is not a rounding error."""
    convolution, _ = both_forms(16, 3, 64)
    images = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    patches = patchify(images, 16)
    channels_last = patches.unflatten(-1, (3, 16, 16)).permute(0, 1, 3, 4, 2).flatten(2)
    weight, bias = convolution.projection.weight.flatten(1), convolution.projection.bias
    assert (patches @ weight.T + bias - convolution(images)).abs().max() < 1e-13
    assert (channels_last @ weight.T + bias - convolution(images)).abs().max() > 0.5


def test_patches_go_row_by_row():
    images = torch.arange(4.0).view(1, 1, 2, 2).repeat_interleave(3, -1).repeat_interleave(3, -2)
    assert patchify(images, 3)[0, :, 0].tolist() == [0, 1, 2, 3]
    wide = torch.arange(6.0).view(1, 1, 2, 3)
    assert patchify(wide, 1)[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert patch_grid((32, 48), 16) == (2, 3)


def test_a_patch_token_sees_its_patch_only():
    embedding = PatchEmbedding(4, 3, 8)
    images = torch.randn(1, 3, 8, 8)
    changed = images.clone()
    changed[:, :, :4, 4:] += 1.0  # patch 1
    moved = (embedding(images) - embedding(changed)).abs().amax(-1)[0] > 0
    assert moved.tolist() == [False, True, False, False]


@settings(max_examples=50, deadline=None)
@given(image_size=st.integers(0, 300), patch_size=st.integers(1, 40))
def test_sizes_that_do_not_tile_are_named(image_size, patch_size):
    if image_size and image_size % patch_size == 0:
        assert patch_grid(image_size, patch_size) == (image_size // patch_size,) * 2
    else:
        with pytest.raises(ValueError, match=f"image_size {image_size} is not a multiple of patch_size {patch_size}"):
            patch_grid(image_size, patch_size)


def test_wrong_images_are_named():
    embedding = PatchEmbedding(16, 3, 8)
    with pytest.raises(ValueError, match="image_size 225 is not a multiple of patch_size 16"):
        embedding(torch.zeros(1, 3, 224, 225))
    with pytest.raises(ValueError, match=r"images: expected \(B, C=3, H, W\), got \(1, 1, 32, 32\)"):
        embedding(torch.zeros(1, 1, 32, 32))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        patch_grid(32, 0)
