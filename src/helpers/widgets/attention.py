r"""Explorer of attention weights: choose a query token, a layer, a head; see which keys it reads.

Rows of $A=\mathrm{softmax}(QK^\top/\sqrt d)$ (Vaswani et al. 2017, equation 1): row i says how much query i takes from
the value of each key. Tokens are words, as in Bahdanau, Cho and Bengio (2015), figure 3, or patches of an image, as in
Dosovitskiy et al. (2021), figure 6. Weights say where a layer reads, not why the model decides.
"""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.plots.style import FAMILY_COLOURS, INK, QUIET, RC
from helpers.widgets.base import Explorer, pack_image

PREFIXES = ("class token", "distillation token")
IMAGE_SIDE = 224  # pixels; larger pictures are made smaller, they only stand behind the weights


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """Attention weights with the names of their tokens.

    Parameters
    ----------
    weights
        (N, M), (h, N, M) or (L, h, N, M): L layers, h heads, N queries, M keys; each row a distribution over the keys.
        Kept as (L, h, N, M).
    queries, keys
        N and M labels.
    name
        What the choice of examples calls it.
    image, grid, prefix
        As `of_image` sets them.

    Raises
    ------
    ValueError
        If the number of axes or of labels is wrong, a weight is negative or not finite, or a row's sum is off 1 by
        more than 1e-3.
    """

    weights: Any
    queries: Sequence[str]
    keys: Sequence[str]
    name: str = ""
    image: np.ndarray | None = None
    grid: tuple[int, int] | None = None
    prefix: int = 0

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, dtype=np.float64)
        if weights.ndim not in (2, 3, 4) or weights.size == 0:
            raise ValueError(f"weights: expected (N, M), (h, N, M) or (L, h, N, M), got {weights.shape}")
        n, m = weights.shape[-2:]
        for name, labels, count in (("queries", self.queries, n), ("keys", self.keys, m)):
            if isinstance(labels, str) or len(labels) != count:
                raise ValueError(
                    f"{name}: expected a list of {count} labels for weights {weights.shape}, got {labels!r}"
                )
        if not np.isfinite(weights).all() or weights.min() < 0:
            raise ValueError(f"weights: expected finite numbers >= 0, got {weights.min():.3g} to {weights.max():.3g}")
        worst = np.abs(weights.sum(-1) - 1).max()
        if worst > 1e-3:
            raise ValueError(f"weights: expected rows that sum to 1 within 1e-3, got one that is off by {worst:.3g}")
        object.__setattr__(self, "weights", weights.reshape((1,) * (4 - weights.ndim) + weights.shape))

    @classmethod
    def of_image(
        cls, weights: ArrayLike, image: np.ndarray, grid: tuple[int, int], prefix: int = 1, name: str = ""
    ) -> "AttentionMap":
        """Weights between the tokens of an image: `prefix` tokens (class, distillation), then the patches row by row.

        Parameters
        ----------
        weights
            As above, M = prefix + rows * cols; N = M, or N = prefix where only these ask (CaiT's class attention).
        image
            uint8 (S, S, 3).
        grid
            Rows and columns of patches.

        Raises
        ------
        ValueError
            If image, grid and weights do not fit, or as `AttentionMap`.
        """
        pixels, shape = np.asarray(image), np.shape(weights)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape != (len(pixels), len(pixels), 3):
            raise ValueError(f"image: expected uint8 (S, S, 3), got {pixels.dtype} {pixels.shape}")
        if not 0 <= prefix <= len(PREFIXES):
            raise ValueError(f"prefix: expected 0 to {len(PREFIXES)} tokens before the patches, got {prefix}")
        rows, columns = grid
        tokens = prefix + rows * columns
        if len(shape) < 2 or shape[-1] != tokens or shape[-2] not in {tokens, prefix}:
            raise ValueError(
                f"weights: expected (..., {tokens}, {tokens}) or (..., {prefix}, {tokens}) for {prefix} tokens and a "
                f"grid of {rows} x {columns} patches, got {shape}"
            )
        patches = [f"patch row {i + 1} column {j + 1}" for i in range(rows) for j in range(columns)]
        labels = [*PREFIXES[:prefix], *patches]
        return cls(weights, labels[: shape[-2]], labels, name, pixels, (rows, columns), prefix)

    def row(self, query: int, layer: int = 0, head: int = -1) -> np.ndarray:
        """What one query reads, (M,); head -1 is the mean of the heads."""
        return self.weights[layer].mean(0)[query] if head < 0 else self.weights[layer, head, query]

    def sentence(self, query: int, layer: int = 0, head: int = -1) -> str:
        """The line of text below the explorer, e.g. `"car" reads "voiture" 0.81, "la" 0.11, "verte" 0.04`."""
        row = self.row(query, layer, head)
        top = np.argsort(-row, kind="stable")[:3].tolist()
        if self.image is not None:
            first, *others = (f"{self.keys[k]}{' most' if k == top[0] else ''} ({short(row[k])})" for k in top)
            kind = "tokens" if self.prefix else "patches"
            spread = f"as wide as an even spread over {perplexity(row):.1f} of {len(row)} {kind}"
            return f"{self.queries[query]} reads {', '.join([first, *others])}; {spread}"
        read = ", ".join(f'"{self.keys[k]}" {row[k]:.2f}' for k in top)
        rest = f"; the other {len(row) - 3} share {1 - row[top].sum():.2f}" if len(row) > 3 else ""
        return f'"{self.queries[query]}" reads {read}{rest}'.replace("-0.00", "0.00")

    def packed(self) -> dict[str, Any]:
        """For the script: a weight is its row's largest times (level / most)^2; 16 bits for words, 8 for patches."""
        tops = np.rint(self.weights.max(-1) * 65535)  # (L, h, N)
        bits = 16 if self.image is None else 8
        ratio = self.weights / np.maximum(tops[..., None] / 65535, 1e-9)
        levels = np.rint(np.sqrt(ratio.clip(0, 1)) * (2**bits - 1))
        data = {
            "name": self.name,
            "shape": list(self.weights.shape),
            "bits": bits,
            "tops": base64.b64encode(tops.astype("<u2").tobytes()).decode(),
            "levels": base64.b64encode(levels.astype(f"<u{bits // 8}").tobytes()).decode(),
        }
        if self.image is None:
            return {**data, "queries": list(map(str, self.queries)), "keys": list(map(str, self.keys))}
        side = min(IMAGE_SIDE, len(self.image))
        picture = pack_image(self.image, side)
        return {**data, "image": picture, "grid": list(self.grid or ()), "prefix": list(PREFIXES[: self.prefix])}


