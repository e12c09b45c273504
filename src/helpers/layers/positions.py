"""Positions: attention cannot tell the first token from the last, so a vector is added to each.

Sinusoids are computed (Vaswani et al., 2017, section 3.5); learned positions are parameters
(ViT, section 3.1). A ViT that meets a larger image interpolates its table in two dimensions
(ViT, section 3.2).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.shapes import check_shape


def sinusoidal_positions(length: int, embed_dim: int) -> Tensor:
    """One wave per pair: PE[p, 2i] = sin(p w_i), PE[p, 2i+1] = cos(p w_i), w_i = 10000^(-2i/D).

    PE[p] . PE[p+k] = sum_i cos(k w_i) depends on the distance k only. () -> (N, D), float64.

    Raises
    ------
    ValueError
        If the width is odd.
    """
    if embed_dim % 2:
        raise ValueError(f"embed_dim: expected an even number, got {embed_dim}")
    position = torch.arange(length, dtype=torch.float64)[:, None]  # (N, 1)
    frequency = 10000.0 ** (
        -torch.arange(0, embed_dim, 2, dtype=torch.float64) / embed_dim
    )  # (D/2,)
    angle = position * frequency  # (N, D/2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)  # (N, D)


def interpolate_positions(
    table: Tensor, old_grid: tuple[int, int], new_grid: tuple[int, int], num_prefix: int = 0
) -> Tensor:
    """Stretch a table of positions to another grid, (1, prefix + old, D) -> (1, prefix + new, D).

    The prefix (class token, distillation token) has no place in the image and is kept. Bicubic with
    anti-aliasing and in float32, as timm does, so that ported weights give the same logits.
    """
    check_shape(table, "1 N D", name="table", N=num_prefix + old_grid[0] * old_grid[1])
    if old_grid == new_grid:
        return table
    prefix, patches = table[:, :num_prefix], table[:, num_prefix:]
    image = patches.unflatten(1, old_grid).movedim(-1, 1).float()  # (1, D, G, G)
    image = F.interpolate(image, size=new_grid, mode="bicubic", antialias=True)  # (1, D, G', G')
    patches = image.flatten(2).transpose(1, 2).to(table.dtype)  # (1, G' G', D)
    return torch.cat([prefix, patches], dim=1)


class SinusoidalPositions(nn.Module):
    """Add the sinusoids to a sequence, (B, N, D) -> (B, N, D); nothing to learn.

    Parameters
    ----------
    max_length
        Longest sequence N; a longer one is a ValueError.
    embed_dim
        Width D, even.
    """

    table: Tensor

    def __init__(self, max_length: int, embed_dim: int) -> None:
        super().__init__()
        table = sinusoidal_positions(max_length, embed_dim)
        self.register_buffer("table", table.to(torch.get_default_dtype()), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        max_length, D = self.table.shape
        N = check_shape(tokens, "B N D", name="tokens", D=D)["N"]
        if max_length < N:
            raise ValueError(f"tokens: expected at most max_length {max_length}, got {N}")
        return tokens + self.table[:N]


class LearnedPositions(nn.Module):
    """Add a learned vector to every token of an image, (B, N, D) -> (B, N, D).

    Parameters
    ----------
    grid
        Rows and columns of patches the table is made for.
    embed_dim
        Width D.
    num_prefix
        Tokens before the patches that get a position too: 1 in ViT, 2 in DeiT, 0 in CaiT.
    """

    def __init__(self, grid: tuple[int, int], embed_dim: int, num_prefix: int = 0) -> None:
        super().__init__()
        self.grid = grid
        self.num_prefix = num_prefix
        self.table = nn.Parameter(torch.empty(1, num_prefix + grid[0] * grid[1], embed_dim))
        nn.init.trunc_normal_(self.table, std=0.02)

    def forward(self, tokens: Tensor, grid: tuple[int, int] | None = None) -> Tensor:
        """Add the table, interpolated when the image's grid is not the one it was made for."""
        table = interpolate_positions(self.table, self.grid, grid or self.grid, self.num_prefix)
        check_shape(tokens, "B N D", name="tokens", N=table.shape[1], D=table.shape[2])
        return tokens + table
