"""Sinusoids depend on the distance only; a learned table stretches as timm's does."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers import resample_abs_pos_embed

from helpers.layers.positions import (
    LearnedPositions,
    SinusoidalPositions,
    interpolate_positions,
    sinusoidal_positions,
)


def test_first_rows_by_hand():
    table = sinusoidal_positions(3, 4)
    expected = [[math.sin(p), math.cos(p), math.sin(p / 100), math.cos(p / 100)] for p in range(3)]
    torch.testing.assert_close(table, torch.tensor(expected, dtype=torch.float64))


def test_products_depend_on_the_distance_only():
    """Facts 5.9: std along diagonals 1e-13, squared norm d / 2 = 256 for d = 512, PE_p . PE_p+k = sum cos(k w)."""
    table = sinusoidal_positions(50, 512)
    products = table @ table.T
    frequencies = 10000.0 ** (-torch.arange(0, 512, 2, dtype=torch.float64) / 512)
    for k in (0, 1, 7, 30):
        diagonal = torch.diagonal(products, k)
        assert diagonal.std() < 1e-12
        torch.testing.assert_close(diagonal[0], torch.cos(k * frequencies).sum())
    torch.testing.assert_close(products[0, 0], torch.tensor(256.0, dtype=torch.float64))
    assert products[0, 30] < products[0, 1] < products[0, 0]


def test_sinusoidal_module_adds_the_table_and_has_nothing_to_learn():
    positions = SinusoidalPositions(10, 8)
    tokens = torch.randn(2, 6, 8)
    torch.testing.assert_close(positions(tokens) - tokens, sinusoidal_positions(6, 8).float().expand(2, -1, -1))
    assert list(positions.parameters()) == []
    assert positions.state_dict() == {}


@settings(max_examples=30, deadline=None)
@given(old=st.integers(1, 8), new_h=st.integers(1, 12), new_w=st.integers(1, 12), prefix=st.integers(0, 2))
def test_interpolation_equals_timm(old, new_h, new_w, prefix):
    table = torch.randn(1, prefix + old * old, 6, dtype=torch.float64)
    ours = interpolate_positions(table, (old, old), (new_h, new_w), prefix)
    theirs = resample_abs_pos_embed(table, [new_h, new_w], [old, old], num_prefix_tokens=prefix)
    assert torch.equal(ours, theirs)
    assert torch.equal(ours[:, :prefix], table[:, :prefix])


def test_interpolation_keeps_rows_and_columns_apart():
    """A table that grows along rows only still does so on a wider grid."""
    rows = torch.arange(4.0).repeat_interleave(6)[None, :, None]  # 4 x 6 grid, value = row
    stretched = interpolate_positions(rows, (4, 6), (8, 6)).view(8, 6)
    torch.testing.assert_close(stretched, stretched[:, :1].expand(-1, 6))
    assert (stretched[1:, 0] > stretched[:-1, 0]).all()


def test_learned_positions_interpolate_for_another_grid_only():
    positions = LearnedPositions((4, 4), 8, num_prefix=1)
    tokens = torch.zeros(2, 17, 8)
    assert torch.equal(positions(tokens)[0], positions.table[0])
    assert torch.equal(positions(tokens, (4, 4)), positions(tokens))
    larger = positions(torch.zeros(2, 1 + 24, 8), (4, 6))
    assert torch.equal(larger[0], interpolate_positions(positions.table, (4, 4), (4, 6), 1)[0])


def test_wrong_sizes_are_named():
    with pytest.raises(ValueError, match=r"tokens: expected \(B, N=17, D=8\), got \(2, 16, 8\)"):
        LearnedPositions((4, 4), 8, num_prefix=1)(torch.zeros(2, 16, 8))
    with pytest.raises(ValueError, match=r"table: expected \(1, N=17, D\), got \(1, 16, 8\)"):
        interpolate_positions(torch.zeros(1, 16, 8), (4, 4), (5, 5), 1)
    with pytest.raises(ValueError, match="at most max_length 10, got 11"):
        SinusoidalPositions(10, 8)(torch.zeros(1, 11, 8))
    with pytest.raises(ValueError, match="even number, got 7"):
        sinusoidal_positions(10, 7)
