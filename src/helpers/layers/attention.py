"""Attention: every query reads a weighted average of the values.

First the two ways to compare a query with a key, as pure functions: additive (Bahdanau, Cho and Bengio,
2015) and scaled dot product (Vaswani et al., 2017, equation 1). Then `MultiHeadAttention` (section 3.2.2),
the module that the translation Transformer, ViT and DeiT share.

Masks say what may be read: boolean, True where a query may attend; or numbers that are added to the scores.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.shapes import check_shape


def causal_mask(length: int, device: torch.device | str | None = None) -> Tensor:
    """Let query i read keys 0..i only: a lower triangle of True, () -> (N, N)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def padding_mask(is_token: Tensor) -> Tensor:
    """Hide the padding from every query: it masks keys, that is columns, (B, M) -> (B, 1, 1, M)."""
    check_shape(is_token, "B M", name="is_token")
    return is_token.bool()[:, None, None, :]  # (B, 1, 1, M)


def align_mask(mask: Tensor, scores_shape: tuple[int, ...]) -> Tensor:
    """Give a mask the axes of the scores it applies to.

    (N, M) is shared by all; (B, N, M) is shared by the heads; (B, h, N, M), with 1 for a shared axis, is full.

    Raises
    ------
    ValueError
        If the mask cannot be broadcast to the scores.
    """
    if mask.dim() == 3 and len(scores_shape) == 4:
        mask = mask[:, None]  # (B, 1, N, M)
    fits = 2 <= mask.dim() <= len(scores_shape) and all(
        size in (1, expected) for size, expected in zip(mask.shape[::-1], scores_shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(f"mask: expected a shape that broadcasts to {scores_shape}, got {tuple(mask.shape)}")
    return mask


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn scores into weights that sum to one over the keys that the mask leaves, (..., N, M) -> (..., N, M).

    A = softmax(S + M) with M = -inf where nothing may be read: before the softmax, so that the rest sums to 1.
    A query that may read nothing at all gets weights of zero, not NaN.
    """
    if mask is None:
        return scores.softmax(dim=-1)
    mask = align_mask(mask, tuple(scores.shape))
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=scores.dtype).masked_fill(~mask, float("-inf"))
    nothing = (mask == float("-inf")).all(dim=-1, keepdim=True)  # (..., N, 1)
    scores = scores + mask.masked_fill(nothing, 0.0)
    return scores.softmax(dim=-1).masked_fill(nothing, 0.0)


def additive_attention(
    query: Tensor, key: Tensor, value: Tensor, vector: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Compare by a small network: e_ij = v . tanh(q_i + k_j), the query and key being projected already.

    Parameters
    ----------
    query, key, value
        (B, N, a), (B, M, a) and (B, M, D); a is the width of the comparison.
    vector
        v, (a,).
    mask
        (N, M) or (B, N, M), see the module.

    Returns
    -------
    The attended values (B, N, D) and the weights (B, N, M).

    Source: Bahdanau, Cho and Bengio (2015), section A.1.2.
    """
    sizes = check_shape(query, "B N a", name="query")
    B, a = sizes["B"], sizes["a"]
    M = check_shape(key, "B M a", name="key", B=B, a=a)["M"]
    check_shape(value, "B M D", name="value", B=B, M=M)
    hidden = torch.tanh(query[:, :, None] + key[:, None])  # (B, N, M, a)
    weights = masked_softmax(hidden @ vector, mask)  # (B, N, M)
    return weights @ value, weights  # (B, N, D)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, return_weights: bool = False
) -> Tensor | tuple[Tensor, Tensor]:
    """Compare by a dot product: softmax(Q K^T / sqrt(d)) V.

    Parameters
    ----------
    query, key, value
        (..., N, d), (..., M, d) and (..., M, dv); with heads the leading axes are (B, h).
    mask
        (N, M), (B, N, M) or (B, h, N, M), see the module.
    return_weights
        Also return the weights. Without them torch's fused kernel computes the same output
        and never holds the N x M matrix.

    Returns
    -------
    The attended values (..., N, dv), and on request the weights (..., N, M).

    Source: Vaswani et al. (2017), equation 1.
    """
    d = query.shape[-1]
    scores_shape = (*query.shape[:-1], key.shape[-2])
    if key.shape[-1] != d or key.shape[-2] != value.shape[-2]:
        shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
        raise ValueError(f"expected (..., N, d), (..., M, d), (..., M, dv), got {shapes}")
    if not return_weights:
        aligned = None if mask is None else align_mask(mask, scores_shape)
        return F.scaled_dot_product_attention(query, key, value, attn_mask=aligned)
    scores = query @ key.transpose(-2, -1) / d**0.5  # (..., N, M)
    weights = masked_softmax(scores, mask)  # (..., N, M)
    return weights @ value, weights  # (..., N, dv)


def split_heads(tokens: Tensor, num_heads: int) -> Tensor:
    """Cut the width into heads, (B, N, D) -> (B, h, N, d)."""
    return tokens.unflatten(-1, (num_heads, -1)).transpose(1, 2)


def merge_heads(tokens: Tensor) -> Tensor:
    """Put the heads side by side again, (B, h, N, d) -> (B, N, D)."""
    return tokens.transpose(1, 2).flatten(2)


def check_heads(embed_dim: int, num_heads: int) -> None:
    """Refuse a width that the heads cannot share equally."""
    if num_heads < 1 or embed_dim % num_heads:
        raise ValueError(f"embed_dim {embed_dim} is not a multiple of num_heads {num_heads}")


class MultiHeadAttention(nn.Module):
    """Attend in h subspaces of width d = D/h at once, then mix: [head_1; ...; head_h] W^O.

    Self-attention reads the tokens themselves; cross-attention reads another sequence, the `memory`.
    One matrix holds W^Q, W^K and W^V, in this order: one product instead of three for self-attention.

    Parameters
    ----------
    embed_dim
        Width D of the tokens.
    num_heads
        h; the cost does not depend on it: 4 D^2 + 4 D parameters.

    Source: Vaswani et al. (2017), section 3.2.2.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        check_heads(embed_dim, num_heads)
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.output = nn.Linear(embed_dim, embed_dim)

    def project(self, tokens: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries from the tokens, keys and values from the memory (or the tokens), each (B, N or M, D)."""
        if memory is None:
            query, key, value = self.qkv(tokens).chunk(3, dim=-1)
            return query, key, value
        D = self.embed_dim
        check_shape(memory, "B M D", name="memory", B=tokens.shape[0], D=D)
        key, value = F.linear(memory, self.qkv.weight[D:], self.qkv.bias[D:]).chunk(2, dim=-1)
        return F.linear(tokens, self.qkv.weight[:D], self.qkv.bias[:D]), key, value

    def forward(
        self, tokens: Tensor, memory: Tensor | None = None, mask: Tensor | None = None, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D), memory (B, M, D) -> (B, N, D), and on request the weights (B, h, N, M)."""
        check_shape(tokens, "B N D", name="tokens", D=self.embed_dim)
        query, key, value = (split_heads(x, self.num_heads) for x in self.project(tokens, memory))  # (B, h, N, d)
        attended = scaled_dot_product_attention(query, key, value, mask, return_weights)  # (B, h, N, d)
        if isinstance(attended, Tensor):
            return self.output(merge_heads(attended))  # (B, N, D)
        attended, weights = attended
        return self.output(merge_heads(attended)), weights  # (B, N, D), (B, h, N, M)
