"""What lab 03 compares: five networks, the layers to look at, and stacks of random 3 x 3 convolutions."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure.receptive_field import Field, effective_field, fields_by_layer, side_holding, spread
from helpers.models.lenet import LeNet5
from helpers.models.resnet import RESNET_CONFIGS, ResNet
from helpers.models.vgg import VGG, VGG_CONFIGS
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception


@dataclass(frozen=True)
class Network:
    """How to build a network for images of a size, and which of its layers to study, first to last.

    `timm_name` and `timm_layers` name the same layers of a trained network, where timm has one.
    """

    build: Callable[[int], nn.Module]
    image_size: int
    layers: tuple[str, ...]
    in_channels: int = 3
    timm_name: str | None = None
    timm_layers: tuple[str, ...] = ()


NETWORKS: dict[str, Network] = {
    "lenet5": Network(lambda size: LeNet5(), 32, ("features.0", "features.2", "features.3", "features.5"), 1),
    "vgg16": Network(
        lambda size: VGG(VGG_CONFIGS[16]),
        224,
        ("features.9", "features.16", "features.23", "features.28"),
        timm_name="vgg16.tv_in1k",
        timm_layers=("features.9", "features.16", "features.23", "features.28"),
    ),
    "resnet50": Network(
        lambda size: ResNet(**RESNET_CONFIGS[50]),
        224,
        ("stages.0.2", "stages.1.3", "stages.2.5", "stages.3.2"),
        timm_name="resnet50.tv_in1k",
        timm_layers=("layer1.2", "layer2.3", "layer3.5", "layer4.2"),
    ),
    "xception": Network(
        lambda size: Xception(),
        299,
        ("entry.8", "middle.3", "middle.7", "exit.4"),
        timm_name="legacy_xception.tf_in1k",
        timm_layers=("block3", "block7", "block11", "conv4"),
    ),
    "vit_ti16": Network(
        lambda size: ViT(image_size=size, patch_size=16, **VIT_CONFIGS["Ti"]),
        224,
        ("patches", "blocks.0", "blocks.5", "blocks.11"),
        timm_name="vit_tiny_patch16_224.augreg_in21k_ft_in1k",
        timm_layers=("patch_embed", "blocks.0", "blocks.5", "blocks.11"),
    ),
}


def networks(names: str | list[str]) -> dict[str, Network]:
    """Networks by name, from a list or a comma-separated string; raises ValueError for an unknown or empty choice."""
    chosen = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    unknown = [name for name in chosen if name not in NETWORKS]
    if unknown or not chosen:
        raise ValueError(f"models: expected some of {', '.join(NETWORKS)}; got {', '.join(unknown) or 'none'}")
    return {name: NETWORKS[name] for name in chosen}


def random_network(network: Network, images: Tensor, seed: int) -> nn.Module:
    """The network as at its first training step: fresh weights, batch norms with the statistics of these images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = network.build(images.shape[-1])
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if norms:
        for norm in norms:
            norm.momentum = 1.0  # keep the statistics of this pass alone
        with torch.no_grad():
            model.train()(images)
    return model.eval().requires_grad_(False)


def trained_network(network: Network) -> nn.Module:
    """The same architecture with timm's weights from the hub.

    Raises ValueError if timm has none, ConnectionError if the hub cannot be reached.
    """
    import timm

    if network.timm_name is None:
        raise ValueError("timm has no trained weights for this network")
    try:
        model = timm.create_model(network.timm_name, pretrained=True)
    except Exception as error:  # timm, huggingface_hub and urllib each raise errors of their own
        raise ConnectionError(f"{network.timm_name} could not be had from the hub ({type(error).__name__})") from error
    return model.eval().requires_grad_(False)


def theory(model: nn.Module, layer: str, image_size: int, in_channels: int = 3) -> Field:
    """The largest field inside a layer or block. Raises ValueError if nothing in it has one."""
    found = fields_by_layer(model, image_size, in_channels)
    inside = [field for name, field in found.items() if name == layer or name.startswith(f"{layer}.")]
    if not inside:
        raise ValueError(f"layer: expected one that holds one of {', '.join(found)}; got {layer!r}")
    return max(inside, key=lambda field: field.size)


def measure_layer(model: nn.Module, layer: str, images: Tensor, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Theory and practice of one layer: a row of numbers in pixels, and the map (H, W) of gradient shares.

    In the row an infinite field is None; `own_share` is the share of the central square whose side is the jump: for a
    ViT its own patch.
    """
    in_channels, size = images.shape[1], images.shape[-1]
    field = theory(model, layer, size, in_channels)
    share = effective_field(model, layer, images, seed)
    row = {
        "layer": layer,
        "image_px": size,
        "theory_px": None if field.size == inf else int(field.size),
        "jump_px": int(field.jump),
        "spread_px": spread(share),
        "side95_px": side_holding(share),
        "own_share": float(_central_cell(share, int(field.jump)).sum()),
    }
    return row, share


def _central_cell(share: np.ndarray, jump: int) -> np.ndarray:
    """The cell of the central value on a grid of cells of side `jump`, (H, W) -> (jump, jump)."""
    row, column = (max(1, side // jump) // 2 * jump for side in share.shape)
    return share[row : row + jump, column : column + jump]


def random_stack(depth: int, channels: int, relu: bool) -> nn.Sequential:
    """`depth` random 3 x 3 convolutions of one channel count that keep the size of signals, with or without ReLU."""
    layers: list[nn.Module] = []
    for i in range(depth):
        before = 1 if i == 0 else channels
        convolution = nn.Conv2d(before, channels, kernel_size=3, padding=1, bias=False)
        nn.init.normal_(convolution.weight, std=((2 if relu else 1) / (9 * before)) ** 0.5)
        layers.append(convolution)
        if relu and i < depth - 1:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def stack_spread(depth: int, channels: int, relu: bool, draws: int, seed: int) -> float:
    r"""Spread in pixels of the mean effective field of `draws` random stacks; theory: $\sqrt{2n/3}$ for n layers."""
    torch.manual_seed(seed)
    side = 2 * depth + 3  # the whole theoretical field fits
    maps = []
    for draw in range(draws):
        stack = random_stack(depth, channels, relu)
        maps.append(effective_field(stack, str(len(stack) - 1), torch.randn(2, 1, side, side), seed=seed + draw))
    return spread(np.mean(maps, axis=0))
