"""What lab 03 compares: five networks, the layers to look at, and stacks of random 3 x 3 convolutions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure.accuracy import over_seeds
from helpers.measure.receptive_field import (
    Field,
    central_patch,
    effective_field,
    fields_by_layer,
    side_holding,
    spread,
    with_statistics_of,
)
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


def networks(names: Sequence[str]) -> dict[str, Network]:
    """Networks by name; raises ValueError for an unknown name."""
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        raise ValueError(f"models: expected some of {', '.join(NETWORKS)}; got {', '.join(unknown)}")
    return {name: NETWORKS[name] for name in names}


def random_network(network: Network, images: Tensor, seed: int) -> nn.Module:
    """The network as at its first training step: fresh weights, batch norms with the statistics of these images."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = network.build(images.shape[-1])
    return with_statistics_of(model, images).requires_grad_(False)


def trained_network(network: Network) -> nn.Module:
    """The same architecture with timm's weights from the hub.

    Raises
    ------
    ValueError
        If timm has none.
    ConnectionError
        If the hub cannot be reached.
    """
    import timm

    if network.timm_name is None:
        raise ValueError("timm has no trained weights for this network")
    try:
        model = timm.create_model(network.timm_name, pretrained=True)
    except Exception as error:  # timm, huggingface_hub and urllib each raise errors of their own
        raise ConnectionError(f"{network.timm_name} could not be had from the hub ({type(error).__name__})") from error
    return model.eval().requires_grad_(False)


def theory(model: nn.Module, layers: Sequence[str], image_size: int, in_channels: int = 3) -> dict[str, Field]:
    """The largest field inside each layer or block.

    Raises
    ------
    ValueError
        For one in which nothing has a field.
    """
    found = fields_by_layer(model, image_size, in_channels)
    fields = {}
    for layer in layers:
        inside = [field for name, field in found.items() if name == layer or name.startswith(f"{layer}.")]
        if not inside:
            raise ValueError(f"layer: expected one that holds one of {', '.join(found)}; got {layer!r}")
        fields[layer] = max(inside, key=lambda field: field.size)
    return fields


def measure_layer(
    model: nn.Module, layer: str, field: Field, images: Tensor, seed: int
) -> tuple[dict[str, Any], np.ndarray]:
    """Theory and practice of one layer: a row of numbers in pixels, and the map (H, W) of gradient shares.

    In the row an infinite field is None. `own_share` is what stays in the own patch, for layers made of patches
    (their field is the patch or the whole image), else None.
    """
    share = effective_field(model, layer, images, seed)
    patches = field.size in (field.jump, inf)
    row = {
        "layer": layer,
        "image_px": images.shape[-1],
        "theory_px": None if field.size == inf else int(field.size),
        "jump_px": int(field.jump),
        "spread_px": spread(share),
        "side95_px": side_holding(share),
        "own_share": float(central_patch(share, int(field.jump)).sum()) if patches else None,
    }
    return row, share


def measure_trained(
    network: Network, model: nn.Module, images_per_seed: int, seeds: int
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Rows of a trained network for several draws of noise images, and the mean map of each layer, under our names."""
    size, device = network.image_size, next(model.parameters()).device
    fields = theory(model, network.timm_layers, size, network.in_channels)
    rows, maps = [], {layer: np.zeros((size, size)) for layer in network.layers}
    for seed in range(seeds):
        images = noise(network, size, images_per_seed, seed).to(device)
        for ours, theirs in zip(network.layers, network.timm_layers, strict=True):
            row, share = measure_layer(model, theirs, fields[theirs], images, seed)
            rows.append({"seed": seed, **row, "layer": ours})
            maps[ours] += share / seeds
    return rows, maps


def noise(network: Network, size: int, count: int, seed: int) -> Tensor:
    """Images of normal noise that a network takes, the same for the same seed, () -> (count, C, size, size)."""
    return torch.randn(count, network.in_channels, size, size, generator=torch.Generator().manual_seed(seed))


def why_not_trained(network: Network, size: int) -> str | None:
    """Why a network cannot be had trained at this image size, None if it can."""
    if network.timm_name is None:
        return "timm has no trained weights of it"
    return None if size == network.image_size else f"its weights are for images of {network.image_size} px"


def over_draws(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a model and layer: the mean over seeds of the measured numbers, and Student's interval of the side."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["layer"]), []).append(row)
    summary = []
    for (model, layer), group in groups.items():
        side = over_seeds([row["side95_px"] for row in group])
        own = None if group[0]["own_share"] is None else float(np.mean([row["own_share"] for row in group]))
        means = {"spread_px": float(np.mean([row["spread_px"] for row in group])), "own_share": own}
        fixed = {key: group[0][key] for key in ("image_px", "theory_px", "jump_px")}
        interval = {"side95_px": side.value, "low_px": side.low, "high_px": side.high, "seeds": side.n}
        summary.append({"model": model, "layer": layer, **fixed, **interval, **means})
    return summary


def beside(fresh: Sequence[Mapping[str, Any]], trained: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of `over_draws` of trained layers beside those of the same layers with fresh weights, for a table."""
    start = {(row["model"], row["layer"]): row for row in fresh}
    rows = []
    for row in trained:
        before = start[row["model"], row["layer"]]
        sides = {"fresh (px)": round(before["side95_px"], 1), "trained (px)": round(row["side95_px"], 1)}
        own = {"own patch, fresh": before["own_share"], "own patch, trained": row["own_share"]}
        names = {"model": row["model"], "layer": row["layer"], "theory (px)": row["theory_px"] or "whole image"}
        rows.append({**names, **sides, **own})
    return rows


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
