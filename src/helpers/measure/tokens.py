"""What two tokens of a DeiT have in common: their angle after every layer, and the two ways to fuse their answers.

Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021, section 4.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


def token_cosines(model: Any, images: Tensor) -> np.ndarray:
    """Cosine of class and distillation token, mean over images: at the input and after each block, (L + 1,).

    The input is what enters the first block: token plus position, the same for every image.

    Parameters
    ----------
    model
        A `helpers.models.deit.DeiT`; its mode is left as it was.
    images
        (B, 3, H, W), as the model expects them.
    """
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            x = model.embed(images)  # (B, N, D)
            cosines = [functional.cosine_similarity(x[:, 0], x[:, 1], dim=-1).mean().item()]
            for block in model.blocks:
                x = block(x)  # (B, N, D)
                cosines.append(functional.cosine_similarity(x[:, 0], x[:, 1], dim=-1).mean().item())
    finally:
        model.train(training)
    return np.array(cosines)


def fused(by_label: Tensor, by_teacher: Tensor) -> tuple[Tensor, Tensor]:
    """The class chosen by the mean of the logits, and by the mean of the probabilities, (B, K) twice -> (B,) twice."""
    probabilities = by_label.softmax(dim=-1) + by_teacher.softmax(dim=-1)  # (B, K)
    return (by_label + by_teacher).argmax(dim=-1), probabilities.argmax(dim=-1)
