"""The pencil's count of each block against torch's own layers, and against the sums that the page quotes."""

import pytest
from torch import nn

from helpers.pages.c06.blocks import BLOCKS, block, chain


@pytest.mark.parametrize("name", BLOCKS)
def test_the_count_is_that_of_the_layers(name):
    found = block(name, 64)
    layers = [
        nn.Conv2d(s.channels_in, s.channels_out, s.kernel, groups=s.channels_in if s.depthwise else 1, bias=False)
        for branch in found.branches
        for s in branch
        if s.kernel
    ]
    assert found.weights == sum(layer.weight.numel() for layer in layers)
    assert found.macs(14) == 196 * found.weights
    assert sum(branch[-1].channels_out for branch in found.branches) == 64
    assert all(branch[0].channels_in == 64 for branch in found.branches)


def test_the_sums_that_are_quoted():
    assert block("bottleneck", 256).weights == 69_632
    assert 2 * 9 * 256**2 == block("two threes", 256).weights == 1_179_648
    separable = block("separable", 768)
    assert separable.weights == 9 * 768 + 768**2
    assert sum(step.weights for step in chain(192, (5, 32))) * 28**2 == 120_422_400
    assert sum(step.weights for step in chain(192, (1, 16), (5, 32))) * 28**2 == 12_443_648


def test_what_cannot_be_built_is_refused():
    with pytest.raises(ValueError, match="name: expected one of five, mlpconv"):
        block("swin", 64)
    with pytest.raises(ValueError, match="channels: expected a multiple of 16, got 40"):
        block("plain", 40)
    with pytest.raises(ValueError, match="at least one channel"):
        chain(4, (1, 0))
