"""One letter, one axis: a shape is written "B N D" and checked with an error that a reader understands.

The letters of the course: B batch, C channels, H W pixels, P patch side, G grid side, N query tokens,
M key tokens, D width, h heads, d = D/h, L depth, K classes, V vocabulary.
"""

from typing import Protocol


class Shaped(Protocol):
    """Anything with a `shape`: a torch tensor, a numpy array, a memory map."""

    @property
    def shape(self) -> tuple[int, ...]: ...


def check_shape(tensor: Shaped, axes: str, name: str = "x", **sizes: int) -> dict[str, int]:
    """Compare a tensor's shape with named axes and return the size of each.

    Parameters
    ----------
    tensor
        What to check.
    axes
        Axis names separated by spaces, such as "B N D". A name that occurs twice must have one size;
        a number stands for itself ("B 3 H W").
    name
        How to call the tensor in the error.
    **sizes
        Sizes that are already known, such as `D=192`.

    Returns
    -------
    dict[str, int]
        The size of every named axis.

    Raises
    ------
    ValueError
        `x: expected (B, N, D=192), got (2, 3, 4, 5)`.
    """
    names = axes.split()
    shape = tuple(tensor.shape)
    found: dict[str, int] = {}
    fits = len(names) == len(shape)
    for axis, size in zip(names, shape, strict=False):
        expected = int(axis) if axis.isdigit() else sizes.get(axis, found.get(axis, size))
        fits = fits and size == expected
        if not axis.isdigit():
            found[axis] = size
    if not fits:
        wanted = ", ".join(f"{axis}={sizes[axis]}" if axis in sizes else axis for axis in names)
        raise ValueError(f"{name}: expected ({wanted}), got {shape}")
    return found


def check_grid(grid: int | tuple[int, int], patches: int) -> tuple[int, int]:
    """A grid of patches as (rows, columns), where it holds them all.

    Parameters
    ----------
    grid
        Rows and columns, `model.positions.grid` of our models; one number is a square. It is never guessed from the
        number of patches: 4 x 16 of them are as many as 8 x 8.
    patches
        How many there are.

    Raises
    ------
    ValueError
        `grid: expected (rows, columns) with 64 patches, got (4, 8)`.
    """
    rows, columns = (grid, grid) if isinstance(grid, int) else grid
    if min(rows, columns) < 1 or rows * columns != patches:
        raise ValueError(f"grid: expected (rows, columns) with {patches} patches, got {(rows, columns)}")
    return rows, columns
