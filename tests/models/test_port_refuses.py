"""The port refuses what it cannot rebuild, says why by name, and sees every known trap."""

import copy
import functools

import pytest
import timm
import torch
import torchvision

from helpers.models.efficientnet import SameConvolution
from helpers.models.parity import TRAPS, difference, randomise
from helpers.models.port import TOLERANCE, block_differences, from_reference

tv = torchvision.models


def tiny(name="vit_tiny_patch16_224", **options):
    return timm.create_model(name, **{"img_size": 32, "depth": 4, "num_classes": 7} | options)


def convnext(**options):
    return timm.create_model("convnext_atto", num_classes=7, **{"conv_mlp": False} | options)


def swin(**options):
    sizes = {"img_size": 32, "window_size": 4, "depths": (2, 2), "num_heads": (2, 4), "embed_dim": 16}
    return timm.models.SwinTransformer(num_classes=7, **sizes | options)


def mixer(**options):
    return timm.models.MlpMixer(7, 32, patch_size=8, num_blocks=2, embed_dim=16, **options)


class Parallel(torch.nn.Module):
    """Not a ViT at all."""


SAME_NAMES_OTHER_FUNCTION = {
    "tanh GELU": lambda: tiny(act_layer="gelu_tanh"),
    "average pooling without its norm": lambda: tiny(global_pool="avg", fc_norm=False),
    "LayerNorm eps 1e-5": lambda: tiny(norm_layer=torch.nn.LayerNorm),
    "CaiT with tanh GELU": lambda: tiny("cait_xxs24_224", act_layer=timm.layers.GELUTanh),
    "Xception with max pooling": lambda: timm.create_model("legacy_xception", num_classes=7, global_pool="max"),
    "EfficientNet-Lite0 with PyTorch's padding": lambda: timm.create_model("efficientnet_lite0", num_classes=7),
    "ConvNeXt with tanh GELU": lambda: convnext(act_layer="gelu_tanh"),
    "ConvNeXt with LayerNorm eps 1e-5": lambda: convnext(norm_eps=1e-5),
    "Swin with LayerNorm eps 1e-6": lambda: swin(norm_layer=functools.partial(torch.nn.LayerNorm, eps=1e-6)),
    "Mixer with tanh GELU": lambda: mixer(act_layer=timm.layers.GELUTanh),
    "ResNet with dilation": lambda: tv.resnet50(num_classes=7, replace_stride_with_dilation=[False, False, True]),
    "Transformer with GELU": lambda: torch.nn.Transformer(16, 2, 1, 1, 32, activation="gelu"),
    "attention with a zero key": lambda: torch.nn.MultiheadAttention(16, 2, add_zero_attn=True),
}


@pytest.mark.parametrize("case", SAME_NAMES_OTHER_FUNCTION)
def test_same_names_but_another_function(case):
    with pytest.raises(ValueError, match=r"every tensor has its place, but .* the outputs differ by"):
        from_reference(SAME_NAMES_OTHER_FUNCTION[case]())


def test_a_zero_head_hides_nothing():
    """With a head of zeros all logits are equal; the random weights find the difference."""
    reference = tiny(act_layer="gelu_tanh")
    torch.nn.init.zeros_(reference.head.weight)
    with pytest.raises(ValueError, match="with random weights the outputs differ"):
        from_reference(reference)


