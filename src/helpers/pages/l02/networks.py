"""Twelve networks for images of 32 or 64 px, one a milestone of the history, most of about a million parameters.

Xception, ConvNeXt, ViT, DeiT, CaiT, Swin and Mixer are the course's own models at a small size, LeNet-5 is the
published one, which sees the images at 32 px. AlexNet, VGG and ResNet are drawn smaller here, each by its own rules:
large first kernels, overlapping pooling and dropout; nothing but 3 x 3 kernels, and more of them; additions around
two convolutions each (of He et al., 2016, section 4.2, the form for small images).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.layers.he_initialisation import he_initialisation
from helpers.models.cait import CAIT_CONFIGS, CaiT
from helpers.models.convnext import CONVNEXT_CONFIGS, ConvNeXt
from helpers.models.deit import DeiT
from helpers.models.lenet import LeNet5
from helpers.models.mixer import MIXER_CONFIGS, Mixer
from helpers.models.mlp import MLP
from helpers.models.resnet import ResidualBlock, convolution
from helpers.models.swin import SWIN_CONFIGS, Swin
from helpers.models.vit import ViT
from helpers.models.xception import Xception

SIZES = (32, 64)  # pixels
PARAMETERS = 1_200_000  # what the perceptron is sized to
CAIT_MINI = CAIT_CONFIGS["mini"] | {"layer_scale": 0.1}  # eight blocks need no start as small as the deep ones
TRANSFORMER = {"embed_dim": 128, "depth": 6, "num_heads": 4}  # of the course's ViT-mini and DeiT-mini


class AlexNetLike(nn.Module):
    """Five convolutions, three overlapping max-poolings, three fully connected layers with dropout.

    Parameters
    ----------
    num_classes
        K.
    image_size
        Pixels, 32 or 64.
    """

    def __init__(self, num_classes: int, image_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        plan = ((3, 32, 5, True), (32, 64, 5, True), (64, 128, 3, False), (128, 96, 3, False), (96, 96, 3, True))
        for index, (before, after, kernel_size, pool) in enumerate(plan):
            stride = 2 if index == 0 else 1
            layers += [nn.Conv2d(before, after, kernel_size, stride, kernel_size // 2), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(kernel_size=3, stride=2)] if pool else []  # 64 px: 32 -> 15 -> 7 -> 3
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(96 * (3 if image_size == 64 else 1) ** 2, 512),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(512, 512),
            nn.ReLU(inplace=True),
            nn.Linear(512, num_classes),
        )
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, K)."""
        return self.classifier(self.features(images).flatten(1))


class VGGLike(nn.Module):
    """Four stages of two 3 x 3 convolutions with a pooling after each, two fully connected layers, no batch norm.

    Parameters
    ----------
    num_classes, image_size
        K, and pixels.
    """

    def __init__(self, num_classes: int, image_size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for channels in (32, 64, 128, 128):
            for width in (before, channels):
                layers += [nn.Conv2d(width, channels, kernel_size=3, padding=1), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(kernel_size=2))  # 64 -> 32 -> 16 -> 8 -> 4
            before = channels
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(before * (image_size // 16) ** 2, 256),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(256, num_classes),
        )
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, K)."""
        return self.classifier(self.features(images).flatten(1))


class ResNetLike(nn.Module):
    """A 3 x 3 stem and seven residual blocks in three stages, mean over pixels, one linear layer.

    Parameters
    ----------
    num_classes
        K.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(3, 32, kernel_size=3, stride=2), nn.ReLU(inplace=True))
        self.stages = nn.Sequential()
        before = 32
        for count, width in zip((2, 2, 3), (32, 64, 128), strict=True):
            first = ResidualBlock(before, width, 1 if width == before else 2, bottleneck=False)
            others = [ResidualBlock(width, width, 1, bottleneck=False) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(first, *others))  # 64 px: 32, 16, 8
            before = width
        self.head = nn.Linear(before, num_classes)
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, K)."""
        return self.head(self.stages(self.stem(images)).mean(dim=(2, 3)))


def _lenet(num_classes: int, image_size: int) -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(image_size // 32), LeNet5(num_classes, in_channels=3))


def _mlp(num_classes: int, image_size: int) -> nn.Module:
    return MLP(image_size, num_classes, hidden_dims=(PARAMETERS // (3 * image_size**2), 256))


# Name -> how to build it from the number of classes and the side of the images in pixels.
NETWORKS: dict[str, Callable[[int, int], nn.Module]] = {
    "mlp": _mlp,
    "lenet": _lenet,
    "alexnet_like": AlexNetLike,
    "vgg_like": VGGLike,
    "resnet_like": lambda K, S: ResNetLike(K),
    "xception_mini": lambda K, S: Xception(K, width=0.25),
    "vit_mini": lambda K, S: ViT(S, 8, K, **TRANSFORMER),
    "deit_mini": lambda K, S: DeiT(S, 8, K, **TRANSFORMER),
    "cait_mini": lambda K, S: CaiT(S, num_classes=K, **CAIT_MINI),
    "swin_mini": lambda K, S: Swin(S, num_classes=K, **SWIN_CONFIGS["mini"]),
    "mixer_mini": lambda K, S: Mixer(S, num_classes=K, **MIXER_CONFIGS["mini"]),
    "convnext_mini": lambda K, S: ConvNeXt(**CONVNEXT_CONFIGS["mini"], num_classes=K),
}


def build(name: str, num_classes: int, image_size: int, seed: int) -> nn.Module:
    """A network with fresh weights; the random state of the caller is left as it was.

    Parameters
    ----------
    name
        One of `NETWORKS`.
    num_classes
        K.
    image_size
        Side of the images in pixels, one of `SIZES`.
    seed
        Of the weights.

    Raises
    ------
    ValueError
        For another name or size.
    """
    if name not in NETWORKS:
        raise ValueError(f"network: expected one of {', '.join(NETWORKS)}, got {name!r}")
    if image_size not in SIZES:
        raise ValueError(f"image_size: expected one of {SIZES} pixels, got {image_size}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[name](num_classes, image_size)
