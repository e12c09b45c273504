"""What a network costs: parameters, multiply-accumulates, activations kept for backward, images a second.

One MAC is one multiplication and one addition, 2 FLOPs. Counted are convolutions and matrix products only,
attention's included; norms, activations and pooling are not (fvcore counts norms, and is therefore up to 0.7
% above).
"""

import re
import statistics
import time
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.measure.meta import Watcher, run_on_meta, tensors_on_meta, watched

aten = torch.ops.aten

# ------------------------------------------------------------------------------------------------- parameters


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Number of parameters, {"total", "trained"}; a shared tensor counts once, buffers do not count."""
    parameters = list(model.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    return {"total": sum(p.numel() for p in parameters), "trained": trained}


def parameters_by_group(model: nn.Module, depth: int = 1) -> dict[str, int]:
    """Number of parameters under each of the first `depth` parts of the names; the groups sum to the total.

    `depth` 1 gives the children of the model, 2 the blocks of a list.

    Raises
    ------
    ValueError
        For `depth` < 1.
    """
    if depth < 1:
        raise ValueError(f"depth: expected at least 1, got {depth}")
    groups: dict[str, int] = {}
    for name, parameter in model.named_parameters():
        group = ".".join(name.split(".")[:depth])
        groups[group] = groups.get(group, 0) + parameter.numel()
    return groups


# --------------------------------------------------------------------------------------- multiply-accumulates


def macs_by_layer(model: nn.Module, image_size: int | tuple[int, int], in_channels: int = 3) -> dict[str, int]:
    """MACs of one forward pass of one image, by the module that computes them, in the order of computation.

    Products that a module computes itself, such as Q K^T, stand under its own name. The model runs in eval
    mode on the meta device: shapes flow, nothing is computed, the model is left as it was.

    Raises
    ------
    ValueError
        For a fused operation that this count does not know, rather than leave it out.
    """
    layers: dict[str, int] = {}
    for product in _products(model, image_size, in_channels):
        layers[product.layer] = layers.get(product.layer, 0) + product.macs
    return layers


def macs(model: nn.Module, image_size: int | tuple[int, int], in_channels: int = 3) -> int:
    """MACs of one forward pass of one image: the sum of `macs_by_layer`."""
    return sum(macs_by_layer(model, image_size, in_channels).values())


def training_step_macs(model: nn.Module, image_size: int | tuple[int, int], in_channels: int = 3) -> int:
    """MACs of forward and backward for one image, given what `requires_grad` freezes.

    Forward: every product once. Backward, for y = W x: once more for the gradient of x wherever something
    trained lies before the product, and twice where W itself is trained. With nothing frozen this is the
    customary 3 x forward, which charges the first layer a gradient of the image that autograd skips (0.2 %
    for ViT-B/16). For a product of two activations: once for each factor that a gradient goes through.

    Raises
    ------
    ValueError
        If nothing is trained.
    """
    if not any(p.requires_grad for p in model.parameters()):
        raise ValueError("expected a trained parameter, got a model with requires_grad False everywhere")
    products = _products(model, image_size, in_channels)
    return sum(product.macs * (1 + product.backward_products) for product in products)


@dataclass(frozen=True)
class _Product:
    layer: str
    macs: int
    backward_products: int


def _products(model: nn.Module, image_size: int | tuple[int, int], in_channels: int) -> list[_Product]:
    """Every product of one forward pass of one image, found by running the model on the meta device."""
    tensors = tensors_on_meta(model)
    weights = {t.untyped_storage()._cdata for t in tensors.values()}
    with watched(model) as path, torch.enable_grad(), _ProductCounter(path, weights) as counter:
        run_on_meta(model, tensors, image_size, in_channels)
    return counter.products


class _ProductCounter(Watcher):
    """Note every convolution and matrix product; on the meta device fused attention comes apart into
    products."""

    def __init__(self, path: list[str], weights: set[int]) -> None:
        super().__init__()
        self.path = path
        self.weights = weights
        self.products: list[_Product] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        operation = func.overloadpacket
        if operation is aten.convolution:
            factors, transposed = args[:2], args[6]
            # Weight (C_out, C_in / groups, k, k): each value of the output sums over all axes but the first.
            count = (args[0] if transposed else output).numel() * prod(args[1].shape[1:])
        elif operation in _MATRIX_PRODUCTS:
            factors = args[:3][-2:]  # after the bias, where there is one
            count = output.numel() * factors[0].shape[-1]
        elif _UNKNOWN_PRODUCT.search(operation.__name__):
            raise ValueError(f"expected operations whose MACs are known, got {func}")
        else:
            return output
        self.products.append(_Product(self.path[-1], count, self._backward_products(factors)))
        return output

    def _backward_products(self, factors: tuple[Tensor, ...]) -> int:
        trained_weight = any(t.requires_grad and t.untyped_storage()._cdata in self.weights for t in factors)
        return 2 if trained_weight else sum(t.requires_grad for t in factors)


_MATRIX_PRODUCTS = (aten.mm, aten.bmm, aten.addmm, aten.baddbmm, aten.mv, aten.addmv)
_UNKNOWN_PRODUCT = re.compile("attention|convolution|rnn|lstm|gru|matmul|mm$|^linear$")


# ------------------------------------------------------------------------------------------ saved activations


def saved_activation_bytes(
    model: nn.Module, image_size: int | tuple[int, int], *, batch_size: int = 2, in_channels: int = 3
) -> float:
    """Bytes per image that autograd keeps between a forward pass with cross-entropy and its backward pass.

    Every tensor saved for backward is seen by a hook; storages count once, those of parameters and buffers
    not at all. The model runs as it is: on its device (on the meta device for free, but there attention is
    never fused), in its mode, in its precision, with what it has frozen. Gradients, optimiser states and the
    allocator come on top.

    Raises
    ------
    ValueError
        If the batch is not positive or the model does not return logits (B, K).
    """
    if batch_size < 1:
        raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    own = [*model.parameters(), *model.buffers()]
    known = {t.untyped_storage()._cdata for t in own}
    saved: dict[int, torch.UntypedStorage] = {}  # holding a storage keeps its address from being used again

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:
            saved[storage._cdata] = storage
        return tensor

    images = torch.rand(batch_size, in_channels, height, width, device=own[0].device, dtype=own[0].dtype)
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        logits = model(images)
        if not isinstance(logits, Tensor) or logits.ndim != 2:
            raise ValueError(f"model: expected logits (B, K), got {getattr(logits, 'shape', type(logits))}")
        loss = cross_entropy(logits, torch.zeros(batch_size, dtype=torch.long, device=logits.device))
    total = sum(storage.nbytes() for storage in saved.values())
    del loss, logits
    return total / batch_size


# ------------------------------------------------------------------------------------------------- throughput


@dataclass(frozen=True)
class Throughput:
    """Images a second: the median over `repeats`, and the slowest and fastest of them."""

    images_per_s: float
    slowest: float
    fastest: float
    repeats: int


def throughput(
    model: nn.Module, images: Tensor, *, train: bool = False, repeats: int = 5, warmup: int = 2
) -> Throughput:
    """Images a second of forward passes without gradient, or with `train` of forward and backward passes.

    The first `warmup` passes are not timed (kernels are chosen, caches filled, programs compiled); the device
    is waited for before each reading of the clock. Mode and precision are the caller's: use `model.eval()`
    and `torch.autocast` around the call. Gradients are dropped after each pass.

    (B, C, H, W) -> Throughput.

    Raises
    ------
    ValueError
        For `repeats` < 1 or `warmup` < 0.
    """
    if repeats < 1 or warmup < 0:
        raise ValueError(f"expected repeats >= 1 and warmup >= 0, got {repeats} and {warmup}")
    labels = torch.zeros(len(images), dtype=torch.long, device=images.device)
    rates = []
    for repeat in range(-warmup, repeats):
        _wait_for(images.device)
        start = time.perf_counter()
        with torch.set_grad_enabled(train):
            logits = model(images)
            if train:
                cross_entropy(logits, labels).backward()
        _wait_for(images.device)
        if repeat >= 0:
            rates.append(len(images) / (time.perf_counter() - start))
        model.zero_grad(set_to_none=True)
    return Throughput(statistics.median(rates), min(rates), max(rates), repeats)


def _wait_for(device: torch.device) -> None:
    """Wait until an accelerator has finished what was launched; a CPU always has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
