"""What a reference's tensors are called in our models: one table of rules for each family.

A rule is a regular expression and its replacement; the rules of a family are applied one after
another, to the names of tensors and of modules alike. Sizes are read from the reference's tensors
and modules, never from its name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from helpers.layers.attention import MultiHeadAttention
from helpers.layers.patches import PatchEmbedding
from helpers.models.cait import CaiT
from helpers.models.deit import DeiT
from helpers.models.mixer import Mixer
from helpers.models.port_convolutional import (
    CONVNEXT,
    EFFICIENTNET,
    GOOGLENET,
    RESNET,
    XCEPTION,
    Reference,
    Rules,
    Tensors,
    build_alexnet,
    build_convnext,
    build_efficientnet,
    build_googlenet,
    build_resnet,
    build_vgg,
    build_xception,
)
from helpers.models.port_runs import (
    Pairs,
    run_attention,
    run_googlenet,
    run_on_images,
    run_transformer,
)
from helpers.models.swin import Swin
from helpers.models.transformer import EncoderDecoder
from helpers.models.vit import ViT

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


SWIN: Rules = (
    (r"^patch_embed\.norm\b", "patch_norm"),
    (r"^layers\b", "stages"),
    (r"\.downsample\.", ".merge."),
    (r"\.relative_position_bias_table$", ".bias_table"),
    (r"^head\.fc\b", "head"),
    *VIT,
)

MIXER: Rules = (
    (r"^stem\.proj\b", "patches.projection"),
    (r"\.mlp_tokens\.", ".token_mlp."),
    (r"\.mlp_channels\.", ".channel_mlp."),
    (r"_mlp\.fc1\.", "_mlp.hidden."),
    (r"_mlp\.fc2\.", "_mlp.output."),
)


def build_swin(reference: Reference, tensors: Tensors) -> nn.Module:
    """The window is that of the first stage: later maps may be smaller than it."""
    height, width = reference.patch_embed.img_size
    embed_dim, _, patch_size, _ = tensors["patch_embed.proj.weight"].shape
    if height != width:
        raise ValueError(f"image_size: expected a square, got {height} x {width}")
    stages = [reference.get_submodule(f"layers.{i}.blocks") for i in range(len(reference.layers))]
    model = Swin(
        image_size=height,
        patch_size=patch_size,
        num_classes=tensors["head.fc.weight"].shape[0],
        embed_dim=embed_dim,
        depths=[len(blocks) for blocks in stages],
        num_heads=[blocks[0].attn.num_heads for blocks in stages],
        window=stages[0][0].window_size[0],
        drop_path=getattr(stages[-1][-1].drop_path1, "drop_prob", 0.0),
    )
    return with_channels(model, tensors)


def build_mixer(reference: Reference, tensors: Tensors) -> nn.Module:
    """Widths from the first block."""
    return Mixer(
        image_size=tuple(reference.stem.img_size),
        patch_size=tensors["stem.proj.weight"].shape[-1],
        num_classes=tensors["head.weight"].shape[0],
        embed_dim=tensors["stem.proj.weight"].shape[0],
        depth=len(reference.get_submodule("blocks")),
        token_dim=tensors["blocks.0.mlp_tokens.fc1.weight"].shape[0],
        drop_path=getattr(reference.get_submodule("blocks.0").drop_path, "drop_prob", 0.0),
    )


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
    ("timm", "ConvNeXt"): Family(build_convnext, CONVNEXT, r"stem|stages\.\d+\.blocks\.\d+"),
    ("timm", "EfficientNet"): Family(
        build_efficientnet, EFFICIENTNET, r"conv_stem|blocks\.\d+\.\d+"
    ),
    ("timm", "VisionTransformer"): Family(build_vit, VIT, TRANSFORMER_BLOCKS),
    ("timm", "VisionTransformerDistilled"): Family(build_vit, VIT, TRANSFORMER_BLOCKS),
    ("timm", "Cait"): Family(build_cait, VIT, TRANSFORMER_BLOCKS),
    ("timm", "SwinTransformer"): Family(
        build_swin, SWIN, r"patch_embed\.proj|layers\.\d+\.blocks\.\d+"
    ),
    ("timm", "MlpMixer"): Family(build_mixer, MIXER, r"stem\.proj|blocks\.\d+"),
    ("torch", "MultiheadAttention"): Family(build_attention, ATTENTION, r"(?!)", run_attention),
    ("torch", "Transformer"): Family(
        build_transformer, TRANSFORMER, r"(encoder|decoder)\.layers\.\d+", run_transformer
    ),
}
