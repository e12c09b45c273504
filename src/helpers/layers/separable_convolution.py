"""Depthwise-separable convolution: filter each channel alone, then mix the channels.

Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017, figure 4. As in every
implementation, and unlike the paper's figure, the depthwise step comes first; no non-linearity between the two
(section 4.7 of the paper: it hurts).
"""

from torch import Tensor, nn


class SeparableConvolution(nn.Module):
    """A k x k convolution of every channel on its own, then a 1 x 1 convolution across channels.

    It needs `k² C_in + C_in C_out` weights where the ordinary convolution needs `k² C_in C_out`: a fraction
    `1/C_out + 1/k²`, about one eighth for k = 3.

    Args:
        in_channels: channels that come in.
        out_channels: channels that go out.
        kernel_size: side k of the depthwise filters, odd; the padding `(k-1)/2` keeps the map's size.
        stride: step of the depthwise filters, in pixels.

    Shape:
        (B, C_in, H, W) -> (B, C_out, ceil(H / stride), ceil(W / stride)).

    Raises:
        ValueError: if `kernel_size` is even.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(f"kernel_size: expected an odd number, got {kernel_size}")
        # groups=in_channels gives every channel its own k x k filter. Batch norm follows, so no bias.
        self.depthwise = nn.Conv2d(
            in_channels,
            in_channels,
            kernel_size,
            stride,
            padding=(kernel_size - 1) // 2,
            groups=in_channels,
            bias=False,
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.depthwise(x)  # (B, C_in, H', W')
        return self.pointwise(x)  # (B, C_out, H', W')
