"""What becomes of a layer's map when the picture moves: the same map, moved too? And the digits that move."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def equivariance_error(layer: Callable[[Tensor], Tensor], x: Tensor, shift: int, stride: int = 1) -> float:
    """How far layer(moved x) is from layer(x) moved, as a share of the map: 0 is exact equivariance.

    Pictures move to the right and come back in on the left, so that nothing is lost at an edge. A map with a stride
    can move by whole places only: of the two nearest moves the better one counts.

    Parameters
    ----------
    layer
        (B, C, H, W) -> (B, C', H', W').
    x
        Pictures, (B, C, H, W).
    shift
        Pixels.
    stride
        Pixels from one place of the map to the next.

    Returns
    -------
    float
        The norm of the difference over the norm of the map.
    """
    with torch.no_grad():
        before, after = layer(x), layer(torch.roll(x, shift, dims=-1))
        moves = {shift // stride, -(-shift // stride)}
        errors = [(after - torch.roll(before, move, dims=-1)).norm() / before.norm() for move in moves]
    return float(min(errors))


def in_a_frame(digits: Tensor, side: int = 32) -> Tensor:
    """Digits of 8 x 8 made twice as large, in the middle of an empty square: (N, 8, 8) -> (N, 1, S, S)."""
    large = F.interpolate(digits[:, None], scale_factor=2, mode="bilinear", align_corners=False)  # (N, 1, 16, 16)
    edge = (side - large.shape[-1]) // 2
    return F.pad(large, (edge, edge, edge, edge))


def accuracy_by_shift(model: nn.Module, images: Tensor, labels: Tensor, shifts: Sequence[int]) -> list[float]:
    """Share of the images that the model names rightly when all of them move to the right by so many pixels.

    (N, 1, S, S) images with empty edges, (N,) labels; the model is put into evaluation mode.
    """
    model.eval()
    found = []
    with torch.no_grad():
        for shift in shifts:
            guesses = model(torch.roll(images, shift, dims=-1)).argmax(1)
            found.append((guesses == labels).double().mean().item())
    return found
