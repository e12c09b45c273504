"""LeNet-5: convolution, pooling, convolution, pooling, then three fully connected layers.

LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition",
Proceedings of the IEEE 1998, figure 2. The form taught today, with 61 706 parameters, differs in
three places: layer C3 sees all six maps (the paper connects each map to some of them), pooling has
no trainable coefficients, and the output is linear with a softmax (the paper compares with drawn
digits, "RBF units"). Tanh and average pooling are kept.
"""

from torch import Tensor, nn

from helpers.shapes import check_shape


class LeNet5(nn.Module):
    """Classify a 32 x 32 image; the 28 x 28 digits of MNIST are padded by two pixels on each side.

    Parameters
    ----------
    num_classes
        K.
    in_channels
        C: 1 for grey images, as in the paper, or 3.

    Raises
    ------
    ValueError
        If the images are not (B, C, 32, 32).
    """

    def __init__(self, num_classes: int = 10, in_channels: int = 1) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 6, kernel_size=5),  # C1: 32 -> 28
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),  # S2: 28 -> 14
            nn.Conv2d(6, 16, kernel_size=5),  # C3: 14 -> 10
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),  # S4: 10 -> 5
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120),  # C5: a convolution whose kernel covers the whole 5 x 5 map
            nn.Tanh(),
            nn.Linear(120, 84),  # F6
            nn.Tanh(),
            nn.Linear(84, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, 32, 32) -> logits (B, K)."""
        check_shape(images, "B C 32 32", name="images", C=self.in_channels)
        x = self.features(images)  # (B, 16, 5, 5)
        return self.classifier(x.flatten(1))  # (B, K)
