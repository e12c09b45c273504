r"""What the side of a patch decides: tokens, parameters, multiply-accumulates, memory; and how alike positions are.

With G = S/P patches a side of a square image and N = G² + 1 tokens (class token), a Vision Transformer of width D,
depth L and h heads costs

    parameters of the patch embedding   3 P² D + D
    MACs per image                      3 P² D G² + L (12 N D² + 2 N² D) + D K
    activations kept for backward       4 bytes x [L (16 N D + h N²) + N D + 3 S²]

N D outside the blocks is the last block's output, of which the class token is a view (timm norms all its tokens before
it takes the class token's, and keeps another N D). The last line loses h N² with fused attention, which never stores
its weights. `helpers.measure.cost` counts the same on real models. Similarity of position embeddings: Dosovitskiy et
al. (2021), figure 7, centre.
"""

from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from helpers.plots.style import FAMILY_COLOURS, INK, RC
from helpers.shapes import check_grid
from helpers.widgets.base import MAX_BYTES, Explorer, pack, pack_image

NUM_CLASSES = 1000
IMAGE_SIZES = (224, 384)
PATCH_SIZES = (8, 14, 16, 28, 32)
SHOWN_SIDES = (224, 192, 160, 128, 96)  # pixels of the picture in the page: the largest that fits its weight
BIPOLAR = LinearSegmentedColormap.from_list("bipolar", [FAMILY_COLOURS["cnn"], "#ffffff", FAMILY_COLOURS["vit"]])


@dataclass(frozen=True)
class PatchCost:
    """What a ViT costs at one image size and patch size; memory in bytes for one image in float32."""

    patches: int
    tokens: int
    embedding_parameters: int
    position_parameters: int
    macs: int
    quadratic_macs: int
    activation_bytes: int
    fused_activation_bytes: int


