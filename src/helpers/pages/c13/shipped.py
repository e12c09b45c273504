"""The DeiT-mini that ships with the package, on pieces of photographs that may be printed; what the three were worth.

Xception-mini, ViT-mini and DeiT-mini saw the same photographs of Tiny ImageNet in the same order, as often;
Xception-mini taught DeiT-mini. One training each.
"""

import json
from typing import Any

import numpy as np
import skimage.data
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from helpers.data.base import Split
from helpers.data.views import FixedViews
from helpers.models.deit import DeiT
from helpers.models.pretrained import OURS

FOLDER = OURS["photographs"]
PHOTOGRAPHS = ("cat", "coffee", "astronaut", "rocket")
SIDE = 64


def accounts() -> dict[str, dict[str, Any]]:
    """Model -> its `value`, `low` and `high` on the validation photographs, `n`, and `seen`, photographs looked at."""
    found = {}
    for name in ("vit_mini", "deit_mini", "xception_mini"):
        account = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        found[name] = account["epochs"][-1]["test_top1"] | {
            "n": account["data"]["n_test"],
            "seen": account["images_seen"],
        }
    return found


def deit_mini() -> DeiT:
    """The network with its numbers, in eval mode."""
    account = json.loads((FOLDER / "deit_mini.json").read_text(encoding="utf-8"))
    model = DeiT(SIDE, 8, account["data"]["num_classes"], embed_dim=128, depth=6, num_heads=4)
    state = load_file(FOLDER / "deit_mini.safetensors")
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    return model.eval()


def pieces(count: int = 50, seed: int = 0) -> Tensor:
    """`count` crops of each photograph as the network reads them, float32 (4 count, 3, 64, 64)."""
    pictures = []
    for name in PHOTOGRAPHS:
        picture = getattr(skimage.data, name)()
        side = min(picture.shape[:2])
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        square = Image.fromarray(picture[top : top + side, left : left + side])
        pictures.append(np.asarray(square.resize((4 * SIDE, 4 * SIDE), Image.Resampling.BICUBIC)))
    split = Split(np.stack(pictures), np.arange(len(pictures), dtype=np.int64), PHOTOGRAPHS)
    views = FixedViews(split, count, seed=seed).pixels.flatten(0, 1).float() / 255  # (4 count, 3, 256, 256)
    small = torch.nn.functional.interpolate(views, size=(SIDE, SIDE), mode="area")
    return (small - 0.5) / 0.5


def tokens_or_heads(model: DeiT, images: Tensor) -> dict[str, float]:
    """In what share of images (B, 3, H, W) two answers are different classes.

    Returns
    -------
    dict
        `heads_differ`: the two heads, each on its own token; `heads_alone`: both heads on the class token;
        `tokens_alone`: the label's head on the class token and on the distillation token.
    """
    with torch.no_grad():
        tokens = model.embed(images)  # (B, N, D)
        for block in model.blocks:
            tokens = block(tokens)
        by_label, by_teacher = model.heads(tokens)  # (B, K) each
        one_token, exchanged = tokens.clone(), tokens.clone()
        one_token[:, 1] = tokens[:, 0]
        exchanged[:, 0], exchanged[:, 1] = tokens[:, 1], tokens[:, 0]
        on_one, on_exchanged = model.heads(one_token), model.heads(exchanged)
    pairs = {"heads_differ": (by_label, by_teacher), "heads_alone": on_one, "tokens_alone": (by_label, on_exchanged[0])}
    return {name: (a.argmax(1) != b.argmax(1)).double().mean().item() for name, (a, b) in pairs.items()}
