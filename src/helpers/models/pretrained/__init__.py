"""Models ready for fine-tuning: their first weights, what they expect, and what is trained.

The proof of concept of the course fine-tuned the last tenth of Xception's convolution layers and
the whole of ViT-B/16. Here both models take the same three tunings, so that architecture and
tuning can be told apart:

- `probe`: the classification head alone;
- `top10`: the head and the last tenth of the layers. Xception: the last 4 of its 36 convolution
  layers. ViT: the last 10 % of its blocks, rounded up, and the final norm;
- `full`: everything.

Which ViT weights did the proof of concept use? `google/vit-base-patch16-224-in21k` on the Hugging
Face hub holds the weights that Google released with the paper in 2020; its maintainers say so and
that it is not the later `augreg` release (hub discussion 7 of that model, where a reader found the
patch embeddings of the two unequal). timm keeps the 2020 release under the tag `orig_in21k`, and
lists there the file of the first port, `jx_vit_base_patch16_224_in21k`. So `orig_in21k` is the
default and `augreg_in21k` the alternative.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.layers.positions import interpolate_positions
from helpers.models.vit import ViT
from helpers.models.xception import Xception

TUNINGS = ("probe", "top10", "full")
WEIGHTS = ("hub", "shipped", "none")
SHIPPED = Path(__file__).parents[1] / "weights"
SEPARABLE = ("SeparableConvolution", "SeparableConv2d")
BLOCKS = ("Block", "XceptionModule")  # class names, ours and timm's, of what is repeated in depth


@dataclass(frozen=True)
class ModelCard:
    """One row of `MODELS`: how to build it and what it is."""

    family: str  # "cnn" or "vit"
    image_size: int  # pixels, its own size
    build: Callable[[int, int], nn.Module]  # (num_classes, image_size) -> model with fresh weights
    head: str  # name of the classification layer
    timm_name: str | None = None  # None: written in this course
    patch_size: int = 1


def _timm_vit(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("vit_base_patch16_224", num_classes=num_classes, img_size=image_size)


def _timm_xception(num_classes: int, image_size: int) -> nn.Module:
    import timm

    return timm.create_model("legacy_xception", num_classes=num_classes)


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
    "legacy_xception": ModelCard("cnn", 299, _timm_xception, "fc", "legacy_xception.tf_in1k"),
    "vit_base_patch16_224.orig_in21k": ModelCard(
        "vit", 224, _timm_vit, "head", "vit_base_patch16_224.orig_in21k", patch_size=16
    ),
    "vit_base_patch16_224.augreg_in21k": ModelCard(
        "vit", 224, _timm_vit, "head", "vit_base_patch16_224.augreg_in21k", patch_size=16
    ),
}


@dataclass(frozen=True)
class Pretrained:
    """A model to fine-tune and what goes with it."""

    model: nn.Module
    name: str
    image_size: int  # pixels
    mean: tuple[float, float, float]  # of the input it was trained on, in units of 1 = white
    std: tuple[float, float, float]
    weights: dict[str, Any] = field(
        default_factory=dict
    )  # where the weights come from, for the record


@dataclass(frozen=True)
class Trainable:
    """What a tuning trains: parameter names in model order, and how many numbers they are."""

    names: tuple[str, ...]
    trained: int
    total: int

    @property
    def share(self) -> float:
        """Trained parameters over all parameters."""
        return self.trained / self.total


def _choose(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"unknown {what} {value!r}; the choices are {', '.join(choices)}")


def check_choices(
    models: list[str], tunings: list[str], weights: str, image_size: int | None = None
) -> None:
    """Fail in the first second of a lab, not after its data is read.

    Raises ValueError that names the choices for an unknown model, tuning or weights, for weights
    that a model does not have, and for an image size that a model cannot take."""
    if not models or not tunings:
        raise ValueError(
            f"at least one model and one tuning are needed; got models={models}, tunings={tunings}"
        )
    for name in models:
        _choose("model", name, tuple(MODELS))
    for tuning in tunings:
        _choose("tuning", tuning, TUNINGS)
    if weights not in WEIGHTS and not Path(weights).is_dir():
        raise ValueError(
            f"unknown weights {weights!r}; the choices are {', '.join(WEIGHTS)} "
            "or an existing folder"
        )
    for name in models:
        _weights_exist(name, weights)
        check_image_size(name, image_size)


def _weights_exist(name: str, weights: str) -> None:
    ours = MODELS[name].timm_name is None
    if weights == "hub" and ours:
        raise ValueError(f"{name} is not on the hub; its weights are 'shipped' or 'none'")
    if weights == "shipped" and not ours:
        raise ValueError(
            f"{name} is not shipped; its weights are 'hub', 'none' "
            f"or a folder of {name}.safetensors"
        )
    if weights not in WEIGHTS:
        _file_in(Path(weights), name)


def _file_in(folder: Path, name: str) -> Path:
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        there = sorted(p.name for p in folder.glob("*.safetensors")) or "none"
        raise ValueError(
            f"no {path.name} in the weights folder {folder}; the safetensors files there: {there}"
        )
    return path


def check_image_size(name: str, image_size: int | None) -> int:
    """The image size in pixels that `name` will see (its own where None).

    Raises ValueError that says what it takes."""
    card = MODELS[name]
    size = card.image_size if image_size is None else image_size
    if size < 32:
        raise ValueError(f"image_size {size} is too small for {name}: at least 32")
    if size % card.patch_size:
        raise ValueError(
            f"image_size {size} is not a multiple of patch_size {card.patch_size} of {name}"
        )
    return size


def build_model(
    name: str,
    num_classes: int,
    *,
    weights: str,
    image_size: int | None = None,
    seed: int = 0,
    with_head: bool = False,
) -> Pretrained:
    """A model with a new head of `num_classes` outputs, and the preprocessing its weights expect.

    `weights` is `hub` (downloaded by timm), `shipped` (our small checkpoints), `none`
    (fresh weights) or a folder of `<name>.safetensors`. The seed fixes every fresh number.
    Positions are interpolated where `image_size` differs from the size of the weights. `with_head`
    keeps the head of the weights (its classes must be `num_classes`).

    Raises ValueError for unknown names, for a file whose tensors do not fit (named), and
    ConnectionError where the hub cannot be reached."""
    check_choices([name], [TUNINGS[0]], weights, image_size)
    card, size = MODELS[name], check_image_size(name, image_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = card.build(num_classes, size)
    source: dict[str, Any] = {"kind": weights if weights in WEIGHTS else "folder"}
    if weights == "hub":
        source["tag"] = card.timm_name
        _load(model, card, _state_from_hub(card, name), f"{card.timm_name} on the hub", with_head)
    elif weights != "none":
        path = _file_in(SHIPPED if weights == "shipped" else Path(weights), name)
        source |= {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        _load(model, card, _state_from_file(path), path.name, with_head)
    mean, std = _mean_std(card)
    return Pretrained(model, name, size, mean, std, source)


def imagenet_classifier(
    name: str, weights: str, image_size: int, split: Any
) -> tuple[Pretrained, list[int]]:
    """The network with its 1000 ImageNet outputs, and which are the classes of `split`, in order.

    The names of the split are ImageNet names such as `n02085620_5927.jpg`, in any folder. Raises
    ValueError for names of another form or classes that ImageNet-1k does not have, and what
    `build_model` raises."""
    from timm.data import ImageNetInfo

    wnids: dict[int, str] = {}
    for label, file in zip(split.labels.tolist(), split.names, strict=True):
        wnids.setdefault(label, Path(file).name.split("_")[0])
    index = {wnid: i for i, wnid in enumerate(ImageNetInfo().label_names())}
    unknown = sorted(set(wnids.values()) - set(index))
    if unknown:
        raise ValueError(f"not classes of ImageNet-1k: {', '.join(unknown[:5])}")
    ready = build_model(name, len(index), weights=weights, image_size=image_size, with_head=True)
    return ready, [index[wnids[label]] for label in sorted(wnids)]


def _mean_std(card: ModelCard) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if card.timm_name is None:
        return (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)  # what `make pretrain` uses
    import timm

    config = timm.get_pretrained_cfg(card.timm_name)
    if config is None:
        raise ValueError(f"timm knows no {card.timm_name}: another version of timm?")
    return tuple(config.mean), tuple(config.std)  # type: ignore[return-value]


def _state_from_file(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {key: tensor.float() for key, tensor in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(f"{path} is not a whole safetensors file: {error}") from error


def _state_from_hub(card: ModelCard, name: str = "<model>") -> dict[str, torch.Tensor]:
    import timm

    try:  # with the classes of the released head, so that nothing of it is lost
        return dict(timm.create_model(card.timm_name or "", pretrained=True).state_dict())
    except Exception as error:  # timm, huggingface_hub and urllib each raise errors of their own
        raise ConnectionError(
            f"the weights {card.timm_name} could not be had from the hub "
            f"({type(error).__name__}: {error}). They need the internet once; "
            f"offline, put {name}.safetensors in a folder and pass weights=<folder>"
        ) from error


def _load(
    model: nn.Module, card: ModelCard, state: dict[str, torch.Tensor], where: str, with_head: bool
) -> None:
    """Copy `state` into the model, all of it but the head, and refuse what does not fit."""
    own = model.state_dict()
    if not with_head:
        state = {
            key: tensor
            for key, tensor in state.items()
            if not key.startswith((f"{card.head}.", "pre_logits."))
        }
    for key in [key for key in state if key.endswith(("pos_embed", "positions.table"))]:
        if key in own and state[key].shape != own[key].shape:
            old_grid, new_grid = (
                math.isqrt(tensor.shape[1] - 1) for tensor in (state[key], own[key])
            )
            state[key] = interpolate_positions(
                state[key], (old_grid, old_grid), (new_grid, new_grid), num_prefix=1
            )
    expected = {key for key in own if with_head or not key.startswith(f"{card.head}.")}
    problems = [f"missing: {key}" for key in sorted(expected - set(state))]
    problems += [f"not in the model: {key}" for key in sorted(set(state) - expected)]
    problems += [
        f"{key}: expected shape {tuple(own[key].shape)}, got {tuple(state[key].shape)}"
        for key in sorted(expected & set(state))
        if own[key].shape != state[key].shape
    ]
    if problems:
        shown = "; ".join(problems[:8]) + (
            f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
        )
        raise ValueError(f"the tensors of {where} do not fit the model: {shown}")
    model.load_state_dict(state, strict=False)


# --- what is trained ------------------------------------------------------------------------------


def layer_groups(pretrained: Pretrained) -> list[list[str]]:
    """Parameter names by depth: before the first block, each block, after the last.

    For layer-wise learning rates."""
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
        return separable[-4:]
    blocks = list(model.get_submodule("blocks").children())
    return [*blocks[-math.ceil(len(blocks) / 10) :], model.get_submodule("norm")]


def select_trainable(pretrained: Pretrained, tuning: str) -> Trainable:
    """Freeze the model but for what `tuning` trains, and say what that is.

    Frozen BatchNorm layers are kept in eval mode by `helpers.training.run.set_training_mode`.
    Raises ValueError for an unknown tuning."""
    _choose("tuning", tuning, TUNINGS)
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
