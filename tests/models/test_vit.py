"""ViT is the paper's: its parameter table, its equations, its order."""

import math

import pytest
import torch

from helpers.models.vit import VIT_CONFIGS, Block, ViT


def count(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("size", "arguments", "parameters"),
    [
        ("Ti", {}, 5_717_416),
        ("S", {}, 22_050_664),
        ("B", {}, 86_567_656),
        ("L", {}, 304_326_632),
        ("B", {"patch_size": 32}, 88_224_232),
        ("B", {"image_size": 384}, 86_859_496),
        ("B", {"num_classes": 120}, 85_890_936),
    ],
)
def test_parameters_of_facts_5_12(size, arguments, parameters):
    with torch.device("meta"):
        assert count(ViT(**VIT_CONFIGS[size], **arguments)) == parameters


def test_parameters_of_every_part_of_b16():
    with torch.device("meta"):
        model = ViT()
    block = model.blocks[0]
    parts = {
        "patches": (model.patches, 590_592),
        "norms": (block.norm1, 1_536),
        "qkv": (block.attention.qkv, 1_771_776),
        "projection": (block.attention.output, 590_592),
        "fc1": (block.mlp.hidden, 2_362_368),
        "fc2": (block.mlp.output, 2_360_064),
        "block": (block, 7_087_872),
        "blocks": (model.blocks, 85_054_464),
        "head": (model.head, 769_000),
    }
    assert {name: count(part) for name, (part, _) in parts.items()} == {name: n for name, (_, n) in parts.items()}
    assert model.class_token.numel() == 768
    assert model.positions.table.numel() == 151_296


@pytest.mark.parametrize("patch_size", [8, 14, 16, 32])
def test_every_patch_size_of_the_paper_tiles_224_pixels(patch_size):
    with torch.device("meta"):
        model = ViT(patch_size=patch_size, **{**VIT_CONFIGS["Ti"], "depth": 1})
    assert model.positions.table.shape == (1, 1 + (224 // patch_size) ** 2, 192)


def small():
    torch.manual_seed(0)
    return ViT(32, 8, 10, 48, 2, 4).double().eval()


def test_class_token_goes_first_and_gets_a_position():
    """Equation 1: z_0 = [x_class; x_1 E; ...; x_N E] + E_pos."""
    model, images = small(), torch.randn(2, 3, 32, 32, dtype=torch.float64)
    embedded = model.embed(images)
    table = model.positions.table[0]
    torch.testing.assert_close(embedded[0, 0], model.class_token[0, 0] + table[0])
    torch.testing.assert_close(embedded[0, 6], model.patches(images)[0, 5] + table[6])


def test_block_is_equations_2_and_3():
    """The second residual adds z', not the block's input."""
    block = small().blocks[0]
    z = torch.randn(2, 17, 48, dtype=torch.float64)
    attended = block.attention(block.norm1(z)) + z
    torch.testing.assert_close(block(z), block.mlp(block.norm2(attended)) + attended)
    assert block.norm1.eps == block.norm2.eps == 1e-6


def test_head_reads_the_class_token_only():
    """Equation 4: y = LN(z_L^0)."""
    model, tokens = small(), torch.randn(2, 17, 48, dtype=torch.float64)
    changed = tokens.clone()
    changed[:, 1:] += 1.0
    assert torch.equal(model.classify(tokens), model.classify(changed))
    torch.testing.assert_close(model.classify(tokens), model.head(model.norm(tokens)[:, 0]))


def test_drop_path_grows_from_zero_to_its_value():
    model = ViT(32, 8, 10, 48, 5, 4, drop_path=0.2)
    assert [block.drop_path.probability for block in model.blocks] == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])


def test_drop_path_skips_both_branches_of_a_block():
    block = Block(24, 3, drop_path=1 - 1e-7).train()
    x = torch.randn(2, 5, 24)
    assert torch.equal(block(x), x)
    assert not torch.equal(block.eval()(x), x)


def test_fresh_weights_are_small_and_the_first_loss_is_that_of_a_guess():
    torch.manual_seed(0)
    model = ViT(image_size=16, patch_size=4, num_classes=10, embed_dim=96, depth=2, num_heads=4)
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            assert module.weight.std().item() == pytest.approx(0.02, rel=0.1), name
            assert not module.bias.any(), name
    loss = torch.nn.functional.cross_entropy(model(torch.randn(64, 3, 16, 16)), torch.arange(64) % 10)
    assert loss.item() == pytest.approx(math.log(10), abs=0.1)
