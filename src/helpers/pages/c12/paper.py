"""Figures that the ViT paper reports in its table 5: ImageNet top-1 after fine-tuning at 384 px, in percent.

Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021. Columns: pre-trained on ImageNet-1k (1.3 million
photographs), on ImageNet-21k (14 million), on JFT (303 million, which is not public).
"""

import math

PHOTOGRAPHS = {"ImageNet-1k": 1.3e6, "ImageNet-21k": 14e6, "JFT": 303e6}
TABLE5: dict[str, tuple[float, float, float]] = {
    "B/32": (73.38, 81.28, 80.73),
    "L/32": (71.16, 80.99, 84.37),
    "B/16": (77.91, 83.97, 84.15),
    "L/16": (76.53, 85.15, 87.12),
    "H/14": (math.nan, 85.13, 88.04),
}
DEIT_B = 81.8  # DeiT paper, table 8: the network of B/16, ImageNet-1k alone, 224 px, another recipe
DEIT3_B = 83.8  # released code of DeiT III: the same network and data, 224 px
AUGREG_B, SAM_B = 79.15, 80.25  # timm's table of released B/16 weights, ImageNet-1k, 224 px
CIFAR = {"fractals": 97.8, "photographs without labels": 97.4, "ImageNet with labels": 98.0}  # Nakashima et al. 2022
MASKED, MASKED_GAIN, BEHIND_LABELS = (
    79.9,
    2.0,
    4.0,
)  # ViT paper, B/16: masked patches; points over scratch; behind labels
EARLY = (1, 2)  # points, Xiao et al. 2021
