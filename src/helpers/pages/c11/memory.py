r"""What a training step keeps in memory, in 32-bit floats: weights and their company once, activations for each image.

Weights, gradients and the two moments of Adam are 16 bytes for each of P parameters. A ViT keeps for an image
$4\,[L(16ND + hN^2) + ND + 3S^2]$ bytes where attention is not fused: two norms, queries, keys and values, what enters
the projection, the second norm, the MLP before and after its GELU; the attention maps; the last norm; the pixels. What
a CNN keeps grows with its number of pixels, and is counted by `helpers.measure.cost.saved_activation_bytes`.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torchvision.models import mobilenet_v2

from helpers.measure.cost import count_parameters, saved_activation_bytes
from helpers.models.resnet import ResNet
from helpers.models.vgg import VGG
from helpers.models.vit import VIT_CONFIGS, ViT
from helpers.models.xception import Xception

MIB = 2**20
STATES = 16  # bytes a parameter: weight, gradient, two moments
CNNS = {"MobileNetV2": mobilenet_v2, "ResNet-50": ResNet, "VGG-16": VGG, "Xception": Xception}
VITS = {"ViT-Ti": "Ti", "ViT-S": "S", "ViT-B": "B"}
COUNTED_AT = 224  # pixels


@dataclass(frozen=True)
class Network:
    """One of the networks of the explorer.

    Attributes
    ----------
    name
        What the page calls it.
    shape
        Of a ViT (depth L, width D, heads h); None of a CNN.
    parameters
        Of a CNN; a ViT's follow from its shape, its patches and the image.
    bytes_at_224
        Kept for an image of 224 px by a CNN; None of a ViT.
    """

    name: str
    shape: tuple[int, int, int] | None
    parameters: int | None = None
    bytes_at_224: float | None = None

    def fixed(self, image_size: int, patch: int) -> float:
        """Bytes that do not grow with the batch."""
        return float(STATES * (self.parameters or vit_parameters(*self._vit(), image_size, patch)))

    def per_image(self, image_size: int, patch: int) -> float:
        """Bytes of activations kept for one image."""
        if self.bytes_at_224 is not None:
            return self.bytes_at_224 * (image_size / COUNTED_AT) ** 2
        return vit_bytes(*self._vit(), image_size, patch)

    def total(self, batch: int, image_size: int, patch: int) -> float:
        """Bytes of a training step."""
        return self.fixed(image_size, patch) + batch * self.per_image(image_size, patch)

    def _vit(self) -> tuple[int, int, int]:
        if self.shape is None:
            raise ValueError(f"{self.name}: expected the shape of a ViT")
        return self.shape


def tokens(image_size: int, patch: int) -> int:
    """N, the class token among them.

    Raises
    ------
    ValueError
        If the patches do not tile the image.
    """
    if image_size % patch:
        raise ValueError(f"patch: expected a divisor of {image_size} pixels, got {patch}")
    return 1 + (image_size // patch) ** 2


def vit_bytes(depth: int, width: int, heads: int, image_size: int, patch: int) -> float:
    """Bytes of activations that a ViT keeps for one image, attention not fused: the formula of this module."""
    n = tokens(image_size, patch)
    return 4.0 * (depth * (16 * n * width + heads * n**2) + n * width + 3 * image_size**2)


def vit_parameters(depth: int, width: int, heads: int, image_size: int, patch: int, num_classes: int = 1000) -> int:
    """Weights and biases of a ViT; the number of heads changes none of them."""
    del heads
    ends = 3 * patch**2 * width + width + width + tokens(image_size, patch) * width + 2 * width
    return ends + depth * (12 * width**2 + 13 * width) + width * num_classes + num_classes


def networks() -> list[Network]:
    """The three ViTs, and the four CNNs, counted on the meta device."""
    found = []
    for name, key in VITS.items():
        config = VIT_CONFIGS[key]
        found.append(Network(name, (config["depth"], config["embed_dim"], config["num_heads"])))
    with torch.device("meta"):
        for name, build in CNNS.items():
            model = build()
            kept = saved_activation_bytes(model, COUNTED_AT)
            found.append(Network(name, None, count_parameters(model)["total"], kept))
    return found


def crossing(one: Network, other: Network, image_size: int, patch: int) -> float | None:
    """The batch at which both take the same memory; None where one needs less at every batch."""
    fixed = one.fixed(image_size, patch) - other.fixed(image_size, patch)
    slope = other.per_image(image_size, patch) - one.per_image(image_size, patch)
    if slope == 0 or fixed / slope <= 0:
        return None
    return fixed / slope


def counted_vit(key: str, image_size: int, patch: int) -> tuple[int, float]:
    """Parameters of a ViT, and bytes that it keeps for an image, both counted on the meta device."""
    with torch.device("meta"):
        config: dict[str, Any] = VIT_CONFIGS[key]
        model = ViT(image_size, patch, **config)
        return count_parameters(model)["total"], saved_activation_bytes(model, image_size)
