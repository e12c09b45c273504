"""EfficientNet-Lite0 with its released weights, and the seven photographs that may be printed."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.data.samples import sample_photographs
from helpers.models.pretrained import build_model

NAME, CLASSES = "efficientnet_lite0", 1000


@cache
def ready() -> Any:
    """The network with its 1000 ImageNet outputs and the preprocessing of its weights."""
    return build_model(NAME, CLASSES, weights="package", with_head=True)


def network() -> Any:
    """The network alone, in eval mode."""
    return ready().model.eval().requires_grad_(False)


def pixels(size: int = 224) -> np.ndarray:
    """The photographs, the cat first, uint8 (7, S, S, 3)."""
    return np.stack(list(sample_photographs(size).values()))


def pictures() -> Tensor:
    """The photographs as the network expects them, (7, 3, 224, 224)."""
    found = pixels(ready().image_size).astype(np.float32) / 255
    found = (found - np.array(ready().mean, np.float32)) / np.array(ready().std, np.float32)
    return torch.from_numpy(found).permute(0, 3, 1, 2).contiguous()
