"""Twins: a network and a second one that gives the same answers to shuffled images.

An MLP has a twin for any shuffle of pixels: the columns of its first matrix change place. A ViT has one for any shuffle
of whole patches: its positions change place. A convolution has none, for its weights cannot say where they are.
"""

import copy

import torch
from torch import Tensor, nn

from helpers.models.vit import ViT
from helpers.pages.c12 import bias


def patch_order(side: int) -> Tensor:
    """Which patch each patch comes from under the shuffle `patches`, (16,)."""
    patch = side // bias.GRID
    corners = bias.order_of("patches", side).reshape(side, side)[::patch, ::patch].flatten()
    return corners // side // patch * bias.GRID + corners % side // patch


def mlp_twin(model: nn.Sequential, kind: str, side: int = 8) -> nn.Sequential:
    """The MLP of this page with the columns of its first matrix moved as `bias.shuffle` moves pixels."""
    twin = copy.deepcopy(model)
    first = twin[1]
    assert isinstance(first, nn.Linear)
    order = bias.order_of(kind, side)
    first.weight.data = first.weight.data.unflatten(1, (3, side**2))[:, :, order].flatten(1)
    return twin


def vit_twin(model: ViT, side: int = 8) -> ViT:
    """The ViT with its positions moved as `bias.shuffle` moves patches; the class token keeps its own."""
    twin = copy.deepcopy(model)
    table = twin.positions.table.data
    twin.positions.table.data = torch.cat([table[:, :1], table[:, 1:][:, patch_order(side)]], dim=1)
    return twin
