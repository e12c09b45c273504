"""Costs against the published tables and the formulas of the course."""

import time

import pytest
import timm
import torch
import torchvision
from torch import nn

from helpers.measure.cost import (
    count_parameters,
    macs,
    macs_by_layer,
    parameters_by_group,
    saved_activation_bytes,
    throughput,
    training_step_macs,
)
from helpers.models.vit import VIT_CONFIGS, ViT

MiB = 2**20


def on_meta(build, *args, **kwargs) -> nn.Module:
    with torch.device("meta"):
        return build(*args, **kwargs)


def test_vit_b16_counts_are_those_of_the_formula() -> None:
    """12 N D^2 + 2 N^2 D a block, N = 197, D = 768, patches and head: 17 563 828 224."""
    model = on_meta(ViT)
    layers = macs_by_layer(model, 224)
    assert sum(layers.values()) == macs(model, 224) == 17_563_828_224
    assert layers["patches.projection"] == 115_605_504
    block = {name: count for name, count in layers.items() if name.startswith("blocks.0.")}
    assert sum(block.values()) == 1_453_954_560
    assert block["blocks.0.attention"] == 2 * 29_805_312  # Q K^T and A V
    assert layers["head"] == 768_000


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("vit_base_patch16_224", 224, 17_563_828_224),
        ("vit_base_patch16_384", 384, 55_484_350_464),
        ("vit_base_patch32_224", 224, 4_409_186_304),
        ("deit_tiny_patch16_224", 224, 1_253_683_200),
        ("deit_base_distilled_patch16_224", 224, 17_656_811_520),
    ],
)
def test_timm_transformers_count_as_the_formula(name: str, size: int, expected: int) -> None:
    assert macs(on_meta(timm.create_model, name), size) == expected


@pytest.mark.parametrize(
    ("build", "size", "fvcore_gmacs"),
    [
        (lambda: timm.create_model("legacy_xception"), 299, 8.400),
        (lambda: timm.create_model("legacy_xception"), 224, 4.576),
        (lambda: timm.create_model("cait_xxs24_224"), 224, 2.533),
        (lambda: timm.create_model("swin_tiny_patch4_window7_224"), 224, 4.509),
        (lambda: timm.create_model("convnext_tiny"), 224, 4.470),
        (lambda: timm.create_model("inception_v3"), 299, 5.731),
        (torchvision.models.alexnet, 224, 0.714),
        (torchvision.models.vgg16, 224, 15.470),
        (torchvision.models.resnet50, 224, 4.112),
        (lambda: torchvision.models.googlenet(aux_logits=False, init_weights=False), 224, 1.505),
    ],
)
def test_macs_lie_within_07_percent_below_counts_that_include_norms(build, size: int, fvcore_gmacs: float) -> None:
    gmacs = macs(on_meta(build), size) / 1e9
    assert 0.993 * fvcore_gmacs < gmacs < fvcore_gmacs + 5e-4


def test_a_convolution_and_a_linear_layer_by_hand() -> None:
    model = nn.Sequential(
        nn.Conv2d(4, 8, 3, padding=1, groups=2), nn.ConvTranspose2d(8, 5, 2, stride=2), nn.Flatten(), nn.Linear(500, 7)
    )
    # Output value times weights it sums over; transposed: input value times weights it spreads to.
    assert macs_by_layer(model, 5, in_channels=4) == {"0": 8 * 25 * 2 * 9, "1": 8 * 25 * 5 * 4, "3": 3500}


def test_counting_leaves_the_model_as_it_was() -> None:
    model = ViT(32, 8, 10, embed_dim=16, depth=2, num_heads=2)
    model.blocks[0].eval()
    before = {name: module.training for name, module in model.named_modules()}
    macs(model, 32)
    assert {name: module.training for name, module in model.named_modules()} == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert model(torch.zeros(1, 3, 32, 32)).device.type == "cpu"


def test_torch_encoder_layers_are_counted_although_they_may_run_fused() -> None:
    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(8, 2, 32, batch_first=True)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.layer(images.flatten(2))

    model = Encoder().requires_grad_(False)
    assert macs(model, (2, 4), in_channels=6) == 12 * 6 * 8**2 + 2 * 6**2 * 8


def test_a_product_that_is_not_known_stops_the_count() -> None:
    class Recurrent(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch._int_mm(images[0, 0].to(torch.int8), images[0, 0].to(torch.int8))

    with pytest.raises(ValueError, match=r"MACs are known, got aten\._int_mm"):
        macs(Recurrent(), 32)


def xception_top4() -> nn.Module:
    """The proof of concept: the last 4 of 36 convolution layers and the head of Xception."""
    model = on_meta(timm.create_model, "legacy_xception", num_classes=120).requires_grad_(False)
    for module in (model.block12.rep[1], model.block12.rep[4], model.conv3, model.conv4, model.fc):
        module.requires_grad_(True)
    return model.eval()


def test_step_costs_of_the_proof_of_concept() -> None:
    """A partly trained Xception costs a fifth of a whole ViT (facts F9, where 8.40 of the 10.3 counts norms)."""
    xception, vit = training_step_macs(xception_top4(), 299), training_step_macs(on_meta(ViT), 224)
    assert 10.3e9 * 0.993 < xception < 10.3e9
    assert vit == 3 * 17_563_828_224
    assert vit / 1e9 == pytest.approx(52.7, abs=0.05)


def test_frozen_layers_cost_no_weight_gradient() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 10), *(nn.Linear(10, 10) for _ in range(3)))
    model.requires_grad_(False)
    model[2].weight.requires_grad_(True)
    # Forward 120 + 3 x 100; the second layer twice in backward, the third and fourth hand its gradient down.
    assert training_step_macs(model, 2) == 420 + 200 + 100 + 100
    model[2].weight.requires_grad_(False)
    with pytest.raises(ValueError, match="requires_grad False everywhere"):
        training_step_macs(model, 2)


