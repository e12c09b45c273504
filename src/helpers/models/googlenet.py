"""GoogLeNet: four receptive fields side by side in each module, and few parameters.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, figure 3 and table 1. This is
torchvision's network, whose released weights came from another code, and it leaves the paper in
six places:

- the "5 x 5" branch has a 3 x 3 kernel (an error kept for the sake of the weights);
- batch norm (eps 1e-3) follows every convolution and replaces its bias; the paper has none, and
  local response normalisation instead;
- the last of the four halving pools has a 2 x 2 window, the others 3 x 3 as in the paper;
- the auxiliary heads pool to 4 x 4 adaptively; the paper with a 5 x 5 average pooling of stride 3;
- dropout before the head is 0.2, not 0.4;
- `transform_input` lets the network take images normalised by ImageNet's mean and standard
  deviation though its weights want a mean and a standard deviation of one half.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.layers.he_initialisation import he_initialisation
from helpers.shapes import check_shape

# Table 1: channels in; then out of 1x1; reduced, out of 3x3; reduced, out of "5x5"; out of the
# pooled branch.
INCEPTION_CHANNELS: dict[str, tuple[int, ...]] = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


def convolution(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1
) -> nn.Sequential:
    """Convolution, batch norm and ReLU; the map keeps its size but for the stride."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding=kernel_size // 2, bias=False
        ),
        nn.BatchNorm2d(out_channels, eps=1e-3),
        nn.ReLU(inplace=True),
    )


def halve() -> nn.MaxPool2d:
    """A 3 x 3 max-pooling of stride 2 that rounds up, 112 -> 56."""
    return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)


class Inception(nn.Module):
    """Look at a map through 1 x 1, 3 x 3, "5 x 5" and a pooling; put the channels side by side.

    Parameters
    ----------
    channels
        Seven numbers, a row of `INCEPTION_CHANNELS`.
    """

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        inputs, one, reduce_three, three, reduce_five, five, pooled = channels
        self.one = convolution(inputs, one, kernel_size=1)
        self.three = nn.Sequential(
            convolution(inputs, reduce_three, kernel_size=1),
            convolution(reduce_three, three, kernel_size=3),
        )
        self.five = nn.Sequential(
            convolution(inputs, reduce_five, kernel_size=1),
            convolution(reduce_five, five, kernel_size=3),
        )
        self.pooled = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
            convolution(inputs, pooled, kernel_size=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, H, W)."""
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pooled(x)], dim=1)


class AuxiliaryHead(nn.Module):
    """A classifier on a middle layer: gradients reach the lower half; dropped after training."""

    def __init__(self, in_channels: int, num_classes: int, dropout: float) -> None:
        super().__init__()
        self.convolution = convolution(in_channels, 128, kernel_size=1)
        self.hidden = nn.Linear(128 * 4 * 4, 1024)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        x = self.convolution(F.adaptive_avg_pool2d(x, 4))  # (B, 128, 4, 4)
        x = F.relu(self.hidden(x.flatten(1)))  # (B, 1024)
        return self.output(self.dropout(x))  # (B, K)


class GoogLeNet(nn.Module):
    """Classify an image: stem, nine inception modules in three stages, mean, one linear layer.

    Parameters
    ----------
    num_classes
        K.
    auxiliary
        Whether to build the two auxiliary heads.
    transform_input
        Whether the images are normalised by ImageNet's statistics and must be brought to [-1, 1].
    dropout
        Probability to drop a feature before the head; torchvision 0.2, the paper 0.4.
    auxiliary_dropout
        The same in the auxiliary heads; 0.7 in both.

    Raises
    ------
    ValueError
        If the images have not three channels, or auxiliary logits are asked for that do not exist.
    """

    def __init__(
        self,
        num_classes: int = 1000,
        auxiliary: bool = False,
        transform_input: bool = False,
        dropout: float = 0.0,
        auxiliary_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.transform_input = transform_input
        self.stem = nn.Sequential(
            convolution(3, 64, kernel_size=7, stride=2),  # 224 -> 112
            halve(),  # 112 -> 56
            convolution(64, 64, kernel_size=1),
            convolution(64, 192, kernel_size=3),
            halve(),  # 56 -> 28
        )
        self.inception = nn.ModuleDict(
            {name: Inception(row) for name, row in INCEPTION_CHANNELS.items()}
        )
        self.halve = halve()  # after 3b, 28 -> 14
        # After 4e, 14 -> 7: in torchvision a 2 x 2 window, not the paper's 3 x 3.
        self.last_halve = nn.MaxPool2d(kernel_size=2, stride=2, ceil_mode=True)
        self.auxiliary = nn.ModuleDict()
        if auxiliary:
            for name, channels in {"4a": 512, "4d": 528}.items():
                self.auxiliary[name] = AuxiliaryHead(channels, num_classes, auxiliary_dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(1024, num_classes)
        he_initialisation(self)

    def normalise(self, images: Tensor) -> Tensor:
        """From ImageNet's (x - mean) / std to (x - 0.5) / 0.5, (B, 3, H, W) -> (B, 3, H, W)."""
        mean = images.new_tensor([0.485, 0.456, 0.406])[:, None, None]
        std = images.new_tensor([0.229, 0.224, 0.225])[:, None, None]
        return images * (std / 0.5) + (mean - 0.5) / 0.5

    def forward(
        self, images: Tensor, return_auxiliary: bool = False
    ) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) -> logits (B, K), on request the auxiliary heads' logits, lower first."""
        check_shape(images, "B 3 H W", name="images")
        if return_auxiliary and not self.auxiliary:
            raise ValueError("return_auxiliary: expected a GoogLeNet built with auxiliary=True")
        x = self.stem(
            self.normalise(images) if self.transform_input else images
        )  # (B, 192, H/8, W/8)
        auxiliary = []
        for name, module in self.inception.items():
            x = module(x)  # (B, C, H', W')
            if name == "3b":
                x = self.halve(x)  # (B, 480, H/16, W/16)
            elif name == "4e":
                x = self.last_halve(x)  # (B, 832, H/32, W/32)
            if return_auxiliary and name in self.auxiliary:
                auxiliary.append(self.auxiliary[name](x))  # (B, K)
        logits = self.head(self.dropout(x.mean(dim=(2, 3))))  # (B, K)
        return (logits, auxiliary) if return_auxiliary else logits
