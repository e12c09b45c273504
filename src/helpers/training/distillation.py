"""A step of training with a teacher, as DeiT takes it: half of the lesson is the label, half the teacher's decision.

Touvron et al., "Training data-efficient image transformers & distillation through attention", ICML 2021, section 4.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.training.losses import hard_distillation


@dataclass(frozen=True)
class HardDistillation:
    """The class token learns the labels, the distillation token the teacher's decisions on the same pixels.

    A step for `helpers.training.fit`; the student takes `return_heads=True`, as `helpers.models.deit.DeiT` does.

    Parameters
    ----------
    teacher
        Maps images to logits (B, K); in eval mode, its parameters frozen, on the student's device.
    label_smoothing
        Of the labels alone.
    """

    teacher: nn.Module
    label_smoothing: float = 0.0

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        """(images (B, C, H, W), labels (B,)) -> summed loss, right answers, B."""
        images, labels = batch
        with torch.no_grad():
            decisions = self.teacher(images)  # (B, K)
        by_label, by_teacher = model(images, return_heads=True)  # (B, K) each
        loss = hard_distillation(by_label, by_teacher, decisions, labels, smoothing=self.label_smoothing)
        right = ((by_label + by_teacher).detach().argmax(dim=1) == labels).sum()
        return loss * len(labels), right, len(labels)
