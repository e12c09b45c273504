"""Ported models are the reference: logits, every block, every gradient and every running statistic, in float64."""

import copy
import functools
import re

import pytest
import timm
import torch
import torchvision

from helpers.layers.drop_path import DropPath
from helpers.models.alexnet import AlexNet
from helpers.models.parity import difference, module_outputs, movement, randomise
from helpers.models.port import TOLERANCE, block_differences, from_reference
from helpers.models.port_rules import FAMILIES
from helpers.models.vgg import VGG

tv = torchvision.models


def timm_model(name, **options):
    return functools.partial(timm.create_model, name, **options)


# name -> (how to build it, the image sizes to compare at). A CNN takes any size; a ViT is built for each.
REFERENCES = {
    "alexnet": (lambda: tv.alexnet(num_classes=11, dropout=0.0), (64, 79)),
    "vgg11": (lambda: tv.vgg11(num_classes=11, dropout=0.0, init_weights=False), (32, 48)),
    "vgg16": (lambda: tv.vgg16(num_classes=11, dropout=0.0, init_weights=False), (32, 48)),
    "googlenet": (
        lambda: tv.googlenet(num_classes=11, aux_logits=False, transform_input=True, dropout=0.0, init_weights=False),
        (64, 75),
    ),
    "googlenet with auxiliary heads": (
        lambda: tv.googlenet(num_classes=11, aux_logits=True, dropout=0.0, dropout_aux=0.0, init_weights=False),
        (64, 75),
    ),
    "resnet18": (lambda: tv.resnet18(num_classes=11), (64, 75)),
    "resnet34": (lambda: tv.resnet34(num_classes=11), (64, 75)),
    "resnet50": (lambda: tv.resnet50(num_classes=11), (64, 75)),
    "resnet101 with fewer blocks": (
        lambda: tv.ResNet(tv.resnet.Bottleneck, [3, 4, 8, 3], num_classes=11),
        (64,),
    ),
    "legacy_xception": (timm_model("legacy_xception", num_classes=11), (64, 79)),
    "convnext_tiny": (timm_model("convnext_tiny", num_classes=11), (64, 75)),
    "convnext_base with fewer blocks": (timm_model("convnext_base", num_classes=11, depths=(1, 2, 3, 1)), (64,)),
    "convnext_atto": (timm_model("convnext_atto", num_classes=11, conv_mlp=False), (32, 48)),
    "tf_efficientnet_lite0": (timm_model("tf_efficientnet_lite0", num_classes=11), (64, 79)),
}
for name, sizes, options in (
    ("vit_tiny_patch16_224", (64, 96), {}),
    ("vit_small_patch32_224", (64, 128), {"depth": 6}),
    ("vit_base_patch8_224", (16, 32), {"depth": 3}),
    ("vit_large_patch14_224", (28, 56), {"depth": 2}),
    ("deit_tiny_patch16_224", (64, 96), {}),
    ("deit_small_distilled_patch16_224", (64, 96), {"depth": 6}),
    ("deit_base_distilled_patch16_224", (32, 64), {"depth": 2}),
    ("cait_xxs24_224", (64, 96), {}),
    ("cait_xxs36_224", (32,), {}),
    ("cait_xs24_384", (32,), {"depth": 8}),
    ("cait_s24_224", (32, 64), {"depth": 4}),
    ("mixer_s32_224", (64, 96), {}),
):
    for size in sizes:
        build = timm_model(name, num_classes=11, img_size=size, **options)
        REFERENCES[f"{name} at {size} px"] = (build, (size,))
