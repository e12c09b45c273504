"""ConvNeXt's own: its size for small images, its maps, and a block that looks at 7 x 7 neighbours."""

import pytest
import torch
from torch import nn

from helpers.models.convnext import CONVNEXT_CONFIGS, ConvNeXt, ConvNeXtBlock
from helpers.models.vit import ViT
from helpers.models.xception import Xception


def test_convnext_mini_is_as_large_as_the_other_two_of_64_pixels():
    with torch.device("meta"):
        models = [
            ConvNeXt(**CONVNEXT_CONFIGS["mini"], num_classes=20),
            Xception(20, width=0.25),
            ViT(64, 8, 20, 128, 6, 4),
        ]
    counts = [sum(parameter.numel() for parameter in model.parameters()) for model in models]
    assert max(counts) < 1.2 * min(counts)


@pytest.mark.parametrize(("size", "patch_size", "side"), [(224, 4, 7), (64, 2, 4), (75, 4, 2)])
def test_convnext_map_sizes(size, patch_size, side):
    with torch.device("meta"):
        model = ConvNeXt((1, 1, 1, 1), (8, 16, 24, 32), patch_size=patch_size)
        assert model.stages(model.stem(torch.zeros(1, 3, size, size))).shape == (1, 32, side, side)


def test_a_convnext_block_starts_as_the_identity_and_keeps_to_its_neighbours():
    torch.manual_seed(0)
    block = ConvNeXtBlock(4, layer_scale=0.0, drop_path=0.0).double()
    x = torch.randn(1, 4, 15, 15, dtype=torch.float64)
    assert torch.equal(block(x), x)
    nn.init.ones_(block.scale.gamma)
    moved = x.clone()
    moved[..., 7, 7] += 1.0
    seen = (block(moved) != block(x)).any(dim=1)[0]
    assert seen.sum() == 49
    assert seen[4:11, 4:11].all()


def test_stages_of_a_convnext_are_counted():
    with pytest.raises(ValueError, match="depths: expected 4 stages, got 3"):
        ConvNeXt((1, 1, 1))
    with pytest.raises(ValueError, match="widths: expected 4 stages, got 2"):
        ConvNeXt(widths=(8, 16))