def test_parameter_groups_sum_to_the_total() -> None:
    model = on_meta(ViT)
    groups = parameters_by_group(model)
    assert sum(groups.values()) == count_parameters(model)["total"] == 86_567_656
    assert (groups["blocks"], groups["head"]) == (85_054_464, 769_000)
    assert parameters_by_group(model, depth=2)["blocks.3"] == 7_087_872
    partly = count_parameters(xception_top4())
    assert partly == {"total": 21_052_832, "trained": 6_030_192 + 2048 * 120 + 120}


@pytest.mark.parametrize(
    ("name", "size", "mib"),
    [
        ("legacy_xception", 299, 234.3),
        ("legacy_xception", 224, 128.7),
        ("vit_base_patch16_224", 224, 133.9),
        ("vit_base_patch16_384", 384, 512.6),
        ("vit_base_patch32_224", 224, 30.4),
        ("deit_small_patch16_224", 224, 67.3),
        ("swin_tiny_patch4_window7_224", 224, 101.7),
        ("inception_v3", 299, 93.7),
        ("mobilenetv2_100", 224, 74.7),
    ],
)
def test_saved_activations_without_fused_attention(name: str, size: int, mib: float) -> None:
    assert saved_activation_bytes(on_meta(timm.create_model, name), size) / MiB == pytest.approx(mib, rel=0.005)


@pytest.mark.parametrize(("name", "mib"), [("resnet50", 82.0), ("vgg16", 70.0)])
def test_saved_activations_of_torchvision_networks(name: str, mib: float) -> None:
    model = on_meta(getattr(torchvision.models, name))
    assert saved_activation_bytes(model, 224) / MiB == pytest.approx(mib, rel=0.005)


def test_fused_attention_does_not_keep_the_weights() -> None:
    """On a real device the attention matrix, 4 L h N^2 bytes, is never held."""
    model = timm.create_model("deit_tiny_patch16_224")
    fused = saved_activation_bytes(model, 224)
    assert fused / MiB == pytest.approx(28.6, rel=0.005)
    for block in model.blocks:
        block.attn.fused_attn = False
    naive = saved_activation_bytes(model, 224)
    assert naive / MiB == pytest.approx(33.9, rel=0.005)
    assert naive - fused == pytest.approx(4 * 12 * 3 * 197**2, rel=0.02)


def test_our_vit_keeps_what_the_formula_says() -> None:
    """4 [L (16 N D + h N^2) + 2 N D + 3 H W] bytes an image (facts 5.14)."""
    model = on_meta(ViT, patch_size=16, **VIT_CONFIGS["S"])
    formula = 4 * (12 * (16 * 197 * 384 + 6 * 197**2) + 2 * 197 * 384 + 3 * 224**2)
    assert saved_activation_bytes(model, 224) == pytest.approx(formula, rel=0.01)


def test_frozen_networks_keep_a_tenth_of_the_activations() -> None:
    assert saved_activation_bytes(xception_top4(), 299) / MiB == pytest.approx(12.7, rel=0.005)


def test_throughput_counts_images_and_drops_gradients() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
    for train in (False, True):
        measured = throughput(model, torch.rand(64, 3, 4, 4), train=train, repeats=3, warmup=1)
        assert 0 < measured.slowest <= measured.images_per_s <= measured.fastest
        assert measured.repeats == 3
    assert all(p.grad is None for p in model.parameters())


def test_throughput_does_not_time_the_warm_up() -> None:
    class SlowStart(nn.Module):
        calls = 0

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            time.sleep(0.3 if self.calls <= 2 else 0.001)
            return images.flatten(1)

    model = SlowStart()
    assert throughput(model, torch.rand(10, 1, 2, 2), repeats=3, warmup=2).slowest > 10 / 0.2
    assert model.calls == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: throughput(model, torch.rand(1, 3, 4, 4), repeats=0), "repeats >= 1"),
        (lambda model: saved_activation_bytes(model, 4, batch_size=0), "at least 1, got 0"),
        (lambda model: saved_activation_bytes(nn.Conv2d(3, 1, 1), 4), r"logits \(B, K\), got torch.Size"),
        (lambda model: parameters_by_group(model, depth=0), "at least 1, got 0"),
    ],
)
def test_bad_input_names_expected_and_received(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(nn.Sequential(nn.Flatten(), nn.Linear(48, 5)))
