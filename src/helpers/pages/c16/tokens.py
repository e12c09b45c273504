"""Tokens that stand out by their size, looked for in the small ViTs of this course; and layers that are alike.

Darcet et al. (ICLR 2024) found in large ViTs a few patch tokens of outlying norm, in dull places of the picture. Here a
token stands out if its norm is more than three times the median of its picture's patches after the same block. The
bar was fixed before the search.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from helpers.measure.similarity import cka_matrix
from helpers.models.deit import DeiT
from helpers.models.pretrained import OURS, build_model

BAR = 3.0  # times the median


def small_vits() -> dict[str, Any]:
    """The ViTs that come with the course, by name, in eval mode."""
    weights = load_file(OURS["photographs"] / "deit_mini.safetensors")
    deit = DeiT(
        image_size=64,
        patch_size=8,
        num_classes=weights["head.weight"].shape[0],
        embed_dim=128,
        depth=6,
        num_heads=4,
    )
    deit.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    found = {
        f"ViT-mini, trained on {what}": build_model("vit_mini", 2, weights=weights_of).model
        for what, weights_of in (("drawings", "shipped"), ("photographs", "photographs"))
    } | {"DeiT-mini, trained on photographs": deit}
    return {name: model.eval().requires_grad_(False) for name, model in found.items()}


@torch.no_grad()
def patch_norms(model: Any, images: Tensor) -> Tensor:
    """Length of every patch token after each block, (B, 3, H, W) -> (L, B, G G)."""
    x = model.embed(images)
    prefix = model.prefix().shape[1]
    norms = []
    for block in model.blocks:
        x = block(x)  # (B, N, D)
        norms.append(x[:, prefix:].norm(dim=-1))
    return torch.stack(norms)


def outlying(norms: Tensor) -> Tensor:
    """Norms over the median of their picture's patches, (L, B, P) -> same."""
    return norms / norms.median(-1, keepdim=True).values


def dullness(images: Tensor, norms: Tensor, grid: int = 8) -> np.ndarray:
    """Contrast of the patch with the largest token over the mean contrast of its picture, (B,) for (B, P) norms."""
    side = images.shape[-1] // grid
    spread = F.unfold(images, side, stride=side).std(1)  # (B, P)
    largest = spread.gather(1, norms.argmax(1, keepdim=True))[:, 0]
    return (largest / spread.mean(1)).numpy()


@torch.no_grad()
def layer_outputs(model: nn.Module, images: Tensor, layers: Mapping[str, str]) -> dict[str, np.ndarray]:
    """What named layers answer, flattened, name -> (n, p); `layers` says which module each name is."""
    kept: dict[str, np.ndarray] = {}
    modules = dict(model.named_modules())

    def keep(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Tensor) -> None:
            kept[name] = output.flatten(1).numpy().copy()

        return hook

    hooks = [modules[layer].register_forward_hook(keep(name)) for name, layer in layers.items()]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: kept[name] for name in layers}


def alike_layers(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> np.ndarray:
    """CKA of every layer of one network with every layer of another."""
    return cka_matrix(list(one.values()), list(other.values()))


def shuffled_weights(model: nn.Module, seed: int = 0) -> nn.Module:
    """A copy with the values within every tensor permuted."""
    import copy

    changed = copy.deepcopy(model)
    rng = torch.Generator().manual_seed(seed)
    for parameter in changed.parameters():
        order = torch.randperm(parameter.numel(), generator=rng)
        parameter.data.copy_(parameter.data.flatten()[order].view_as(parameter))
    return changed
