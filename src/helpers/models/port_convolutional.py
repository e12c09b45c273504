"""What convolutional networks of timm and torchvision are called in our models: rules, builders.

`helpers.models.port_rules` says what a rule is and joins the families.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from helpers.models.alexnet import AlexNet
from helpers.models.convnext import ConvNeXt
from helpers.models.efficientnet import EfficientNetLite0
from helpers.models.googlenet import GoogLeNet
from helpers.models.resnet import ResNet
from helpers.models.vgg import VGG
from helpers.models.xception import Xception

Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
Tensors = Mapping[str, Tensor]
Reference = Any  # a model of another package, whose attributes no type of ours describes


def shifted(prefix: str, shift: int) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps the matched number, minus `shift`."""
    return lambda match: f"{prefix}{int(match[1]) - shift}"


XCEPTION: Rules = (
    (r"^conv1\b", "entry.0"),
    (r"^bn1\b", "entry.1"),
    (r"^conv2\b", "entry.3"),
    (r"^bn2\b", "entry.4"),
    (r"^block([123])\b", lambda match: f"entry.{int(match[1]) + 5}"),
    (r"^block([4-9]|10|11)\b", shifted("middle.", 4)),
    (r"^block12\b", "exit.0"),
    (r"^conv3\b", "exit.1"),
    (r"^bn3\b", "exit.2"),
    (r"^conv4\b", "exit.4"),
    (r"^bn4\b", "exit.5"),
    (r"^fc\b", "head"),
    (r"\.rep\.", ".convolutions."),
    (r"\.conv1\.", ".depthwise."),
    (r"\.skip\.", ".shortcut.0."),
    (r"\.skipbn\.", ".shortcut.1."),
)

RESNET: Rules = (
    (r"^conv1\b", "stem.0"),
    (r"^bn1\b", "stem.1"),
    (r"^fc\b", "head"),
    (r"^layer(\d)", shifted("stages.", 1)),
    (r"\.downsample\.", ".shortcut."),
    (
        r"\.conv(\d)\.",
        lambda match: f".convolutions.{2 * int(match[1]) - 2}.0.",
    ),  # 0, 2, 4: ReLUs lie between
    (r"\.bn(\d)\.", lambda match: f".convolutions.{2 * int(match[1]) - 2}.1."),
)

GOOGLENET: Rules = (
    (r"^conv1\b", "stem.0"),
    (r"^conv2\b", "stem.2"),
    (r"^conv3\b", "stem.3"),
    (r"^inception(\d[a-e])", r"inception.\1"),
    (r"\.branch1\b", ".one"),
    (r"\.branch2\b", ".three"),
    (r"\.branch3\b", ".five"),
    (r"\.branch4\b", ".pooled"),
    (r"^aux1\.", "auxiliary.4a."),
    (r"^aux2\.", "auxiliary.4d."),
    (r"^(auxiliary\.4[ad])\.conv\.", r"\1.convolution."),
    (r"\.fc1\.", ".hidden."),
    (r"\.fc2\.", ".output."),
    (r"\.conv\.weight$", ".0.weight"),
    (r"\.bn\.", ".1."),
    (r"^fc\b", "head"),
)

CONVNEXT: Rules = (
    (r"\.downsample\.", ".halve."),
    (r"\.conv_dw\.", ".depthwise."),
    (r"\.mlp\.fc1\.", ".mlp.hidden."),
    (r"\.mlp\.fc2\.", ".mlp.output."),
    (r"\.gamma$", ".scale.gamma"),
    (r"^head\.norm\b", "norm"),
    (r"^head\.fc\b", "head"),
)

