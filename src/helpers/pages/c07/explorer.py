r"""The layer stack: which pixels reach one value, and by how many paths.

A path from a pixel to the value chooses one weight in every layer. In a stack of random linear convolutions, whose
weights are independent with mean 0 and equal variance, the expected squared gradient of the value at a pixel is
proportional to the number of paths (products over two different paths average to 0). The count along one direction is
a convolution of boxes; in two directions it is the product of the rows' and the columns'. Theory of the field:
`helpers.measure.receptive_field`; Luo, Li, Urtasun and Zemel (NeurIPS 2016), section 2.
"""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.measure.receptive_field import Layer, receptive_field
from helpers.plots.style import FAMILY_COLOURS, ON_PICTURE, RC
from helpers.widgets.base import Explorer, pack_image

WIDEST = 4000  # pixels; a field beyond is refused
SIDE = 224
_3, _POOL = (3, 1, 1), (2, 2, 1)
PRESETS: dict[str, list[tuple[int, int, int]]] = {
    "VGG-16, to its last convolution": [_3, _3, _POOL] * 2 + [_3, _3, _3, _POOL] * 2 + [_3] * 3,
    "three layers of 3 × 3": [_3] * 3,
    "32 layers of 3 × 3": [_3] * 32,
    "three of 3 × 3, stride 2": [(3, 2, 1)] * 3,
    "dilation 1, 2, 4, 8": [(3, 1, d) for d in (1, 2, 4, 8)],
    "dilation 2, 2, 2": [(3, 1, 2)] * 3,
    "ViT's cut: 16 × 16, stride 16": [(16, 16, 1)],
}


def path_shares(layers: Sequence[Layer]) -> np.ndarray:
    """Share of the paths that begin in each pixel of a row, from the top value down: -> (r,), sum 1, r the field.

    Raises
    ------
    ValueError
        For a kernel, stride or dilation below 1, or a field of more than `WIDEST` pixels.
    """
    fields = receptive_field(layers)
    if fields and fields[-1].size > WIDEST:
        raise ValueError(f"layers: expected a field of at most {WIDEST} pixels, got {fields[-1].size:g}")
    shares = np.ones(1)
    for layer in reversed(layers):
        spread = np.zeros((len(shares) - 1) * layer.stride + 1)
        spread[:: layer.stride] = shares
        box = np.zeros((layer.kernel - 1) * layer.dilation + 1)
        box[:: layer.dilation] = 1 / layer.kernel
        shares = np.convolve(spread, box)
    return shares


def square_of_paths(shares: ArrayLike, part: float = 0.95) -> int:
    """Side of the smallest square about the middle of the field that holds `part` of all paths; shares (r,) -> ()."""
    row = np.asarray(shares)
    for off in range((len(row) - 1) // 2, -1, -1):
        if row[off : len(row) - off].sum() ** 2 >= part - 1e-12:
            return len(row) - 2 * off
    return len(row)


def told(layers: Sequence[Layer]) -> str:
    """What the explorer says of a stack, in a sentence."""
    if not layers:
        return "No layer: the value is the pixel itself"
    shares, field = path_shares(layers), receptive_field(layers)[-1]
    side, inner = int(field.size), square_of_paths(shares)
    jump = "1 pixel" if field.jump == 1 else f"{field.jump:g} pixels"
    text = f"{len(layers)} {'layer' if len(layers) == 1 else 'layers'}: the field is {side} x {side} pixels, a step of "
    text += f"the map is {jump}; 95 % of the paths begin within {inner} x {inner}"
    reached = int((shares > 0).sum())
    if reached < side:
        text += f". Holes: of its {side} columns {reached} are reached"
    return text + (f". It is wider than the picture's {SIDE}" if side > SIDE else "")


class FieldExplorer(Explorer):
    """A stack of layers to build, its field over a picture, lit where paths begin, and their count along a row.

    Parameters
    ----------
    picture
        uint8 (224, 224, 3).

    Raises
    ------
    ValueError
        For a picture of another form.
    """

    script = "explorer.js"

    def __init__(self, picture: ArrayLike) -> None:
        self.picture = np.asarray(picture)
        if self.picture.shape != (SIDE, SIDE, 3) or self.picture.dtype != np.uint8:
            raise ValueError(
                f"picture: expected uint8 ({SIDE}, {SIDE}, 3), got {self.picture.dtype} {self.picture.shape}"
            )
        presets = [[name, [list(layer) for layer in layers]] for name, layers in PRESETS.items()]
        data: dict[str, Any] = {"image": pack_image(self.picture), "presets": presets, "widest": WIDEST}
        self.first = [Layer(*layer) for layer in next(iter(PRESETS.values()))]
        alt = f"A cat's face, lit where paths to the middle value begin. {told(self.first)}."
        super().__init__(data, alt=alt)

    def still(self) -> Figure:
        """The picture under the first stack, and the count of paths along a row of it."""
        shares = path_shares(self.first)
        low = (SIDE - len(shares)) // 2
        row = np.zeros(SIDE)
        row[low : low + len(shares)] = shares
        light = np.sqrt(np.outer(row, row) / row.max() ** 2)[..., None]
        with plt.rc_context(RC):
            figure, (above, below) = plt.subplots(2, 1, figsize=(4.2, 5.4), height_ratios=(4, 1))
            above.imshow((self.picture * (0.25 + 0.75 * light)).astype(np.uint8))
            for side, dashes in ((len(shares), (0, (4, 3))), (square_of_paths(shares), "-")):
                corner = (SIDE - side) / 2 - 0.5
                above.add_patch(Rectangle((corner, corner), side, side, fill=False, ec=ON_PICTURE, lw=1.5, ls=dashes))
            above.set(xticks=[], yticks=[])
            above.grid(visible=False)
            below.fill_between(np.arange(SIDE), row, step="mid", color=FAMILY_COLOURS["cnn"])
            below.set(xlim=(0, SIDE), yticks=[], xlabel="pixel of a row", ylabel="paths")
        return figure
