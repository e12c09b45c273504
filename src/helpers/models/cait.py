"""CaiT: going deeper with image transformers (Touvron et al., ICCV 2021, figure 2, right).

ViT with three changes. The patches first talk among themselves, without a class token, through L
blocks of talking-heads attention. Every branch is scaled by LayerScale. Then the class token
enters and reads the patches, which no longer change, in two blocks of class attention.
"""

from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.class_attention import ClassAttention
from helpers.layers.drop_path import DropPath
from helpers.layers.layer_scale import LayerScale
from helpers.layers.mlp import TokenMLP
from helpers.layers.patches import PatchEmbedding, patch_grid
from helpers.layers.positions import LearnedPositions
from helpers.layers.talking_heads import TalkingHeadsAttention
from helpers.models.vit import init_weights

# Table 2 of the paper; the first LayerScale is that of the released code. `mini` is ours, for 64
# px. Use: CaiT(**CAIT_CONFIGS["XXS24"]).
CAIT_CONFIGS: dict[str, dict[str, Any]] = {
    "XXS24": {"embed_dim": 192, "depth": 24, "num_heads": 4, "layer_scale": 1e-5},
    "XXS36": {"embed_dim": 192, "depth": 36, "num_heads": 4, "layer_scale": 1e-5},
    "XS24": {"embed_dim": 288, "depth": 24, "num_heads": 6, "layer_scale": 1e-5},
    "S24": {"embed_dim": 384, "depth": 24, "num_heads": 8, "layer_scale": 1e-5},
    "S36": {"embed_dim": 384, "depth": 36, "num_heads": 8, "layer_scale": 1e-6},
    "M36": {"embed_dim": 768, "depth": 36, "num_heads": 16, "layer_scale": 1e-6},
    "M48": {"embed_dim": 768, "depth": 48, "num_heads": 16, "layer_scale": 1e-6},
    "mini": {"embed_dim": 96, "depth": 8, "num_heads": 4, "layer_scale": 1e-5, "patch_size": 8},
}
CLASS_DEPTH = 2  # blocks of class attention, in every size
MLP_RATIO = 4


class PatchBlock(nn.Module):
    """Patches among themselves: x + g1 TalkingHeads(LN(x)), then x + g2 MLP(LN(x)) (equation 4).

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    layer_scale
        First value of the gains g1 and g2.
    drop_path
        Probability to skip a branch in training.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, layer_scale: float, drop_path: float = 0.0
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.attention = TalkingHeadsAttention(embed_dim, num_heads)
        self.scale1 = LayerScale(embed_dim, layer_scale)
        self.norm2 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.mlp = TokenMLP(embed_dim, MLP_RATIO * embed_dim)
        self.scale2 = LayerScale(embed_dim, layer_scale)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, return_attention: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """(B, G G, D) -> (B, G G, D), and on request the weights (B, h, G G, G G)."""
        if return_attention:
            attended, weights = self.attention(self.norm1(x), return_weights=True)
        else:
            attended, weights = self.attention(self.norm1(x)), None
        x = x + self.drop_path(self.scale1(attended))
        x = x + self.drop_path(self.scale2(self.mlp(self.norm2(x))))
        return x if weights is None else (x, weights)


class ClassBlock(nn.Module):
    """The class token reads the patches, which stay as they are (equations 5 to 7).

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    layer_scale
        First value of the gains.
    """

    def __init__(self, embed_dim: int, num_heads: int, layer_scale: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.attention = ClassAttention(embed_dim, num_heads)
        self.scale1 = LayerScale(embed_dim, layer_scale)
        self.norm2 = nn.LayerNorm(embed_dim, eps=1e-6)
        self.mlp = TokenMLP(embed_dim, MLP_RATIO * embed_dim)
        self.scale2 = LayerScale(embed_dim, layer_scale)

    def forward(
        self, class_token: Tensor, patches: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Class token (B, 1, D), patches (B, G G, D) -> (B, 1, D).

        On request also weights (B, h, 1, 1 + G G).
        """
        z = self.norm1(torch.cat([class_token, patches], dim=1))  # (B, 1 + G G, D)
        if return_attention:
            attended, weights = self.attention(z, return_weights=True)
        else:
            attended, weights = self.attention(z), None
        x = class_token + self.scale1(attended)  # (B, 1, D)
        x = x + self.scale2(self.mlp(self.norm2(x)))  # (B, 1, D)
        return x if weights is None else (x, weights)


class CaiT(nn.Module):
    """Classify an image: patches among themselves, then the class token among the patches.

    Parameters
    ----------
    image_size
        Pixels, a side or (height, width), multiples of the patch; `forward` takes other multiples
        too.
    patch_size
        Side P of a patch in pixels.
    num_classes
        K.
    embed_dim, depth, num_heads
        D, L (without the two class blocks) and h.
    layer_scale
        First value of every LayerScale gain.
    drop_path
        Probability to skip a branch in training, the same in all L blocks.

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
        embed_dim: int = 192,
        depth: int = 24,
        num_heads: int = 4,
        layer_scale: float = 1e-5,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.patches = PatchEmbedding(patch_size, 3, embed_dim)
        self.positions = LearnedPositions(patch_grid(image_size, patch_size), embed_dim)
        self.blocks = nn.ModuleList(
            PatchBlock(embed_dim, num_heads, layer_scale, drop_path) for _ in range(depth)
        )
        self.class_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.class_blocks = nn.ModuleList(
            ClassBlock(embed_dim, num_heads, layer_scale) for _ in range(CLASS_DEPTH)
        )
        self.norm = nn.LayerNorm(embed_dim, eps=1e-6)
        self.head = nn.Linear(embed_dim, num_classes)
        nn.init.trunc_normal_(self.class_token, std=0.02)
        self.apply(init_weights)

    def embed(self, images: Tensor) -> Tensor:
        """Patches and their positions, no class token yet, (B, 3, H, W) -> (B, G G, D)."""
        grid = patch_grid((images.shape[-2], images.shape[-1]), self.patches.patch_size)
        return self.positions(self.patches(images), grid)

    def forward(
        self, images: Tensor, return_attention: bool = False
    ) -> Tensor | tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) -> logits (B, K), on request weights of L patch and 2 class blocks."""
        x = self.embed(images)  # (B, G G, D)
        attention: list[Tensor] = []
        for block in self.blocks:
            x = keep_weights(block(x, return_attention=return_attention), attention)  # (B, G G, D)
        token = self.class_token.expand(x.shape[0], -1, -1)  # (B, 1, D)
        for block in self.class_blocks:
            token = keep_weights(
                block(token, x, return_attention=return_attention), attention
            )  # (B, 1, D)
        logits = self.head(self.norm(token[:, 0]))  # (B, K)
        return (logits, attention) if return_attention else logits


def keep_weights(result: Tensor | tuple[Tensor, Tensor], attention: list[Tensor]) -> Tensor:
    """A block's tokens; the weights, if it returned them, go to the list."""
    if isinstance(result, Tensor):
        return result
    x, weights = result
    attention.append(weights)
    return x
