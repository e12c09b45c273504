"""What a fine-tuning trains, and how deep each parameter lies.

- `probe`: the classification head alone;
- `top10`: the head and the last tenth of the layers. Xception: the last 4 of its 36 convolution
  layers. EfficientNet-Lite0: the last 5 of 49. ViT: the last 10 % of its blocks, rounded up, and
  the final norm;
- `full`: everything.
"""

import math
from dataclasses import dataclass

from torch import nn

from helpers.models.pretrained.cards import MODELS, TUNINGS, choose
from helpers.models.pretrained.loading import Pretrained

SEPARABLE = ("SeparableConvolution", "SeparableConv2d")
# Class names, ours and timm's, of what is repeated in depth.
BLOCKS = ("Block", "XceptionModule", "DepthwiseSeparableConv", "InvertedResidual")


@dataclass(frozen=True)
class Trainable:
    """What a tuning trains.

    Attributes
    ----------
    names
        Of the trained parameters, in model order.
    trained
        How many numbers they are.
    total
        How many the model has.
    """

    names: tuple[str, ...]
    trained: int
    total: int

    @property
    def share(self) -> float:
        """Trained parameters over all parameters."""
        return self.trained / self.total


def layer_groups(pretrained: Pretrained) -> list[list[str]]:
    """Parameter names by depth: before the first block, each block, after the last.

    For layer-wise learning rates.
    """
    blocks = [
        name for name, module in pretrained.model.named_modules() if type(module).__name__ in BLOCKS
    ]
    groups: list[list[str]] = [[] for _ in range(len(blocks) + 2)]
    position = 0
    for name, _ in pretrained.model.named_parameters():
        inside = [i for i, block in enumerate(blocks, start=1) if name.startswith(f"{block}.")]
        if inside:
            position = inside[0]
        groups[position if inside or not position else -1].append(name)
    return groups


def _top_modules(pretrained: Pretrained) -> list[nn.Module]:
    """The modules that `top10` trains besides the head."""
    model = pretrained.model
    if MODELS[pretrained.name].family == "cnn":
        # 36 convolution layers: two plain ones in the stem, then 34 separable ones.
        separable = [m for m in model.modules() if type(m).__name__ in SEPARABLE]
        if separable:
            return separable[-4:]
        layers: list[nn.Module] = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
        return layers[-math.ceil(len(layers) / 10) :]
    blocks = list(model.get_submodule("blocks").children())
    return [*blocks[-math.ceil(len(blocks) / 10) :], model.get_submodule("norm")]


def select_trainable(pretrained: Pretrained, tuning: str) -> Trainable:
    """Freeze the model but for what `tuning` trains, and say what that is.

    Frozen BatchNorm layers are kept in eval mode by `helpers.training.run.set_training_mode`.

    Raises
    ------
    ValueError
        If the tuning is unknown.
    """
    choose("tuning", tuning, TUNINGS)
    model = pretrained.model
    model.requires_grad_(tuning == "full")
    model.get_submodule(MODELS[pretrained.name].head).requires_grad_(True)
    if tuning == "top10":
        for module in _top_modules(pretrained):
            module.requires_grad_(True)
    parameters = dict(model.named_parameters())
    names = tuple(name for name, p in parameters.items() if p.requires_grad)
    trained = sum(parameters[name].numel() for name in names)
    return Trainable(names, trained, sum(p.numel() for p in parameters.values()))
