"""Effective fields of released weights beside fresh ones, on photographs; the recorded numbers are in released.json.

EfficientNet-Lite0 comes with its weights as a Python package (the extra `labs`), so it needs no hub. The two small
networks are the course's own, pre-trained on photographs of 64 pixels. Measured as in lab 3, but on photographs: a
trained network is made for those. Batch norms of fresh networks take the statistics of the same photographs.
"""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from helpers.data.decode import decode_image
from helpers.measure.receptive_field import effective_field, fields_by_layer, side_holding
from helpers.models.pretrained import MODELS, build_model

RELEASED = Path(__file__).with_name("released.json")
LAYERS = {
    "efficientnet_lite0": ("blocks.1", "blocks.2", "blocks.4", "blocks.6"),
    "xception_mini": ("entry", "middle", "exit"),
    "vit_mini": ("blocks.0", "blocks.2", "blocks.5"),
}
WEIGHTS = {"efficientnet_lite0": "package", "xception_mini": "photographs", "vit_mini": "photographs"}


def photographs(name: str) -> Tensor:
    """Seven photographs that may be shown, as the released network expects them, (7, 3, S, S).

    chelsea (CC0, Stefan van der Walt), coffee (CC0, Rachel Michetti), astronaut and Hubble deep field (NASA), rocket
    (SpaceX), all public domain or CC0; china and flower (CC BY 2.0, see scikit-learn's README for the photographers).
    """
    from skimage import data
    from sklearn.datasets import load_sample_image

    released = build_model(name, num_classes=10, weights=WEIGHTS[name])
    arrays = [data.chelsea(), data.coffee(), data.astronaut(), data.rocket(), data.hubble_deep_field()]
    pictures = []
    for array in [*arrays, load_sample_image("china.jpg"), load_sample_image("flower.jpg")]:
        file = io.BytesIO()
        Image.fromarray(array).save(file, format="PNG", compress_level=1)
        pictures.append(decode_image(file.getvalue(), released.image_size))
    images = np.stack(pictures).astype(np.float32) / 255
    images = (images - np.array(released.mean, np.float32)) / np.array(released.std, np.float32)
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def fresh_network(name: str, images: Tensor, seed: int = 0) -> nn.Module:
    """The network as at its first training step: fresh weights, batch norms with the statistics of these images."""
    card = MODELS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = card.build(10, card.image_size)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # keep the statistics of this pass alone
    if norms:
        with torch.no_grad():
            model.train()(images)
    return model


def networks(name: str, images: Tensor) -> Iterator[tuple[str, nn.Module]]:
    """The network with fresh weights, then with released ones, in eval mode."""
    yield "fresh", fresh_network(name, images).eval().requires_grad_(False)
    yield "released", build_model(name, num_classes=10, weights=WEIGHTS[name]).model.eval().requires_grad_(False)


def measure(name: str) -> list[dict[str, Any]]:
    """One row a layer and weights: the field in theory, and the side that holds 95 % for each photograph."""
    images = photographs(name)
    size = images.shape[-1]
    rows = []
    for weights, model in networks(name, images):
        fields = fields_by_layer(model, size)
        for layer in LAYERS[name]:
            widest = max(field.size for where, field in fields.items() if f"{where}.".startswith(f"{layer}."))
            shares = [effective_field(model, layer, image[None], seed=k) for k, image in enumerate(images)]
            row = {"model": name, "weights": weights, "layer": layer, "image_px": size}
            row["theory_px"] = None if np.isinf(widest) else int(widest)
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