def patch_cost(
    image_size: int | tuple[int, int],
    patch_size: int,
    embed_dim: int = 768,
    depth: int = 12,
    num_heads: int = 12,
    num_classes: int = NUM_CLASSES,
) -> PatchCost:
    """The formulas of the module, for one image of S x S pixels, or of (H, W), in patches of P x P.

    Raises
    ------
    ValueError
        If P does not divide a side, h does not divide D, or a number is not a positive integer.
    """
    height, width = image_size if isinstance(image_size, tuple) else (image_size, image_size)
    counts = {"image_size": (height, width), "patch_size": (patch_size,), "num_classes": (num_classes,)}
    for name, value in ((name, value) for name, values in counts.items() for value in values):
        _check_count(name, value)
    _check_model(embed_dim, depth, num_heads)
    if height % patch_size or width % patch_size:
        raise ValueError(f"image_size: expected a multiple of patch_size {patch_size}, got {image_size}")
    patches = (height // patch_size) * (width // patch_size)
    tokens, values = patches + 1, 3 * patch_size**2
    quadratic = depth * 2 * tokens**2 * embed_dim
    linear = patches * values * embed_dim + depth * 12 * tokens * embed_dim**2 + embed_dim * num_classes
    fused = 4 * (depth * 16 * tokens * embed_dim + tokens * embed_dim + 3 * height * width)
    return PatchCost(
        patches=patches,
        tokens=tokens,
        embedding_parameters=(values + 1) * embed_dim,
        position_parameters=tokens * embed_dim,
        macs=linear + quadratic,
        quadratic_macs=quadratic,
        activation_bytes=fused + 4 * depth * num_heads * tokens**2,
        fused_activation_bytes=fused,
    )


class PatchExplorer(Explorer):
    """An image in patches of a chosen side, what a ViT pays for it, and the similarity map of a patch's position.

    Parameters
    ----------
    image
        uint8 (H, W, 3), both sides at least 32. A square one is shown at 224 and 384 pixels too.
    similarity
        Cosines of the N patch positions with one another, (N, N), symmetric, in [-1, 1], ones on the diagonal.
        The page holds them in 256 levels, so that a shown value may be off by 0.004.
    grid
        Rows and columns of the similarity's patches, `model.positions.grid`; one number is a square.
    embed_dim, depth, num_heads
        D, L and h of the model whose cost is shown; ViT-B by default, with 1000 classes.

    Raises
    ------
    ValueError
        If a shape or a number is not as above, or the whole weighs more than 60 kB (225 patches do not, 256 do).
    """

    script = "explorer.js"

    def __init__(
        self,
        image: ArrayLike,
        similarity: ArrayLike | None = None,
        grid: int | tuple[int, int] | None = None,
        embed_dim: int = 768,
        depth: int = 12,
        num_heads: int = 12,
    ) -> None:
        self.image = np.asarray(image)
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] != 3:
            raise ValueError(f"image: expected uint8 (H, W, 3), got {self.image.dtype} {self.image.shape}")
        shape = self.image.shape[:2]
        if min(shape) < 32:
            raise ValueError(f"image: expected sides of at least 32 pixels, got {self.image.shape}")
        _check_model(embed_dim, depth, num_heads)
        if (similarity is None) != (grid is None):
            raise ValueError(f"grid: expected one with a similarity and None without, got {grid}")
        self.similarity = None if similarity is None else _checked_similarity(similarity)
        self.model = (embed_dim, depth, num_heads)
        self.grid = None if self.similarity is None or grid is None else check_grid(grid, len(self.similarity))
        self.start = _first_view(shape, self.grid)
        sizes = {(size, size) for size in IMAGE_SIZES} if shape[0] == shape[1] else set()
        sizes |= {self.start[0], *([shape] if max(shape) <= 512 else [])}
        data: dict[str, Any] = {
            "sizes": [list(size) for size in sorted(sizes)],
            "patches": sorted({*PATCH_SIZES, self.start[1]}),
            "start": [list(self.start[0]), self.start[1]],
            "grid": self.grid and list(self.grid),
            "embed_dim": embed_dim,
            "depth": depth,
            "num_heads": num_heads,
            "num_classes": NUM_CLASSES,
        }
        if self.similarity is not None:
            upper = self.similarity[np.triu_indices(len(self.similarity), k=1)]
            data["similarity"] = pack(upper, low=float(upper.min()), high=float(max(upper.max(), upper.min() + 1e-6)))
        data["image"] = self._picture(data)
        cost = patch_cost(*self.start, *self.model)
        (height, width), side = self.start
        rows, columns = height // side, width // side
        alt = (
            f"A picture of {height} by {width} pixels under a grid of {rows} by {columns} patches: "
            f"{cost.patches} patches, {cost.tokens} tokens, {cost.macs / 1e9:.2f} GMACs and "
            f"{cost.activation_bytes / 2**20:.1f} MiB of activations. Bars compare the MACs of other patch sides."
        )
        if self.similarity is not None:
            alt += (
                f" A map shows how alike the position of row {rows // 2 + 1}, column {columns // 2 + 1} is to others."
            )
        super().__init__(data, alt=alt)

    def _picture(self, data: dict[str, Any]) -> dict[str, Any]:
        """The image as large as the weight of the rest allows."""
        import json

        room = MAX_BYTES - len(str(self._esm).encode()) - len(str(self._css).encode()) - len(json.dumps(data)) - 200
        for side in SHOWN_SIDES:
            picture = pack_image(self.image, min(side, max(self.image.shape[:2])))
            if len(picture["src"]) <= room:
                break
        return picture

    def still(self) -> Figure:
        """The picture in its first grid, MACs by patch side, and the similarity map of the patch in the middle."""
        (height, width), patch = self.start
        with plt.rc_context(RC):
            figure, axes = plt.subplots(1, 2 if self.similarity is None else 3, figsize=(9.2, 3.4))
            _draw_grid(axes[0], self.image, height // patch, width // patch)
            axes[0].set_title(f"{height // patch} x {width // patch} patches of {patch} pixels")
            if self.similarity is not None and self.grid is not None:
                _draw_similarity(axes[1], self.similarity, *self.grid)
            sides = [side for side in self.data["patches"] if _fits(self.start[0], side)]
            _draw_bars(axes[-1], [(side, patch_cost(self.start[0], side, *self.model)) for side in sides], patch)
        return figure


# ------------------------------------------------------------------------------------------------ the still picture


def _draw_grid(ax: Axes, image: np.ndarray, rows: int, columns: int) -> None:
    ax.imshow(image, extent=(0, columns, rows, 0))
    ax.vlines(range(1, columns), 0, rows, color="white", linewidth=0.7)
    ax.hlines(range(1, rows), 0, columns, color="white", linewidth=0.7)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


def _draw_similarity(ax: Axes, similarity: np.ndarray, rows: int, columns: int) -> None:
    row, column = rows // 2, columns // 2
    values = similarity[row * columns + column].reshape(rows, columns)
    most = float(np.abs(similarity[~np.eye(len(similarity), dtype=bool)]).max())
    shown = ax.imshow(values, cmap=BIPOLAR, vmin=-most, vmax=most, extent=(0, columns, rows, 0))
    ax.add_patch(Rectangle((column, row), 1, 1, facecolor=INK))
    ax.set(xticks=[], yticks=[], title=f"cosine with row {row + 1} column {column + 1}")
    ax.grid(False)
    ax.figure.colorbar(shown, ax=ax, fraction=0.046)


def _draw_bars(ax: Axes, costs: list[tuple[int, PatchCost]], chosen: int) -> None:
    names = [f"{side} px" for side, _ in costs]
    linear = [(cost.macs - cost.quadratic_macs) / 1e9 for _, cost in costs]
    quadratic = [cost.quadratic_macs / 1e9 for _, cost in costs]
    ax.barh(names, linear, color=FAMILY_COLOURS["vit"], label="linear in tokens")
    ax.barh(names, quadratic, left=linear, color=FAMILY_COLOURS["cnn"], label="quadratic")
    for place, (side, cost) in enumerate(costs):
        weight = "bold" if side == chosen else "normal"
        ax.text(cost.macs / 1e9, place, f" {cost.macs / 1e9:.2f}", va="center", fontsize=9, weight=weight)
    ax.set(xlabel="GMACs per image", title="by patch side", xlim=(0, 1.25 * max(c.macs for _, c in costs) / 1e9))
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.legend(fontsize=9, loc="lower right")


# ------------------------------------------------------------------------------------------------------ input checks


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name}: expected a positive integer, got {value!r}")


