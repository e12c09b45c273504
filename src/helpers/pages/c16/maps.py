"""The maps of this chapter by name, all of one form: `(model, images, classes) -> (B, H', W')`.

Three of them ask no network: a blob in the middle, the picture's own contrast, and chance. A map that does not beat
them says nothing of the network.
"""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.measure.attention_maps import attention_weights, class_map, rollout
from helpers.measure.faithfulness import Explanation
from helpers.measure.grad_cam import grad_cam, input_gradient

LAYERS: dict[str, tuple[str, ...]] = {
    "vit_mini": tuple(f"blocks.{k}.norm1" for k in range(6)),
    "xception_mini": ("entry.5", "entry.6", "entry.7", "entry.8", "middle", "exit"),
    "efficientnet_lite0": ("blocks.1", "blocks.2", "blocks.3", "blocks.4", "blocks.5", "blocks.6", "bn2"),
}
BLOB, CONTRAST = "a blob in the middle", "the picture's contrast"
WITHOUT_NETWORK = (BLOB, CONTRAST)
GRADIENT, ROLLOUT = "input gradient", "attention rollout"
GRID = 8


def grad_cam_name(layer: str) -> str:
    """What Grad-CAM at a layer is called here."""
    return f"Grad-CAM, {layer}"


def attention_name(block: int) -> str:
    """What the class token's attention in a block, counted from 1, is called here."""
    return f"attention, block {block}"


def attention_of(model: nn.Module, images: Tensor, classes: Tensor, block: int) -> Tensor:
    """What the class token reads in a block (from 1), mean of the heads, (B, G, G); the class plays no part."""
    return class_map(attention_weights(model, images)[block - 1].mean(1), GRID)


def rollout_of(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Attention rollout of the class token, (B, G, G); the class plays no part."""
    return class_map(rollout(attention_weights(model, images)), GRID)


def blob(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """High in the middle, low at the border, for any network and any picture, (B, 8, 8)."""
    axis = (torch.arange(GRID) - (GRID - 1) / 2) / GRID
    return torch.exp(-4 * (axis[:, None] ** 2 + axis**2)).expand(len(images), -1, -1)


def contrast(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Mean size of the differences between neighbouring pixels in each cell: an edge detector, (B, 8, 8)."""
    grey = images.mean(1, keepdim=True)
    down = F.pad((grey[:, :, 1:] - grey[:, :, :-1]).abs(), (0, 0, 0, 1))
    right = F.pad((grey[:, :, :, 1:] - grey[:, :, :, :-1]).abs(), (0, 1))
    return F.adaptive_avg_pool2d(down + right, GRID)[:, 0]


def lot(images: Tensor, side: int, seed: int) -> Tensor:
    """Chance: independent uniform numbers on a grid, (B, side, side)."""
    return torch.rand(len(images), side, side, generator=torch.Generator().manual_seed(seed))


def methods(name: str) -> dict[str, Explanation]:
    """All maps of a network, by their names here; the two without a network come last.

    Raises
    ------
    ValueError
        For a network that is not in `LAYERS`.
    """
    if name not in LAYERS:
        raise ValueError(f"name: expected one of {', '.join(LAYERS)}, got {name!r}")
    found: dict[str, Explanation] = {GRADIENT: input_gradient}
    found |= {grad_cam_name(layer): partial(grad_cam, layer=layer) for layer in LAYERS[name]}
    if name == "vit_mini":
        found |= {attention_name(k): partial(attention_of, block=k) for k in range(1, len(LAYERS[name]) + 1)}
        found[ROLLOUT] = rollout_of
    return found | {BLOB: blob, CONTRAST: contrast}