REFERENCES["vit_tiny_patch16_224 wide, grey"] = (
    timm_model("vit_tiny_patch16_224", num_classes=3, img_size=(32, 64), in_chans=1, depth=3),
    ((32, 64),),
)
SWIN = functools.partial(timm_model, "swin_tiny_patch4_window7_224", num_classes=11, drop_path_rate=0.0)
REFERENCES["swin_tiny_patch4_window7_224"] = (SWIN(depths=(2, 2, 4, 2)), (224,))  # its last map is one window
REFERENCES["swin in even windows, two maps no larger than one"] = (SWIN(img_size=64, window_size=4), (64,))
REFERENCES["swin in odd windows"] = (
    SWIN(img_size=72, window_size=3, patch_size=2, depths=(3, 2, 1), num_heads=(2, 4, 4), embed_dim=32),
    (72,),
)
REFERENCES["swin grey"] = (SWIN(img_size=32, window_size=2, in_chans=1, depths=(2, 2), num_heads=(3, 6)), (32,))
REFERENCES["mixer of long images"] = (
    functools.partial(timm.models.MlpMixer, 11, (32, 64), patch_size=8, num_blocks=3, embed_dim=48),
    ((32, 64),),
)


@pytest.fixture(scope="module", params=REFERENCES)
def pair(request):
    """A reference with random weights in float64, and its port. Of AlexNet and VGG all weights are compared, then most
    hidden units are dropped from both: a fully connected layer of 25,088 x 4,096 and its gradients fill 5 GB. VGG comes
    in float16, which is 0.3 GB less and as exact: what is compared are the same numbers in float64."""
    build, sizes = REFERENCES[request.param]
    reference = build()
    wide = isinstance(reference, tv.AlexNet | tv.VGG)
    reference = randomise(reference if wide else reference.double(), seed=1)
    reference = reference.half() if isinstance(reference, tv.VGG) else reference
    ours, report = from_reference(reference)
    if wide:
        mine = ours.state_dict()
        assert all(torch.equal(mine[report.tensors[name]], tensor) for name, tensor in reference.state_dict().items())
        del mine
        narrow(reference), narrow(ours)
    return ours, reference, report, sizes


def narrow(model, hidden=64):
    """Keep the first hidden units of the fully connected layers, scaled so that their sums stay as large."""
    layers = [layer for layer in model.classifier if isinstance(layer, torch.nn.Linear)]
    for before, layer in zip([None, *layers], layers, strict=False):
        rows, columns = hidden if layer is not layers[-1] else None, hidden if before else None
        scale = (layer.in_features / hidden) ** 0.5 if before else 1.0
        layer.weight = torch.nn.Parameter(layer.weight.detach()[:rows, :columns] * scale)
        layer.bias = torch.nn.Parameter(layer.bias.detach()[:rows].clone())
    model.double()


def draw_images(reference, size, seed=0):
    channels = next(m for m in reference.modules() if isinstance(m, torch.nn.Conv2d)).in_channels
    height, width = (size, size) if isinstance(size, int) else size
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, channels, height, width, generator=generator, dtype=torch.float64)


def outputs(model, images):
    """All logits a model has to give in its mode, one tensor (B, n K)."""
    if getattr(model, "auxiliary", None) and model.training:
        logits, auxiliary = model(images, return_auxiliary=True)
        return torch.cat([logits, *auxiliary], dim=1)
    result = model(images)
    if isinstance(result, tuple):  # torchvision's GoogLeNet in train mode: logits, upper head, lower head
        return torch.cat([result.logits, result.aux_logits1, result.aux_logits2], dim=1)
    return result


def modes(model):
    """Train and eval; without dropout nothing in AlexNet and VGG depends on it, and they are large."""
    return [False] if isinstance(model, AlexNet | VGG) else [False, True]


def test_logits_blocks_and_statistics(pair):
    ours, reference, report, sizes = pair
    for training in modes(ours):
        ours.train(training), reference.train(training)
        for size in sizes:
            images = draw_images(reference, size)
            with torch.no_grad():
                mine, theirs = outputs(ours, images), outputs(reference, images)
            assert movement(theirs) > 1e-3, "blind: the logits hardly depend on the image"
            assert difference(mine, theirs) < TOLERANCE
            rows = [] if training else block_differences(ours, reference, images)
            assert training or len(rows) > 3
            assert all(value < TOLERANCE for _, value in rows)
        kept = reference.state_dict()  # without what is computed, such as Swin's masks
        for name, buffer in reference.named_buffers():  # in train mode the running statistics have moved
            if name not in kept:
                continue
            assert difference(ours.get_buffer(report.tensors[name]).double(), buffer.double()) < TOLERANCE, name


