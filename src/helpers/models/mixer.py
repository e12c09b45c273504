"""MLP-Mixer: patches that are mixed by two kinds of MLP, and no attention at all.

Tolstikhin et al., "MLP-Mixer: an all-MLP architecture for vision", NeurIPS 2021, figure 1. A block
first works across patches, on each channel alone, then across channels, on each patch alone. The
first of the two stands where a ViT attends: a matrix of N x N numbers that is learned once, while
attention makes one for each image. It needs no positions, since every place has weights of its
own, and it takes one image size only. The head reads the mean. LayerNorm eps 1e-6, exact GELU.
"""

from typing import Any

from torch import Tensor, nn

from helpers.layers.drop_path import DropPath
from helpers.layers.mlp import TokenMLP
from helpers.layers.patches import PatchEmbedding, patch_grid
from helpers.models.vit import init_weights

# Table 1 of the paper; `mini` is ours, for 64 px. Use: Mixer(**MIXER_CONFIGS["B"]).
MIXER_CONFIGS: dict[str, dict[str, Any]] = {
    "S": {"embed_dim": 512, "depth": 8, "token_dim": 256},
    "B": {"embed_dim": 768, "depth": 12, "token_dim": 384},
    "L": {"embed_dim": 1024, "depth": 24, "token_dim": 512},
    "mini": {"embed_dim": 128, "depth": 8, "token_dim": 64, "patch_size": 8},
}


class MixerBlock(nn.Module):
    """Across patches, then across channels: z' = z + MLP(LN(z)^T)^T, then z' + MLP(LN(z')).

    Parameters
    ----------
    num_patches, token_dim
        N, and the width in between of the MLP across patches.
    embed_dim
        D; the MLP across channels is 4 D wide.
    drop_path
        Probability to skip a branch in training.
    """

    def __init__(self, num_patches: int, token_dim: int, embed_dim: int, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.token_mlp = TokenMLP(num_patches, token_dim)
        self.norm2 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.channel_mlp = TokenMLP(embed_dim, 4 * embed_dim)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        across = self.token_mlp(self.norm1(x).transpose(1, 2))  # (B, D, N): patches come last
        x = x + self.drop_path(across.transpose(1, 2))
        return x + self.drop_path(self.channel_mlp(self.norm2(x)))


class Mixer(nn.Module):
    """Classify an image: patches, blocks, norm, mean over patches, one linear layer.

    Parameters
    ----------
    image_size
        Pixels, a side or (height, width); `forward` takes no other.
    patch_size
        Side P in pixels.
    num_classes
        K.
    embed_dim, depth
        D and L.
    token_dim
        Width in between of the MLPs across patches.
    drop_path
        Probability to skip a branch in training, the same in all blocks.

    Raises
    ------
    ValueError
        If the patches do not tile the image.
    """

    def __init__(
        self,
        image_size: int | tuple[int, int] = 224,
        patch_size: int = 16,
        num_classes: int = 1000,
        embed_dim: int = 768,
        depth: int = 12,
        token_dim: int = 384,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        rows, columns = self.grid = patch_grid(image_size, patch_size)
        self.patches = PatchEmbedding(patch_size, 3, embed_dim)
        self.blocks = nn.Sequential(
            *(MixerBlock(rows * columns, token_dim, embed_dim, drop_path) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(embed_dim, eps=1e-6)
        self.head = nn.Linear(embed_dim, num_classes)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, K)."""
        P = self.patches.patch_size
        got, expected = tuple(images.shape[-2:]), (self.grid[0] * P, self.grid[1] * P)
        if got != expected:
            raise ValueError(
                f"images: expected {expected} pixels, got {got}: a Mixer is made for one size"
            )
        x = self.blocks(self.patches(images))  # (B, N, D)
        return self.head(self.norm(x).mean(dim=1))  # (B, K)