EFFICIENTNET: Rules = (
    (r"^conv_stem\b", "stem.0"),
    (r"^bn1\b", "stem.1"),
    (r"^conv_head\b", "features.0"),
    (r"^bn2\b", "features.1"),
    (r"^classifier\b", "head"),
    # The first block does not widen: its second convolution is the one that narrows.
    (r"^blocks\.0\.0\.conv_pw\b", "stages.0.0.project.0"),
    (r"^blocks\.0\.0\.bn1\b", "stages.0.0.filter.1"),
    (r"^blocks\.0\.0\.bn2\b", "stages.0.0.project.1"),
    (r"^blocks\b", "stages"),
    (r"\.conv_pw\.", ".expand.0."),
    (r"\.bn1\.", ".expand.1."),
    (r"\.conv_dw\.", ".filter.0."),
    (r"\.bn2\.", ".filter.1."),
    (r"\.conv_pwl\.", ".project.0."),
    (r"\.bn3\.", ".project.1."),
)


def build_xception(reference: Reference, tensors: Tensors) -> nn.Module:
    """Sizes of the head and of the first convolution; everything else is fixed."""
    return Xception(tensors["fc.weight"].shape[0], tensors["conv1.weight"].shape[1])


def build_alexnet(reference: Reference, tensors: Tensors) -> nn.Module:
    """Sizes of the first and the last layer, and the dropout."""
    classes, channels = (
        tensors["classifier.6.weight"].shape[0],
        tensors["features.0.weight"].shape[1],
    )
    return AlexNet(classes, channels, dropout=reference.get_submodule("classifier.0").p)


def build_vgg(reference: Reference, tensors: Tensors) -> nn.Module:
    """Count the convolutions before each pooling."""
    classes, channels = (
        tensors["classifier.6.weight"].shape[0],
        tensors["features.0.weight"].shape[1],
    )
    counts = [0]
    for layer in reference.get_submodule("features"):
        counts[-1] += isinstance(layer, nn.Conv2d)
        counts += [0] * isinstance(layer, nn.MaxPool2d)
    return VGG(counts[:-1], classes, channels, dropout=reference.get_submodule("classifier.2").p)


def build_googlenet(reference: Reference, tensors: Tensors) -> nn.Module:
    """With auxiliary heads if the reference has them."""
    auxiliary = "aux1.fc2.weight" in tensors
    return GoogLeNet(
        num_classes=tensors["fc.weight"].shape[0],
        auxiliary=auxiliary,
        transform_input=reference.transform_input,
        dropout=reference.dropout.p,
        auxiliary_dropout=reference.aux1.dropout.p if auxiliary else 0.0,
    )


def build_resnet(reference: Reference, tensors: Tensors) -> nn.Module:
    """Count the blocks of the four stages, and see whether they have a third convolution."""
    blocks = [len(reference.get_submodule(f"layer{stage}")) for stage in (1, 2, 3, 4)]
    bottleneck = "layer1.0.conv3.weight" in tensors
    return ResNet(
        blocks, bottleneck, tensors["fc.weight"].shape[0], tensors["conv1.weight"].shape[1]
    )


def build_convnext(reference: Reference, tensors: Tensors) -> nn.Module:
    """Depths, widths and the stem's patch; the gains' first value goes, their values come."""
    stages = [reference.get_submodule(f"stages.{stage}") for stage in range(4)]
    first = tensors["stem.0.weight"]
    return ConvNeXt(
        depths=[len(stage.blocks) for stage in stages],
        widths=[tensors[f"stages.{stage}.blocks.0.conv_dw.weight"].shape[0] for stage in range(4)],
        num_classes=tensors["head.fc.weight"].shape[0],
        in_channels=first.shape[1],
        patch_size=first.shape[-1],
        drop_path=getattr(stages[-1].blocks[-1].drop_path, "drop_prob", 0.0),
    )


def build_efficientnet(reference: Reference, tensors: Tensors) -> nn.Module:
    """Sizes of the head and of the stem, dropout and drop path; the rest is that of Lite0."""
    blocks = [block for stage in reference.get_submodule("blocks") for block in stage]
    # The last block adds no input, but knows its rate: 15 sixteenths of the whole.
    last = getattr(blocks[-1].drop_path, "drop_prob", 0.0)
    return EfficientNetLite0(
        num_classes=tensors["classifier.weight"].shape[0],
        in_channels=tensors["conv_stem.weight"].shape[1],
        dropout=reference.drop_rate,
        drop_path=last * len(blocks) / (len(blocks) - 1),
    )
