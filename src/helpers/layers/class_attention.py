"""Class attention: only the class token asks, so the cost is linear in N (CaiT, section 3).

Touvron et al., 2021. It is the cross-attention of translation with a single query: the class token
reads itself and the patches, which stay as they are.
"""

from torch import Tensor, nn

from helpers.layers.attention import (
    check_heads,
    merge_heads,
    scaled_dot_product_attention,
    split_heads,
)
from helpers.shapes import check_shape


class ClassAttention(nn.Module):
    """Read z = [class; patches] from the class token: softmax(q K^T / sqrt(d)) V, then W_o.

    Three matrices, not one as in `MultiHeadAttention`: queries are made for the class token only.

    Source: Touvron et al. (2021), equations 5 to 7.

    Parameters
    ----------
    embed_dim
        Width D of the tokens.
    num_heads
        h.
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        check_heads(embed_dim, num_heads)
        self.num_heads = num_heads
        self.query = nn.Linear(embed_dim, embed_dim)
        self.key = nn.Linear(embed_dim, embed_dim)
        self.value = nn.Linear(embed_dim, embed_dim)
        self.output = nn.Linear(embed_dim, embed_dim)

    def forward(self, z: Tensor, return_weights: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Class token first, (B, N, D) -> (B, 1, D), and on request weights (B, h, 1, N)."""
        check_shape(z, "B N D", name="z", D=self.query.in_features)
        query = split_heads(self.query(z[:, :1]), self.num_heads)  # (B, h, 1, d)
        key, value = (
            split_heads(project(z), self.num_heads) for project in (self.key, self.value)
        )  # (B, h, N, d)
        attended = scaled_dot_product_attention(query, key, value, return_weights=return_weights)
        if isinstance(attended, Tensor):
            return self.output(merge_heads(attended))  # (B, 1, D)
        attended, weights = attended
        return self.output(merge_heads(attended)), weights  # (B, 1, D), (B, h, 1, N)
