"""Windows: cut and joined, shifted, and masked so that only neighbours in the image see each other."""

import pytest
import torch

from helpers.layers.windows import WindowAttention, cut_windows, join_windows, may_look, relative_index


def places(height, width):
    """A map whose tokens are their own row and column, (1, H, W, 2)."""
    return torch.stack(torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij"), dim=-1)[None]


@pytest.mark.parametrize(("height", "width", "window"), [(4, 4, 2), (6, 9, 3), (8, 4, 4), (5, 5, 5)])
def test_windows_are_squares_and_can_be_joined(height, width, window):
    tokens = places(height, width)
    windows = cut_windows(tokens, window)
    assert windows.shape == (1, height * width // window**2, window**2, 2)
    assert all((w.amax(0) - w.amin(0) == window - 1).all() for w in windows[0])
    assert windows[0, 0].tolist() == [[r, c] for r in range(window) for c in range(window)]
    assert torch.equal(join_windows(windows, window, height), tokens)


def test_a_map_that_is_not_tiled_is_refused():
    with pytest.raises(ValueError, match="map of 6 x 8 is not tiled by windows of 4"):
        cut_windows(torch.zeros(1, 6, 8, 1), 4)


@pytest.mark.parametrize(
    ("height", "width", "window", "shift"), [(4, 4, 2, 1), (8, 8, 4, 2), (6, 9, 3, 1), (8, 12, 4, 1), (4, 4, 4, 2)]
)
def test_two_tokens_may_look_where_no_edge_of_the_image_lies_between(height, width, window, shift):
    """The same from first principles: after the roll two tokens of a window are as far apart as in the image."""
    rolled = places(height, width).roll((-shift, -shift), dims=(1, 2))
    at, came_from = cut_windows(places(height, width), window)[0], cut_windows(rolled, window)[0]
    apart = at[:, :, None] - at[:, None, :]  # (n, w w, w w, 2), in the window
    in_the_image = came_from[:, :, None] - came_from[:, None, :]
    assert torch.equal(may_look(height, width, window, shift), (apart == in_the_image).all(-1))


def test_without_a_shift_all_may_look():
    assert may_look(8, 8, 4, 0).all()


def test_relative_index_numbers_offsets():
    index = relative_index(3)
    assert index.shape == (9, 9)
    assert index.unique().numel() == 25
    assert index[6, 4] != index[4, 6]
    assert index[6, 4] == index[3, 1]  # one down, one left, elsewhere in the window
    assert (index.diagonal() == 12).all()


def test_window_attention_is_attention_with_a_bias():
    torch.manual_seed(0)
    layer = WindowAttention(8, 2, window=2).double()
    windows = torch.randn(3, 4, 4, 8, dtype=torch.float64)
    allowed = may_look(4, 4, 2, 1)
    mixed, weights = layer(windows, allowed, return_weights=True)
    assert weights.shape == (3, 4, 2, 4, 4)
    assert (layer(windows, allowed) - mixed).abs().max() < 1e-12
    q, k, v = (x.unflatten(-1, (2, 4)).transpose(2, 3) for x in layer.qkv(windows).chunk(3, -1))
    scores = q @ k.mT / 2 + layer.bias()
    expected = scores.masked_fill(~allowed[None, :, None], float("-inf")).softmax(-1)
    assert (weights - expected).abs().max() < 1e-12
    assert (mixed - layer.output((expected @ v).transpose(2, 3).flatten(3))).abs().max() < 1e-12
    assert (weights[~allowed[None, :, None].expand_as(weights)] == 0).all()


def test_gradients_reach_the_bias():
    layer = WindowAttention(8, 2, window=2)
    layer(torch.randn(1, 4, 4, 8)).square().sum().backward()
    assert (layer.bias_table.grad != 0).all()
