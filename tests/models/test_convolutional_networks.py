"""What every convolutional network of the course must do, whatever its shape."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from helpers.layers.he_initialisation import he_initialisation
from helpers.layers.separable_convolution import SeparableConvolution
from helpers.models.alexnet import AlexNet
from helpers.models.convnext import CONVNEXT_CONFIGS, ConvNeXt
from helpers.models.efficientnet import EfficientNetLite0
from helpers.models.googlenet import GoogLeNet
from helpers.models.lenet import LeNet5
from helpers.models.resnet import RESNET_CONFIGS, ResNet
from helpers.models.vgg import VGG, VGG_CONFIGS
from helpers.models.xception import Xception, XceptionModule, scale_channels

# Facts 2.1 where they give the exact number, else torchvision's documented count, or timm's.
PARAMETERS = {
    "LeNet-5": (lambda: LeNet5(), 61_706),
    "AlexNet": (lambda: AlexNet(), 61_100_840),
    "VGG-11": (lambda: VGG(VGG_CONFIGS[11]), 132_863_336),
    "VGG-13": (lambda: VGG(VGG_CONFIGS[13]), 133_047_848),
    "VGG-16": (lambda: VGG(VGG_CONFIGS[16]), 138_357_544),
    "VGG-19": (lambda: VGG(VGG_CONFIGS[19]), 143_667_240),
    "GoogLeNet": (lambda: GoogLeNet(), 6_624_904),
    "GoogLeNet with auxiliary heads": (lambda: GoogLeNet(auxiliary=True), 13_004_888),
    "ResNet-18": (lambda: ResNet(**RESNET_CONFIGS[18]), 11_689_512),
    "ResNet-34": (lambda: ResNet(**RESNET_CONFIGS[34]), 21_797_672),
    "ResNet-50": (lambda: ResNet(**RESNET_CONFIGS[50]), 25_557_032),
    "ResNet-101": (lambda: ResNet(**RESNET_CONFIGS[101]), 44_549_160),
    "Xception": (lambda: Xception(), 22_855_952),
    "Xception, 120 classes": (lambda: Xception(120), 21_052_832),
    "ConvNeXt-T": (lambda: ConvNeXt(**CONVNEXT_CONFIGS["T"]), 28_589_128),
    "ConvNeXt-S": (lambda: ConvNeXt(**CONVNEXT_CONFIGS["S"]), 50_223_688),
    "ConvNeXt-B": (lambda: ConvNeXt(**CONVNEXT_CONFIGS["B"]), 88_591_464),
    "EfficientNet-Lite0": (lambda: EfficientNetLite0(), 4_652_008),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameter_counts(name):
    build, expected = PARAMETERS[name]
    with torch.device("meta"):
        model = build()
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


# Small members that compute in a moment: (how to build for K classes, image size).
SMALL = {
    "LeNet-5": (lambda K: LeNet5(K, in_channels=3), 32),
    "GoogLeNet": (lambda K: GoogLeNet(K), 64),
    "ResNet-18": (lambda K: ResNet(**RESNET_CONFIGS[18], num_classes=K), 32),
    "ResNet with bottlenecks": (lambda K: ResNet((1, 1, 1, 1), True, K), 32),
    "Xception": (lambda K: Xception(K, width=0.25), 64),
    "Xception for small images": (lambda K: Xception(K, width=0.125, stem_stride=1), 32),
    "ConvNeXt-mini": (lambda K: ConvNeXt(**CONVNEXT_CONFIGS["mini"], num_classes=K), 32),
    "EfficientNet-Lite0": (lambda K: EfficientNetLite0(K), 64),
}
LARGE = {  # their fully connected layers are large at any width
    "AlexNet": (lambda K: AlexNet(K), 64),
    "VGG-11": (lambda K: VGG(VGG_CONFIGS[11], K), 32),
}


def draw_images(count, size):
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SMALL | LARGE)
def test_initial_loss_is_that_of_guessing(name):
    """Before training, all K classes are about equally likely: the loss is ln K."""
    torch.manual_seed(0)
    build, size = (SMALL | LARGE)[name]
    model = build(10)
    images, labels = draw_images(16, size), torch.arange(16) % 10
    with torch.no_grad():
        loss = F.cross_entropy(model(images), labels).item()
    # He initialisation keeps the variance of the features at 1, not that of the logits at 0: a few tenths remain.
    assert loss == pytest.approx(math.log(10), abs=0.35)


@pytest.mark.parametrize("name", SMALL)
def test_rows_of_a_batch_are_independent(name):
    build, size = SMALL[name]
    torch.manual_seed(0)
    model = build(5).double().eval()
    images = draw_images(3, size).double()
    with torch.no_grad():
        together = model(images)
        images[1] = 0.0
        changed = model(images)
    assert torch.equal(changed[[0, 2]], together[[0, 2]])
    assert not torch.equal(changed[1], together[1])


@pytest.mark.parametrize("name", SMALL)
def test_one_batch_is_memorised(name):
    """A network that cannot learn eight random images by heart in 100 steps is broken."""
    torch.manual_seed(0)
    build, size = SMALL[name]
    model = build(4)
    images, labels = draw_images(8, size), torch.arange(8) % 4
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3 if name == "LeNet-5" else 1e-3)
    for _ in range(100):
        loss = F.cross_entropy(model(images), labels)
        if loss < 0.05:
            break
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.05


@pytest.mark.parametrize("name", SMALL | LARGE)
def test_another_number_of_channels_is_refused(name):
    build, size = (SMALL | LARGE)[name]
    with torch.device("meta"):
        model, images = build(4), torch.zeros(2, 5, size, size)
    with pytest.raises(ValueError, match=r"images: expected \(B, .*3.*got \(2, 5,"):
        model(images)


def test_separable_convolution_is_an_ordinary_one_of_low_rank():
    """Depthwise then pointwise equals one convolution with weights pointwise[o, i] depthwise[i]: facts 5.2."""
    torch.manual_seed(0)
    layer = SeparableConvolution(4, 6).double()
    x = torch.randn(2, 4, 9, 9, dtype=torch.float64)
    weight = layer.pointwise.weight * layer.depthwise.weight[:, 0]  # (6, 4, 3, 3)
    torch.testing.assert_close(layer(x), F.conv2d(x, weight, padding=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("channels", "fraction"), [(64, 0.1267), (728, 0.1125)])
def test_separable_convolution_saves_weights(channels, fraction):
    with torch.device("meta"):
        separable = SeparableConvolution(channels, channels)
        ordinary = nn.Conv2d(channels, channels, 3, bias=False)
    counts = [sum(p.numel() for p in layer.parameters()) for layer in (separable, ordinary)]
    assert counts[0] / counts[1] == pytest.approx(fraction, abs=5e-5)
    assert counts[0] / counts[1] == pytest.approx(1 / channels + 1 / 9)


def test_separable_convolution_refuses_even_kernels():
    with pytest.raises(ValueError, match="expected an odd number, got 4"):
        SeparableConvolution(2, 2, kernel_size=4)


def test_he_initialisation_keeps_the_variance_through_relu():
    torch.manual_seed(0)
    model = nn.Sequential(*[layer for _ in range(20) for layer in (nn.Conv2d(64, 64, 3, padding=1), nn.ReLU())])
    x = torch.randn(1, 64, 32, 32)
    with torch.no_grad():
        default = model(x).std().item()
        he_initialisation(model)
        he = model(x).std().item()
    assert default < 0.05  # torch's default: what is left comes from the biases
    assert 0.1 < he < 10
    assert all((layer.bias == 0).all() for layer in model[::2])


def test_xception_has_36_convolution_layers_in_14_modules():
    """Figure 5 of the paper, separable convolutions counted once and shortcuts not at all."""
    with torch.device("meta"):
        model = Xception()
    separable = [m for m in model.modules() if isinstance(m, SeparableConvolution)]
    inside = {id(c) for m in separable for c in m.modules()}
    shortcuts = {id(c) for m in model.modules() if isinstance(m, XceptionModule) for c in m.shortcut.modules()}
    plain = [m for m in model.modules() if isinstance(m, nn.Conv2d) and id(m) not in inside | shortcuts]
    assert len(separable) + len(plain) == 36
    with_residual = [m for m in model.modules() if isinstance(m, XceptionModule)]
    assert len(with_residual) == 14 - 2  # all but the first and the last
    assert [m.convolutions[-3].pointwise.out_channels for m in (model.entry[6], model.exit[0])] == [128, 1024]


@pytest.mark.parametrize(("size", "side"), [(299, 10), (224, 7), (64, 2)])
def test_xception_map_sizes(size, side):
    with torch.device("meta"):
        model, images = Xception(), torch.zeros(1, 3, size, size)
        assert model.exit(model.middle(model.entry(images))).shape == (1, 2048, side, side)


@pytest.mark.parametrize("argument", ["num_classes", "width", "stem_stride"])
def test_xception_refuses_what_is_not_positive(argument):
    with pytest.raises(ValueError, match=f"{argument}: expected a positive number, got 0"):
        Xception(**{argument: 0})


def test_stages_are_counted():
    with pytest.raises(ValueError, match="expected 5 stages, got 4"):
        VGG((1, 1, 1, 1))
    with pytest.raises(ValueError, match="expected 4 stages, got 3"):
        ResNet((1, 1, 1))


def test_a_residual_block_starts_as_its_shortcut():
    """With the last gain at zero, F is zero: the block passes a positive input on unchanged."""
    model = ResNet((2, 1, 1, 1), bottleneck=True)
    block = model.stages[0][1].eval()
    nn.init.zeros_(block.convolutions[-1][1].weight)
    x = torch.rand(2, 256, 8, 8)
    assert torch.equal(block(x), x)


def test_googlenet_returns_the_auxiliary_logits_on_request_only():
    model = GoogLeNet(7, auxiliary=True)
    images = draw_images(2, 64)
    logits, auxiliary = model(images, return_auxiliary=True)
    assert logits.shape == (2, 7)
    assert [head.shape for head in auxiliary] == [(2, 7), (2, 7)]
    assert model(images).shape == (2, 7)
    with pytest.raises(ValueError, match="auxiliary=True"):
        GoogLeNet(7)(images, return_auxiliary=True)


def test_lenet_takes_32_pixels_only():
    with pytest.raises(ValueError, match=r"expected \(B, C=1, 32, 32\), got \(1, 1, 28, 28\)"):
        LeNet5()(torch.zeros(1, 1, 28, 28))


def test_dropout_of_the_auxiliary_heads_is_theirs_alone():
    torch.manual_seed(0)
    model = GoogLeNet(num_classes=5, auxiliary=True, auxiliary_dropout=0.5).train()
    images = torch.randn(2, 3, 64, 64)
    (logits, heads), (again, heads_again) = (model(images, return_auxiliary=True) for _ in range(2))
    assert torch.equal(logits, again)
    assert [torch.equal(*pair) for pair in zip(heads, heads_again, strict=True)] == [False, False]


@pytest.mark.parametrize(
    ("channels", "width", "scaled"), [(32, 1.0, 32), (30, 0.25, 8), (728, 0.3, 220), (32, 0.01, 4)]
)
def test_scaled_channels_are_the_nearest_multiple_of_four(channels, width, scaled):
    assert scale_channels(channels, width) == scaled
