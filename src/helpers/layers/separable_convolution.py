"""Depthwise-separable convolution: filter each channel alone, then mix the channels.

Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017, figure 4. As
in every implementation, and unlike that figure, the depthwise step comes first; no non-linearity
between the two (section 4.7 of the paper: it hurts).
"""

from torch import Tensor, nn


class SeparableConvolution(nn.Module):
    """Convolve every channel on its own with k x k filters, then mix them with a 1 x 1 convolution.

    It needs k² C_in + C_in C_out weights where the ordinary convolution needs k² C_in C_out: a
    fraction 1/C_out + 1/k², about one eighth for k = 3.

    Parameters
    ----------
    in_channels, out_channels
        C_in and C_out.
    kernel_size
        Side k of the depthwise filters in pixels, odd; the padding (k-1)/2 keeps the map's size.
    stride
        Step of the depthwise filters in pixels.

    Raises
    ------
    ValueError
        If `kernel_size` is even.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size: expected an odd number, got {kernel_size}")
        padding = (kernel_size - 1) // 2
        # groups=in_channels: one filter per channel. Batch norm always follows, so a bias would be
        # lost in its mean.
        self.depthwise = nn.Conv2d(
            in_channels, in_channels, kernel_size, stride, padding, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_in, H, W) -> (B, C_out, ceil(H / stride), ceil(W / stride))."""
        x = self.depthwise(x)  # (B, C_in, H', W')
        return self.pointwise(x)  # (B, C_out, H', W')
