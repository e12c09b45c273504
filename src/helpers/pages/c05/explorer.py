"""A kernel to paint, and the photograph that it slides over: the map, its size, and the nine products of one place."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.pages.c05.by_hand import output_size
from helpers.plots.style import FAMILY_COLOURS, RC
from helpers.widgets.base import Explorer, pack

KERNELS: dict[str, list[list[int]]] = {
    "edges from left to right": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "edges from top to bottom": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "blur": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "spots": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "one step to the left": [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
}
BIPOLAR = LinearSegmentedColormap.from_list("bipolar", [FAMILY_COLOURS["cnn"], "#ffffff", FAMILY_COLOURS["vit"]])


def response(image: ArrayLike, kernel: ArrayLike, stride: int = 1, padding: int = 0, dilation: int = 1) -> np.ndarray:
    """What the explorer draws: the map of a kernel on a grey image, (H, W), (k, k) -> (H', W').

    Raises
    ------
    ValueError
        As `output_size`.
    """
    weights = np.asarray(kernel, dtype=float)
    x = np.pad(np.asarray(image, dtype=float), padding)
    rows, columns = (
        output_size(side - 2 * padding, len(weights), stride, padding, dilation) for side in (x.shape[0], x.shape[1])
    )
    y = np.zeros((rows, columns))
    for (u, v), weight in np.ndenumerate(weights):  # one shifted picture for each weight
        top, left = u * dilation, v * dilation
        y += weight * x[top : top + stride * (rows - 1) + 1 : stride, left : left + stride * (columns - 1) + 1 : stride]
    return y


class KernelExplorer(Explorer):
    """Paint a 3 x 3 kernel, slide it over a picture, and read the map, its size and the sum at one place.

    Parameters
    ----------
    image
        Grey levels 0 to 255, uint8 (H, W), at least 12 pixels a side.

    Raises
    ------
    ValueError
        For another type or shape, or a picture that is too heavy for a page.
    """

    script = "explorer.js"

    def __init__(self, image: ArrayLike) -> None:
        self.image = np.asarray(image)
        if self.image.dtype != np.uint8 or self.image.ndim != 2 or min(self.image.shape) < 12:
            raise ValueError(
                f"image: expected uint8 (H, W) of at least 12 x 12, got {self.image.dtype} {self.image.shape}"
            )
        height, width = self.image.shape
        data: dict[str, Any] = {"image": pack(self.image, 0, 255), "kernels": [list(one) for one in KERNELS.items()]}
        super().__init__(
            data,
            alt=f"Left: a grey photograph of a cat, {height} by {width} pixels, under a window of three by three. "
            "Middle: the kernel, minus ones on its left, ones on its right. Right: the map, blue where the picture "
            "gets brighter to the right, orange where it gets darker.",
        )

    def still(self) -> Figure:
        """The picture and its map under the first kernel."""
        kernel = next(iter(KERNELS.values()))
        values = response(self.image, kernel, padding=1)
        with plt.rc_context(RC):
            figure, axes = plt.subplots(1, 3, figsize=(9.2, 3.1), width_ratios=[3, 1, 3])
            axes[0].imshow(self.image, cmap="gray", vmin=0, vmax=255)
            axes[0].add_patch(Rectangle((39.5, 29.5), 3, 3, fill=False, edgecolor=FAMILY_COLOURS["cnn"], linewidth=2))
            _draw_kernel(axes[1], kernel)
            most = float(np.quantile(np.abs(values), 0.98))
            axes[2].imshow(values, cmap=BIPOLAR, vmin=-most, vmax=most)
            for ax, title in zip(axes, ("the picture", "the kernel", "the map"), strict=True):
                ax.set(xticks=[], yticks=[], title=title)
                ax.grid(False)
        return figure


def _draw_kernel(ax: Axes, kernel: list[list[int]]) -> None:
    ax.imshow(kernel, cmap=BIPOLAR, vmin=-3, vmax=3)
    for (row, column), weight in np.ndenumerate(np.asarray(kernel)):
        ax.text(column, row, f"{weight:d}".replace("-", "−"), ha="center", va="center", fontsize=12)