def perplexity(row: np.ndarray) -> float:
    r"""Over how many keys a row spreads: $e^{H}$, H the entropy of the row (M,) in nats; M for a uniform row."""
    p = np.asarray(row, dtype=np.float64)
    p = p[p > 0] / p.sum()
    return math.exp(-(p * np.log(p)).sum())


def short(weight: float) -> str:
    """Two significant digits, no zeros behind them."""
    return f"{float(f'{weight:.1e}'):.10f}".rstrip("0").rstrip(".")


class AttentionExplorer(Explorer):
    """Shows row by row which keys a query reads: words as columns with a heat map, patches as light on the image.

    Mouse, touch and arrow keys choose the query; lists choose the example, the layer and the head (-1: their mean).
    A kernel can read and set `example`, `layer`, `head` and `selected` (the query), all counted from 0.

    Parameters
    ----------
    maps
        One `AttentionMap` or several.
    title
        Above the explorer.
    example, layer, head, selected
        What is shown first.

    Raises
    ------
    ValueError
        If there is no map, a first value is out of range, or data and script weigh more than 60 kB (12 heads of
        197 x 197 do: choose a few heads or a coarser grid).
    """

    script = "attention.js"

    example = traitlets.Int(0).tag(sync=True)
    layer = traitlets.Int(0).tag(sync=True)
    head = traitlets.Int(-1).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        maps: AttentionMap | Sequence[AttentionMap],
        title: str = "Which tokens does a token read?",
        example: int = 0,
        layer: int = 0,
        head: int = -1,
        selected: int = 0,
    ) -> None:
        maps = [maps] if isinstance(maps, AttentionMap) else list(maps)
        if not maps or not all(isinstance(one, AttentionMap) for one in maps):
            raise ValueError(f"maps: expected one AttentionMap or several, got {[type(one).__name__ for one in maps]}")
        layers, heads, queries, _ = maps[example].weights.shape if 0 <= example < len(maps) else (0, 0, 0, 0)
        if not (0 <= layer < layers and -1 <= head < heads and 0 <= selected < queries):
            raise ValueError(
                f"expected example < {len(maps)}, layer < {layers}, head < {heads}, selected < {queries}; "
                f"got {example}, {layer}, {head}, {selected}"
            )
        self.maps, self.title = maps, title
        first = maps[example]
        alt = f"{title} First view: {first.sentence(selected, layer, head)}."
        super().__init__(
            {"title": title, "maps": [one.packed() for one in maps]},
            alt,
            example=example,
            layer=layer,
            head=head,
            selected=selected,
        )

    def still(self) -> Figure:
        """The chosen row beside the heat map of all rows, or beside the image that it lights."""
        shown = self.maps[self.example]
        row = shown.row(self.selected, self.layer, self.head)
        with mpl.rc_context(RC):
            height = 3.4 if shown.image is not None else min(max(2.4, 0.6 + 0.28 * len(shown.keys)), 7)
            figure, (left, right) = plt.subplots(1, 2, figsize=(7, height), width_ratios=(1, 1))
            if shown.image is None:
                self._heat(left, shown)
                order = np.arange(len(row))
            else:
                self._light(left, shown, row)
                order = np.argsort(-row, kind="stable")[:6]
            colours = [FAMILY_COLOURS["vit"] if k == row.argmax() else QUIET for k in order]
            bars = right.barh(range(len(order)), row[order], color=colours)
            right.bar_label(bars, [short(value) if shown.image is not None else f"{value:.2f}" for value in row[order]])
            right.set_yticks(range(len(order)), [shown.keys[int(k)] for k in order])
            right.invert_yaxis()
            right.set(title=f"{shown.queries[self.selected]} reads", xlabel="weight", xlim=(0, row.max() * 1.2))
            right.grid(axis="y", visible=False)
        return figure

    def _heat(self, ax: Axes, shown: AttentionMap) -> None:
        matrix = np.stack([shown.row(i, self.layer, self.head) for i in range(len(shown.queries))])  # (N, M)
        ax.imshow(matrix, cmap="Blues", vmin=0, aspect="auto")
        ax.set_xticks(range(len(shown.keys)), shown.keys, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(len(shown.queries)), shown.queries)
        ax.add_patch(Rectangle((-0.5, self.selected - 0.5), len(shown.keys), 1, fill=False, edgecolor=INK, lw=1.5))
        ax.grid(False)
        ax.set(title="All weights")

    def _light(self, ax: Axes, shown: AttentionMap, row: np.ndarray) -> None:
        assert shown.image is not None  # what `still` asks before it calls
        assert shown.grid is not None
        rows, columns = shown.grid
        patches = row[shown.prefix :].reshape(rows, columns)
        veil = np.zeros((rows, columns, 4))
        veil[..., 3] = 0.82 * (1 - patches / max(patches.max(), 1e-9))
        side = len(shown.image)
        ax.imshow(shown.image, extent=(0, side, side, 0))
        ax.imshow(veil, extent=(0, side, side, 0), interpolation="nearest")
        if self.selected >= shown.prefix:
            i, j = divmod(self.selected - shown.prefix, columns)
            box = ((j * side / columns, i * side / rows), side / columns, side / rows)
            ax.add_patch(Rectangle(*box, fill=False, edgecolor="white", lw=2))
        ax.set_axis_off()
        ax.set(title="Light: what it reads")
