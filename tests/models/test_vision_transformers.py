"""What holds for every model that turns an image into tokens: ViT, DeiT and CaiT."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.layers.positions import interpolate_positions
from helpers.models.cait import CaiT
from helpers.models.deit import DeiT
from helpers.models.vit import ViT

SMALL = {"image_size": 32, "patch_size": 8, "num_classes": 10, "embed_dim": 48, "depth": 2, "num_heads": 4}
MODELS = pytest.mark.parametrize("build", [ViT, DeiT, CaiT])


def draw_weights(model):
    """Every parameter at a scale at which an error shows: weights sqrt(2 / fan_in), gains 1 +- 0.2."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, dtype=p.dtype, generator=generator)
            is_gain = "norm" in name and name.endswith("weight")
            p.copy_(1 + 0.2 * noise if is_gain else noise * ((2 / p[0].numel()) ** 0.5 if p.dim() > 1 else 0.2))
    return model


def images_of(count, size=32, dtype=torch.float64, seed=0):
    width = size if isinstance(size, tuple) else (size, size)
    return torch.randn(count, 3, *width, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@MODELS
def test_rows_of_a_batch_are_independent(build):
    model = draw_weights(build(**SMALL).double()).eval()
    images = images_of(4)
    logits = model(images)
    assert logits.shape == (4, 10)
    assert (logits[0] - logits[1]).abs().max() > 1e-3 * logits.abs().max()
    for i in range(4):
        assert (model(images[i : i + 1])[0] - logits[i]).abs().max() < 1e-12 * max(1.0, logits.abs().max())


@MODELS
@pytest.mark.parametrize("num_classes", [10, 120, 1000])
def test_initial_loss_is_that_of_a_guess(build, num_classes):
    torch.manual_seed(0)
    model = build(**{**SMALL, "num_classes": num_classes, "embed_dim": 192})
    labels = torch.arange(64) % num_classes
    loss = F.cross_entropy(model(images_of(64, dtype=torch.float32)), labels)
    assert loss.item() == pytest.approx(math.log(num_classes), abs=0.15)


@MODELS
def test_one_batch_is_memorised(build):
    torch.manual_seed(0)
    model = build(**SMALL)
    images, labels = images_of(8, dtype=torch.float32), torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    for _ in range(100):
        loss = F.cross_entropy(model(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert F.cross_entropy(model(images), labels) < 0.05


@MODELS
def test_without_positions_the_order_of_patches_is_invisible(build):
    """Facts F6: logits are invariant to a permutation of the patches to 1e-14, and only without positions."""
    model = draw_weights(build(**SMALL).double()).eval()
    images = images_of(2)
    tiles = images.unfold(2, 8, 8).unfold(3, 8, 8)  # (B, C, G, G, P, P)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    tiles = tiles.flatten(2, 3)[:, :, order].unflatten(2, (4, 4))
    shuffled = tiles.permute(0, 1, 2, 4, 3, 5).reshape(2, 3, 32, 32)
    scale = model(images).abs().max()
    assert (model(images) - model(shuffled)).abs().max() > 1e-3 * scale
    with torch.no_grad():
        model.positions.table.zero_()
    assert (model(images) - model(shuffled)).abs().max() < 1e-12 * max(1.0, scale)


@MODELS
def test_attention_on_request_leaves_the_logits_alone(build):
    model = draw_weights(build(**SMALL).double()).eval()
    images = images_of(2)
    logits, attention = model(images, return_attention=True)
    assert (logits - model(images)).abs().max() < 1e-11 * max(1.0, logits.abs().max())
    prefix = model.positions.num_prefix
    assert [tuple(w.shape) for w in attention[:2]] == [(2, 4, prefix + 16, prefix + 16)] * 2
    if build is not CaiT:
        for weights in attention:
            torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


@MODELS
@pytest.mark.parametrize("size", [(48, 48), (16, 40)])
def test_another_image_size_interpolates_the_positions(build, size):
    small = draw_weights(build(**SMALL).double()).eval()
    large = build(**{**SMALL, "image_size": size}).double().eval()
    state = small.state_dict()
    grid = (size[0] // 8, size[1] // 8)
    prefix = small.positions.num_prefix
    state["positions.table"] = interpolate_positions(state["positions.table"], (4, 4), grid, prefix)
    large.load_state_dict(state)
    images = images_of(2, size)
    assert torch.equal(small(images), large(images))


@MODELS
def test_gradients_reach_every_parameter(build):
    model = draw_weights(build(**SMALL).double())
    model(images_of(2)).square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() == 0] == []


@MODELS
def test_drop_path_acts_in_training_only(build):
    torch.manual_seed(0)
    dropping = draw_weights(build(**SMALL, drop_path=0.5).double())
    plain = draw_weights(build(**SMALL).double())
    images = images_of(4)
    assert torch.equal(dropping.eval()(images), plain.eval()(images))
    assert torch.equal(plain.train()(images), plain.eval()(images))
    dropping.train()
    assert not torch.equal(dropping(images), dropping(images))


@MODELS
def test_every_part_is_ours_or_torch(build):
    homes = {type(module).__module__.split(".")[0] for module in build(**SMALL).modules()}
    assert homes == {"helpers", "torch"}


@settings(max_examples=25, deadline=None)
@given(
    build=st.sampled_from([ViT, DeiT, CaiT]),
    height=st.integers(4, 40),
    width=st.integers(4, 40),
    patch_size=st.integers(4, 16),
    embed_dim=st.integers(2, 24),
    num_heads=st.integers(1, 5),
)
def test_any_size_works_or_names_both_numbers(build, height, width, patch_size, embed_dim, num_heads):
    def construct():
        return build((height, width), patch_size, 3, embed_dim, 1, num_heads)

    misfit = next((side for side in (height, width) if side % patch_size), None)
    if misfit is not None:
        with pytest.raises(ValueError, match=f"image_size {misfit} is not a multiple of patch_size {patch_size}"):
            construct()
    elif embed_dim % num_heads:
        with pytest.raises(ValueError, match=f"embed_dim {embed_dim} is not a multiple of num_heads {num_heads}"):
            construct()
    else:
        assert construct()(torch.zeros(2, 3, height, width)).shape == (2, 3)


@MODELS
def test_the_traps_sentence(build):
    with pytest.raises(ValueError, match="image_size 225 is not a multiple of patch_size 16"):
        build(image_size=225, patch_size=16)
    with pytest.raises(ValueError, match="image_size 33 is not a multiple of patch_size 8"):
        build(**SMALL)(torch.zeros(1, 3, 33, 32))
