"""First weights for a model: from the hub, shipped with the package, from a folder, or fresh."""

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.layers.positions import interpolate_positions
from helpers.models.pretrained.cards import (
    MODELS,
    TUNINGS,
    WEIGHTS,
    ModelCard,
    check_choices,
    check_image_size,
    file_of_weights,
)


@dataclass(frozen=True)
class Pretrained:
    """A model to fine-tune and what goes with it.

    Attributes
    ----------
    model, name
        The network, and its name in `MODELS`.
    image_size
        Side of its images in pixels.
    mean, std
        Of the input it was trained on, in units of 1 = white.
    weights
        Where the weights come from, for the record.
    """

    model: nn.Module
    name: str
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: dict[str, Any] = field(default_factory=dict)


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

    Positions are interpolated where `image_size` differs from the size of the weights.

    Parameters
    ----------
    name
        One of `MODELS`.
    num_classes
        K.
    weights
        `hub` (downloaded by timm), `shipped` (our small checkpoints), `none` (fresh weights) or a
        folder of `<name>.safetensors`.
    image_size
        Pixels, or None for the model's own.
    seed
        Of every fresh number.
    with_head
        Keep the head of the weights (its classes must be `num_classes`).

    Raises
    ------
    ValueError
        For unknown names, and for a file whose tensors do not fit (named).
    ConnectionError
        If the hub cannot be reached.
    """
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
        path = file_of_weights(name, weights)
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
