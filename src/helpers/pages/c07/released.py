"""Effective fields of released weights beside fresh ones, on photographs; recorded as `07_fields`.

EfficientNet-Lite0 comes with its weights as a Python package (the extra `labs`), so it needs no hub. The two small
networks are the course's own, pre-trained on photographs of 64 pixels. Measured as in lab 3, but on photographs: a
trained network is made for those. Batch norms of fresh networks take the statistics of the same photographs.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data.samples import sample_photographs
from helpers.measure.receptive_field import (
    central_patch,
    effective_field,
    fields_by_layer,
    side_holding,
    with_statistics_of,
)
from helpers.models.pretrained import MODELS, build_model
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

FIELDS = "07_fields"
SEED = 0  # of the fresh weights
LAYERS = {
    "efficientnet_lite0": ("blocks.1", "blocks.2", "blocks.4", "blocks.6"),
    "xception_mini": ("entry", "middle", "exit"),
    "vit_mini": ("blocks.0", "blocks.2", "blocks.5"),
}
WEIGHTS = {"efficientnet_lite0": "package", "xception_mini": "photographs", "vit_mini": "photographs"}


def photographs(name: str) -> Tensor:
    """The seven of `helpers.data.samples`, as the released network expects them, (7, 3, S, S)."""
    released = build_model(name, num_classes=10, weights=WEIGHTS[name])
    images = np.stack(list(sample_photographs(released.image_size).values())).astype(np.float32) / 255
    images = (images - np.array(released.mean, np.float32)) / np.array(released.std, np.float32)
    return torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()


def networks(name: str, images: Tensor) -> Iterator[tuple[str, nn.Module]]:
    """The network as at its first training step, then with released weights, both in eval mode."""
    card = MODELS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        fresh = card.build(10, card.image_size)
    yield "fresh", with_statistics_of(fresh, images).requires_grad_(False)
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
            row = {"model": name, "weights": weights, "seed": SEED, "layer": layer, "image_px": size}
            row["theory_px"] = None if np.isinf(widest) else int(widest)
            row["side95_px"] = [side_holding(share) for share in shares]
            if name == "vit_mini":
                side = MODELS[name].patch_size
                row["own_share"] = [round(float(central_patch(share, side).sum()), 5) for share in shares]
            rows.append(row)
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    measured = [row for name in LAYERS for row in measure(name)]
    record = make_record(
        FIELDS,
        "cpu",
        parameters={"command": "python -m helpers.pages.c07.released", "layers": LAYERS, "weights": WEIGHTS},
        runs=measured,
        summary={},
        started_at=begun,
        script=Path(__file__),
    )
    write_atomically(result_path(project_root() or Path(), FIELDS, "cpu"), record.model_dump_json(indent=None) + "\n")
