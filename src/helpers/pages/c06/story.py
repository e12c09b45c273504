"""The eleven steps of the wall, and the accuracies that torchvision states for its released weights."""

from collections.abc import Mapping
from typing import Any

from torchvision import models

from helpers.pages.c06.bricks import Brick, Conv, brick

STEPS: tuple[tuple[int, str, str, str], ...] = (
    (1998, "LeNet-5", "small kernels, shared;\nsmaller and smaller maps", "one"),
    (2012, "AlexNet", "large, ReLU, dropout,\ntwo graphics cards", "one"),
    (2013, "Network in Network", "1 × 1, and the mean\nin place of linear layers", "mean"),
    (2014, "VGG-16", "nothing but 3 × 3,\nmore of them", "two of 3 × 3"),
    (2014, "GoogLeNet", "narrow first,\nthen look in four ways", "inception"),
    (2015, "Inception-v3", "cut kernels into\n7 × 1 and 1 × 7", "cut"),
    (2015, "ResNet-50", "add the input:\nlearn what is missing", "bottleneck"),
    (2016, "Xception", "each channel alone,\nthen mix", "pair"),
    (2018, "MobileNetV2", "wide inside,\nnarrow in between", "inverted bottleneck"),
    (2019, "EfficientNet-Lite0", "grow depth, width\nand pixels together", "inverted bottleneck"),
    (2022, "ConvNeXt-T", "a ResNet with the habits\nof a Transformer", "ConvNeXt"),
)
OWN: dict[str, Brick] = {
    "one": Brick("one", (Conv(5, 64, 64),)),
    "mean": Brick("mean", (Conv(5, 64, 64), Conv(1, 64, 64), Conv(1, 64, 64))),
    "pair": Brick("pair", 2 * (Conv(3, 64, 64, True), Conv(1, 64, 64)), residual=True),
    "cut": Brick("cut", (Conv(7, 64, 64, flat=True), Conv(7, 64, 64, flat=True))),
}


def steps(parameters: Mapping[str, int]) -> list[dict[str, Any]]:
    """Rows for `figures.timeline`; a network that is not among `parameters` has None."""
    return [
        {"year": year, "name": name, "idea": idea, "parameters": parameters.get(name)}
        | {"brick": OWN.get(block) or brick(block, 64)}
        for year, name, idea, block in STEPS
    ]


RELEASED = (
    ("AlexNet", models.AlexNet_Weights.IMAGENET1K_V1),
    ("VGG-16", models.VGG16_Weights.IMAGENET1K_V1),
    ("GoogLeNet", models.GoogLeNet_Weights.IMAGENET1K_V1),
    ("ResNet-50", models.ResNet50_Weights.IMAGENET1K_V1),
    ("ResNet-50", models.ResNet50_Weights.IMAGENET1K_V2),
    ("Inception-v3", models.Inception_V3_Weights.IMAGENET1K_V1),
    ("MobileNetV2", models.MobileNet_V2_Weights.IMAGENET1K_V1),
    ("ConvNeXt-T", models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1),
)


def released() -> list[dict[str, str]]:
    """Network, release, and top-1 on ImageNet as torchvision states it."""
    found = []
    for name, weights in RELEASED:
        top1 = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        found.append({"network": name, "release": weights.name, "top-1 (%)": f"{top1:.1f}"})
    return found
