"""Masks: what a query may read.

Boolean, True where it may attend (as in torch's `scaled_dot_product_attention`, and the opposite
of torch's `MultiheadAttention`), or numbers that are added to the scores. Boolean masks combine
with `&`.
"""

import torch
from torch import Tensor

from helpers.shapes import check_shape


def causal_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    """Let query i read keys 0..i only: a lower triangle of True, () -> (N, N)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def padding_mask(is_token: Tensor) -> Tensor:
    """Hide the padding from every query: it masks keys, that is columns, (B, M) -> (B, 1, 1, M)."""
    check_shape(is_token, "B M", name="is_token")
    return is_token.bool()[:, None, None, :]  # (B, 1, 1, M)


def align_mask(mask: Tensor, scores_shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """Give a mask the axes of the scores it applies to, and numbers to add their dtype.

    (N, M) is shared by all; (B, N, M) is shared by the heads; (B, h, N, M), with 1 for a shared
    axis, is full.

    Raises
    ------
    ValueError
        If the mask cannot be broadcast to the scores, or is neither boolean nor made of floats.
    """
    if mask.dtype != torch.bool and not mask.is_floating_point():
        raise ValueError(
            f"mask: expected booleans (True may be read) or floats to add, got {mask.dtype}"
        )
    if mask.dim() == 3 and len(scores_shape) == 4:
        mask = mask[:, None]  # (B, 1, N, M)
    fits = 2 <= mask.dim() <= len(scores_shape) and all(
        size in (1, expected)
        for size, expected in zip(mask.shape[::-1], scores_shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(
            f"mask: expected a shape that broadcasts to {scores_shape}, got {tuple(mask.shape)}"
        )
    return mask if mask.dtype == torch.bool else mask.to(dtype)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Weights that sum to one over the keys the mask leaves, (..., N, M) -> (..., N, M).

    A = softmax(S + mask), the mask -inf where nothing may be read: before the softmax, so that
    the rest sums to 1. A query that may read nothing at all gets weights of zero, not NaN.
    """
    if mask is None:
        return scores.softmax(dim=-1)
    mask = align_mask(mask, tuple(scores.shape), scores.dtype)
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, float("-inf"))
    nothing = (mask == float("-inf")).all(dim=-1, keepdim=True)  # (..., N, 1)
    scores = scores + mask.masked_fill(nothing, 0.0)
    return scores.softmax(dim=-1).masked_fill(nothing, 0.0)
