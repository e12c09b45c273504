"""The maps of lab 12, all of one form: `(model, images, classes) -> (B, H', W')`."""

import copy
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.measure.attention_maps import attention_weights, class_map, rollout
from helpers.measure.faithfulness import Explanation
from helpers.measure.grad_cam import grad_cam, input_gradient
from helpers.pages.l12.methods import METHODS

GRID = 8  # cells a side, as many as the small ViT has patches
AT_ONCE = 32  # pictures in a batch of occlusion


def log_odds(logits: Tensor, classes: Tensor) -> Tensor:
    """Logarithm of p / (1 - p) of each picture's class, (B, K), (B,) -> (B,)."""
    own = logits.gather(1, classes[:, None])[:, 0]
    return own - logits.scatter(1, classes[:, None], -torch.inf).logsumexp(1)


@torch.no_grad()
def occlusion(model: nn.Module, images: Tensor, classes: Tensor, grid: int = GRID) -> Tensor:
    """Log-odds of the class that are lost when a cell is painted in the picture's mean colour, (B, grid, grid)."""
    before = log_odds(model(images), classes)
    paint, side, count = images.mean((2, 3), keepdim=True), images.shape[-1] // grid, len(images)
    changed = []
    for cell in range(grid * grid):
        row, column = (side * part for part in divmod(cell, grid))
        changed.append(images.clone())
        changed[-1][:, :, row : row + side, column : column + side] = paint
    step, after = max(1, AT_ONCE // count), []
    for k in range(0, len(changed), step):
        part = torch.cat(changed[k : k + step])
        after.append(log_odds(model(part), classes.repeat(len(part) // count)).view(-1, count))
    return (before - torch.cat(after)).T.reshape(-1, grid, grid)


def attention_of(
    model: nn.Module, images: Tensor, classes: Tensor, block: int = -1, head: int | None = None, grid: int = GRID
) -> Tensor:
    """What the class token reads in a block, of one head or the mean of all, (B, grid, grid); the class plays no
    part."""
    weights = attention_weights(model, images)[block]  # (B, h, N, N)
    return class_map(weights.mean(1) if head is None else weights[:, head], grid)


def rollout_of(model: nn.Module, images: Tensor, classes: Tensor, grid: int = GRID) -> Tensor:
    """Attention rollout of the class token, (B, grid, grid); the class plays no part."""
    return class_map(rollout(attention_weights(model, images)), grid)


def blob(model: nn.Module | None, images: Tensor, classes: Tensor) -> Tensor:
    """High in the middle, low at the border, for any network and any picture, (B, GRID, GRID)."""
    axis = (torch.arange(GRID) - (GRID - 1) / 2) / GRID
    return torch.exp(-4 * (axis[:, None] ** 2 + axis**2)).expand(len(images), -1, -1)


def contrast(model: nn.Module | None, images: Tensor, classes: Tensor) -> Tensor:
    """Size of the differences between neighbouring pixels, an edge detector, (B, H, W)."""
    grey = images.mean(1, keepdim=True)
    down = F.pad((grey[:, :, 1:] - grey[:, :, :-1]).abs(), (0, 0, 0, 1))
    right = F.pad((grey[:, :, :, 1:] - grey[:, :, :, :-1]).abs(), (0, 1))
    return (down + right)[:, 0]


def lot(count: int, side: int, seed: int) -> Tensor:
    """Chance: independent uniform numbers on a grid, (count, side, side)."""
    return torch.rand(count, side, side, generator=torch.Generator().manual_seed(seed))


def explanation(method: str, network: str, cells: int = GRID) -> Explanation:
    """The function behind the name of a map; occlusion paints `cells` x `cells` cells, one after the other.

    Raises
    ------
    ValueError
        For a map that cannot be made of this network.
    """
    if method not in METHODS or network not in METHODS[method].networks:
        raise ValueError(f"method: expected a map of {network}, got {method!r}")
    if METHODS[method].layer:
        return partial(grad_cam, layer=dict(METHODS[method].layer)[network])
    simple: dict[str, Explanation] = {"gradient": input_gradient, "attention": attention_of, "rollout": rollout_of}
    return (simple | {"occlusion": partial(occlusion, grid=cells), "blob": blob, "contrast": contrast})[method]


def shuffled(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a network that has lost what it learned: the numbers inside each tensor are permuted."""
    copied, rng = copy.deepcopy(model), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in copied.parameters():
            order = torch.randperm(parameter.numel(), generator=rng)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    return copied
