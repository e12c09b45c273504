r"""What attention weights look at: rollout and mean distance.

All functions take weights as the models of this course return them on request: one tensor (B, h, N, N) a layer, rows
summing to 1 over the keys. Weights say where a head reads, not why the network decides: whether they explain is
contested (Jain and Wallace 2019, Wiegreffe and Pinter 2019); `helpers.measure.faithfulness` asks.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from helpers.shapes import check_grid


def attention_weights(model: nn.Module, images: Tensor) -> list[Tensor]:
    """The weights of every layer of one of our models, (B, C, H, W) -> L tensors (B, h, N, N), without gradient.

    The model runs in eval mode and gets its mode back. CaiT's last two entries, the class attention, are (B, h, 1,
    N+1).
    """
    training = model.training
    try:
        model.eval()
        with torch.no_grad():
            _, attention = model(images, return_attention=True)
    finally:
        model.train(training)
    return list(attention)


def stacked(attention: Sequence[Tensor] | Tensor) -> Tensor:
    """Check weights and put the layers on one axis, L x (B, h, N, N) -> (L, B, h, N, N).

    Raises
    ------
    ValueError
        For layers of different shapes, or rows that do not sum to 1 (within 1e-3).
    """
    shapes = {tuple(weights.shape) for weights in attention}
    if len(shapes) != 1:
        raise ValueError(f"attention: expected layers of one shape (B, h, N, N), got {sorted(shapes) or 'none'}")
    weights = attention if isinstance(attention, Tensor) else torch.stack(list(attention))
    if weights.ndim != 5 or weights.shape[-1] != weights.shape[-2]:
        raise ValueError(f"attention: expected (L, B, h, N, N), got {tuple(weights.shape)}")
    worst = (weights.sum(-1) - 1).abs().max()
    if not worst < 1e-3:
        raise ValueError(f"attention: expected rows that sum to 1, got one that is off by {worst:.2g}")
    return weights


def rollout(attention: Sequence[Tensor] | Tensor) -> Tensor:
    r"""How much of each input token arrives at each output token, if values only mixed.

    $R=\hat A_L\cdots\hat A_1$ with $\hat A_\ell=\frac12\bar A_\ell+\frac12 I$, $\bar A$ the mean over heads and I the
    residual path (Abnar and Zuidema, ACL 2020; the ViT paper's figure 6). Rows sum to 1. Values' sizes, the MLPs and
    signs play no part: it is a picture of mixing, not a decomposition of the answer.

    L x (B, h, N, N) -> (B, N, N).
    """
    weights = stacked(attention).mean(2)  # (L, B, N, N)
    identity = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    result = identity.expand_as(weights[0])
    for layer in weights:
        result = (layer + identity) / 2 @ result  # (B, N, N)
    return result


def class_map(matrix: Tensor, grid: int | tuple[int, int], num_prefix: int = 1) -> Tensor:
    """What the class token (row 0) reads from the patches, on their grid, (B, N, N) -> (B, rows, columns).

    Parameters
    ----------
    matrix
        weights or a rollout, queries first.
    grid
        rows and columns of patches, `model.positions.grid` of our models; one number is a square.
    num_prefix
        tokens in front of the patches.

    Raises
    ------
    ValueError
        If the grid does not hold the N - num_prefix patches.
    """
    grid = check_grid(grid, matrix.shape[-1] - num_prefix)
    return matrix[:, 0, num_prefix:].unflatten(1, grid)


def mean_attention_distance(
    attention: Sequence[Tensor] | Tensor, patch_size: int, grid: int | tuple[int, int], num_prefix: int = 1
) -> Tensor:
    r"""Distance in pixels that each head reaches on average, L x (B, h, N, N) -> (L, B, h).

    $d_h=\frac1N\sum_i\sum_j A_{ij}\,\lVert p_i-p_j\rVert$ with p the patch centres, after dropping the first
    `num_prefix` tokens and making the rows sum to 1 again (ViT paper, appendix D.7). A head that looks nowhere in
    particular has the distance of uniform attention, 116.5 px on 14 x 14 patches of 16 px; only far less than that is
    local.

    Parameters
    ----------
    attention
        weights of each layer.
    patch_size
        P in pixels.
    grid, num_prefix
        as of `class_map`, and refused as there.
    """
    weights = stacked(attention)[..., num_prefix:, num_prefix:]
    grid = check_grid(grid, weights.shape[-1])
    weights = weights / weights.sum(-1, keepdim=True)  # (L, B, h, G G, G G)
    return (weights * patch_distances(grid, patch_size).to(weights)).sum(-1).mean(-1)  # (L, B, h)


def patch_distances(grid: int | tuple[int, int], patch_size: int) -> Tensor:
    """Pixels between the centres of any two patches of a grid, () -> (G G, G G); one number is a square grid."""
    rows, columns = (grid, grid) if isinstance(grid, int) else grid
    centres = torch.cartesian_prod(torch.arange(rows), torch.arange(columns)).double() * patch_size  # (G G, 2)
    return torch.cdist(centres, centres, compute_mode="donot_use_mm_for_euclid_dist")
