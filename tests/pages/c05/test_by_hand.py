"""Convolution by hand against PyTorch, its matrix, its way back, and the formula of its size."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.pages.c05.by_hand import as_matrix, correlate, output_size, spread_back

RNG = np.random.default_rng(0)
IMAGE, KERNEL = RNG.normal(size=(9, 12)), RNG.normal(size=(3, 3))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_window_slides_as_that_of_pytorch(stride, padding):
    expected = F.conv2d(
        torch.tensor(IMAGE)[None, None], torch.tensor(KERNEL)[None, None], stride=stride, padding=padding
    )
    assert np.allclose(correlate(IMAGE, KERNEL, stride, padding), expected[0, 0].numpy(), atol=1e-14)
    as_product = as_matrix(KERNEL, IMAGE.shape, stride=stride, padding=padding) @ IMAGE.ravel()
    assert np.allclose(as_product, expected.numpy().ravel(), atol=1e-14)


def test_the_matrix_of_a_row_has_constant_diagonals():
    matrix = as_matrix(np.array([[-1.0, 0, 1]]), (1, 5))
    assert matrix.tolist() == [[-1, 0, 1, 0, 0], [0, -1, 0, 1, 0], [0, 0, -1, 0, 1]]


def test_errors_go_back_as_those_of_autograd():
    x = torch.tensor(IMAGE, requires_grad=True)
    received = RNG.normal(size=(7, 10))
    F.conv2d(x[None, None], torch.tensor(KERNEL)[None, None])[0, 0].backward(torch.tensor(received))
    assert np.allclose(spread_back(KERNEL, received), x.grad.numpy(), atol=1e-14)
    transposed = as_matrix(KERNEL, IMAGE.shape).T @ received.ravel()
    assert np.allclose(transposed.reshape(IMAGE.shape), x.grad.numpy(), atol=1e-14)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation", "expected"),
    [(224, 7, 2, 3, 1, 112), (112, 3, 2, 1, 1, 56), (224, 11, 4, 2, 1, 55), (5, 3, 1, 0, 2, 1), (28, 5, 1, 0, 1, 24)],
)
def test_sizes_are_those_of_pytorch(size, kernel, stride, padding, dilation, expected):
    assert output_size(size, kernel, stride, padding, dilation) == expected
    layer = torch.nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    assert layer(torch.zeros(1, 1, size)).shape[-1] == expected


@pytest.mark.parametrize("wrong", [(0, 3), (5, 3, 0), (5, 3, 1, -1), (5, 3, 1, 0, 0)])
def test_numbers_that_are_no_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match="expected size, kernel, stride and dilation of at least 1"):
        output_size(*wrong)


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="expected a kernel that fits into 2 \\+ 2 x 0 pixels, got one of 3"):
        output_size(2, 3)
