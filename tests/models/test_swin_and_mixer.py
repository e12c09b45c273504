"""Swin's windows reach no further than they may; a Mixer has a place of its own for every patch."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from helpers.models.cait import CAIT_CONFIGS, CaiT
from helpers.models.mixer import MIXER_CONFIGS, Mixer
from helpers.models.parity import randomise
from helpers.models.swin import SWIN_CONFIGS, Swin, SwinBlock
from helpers.models.vit import ViT

MINIS = {
    "swin": lambda K: Swin(64, **SWIN_CONFIGS["mini"], num_classes=K),
    "mixer": lambda K: Mixer(64, **MIXER_CONFIGS["mini"], num_classes=K),
    "cait": lambda K: CaiT(64, **CAIT_CONFIGS["mini"], num_classes=K),
}
each_mini = pytest.mark.parametrize("name", MINIS)


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("build", "millions"),
    [
        (lambda: Swin(**SWIN_CONFIGS["T"]), 28.29),
        (lambda: Mixer(**MIXER_CONFIGS["B"]), 59.88),
    ],
    ids=["Swin-T", "Mixer-B/16"],
)
def test_parameters_of_facts_2_1(build, millions):
    with torch.device("meta"):
        assert parameters(build()) / 1e6 == pytest.approx(millions, abs=0.006)


@each_mini
def test_a_mini_is_as_large_as_the_others_of_64_pixels(name):
    with torch.device("meta"):
        assert 0.85 < parameters(MINIS[name](20)) / parameters(ViT(64, 8, 20, 128, 6, 4)) < 1.15


@each_mini
def test_initial_loss_is_that_of_a_guess(name):
    torch.manual_seed(0)
    images, labels = torch.randn(40, 3, 64, 64), torch.arange(40) % 20
    assert F.cross_entropy(MINIS[name](20)(images), labels).item() == pytest.approx(math.log(20), abs=0.15)


@each_mini
def test_rows_of_a_batch_are_independent(name):
    model = randomise(MINIS[name](5).double()).eval()
    images = torch.randn(3, 3, 64, 64, dtype=torch.float64)
    logits = model(images)
    assert (logits[0] - logits[1]).abs().max() > 1e-3 * logits.abs().max()
    assert (model(images[1:2])[0] - logits[1]).abs().max() < 1e-11 * max(1.0, logits.abs().max().item())


@pytest.mark.parametrize("build", [lambda: Swin(32, 4, 4, 16, (2, 2), (2, 4), 4), lambda: Mixer(32, 8, 4, 32, 2, 16)])
def test_one_batch_is_memorised(build):
    torch.manual_seed(0)
    model = build()
    images, labels = torch.randn(8, 3, 32, 32), torch.tensor([3, 1, 0, 1, 2, 2, 0, 3])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(100):
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def seen_from(block, row, column, side=8):
    """Which outputs of a block change with one input token, (side, side) of bool."""
    torch.manual_seed(0)
    x = torch.randn(1, side, side, 8, dtype=torch.float64)
    moved = x.clone()
    moved[0, row, column, 0] += 1.0  # all channels alike would vanish in the norm
    return ((block(moved) - block(x)).abs() > 1e-12).any(-1)[0]


@pytest.mark.parametrize(
    ("shift", "token", "rows", "columns"),
    [
        (0, (0, 0), slice(0, 4), slice(0, 4)),
        (0, (3, 4), slice(0, 4), slice(4, 8)),
        (2, (3, 4), slice(2, 6), slice(2, 6)),  # across the old border
        (2, (0, 0), slice(0, 2), slice(0, 2)),  # a corner: the mask keeps it from the other three
        (2, (0, 4), slice(0, 2), slice(2, 6)),  # an edge
    ],
)
def test_a_block_reaches_its_window_and_no_more(shift, token, rows, columns):
    block = randomise(SwinBlock(8, 2, 4, shift, 0.0).double())
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[rows, columns] = True
    assert torch.equal(seen_from(block, *token), expected)


def test_maps_that_windows_do_not_tile_are_refused():
    with pytest.raises(ValueError, match="map of 10 x 10 is not tiled by windows of 4"):
        Swin(40, window=4)
    with pytest.raises(ValueError, match="a map of 7 x 7 cannot be halved"):
        Swin(28)
    with pytest.raises(ValueError, match="images: expected"):
        Swin(32, window=4, depths=(1, 1), num_heads=(3, 6))(torch.zeros(1, 3, 64, 64))


def test_a_mixer_is_made_for_one_size():
    with pytest.raises(ValueError, match=r"expected \(32, 64\) pixels, got \(64, 32\)"):
        Mixer((32, 64), 8)(torch.zeros(1, 3, 64, 32))


def test_order_matters_to_a_mixer_and_places_have_weights_of_their_own():
    """Without positions a ViT does not see a permutation of the patches; a Mixer, which has none, does."""
    model = randomise(Mixer(32, 8, 5, 24, 2, 12).double()).eval()
    tokens = torch.randn(1, 16, 24, dtype=torch.float64)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    pooled, shuffled = model.blocks(tokens).mean(1), model.blocks(tokens[:, order]).mean(1)
    assert (pooled - shuffled).abs().max() > 1e-3
    for block in model.blocks:  # put the weights where the patches have gone
        block.token_mlp.hidden.weight.data = block.token_mlp.hidden.weight.data[:, order]
        block.token_mlp.output.weight.data = block.token_mlp.output.weight.data[order]
        block.token_mlp.output.bias.data = block.token_mlp.output.bias.data[order]
    assert (pooled - model.blocks(tokens[:, order]).mean(1)).abs().max() < 1e-12


def test_every_part_is_ours_or_torch():
    for build in MINIS.values():
        assert {type(module).__module__.split(".")[0] for module in build(3).modules()} == {"helpers", "torch"}
    assert not [m for m in MINIS["mixer"](3).modules() if isinstance(m, nn.MultiheadAttention)]
