"""What a reference's tensors are called in our models: one table of rules for each family.

A rule is a regular expression and its replacement; the rules of a family are applied one after
another, to the names of tensors and of modules alike. Sizes are read from the reference's tensors
and modules, never from its name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from helpers.layers.attention import MultiHeadAttention
from helpers.layers.patches import PatchEmbedding
from helpers.models.alexnet import AlexNet
from helpers.models.cait import CaiT
from helpers.models.deit import DeiT
from helpers.models.googlenet import GoogLeNet
from helpers.models.port_runs import (
    Pairs,
    run_attention,
    run_googlenet,
    run_on_images,
    run_transformer,
)
from helpers.models.resnet import ResNet
from helpers.models.transformer import EncoderDecoder
from helpers.models.vgg import VGG
from helpers.models.vit import ViT
from helpers.models.xception import Xception

Rules = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
Tensors = Mapping[str, Tensor]
Reference = Any  # a model of another package, whose attributes no type of ours describes


def shifted(prefix: str, shift: int) -> Callable[[re.Match[str]], str]:
    """A replacement that keeps the matched number, minus `shift`."""
    return lambda match: f"{prefix}{int(match[1]) - shift}"


# --------------------------------------------------------------------------- convolutional networks

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


# ------------------------------------------------------------------------------ vision transformers

VIT: Rules = (
    (r"^cls_token$", "class_token"),
    (r"^dist_token$", "distillation_token"),
    (r"^pos_embed$", "positions.table"),
    (r"^pos_drop$", "positions"),
    (r"^patch_embed\.proj\b", "patches.projection"),
    (r"^head_dist\b", "distillation_head"),
    (r"^blocks_token_only\b", "class_blocks"),
    (r"\.attn\.", ".attention."),
    (r"\.attention\.proj\.", ".attention.output."),
    (r"\.attention\.proj_l\.", ".attention.mix_scores."),
    (r"\.attention\.proj_w\.", ".attention.mix_weights."),
    (r"\.attention\.q\.", ".attention.query."),
    (r"\.attention\.k\.", ".attention.key."),
    (r"\.attention\.v\.", ".attention.value."),
    (r"\.gamma_(\d)$", r".scale\1.gamma"),
    (r"\.mlp\.fc1\.", ".mlp.hidden."),
    (r"\.mlp\.fc2\.", ".mlp.output."),
)


def vit_sizes(reference: Reference, tensors: Tensors) -> dict[str, Any]:
    """The arguments that ViT, DeiT and CaiT share."""
    embed_dim, _, patch_size, width = tensors["patch_embed.proj.weight"].shape
    if patch_size != width:
        raise ValueError(f"patch_size: expected square patches, got {patch_size} x {width}")
    last = reference.get_submodule("blocks")[-1]
    return {
        "image_size": tuple(reference.patch_embed.img_size),
        "patch_size": patch_size,
        "num_classes": tensors["head.weight"].shape[0],
        "embed_dim": embed_dim,
        "depth": len(reference.get_submodule("blocks")),
        "num_heads": last.attn.num_heads,
        "drop_path": getattr(
            getattr(last, "drop_path1", getattr(last, "drop_path", None)), "drop_prob", 0.0
        ),
    }


def with_channels(model: nn.Module, tensors: Tensors) -> nn.Module:
    """Images of other than three channels need another patch embedding."""
    embed_dim, channels, patch_size, _ = tensors["patch_embed.proj.weight"].shape
    if channels != 3:
        model.patches = PatchEmbedding(patch_size, channels, embed_dim)
    return model


def build_vit(reference: Reference, tensors: Tensors) -> nn.Module:
    """A ViT, or a DeiT if there is a distillation token."""
    hidden_dim, embed_dim = tensors["blocks.0.mlp.fc1.weight"].shape
    kind = DeiT if "dist_token" in tensors else ViT
    return with_channels(
        kind(**vit_sizes(reference, tensors), mlp_ratio=hidden_dim / embed_dim), tensors
    )


def build_cait(reference: Reference, tensors: Tensors) -> nn.Module:
    """The depth counts the patch blocks only."""
    return with_channels(CaiT(**vit_sizes(reference, tensors)), tensors)


# --------------------------------------------------------------------------------------------- text

ATTENTION: Rules = (
    (r"\bin_proj_(weight|bias)$", r"qkv.\1"),
    (r"\bout_proj\.", "output."),
)

TRANSFORMER: Rules = (
    (r"^(encoder|decoder)\.layers\b", r"\1_blocks"),
    (r"^(encoder|decoder)\.norm\b", r"\1_norm"),
    (r"\.self_attn\.", ".self_attention."),
    (r"\.multihead_attn\.", ".cross_attention."),
    (r"\.linear1\.", ".mlp.hidden."),
    (r"\.linear2\.", ".mlp.output."),
    (r"\.norm(\d)\.", r".add_norm\1.norm."),
    *ATTENTION,
)


def build_attention(reference: Reference, tensors: Tensors) -> nn.Module:
    """Width and heads."""
    return MultiHeadAttention(reference.embed_dim, reference.num_heads)


def build_transformer(reference: Reference, tensors: Tensors) -> nn.Module:
    """Depths, widths and the place of the norm, from the first encoder layer."""
    first = reference.encoder.layers[0]
    return EncoderDecoder(
        embed_dim=reference.d_model,
        num_heads=reference.nhead,
        hidden_dim=tensors["encoder.layers.0.linear1.weight"].shape[0],
        encoder_depth=len(reference.encoder.layers),
        decoder_depth=len(reference.decoder.layers),
        dropout=first.dropout1.p,
        pre_norm=first.norm_first,
    )


# ----------------------------------------------------------------------------------------- families


@dataclass(frozen=True)
class Family:
    """How one kind of reference becomes ours.

    Parameters
    ----------
    build
        (reference, its tensors by name) -> our model with fresh weights.
    rules
        From the reference's names to ours.
    blocks
        Regular expression of the reference's modules whose outputs are compared one by one.
    run
        (ours, reference) -> pairs of outputs that should be equal; both in float64.
    """

    build: Callable[[Reference, Tensors], nn.Module]
    rules: Rules
    blocks: str
    run: Callable[[nn.Module, Reference], Pairs] = run_on_images

    def rename(self, name: str) -> str:
        """Our name of a tensor or module of the reference."""
        for pattern, replacement in self.rules:
            name = re.sub(pattern, replacement, name)
        return name


LAYERS = r"features\.\d+|classifier\.\d+"
TRANSFORMER_BLOCKS = r"patch_embed\.proj|pos_drop|blocks\.\d+|blocks_token_only\.\d+"

# The package and the class of the reference -> its family.
FAMILIES: dict[tuple[str, str], Family] = {
    ("torchvision", "AlexNet"): Family(build_alexnet, (), LAYERS),
    ("torchvision", "VGG"): Family(build_vgg, (), LAYERS),
    ("torchvision", "GoogLeNet"): Family(
        build_googlenet, GOOGLENET, r"conv[123]|inception\d[a-e]", run_googlenet
    ),
    ("torchvision", "ResNet"): Family(build_resnet, RESNET, r"layer\d\.\d+"),
    ("timm", "Xception"): Family(build_xception, XCEPTION, r"block\d+|conv[34]"),
    ("timm", "VisionTransformer"): Family(build_vit, VIT, TRANSFORMER_BLOCKS),
    ("timm", "VisionTransformerDistilled"): Family(build_vit, VIT, TRANSFORMER_BLOCKS),
    ("timm", "Cait"): Family(build_cait, VIT, TRANSFORMER_BLOCKS),
    ("torch", "MultiheadAttention"): Family(build_attention, ATTENTION, r"(?!)", run_attention),
    ("torch", "Transformer"): Family(
        build_transformer, TRANSFORMER, r"(encoder|decoder)\.layers\.\d+", run_transformer
    ),
}
