"""A photograph of the reader's: networks that know photographs, their maps, and what deletion says of a map."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from helpers.data.decode import read_picture
from helpers.measure.faithfulness import Explanation, perturbation_curve
from helpers.measure.grad_cam import grad_cam, input_gradient
from helpers.models.pretrained import Pretrained, build_model
from helpers.pages.l12 import maps, pictures

LITE = "efficientnet_lite0"
OUTPUTS = {LITE: 1000, "xception_mini": 194, "vit_mini": 194}  # ImageNet; Tiny ImageNet without its dogs
LABELS = {LITE: "EfficientNet-Lite0, 224 px", "xception_mini": "Xception-mini, 64 px", "vit_mini": "ViT-mini, 64 px"}
LAYERS = {
    LITE: ("blocks.1", "blocks.2", "blocks.4", "blocks.5", "bn2"),
    "xception_mini": ("entry.7", "middle", "exit"),
    "vit_mini": tuple(f"blocks.{k}.norm1" for k in range(6)),
}
CAM, ATTENTION = "Grad-CAM", "attention"
HEADS = 4  # of ViT-mini
STEPS, LOTS = 10, 4  # of a curve; random maps that chance is the mean of


def methods(name: str) -> tuple[str, ...]:
    """The maps that the controls offer of a network."""
    return (
        CAM,
        "gradient",
        "occlusion",
        "a blob in the middle",
        *((ATTENTION, "rollout") if name == "vit_mini" else ()),
    )


@cache
def ready(name: str) -> Pretrained:
    """A network that has learned from photographs, with its own outputs, in eval mode."""
    weights = "package" if name == LITE else "photographs"
    found = build_model(name, OUTPUTS[name], weights=weights, with_head=True)
    found.model.eval().requires_grad_(False)
    return found


def pixels_of(picture: str | None, size: int) -> np.ndarray:
    """The reader's photograph, or the cat of scikit-image, squashed to a square, uint8 (S, S, 3).

    Raises
    ------
    ValueError
        For a file that cannot be read.
    ImportError
        Without a photograph and without scikit-image.
    """
    if picture is not None:
        return read_picture(picture, size)
    from helpers.data.samples import sample_photographs

    return sample_photographs(size)["a cat"]


def as_input(pixels: np.ndarray, network: Pretrained) -> Tensor:
    """uint8 (S, S, 3) -> float32 (1, 3, S, S), as the network expects it."""
    found = (pixels.astype(np.float32) / 255 - np.array(network.mean, np.float32)) / np.array(network.std, np.float32)
    return torch.from_numpy(found).permute(2, 0, 1)[None].contiguous()


def answer(name: str, image: Tensor) -> tuple[Tensor, str]:
    """The class that a network names, (1,), and how to print it."""
    with torch.no_grad():
        shares = ready(name).model(image).softmax(-1)[0]
    number = int(shares.argmax())
    word = f"its class {number}"
    if name == LITE:
        from timm.data import ImageNetInfo

        word = ImageNetInfo().index_to_description(number).split(",")[0]
    return torch.tensor([number]), f"{word}, {100 * float(shares[number]):.0f} %"


def explanation(name: str, method: str, layer: str, head: int | None) -> Explanation:
    """The map that the controls ask for; `layer` counts for Grad-CAM and attention, `head` for attention alone."""
    if method == CAM:
        return partial(grad_cam, layer=layer)
    if method == ATTENTION:
        return partial(maps.attention_of, block=int(layer.split(".")[1]), head=head)
    plain: Mapping[str, Explanation] = {
        "gradient": input_gradient,
        "occlusion": maps.occlusion,
        "rollout": maps.rollout_of,
    }
    return plain.get(method, maps.blob)


def at_hand(names: Sequence[str], picture: str | None) -> tuple[list[str], dict[str, str]]:
    """Which of the networks can be asked about the photograph, and of what is left out why: part -> reason.

    Raises
    ------
    ValueError
        For a photograph of the reader's that cannot be read.
    """
    found, missing = [], {}
    try:
        pixels_of(picture, 64)
    except ImportError as error:
        return [], {"the photograph": str(error)}
    for name in names:
        try:
            ready(name)
        except FileNotFoundError as error:
            missing[LABELS[name]] = str(error)
        else:
            found.append(name)
    return found, missing


@cache
def chance(name: str, picture: str | None, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean deletion curve of random maps on a grid, (T,) shares and (T,) probabilities."""
    image = as_input(pixels_of(picture, ready(name).image_size), ready(name))
    classes, _ = answer(name, image)
    many = image.expand(LOTS, -1, -1, -1)
    curve = perturbation_curve(
        ready(name).model, many, classes.expand(LOTS), maps.lot(LOTS, side, 0), "deletion", steps=STEPS
    )
    return curve.shares, curve.probabilities.mean(0)


def drawer(picture: str | None) -> Callable[..., Figure]:
    """What `helpers.pages.l12.controls` draws with: a function of model, method, layer, head and share."""

    def draw(model: str, method: str, layer: str, head: int | None, share: float) -> Figure:
        network, pixels, image = _asked(picture, model)
        classes, said = answer(model, image)
        heat = explanation(model, method, layer, head)(network.model, image, classes).detach()
        curve = perturbation_curve(network.model, image, classes, heat, "deletion", steps=STEPS)
        curves = {method: (curve.shares, curve.probabilities[0]), "by lot": chance(model, picture, _side(heat))}
        return pictures.explained(pixels, heat[0].numpy(), deleted(pixels, heat, share), curves, said, share)

    return draw


def _asked(picture: str | None, model: str) -> tuple[Pretrained, np.ndarray, Tensor]:
    network = ready(model)
    pixels = pixels_of(picture, network.image_size)
    return network, pixels, as_input(pixels, network)


def _side(heat: Tensor) -> int:
    """Of the grid that chance is drawn on: the map's, but no finer than 28 cells, where a hole is hardly one."""
    return min(heat.shape[-1], 28)


def deleted(pixels: np.ndarray, heat: Tensor, share: float) -> np.ndarray:
    """The photograph with a share of its pixels, those that the map (1, h, w) ranks first, in its mean colour."""
    large = F.interpolate(heat[None].float(), pixels.shape[:2], mode="bilinear", align_corners=False)[0, 0]
    order = large.flatten().argsort(descending=True, stable=True)
    gone = torch.zeros(len(order), dtype=torch.bool)
    gone[order[: round(share * len(order))]] = True
    mean = pixels.mean((0, 1), keepdims=True).round().astype(np.uint8)
    return np.where(gone.view(*pixels.shape[:2], 1).numpy(), mean, pixels)


def areas(picture: str | None, model: str, method: str, layer: str, head: int | None, share: float) -> dict[str, Any]:
    """The numbers of a figure, for the record: the areas under the map's curve and under that of chance."""
    network, _, image = _asked(picture, model)
    classes, _ = answer(model, image)
    heat = explanation(model, method, layer, head)(network.model, image, classes).detach()
    curve = perturbation_curve(network.model, image, classes, heat, "deletion", steps=STEPS)
    shares, by_lot = chance(model, picture, _side(heat))
    row = {"model": model, "method": method, "layer": layer, "by_map": float(curve.area[0])}
    return row | {"by_lot": float(np.trapezoid(by_lot, shares))}
