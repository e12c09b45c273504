"""Weights for a page: batch norms folded, matrices in eight bits, everything in one row of bytes, and all of it back.

A batch norm in eval mode is a factor and a shift for each channel, so it goes into the convolution before it:
w' = w g / sqrt(v + eps), b' = beta - m g / sqrt(v + eps). A matrix keeps one factor for each output, its largest value
over 127, and integers from -127 to 127 (Jacob et al., CVPR 2018, with weights alone). Vectors stay in float32.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

LEVELS = 127
SMALLEST = 2  # axes of a tensor from which on it is stored in eight bits
LEFT_WHOLE = ("class_token", "positions.table")  # 33 kB, added to every token


@dataclass
class Packed:
    """One network as a page holds it: a JSON-able manifest, and float32 then int8 values in one row of bytes."""

    manifest: dict[str, Any]
    data: bytes
    tensors: dict[str, Tensor] = field(default_factory=dict, repr=False)

    def chunks(self, characters: int = 1_000_000) -> list[str]:
        """The bytes in base64, cut into parts of so many characters."""
        text = base64.b64encode(self.data).decode()
        return [text[start : start + characters] for start in range(0, len(text), characters)]


def folded(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a model in eval mode without its batch norms, by the names of its layers.

    A batch norm folds into the convolution that stands before it in the order of the modules, which holds for the
    networks of this course.

    Raises
    ------
    ValueError
        For a batch norm that no convolution stands before.
    """
    tensors = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    before = ""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            if not before:
                raise ValueError(f"{name}: expected a convolution before this batch norm")
            mean, variance = tensors.pop(f"{name}.running_mean"), tensors.pop(f"{name}.running_var")
            gain = tensors.pop(f"{name}.weight") / torch.sqrt(variance + module.eps)  # (K)
            tensors[f"{before}.weight"] *= gain.view(-1, 1, 1, 1)
            tensors[f"{before}.bias"] = tensors.pop(f"{name}.bias") - mean * gain
            del tensors[f"{name}.num_batches_tracked"]
            before = ""
        elif not list(module.children()):
            before = name if isinstance(module, nn.Conv2d) else "" if isinstance(module, nn.Linear) else before
    return tensors


def pack(model: nn.Module, **manifest: Any) -> Packed:
    """Fold, cut to eight bits, and lay out channels last; the manifest says where each tensor stands.

    Parameters
    ----------
    model
        A network of this course, in eval mode.
    manifest
        What else the page needs to know of it, JSON-able.
    """
    floats: list[np.ndarray] = []
    integers: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    kept: dict[str, Tensor] = {}
    for name, tensor in folded(model).items():
        values, axis = channels_last(tensor.float().numpy())
        row: dict[str, Any] = {"name": name, "shape": list(values.shape)}
        if values.ndim < SMALLEST or name in LEFT_WHOLE:
            floats.append(values.ravel())
            row["bytes"] = 4
        else:
            levels, scales = quantise(values, axis)
            integers.append(levels.ravel())
            floats.append(scales)
            row |= {"bytes": 1, "axis": axis}
            values = dequantise(levels, scales, axis)
        kept[name] = channels_first(values, axis)
        rows.append(row)
    data = b"".join(np.concatenate([*map(np.ravel, part)]).tobytes() for part in (floats, integers))
    count = sum(part.size for part in floats)
    return Packed({**manifest, "tensors": rows, "floats": count, "bytes": len(data)}, data, kept)


def channels_last(values: np.ndarray) -> tuple[np.ndarray, int]:
    """A tensor in the order that the page computes in, and which axis holds its outputs.

    (K, C, k, k) -> (K, k, k, C) and axis 0; a depthwise (C, 1, k, k) -> (k, k, C) and axis -1; others as they are.
    """
    if values.ndim != 4:
        return np.ascontiguousarray(values), 0
    if values.shape[1] == 1:
        return np.ascontiguousarray(values[:, 0].transpose(1, 2, 0)), -1
    return np.ascontiguousarray(values.transpose(0, 2, 3, 1)), 0


def channels_first(values: np.ndarray, axis: int) -> Tensor:
    """The way back of `channels_last`."""
    if axis == -1:
        values = values.transpose(2, 0, 1)[:, None]
    elif values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    return torch.from_numpy(np.array(values, order="C"))


def quantise(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Integers from -127 to 127, int8 of the same shape, and a factor for each output, float32 (K,)."""
    others = tuple(k for k in range(values.ndim) if k != axis % values.ndim)
    largest = np.abs(values).max(axis=others)
    scales = (np.where(largest > 0, largest, 1) / LEVELS).astype(np.float32)
    levels = np.rint(values / _along(scales, values.ndim, axis)).clip(-LEVELS, LEVELS).astype(np.int8)
    return levels, scales


def dequantise(levels: np.ndarray, scales: np.ndarray, axis: int) -> np.ndarray:
    """Integer times factor, float32: what the page computes with."""
    return levels.astype(np.float32) * _along(scales, levels.ndim, axis)


def _along(scales: np.ndarray, ndim: int, axis: int) -> np.ndarray:
    shape = [1] * ndim
    shape[axis] = -1
    return scales.reshape(shape)


def unpack(manifest: dict[str, Any], data: bytes) -> dict[str, Tensor]:
    """The tensors that a page computes with, from what it was given, under the names of the model's layers.

    Raises
    ------
    ValueError
        If the bytes are not as many as the manifest says.
    """
    if len(data) != manifest["bytes"]:
        raise ValueError(f"data: expected {manifest['bytes']} bytes, got {len(data)}")
    floats = np.frombuffer(data, np.float32, manifest["floats"])
    integers = np.frombuffer(data, np.int8, offset=4 * manifest["floats"])
    found: dict[str, Tensor] = {}
    f = i = 0
    for row in manifest["tensors"]:
        shape, axis = row["shape"], row.get("axis", 0)
        size = int(np.prod(shape))
        if row["bytes"] == 4:
            values, f = floats[f : f + size].reshape(shape), f + size
        else:
            scales, f = floats[f : f + shape[axis]], f + shape[axis]
            values, i = dequantise(integers[i : i + size].reshape(shape), scales, axis), i + size
        found[row["name"]] = channels_first(values, axis)
    return found


def put_into(model: nn.Module, tensors: dict[str, Tensor]) -> nn.Module:
    """Give a model with batch norms folded weights: each norm then only adds the shift. The model is changed.

    Raises
    ------
    ValueError
        For a tensor that the model has no place for.
    """
    state = model.state_dict()
    left = dict(tensors)
    before = ""
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            state[f"{name}.weight"].fill_(1.0)
            state[f"{name}.running_mean"].fill_(0.0)
            state[f"{name}.running_var"].fill_(1.0 - module.eps)
            state[f"{name}.bias"].copy_(left.pop(f"{before}.bias"))
        elif isinstance(module, nn.Conv2d):
            before = name
    for name, tensor in left.items():
        if name not in state:
            raise ValueError(f"the model has no place for {name}")
        state[name].copy_(tensor.reshape(state[name].shape))
    return model.eval()
