"""The network that goes to work on this page: a small one of the course, frozen, with a new head for twelve breeds.

`Service` holds the whole path from the pixels of a file to the logits, so that nothing is left for others to guess.
"""

import numpy as np
import torch
from torch import Tensor, nn

from helpers.data.base import Split
from helpers.measure.logistic_probe import fit_probe
from helpers.models.pretrained import Pretrained, build_model

BREEDS = 12
STRENGTH = 1.0  # scikit-learn's default; nothing was chosen


class Service(nn.Module):
    """uint8 pixels (B, H, W, 3) -> logits (B, K): what is deployed is not the network but this."""

    mean: Tensor
    std: Tensor

    def __init__(self, ready: Pretrained) -> None:
        super().__init__()
        self.network = ready.model
        self.register_buffer("mean", torch.tensor(ready.mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(ready.std).view(3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, H, W, 3) in 0..255 -> (B, K)."""
        x = pixels.permute(0, 3, 1, 2).float() / 255  # (B, 3, H, W)
        return self.network((x - self.mean) / self.std)


@torch.inference_mode()
def answers(service: nn.Module, images: np.ndarray, batch: int = 60) -> np.ndarray:
    """What the service says of uint8 (n, H, W, 3): (n, K) float32.

    Raises
    ------
    ValueError
        Without an image.
    """
    if not len(images):
        raise ValueError("images: expected at least one, got none")
    service.eval()
    return torch.cat([service(part) for part in torch.from_numpy(images).split(batch)]).numpy()


def trained_service(name: str, train: Split) -> Service:
    """The named small network with its shipped weights, frozen; its head fitted to the training dogs in one go.

    Parameters
    ----------
    name
        `xception_mini` or `vit_mini`.
    train
        Drawn dogs of the twelve breeds.
    """
    ready = build_model(name, BREEDS, weights="shipped")
    service = Service(ready)
    head = ready.head
    ready.model.head = nn.Identity()
    probe = fit_probe(answers(service, train.images), train.labels, BREEDS, STRENGTH)
    ready.model.head = head
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(probe.weight))  # type: ignore[operator]
        head.bias.copy_(torch.from_numpy(probe.bias))  # type: ignore[operator]
    return service.eval()
