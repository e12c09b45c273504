"""Effective fields of released weights beside fresh ones, on photographs; the recorded numbers are in released.json.

EfficientNet-Lite0 comes with its weights as a Python package (the extra `labs`), so it needs no hub. The two small
networks are the course's own, pre-trained on photographs of 64 pixels. Measured as in lab 3, but on photographs: a
trained network is made for those. Batch norms of fresh networks take the statistics of the same photographs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure.receptive_field import effective_field, side_holding
from helpers.models.pretrained import MODELS, build_model
from helpers.pages.l03.study import Network, random_network, theory

RELEASED = Path(__file__).with_name("released.json")
LAYERS = {
    "efficientnet_lite0": ("blocks.1", "blocks.2", "blocks.4", "blocks.6"),
    "xception_mini": ("entry", "middle", "exit"),
    "vit_mini": ("blocks.0", "blocks.2", "blocks.5"),
}
WEIGHTS = {"efficientnet_lite0": "package", "xception_mini": "photographs", "vit_mini": "photographs"}


def photographs(name: str) -> Tensor:
    """Seven photographs that may be shown, as the released network expects them, (7, 3, S, S)."""
    from helpers.pages.l16.trust import foreign_pictures

    released = build_model(name, num_classes=10, weights=WEIGHTS[name])
    pictures = np.stack(list(foreign_pictures(released.image_size).values())).astype(np.float32) / 255
    images = (pictures - np.array(released.mean, np.float32)) / np.array(released.std, np.float32)
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def networks(name: str, images: Tensor) -> Iterator[tuple[str, nn.Module]]:
    """The network with fresh weights, then with released ones, in eval mode."""
    card = MODELS[name]
    blank = Network(lambda size: card.build(10, size), card.image_size, ())
    yield "fresh", random_network(blank, images, seed=0)
    yield "released", build_model(name, num_classes=10, weights=WEIGHTS[name]).model.eval().requires_grad_(False)


def measure(name: str) -> list[dict[str, Any]]:
    """One row a layer and weights: the field in theory, and the side that holds 95 % for each photograph."""
    size = MODELS[name].image_size
    images = photographs(name)
    rows = []
    for weights, model in networks(name, images):
        for layer, field in theory(model, LAYERS[name], size).items():
            shares = [effective_field(model, layer, image[None], seed=k) for k, image in enumerate(images)]
            row = {"model": name, "weights": weights, "layer": layer, "image_px": size}
            row["theory_px"] = None if np.isinf(field.size) else int(field.size)
            row["side95_px"] = [side_holding(share) for share in shares]
            if name == "vit_mini":
                row["own_share"] = [own_patch(share, MODELS[name].patch_size) for share in shares]
            rows.append(row)
    return rows


def own_patch(share: np.ndarray, side: int) -> float:
    """Share of the patch whose token stands in the middle, (H, W) -> ()."""
    row, column = (length // side // 2 * side for length in share.shape)
    return round(float(share[row : row + side, column : column + side].sum()), 5)


if __name__ == "__main__":
    torch.set_num_threads(1)
    rows = [row for name in LAYERS for row in measure(name)]
    found = {"command": "python -m helpers.pages.c07.released", "rows": rows}
    RELEASED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
