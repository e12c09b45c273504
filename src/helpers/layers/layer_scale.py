"""LayerScale: a learned gain for every channel of a residual branch, tiny at first (CaiT).

Touvron et al., 2021. With gains of 1e-5 every block starts as the identity, and networks of 24
blocks and more begin to train.
"""

import torch
from torch import Tensor, nn


class LayerScale(nn.Module):
    """Multiply channel i by its own gain: diag(gamma_1, ..., gamma_D) x, (..., D) -> (..., D).

    Source: Touvron et al. (2021), "Going deeper with image transformers", equation 4.

    Parameters
    ----------
    embed_dim
        Width D.
    initial
        First value of every gain: 1e-5 up to 24 blocks (and in XXS-36), 1e-6 above, in the
        released code.
    """

    def __init__(self, embed_dim: int, initial: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((embed_dim,), initial))

    def forward(self, branch: Tensor) -> Tensor:
        """(..., D) -> (..., D)."""
        return self.gamma * branch
