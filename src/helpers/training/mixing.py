"""Mixup and CutMix: a step on images that are blended, or cut together, in pairs, with their labels.

Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018; Yun et al., "CutMix", ICCV 2019. Each batch draws
one of the two, as in the recipe of DeiT; torchvision does the mixing.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.transforms import v2


@dataclass(frozen=True)
class Mixed:
    """Cross-entropy on mixed images and their mixed labels: a step of `helpers.training.fit`.

    Parameters
    ----------
    num_classes
        K.
    mixup, cutmix
        Alpha of the Beta distribution that the share of the first image is drawn from; DeiT's are 0.8 and 1.
    label_smoothing
        Probability spread evenly over the classes.

    Raises
    ------
    ValueError
        For fewer than two classes, or an alpha that is not positive.
    """

    num_classes: int
    mixup: float = 0.8
    cutmix: float = 1.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.num_classes < 2:
            raise ValueError(f"num_classes: expected at least 2, got {self.num_classes}")
        for name in ("mixup", "cutmix"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: expected a number > 0, got {getattr(self, name)}")

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        """(images (B, C, H, W), labels (B,)) -> summed loss, how many mixtures got the image's own class, B."""
        images, labels = batch
        blend = torch.rand(()) < 0.5
        mix = v2.MixUp if blend else v2.CutMix
        mixed, shares = mix(alpha=self.mixup if blend else self.cutmix, num_classes=self.num_classes)(images, labels)
        logits = model(mixed).float()  # (B, K); shares (B, K)
        loss = nn.functional.cross_entropy(logits, shares, reduction="sum", label_smoothing=self.label_smoothing)
        return loss, (logits.detach().argmax(dim=1) == labels).sum(), len(labels)
