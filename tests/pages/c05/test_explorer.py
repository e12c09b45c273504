"""The map of the kernel explorer against PyTorch, what it refuses, its size and its still picture."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from helpers.pages.c05.cat import as_efficientnet_wants_it, small_grey_cat, square_cat
from helpers.pages.c05.explorer import KERNELS, KernelExplorer, response

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 26), dtype=np.uint8)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 1, 1), (2, 0, 1), (3, 2, 4), (1, 0, 2)])
def test_the_map_is_that_of_pytorch(kernel, stride, padding, dilation):
    expected = F.conv2d(
        torch.tensor(IMAGE, dtype=torch.float64)[None, None],
        torch.tensor(kernel, dtype=torch.float64)[None, None],
        stride=stride, padding=padding, dilation=dilation,
    )[0, 0]  # fmt: skip
    assert np.array_equal(response(IMAGE, kernel, stride, padding, dilation), expected.numpy())


def test_the_last_kernel_moves_the_picture_one_step_to_the_left():
    assert np.array_equal(response(IMAGE, KERNELS["one step to the left"], padding=1)[:, :-1], IMAGE[:, 1:])


@pytest.mark.parametrize("wrong", [IMAGE.astype(float), IMAGE[None], IMAGE[:11]])
def test_what_is_no_grey_picture_is_refused(wrong):
    with pytest.raises(ValueError, match=r"image: expected uint8 \(H, W\) of at least 12 x 12, got"):
        KernelExplorer(wrong)


def test_explorer_is_light_and_has_a_still_picture(light_with_a_still):
    pytest.importorskip("skimage")
    cat = small_grey_cat()
    assert cat.shape == (72, 108)
    light_with_a_still(KernelExplorer(cat))


def test_the_square_cat_is_normalised_as_the_weights_want_it():
    pytest.importorskip("skimage")
    picture = square_cat(64)
    x = as_efficientnet_wants_it(picture)
    assert x.shape == (1, 3, 64, 64)
    assert torch.allclose(x[0, 0], (torch.tensor(picture[..., 0]) - 127.0) / 128, atol=1e-6)
