"""How near a picture lies to what was learned: its largest cosine with a training picture, between features."""

from typing import Any

import numpy as np
import torch
from torch import nn

from helpers.pages.c18.service import Service, answers


def features_and_logits(service: Service, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the head is given, and what it makes of it: uint8 (n, H, W, 3) -> (n, D), (n, K); the body runs once."""
    head: Any = service.network.head
    service.network.head = nn.Identity()
    try:
        found = answers(service, images)
    finally:
        service.network.head = head
    with torch.inference_mode():
        return found, head(torch.from_numpy(found)).numpy()


def nearness(known: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Features of m known and n asked pictures, (m, D) and (n, D) -> (n,): the larger, the more at home."""
    a, b = (found / np.linalg.norm(found, axis=1, keepdims=True) for found in (asked, known))
    return (a @ b.T).max(1)
