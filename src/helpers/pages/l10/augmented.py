"""One augmentation more than mirror and crop, done to each batch: a step of `helpers.training.fit`.

torchvision changes the images: RandAugment (Cubuk et al., CVPR Workshops 2020), Mixup (Zhang et al., ICLR 2018), CutMix
(Yun et al., ICCV 2019), random erasing (Zhong et al., AAAI 2020). All draws come from torch's generator, which `fit`
seeds anew at every update.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.transforms import v2

from helpers.pages.l10.methods import ARMS

MIXUP, CUTMIX = 0.8, 1.0  # alpha of the Beta distribution, as in DeiT
OPERATIONS, MAGNITUDE = 2, 9  # of RandAugment, as in DeiT
ERASED = 0.25  # share of the images that lose a rectangle, as in DeiT


@dataclass(frozen=True)
class Augmented:
    """Cross-entropy on images that were changed once more.

    Parameters
    ----------
    arm
        One of `ARMS`; the first two leave the batch as it comes.
    num_classes
        K.
    mean, std
        By which the images were normalised, three numbers each in units of 0..1.
    label_smoothing
        Probability spread evenly over the classes.

    Raises
    ------
    ValueError
        For another arm.
    """

    arm: str
    num_classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.arm not in ARMS:
            raise ValueError(f"arm: expected one of {', '.join(ARMS)}, got {self.arm!r}")

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        """(images (B, 3, H, W), labels (B,)) -> summed loss, how many got the image's own class, B."""
        images, labels = batch
        changed, targets = self.changed(images, labels)
        logits = model(changed).float()  # (B, K)
        loss = nn.functional.cross_entropy(logits, targets, reduction="sum", label_smoothing=self.label_smoothing)
        return loss, (logits.detach().argmax(dim=1) == labels).sum(), len(labels)

    def changed(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images of the same shape, and labels (B,) or shares of the classes (B, K)."""
        if self.arm == "mixup":
            return v2.MixUp(alpha=MIXUP, num_classes=self.num_classes)(images, labels)  # type: ignore[no-any-return]
        if self.arm == "cutmix":
            return v2.CutMix(alpha=CUTMIX, num_classes=self.num_classes)(images, labels)  # type: ignore[no-any-return]
        if self.arm == "erasing":
            return torch.stack([v2.RandomErasing(p=ERASED)(image) for image in images]), labels  # to the mean: 0
        if self.arm == "rand":
            return self.rand_augmented(images), labels
        return images, labels

    def rand_augmented(self, images: Tensor) -> Tensor:
        """Each image by two operations of its own, float32 (B, 3, H, W) -> the same shape."""
        mean, std = (torch.tensor(part, device=images.device).view(3, 1, 1) for part in (self.mean, self.std))
        grey = tuple(int(255 * part) for part in self.mean)  # what turning and shearing leave empty
        change = v2.RandAugment(num_ops=OPERATIONS, magnitude=MAGNITUDE, fill=grey)
        pixels = (255 * (images * std + mean)).round().clamp(0, 255).to(torch.uint8)
        return (torch.stack([change(image) for image in pixels]).float() / 255 - mean) / std
