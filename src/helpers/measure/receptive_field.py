r"""Receptive fields: which pixels can reach a value of a map (theory), and which do (gradient).

Theory: $r_\ell=r_{\ell-1}+(k_\ell-1)\,d_\ell\,j_{\ell-1}$ and $j_\ell=j_{\ell-1}s_\ell$ from $r_0=j_0=1$, for kernel k,
stride s and dilation d; r is the side of the field in pixels, j the jump, the pixels between neighbours of the map.
Where paths meet, the largest field counts. Practice: Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive
Field in Deep Convolutional Neural Networks", NeurIPS 2016: the squared gradient of the central value with respect to
the image. In a stack of n random k x k convolutions it is a binomial bell of standard deviation $\sqrt{n(k^2-1)/12}$,
while the field grows with n.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd, inf, isqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from helpers.measure.meta import Watcher, run_on_meta, tensors_on_meta, watched

aten = torch.ops.aten

# ---------------------------------------------------------------------------------------------------------- theory


@dataclass(frozen=True)
class Layer:
    """What a convolution or a pooling does to the field."""

    kernel: int
    stride: int = 1
    dilation: int = 1


@dataclass(frozen=True)
class Field:
    """Side of the receptive field and jump between neighbours, in pixels; `size` is infinite for the whole image."""

    size: float = 1
    jump: float = 1

    def through(self, layer: Layer) -> "Field":
        """One step of the recursion."""
        return Field(self.size + (layer.kernel - 1) * layer.dilation * self.jump, self.jump * layer.stride)


def receptive_field(layers: Iterable[Layer], start: Field | None = None) -> list[Field]:
    """The field after each layer of a chain; raises ValueError for a kernel, stride or dilation below 1."""
    field, fields = start or Field(), []
    for layer in layers:
        if min(layer.kernel, layer.stride, layer.dilation) < 1:
            raise ValueError(f"expected kernel, stride and dilation of at least 1, got {layer}")
        field = field.through(layer)
        fields.append(field)
    return fields


def meet(paths: Iterable[Field]) -> Field:
    """Where paths are added or joined: the largest field.

    Raises
    ------
    ValueError
        Where the jumps differ.
    """
    paths = list(paths)
    jumps = {field.jump for field in paths if field.size != inf}
    if not paths or len(jumps) > 1:
        raise ValueError(f"expected paths with one jump, got {paths}")
    return Field(max(field.size for field in paths), max(field.jump for field in paths))


# ------------------------------------------------------------------------------------------- theory, for any network


def fields_by_layer(model: nn.Module, image_size: int | tuple[int, int], in_channels: int = 3) -> dict[str, Field]:
    """Receptive field after each convolution, pooling and attention, by module, in the order of computation.

    The fields follow the values through one forward pass on the meta device, so residuals and branches need no table.
    Attention, a mean over the map and a linear layer on the flattened map see the whole image. Side and jump are those
    of the taller direction for kernels that are not square.
    """
    with watched(model) as path, torch.no_grad(), _FieldFollower(path) as follower:
        run_on_meta(model, tensors_on_meta(model), image_size, in_channels)
    return follower.fields


class _FieldFollower(Watcher):
    """Carry a field with every storage: views share it, layers change it, where values meet the largest stays."""

    def __init__(self, path: list[str]) -> None:
        super().__init__()
        self.path = path
        self.fields: dict[str, Field] = {}
        self.carried: dict[int, Field] = {}
        self.kept_alive: list[Any] = []  # so that no storage takes the address of another

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        inputs = [t for group in args for t in (group if isinstance(group, (list, tuple)) else [group])]
        known = [self.carried[k] for t in inputs if isinstance(t, Tensor) and (k := _key(t)) in self.carried]
        # A weight carries nothing; the image does not yet, and its field is one pixel.
        incoming = Field(max((f.size for f in known), default=1), max((f.jump for f in known), default=1))
        result, named = self._after(func.overloadpacket, args, output, incoming)
        for tensor in output if isinstance(output, (list, tuple)) else [output]:
            if isinstance(tensor, Tensor) and (known or named):
                self.carried[_key(tensor)] = result
                self.kept_alive.append(tensor)
        if named:
            self.fields[self.path[-1]] = result
        return output

    def _after(self, operation: Any, args: Any, output: Any, field: Field) -> tuple[Field, bool]:
        """The field after an operation, and whether it deserves a line of its own."""
        if operation is aten.convolution:
            if args[6]:
                raise ValueError("expected convolutions that are not transposed")
            return field.through(Layer(max(args[1].shape[2:]), max(args[3]), max(args[5]))), True
        if operation is aten.max_pool2d_with_indices or operation is aten.avg_pool2d:
            stride = args[2] if len(args) > 2 and args[2] else args[1]
            dilation = max(args[4]) if operation is aten.max_pool2d_with_indices and len(args) > 4 else 1
            return field.through(Layer(max(args[1]), max(stride), dilation)), True
        if operation is aten._adaptive_avg_pool2d:
            before, after = args[0].shape[-1], output.shape[-1]
            kernel = max(-(-(i + 1) * before // after) - i * before // after for i in range(after))
            return Field(field.size + (kernel - 1) * field.jump, field.jump * before / after), kernel > 1
        if operation is aten.bmm:
            return Field(inf, field.jump), True  # attention
        over_the_map = operation is aten.mean and args[0].ndim == 4 and {d % 4 for d in args[1]} >= {2, 3}
        flattened = operation in (aten.mm, aten.addmm) and args[-2].shape[0] == 1  # one row for the one image
        if over_the_map or flattened:
            return Field(inf, field.jump), False
        return field, False


def _key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


# -------------------------------------------------------------------------------------------------------- practice


class _Reached(Exception):
    """The layer's output is known: nothing after it need be computed."""


