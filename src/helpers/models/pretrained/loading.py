"""First weights for a model: from the hub, shipped with the package, from a folder, or fresh."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from helpers.layers.positions import interpolate_positions
from helpers.models.pretrained.cards import (
    MODELS,
    TERMS,
    TUNINGS,
    WEIGHTS,
    ModelCard,
    check_choices,
    check_image_size,
    file_of_weights,
)
from helpers.models.pretrained.hub import check_sum, hub_state
from helpers.models.pretrained.package import (
    FILE,
    LICENCE,
    MEAN,
    PACKAGE,
    SHA256,
    STD,
    package_state,
)
from helpers.models.vit import ViT

# What a file of `make weights` says of where it is from.
ORIGIN = ("tag", "repository", "revision", "url", "licence")


@dataclass(frozen=True)
class Pretrained:
    """A model to fine-tune and what goes with it.

    Attributes
    ----------
    model
        The network.
    name
        Its name in `MODELS`.
    image_size
        Side of its images in pixels.
    mean
        Of the input it was trained on, in units of 1 = white.
    std
        The same.
    weights
        Where the weights come from, for the record.
    """

    model: nn.Module
    name: str
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    weights: dict[str, Any] = field(default_factory=dict)

    @property
    def head(self) -> nn.Module:
        """The classification layer."""
        return self.model.get_submodule(MODELS[self.name].head)


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

    Positions are interpolated where `image_size` differs from the size of the weights. A file whose
    positions are not on the model's own grid says theirs in its metadata, `{"grid": "3x12"}`.

    Parameters
    ----------
    name
        One of `MODELS`.
    num_classes
        K.
    weights
        `hub` (downloaded by timm), `package` (released weights in a Python package), `shipped` (our
        small checkpoints, pre-trained on drawings), `photographs` (the same on photographs without
        a dog), `none` (fresh weights) or a folder of `<name>.safetensors`.
    image_size
        Pixels, or None for the model's own.
    seed
        Of every fresh number.
    with_head
        Keep the head of the weights: its rows are their classes in their order, `num_classes` many.

    Raises
    ------
    ValueError
        For unknown names, and for a file whose tensors do not fit (named).
    ConnectionError
        If the hub cannot be reached.
    FileNotFoundError
        If the package of released weights is not installed.
    """
    check_choices([name], [TUNINGS[0]], weights, image_size)
    if with_head and weights == "none":
        raise ValueError(
            "with_head=True keeps the head of the weights, and weights='none' has none"
        )
    card, size = MODELS[name], check_image_size(name, image_size)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # a GPU's random state stays as it is
        model = card.build(num_classes, size)
    source: dict[str, Any] = {"kind": weights if weights in WEIGHTS else "folder"}
    if weights == "hub":
        state, found = hub_state(card.timm_name or "", name)
        source |= found
        _load(model, card, state, f"{card.timm_name} on the hub", with_head)
    elif weights == "package":
        source |= {"package": PACKAGE, "file": FILE, "sha256": SHA256, "licence": LICENCE}
        _load(model, card, package_state(), FILE, with_head)
    elif weights != "none":
        path = file_of_weights(name, weights)
        source |= {"file": path.name, "sha256": check_sum(path)}
        source |= {"licence": TERMS[weights]} if weights in TERMS else {}
        state, metadata = _state_from_file(path)
        source |= {key: metadata[key] for key in ORIGIN if key in metadata}
        _load(model, card, state, path.name, with_head, metadata.get("grid"))
    mean, std = (MEAN, STD) if weights == "package" else _mean_std(card)
    return Pretrained(model, name, size, mean, std, source)


def imagenet_classifier(
    name: str, weights: str, image_size: int, split: Any
) -> tuple[Pretrained, list[int]]:
    """The network with its 1000 ImageNet outputs, and which are the classes of `split`, in order.

    Parameters
    ----------
    name, weights, image_size
        See `build_model`.
    split
        Images of classes 0 to K-1, all of them there, whose names are those of ImageNet, such as
        `n02085620_5927.jpg`, in any folder.

    Raises
    ------
    ValueError
        If names have another form, ImageNet-1k lacks a class, or labels and names disagree; and
        what `build_model` raises.
    """
    from timm.data import ImageNetInfo

    index = {wnid: i for i, wnid in enumerate(ImageNetInfo().label_names())}
    wnids = _wnids(split)
    unknown = sorted(set(wnids) - set(index))
    if unknown:
        raise ValueError(f"not classes of ImageNet-1k: {', '.join(unknown[:5])}")
    ready = build_model(name, len(index), weights=weights, image_size=image_size, with_head=True)
    return ready, [index[wnid] for wnid in wnids]