NAMED = {
    "no query bias": (lambda: tiny(qkv_bias=False), ["blocks.3.attention.qkv.bias"]),
    "class token without position": (lambda: tiny(no_embed_class=True), ["pos_embed (1, 4, 192), ours (1, 5, 192)"]),
    "average pooling": (lambda: tiny(global_pool="avg"), ["fc_norm.weight", "norm.bias"]),
    "register tokens": (lambda: tiny(reg_tokens=4), ["reg_token"]),
    "norms of queries and keys": (lambda: tiny(qk_norm=True), ["blocks.0.attn.q_norm.weight"]),
    "LayerScale": (lambda: tiny(init_values=1e-5), ["blocks.0.ls1.gamma", "blocks.3.ls2.gamma"]),
    "no head": (lambda: tiny(num_classes=0), ["head.weight"]),
    "CaiT with a narrow MLP": (lambda: tiny("cait_xxs24_224", mlp_ratio=2), ["blocks.0.mlp.fc1.weight (384, 192)"]),
    "VGG with batch norm": (lambda: tv.vgg11_bn(init_weights=False), ["features.1.running_mean"]),
    "wide ResNet": (lambda: tv.wide_resnet50_2(), ["layer1.0.conv1.weight (128, 64, 1, 1), ours (64, 64, 1, 1)"]),
    "ResNeXt": (lambda: tv.resnext50_32x4d(), ["layer1.0.conv2.weight"]),
    "attention without bias": (lambda: torch.nn.MultiheadAttention(16, 2, bias=False), ["qkv.bias", "output.bias"]),
    "attention with other keys": (lambda: torch.nn.MultiheadAttention(16, 2, kdim=8), ["k_proj_weight"]),
    "EfficientNet with squeeze and excitation": (
        lambda: timm.create_model("efficientnet_b0"),
        ["blocks.0.0.se.conv_reduce.weight"],
    ),
    "a deeper EfficientNet-Lite": (
        lambda: timm.create_model("tf_efficientnet_lite1", num_classes=7),
        ["blocks.1.2.conv_pw.weight"],
    ),
    "ConvNeXt V2": (lambda: convnext(use_grn=True), ["stages.0.blocks.0.mlp.grn.weight"]),
    "ConvNeXt of 1 x 1 convolutions": (lambda: convnext(conv_mlp=True), ["mlp.fc1.weight (160, 40, 1, 1)"]),
    # timm halves before the first stage too where the patches are small; we do not.
    "ConvNeXt with patches of 2": (lambda: convnext(patch_size=2), ["stages.0.downsample.1.weight"]),
    "Swin without query bias": (lambda: swin(qkv_bias=False), ["stages.0.blocks.0.attention.qkv.bias"]),
    "Swin of a long image": (lambda: swin(img_size=(32, 64)), ["expected a square, got 32 x 64"]),
    "Swin of other windows in its second stage": (
        lambda: swin(img_size=64, window_size=(4, 4, 2), depths=(2, 2, 2), num_heads=(2, 4, 4)),
        ["bias_table (9, 4), ours (49, 4)"],
    ),
    "ResMLP": (lambda: timm.create_model("resmlp_12_224", img_size=32), ["blocks.0.mlp_tokens.fc1.weight"]),
    "unknown class": (Parallel, ["timm.VisionTransformer", "torchvision.AlexNet", "Parallel"]),
    "unknown family": (lambda: timm.create_model("resnet18"), ["torchvision.ResNet", "timm.ResNet"]),
}


@pytest.mark.parametrize("case", NAMED)
def test_what_has_no_place_is_named(case):
    build, names = NAMED[case]
    with pytest.raises(ValueError) as error:
        from_reference(build())
    for name in names:
        assert name in str(error.value)


def test_an_added_tensor_is_left_over():
    reference = tiny()
    reference.register_parameter("class_token", torch.nn.Parameter(reference.cls_token.detach().clone()))
    reference.register_buffer("extra", torch.zeros(3))
    with pytest.raises(ValueError, match=r"2 tensors left over: .*extra"):
        from_reference(reference)


def test_the_reference_is_left_as_it_was():
    reference = tiny().train()
    before = copy.deepcopy(reference.state_dict())
    from_reference(reference)
    assert reference.training
    for name, tensor in reference.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, before[name])


IMAGES = torch.randn(2, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "deit_tiny_distilled_patch16_224", "cait_xxs24_224"])
@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_is_seen(name, trap):
    reference = randomise(tiny(name).double()).eval()
    ours, _ = from_reference(reference)
    assert max(row[1] for row in block_differences(ours, reference, IMAGES)) < TOLERANCE
    if name.startswith("cait") and trap == "class token after positions":
        with pytest.raises(ValueError, match="class token has a position"):
            TRAPS[trap](ours)
        return
    broken = copy.deepcopy(ours)
    TRAPS[trap](broken)
    rows = dict(block_differences(broken, reference, IMAGES))
    assert rows["logits"] > 1e-6
    assert max(row[1] for row in block_differences(ours, reference, IMAGES)) < TOLERANCE  # a copy was broken

    # The first module that differs is the one that was broken.
    first = next(row for row, value in rows.items() if value > TOLERANCE)
    assert first == {
        "wrong flatten order": "patches.projection",
        "class token after positions": "positions",
        "one residual missing": "blocks.2",
    }.get(trap, "blocks.0")


