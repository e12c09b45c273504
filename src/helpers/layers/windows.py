"""Windows: attention inside squares of w x w tokens, and across them by a shift.

Liu et al., 2021 (Swin), section 3.2. A block cuts its map into windows, and a token reads only its
own. The next block rolls the map by half a window first, so that its windows lie across the last
ones' borders. The roll brings tokens from opposite edges of the image together: `may_look` says
which of them are neighbours in the image; all other pairs are masked.
"""

import torch
from torch import Tensor, nn

from helpers.layers.attention import (
    check_heads,
    merge_heads,
    scaled_dot_product_attention,
    split_heads,
)
from helpers.shapes import check_shape


def cut_windows(tokens: Tensor, window: int) -> Tensor:
    """Cut a map into squares, row by row, (B, H, W, D) -> (B, n, w w, D), n = H W / w^2.

    Raises
    ------
    ValueError
        `map of 6 x 8 is not tiled by windows of 4`.
    """
    _, H, W, _ = check_shape(tokens, "B H W D", name="tokens").values()
    if H % window or W % window:
        raise ValueError(f"map of {H} x {W} is not tiled by windows of {window}")
    squares = tokens.unflatten(1, (-1, window)).unflatten(
        3, (-1, window)
    )  # (B, rows, w, cols, w, D)
    return squares.transpose(2, 3).flatten(1, 2).flatten(2, 3)  # (B, n, w w, D)


def join_windows(windows: Tensor, window: int, height: int) -> Tensor:
    """Put the squares back, (B, n, w w, D) -> (B, H, W, D): the inverse of `cut_windows`."""
    squares = windows.unflatten(2, (window, window)).unflatten(1, (height // window, -1))
    return squares.transpose(2, 3).flatten(3, 4).flatten(1, 2)  # (B, H, W, D)


def may_look(
    height: int, width: int, window: int, shift: int, device: torch.device | str | None = None
) -> Tensor:
    """Which tokens of a window are neighbours in the image too, () -> (n, w w, w w) of booleans.

    After a roll by `shift` the last `shift` rows and columns come from the other edge of the image.
    They lie in the last windows, which hold up to four regions; a token may look at its own.

    Parameters
    ----------
    height, width
        Of the map, in tokens, multiples of the window.
    window
        Side w.
    shift
        Rows and columns by which the map was rolled up and to the left; 0: everything is allowed.
    device
        Where to make it.
    """
    rows = (torch.arange(height, device=device) >= height - shift).long()  # 1: from the other edge
    columns = (torch.arange(width, device=device) >= width - shift).long()
    region = (2 * rows[:, None] + columns)[None, :, :, None]  # (1, H, W, 1), one of 0 to 3
    region = cut_windows(region, window)[0, :, :, 0]  # (n, w w)
    return region[:, :, None] == region[:, None, :]


def relative_index(window: int, device: torch.device | str | None = None) -> Tensor:
    """Number the offset from key to query of each pair in a window, () -> (w w, w w).

    There are (2 w - 1)^2 offsets: query (2, 0) and key (1, 1) have the same as (3, 2) and (2, 3).
    """
    place = torch.arange(window * window, device=device)
    row, column = place // window, place % window
    down = row[:, None] - row + window - 1  # 0 to 2 w - 2
    right = column[:, None] - column + window - 1
    return down * (2 * window - 1) + right


class WindowAttention(nn.Module):
    """Self-attention within each window: softmax(Q K^T / sqrt(d) + bias) V, pairs masked.

    The bias depends on head and offset only: positions, but relative ones, the same in every
    window.

    Source: Liu et al. (2021), equation 4.

    Parameters
    ----------
    embed_dim, num_heads
        D and h.
    window
        Side w.
    """

    def __init__(self, embed_dim: int, num_heads: int, window: int) -> None:
        super().__init__()
        check_heads(embed_dim, num_heads)
        self.num_heads = num_heads
        self.window = window
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.bias_table = nn.Parameter(torch.empty((2 * window - 1) ** 2, num_heads))
        self.output = nn.Linear(embed_dim, embed_dim)
        nn.init.trunc_normal_(self.bias_table, std=0.02)

    def bias(self) -> Tensor:
        """The learned number of each head and pair, () -> (h, w w, w w)."""
        pairs = relative_index(self.window, self.bias_table.device)
        return (
            self.bias_table[pairs.flatten()].unflatten(0, pairs.shape).movedim(-1, 0).contiguous()
        )

    def forward(
        self, windows: Tensor, allowed: Tensor | None = None, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(B, n, w w, D), allowed (n, w w, w w) -> the same, on request weights (B, n, h, ., .)."""
        B, n, N, _ = windows.shape
        h = self.num_heads
        tokens = windows.flatten(0, 1)  # (B n, w w, D)
        query, key, value = (
            split_heads(x, h).unflatten(0, (B, n)).flatten(1, 2)
            for x in self.qkv(tokens).chunk(3, dim=-1)
        )  # (B, n h, w w, d): windows beside heads, so that one mask serves the batch
        scores = self.bias()[None]  # (1, h, w w, w w), added to the scores
        if allowed is not None:
            scores = scores.masked_fill(~allowed[:, None], float("-inf"))  # (n, h, w w, w w)
        scores = scores.expand(n, -1, -1, -1).reshape(1, n * h, N, N)
        attended = scaled_dot_product_attention(query, key, value, scores, return_weights)
        attended, weights = attended if isinstance(attended, tuple) else (attended, None)
        heads = attended.unflatten(1, (n, h)).flatten(0, 1)  # (B n, h, w w, d)
        mixed = self.output(merge_heads(heads)).unflatten(0, (B, n))  # (B, n, w w, D)
        return mixed if weights is None else (mixed, weights.unflatten(1, (n, h)))
