"""The residual connection and its norm: the "Add & Norm" box of the Transformer's figure.

Post-norm is the paper's (Vaswani et al., 2017). Pre-norm (Xiong et al., 2020) keeps the sum itself
free of norms: a path without any norm leads from the last block to the first, and training no
longer needs a warm-up.
"""

from collections.abc import Callable

from torch import Tensor, nn


class AddAndNorm(nn.Module):
    """The box around every part of the figure: LN(x + f(x)), or in pre-norm x + f(LN(x)).

    Parameters
    ----------
    embed_dim
        D.
    dropout
        Probability to drop a number of f's output in training.
    pre_norm
        Whether the norm goes first.
    """

    def __init__(self, embed_dim: int, dropout: float, pre_norm: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embed_dim, eps=1e-5)
        self.dropout = nn.Dropout(dropout)
        self.pre_norm = pre_norm

    def forward(self, x: Tensor, branch: Callable[[Tensor], Tensor]) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        if self.pre_norm:
            return x + self.dropout(branch(self.norm(x)))
        return self.norm(x + self.dropout(branch(x)))
