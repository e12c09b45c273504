"""AlexNet: it won ImageNet in 2012 with ReLU, dropout, data augmentation and two GPUs.

Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks", NIPS 2012. This is the one-GPU form of Krizhevsky, "One weird trick for parallelizing
convolutional neural networks", 2014, which torchvision has weights for: five convolutions of 64,
192, 384, 256 and 256 channels (2012: 96, 256, 384, 384 and 256, split between two GPUs) and no
local response normalisation. An adaptive pooling, which does nothing at 224 px, lets other image
sizes in.
"""

from torch import Tensor, nn

from helpers.shapes import check_shape


class AlexNet(nn.Module):
    """Classify an image by five convolutions, three max-poolings, three fully connected layers.

    Parameters
    ----------
    num_classes
        K.
    in_channels
        C of the images.
    dropout
        Probability to drop an input of the first two fully connected layers; 0.5 in the paper.

    Raises
    ------
    ValueError
        If the images have another number of channels.
    """

    def __init__(self, num_classes: int = 1000, in_channels: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 64, kernel_size=11, stride=4, padding=2),  # 224 -> 55
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  # 55 -> 27: windows overlap by one pixel
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  # 27 -> 13
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  # 13 -> 6
            nn.AdaptiveAvgPool2d(6),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(256 * 6 * 6, 4096),  # 37.7 M of the 61.1 M parameters sit here
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K); H and W at least 63 pixels."""
        check_shape(images, "B C H W", name="images", C=self.in_channels)
        x = self.features(images)  # (B, 256, 6, 6)
        return self.classifier(x.flatten(1))  # (B, K)
