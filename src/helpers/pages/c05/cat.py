"""The cat of this chapter: a photograph of Chelsea (CC0, Stéfan van der Walt) from scikit-image."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from helpers.models.pretrained.package import MEAN, STD


def small_grey_cat() -> np.ndarray:
    """Grey levels of the whole photograph, made small: uint8 (72, 108).

    Raises
    ------
    ImportError
        Where scikit-image is missing; it comes with the extra `labs`.
    """
    from skimage import data

    return np.asarray(Image.fromarray(data.cat()).convert("L").resize((108, 72), Image.Resampling.LANCZOS))


def square_cat(side: int = 224) -> np.ndarray:
    """The cat's face, square, in colour: uint8 (S, S, 3); ImportError as `small_grey_cat`."""
    from skimage import data

    face = data.cat()[:, 70:370]  # (300, 300, 3)
    return np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC))


def as_efficientnet_wants_it(picture: np.ndarray) -> Tensor:
    """uint8 (H, W, 3) -> normalised float (1, 3, H, W), with the mean and deviation of the released weights."""
    x = torch.tensor(picture).permute(2, 0, 1)[None] / 255
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (x - mean) / std
