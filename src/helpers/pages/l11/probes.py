"""What a frozen network knows: linear probes on its features, and what shifts and shuffled tiles do to its answers.

A probe is a linear model trained on features that stay as they are. What it can read, a linear layer on top of the
network could use; what it cannot read may still be there in another form.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from helpers.measure.intervals import Estimate, percentile_interval, without_interval

ALPHAS = tuple(np.logspace(-1, 5, 13))


@torch.no_grad()
def features(model: nn.Module, images: Tensor, layers: Sequence[str], batch_size: int = 100) -> dict[str, Tensor]:
    """Outputs of the named layers, (n, C, H, W) -> {layer: (n, ...)}; the model runs in eval mode."""
    kept: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    modules = dict(model.named_modules())
    hooks = [
        modules[layer].register_forward_hook(lambda m, a, output, layer=layer: kept[layer].append(output.clone()))
        for layer in layers
    ]
    model.eval()
    try:
        for part in images.split(batch_size):
            model(part)
    finally:
        for hook in hooks:
            hook.remove()
    return {layer: torch.cat(parts) for layer, parts in kept.items()}


def as_tensor(images: np.ndarray) -> Tensor:
    """uint8 (n, S, S, 3) -> float32 (n, 3, S, S) in -1..1, as the shipped checkpoints expect."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)


# ---------------------------------------------------------------------------------------------------------- probes


def class_probe(train: Tensor, labels: np.ndarray) -> Any:
    """A ridge classifier on standardised features, its strength chosen by leave-one-out; use its `predict`."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeClassifierCV(ALPHAS)).fit(train.flatten(1).numpy(), labels)


def place_probe(train: Tensor, places: np.ndarray, test: Tensor, test_places: np.ndarray, seed: int = 0) -> Estimate:
    r"""How well a linear probe reads where an object is: $R^2$ on test images, (n, ...) features, (n, 2) places.

    1 is perfect, 0 is as good as always saying the middle. The interval is a bootstrap over test images; it does not
    cover another draw of training images or other weights of the network.

    Raises
    ------
    ValueError
        If all test places are the middle of the training places, where no spread is left to explain.
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), RidgeCV(ALPHAS)).fit(train.flatten(1).numpy(), places)
    missed = ((probe.predict(test.flatten(1).numpy()) - test_places) ** 2).sum(1)
    spread = ((test_places - places.mean(0)) ** 2).sum(1)
    if not spread.sum() > 0:
        raise ValueError(f"test_places: expected places that differ from the middle, got {len(spread)} that do not")
    rows = np.random.default_rng(seed).integers(0, len(missed), (2000, len(missed)))
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = 1 - missed[rows].sum(1) / spread[rows].sum(1)
    return percentile_interval(float(1 - missed.sum() / spread.sum()), draws, len(missed))


def mean_over_images(values: np.ndarray) -> Estimate:
    """Mean of one number an image with its normal interval, (n,) -> Estimate covering test sampling.

    Numbers that are all alike, or a single one, cannot say how images vary: then there is no interval.

    Raises
    ------
    ValueError
        For no number, or one that is not finite.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"values: expected a non-empty row of finite numbers, got {values!r}")
    mean, n = float(values.mean()), len(values)
    if np.ptp(values) == 0:
        return without_interval(mean, n)
    half = float(1.96 * values.std(ddof=1) / n**0.5)
    return Estimate(mean, mean - half, mean + half, n, "test sampling")


# --------------------------------------------------------------------------------------------- what is done to images


def paste(images: np.ndarray, canvas: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Put each picture somewhere on a grey canvas, (n, S, S, 3) -> (n, canvas, canvas, 3) and places (n, 2) in 0..1."""
    n, side = images.shape[:2]
    if canvas <= side:
        raise ValueError(f"canvas: expected more than the pictures' {side} pixels, got {canvas}")
    corners = np.random.default_rng([seed, 3]).integers(0, canvas - side + 1, (n, 2))
    result = np.full((n, canvas, canvas, 3), 128, dtype=np.uint8)
    for one, (y, x), picture in zip(result, corners, images, strict=True):
        one[y : y + side, x : x + side] = picture
    return result, corners / (canvas - side)


def shuffle_tiles(images: Tensor, tile: int, seed: int) -> Tensor:
    """Cut each image into tiles and shuffle them, another order for each image, (B, C, H, W) -> (B, C, H, W)."""
    B, C, H, W = images.shape
    if H % tile or W % tile:
        raise ValueError(f"tile: expected a divisor of {H} and {W}, got {tile}")
    tiles = images.unfold(2, tile, tile).unfold(3, tile, tile)  # (B, C, rows, columns, tile, tile)
    rows, columns = tiles.shape[2:4]
    flat = tiles.flatten(2, 3)  # (B, C, rows columns, tile, tile)
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(B, rows * columns, generator=generator).argsort(1)
    flat = flat.gather(2, order[:, None, :, None, None].expand_as(flat))
    return flat.unflatten(2, (rows, columns)).transpose(3, 4).reshape(B, C, H, W)


def shifted(images: Tensor, down: int, right: int, margin: int = 8) -> Tensor:
    """The same picture, moved; what comes in at the edge is mirrored, (B, C, H, W) -> (B, C, H, W)."""
    if max(abs(down), abs(right)) > margin:
        raise ValueError(f"shift: expected at most {margin} pixels, got {down} and {right}")
    H, W = images.shape[-2:]
    wide = pad(images, (margin,) * 4, mode="reflect")
    return wide[..., margin - down : margin - down + H, margin - right : margin - right + W]


def conv_symmetry(seed: int = 0, side: int = 16, shift: int = 3) -> dict[str, float]:
    """One random convolution that wraps around, in float64: is it equivariant, is it invariant?

    Relative sizes of f(shift x) - shift f(x), of f(shift x) - f(x), and of the same for the mean over all places, and
    of the first for one random self-attention with learned positions.
    """
    generator = torch.Generator().manual_seed(seed)
    image = torch.randn(1, 3, side, side, generator=generator, dtype=torch.float64)
    weight = torch.randn(8, 3, 3, 3, generator=generator, dtype=torch.float64)

    def convolve(x: Tensor) -> Tensor:
        return torch.conv2d(pad(x, (1, 1, 1, 1), mode="circular"), weight)

    plain, moved = convolve(image), convolve(image.roll(shift, -1))

    def relative(a: Tensor, b: Tensor) -> float:
        return float((a - b).norm() / b.norm())

    return {
        "equivariance": relative(moved, plain.roll(shift, -1)),
        "invariance": relative(moved, plain),
        "invariance after global pooling": relative(moved.mean((2, 3)), plain.mean((2, 3))),
    }