def test_gradient_of_every_parameter(pair):
    ours, reference, report, sizes = pair
    images = draw_images(reference, sizes[-1], seed=2)
    for training in modes(ours):
        for model in (ours, reference):
            model.train(training).zero_grad()
            logits = outputs(model, images)
            coefficients = torch.linspace(-1, 1, logits.numel(), dtype=torch.float64).view_as(logits)
            (logits * coefficients).sum().backward()
        gradients = {name: parameter.grad for name, parameter in reference.named_parameters()}
        for name, gradient in gradients.items():
            mine = ours.get_parameter(report.tensors[name]).grad
            if gradient is None:  # the auxiliary heads in eval mode
                assert mine is None, name
            else:
                assert difference(mine, gradient) < TOLERANCE, name
        assert max(gradient.abs().max() for gradient in gradients.values() if gradient is not None) > 1e-3
    ours.zero_grad(), reference.zero_grad()


def test_no_part_of_ours_is_theirs(pair):
    ours, reference, report, _ = pair
    assert {type(module).__module__.split(".")[0] for module in ours.modules()} <= {"helpers", "torch"}
    storages = {tensor.data_ptr() for tensor in reference.state_dict().values()}
    assert not storages & {tensor.data_ptr() for tensor in ours.state_dict().values()}
    assert sorted(report.tensors) == sorted(reference.state_dict())
    assert sorted(report.tensors.values()) == sorted(ours.state_dict())


def test_every_family_is_covered():
    texts = {"alexnet": "AlexNet", "vgg": "VGG", "googlenet": "GoogLeNet", "resnet": "ResNet", "legacy": "Xception"}
    texts |= {"convnext": "ConvNeXt", "tf_efficientnet": "EfficientNet"}
    texts |= {"vit": "VisionTransformer", "deit": "VisionTransformerDistilled", "cait": "Cait"}
    texts |= {"swin": "SwinTransformer", "mixer": "MlpMixer"}
    covered = {family for start, family in texts.items() if any(name.startswith(start) for name in REFERENCES)}
    assert covered | {"MultiheadAttention", "Transformer"} == {name for _, name in FAMILIES}


@pytest.mark.parametrize("distilled_training", [False, True])
def test_both_heads_of_a_distilled_model(distilled_training):
    reference = timm.create_model("deit_tiny_distilled_patch16_224", img_size=32, depth=2, num_classes=5)
    reference = randomise(reference.double()).train()
    reference.set_distilled_training(distilled_training)
    ours, _ = from_reference(reference)
    images = draw_images(reference, 32)
    theirs = reference(images)
    if distilled_training:
        for mine, logits in zip(ours(images, return_heads=True), theirs, strict=True):
            assert difference(mine, logits) < TOLERANCE
    else:
        assert difference(ours(images), theirs) < TOLERANCE


def test_positions_are_interpolated_as_in_timm():
    reference = timm.create_model("vit_tiny_patch16_224", img_size=64, depth=2, num_classes=5, dynamic_img_size=True)
    ours, _ = from_reference(randomise(reference.double()).eval())
    for size in (48, 64, 96):
        images = draw_images(reference, size)
        # timm, too, interpolates in float32, so that a float64 model agrees only if both do.
        assert difference(ours(images), reference(images)) < TOLERANCE, size


def test_ours_lives_on_without_the_reference():
    reference = tv.resnet18(num_classes=4).half()
    ours, report = from_reference(reference)
    before = copy.deepcopy(ours.state_dict())
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.zero_()
    del reference
    assert all(torch.equal(tensor, before[name]) for name, tensor in ours.state_dict().items())
    assert ours.head.weight.dtype == torch.float16
    assert ours.training
    assert re.search(r"fc.weight +-> head.weight", str(report))
    assert str(report).count("->") == len(report.tensors) == 122


def test_grey_images():
    ours, _ = from_reference(timm.create_model("legacy_xception", in_chans=1, num_classes=2))
    assert ours(torch.zeros(1, 1, 64, 64)).shape == (1, 2)


