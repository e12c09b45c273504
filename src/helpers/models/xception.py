"""Xception: a linear stack of depthwise-separable convolutions with residual connections.

Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017, figure 5: 36
convolution layers in 14 modules, a *residual* around all but the first and the last (nothing in it
is recurrent).

Two details of the figure that are easy to miss, kept here: the two stem convolutions have no
padding, and module 13 grows its channels in its *second* convolution (728, 1024). We add a width
multiplier and the choice of the stem's stride, for small images; at `width=1.0, stem_stride=2`
this is the published network.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from helpers.layers.he_initialisation import he_initialisation
from helpers.layers.separable_convolution import SeparableConvolution
from helpers.shapes import check_shape


class XceptionModule(nn.Module):
    """Two or three (ReLU, separable convolution, batch norm) beside a shortcut: y = F(x) + S(x).

    Parameters
    ----------
    channels
        Channels before the first convolution, then after each one.
    stride
        2 ends F with a 3 x 3 max-pooling of stride 2 and gives S the same stride.
    first_relu
        Whether F starts with a ReLU; the first module's input has just been through one.
    """

    def __init__(self, channels: Sequence[int], stride: int = 1, first_relu: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, (before, after) in enumerate(pairwise(channels)):
            if i > 0 or first_relu:
                # The module's input also feeds the shortcut: only the later ReLUs may overwrite
                # what they read.
                layers.append(nn.ReLU(inplace=i > 0))
            layers += [SeparableConvolution(before, after), nn.BatchNorm2d(after)]
        if stride > 1:
            layers.append(nn.MaxPool2d(kernel_size=3, stride=stride, padding=1))
        self.convolutions = nn.Sequential(*layers)

        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or channels[0] != channels[-1]:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels[0], channels[-1], kernel_size=1, stride=stride, bias=False),
                nn.BatchNorm2d(channels[-1]),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, ceil(H / stride), ceil(W / stride))."""
        return self.convolutions(x) + self.shortcut(x)


def scale_channels(channels: int, width: float) -> int:
    """Multiply a number of channels by `width`, rounded to a multiple of 4 and at least 4."""
    return max(4, 4 * round(channels * width / 4))


class Xception(nn.Module):
    """Classify an image: entry flow, eight times the middle flow, exit flow, mean, linear layer.

    Parameters
    ----------
    num_classes
        K.
    in_channels
        C of the images.
    width
        Factor on every number of channels; 1.0 is the paper's.
    stem_stride
        Stride of the first convolution: 2 in the paper, 1 for small images.

    Raises
    ------
    ValueError
        If an argument is not positive, or the images have another number of channels.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        in_channels: int = 3,
        width: float = 1.0,
        stem_stride: int = 2,
    ) -> None:
        super().__init__()
        for name, value in {
            "num_classes": num_classes,
            "width": width,
            "stem_stride": stem_stride,
        }.items():
            if value <= 0:
                raise ValueError(f"{name}: expected a positive number, got {value}")
        self.in_channels = in_channels
        c32, c64, c128, c256, c728, c1024, c1536, c2048 = (
            scale_channels(c, width) for c in (32, 64, 128, 256, 728, 1024, 1536, 2048)
        )
        self.entry = nn.Sequential(  # no padding in the first two convolutions
            nn.Conv2d(
                in_channels, c32, kernel_size=3, stride=stem_stride, bias=False
            ),  # 299 -> 149
            nn.BatchNorm2d(c32),
            nn.ReLU(inplace=True),
            nn.Conv2d(c32, c64, kernel_size=3, bias=False),  # 149 -> 147
            nn.BatchNorm2d(c64),
            nn.ReLU(inplace=True),
            XceptionModule((c64, c128, c128), stride=2, first_relu=False),  # 147 -> 74
            XceptionModule((c128, c256, c256), stride=2),  # 74 -> 37
            XceptionModule((c256, c728, c728), stride=2),  # 37 -> 19
        )
        self.middle = nn.Sequential(*[XceptionModule((c728, c728, c728, c728)) for _ in range(8)])
        self.exit = nn.Sequential(
            XceptionModule((c728, c728, c1024), stride=2),  # 19 -> 10
            SeparableConvolution(c1024, c1536),
            nn.BatchNorm2d(c1536),
            nn.ReLU(inplace=True),
            SeparableConvolution(c1536, c2048),
            nn.BatchNorm2d(c2048),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Linear(c2048, num_classes)
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K); at stride 2, 299 px end as 10 x 10, 64 px as 2 x 2."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.entry(images)  # (B, 728, H/16, W/16)
        x = self.middle(x)  # the same shape, eight times
        x = self.exit(x)  # (B, 2048, H/32, W/32)
        x = x.mean(dim=(2, 3))  # (B, 2048)
        return self.head(x)  # (B, K)
