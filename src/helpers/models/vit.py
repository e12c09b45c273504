"""Vision Transformer: an image is worth 16x16 words (Dosovitskiy et al., ICLR 2021).

The order of figure 1 (equations 1 to 4): patches -> class token -> positions -> L x [norm,
attention, +, norm, MLP, +] -> head. Everything but the first line and the class token is the
encoder of the translation Transformer, its norms moved in front. As in the released weights:
LayerNorm eps 1e-6, exact GELU, biases on queries, keys and values, and one linear layer as head
(the paper's pre-training head has a hidden layer). N counts what enters a block, 1 + G^2; the
paper's N counts the patches only.
"""

from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention
from helpers.layers.drop_path import DropPath
from helpers.layers.mlp import TokenMLP
from helpers.layers.patches import PatchEmbedding, patch_grid
from helpers.layers.positions import LearnedPositions

# Table 1 of the paper, and the two smaller sizes of DeiT. Use: ViT(patch_size=16,
# **VIT_CONFIGS["Ti"]).
VIT_CONFIGS: dict[str, dict[str, Any]] = {
    "Ti": {"embed_dim": 192, "depth": 12, "num_heads": 3},
    "S": {"embed_dim": 384, "depth": 12, "num_heads": 6},
    "B": {"embed_dim": 768, "depth": 12, "num_heads": 12},
    "L": {"embed_dim": 1024, "depth": 24, "num_heads": 16},
}


def init_weights(module: nn.Module) -> None:
    """Small normal weights (std 0.02, cut at two units) and no bias in every linear layer.

    The first loss is ln K.
    """
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class Block(nn.Module):
    """One encoder block, norms first: z' = z + MSA(LN(z)), then z' + MLP(LN(z')) (eq. 2 and 3).

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    mlp_ratio
        Hidden width of the MLP over D.
    drop_path
        Probability to skip a branch in training.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, mlp_ratio: float = 4.0, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.attention = MultiHeadAttention(embed_dim, num_heads)
        self.norm2 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.mlp = TokenMLP(embed_dim, int(embed_dim * mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D) -> (B, N, D), and on request the weights (B, h, N, N)."""
        if return_attention:
            attended, weights = self.attention(
                self.norm1(x), return_weights=True
            )  # (B, N, D), (B, h, N, N)
        else:
            attended, weights = self.attention(self.norm1(x)), None  # (B, N, D)
        x = x + self.drop_path(attended)
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x if weights is None else (x, weights)


class ViT(nn.Module):
    """Classify an image from its patches.

    Parameters
    ----------
    image_size
        Pixels, a side or (height, width), multiples of the patch. `forward` takes other multiples
        too and interpolates the positions.
    patch_size
        Side P of a patch in pixels.
    num_classes
        K.
    embed_dim, depth, num_heads
        D, L and h.
    mlp_ratio
        Hidden width of the MLPs over D.
    drop_path
        Probability to skip a branch in the last block; it grows linearly from 0 in the first.

    Raises
    ------
    ValueError
        If the patches do not tile the image or the heads do not share the width.
    """

    def __init__(
        self,
        image_size: int | tuple[int, int] = 224,
        patch_size: int = 16,
        num_classes: int = 1000,
        embed_dim: int = 768,
        depth: int = 12,
        num_heads: int = 12,
        mlp_ratio: float = 4.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        grid = patch_grid(image_size, patch_size)
        self.patches = PatchEmbedding(patch_size, 3, embed_dim)
        self.class_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.positions = LearnedPositions(grid, embed_dim, num_prefix=1)
        drops = [drop_path * i / max(1, depth - 1) for i in range(depth)]
        self.blocks = nn.ModuleList(Block(embed_dim, num_heads, mlp_ratio, drop) for drop in drops)
        self.norm = nn.LayerNorm(embed_dim, eps=1e-6)
        self.head = nn.Linear(embed_dim, num_classes)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.apply(init_weights)

    def prefix(self) -> Tensor:
        """The tokens that go before the patches, (1, 1, D)."""
        return self.class_token

    def embed(self, images: Tensor) -> Tensor:
        """Equation 1: the class token goes in front first, then every token gets its position."""
        x = self.patches(images)  # (B, G G, D)
        x = torch.cat([self.prefix().expand(x.shape[0], -1, -1), x], dim=1)  # (B, N, D)
        return self.positions(
            x, patch_grid((images.shape[-2], images.shape[-1]), self.patches.patch_size)
        )

    def classify(self, x: Tensor) -> Tensor:
        """Equation 4 and the head: only the class token is read, (B, N, D) -> (B, K)."""
        return self.head(self.norm(x[:, 0]))

    def forward(
        self, images: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) -> logits (B, K), and on request the L attention weights (B, h, N, N)."""
        x = self.embed(images)  # (B, N, D)
        attention = []
        for block in self.blocks:
            if return_attention:
                x, weights = block(x, return_attention=True)  # (B, N, D), (B, h, N, N)
                attention.append(weights)
            else:
                x = block(x)  # (B, N, D)
        logits = self.classify(x)  # (B, K)
        return (logits, attention) if return_attention else logits