def output_of(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """What a named module returns for these images; what comes after it is not computed.

    Raises
    ------
    ValueError
        If the model has no module of this name, or it does not run, or returns no single tensor.
    """
    modules = dict(model.named_modules())
    if layer not in modules:
        raise ValueError(f"layer: expected one of {', '.join(list(modules)[1:])}; got {layer!r}")
    reached: list[Any] = []

    def stop(module: nn.Module, args: Any, output: Any) -> None:
        reached.append(output)
        raise _Reached

    hook = modules[layer].register_forward_hook(stop)
    try:
        model(images)
    except _Reached:
        pass
    finally:
        hook.remove()
    if not reached or not isinstance(reached[0], Tensor):
        raise ValueError(
            f"layer {layer!r}: expected a module that runs and returns a tensor, got {reached or 'no run'}"
        )
    return reached[0]


def on_grid(values: Tensor, image_size: tuple[int, int]) -> Tensor:
    """A map as it is, or tokens without those in front (class, distillation) on the grid of their image.

    Patches are square, so the grid has the shape of the image: of all grids k a x k b, a : b the image's sides, the
    largest that N tokens fill. (B, C, H, W) -> same; (B, N, D) -> (B, D, rows, columns).

    Parameters
    ----------
    values
        output of a layer.
    image_size
        height and width of the images it saw.

    Raises
    ------
    ValueError
        For another number of axes, or if more than 4 tokens would be left out.
    """
    if values.ndim == 4:
        return values
    if values.ndim != 3:
        raise ValueError(f"expected a map (B, C, H, W) or tokens (B, N, D), got {tuple(values.shape)}")
    a, b = (side // gcd(*image_size) for side in image_size)
    k = isqrt(values.shape[1] // (a * b))
    num_prefix = values.shape[1] - k * a * k * b
    if num_prefix > 4 or k == 0:
        raise ValueError(
            f"expected a grid of the shape of the image, {image_size[0]} x {image_size[1]}, and at most 4 tokens in "
            f"front, got {values.shape[1]} tokens"
        )
    return values[:, num_prefix:].unflatten(1, (k * a, k * b)).permute(0, 3, 1, 2)  # (B, D, G, G)


def effective_field(model: nn.Module, layer: str, images: Tensor, seed: int = 0) -> np.ndarray:
    """Share of each pixel in the squared gradient of the central value of a layer's output.

    The central value is a random combination of channels (normal weights, drawn from `seed` for each image); squares
    are summed over colours and over images. The model runs in its own mode; for batch norm that should be eval.

    (B, C, H, W) images -> (H, W), sum 1.

    Raises
    ------
    ValueError
        If no gradient arrives.
    """
    images = images.detach().requires_grad_(True)
    with torch.enable_grad():
        values = on_grid(output_of(model, layer, images), (images.shape[-2], images.shape[-1]))
        centre = values[:, :, values.shape[2] // 2, values.shape[3] // 2]  # (B, C)
        mixture = torch.randn(centre.shape, generator=torch.Generator().manual_seed(seed)).to(centre)
        (gradient,) = torch.autograd.grad((centre * mixture).sum(), images)
    squared = gradient.double().square().sum(1)  # (B, H, W)
    total = squared.sum((1, 2), keepdim=True)
    if not torch.isfinite(total).all() or (total == 0).any():
        raise ValueError(f"layer {layer!r}: expected a gradient at the image, got sums {total.flatten().tolist()}")
    return (squared / total).mean(0).cpu().numpy()


def spread(share: np.ndarray) -> float:
    """Standard deviation of a field in pixels, the mean of both directions, about its centre of mass; (H, W) -> ()."""
    share = _checked_share(share)
    variance = 0.0
    for axis in (0, 1):
        line = share.sum(1 - axis)
        positions = np.arange(len(line))
        mean = (line * positions).sum()
        variance += (line * (positions - mean) ** 2).sum() / 2
    return float(variance**0.5)


def side_holding(share: np.ndarray, part: float = 0.95) -> int:
    """Side in pixels of the smallest square about the field's peak of mass that holds `part` of it; (H, W) -> ().

    The square is centred on the pixel nearest to the centre of mass and may leave the image.
    """
    share = _checked_share(share)
    if not 0 < part <= 1:
        raise ValueError(f"part: expected a fraction in (0, 1], got {part}")
    rows, columns = np.indices(share.shape)
    row, column = round(float((share * rows).sum())), round(float((share * columns).sum()))
    distance = np.maximum(abs(rows - row), abs(columns - column))  # of the square ring through each pixel
    held = np.cumsum(np.bincount(distance.ravel(), weights=share.ravel()))
    return 2 * int(np.searchsorted(held, part * held[-1] * (1 - 1e-12))) + 1


def central_patch(share: np.ndarray, patch_size: int) -> np.ndarray:
    """The pixels of the patch whose token stands in the middle, (H, W) -> (P, P)."""
    row, column = (side // patch_size // 2 * patch_size for side in share.shape)
    return share[row : row + patch_size, column : column + patch_size]


def with_statistics_of(model: nn.Module, images: Tensor) -> nn.Module:
    """The model in eval mode; its batch norms have the statistics of these images (B, C, H, W), as in a first step."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # keep the statistics of this pass alone
    if norms:
        with torch.no_grad():
            model.train()(images)
    return model.eval()


def growth_exponent(depths: np.ndarray, spreads: np.ndarray) -> float:
    r"""Slope of $\log\sigma$ against $\log n$: 0.5 for a random walk, 1 for growth in step with the field."""
    depths, spreads = np.asarray(depths, dtype=float), np.asarray(spreads, dtype=float)
    if depths.shape != spreads.shape or depths.ndim != 1 or len(depths) < 2 or min(depths.min(), spreads.min()) <= 0:
        raise ValueError(f"expected two rows of at least 2 positive numbers, got {depths} and {spreads}")
    return float(np.polyfit(np.log(depths), np.log(spreads), 1)[0])


def _checked_share(share: np.ndarray) -> np.ndarray:
    share = np.asarray(share, dtype=float)
    if share.ndim != 2 or not np.isfinite(share).all() or share.min() < 0 or share.sum() <= 0:
        raise ValueError(f"share: expected non-negative numbers (H, W), got {share.shape}")
    return share / share.sum()
