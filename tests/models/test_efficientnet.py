"""EfficientNet-Lite0's own: TensorFlow's padding, where a block adds its input, what acts in training only."""

import pytest
import torch
from torch import nn

from helpers.models.efficientnet import EfficientNetLite0, InvertedResidual, SameConvolution


@pytest.mark.parametrize(("kernel_size", "stride"), [(1, 1), (3, 1), (3, 2), (5, 2)])
@pytest.mark.parametrize("size", [6, 7, (6, 9)])
def test_same_padding_keeps_the_map_and_pads_less_before_than_after(kernel_size, stride, size):
    height, width = (size, size) if isinstance(size, int) else size
    layer = SameConvolution(1, 1, kernel_size, stride, bias=False).double()
    nn.init.ones_(layer.weight)
    ones = torch.ones(1, 1, height, width, dtype=torch.float64)
    counted = layer(ones)[0, 0]  # how many pixels of the image each window holds
    assert counted.shape == (-(-height // stride), -(-width // stride))
    for i, j in ((0, 0), (-1, -1)):
        rows = [_inside(length, kernel_size, stride, place) for length, place in ((height, i), (width, j))]
        assert counted[i, j] == rows[0] * rows[1]


def _inside(length, kernel_size, stride, place):
    """By TensorFlow's rule: how many of the first or last window's pixels lie on the line."""
    windows = -(-length // stride)
    padded = max((windows - 1) * stride + kernel_size - length, 0)
    start = (0 if place == 0 else (windows - 1) * stride) - padded // 2
    return len(set(range(length)) & set(range(start, start + kernel_size)))


def test_inverted_residuals_add_their_input_where_shapes_allow():
    with torch.device("meta"):
        model = EfficientNetLite0()
    blocks = [module for module in model.modules() if isinstance(module, InvertedResidual)]
    assert len(blocks) == 16
    assert sum(block.residual for block in blocks) == 9  # all but the first of each of the seven stages
    assert sum(isinstance(module, nn.Conv2d) for module in model.modules()) == 49


def test_dropout_and_drop_path_of_efficientnet_act_in_training_only():
    torch.manual_seed(0)
    model = EfficientNetLite0(5, dropout=0.5, drop_path=0.5)
    images = torch.randn(2, 3, 32, 32)
    assert not torch.equal(model.train()(images), model(images))
    assert torch.equal(model.eval()(images), model(images))