def _check_model(embed_dim: int, depth: int, num_heads: int) -> None:
    for name, value in (("embed_dim", embed_dim), ("depth", depth), ("num_heads", num_heads)):
        _check_count(name, value)
    if embed_dim % num_heads:
        raise ValueError(f"embed_dim: expected a multiple of num_heads {num_heads}, got {embed_dim}")


def _checked_similarity(similarity: ArrayLike) -> np.ndarray:
    matrix = np.asarray(similarity, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 4:
        raise ValueError(f"similarity: expected (N, N) with N >= 4, got {matrix.shape}")
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > 1 + 1e-4:
        raise ValueError(f"similarity: expected finite values in [-1, 1], got {matrix.min()} to {matrix.max()}")
    if np.abs(matrix - matrix.T).max() > 1e-4 or np.abs(matrix.diagonal() - 1).max() > 1e-3:
        skew, off = np.abs(matrix - matrix.T).max(), np.abs(matrix.diagonal() - 1).max()
        raise ValueError(
            f"similarity: expected it symmetric, with ones on the diagonal, got one off by {skew:.2g} and {off:.2g}"
        )
    return np.clip((matrix + matrix.T) / 2, -1, 1)


def _fits(shape: tuple[int, int], patch: int) -> bool:
    """Whether patches of this side cut the image, at least two along each side."""
    return all(side % patch == 0 and patch <= side // 2 for side in shape)


def _first_view(shape: tuple[int, int], grid: tuple[int, int] | None) -> tuple[tuple[int, int], int]:
    """Image (H, W) and patch side to begin with: those of the similarity's grid, else 16 pixels at 224."""
    square = shape[0] == shape[1]
    if square and grid in (None, (14, 14)):
        return (224, 224), 16
    if grid is None:
        sides = [side for side in (16, *reversed(PATCH_SIZES)) if _fits(shape, side)]
        if not sides:
            raise ValueError(f"image: expected sides that patches of one of {PATCH_SIZES} pixels divide, got {shape}")
        return shape, sides[0]
    for height, width in (shape, *((size, size) for size in IMAGE_SIZES if square)):
        patch = height // grid[0]
        if patch and (height, width) == (grid[0] * patch, grid[1] * patch):
            return (height, width), patch
    raise ValueError(f"grid: expected one that divides the image of {shape} pixels into square patches, got {grid}")
