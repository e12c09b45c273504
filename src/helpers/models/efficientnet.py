"""EfficientNet-Lite0: blocks that widen, filter and narrow again, for telephones.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019,
table 1 (the network B0); its block is the inverted residual of MobileNetV2. The *Lite* form, which
Google released in March 2020, leaves out the squeeze-and-excitation, which not every accelerator
can compute, and takes ReLU6 in place of Swish, whose outputs fit into eight bits.

As in TensorFlow, where the weights were trained: "same" padding, which at stride 2 pads an even
map by one pixel more at the bottom and the right, and batch norm with eps 1e-3.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from helpers.layers.drop_path import DropPath
from helpers.layers.he_initialisation import he_initialisation
from helpers.shapes import check_shape

# Table 1, stages 2 to 8: blocks, kernel size, stride of the first block, expansion, channels out.
STAGES: tuple[tuple[int, int, int, int, int], ...] = (
    (1, 3, 1, 1, 16),  # 112
    (2, 3, 2, 6, 24),  # 112 -> 56
    (2, 5, 2, 6, 40),  # 56 -> 28
    (3, 3, 2, 6, 80),  # 28 -> 14
    (3, 5, 1, 6, 112),  # 14
    (4, 5, 2, 6, 192),  # 14 -> 7
    (1, 3, 1, 6, 320),  # 7
)


class SameConvolution(nn.Conv2d):
    """A convolution whose map has ceil(H / stride) rows, whatever H: TensorFlow's "same" padding.

    Of p = max((ceil(H / s) - 1) s + k - H, 0) rows of zeros the smaller half goes on top. PyTorch's
    own padding adds as many on both sides.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, ceil(H / stride), ceil(W / stride))."""
        missing = [
            max((-(-length // stride) - 1) * stride + kernel - length, 0)
            for length, kernel, stride in zip(
                x.shape[-2:], self.kernel_size, self.stride, strict=True
            )
        ]
        before, odd = [rows // 2 for rows in missing], [rows % 2 for rows in missing]
        if any(odd):  # a row more below, or a column more at the right: F.pad wants the width first
            x = F.pad(x, (0, odd[1], 0, odd[0]))
        return F.conv2d(x, self.weight, self.bias, self.stride, before, self.dilation, self.groups)


def convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    groups: int = 1,
    relu: bool = True,
) -> nn.Sequential:
    """Convolution, batch norm in place of its bias, and on request ReLU6, min(max(x, 0), 6)."""
    layers = [
        SameConvolution(in_channels, out_channels, kernel_size, stride, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels, eps=1e-3),
        *([nn.ReLU6(inplace=True)] if relu else []),
    ]
    return nn.Sequential(*layers)


class InvertedResidual(nn.Module):
    """Widen (1 x 1), filter each channel alone (k x k), narrow (1 x 1, no ReLU); add the input.

    A ResNet's bottleneck is narrow inside, this block is wide inside. The input is added where
    the output has its shape.

    Parameters
    ----------
    in_channels, out_channels
        C_in and C_out.
    kernel_size, stride
        Of the depthwise convolution.
    expansion
        Channels inside over C_in; at 1 the first convolution is left out.
    drop_path
        Probability to skip the branch in training, where there is a way around it.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int,
        expansion: int,
        drop_path: float,
    ) -> None:
        super().__init__()
        hidden = expansion * in_channels
        self.expand: nn.Module = nn.Identity()
        if expansion > 1:
            self.expand = convolution(in_channels, hidden, kernel_size=1)
        self.filter = convolution(hidden, hidden, kernel_size, stride, groups=hidden)
        self.project = convolution(hidden, out_channels, kernel_size=1, relu=False)
        self.drop_path = DropPath(drop_path)
        self.residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, ceil(H / stride), ceil(W / stride))."""
        branch = self.project(self.filter(self.expand(x)))  # (B, C_out, H', W')
        return x + self.drop_path(branch) if self.residual else branch


class EfficientNetLite0(nn.Module):
    """Classify an image: stem, 16 blocks in seven stages, 1280 features, mean, one linear layer.

    Parameters
    ----------
    num_classes
        K.
    in_channels
        C of the images.
    dropout
        Probability to drop a feature before the head; 0.2 in the paper.
    drop_path
        Probability to skip a block: it grows by a 16th of this from block to block, from 0; the
        paper trains with 0.2.

    Raises
    ------
    ValueError
        If the images have another number of channels.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stem = convolution(in_channels, 32, kernel_size=3, stride=2)  # 224 -> 112
        self.stages = nn.Sequential()
        count, before, total = 0, 32, sum(stage[0] for stage in STAGES)
        for depth, kernel_size, stride, expansion, channels in STAGES:
            stage = nn.Sequential()
            for i in range(depth):
                stage.append(
                    InvertedResidual(
                        before,
                        channels,
                        kernel_size,
                        stride if i == 0 else 1,
                        expansion,
                        drop_path * count / total,
                    )
                )
                count, before = count + 1, channels
            self.stages.append(stage)
        self.features = convolution(before, 1280, kernel_size=1)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(1280, num_classes)
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.stem(images)  # (B, 32, H/2, W/2)
        x = self.stages(x)  # (B, 320, H/32, W/32)
        x = self.features(x)  # (B, 1280, H/32, W/32)
        x = self.dropout(x.mean(dim=(2, 3)))  # (B, 1280)
        return self.head(x)  # (B, K)