def _wnids(split: Any) -> list[str]:
    """The ImageNet name of each class, from its files; one to one, or a column is wrong."""
    found: dict[int, set[str]] = {}
    for label, file in zip(split.labels.tolist(), split.names, strict=True):
        found.setdefault(label, set()).add(Path(file).name.split("_")[0])
    absent = sorted(set(range(max(found, default=-1) + 1)) - set(found))
    if absent:
        raise ValueError(f"split: expected an image of every class, got no image of {absent}")
    for label, names in found.items():
        if len(names) > 1:
            held = ", ".join(sorted(names))
            raise ValueError(f"split: expected one ImageNet class each, class {label} holds {held}")
    wnids = [next(iter(found[label])) for label in range(len(found))]
    twice = sorted({wnid for wnid in wnids if wnids.count(wnid) > 1})
    if twice:
        raise ValueError(f"split: expected another ImageNet class for each label, twice: {twice}")
    return wnids


def _mean_std(card: ModelCard) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    if card.timm_name is None:
        return (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)  # what `make pretrain` uses
    import timm

    config = timm.get_pretrained_cfg(card.timm_name)
    if config is None:
        raise ValueError(f"timm knows no {card.timm_name}: another version of timm?")
    return tuple(config.mean), tuple(config.std)  # type: ignore[return-value]


def _state_from_file(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a file and its metadata."""
    from safetensors import safe_open

    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except MemoryError:
        raise
    except Exception as error:  # safetensors and torch raise whatever a broken header provokes
        raise ValueError(
            f"{path} is not a whole safetensors file: {error}; copy it again, "
            "or fetch it with `make weights`"
        ) from error


def _grid_of_weights(
    card: ModelCard, positions: int, grid: str | None, where: str
) -> tuple[int, int]:
    """Rows and columns of the patches that `positions` numbers stand for.

    36 positions may be 6 x 6, 4 x 9 or 3 x 12: the file says it, or it is the model's own grid.
    """
    if grid is not None:
        sides = [int(side) for side in grid.split("x") if re.fullmatch("[1-9][0-9]{0,3}", side)]
        if len(sides) != 2 or grid.count("x") != 1 or sides[0] * sides[1] != positions:
            raise ValueError(
                f"{where}: expected a grid of {positions} positions such as '8x8' in the metadata, "
                f"got {grid!r}"
            )
        return sides[0], sides[1]
    rows, columns = card.grid
    if rows * columns != positions:
        raise ValueError(
            f"{where}: expected {rows * columns} positions of an {rows} x {columns} grid, "
            f"got {positions}, whose rows and columns nothing tells; write them into the file, for "
            "example save_file(state, path, metadata={'grid': '6x6'})"
        )
    return rows, columns


def _grid_of_model(model: nn.Module) -> tuple[int, int]:
    if isinstance(model, ViT):
        return model.positions.grid
    rows, columns = model.get_submodule("patch_embed").grid_size  # type: ignore[misc]  # timm
    return rows, columns


def _load(
    model: nn.Module,
    card: ModelCard,
    state: dict[str, torch.Tensor],
    where: str,
    with_head: bool,
    grid: str | None = None,
) -> None:
    """Copy `state` into the model, all of it but the head, and refuse what does not fit."""
    own = model.state_dict()
    dropped = () if with_head else (f"{card.head}.", "pre_logits.")
    state = {key: tensor for key, tensor in state.items() if not key.startswith(dropped)}
    for key in {"pos_embed", "positions.table"} & set(own) & set(state):
        if state[key].dim() == 3:
            old = _grid_of_weights(card, state[key].shape[1] - 1, grid, where)
            state[key] = interpolate_positions(
                state[key].float(), old, _grid_of_model(model), num_prefix=1
            )
    expected = {key for key in own if with_head or not key.startswith(f"{card.head}.")}
    problems = [f"missing: {key}" for key in sorted(expected - set(state))]
    problems += [f"not in the model: {key}" for key in sorted(set(state) - expected)]
    for key in sorted(expected & set(state)):
        problems += _problems_of_tensor(key, own[key], state[key])
    if problems:
        shown = "; ".join(problems[:8]) + (
            f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
        )
        raise ValueError(
            f"the tensors of {where} do not fit the model: {shown}. "
            "Choose another file, or other weights"
        )
    model.load_state_dict(state, strict=False)


def _problems_of_tensor(key: str, own: torch.Tensor, given: torch.Tensor) -> list[str]:
    if own.shape != given.shape:
        return [f"{key}: expected shape {tuple(own.shape)}, got {tuple(given.shape)}"]
    if own.is_floating_point() and not given.is_floating_point():
        return [f"{key}: expected floating-point numbers, got {given.dtype}"]
    if not given.float().isfinite().all():
        return [f"{key}: expected finite numbers, got NaN or infinity"]
    return []