def test_dropout_and_drop_path_are_carried_over():
    alexnet, _ = from_reference(tv.alexnet(num_classes=2, dropout=0.3))
    assert alexnet.classifier[0].p == 0.3
    vit, _ = from_reference(
        timm.create_model("vit_tiny_patch16_224", img_size=32, depth=3, drop_path_rate=0.2, num_classes=2)
    )
    assert [block.drop_path.probability for block in vit.blocks] == pytest.approx([0.0, 0.1, 0.2])
    for name, options in (
        ("convnext_atto", {"conv_mlp": False, "drop_path_rate": 0.2}),
        ("swin_tiny_patch4_window7_224", {"drop_path_rate": 0.2, "img_size": 32, "window_size": 2}),
        ("tf_efficientnet_lite0", {"drop_rate": 0.3, "drop_path_rate": 0.2}),
    ):
        reference = timm.create_model(name, num_classes=2, **options)
        ours, _ = from_reference(reference)
        theirs = [getattr(m, "drop_prob", 0.0) for n, m in reference.named_modules() if n.endswith("drop_path")]
        mine = [m.probability for m in ours.modules() if isinstance(m, DropPath)]
        assert max(mine) > 0.1
        # timm builds no drop path in EfficientNet's very first block, where the rate is 0.
        assert mine[len(mine) - len(theirs) :] == pytest.approx(theirs)
    assert ours.dropout.p == 0.3


@pytest.mark.parametrize("batch_first", [False, True])
def test_multi_head_attention_of_torch(batch_first):
    reference = randomise(torch.nn.MultiheadAttention(24, 3, batch_first=batch_first).double())
    ours, report = from_reference(reference)
    assert report.tensors["in_proj_weight"] == "qkv.weight"
    tokens = torch.randn(2, 5, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    theirs = tokens if batch_first else tokens.transpose(0, 1)
    attended, weights = reference(theirs, theirs, theirs, average_attn_weights=False)
    mine, my_weights = ours(tokens, return_weights=True)
    assert difference(mine, attended if batch_first else attended.transpose(0, 1)) < TOLERANCE
    assert difference(my_weights, weights) < TOLERANCE
    assert difference(ours(tokens), mine) < TOLERANCE  # the fused kernel
    attended.square().sum().backward()
    mine.square().sum().backward()
    for name, parameter in reference.named_parameters():
        assert difference(ours.get_parameter(report.tensors[name]).grad, parameter.grad) < TOLERANCE, name


@pytest.mark.parametrize("norm_first", [False, True], ids=["post-norm", "pre-norm"])
@pytest.mark.parametrize("length", [4, 9])
def test_transformer_of_torch(norm_first, length):
    reference = torch.nn.Transformer(24, 3, 2, 3, 40, dropout=0.0, norm_first=norm_first, batch_first=True).double()
    ours, report = from_reference(randomise(reference))
    generator = torch.Generator().manual_seed(0)
    source, target = (torch.randn(2, n, 24, dtype=torch.float64, generator=generator) for n in (7, length))
    earlier = torch.ones(length, length, dtype=torch.bool).tril()
    blocks = {
        f"{side}.layers.{i}": f"{side}_blocks.{i}" for side, n in (("encoder", 2), ("decoder", 3)) for i in range(n)
    }
    theirs = module_outputs(
        _with_target_mask(reference, ~earlier), [f"model.{name}" for name in blocks], source, target
    )
    mine = module_outputs(
        _with_target_mask(ours, earlier), [f"model.{name}" for name in blocks.values()], source, target
    )
    assert movement(theirs[""]) > 1e-3
    for (name, tensor), my_tensor in zip(theirs.items(), mine.values(), strict=True):
        assert difference(my_tensor, tensor) < TOLERANCE, name
    theirs[""].square().sum().backward()
    mine[""].square().sum().backward()
    for name, parameter in reference.named_parameters():
        assert difference(ours.get_parameter(report.tensors[name]).grad, parameter.grad) < TOLERANCE, name


class _with_target_mask(torch.nn.Module):
    """Both classes take (source, target, source mask, target mask)."""

    def __init__(self, model, mask):
        super().__init__()
        self.model, self.mask = model, mask

    def forward(self, source, target):
        return self.model(source, target, None, self.mask)
