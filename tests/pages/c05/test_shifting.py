"""What moves with the picture: exactly, not at all, or with whole steps only; and digits in a frame."""

import pytest
import torch
from torch import nn

from helpers.pages.c05.shifting import accuracy_by_shift, equivariance_error, in_a_frame


@pytest.fixture
def pictures():
    return torch.randn(2, 1, 12, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_a_convolution_without_an_edge_moves_along_exactly(pictures):
    layer = nn.Conv2d(1, 3, 3, padding=1, padding_mode="circular").double()
    assert equivariance_error(layer, pictures, 1) < 1e-15
    assert equivariance_error(nn.Conv2d(1, 3, 3, padding=1).double(), pictures, 1) > 1e-3


def test_a_stride_follows_whole_steps_only(pictures):
    assert equivariance_error(nn.MaxPool2d(2), pictures, 1, stride=2) > 0.1
    assert equivariance_error(nn.MaxPool2d(2), pictures, 2, stride=2) == 0


def test_of_the_two_nearest_moves_the_better_counts():
    x = torch.zeros(1, 1, 1, 8)
    x[..., 1] = 1  # moved by one it falls into the next pair: the map moves by a whole place
    assert equivariance_error(nn.MaxPool2d((1, 2)), x, 1, stride=2) == 0


def test_a_digit_stands_twice_as_large_in_the_middle():
    framed = in_a_frame(torch.ones(3, 8, 8), side=32)
    assert framed.shape == (3, 1, 32, 32)
    assert framed[0, 0, 8:24, 8:24].min() == 1
    assert framed.sum() == 3 * 256


def test_accuracy_is_taken_at_every_shift_in_evaluation_mode():
    class LeftOrRight(nn.Module):  # 1 where the left half is darker
        def forward(self, x):
            assert not self.training
            right = (x[..., 4:].sum((1, 2, 3)) > x[..., :4].sum((1, 2, 3))).float()
            return torch.stack([1 - right, right], dim=1)

    images = torch.zeros(2, 1, 8, 8)
    images[..., 2] = 1
    assert accuracy_by_shift(LeftOrRight().train(), images, torch.tensor([0, 0]), (0, 1, 2)) == [1, 1, 0]
