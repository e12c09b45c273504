"""Scaled dot-product attention and its heads (Vaswani et al., 2017, equation 1 and section 3.2.2).

Every query reads a weighted average of the values. First the equation, as a pure function; then
`MultiHeadAttention`, the module that the translation Transformer, ViT and DeiT share.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from helpers.layers.masks import align_mask, masked_softmax
from helpers.shapes import check_shape


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    return_weights: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Compare by a dot product: softmax(Q K^T / sqrt(d)) V.

    Source: Vaswani et al. (2017), equation 1.

    Parameters
    ----------
    query, key, value
        (..., N, d), (..., M, d) and (..., M, dv); with heads the leading axes are (B, h).
    mask
        (N, M), (B, N, M) or (B, h, N, M): what may be read, see `helpers.layers.masks`.
    return_weights
        Also return the weights. Without them torch's fused kernel computes the same output
        and never holds the N x M matrix.

    Returns
    -------
    Tensor | tuple[Tensor, Tensor]
        The attended values (..., N, dv), and on request the weights (..., N, M).

    Raises
    ------
    ValueError
        If the shapes or the mask do not fit together.
    """
    d = query.shape[-1]
    scores_shape = (*query.shape[:-1], key.shape[-2])
    if key.shape[-1] != d or key.shape[-2] != value.shape[-2]:
        shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
        raise ValueError(f"expected (..., N, d), (..., M, d), (..., M, dv), got {shapes}")
    if not return_weights:
        aligned = None if mask is None else align_mask(mask, scores_shape, query.dtype)
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

    Self-attention reads the tokens themselves; cross-attention reads another sequence, the
    `memory`. One matrix holds W^Q, W^K and W^V, in this order: one product instead of three for
    self-attention.

    Source: Vaswani et al. (2017), section 3.2.2.

    Parameters
    ----------
    embed_dim
        Width D of the tokens.
    num_heads
        h; the cost does not depend on it: 4 D^2 + 4 D parameters.

    Raises
    ------
    ValueError
        `embed_dim 64 is not a multiple of num_heads 5`.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        check_heads(embed_dim, num_heads)
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.output = nn.Linear(embed_dim, embed_dim)

    def project(self, tokens: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries from the tokens, keys and values from memory or tokens, (B, N or M, D) each."""
        if memory is None:
            query, key, value = self.qkv(tokens).chunk(3, dim=-1)
            return query, key, value
        D = self.embed_dim
        check_shape(memory, "B M D", name="memory", B=tokens.shape[0], D=D)
        key, value = F.linear(memory, self.qkv.weight[D:], self.qkv.bias[D:]).chunk(2, dim=-1)
        return F.linear(tokens, self.qkv.weight[:D], self.qkv.bias[:D]), key, value

    def forward(
        self,
        tokens: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        return_weights: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """(B, N, D), memory (B, M, D) -> (B, N, D), and on request the weights (B, h, N, M)."""
        check_shape(tokens, "B N D", name="tokens", D=self.embed_dim)
        query, key, value = (
            split_heads(x, self.num_heads) for x in self.project(tokens, memory)
        )  # (B, h, N, d)
        attended = scaled_dot_product_attention(
            query, key, value, mask, return_weights
        )  # (B, h, N, d)
        if isinstance(attended, Tensor):
            return self.output(merge_heads(attended))  # (B, N, D)
        attended, weights = attended
        return self.output(merge_heads(attended)), weights  # (B, N, D), (B, h, N, M)
