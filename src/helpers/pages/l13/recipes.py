"""The recipes of lab 13: a step of `helpers.training.fit` that changes every second picture, or none.

Random erasing is Zhong et al., AAAI 2020, as torchvision has it, with rectangles of noise or of black. All draws
come from torch's generator, which `fit` seeds anew at every update.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import v2

from helpers.pages.l13.methods import BLACKENED, BLURRED, ERASED, RECIPES

PART = 0.5  # of the pictures that are changed
AREA = (0.1, 0.5)  # of the picture that one rectangle hides
NEAREST, FARTHEST = 2, 8  # times as far


@dataclass(frozen=True)
class Recipe:
    """Cross-entropy on pictures of which every second one is changed.

    Parameters
    ----------
    name
        One of `RECIPES`.
    black
        What a black pixel is in normalised images, a number a channel.

    Raises
    ------
    ValueError
        For another name.
    """

    name: str
    black: tuple[float, ...] = (-1.0, -1.0, -1.0)

    def __post_init__(self) -> None:
        if self.name not in RECIPES:
            raise ValueError(f"recipe: expected one of {', '.join(RECIPES)}, got {self.name!r}")

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        """(images (B, 3, S, S), people (B,)) -> summed loss, how many were named, B."""
        images, people = batch
        logits = model(self.changed(images)).float()  # (B, K)
        loss = F.cross_entropy(logits, people, reduction="sum")
        return loss, (logits.detach().argmax(dim=1) == people).sum(), len(people)

    def changed(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, S, S) -> the same shape."""
        if self.name in (ERASED, BLACKENED):
            value = "random" if self.name == ERASED else list(self.black)
            erase = v2.RandomErasing(p=PART, scale=AREA, value=value)  # type: ignore[arg-type]
            return torch.stack([erase(image) for image in images])
        if self.name == BLURRED:
            return torch.stack([seen_from_afar(image) if torch.rand(()) < PART else image for image in images])
        return images


def seen_from_afar(image: Tensor) -> Tensor:
    """One picture (3, S, S) averaged down to between S / 2 and S / 8 pixels, and brought back between them."""
    size = image.shape[-1]
    small = int(torch.randint(size // FARTHEST, size // NEAREST + 1, ()))
    far = F.interpolate(image[None], (small, small), mode="area")
    return F.interpolate(far, (size, size), mode="bilinear")[0]
