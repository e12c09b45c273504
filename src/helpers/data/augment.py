"""Random resized crop and mirroring, drawn for every sample on its own.

The crop is that of Szegedy et al. (2015), "Going Deeper with Convolutions", section 6, in torchvision's form (up to
ten draws, then the whole frame), with antialiased bilinear interpolation. The smallest area is 0.35 of the frame by
default instead of torchvision's 0.08: our photographs are already cut to the dog.

A crop is cut and resized in one of two ways that agree within one of 256 levels: on a CPU image after image, where
torch interpolates uint8 without a detour through floats; on a GPU the whole batch in two matrix products.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

TRIES = 10  # as in torchvision.transforms.RandomResizedCrop


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a training image.

    Parameters
    ----------
    scale
        Smallest and largest area of the crop, as a share of the frame.
    ratio
        Smallest and largest width / height of the crop.
    flip
        Probability of mirroring left and right.

    Raises
    ------
    ValueError
        For a share outside of (0, 1], a ratio that is not positive, limits in the wrong order.
    """

    scale: tuple[float, float] = (0.35, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.scale[0] <= self.scale[1] <= 1:
            raise ValueError(f"scale: expected 0 < smallest <= largest <= 1, got {self.scale}")
        if not 0 < self.ratio[0] <= self.ratio[1]:
            raise ValueError(f"ratio: expected 0 < smallest <= largest, got {self.ratio}")
        if not 0 <= self.flip <= 1:
            raise ValueError(f"flip: expected a probability, got {self.flip}")

    def draw(self, rng: np.random.Generator, count: int, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw a rectangle and a mirroring per sample, in a square frame of `side` pixels.

        area ~ U(scale) · side², log(width / height) ~ U(log ratio), place uniform; the first of ten draws that
        fits is taken, else the whole frame.

        Parameters
        ----------
        rng
            Where the draws come from.
        count
            B, how many samples.
        side
            Of the frame.

        Returns
        -------
        crops : np.ndarray
            int64 (B, 4): top, left, height, width in pixels.
        mirrored : np.ndarray
            bool (B,).
        """
        area = side * side * rng.uniform(*self.scale, size=(count, TRIES))
        narrow, wide = np.log(self.ratio)
        aspect = np.exp(rng.uniform(narrow, wide, size=(count, TRIES)))
        width = np.rint(np.sqrt(area * aspect)).astype(np.int64)  # (B, 10)
        height = np.rint(np.sqrt(area / aspect)).astype(np.int64)
        fits = (width >= 1) & (width <= side) & (height >= 1) & (height <= side)
        sample, first = np.arange(count), fits.argmax(axis=1)
        width = np.where(fits.any(axis=1), width[sample, first], side)  # (B,)
        height = np.where(fits.any(axis=1), height[sample, first], side)
        top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
        return np.stack([top, left, height, width], axis=1), rng.random(count) < self.flip


def resize_weights(start: torch.Tensor, length: torch.Tensor, side: int, size: int) -> torch.Tensor:
    """Write the antialiased bilinear resize of [start, start + length) on one axis as a matrix per sample.

    w[o, i] ∝ max(0, 1 − |i + ½ − c_o| / max(r, 1)), c_o = start + r (o + ½), r = length / size, rows sum to 1;
    this is what ``interpolate(..., antialias=True)`` computes.

    start, length (B,) -> (B, size, side)
    """
    start, length = start[:, None, None], length[:, None, None]
    rate = length / size
    centre = start + rate * (torch.arange(size, device=start.device)[:, None] + 0.5)  # (B, size, 1)
    pixel = torch.arange(side, device=start.device)
    weights = (1 - (pixel + 0.5 - centre).abs() / rate.clamp(min=1)).clamp(min=0)  # (B, size, side)
    weights = weights * ((pixel >= start) & (pixel < start + length))
    return weights / weights.sum(dim=2, keepdim=True)


def crop_batch(pixels: torch.Tensor, crops: np.ndarray, mirrored: np.ndarray, size: int) -> torch.Tensor:
    """Cut, resize and mirror a whole batch on its device in two products, rows then columns.

    pixels uint8 (B, S, S, 3), crops (B, 4), mirrored (B,) -> float32 (B, 3, size, size) in 0..255
    """
    side, device = pixels.shape[1], pixels.device
    top, left, height, width = torch.from_numpy(crops).to(device).float().unbind(1)
    down = resize_weights(top, height, side, size)  # (B, H, S)
    across = resize_weights(left, width, side, size)  # (B, W, S)
    across = torch.where(torch.from_numpy(mirrored).to(device)[:, None, None], across.flip(1), across)
    images = pixels.permute(0, 3, 1, 2).float()  # (B, 3, S, S)
    with torch.autocast(device.type, enabled=False):  # bf16 has fewer levels than a photograph
        return down[:, None] @ images @ across[:, None].transpose(2, 3)  # (B, 3, H, W)


def crop_each(
    pixels: torch.Tensor,
    rows: np.ndarray,
    crops: np.ndarray,
    mirrored: np.ndarray,
    images: torch.Tensor,
    gain: torch.Tensor,
    offset: torch.Tensor,
) -> None:
    """Cut, resize and mirror one row after the other on a CPU, and put crop · gain + offset into `images`.

    pixels uint8 (N, S, S, 3), rows (B,), crops (B, 4), mirrored (B,), gain and offset (3, 1, 1)
    -> images float32 (B, 3, size, size)
    """
    size = images.shape[-1]
    for row, rectangle, mirror, image in zip(rows.tolist(), crops.tolist(), mirrored, images, strict=True):
        top, left, height, width = rectangle
        crop = pixels[row, top : top + height, left : left + width].permute(2, 0, 1)[None]
        if (height, width) != (size, size):
            crop = functional.interpolate(crop, (size, size), mode="bilinear", antialias=True)
        crop = crop.flip(3) if mirror else crop  # (1, 3, size, size)
        image.copy_(crop[0]).mul_(gain).add_(offset)
