"""Two rulers for a map: what it saves when pixels are deleted, and whether it finds the cue that was drawn.

Deletion and insertion: `helpers.measure.faithfulness`, against chance on a grid as fine as the map's. The cue: one cell
of the picture is replaced by the same cell of the same dog in another coat (or with another build), and the reader's
log-odds are read. What they lose is what the cue in this cell was worth. Every pixel comes from a drawing, though a
cell of another build may leave a cut leg.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import rankdata
from torch import Tensor, nn

from helpers.measure.faithfulness import perturbation_curve
from helpers.measure.intervals import Estimate, normal_quantile, t_quantile, wilson, without_interval
from helpers.pages.c16 import maps

STEPS, LOTS = 6, 1  # of a curve; random maps that chance is the mean of


def mean_over_pictures(values: Sequence[float] | np.ndarray) -> Estimate:
    """Mean of one number a picture with its 95 % t-interval over pictures, (n,) -> Estimate.

    Raises
    ------
    ValueError
        For no number, or one that is not finite.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"values: expected a row of finite numbers, got {values!r}")
    mean, n = float(values.mean()), len(values)
    if n == 1 or np.ptp(values) == 0:
        return without_interval(mean, n)
    half = t_quantile(0.95, n - 1) * float(values.std(ddof=1)) / n**0.5
    return Estimate(mean, mean - half, mean + half, n, "test sampling")


class Chance:
    """Areas under the curves of random maps, kept for each grid of side x side cells, and what maps gain over them."""

    def __init__(self, model: nn.Module, images: Tensor, classes: Tensor, steps: int = STEPS) -> None:
        self.model, self.images, self.classes, self.steps = model, images, classes, steps
        self.kept: dict[tuple[str, int], np.ndarray] = {}

    def area(self, kind: str, side: int) -> np.ndarray:
        """The area of chance on a grid of side x side cells."""
        if (kind, side) not in self.kept:
            areas = [self.of(kind, maps.lot(self.images, side, seed)) for seed in range(LOTS)]
            self.kept[kind, side] = np.mean(areas, axis=0)
        return self.kept[kind, side]

    def of(self, kind: str, saliency: Tensor) -> np.ndarray:
        """Area under the curve of a map, (n, H', W') -> (n,)."""
        curve = perturbation_curve(
            self.model,
            self.images,
            self.classes,
            saliency,
            kind,  # type: ignore[arg-type]
            steps=self.steps,
        )
        return curve.area

    def gain(self, kind: str, saliency: Tensor) -> np.ndarray:
        """What a map saves over chance, as a share of the intact picture's probability, (n,); positive is faithful."""
        with torch.no_grad():
            intact = self.model(self.images).softmax(-1).gather(1, self.classes[:, None])[:, 0].double().numpy()
        difference = self.area(kind, saliency.shape[-1]) - self.of(kind, saliency)
        return (difference if kind == "deletion" else -difference) / intact


def log_odds(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """Logarithm of p/(1 - p) of each picture's class, (n, 3, H, W), (n,) -> (n,)."""
    with torch.no_grad():
        logits = model(images).double()
    own = logits.gather(1, classes[:, None])[:, 0]
    rest = logits.scatter(1, classes[:, None], -torch.inf).logsumexp(1)
    return own - rest


def cue_worth(
    model: nn.Module, images: Tensor, classes: Tensor, drawn_again: Sequence[Tensor], grid: int = maps.GRID
) -> Tensor:
    """What the cue in each cell is worth: log-odds lost when the cell is drawn with another value, (n, grid, grid).

    Parameters
    ----------
    images, classes
        (n, 3, S, S), (n,).
    drawn_again
        The same pictures with the other values of the cue, (n, 3, S, S) each; the loss is the mean over them. A cell
        that no other value changes is worth 0.
    """
    side = images.shape[-1] // grid
    cells = torch.arange(grid * grid)
    rows = torch.arange(images.shape[-1]) // side
    cell_of = rows[:, None] * grid + rows  # (S, S)
    worth = torch.zeros(len(images), grid * grid, dtype=torch.double)
    before = log_odds(model, images, classes)
    for k, image in enumerate(images):
        for other in drawn_again:
            changed = (other[k] != image).any(0)  # (S, S)
            touched = cells[[bool(changed[cell_of == cell].any()) for cell in cells]]
            if not len(touched):
                continue
            mask = (cell_of[None] == touched[:, None, None])[:, None]  # (m, 1, S, S)
            mixed = torch.where(mask, other[k], image)  # (m, 3, S, S)
            after = log_odds(model, mixed, classes[k].expand(len(touched)))
            worth[k, touched] += (before[k] - after) / len(drawn_again)
    return worth.view(-1, grid, grid)


def on_cells(saliency: Tensor, grid: int = maps.GRID) -> Tensor:
    """A map on the cells: finer ones are averaged, coarser ones enlarged bilinearly, (n, H', W') -> (n, grid, grid)."""
    if saliency.shape[-1] >= grid:
        return F.adaptive_avg_pool2d(saliency[:, None].float(), grid)[:, 0]
    return F.interpolate(saliency[:, None].float(), (grid, grid), mode="bilinear", align_corners=False)[:, 0]


def rank_correlations(a: Tensor, b: Tensor) -> np.ndarray:
    """Spearman's correlation of each pair of maps of one shape, (n, ...) twice -> (n,); 0 where one does not vary."""
    one, two = (
        ranks - ranks.mean(1, keepdims=True) for ranks in (rankdata(x.flatten(1).numpy(), axis=1) for x in (a, b))
    )
    sizes = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    products = (one * two).sum(1)
    return np.divide(products, sizes, out=np.zeros_like(products), where=sizes > 0)


def told_apart(own: Sequence[np.ndarray], crossed: Sequence[np.ndarray]) -> np.ndarray:
    """Whose map is whose? 1 where the two maps fit their own cues better than each other's, a half where equally well.

    Parameters
    ----------
    own
        For each of the two readers, the correlation of its map with the worth of its own cue, (n,).
    crossed
        The same with the worth of the other reader's cue.
    """
    difference = np.sum(own, axis=0) - np.sum(crossed, axis=0)
    return np.where(np.abs(difference) < 1e-9, 0.5, difference > 0)


def share_told_apart(pairs: np.ndarray) -> Estimate:
    """Mean of `told_apart` with Wilson's interval; none where every pair is alike, which is no matter of sampling."""
    share, n = float(np.mean(pairs)), len(pairs)
    if (pairs == 0.5).all():
        return without_interval(share, n)
    return Estimate(share, *wilson(share, n, normal_quantile(0.95)), n, "test sampling")
