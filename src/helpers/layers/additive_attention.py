"""Additive attention: a small network compares the decoder's state with each source word.

The first attention for translation (Bahdanau, Cho and Bengio, ICLR 2015, section 3.1 and appendix
A.1.2).
"""

import torch
from torch import Tensor, nn

from helpers.layers.masks import masked_softmax
from helpers.shapes import check_shape


def additive_attention(
    query: Tensor, key: Tensor, value: Tensor, vector: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Score by e_ij = v . tanh(q_i + k_j), weights = softmax over j, output = weights @ value.

    Parameters
    ----------
    query, key, value
        (B, N, a), (B, M, a) and (B, M, D); query and key are projected already, a is the width of
        the comparison.
    vector
        v, (a,).
    mask
        (N, M) or (B, N, M): what may be read, see `helpers.layers.masks`.

    Returns
    -------
    tuple[Tensor, Tensor]
        The attended values (B, N, D) and the weights (B, N, M).

    Raises
    ------
    ValueError
        If the shapes do not fit together.
    """
    sizes = check_shape(query, "B N a", name="query")
    B, a = sizes["B"], sizes["a"]
    M = check_shape(key, "B M a", name="key", B=B, a=a)["M"]
    check_shape(value, "B M D", name="value", B=B, M=M)
    check_shape(vector, "a", name="vector", a=a)
    hidden = torch.tanh(query[:, :, None] + key[:, None])  # (B, N, M, a)
    weights = masked_softmax(hidden @ vector, mask)  # (B, N, M)
    return weights @ value, weights  # (B, N, D)


class AdditiveAttention(nn.Module):
    """e_ij = v . tanh(W_q s_i + W_k h_j): queries and keys may have different widths.

    Parameters
    ----------
    query_dim, key_dim
        Widths of the decoder's state s and of the encoder's states h.
    hidden_dim
        Width a of the comparison.
    """

    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key = nn.Linear(key_dim, hidden_dim, bias=False)
        self.vector = nn.Parameter(torch.empty(hidden_dim).uniform_(-1, 1) / hidden_dim**0.5)

    def forward(
        self, query: Tensor, states: Tensor, mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """(B, N, query_dim), states (B, M, key_dim) -> (B, N, key_dim), weights (B, N, M)."""
        return additive_attention(self.query(query), self.key(states), states, self.vector, mask)
