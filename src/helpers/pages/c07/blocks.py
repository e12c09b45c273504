r"""Three ways for a place to hear from afar: non-local means, squeeze-and-excitation, attention as a layer.

Non-local means (Buades, Coll and Morel, CVPR 2005): a pixel becomes a mean of all pixels, weighted by how alike their
surroundings are, $w_{ij}\propto e^{-\lVert p_i-p_j\rVert^2/\tau}$. We compare whole pictures, no search window, and
patches without the paper's Gaussian weights; our $\tau$ is the paper's $h^2$ times the numbers in a patch.
Squeeze-and-excitation: Hu, Shen and Sun, CVPR 2018, figure 2 and equations 2 to 4; here on places in a row.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention, scaled_dot_product_attention
from helpers.shapes import check_shape


def surroundings(picture: Tensor, side: int) -> Tensor:
    """The patch around every pixel, borders mirrored, row by row: (H, W) -> (H W, side²).

    Raises
    ------
    ValueError
        For another number of axes, or a side that is not odd.
    """
    check_shape(picture, "H W", name="picture")
    if side < 1 or side % 2 == 0:
        raise ValueError(f"side: expected an odd number, got {side}")
    padded = F.pad(picture[None, None], (side // 2,) * 4, mode="reflect")
    return F.unfold(padded, side)[0].T


def non_local_means(picture: Tensor, side: int, tau: float) -> tuple[Tensor, Tensor]:
    """Denoise: every pixel becomes the mean of all, weighted by the likeness of their patches.

    (H, W) -> the picture (H, W), and the weights (H W, H W) whose rows sum to 1.

    Parameters
    ----------
    picture
        Grey values.
    side
        Of the patches that are compared, in pixels; odd.
    tau
        Squared distance of two patches at which a weight has fallen by e.

    Raises
    ------
    ValueError
        As `surroundings`.
    """
    patches = surroundings(picture, side)  # (N, side²), N = H W
    distances = torch.cdist(patches, patches).square()  # (N, N)
    weights = torch.softmax(-distances / tau, dim=1)  # (N, N)
    return (weights @ picture.flatten()).view_as(picture), weights  # (H, W)


def non_local_means_as_attention(picture: Tensor, side: int, tau: float) -> Tensor:
    """The same picture from the attention of the translation chapters, (H, W) -> (H, W).

    As |p_i - p_j|² = |p_i|² - 2 p_i·p_j + |p_j|², and what depends on i alone falls out of a softmax over j, the score
    is a dot product: the query is (p_i, 1), the key (2 p_j, -|p_j|²), divided by tau.
    """
    patches = surroundings(picture, side)  # (N, side²)
    query = torch.cat([patches, torch.ones_like(patches[:, :1])], dim=1)  # (N, d), d = side² + 1
    key = torch.cat([2 * patches, -patches.square().sum(1, keepdim=True)], dim=1)  # (N, d)
    key = key * query.shape[1] ** 0.5 / tau  # attention divides by the root of d
    read = scaled_dot_product_attention(query, key, picture.reshape(-1, 1))
    assert isinstance(read, Tensor)
    return read.view_as(picture)


class SqueezeExcite(nn.Module):
    """Weigh the channels by what the whole picture holds: x · sigmoid(W2 relu(W1 mean(x))).

    Source: Hu, Shen and Sun (2018), equations 2 to 4.

    Parameters
    ----------
    channels
        C.
    reduction
        r; the layer between has C/r units.
    """

    def __init__(self, channels: int, reduction: int = 2) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, channels // reduction)
        self.excite = nn.Linear(channels // reduction, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N) -> (B, C, N)."""
        whole = x.mean(dim=2)  # (B, C), the same for all places
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(whole))))  # (B, C)
        return x * gate[:, :, None]  # (B, C, N)


class MeanOfAll(nn.Module):
    """Every place is given the same mean, over all places, of what a 1 x 1 convolution and a ReLU make of each."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.look = nn.Conv1d(channels, channels, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N) -> (B, C, N)."""
        return torch.relu(self.look(x)).mean(dim=2, keepdim=True).expand_as(x)


class Attend(nn.Module):
    """One head of attention over the places of a map, (B, C, N) -> (B, C, N); chapter 8 takes it apart."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(channels, num_heads=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N) -> (B, C, N)."""
        return self.attention(x.transpose(1, 2)).transpose(1, 2)

    def weights(self, x: Tensor) -> Tensor:
        """How much each place reads of each, (B, C, N) -> (B, N, N)."""
        return self.attention(x.transpose(1, 2), return_weights=True)[1][:, 0]


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, change: nn.Module) -> None:
        super().__init__()
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, N) -> (B, C, N)."""
        return x + self.change(x)
