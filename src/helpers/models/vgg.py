"""VGG: nothing but 3 x 3 convolutions, more and more of them.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR
2015, table 1, columns A, B, D and E (11, 13, 16 and 19 layers with weights), without batch norm,
which came later. Two 3 x 3 convolutions see 5 x 5 pixels with 18 C² weights in place of 25 C². An
adaptive pooling, which does nothing at 224 px, lets other image sizes in.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from helpers.layers.he_initialisation import he_initialisation
from helpers.shapes import check_shape

# Convolutions before each of the five poolings. Use: VGG(VGG_CONFIGS[16]).
VGG_CONFIGS: dict[int, tuple[int, ...]] = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}


class VGG(nn.Module):
    """Classify an image with five stages of 3 x 3 convolutions and three fully connected layers.

    Parameters
    ----------
    convolutions
        Number of convolutions in each of the five stages, see `VGG_CONFIGS`.
    num_classes
        K.
    in_channels
        C of the images.
    dropout
        Probability to drop an output of the first two fully connected layers; 0.5 in the paper.

    Raises
    ------
    ValueError
        If there are not five stages, or the images have another number of channels.
    """

    def __init__(
        self,
        convolutions: Sequence[int] = VGG_CONFIGS[16],
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if len(convolutions) != 5:
            raise ValueError(f"convolutions: expected 5 stages, got {len(convolutions)}")
        self.in_channels = in_channels
        layers: list[nn.Module] = []
        before = in_channels
        for count, channels in zip(convolutions, (64, 128, 256, 512, 512), strict=True):
            for _ in range(count):
                layers += [
                    nn.Conv2d(before, channels, kernel_size=3, padding=1),
                    nn.ReLU(inplace=True),
                ]
                before = channels
            layers.append(nn.MaxPool2d(kernel_size=2))  # half the side, and then twice the channels
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),  # 102.8 M of VGG-16's 138.4 M parameters sit here
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        he_initialisation(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K); H and W at least 32 pixels."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.features(images)  # (B, 512, 7, 7)
        return self.classifier(x.flatten(1))  # (B, K)
