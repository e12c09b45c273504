"""Swin Transformer: attention in windows, a map that is halved, and no class token.

Liu et al., "Swin Transformer: hierarchical vision Transformer using shifted windows", ICCV 2021,
figure 3. A ViT's blocks in the stages of a CNN: patches of 4 pixels; between stages 2 x 2 tokens
become one of twice the width. Blocks come in pairs: one attends within windows, the next within
windows shifted by half. The head reads the mean. As in the released weights: LayerNorm eps 1e-5, a
norm after the patches, and a map no larger than a window is one window, not shifted.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from helpers.layers.drop_path import DropPath
from helpers.layers.mlp import TokenMLP
from helpers.layers.patches import PatchEmbedding, patch_grid
from helpers.layers.windows import WindowAttention, cut_windows, join_windows, may_look
from helpers.models.vit import init_weights
from helpers.shapes import check_shape

# T, S and B of section 3.3; `mini` is ours, for 64 px. Use: Swin(**SWIN_CONFIGS["T"]).
SWIN_CONFIGS: dict[str, dict[str, Any]] = {
    "T": {"embed_dim": 96, "depths": (2, 2, 6, 2), "num_heads": (3, 6, 12, 24)},
    "S": {"embed_dim": 96, "depths": (2, 2, 18, 2), "num_heads": (3, 6, 12, 24)},
    "B": {"embed_dim": 128, "depths": (2, 2, 18, 2), "num_heads": (4, 8, 16, 32)},
    "mini": {"embed_dim": 48, "depths": (2, 2, 2), "num_heads": (3, 6, 12), "window": 4},
}


class SwinBlock(nn.Module):
    """A ViT's block on a map whose attention keeps to windows, (B, H, W, D) -> same.

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    window, shift
        Side of the windows, and by how many tokens they are shifted, 0 or half a window.
    drop_path
        Probability to skip a branch in training.
    """

    def __init__(
        self, embed_dim: int, num_heads: int, window: int, shift: int, drop_path: float
    ) -> None:
        super().__init__()
        self.window, self.shift = window, shift
        self.norm1 = nn.LayerNorm(embed_dim)
        self.attention = WindowAttention(embed_dim, num_heads, window)
        self.norm2 = nn.LayerNorm(embed_dim)
        self.mlp = TokenMLP(embed_dim, 4 * embed_dim)
        self.drop_path = DropPath(drop_path)

    def attend(self, x: Tensor) -> Tensor:
        """Roll, cut, attend under the mask, join, roll back, (B, H, W, D) -> same."""
        _, H, W, _ = x.shape
        allowed = None
        if self.shift:
            x = x.roll((-self.shift, -self.shift), dims=(1, 2))
            allowed = may_look(H, W, self.window, self.shift, x.device)  # (n, w w, w w)
        windows = self.attention(cut_windows(x, self.window), allowed)  # (B, n, w w, D)
        x = join_windows(windows, self.window, H)
        return x.roll((self.shift, self.shift), dims=(1, 2)) if self.shift else x

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, D) -> (B, H, W, D)."""
        x = x + self.drop_path(self.attend(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class PatchMerging(nn.Module):
    """Halve a map: 2 x 2 tokens side by side, normed and mixed, (B, H, W, D) -> (B, H/2, W/2, 2 D).

    Parameters
    ----------
    embed_dim
        D.
    """

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * embed_dim)
        self.reduction = nn.Linear(4 * embed_dim, 2 * embed_dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, D) -> (B, H/2, W/2, 2 D)."""
        four = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]  # columns outermost
        return self.reduction(self.norm(torch.cat(four, dim=-1)))


class Swin(nn.Module):
    """Classify an image: patches, stages of blocks with a halving between, norm, mean, one layer.

    Parameters
    ----------
    image_size
        Side in pixels; every stage's map is tiled by windows, or no larger than one.
    patch_size
        Side P in pixels.
    num_classes
        K.
    embed_dim
        D of the first stage; it doubles from stage to stage.
    depths, num_heads
        Blocks and heads of each stage, see `SWIN_CONFIGS`.
    window
        Side of the windows in tokens.
    drop_path
        Probability to skip a branch in the last block; it grows linearly from 0 in the first.

    Raises
    ------
    ValueError
        If patches do not tile the image, a map cannot be halved or is not tiled by windows, or the
        heads do not share the width.
    """

    def __init__(
        self,
        image_size: int = 224,
        patch_size: int = 4,
        num_classes: int = 1000,
        embed_dim: int = 96,
        depths: Sequence[int] = (2, 2, 6, 2),
        num_heads: Sequence[int] = (3, 6, 12, 24),
        window: int = 7,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        side = patch_grid(image_size, patch_size)[0]
        self.patches = PatchEmbedding(patch_size, 3, embed_dim)
        self.patch_norm = nn.LayerNorm(embed_dim)
        drops = iter(torch.linspace(0, drop_path, sum(depths), device="cpu").tolist())
        self.stages = nn.Sequential()
        for stage, (depth, heads) in enumerate(zip(depths, num_heads, strict=True)):
            merge = PatchMerging(embed_dim) if stage else nn.Identity()
            embed_dim, side = (2 * embed_dim, halved(side)) if stage else (embed_dim, side)
            kinds = windows_of(side, window)  # of even and odd blocks
            blocks = [SwinBlock(embed_dim, heads, *kinds[i % 2], next(drops)) for i in range(depth)]
            parts: list[tuple[str, nn.Module]] = [
                ("merge", merge),
                ("blocks", nn.Sequential(*blocks)),
            ]
            self.stages.append(nn.Sequential(OrderedDict(parts)))
        self.norm = nn.LayerNorm(embed_dim)
        self.head = nn.Linear(embed_dim, num_classes)
        self.apply(init_weights)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, K)."""
        S = self.image_size
        check_shape(images, "B C S S", name="images", S=S)
        x = self.patch_norm(self.patches(images))  # (B, G G, D)
        side = S // self.patches.patch_size
        x = self.stages(x.unflatten(1, (side, side)))  # (B, G/8, G/8, 8 D), with four stages
        return self.head(self.norm(x).mean(dim=(1, 2)))  # (B, K)


def halved(side: int) -> int:
    """Half of a map's side, or a ValueError."""
    if side % 2:
        raise ValueError(f"a map of {side} x {side} cannot be halved")
    return side // 2


def windows_of(side: int, window: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """(window, shift) of a stage's even and odd blocks; a map of one window is not shifted."""
    if side <= window:
        return (side, 0), (side, 0)
    if side % window:
        raise ValueError(f"map of {side} x {side} is not tiled by windows of {window}")
    return (window, 0), (window, window // 2)
