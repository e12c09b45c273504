"""Accuracies of released networks, as torchvision states them, beside what their figures cost."""

from collections.abc import Sequence

from torchvision import models

# What mixes, name, release: pairs of about one size, all trained by torchvision's recipes of 2021 and later.
RELEASED = (
    ("convolution", "ResNet-50", models.ResNet50_Weights.IMAGENET1K_V2),
    ("attention in windows", "Swin-T", models.Swin_T_Weights.IMAGENET1K_V1),
    ("convolution", "ConvNeXt-T", models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1),
    ("attention in windows", "Swin-S", models.Swin_S_Weights.IMAGENET1K_V1),
    ("convolution", "ConvNeXt-S", models.ConvNeXt_Small_Weights.IMAGENET1K_V1),
    ("attention, all pairs", "ViT-B/16", models.ViT_B_16_Weights.IMAGENET1K_V1),
    ("attention in windows", "Swin-B", models.Swin_B_Weights.IMAGENET1K_V1),
    ("convolution", "ConvNeXt-B", models.ConvNeXt_Base_Weights.IMAGENET1K_V1),
)


def released() -> list[dict[str, str]]:
    """Rows of a table: network, what mixes, millions of parameters, billions of MACs, top-1 on ImageNet in percent."""
    rows = []
    for mixes, name, weights in RELEASED:
        about = weights.meta
        rows.append(
            {
                "network": name,
                "mixes by": mixes,
                "million weights": f"{about['num_params'] / 1e6:.1f}",
                "billion MACs": f"{about['_ops']:.1f}",
                "top-1 (%)": f"{about['_metrics']['ImageNet-1K']['acc@1']:.1f}",
            }
        )
    return rows


def top1(name: str, rows: Sequence[dict[str, str]]) -> float:
    """The accuracy of a network of the table, in percent."""
    return float(next(row["top-1 (%)"] for row in rows if row["network"] == name))
