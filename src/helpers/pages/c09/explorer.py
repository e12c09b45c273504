r"""Explorer of the softmax and of $\sqrt d$: what the dimension and the temperature do to weights and gradient.

$p=\mathrm{softmax}(z)$ with $z=s/T$ and $s=q\cdot k$ or $q\cdot k/\sqrt d$ (Vaswani et al. 2017, section 3.2.1 and its
footnote 4: the variance of $q\cdot k$ is d). Its Jacobian is $\partial p_i/\partial z_j=p_i(\delta_{ij}-p_j)$; the mean
of its diagonal, $p_i(1-p_i)$, stands here for the gradient's size. The chain back to q and k multiplies it by the
factors $1/T$ and $1/\sqrt d$ that made z.
"""

import base64
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from helpers.plots.style import FAMILY_COLOURS, QUIET, RC
from helpers.widgets.base import Explorer

LEVELS = 32767  # products travel as 16-bit integers, scaled for each dimension by the largest


def softmax(scores: ArrayLike, temperature: float = 1.0) -> np.ndarray:
    r"""$e^{s_i/T}/\sum_j e^{s_j/T}$ over the last axis, (..., M) -> (..., M).

    Raises
    ------
    ValueError
        Unless T > 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature: expected a number > 0, got {temperature}")
    z = np.asarray(scores, dtype=np.float64) / temperature
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sharpness(weights: ArrayLike) -> dict[str, np.ndarray]:
    """Of weights (..., M): `largest`, `entropy` in nats (at most ln M), `gradient` (the mean of p(1-p)); each (...)."""
    p = np.asarray(weights, dtype=np.float64)
    logs = np.log(np.where(p > 0, p, 1.0))
    return {"largest": p.max(-1), "entropy": -(p * logs).sum(-1), "gradient": (p * (1 - p)).mean(-1)}


class SoftmaxExplorer(Explorer):
    r"""Bars of the weights of one query, with sliders for dimension and temperature and a switch for $1/\sqrt d$.

    A kernel can read and set `dimension` (one of the dimensions), `temperature`, `scaled` and `query` (from 0).

    Parameters
    ----------
    products
        Unscaled q·k, (number of dimensions, keys) or (number of dimensions, queries, keys).
    dimensions
        The d of each, growing.
    dimension, temperature, scaled
        What is shown first; without `dimension` the middle one.

    Raises
    ------
    ValueError
        If the shapes do not fit, a product is not finite, the dimensions do not grow, or a first value is none of its
        kind.
    """

    script = "explorer.js"

    dimension = traitlets.Int(1).tag(sync=True)
    temperature = traitlets.Float(1.0).tag(sync=True)
    scaled = traitlets.Bool(True).tag(sync=True)
    query = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        products: ArrayLike,
        dimensions: Sequence[int],
        dimension: int | None = None,
        temperature: float = 1.0,
        scaled: bool = True,
    ) -> None:
        products, sizes = np.asarray(products, dtype=np.float64), [int(d) for d in dimensions]
        received = products.shape
        if products.ndim == 2:
            products = products[:, None]
        if products.ndim != 3 or len(products) != len(sizes) or products.shape[1] < 1 or products.shape[2] < 2:
            raise ValueError(
                f"products: expected ({len(sizes)}, keys) or ({len(sizes)}, queries, keys) with at least 2 keys for "
                f"{len(sizes)} dimensions, got {received}"
            )
        if not np.isfinite(products).all():
            raise ValueError("products: expected finite numbers, got some that are not")
        if not sizes or sizes[0] < 1 or any(a >= b for a, b in pairwise(sizes)):
            raise ValueError(f"dimensions: expected growing numbers >= 1, got {sizes}")
        dimension = sizes[len(sizes) // 2] if dimension is None else dimension
        if dimension not in sizes or not 1 / 8 <= temperature <= 8:
            raise ValueError(
                f"expected a dimension of {sizes} and a temperature of 1/8 to 8, got {dimension} and {temperature}"
            )
        self.products, self.dimensions = products, sizes
        tops = np.maximum(np.abs(products).max((1, 2)), 1e-12)
        levels = np.rint(products / tops[:, None, None] * LEVELS).astype("<i2")
        data = {
            "dimensions": sizes,
            "shape": list(products.shape),
            "tops": tops.tolist(),
            "levels": base64.b64encode(levels.tobytes()).decode(),
        }
        alt = (
            f"Softmax weights of {products.shape[2]} keys. {self._line(sizes.index(dimension), temperature, scaled)}. "
            "Beside them the mean of p(1-p) over the dimension, with and without the division by the root of d."
        )
        super().__init__(data, alt, dimension=dimension, temperature=float(temperature), scaled=bool(scaled))

    @classmethod
    def draw(
        cls,
        dimensions: Sequence[int] = (1, 4, 16, 64, 256, 1024),
        keys: int = 16,
        seed: int = 0,
        queries: int = 32,
        **first: Any,
    ) -> "SoftmaxExplorer":
        """Products of random q and k with independent entries of mean 0 and variance 1 (normal).

        A smaller d takes the first d entries of the same vectors, so that the slider makes one pair grow.
        """
        if not dimensions or min(dimensions) < 1 or keys < 2 or queries < 1:
            raise ValueError(f"expected dimensions >= 1, keys >= 2, queries >= 1, got {dimensions}, {keys}, {queries}")
        rng = np.random.default_rng(seed)
        q = rng.standard_normal((queries, 1, max(dimensions)))
        k = rng.standard_normal((queries, keys, max(dimensions)))
        sums = np.cumsum(q * k, axis=-1)  # (queries, keys, d): q·k of the first 1, 2, … entries
        return cls(np.stack([sums[..., d - 1] for d in dimensions]), dimensions, **first)

    def weights(self, index: int, temperature: float = 1.0, scaled: bool = True) -> np.ndarray:
        """Weights at the index-th dimension, (queries, keys)."""
        root = math.sqrt(self.dimensions[index]) if scaled else 1.0
        return softmax(self.products[index] / root, temperature)

    def _line(self, index: int, temperature: float, scaled: bool) -> str:
        """What the explorer says of its first query, without the comparison."""
        measured = sharpness(self.weights(index, temperature, scaled)[0])
        gradient = float(measured["gradient"])
        small = f"{gradient:.3f}" if gradient >= 0.0005 else f"{gradient:.0e}".replace("e-0", "e-")
        heat = "" if temperature == 1 else f", T = {temperature:.3g}"
        return (
            f"d = {self.dimensions[index]}{heat}, {'scaled' if scaled else 'not scaled'}: largest weight "
            f"{measured['largest']:.2f}, entropy {measured['entropy']:.2f} of "
            f"{math.log(self.products.shape[2]):.2f} nats, mean p(1-p) {small}"
        )

    def still(self) -> Figure:
        """Weights of the first query, both settings; mean p(1-p) over d, both settings."""
        index, keys = self.dimensions.index(self.dimension), self.products.shape[2]
        blue, orange = FAMILY_COLOURS["vit"], FAMILY_COLOURS["cnn"]
        with mpl.rc_context(RC):
            figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3))
            places = np.arange(1, keys + 1)
            shown, other = (self.weights(index, self.temperature, on)[0] for on in (self.scaled, not self.scaled))
            names = [r"divided by $\sqrt{d}$", "not divided"][:: 1 if self.scaled else -1]
            colours = [blue, orange][:: 1 if self.scaled else -1]
            left.bar(places, shown, color=colours[0], label=names[0])
            left.hlines(other, places - 0.45, places + 0.45, color=colours[1], lw=2, label=names[1])
            left.axhline(1 / keys, color=QUIET, lw=0.8, ls=":")
            left.set(title=f"Weights, d = {self.dimension}", xlabel="key", ylabel="weight", ylim=(0, 1))
            left.legend(fontsize=9)
            for on, colour, style in ((True, blue, "o-"), (False, orange, "s--")):
                sizes = [
                    sharpness(self.weights(i, self.temperature, on))["gradient"].mean()
                    for i in range(len(self.dimensions))
                ]
                right.plot(self.dimensions, np.maximum(sizes, 1e-5), style, color=colour, ms=4)
            right.set_xscale("log", base=4)
            right.set_yscale("log")
            right.set_xticks(self.dimensions, [str(d) for d in self.dimensions])
            right.set(title="Mean p(1-p)", xlabel="dimension d", ylim=(8e-6, 0.1))
        return figure
