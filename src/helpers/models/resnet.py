"""ResNet: layers learn what to *add* to their input, so that a hundred of them can be trained.

He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5 and
table 1. One change, which everybody has made since ("v1.5"): a bottleneck block halves the map in
its 3 x 3 convolution, not in the 1 x 1 before it, which would never look at three pixels out of
four.
"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from helpers.layers.he_initialisation import he_initialisation
from helpers.shapes import check_shape

# Table 1. Use: ResNet(**RESNET_CONFIGS[50]).
RESNET_CONFIGS: dict[int, dict[str, Any]] = {
    18: {"blocks": (2, 2, 2, 2), "bottleneck": False},
    34: {"blocks": (3, 4, 6, 3), "bottleneck": False},
    50: {"blocks": (3, 4, 6, 3), "bottleneck": True},
    101: {"blocks": (3, 4, 23, 3), "bottleneck": True},
}


def convolution(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
) -> nn.Sequential:
    """A convolution that keeps the map's size but for its stride; batch norm replaces its bias."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False
        ),
        nn.BatchNorm2d(out_channels),
    )


class ResidualBlock(nn.Module):
    """Add to the input what two or three convolutions make of it: y = ReLU(F(x) + S(x)).

    Parameters
    ----------
    in_channels
        Channels that come in.
    width
        Channels of the 3 x 3 convolutions.
    stride
        2 halves the map.
    bottleneck
        F is 3 x 3, 3 x 3; or, as a bottleneck, 1 x 1, 3 x 3 and a 1 x 1 that makes four times more
        channels.
    """

    def __init__(self, in_channels: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        if bottleneck:
            out_channels = 4 * width
            self.convolutions = nn.Sequential(
                convolution(in_channels, width, kernel_size=1),
                nn.ReLU(inplace=True),
                convolution(width, width, kernel_size=3, stride=stride),
                nn.ReLU(inplace=True),
                convolution(width, out_channels, kernel_size=1),
            )
        else:
            out_channels = width
            self.convolutions = nn.Sequential(
                convolution(in_channels, width, kernel_size=3, stride=stride),
                nn.ReLU(inplace=True),
                convolution(width, width, kernel_size=3),
            )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or in_channels != out_channels:
            self.shortcut = convolution(in_channels, out_channels, kernel_size=1, stride=stride)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, H / stride, W / stride)."""
        return self.relu(self.convolutions(x) + self.shortcut(x))


class ResNet(nn.Module):
    """Classify an image: stem, four stages of residual blocks, mean over pixels, one linear layer.

    Parameters
    ----------
    blocks
        Number of blocks in each of the four stages, see `RESNET_CONFIGS`.
    bottleneck
        Which kind of block.
    num_classes
        K.
    in_channels
        C of the images.

    Raises
    ------
    ValueError
        If there are not four stages, or the images have another number of channels.
    """

    def __init__(
        self,
        blocks: Sequence[int] = (3, 4, 6, 3),
        bottleneck: bool = True,
        num_classes: int = 1000,
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        if len(blocks) != 4:
            raise ValueError(f"blocks: expected 4 stages, got {len(blocks)}")
        self.in_channels = in_channels
        self.stem = nn.Sequential(
            *convolution(in_channels, 64, kernel_size=7, stride=2),  # 224 -> 112
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  # 112 -> 56
        )
        self.stages = nn.Sequential()
        channels = 64
        for stage, (count, width) in enumerate(zip(blocks, (64, 128, 256, 512), strict=True)):
            out_channels = 4 * width if bottleneck else width
            first = ResidualBlock(channels, width, 1 if stage == 0 else 2, bottleneck)
            others = [ResidualBlock(out_channels, width, 1, bottleneck) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(first, *others))  # 56, 28, 14, 7
            channels = out_channels
        self.head = nn.Linear(channels, num_classes)
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.stem(images)  # (B, 64, H/4, W/4)
        x = self.stages(x)  # (B, 2048, H/32, W/32); 512 channels without bottleneck
        x = x.mean(dim=(2, 3))  # (B, 2048)
        return self.head(x)  # (B, K)
