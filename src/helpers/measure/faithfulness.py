"""Does an explanation say what the network uses? Two tests that take any explanation method.

Deletion and insertion (Petsiuk, Das and Saenko, BMVC 2018): take away, or put back, pixels in the order of the map; a
faithful map makes the probability fall, or rise, early. The images made this way are unlike any photograph, which is
their known weakness: read them against a random order. Randomised weights (Adebayo et al., NeurIPS 2018): an
explanation that hardly changes while the network is destroyed from the output down shows the image, not the network.

A method is a function `explain(model, images, classes) -> (B, H', W')`; bind its other arguments with
`functools.partial`.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import rankdata
from torch import Tensor, nn

Explanation = Callable[[nn.Module, Tensor, Tensor], Tensor]

# ------------------------------------------------------------------------------------------- deletion and insertion


@dataclass(frozen=True)
class Curve:
    """Probability of the class against the share of pixels changed: `shares` (T,), `probabilities` (B, T)."""

    shares: np.ndarray
    probabilities: np.ndarray

    @property
    def area(self) -> np.ndarray:
        """Area under each image's curve, (B,). Small is faithful for deletion, large for insertion."""
        return np.trapezoid(self.probabilities, self.shares, axis=1)


def perturbation_curve(
    model: nn.Module,
    images: Tensor,
    classes: Tensor,
    saliency: Tensor,
    kind: Literal["deletion", "insertion"],
    *,
    steps: int = 20,
    baseline: Tensor | None = None,
) -> Curve:
    """Change pixels in the order of a map, most salient first, and watch the probability of the class.

    Deletion goes from the image to the `baseline`, insertion the other way; the default baseline is each image's mean
    colour. Maps smaller than the image are enlarged bilinearly. The model runs in its own mode; use eval.

    (B, C, H, W), (B,), (B, H', W') -> Curve with `steps` + 1 points.

    Raises
    ------
    ValueError
        For an unknown kind, `steps` < 1, or a map that is not finite or not one an image.
    """
    if kind not in ("deletion", "insertion"):
        raise ValueError(f"kind: expected deletion or insertion, got {kind!r}")
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    B, _, H, W = images.shape
    if saliency.ndim != 3 or len(saliency) != B or not torch.isfinite(saliency).all():
        raise ValueError(f"saliency: expected finite maps ({B}, H, W), got {tuple(saliency.shape)}")
    if baseline is None:
        baseline = images.mean((2, 3), keepdim=True)
    before, after = images, baseline.expand_as(images)
    if kind == "insertion":
        before, after = after, before
    enlarged = F.interpolate(saliency[:, None].to(images), (H, W), mode="bilinear", align_corners=False)
    order = enlarged.flatten(1).argsort(dim=1, descending=True, stable=True)  # (B, H W)
    rank = torch.empty_like(order).scatter_(1, order, torch.arange(H * W, device=order.device).expand(B, -1))
    rank = rank.view(B, 1, H, W)
    counts = np.linspace(0, H * W, steps + 1).round().astype(int)
    probabilities = []
    with torch.no_grad():
        for count in counts.tolist():
            logits = model(torch.where(rank < count, after, before))  # (B, K)
            probabilities.append(logits.softmax(-1).gather(1, classes[:, None])[:, 0])
    return Curve(counts / (H * W), torch.stack(probabilities, 1).double().cpu().numpy())


# ------------------------------------------------------------------------------------------------ randomised weights


def randomised_weights_check(
    explain: Explanation, model: nn.Module, images: Tensor, classes: Tensor, *, depth: int = 1, seed: int = 0
) -> dict[str, float]:
    """Rank correlation of an explanation with the original one, while weights are shuffled from the output down.

    The parts of the model (the first `depth` words of the parameters' names, in the order they are defined, which in
    this course is the order of computation) lose their weights one after the other, last part first: the values within
    each tensor are permuted, so that their distribution stays. Spearman's correlation of the maps, the mean over
    images. The model itself is not touched.

    Returns {"original": 1, last part: ..., first part: ...}. A method that passes ends near 0; a map that does not vary
    has correlation 0 with everything.

    Raises
    ------
    ValueError
        For maps that are not finite.
    """
    reference = _checked_maps(explain(model, images, classes), len(images))
    generator = torch.Generator().manual_seed(seed)
    shuffled = copy.deepcopy(model)
    parts: dict[str, list[Tensor]] = {}
    for name, parameter in shuffled.named_parameters():
        parts.setdefault(".".join(name.split(".")[:depth]), []).append(parameter.data)
    correlations = {"original": _rank_correlation(reference, reference)}
    for part in reversed(parts):
        for tensor in parts[part]:
            permutation = torch.randperm(tensor.numel(), generator=generator).to(tensor.device)
            tensor.copy_(tensor.flatten()[permutation].view_as(tensor))
        maps = _checked_maps(explain(shuffled, images, classes), len(images))
        correlations[part] = _rank_correlation(reference, maps)
    return correlations


def _checked_maps(maps: Tensor, count: int) -> np.ndarray:
    if maps.ndim != 3 or len(maps) != count or not torch.isfinite(maps).all():
        raise ValueError(f"explain: expected finite maps ({count}, H, W), got {tuple(maps.shape)}")
    return maps.detach().double().flatten(1).cpu().numpy()


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation of each pair of rows, (B, n), (B, n) -> their mean; 0 where a row does not vary."""
    a, b = (ranks - ranks.mean(1, keepdims=True) for ranks in (rankdata(a, axis=1), rankdata(b, axis=1)))
    sizes = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = (a * b).sum(1)
    return float(np.mean(np.divide(products, sizes, out=np.zeros_like(products), where=sizes > 0)))
