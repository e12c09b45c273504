"""The blocks of chapter 6: counts of the paper, of the modules, and what is refused."""

from itertools import pairwise

import pytest
from torch import nn

from helpers.layers.separable_convolution import SeparableConvolution
from helpers.measure.cost import macs
from helpers.models.convnext import ConvNeXtBlock
from helpers.models.efficientnet import InvertedResidual
from helpers.models.resnet import ResidualBlock
from helpers.pages.c06.bricks import NAMES, Brick, Conv, brick, told

C = 64
BUILT = {
    "plain 3 × 3": lambda: nn.Conv2d(C, C, 3, padding=1, bias=False),
    "5 × 5": lambda: nn.Conv2d(C, C, 5, padding=2, bias=False),
    "bottleneck": lambda: ResidualBlock(C, C // 4, 1, bottleneck=True),
    "separable": lambda: SeparableConvolution(C, C),
    "inverted bottleneck": lambda: InvertedResidual(C, C, 3, 1, 6, 0.0),
    "ConvNeXt": lambda: ConvNeXtBlock(C, 1e-6, 0.0),
}


@pytest.mark.parametrize("name", BUILT)
def test_a_block_costs_what_its_module_costs(name):
    module, block = BUILT[name](), brick(name, C)
    assert block.weights == sum(p.numel() for p in module.parameters() if p.ndim > 1)
    assert block.macs(14) == macs(module, 14, C)


def test_known_counts():
    assert brick("bottleneck", 256).weights == 69_632
    assert brick("two of 3 × 3", 256).weights == 1_179_648
    assert Brick("a", (Conv(5, 192, 32),)).macs(28) == 120_422_400
    assert Brick("b", (Conv(1, 192, 16), Conv(5, 16, 32))).macs(28) == 12_443_648
    assert Conv(7, 64, 64, flat=True).weights == 7 * 64 * 64
    assert Conv(7, 64, 64, flat=True).label == "7 × 1"


def test_an_inception_module_gives_as_many_channels_as_it_takes():
    lanes = brick("inception", 256).branches
    assert [len(lane) for lane in lanes] == [1, 2, 2, 1]
    assert sum(lane[-1].outputs for lane in lanes) == 256


@pytest.mark.parametrize("name", NAMES)
def test_convolutions_follow_on_each_other(name):
    for lane in brick(name, 32).branches:
        assert lane[0].inputs == 32
        assert all(a.outputs == b.inputs for a, b in pairwise(lane))


def test_others_are_refused():
    with pytest.raises(ValueError, match="name: expected one of"):
        brick("octave", 64)
    with pytest.raises(ValueError, match="multiple of 16, got 20"):
        brick("separable", 20)


def test_a_block_is_told_in_a_sentence():
    assert told("bottleneck", 256, 14) == (
        "bottleneck, 256 channels, 14 x 14 places: 69,632 weights, 13.6 M MACs; 0.12 of the plain 3 x 3"
    )
