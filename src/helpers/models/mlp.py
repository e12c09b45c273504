"""The multi-layer perceptron: every pixel of the flattened image into every hidden unit.

It knows nothing of neighbourhoods: shuffle the pixels of all images in the same way, and it learns
just as well.
"""

from itertools import pairwise

from torch import Tensor, nn

from helpers.shapes import check_shape


class MLP(nn.Module):
    """Flatten, then linear layers with ReLU between them.

    Parameters
    ----------
    image_size
        Side of the image in pixels.
    num_classes
        K.
    hidden_dims
        Widths of the hidden layers; none makes a linear classifier.
    in_channels
        C.
    """

    def __init__(
        self,
        image_size: int = 32,
        num_classes: int = 10,
        hidden_dims: tuple[int, ...] = (256,),
        in_channels: int = 3,
    ) -> None:
        super().__init__()
        self.image_shape = {"C": in_channels, "H": image_size, "W": image_size}
        widths = [in_channels * image_size**2, *hidden_dims]
        layers: list[nn.Module] = []
        for width_in, width_out in pairwise(widths):
            layers += [nn.Linear(width_in, width_out), nn.ReLU()]
        self.hidden = nn.Sequential(*layers)
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, K)."""
        check_shape(images, "B C H W", name="images", **self.image_shape)
        return self.head(self.hidden(images.flatten(1)))  # (B, K)
