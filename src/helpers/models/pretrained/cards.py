"""What there is: the models of the fine-tuning labs, their weights, and the sizes they take.

Which ViT weights did the proof of concept use? `google/vit-base-patch16-224-in21k` on the Hugging
Face hub holds the weights that Google released with the paper in 2020; its maintainers say so and
that it is not the later `augreg` release (hub discussion 7 of that model, where a reader found the
patch embeddings of the two unequal). timm keeps the 2020 release under the tag `orig_in21k`, and
lists there the file of the first port, `jx_vit_base_patch16_224_in21k`. So `orig_in21k` is the
default and `augreg_in21k` the alternative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from helpers.models.pretrained.package import package_file
from helpers.models.vit import ViT
from helpers.models.xception import Xception

TUNINGS = ("probe", "top10", "full")
WEIGHTS = ("hub", "package", "shipped", "photographs", "none")
SHIPPED = Path(__file__).parents[1] / "weights"
OURS = {
    "shipped": SHIPPED,
    "photographs": SHIPPED / "tiny_imagenet",
}  # pre-trained on drawings; on photographs
TERMS = {
    "shipped": "CC BY 4.0, of this course",
    "photographs": "ImageNet-derived, for research and education: see LICENSE-weights beside it",
}


@dataclass(frozen=True)
class ModelCard:
    """One row of `MODELS`: how to build it and what it is.

    Attributes
    ----------
    family
        "cnn" or "vit".
    image_size
        Side of the square images in pixels that its weights are made for.
    build
        (num_classes, image_size) -> model with fresh weights.
    head
        Name of the classification layer.
    timm_name
        Model and tag in timm; None where the model is written in this course.
    patch_size
        Side of a patch in pixels; 1 for a network without patches.
    packaged
        Whether its released weights come as a Python package (`helpers.models.pretrained.package`).
    imagenet_1k
        Whether its released weights end in the 1000 classes of ImageNet-1k.
    """

    family: str
    image_size: int
    build: Callable[[int, int], nn.Module]
    head: str
    timm_name: str | None = None
    patch_size: int = 1
    packaged: bool = False
    imagenet_1k: bool = False

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches at its own image size."""
        side = self.image_size // self.patch_size
        return side, side

    @property
    def sources(self) -> tuple[str, ...]:
        """The weights that it can have besides a folder's."""
        ours = self.timm_name is None
        return (
            *(() if ours else ("hub",)),
            *(("package",) if self.packaged else ()),
            *(tuple(OURS) if ours else ()),
            "none",
        )


def _timm_vit(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("vit_base_patch16_224", num_classes=num_classes, img_size=image_size)


def _timm_deit_small(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("deit_small_patch16_224", num_classes=num_classes, img_size=image_size)


def _timm_xception(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("legacy_xception", num_classes=num_classes)


def _efficientnet_lite0(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("tf_efficientnet_lite0", num_classes=num_classes)


def _vit_mini(num_classes: int, image_size: int) -> nn.Module:
    return ViT(
        image_size=image_size,
        patch_size=8,
        num_classes=num_classes,
        embed_dim=128,
        depth=6,
        num_heads=4,
    )


def _xception_mini(num_classes: int, image_size: int) -> nn.Module:
    return Xception(num_classes=num_classes, width=0.25)


MODELS = {
    "xception_mini": ModelCard("cnn", 64, _xception_mini, "head"),
    "vit_mini": ModelCard("vit", 64, _vit_mini, "head", patch_size=8),
    "efficientnet_lite0": ModelCard(
        "cnn",
        224,
        _efficientnet_lite0,
        "classifier",
        "tf_efficientnet_lite0.in1k",
        packaged=True,
        imagenet_1k=True,
    ),
    "legacy_xception": ModelCard(
        "cnn", 299, _timm_xception, "fc", "legacy_xception.tf_in1k", imagenet_1k=True
    ),
    "deit_small_patch16_224": ModelCard(
        "vit",
        224,
        _timm_deit_small,
        "head",
        "deit_small_patch16_224.fb_in1k",
        patch_size=16,
        imagenet_1k=True,
    ),
    "vit_base_patch16_224.orig_in21k": ModelCard(
        "vit", 224, _timm_vit, "head", "vit_base_patch16_224.orig_in21k", patch_size=16
    ),
    "vit_base_patch16_224.augreg_in21k": ModelCard(
        "vit", 224, _timm_vit, "head", "vit_base_patch16_224.augreg_in21k", patch_size=16
    ),
}


def choose(what: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices, and list them."""
    if value not in choices:
        raise ValueError(f"unknown {what} {value!r}; the choices are {', '.join(choices)}")


def check_choices(
    models: list[str], tunings: list[str], weights: str, image_size: int | None = None
) -> None:
    """Fail in the first second of a lab, not after its data is read.

    Parameters
    ----------
    models, tunings
        Names out of `MODELS` and `TUNINGS`, at least one each.
    weights
        One of `WEIGHTS`, or a folder of `<model>.safetensors`.
    image_size
        Pixels, or None for each model's own.

    Raises
    ------
    ValueError
        That names the choices for an unknown model, tuning or weights, for weights that a model
        does not have, and for an image size that a model cannot take.
    FileNotFoundError
        If the package of released weights is not installed.
    """
    if not models or not tunings:
        raise ValueError(
            f"at least one model and one tuning are needed; got models={models}, tunings={tunings}"
        )
    for name in models:
        choose("model", name, tuple(MODELS))
    for tuning in tunings:
        choose("tuning", tuning, TUNINGS)
    if weights not in WEIGHTS and not Path(weights).expanduser().is_dir():
        raise ValueError(
            f"unknown weights {weights!r}; the choices are {', '.join(WEIGHTS)} "
            "or an existing folder"
        )
    for name in models:
        _weights_exist(name, weights)
        check_image_size(name, image_size)


def _weights_exist(name: str, weights: str) -> None:
    sources = MODELS[name].sources
    if weights not in WEIGHTS:
        file_of_weights(name, weights)
    elif weights not in sources:
        ours = ", ".join(repr(source) for source in sources)
        raise ValueError(
            f"{name} has no weights {weights!r}; they are {ours} or a folder of {name}.safetensors"
        )
    elif weights == "package":
        package_file()


def suited_weights(weights: str, photographs: bool) -> str:
    """Of the two shipped pairs the one pre-trained on what the data are; other weights as they are.

    Parameters
    ----------
    weights
        As a reader gave it: "shipped" leaves the choice to the data.
    photographs
        Whether the data are photographs, and not drawn.
    """
    return "photographs" if weights == "shipped" and photographs else weights


def file_of_weights(name: str, weights: str) -> Path:
    """The file of a model's weights: a shipped one, or the one in a folder.

    Raises
    ------
    ValueError
        If the folder lacks it; the message lists the safetensors files that are there.
    """
    folder = OURS.get(weights) or Path(weights).expanduser()
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        there = sorted(p.name for p in folder.glob("*.safetensors")) or "none"
        raise ValueError(
            f"no {path.name} in the weights folder {folder}; the safetensors files there: {there}"
        )
    return path


def check_image_size(name: str, image_size: int | None) -> int:
    """The side in pixels of the square images that `name` will see (its own where None).

    Raises
    ------
    ValueError
        That says what the model takes.
    """
    card = MODELS[name]
    size = card.image_size if image_size is None else image_size
    if size < 32:
        raise ValueError(f"image_size {size} is too small for {name}: at least 32")
    if size % card.patch_size:
        raise ValueError(
            f"image_size {size} is not a multiple of patch_size {card.patch_size} of {name}"
        )
    return size
