"""Stochastic depth: training skips a residual branch for some images (Huang et al., 2016)."""

from torch import Tensor, nn


class DropPath(nn.Module):
    """Zero the whole branch of an image with probability p, and divide the others by 1 - p.

    Each image of the batch draws for itself; the expected value is the input. In eval mode, or for
    p = 0, the identity.

    Parameters
    ----------
    probability
        p, in [0, 1).

    Raises
    ------
    ValueError
        If p is outside [0, 1).
    """

    def __init__(self, probability: float = 0.0) -> None:
        super().__init__()
        if not 0.0 <= probability < 1.0:
            raise ValueError(f"drop_path: expected a probability in [0, 1), got {probability}")
        self.probability = probability

    def forward(self, branch: Tensor) -> Tensor:
        """(B, ...) -> (B, ...)."""
        if not self.training or self.probability == 0.0:
            return branch
        keep = 1.0 - self.probability
        per_image = branch.new_empty(branch.shape[0], *[1] * (branch.dim() - 1))  # (B, 1, ...)
        per_image.bernoulli_(keep)
        return branch * per_image / keep

    def extra_repr(self) -> str:
        return f"probability={self.probability}"