@pytest.mark.parametrize("name", ["missing query bias", "tanh GELU"])
def test_fresh_weights_are_blind(name):
    """Why everything is drawn first: a fresh query bias is 0 anyway; a tanh GELU on small inputs hardly differs."""
    reference = tiny().double().eval()
    ours, _ = from_reference(reference)
    TRAPS[name](ours)
    fresh = difference(ours(IMAGES), reference(IMAGES))
    drawn_reference = randomise(tiny().double()).eval()
    drawn, _ = from_reference(drawn_reference)
    TRAPS[name](drawn)
    assert fresh < difference(drawn(IMAGES), drawn_reference(IMAGES))


def pad_the_stem(model):
    model.entry[0].padding = (1, 1)


def stride_on_the_first_convolution(model):
    for stage in model.stages[1:]:
        stage[0].convolutions[0][0].stride, stage[0].convolutions[2][0].stride = (2, 2), (1, 1)


def batch_norm_eps(model):
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-4


def forget_a_shortcut(model):
    block = next(
        module for module in model.modules() if isinstance(getattr(module, "shortcut", None), torch.nn.Identity)
    )
    block.register_forward_hook(lambda module, args, output: module.convolutions(args[0]))


def swap_two_branches(model):
    module = model.inception["3a"]
    module.five, module.pooled = module.pooled, module.five  # both give 32 channels


def forget_the_input_transform(model):
    model.transform_input = False


def layer_norm_eps(model):
    for module in model.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-5


def norm_before_the_mean(model):
    norm, model.norm = model.norm, torch.nn.Identity()
    model.stages.register_forward_hook(lambda module, args, maps: norm(maps.movedim(1, -1)).movedim(-1, 1))


def as_much_padding_on_both_sides(model):
    for module in model.modules():
        if isinstance(module, SameConvolution):
            module.forward = functools.partial(symmetric, module)


def symmetric(module, x):
    padding = module.kernel_size[0] // 2
    return torch.nn.functional.conv2d(x, module.weight, None, module.stride, padding, groups=module.groups)


def relu_without_a_roof(model):
    for module in model.modules():
        if isinstance(module, torch.nn.ReLU6):
            module.max_val = 1e9


CNN_TRAPS = {
    "convnext_tiny": [layer_norm_eps, TRAPS["tanh GELU"], norm_before_the_mean],
    "tf_efficientnet_lite0": [batch_norm_eps, as_much_padding_on_both_sides, relu_without_a_roof],
    "legacy_xception": [pad_the_stem, batch_norm_eps, forget_a_shortcut],
    "resnet18": [batch_norm_eps, forget_a_shortcut],
    "resnet50": [batch_norm_eps, stride_on_the_first_convolution],
    "googlenet": [batch_norm_eps, swap_two_branches, forget_the_input_transform],
}


@pytest.fixture(scope="module", params=list(CNN_TRAPS))
def convolutional_pair(request):
    if request.param in ("legacy_xception", "convnext_tiny", "tf_efficientnet_lite0"):
        reference = timm.create_model(request.param, num_classes=7)
    elif request.param == "googlenet":
        reference = tv.googlenet(num_classes=7, aux_logits=False, transform_input=True, init_weights=False)
    else:
        reference = getattr(tv, request.param)(num_classes=7)
    reference = randomise(reference.double()).eval()
    ours, _ = from_reference(reference)
    return request.param, ours, reference


@torch.no_grad()
def test_every_convolutional_trap_is_seen(convolutional_pair):
    name, ours, reference = convolutional_pair
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = reference(images)
    assert difference(ours(images), expected) < TOLERANCE
    for trap in CNN_TRAPS[name]:
        broken = copy.deepcopy(ours)
        trap(broken)
        assert difference(broken(images), expected) > 1e-6, trap.__name__
