"""CaiT: the class token enters late, reads the patches, and leaves them alone."""

import pytest
import torch

from helpers.models.cait import CAIT_CONFIGS, CaiT, ClassBlock, PatchBlock

SMALL = {"image_size": 32, "patch_size": 8, "num_classes": 10, "embed_dim": 48, "depth": 2, "num_heads": 4}


@pytest.mark.parametrize(
    ("size", "image_size", "millions"),
    [
        ("XXS24", 224, 11.96),
        ("XXS24", 384, 12.03),
        ("XXS36", 224, 17.30),
        ("XS24", 384, 26.67),
        ("S24", 224, 46.92),
        ("S24", 384, 47.06),
        ("S36", 384, 68.37),
        ("M36", 384, 271.2),
        ("M48", 448, 356.5),
    ],
)
def test_parameters_of_facts_2_1(size, image_size, millions):
    with torch.device("meta"):
        model = CaiT(image_size=image_size, **CAIT_CONFIGS[size])
    count = sum(p.numel() for p in model.parameters()) / 1e6
    assert count == pytest.approx(millions, abs=0.05 if millions > 100 else 0.006)


def test_deep_network_starts_as_the_identity():
    """LayerScale of 1e-5: twenty-four blocks move a token by less than a thousandth."""
    torch.manual_seed(0)
    model = CaiT(32, 8, 10, 48, 24, 4, layer_scale=1e-5)
    x = model.embed(torch.randn(2, 3, 32, 32))
    moved = x
    for block in model.blocks:
        moved = block(moved)
    assert 0 < (moved - x).norm() / x.norm() < 1e-3


def test_class_blocks_read_the_patches_and_change_only_the_class_token():
    torch.manual_seed(0)
    model = CaiT(**{**SMALL, "layer_scale": 0.1}).double()
    token, patches = torch.randn(2, 1, 48, dtype=torch.float64), torch.randn(2, 16, 48, dtype=torch.float64)
    out = model.class_blocks[0](token, patches)
    assert out.shape == (2, 1, 48)
    assert (out - model.class_blocks[0](token, patches.flip(1))).abs().max() < 1e-12  # a set of patches
    assert (out - model.class_blocks[0](token, patches + 1.0 * patches[:, :1])).abs().max() > 1e-4


def test_attention_lists_patch_blocks_then_class_blocks():
    model = CaiT(**SMALL)
    _, attention = model(torch.randn(2, 3, 32, 32), return_attention=True)
    assert [tuple(w.shape) for w in attention] == [(2, 4, 16, 16)] * 2 + [(2, 4, 1, 17)] * 2
    for weights in attention[2:]:
        torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 1))


def test_drop_path_skips_both_branches_of_a_patch_block():
    block = PatchBlock(24, 3, layer_scale=1.0, drop_path=1 - 1e-7).train()
    x = torch.randn(2, 5, 24)
    assert torch.equal(block(x), x)
    assert not torch.equal(block.eval()(x), x)


def test_a_class_block_adds_to_the_class_token():
    """Gains of zero leave what came in, and gains of one do not."""
    token, patches = torch.randn(2, 1, 24), torch.randn(2, 5, 24)
    assert torch.equal(ClassBlock(24, 3, layer_scale=0.0)(token, patches), token)
    assert not torch.equal(ClassBlock(24, 3, layer_scale=1.0)(token, patches), token)
