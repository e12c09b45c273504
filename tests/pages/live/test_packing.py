"""Weights for the live page: folding changes nothing, eight bits little, and what is written is read back."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.models.efficientnet import InvertedResidual
from helpers.models.vit import ViT
from helpers.models.xception import XceptionModule
from helpers.pages.live import packing


def used(model: nn.Module) -> nn.Module:
    """A model whose batch norms have seen something."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.data.normal_(generator=generator)
            module.bias.data.normal_(generator=generator)
    return model.eval()


def small(name: str) -> tuple[nn.Module, nn.Module, torch.Tensor]:
    """A model, another of its kind with other weights, and an input."""
    makers = {
        "module": lambda: XceptionModule((8, 12, 16), stride=2),
        "residual": lambda: InvertedResidual(8, 8, 3, 1, 6, 0.0),
        "vit": lambda: ViT(16, 8, 5, 16, 2, 2),
    }
    channels = 3 if name == "vit" else 8
    torch.manual_seed(1)
    return used(makers[name]()), makers[name]().eval(), torch.randn(2, channels, 16, 16)


@pytest.mark.parametrize("name", ["module", "residual", "vit"])
def test_a_folded_network_answers_as_before(name):
    model, other, images = small(name)
    with torch.no_grad():
        expected = model(images)
        got = packing.put_into(other, packing.folded(model))(images)
    assert not any("running" in key for key in packing.folded(model))
    torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["module", "residual", "vit"])
def test_what_is_packed_comes_back_bit_for_bit(name):
    model, _, _ = small(name)
    packed = packing.pack(model, name=name)
    again = packing.unpack(packed.manifest, packed.data)
    assert set(again) == set(packed.tensors) == set(packing.folded(model))
    for key, tensor in packing.folded(model).items():
        assert torch.equal(again[key], packed.tensors[key])
        assert again[key].shape == tensor.shape
        step = tensor.abs().max() / packing.LEVELS
        assert (again[key] - tensor).abs().max() <= step / 2 + 1e-6


def test_a_file_that_was_cut_short_is_refused():
    packed = packing.pack(small("vit")[0])
    with pytest.raises(ValueError, match=r"expected \d+ bytes"):
        packing.unpack(packed.manifest, packed.data[:-1])


def test_a_tensor_without_a_place_is_refused():
    with pytest.raises(ValueError, match="no place for stranger"):
        packing.put_into(small("vit")[1], {"stranger": torch.zeros(1)})


def test_a_batch_norm_without_a_convolution_is_refused():
    with pytest.raises(ValueError, match="expected a convolution"):
        packing.folded(nn.Sequential(nn.BatchNorm2d(3)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, -1]))
def test_every_output_has_a_step_of_its_own(seed, axis):
    values = np.random.default_rng(seed).normal(size=(3, 2, 2, 3)) * np.array([1e-3, 1.0, 100.0])
    if axis == 0:
        values = np.ascontiguousarray(values.transpose(3, 1, 2, 0))
    levels, scales = packing.quantise(values.astype(np.float32), axis)
    back = packing.dequantise(levels, scales, axis)
    others = tuple(k for k in range(4) if k != axis % 4)
    largest = np.abs(values).max(axis=others)
    assert (np.abs(back - values).max(axis=others) <= largest / 254 * 1.001).all()
    assert (np.abs(levels).max(axis=others) == 127).all()


def test_an_output_of_zeros_stays_zero():
    levels, scales = packing.quantise(np.zeros((2, 3), np.float32), 0)
    assert not levels.any()
    assert np.isfinite(scales).all()


def test_the_text_of_the_parts_is_the_bytes():
    import base64

    packed = packing.pack(small("vit")[0])
    parts = packed.chunks(100)
    assert all(len(part) == 100 for part in parts[:-1])
    assert base64.b64decode("".join(parts)) == packed.data
