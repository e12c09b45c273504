"""From an image to a sequence of tokens (Dosovitskiy et al., 2021, section 3.1).

Cutting into P x P patches, flattening each and multiplying by a matrix is the same computation as
a convolution of kernel P and stride P. Both are here, and a test holds them equal; ViT uses the
convolution, which is faster.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from helpers.shapes import check_shape


def patch_grid(image_size: int | tuple[int, int], patch_size: int) -> tuple[int, int]:
    """How many patches fit in each direction, rows first.

    Raises
    ------
    ValueError
        `image_size 225 is not a multiple of patch_size 16`.
    """
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    if patch_size < 1:
        raise ValueError(f"patch_size: expected at least 1, got {patch_size}")
    for side in (height, width):
        if side < patch_size or side % patch_size:
            raise ValueError(f"image_size {side} is not a multiple of patch_size {patch_size}")
    return height // patch_size, width // patch_size


def patchify(images: Tensor, patch_size: int) -> Tensor:
    """Cut into patches, row by row, and flatten each, (B, C, H, W) -> (B, G G, C P P).

    A patch is flattened channel first, (c, h, w): the order of a convolution's weights. Any other
    order gives a different network.
    """
    check_shape(images, "B C H W", name="images")
    patch_grid((images.shape[-2], images.shape[-1]), patch_size)
    columns = F.unfold(images, kernel_size=patch_size, stride=patch_size)  # (B, C P P, G G)
    return columns.transpose(1, 2)  # (B, G G, C P P)


class LinearPatchEmbedding(nn.Module):
    """Patches as the paper writes them: flatten, then one matrix for all, x_p E + b.

    Parameters
    ----------
    patch_size
        Side P in pixels.
    in_channels
        C.
    embed_dim
        Width D of a token.
    """

    def __init__(self, patch_size: int, in_channels: int, embed_dim: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.projection = nn.Linear(in_channels * patch_size**2, embed_dim)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, G^2, D), the patches alone."""
        return self.projection(patchify(images, self.patch_size))


class PatchEmbedding(nn.Module):
    """Patches as code does it: a convolution whose kernel and stride are the patch.

    Same numbers as `LinearPatchEmbedding` when E = reshape(W, (D, C P P))^T.

    Parameters
    ----------
    patch_size
        Side P in pixels.
    in_channels
        C.
    embed_dim
        Width D of a token.
    """

    def __init__(self, patch_size: int, in_channels: int, embed_dim: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.in_channels = in_channels
        self.projection = nn.Conv2d(
            in_channels, embed_dim, kernel_size=patch_size, stride=patch_size
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, G^2, D), the patches alone."""
        sizes = check_shape(images, "B C H W", name="images", C=self.in_channels)
        patch_grid((sizes["H"], sizes["W"]), self.patch_size)
        grid = self.projection(images)  # (B, D, G, G)
        return grid.flatten(2).transpose(1, 2)  # (B, G G, D)
