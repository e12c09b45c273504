"""A shape is checked against named axes, with an error that names both sides."""

import numpy as np
import pytest
import torch

from helpers.shapes import check_grid, check_shape


def test_returns_the_size_of_every_axis():
    assert check_shape(torch.zeros(2, 3, 4), "B N D") == {"B": 2, "N": 3, "D": 4}
    assert check_shape(np.zeros((5, 3, 8, 8)), "B 3 H W") == {"B": 5, "H": 8, "W": 8}


@pytest.mark.parametrize(
    ("shape", "axes", "sizes", "message"),
    [
        ((2, 3, 4, 5), "B N D", {"D": 192}, r"tokens: expected \(B, N, D=192\), got \(2, 3, 4, 5\)"),
        ((2, 3, 4), "B N D", {"D": 192}, r"tokens: expected \(B, N, D=192\), got \(2, 3, 4\)"),
        ((2, 4, 8, 8), "B 3 H W", {}, r"tokens: expected \(B, 3, H, W\), got \(2, 4, 8, 8\)"),
        ((4, 5), "N N", {}, r"tokens: expected \(N, N\), got \(4, 5\)"),
        ((), "B", {}, r"tokens: expected \(B\), got \(\)"),
    ],
)
def test_names_expected_and_received(shape, axes, sizes, message):
    with pytest.raises(ValueError, match=message):
        check_shape(torch.zeros(shape), axes, name="tokens", **sizes)


def test_a_grid_is_rows_and_columns_and_holds_its_patches():
    assert check_grid(8, 64) == (8, 8)
    assert check_grid((4, 16), 64) == (4, 16)
    for grid in (4, (4, 8), (-8, -8), (0, 64)):
        with pytest.raises(ValueError, match=r"grid: expected \(rows, columns\) with 64 patches, got \("):
            check_grid(grid, 64)
