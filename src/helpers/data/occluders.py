"""Hide part of a picture, or see it from afar: the same rule for every network, in pixels, before any network.

*PatchDrop* of Naseer et al., "Intriguing properties of vision transformers", NeurIPS 2021, blackens cells of a grid of
the ViT's own patches. Here the cells have any side, may be shifted against that grid, and are filled in any way.
"""

import numpy as np
import torch
import torch.nn.functional as F

FILLS = ("black", "mean", "noise")


def drop_cells(
    images: np.ndarray, share: float, side: int, *, shift: int = 0, fill: str = "black", seed: int = 0
) -> np.ndarray:
    """Hide a share of the cells of a grid, other ones in each picture.

    Parameters
    ----------
    images
        uint8 (n, S, S, 3).
    share
        Of the cells, 0 to 1; the nearest whole number of cells.
    side
        Of a cell in pixels; it must divide S.
    shift
        By which the grid is moved right and down, in pixels, 0 to side - 1. What leaves at one edge comes in at the
        other, so that as many pixels are hidden.
    fill
        "black", "mean" (the mean colour of all `images`) or "noise" (each pixel a random colour).
    seed
        Image i is hidden in the same places for one seed, share, side and i.

    Returns
    -------
    np.ndarray
        uint8, a copy.

    Raises
    ------
    ValueError
        For a share, side, shift or fill out of range.
    """
    n, size = images.shape[:2]
    if not 0 <= share <= 1 or side < 1 or size % side or not 0 <= shift < side:
        told = f"share 0..1, a side that divides {size}, shift < side"
        raise ValueError(f"expected {told}; got {share}, {side}, {shift}")
    grid = size // side
    count = round(share * grid**2)
    hidden = np.zeros((n, grid * grid), dtype=bool)
    for i in range(n):
        order = np.random.default_rng([seed, i]).permutation(grid**2)
        hidden[i, order[:count]] = True
    mask = hidden.reshape(n, grid, grid).repeat(side, axis=1).repeat(side, axis=2)
    return filled(images, np.roll(mask, (shift, shift), axis=(1, 2)), fill, seed)


def square(images: np.ndarray, side: int, top: int, left: int, *, fill: str = "black", seed: int = 0) -> np.ndarray:
    """Hide one square at the same place of all pictures, uint8 (n, S, S, 3); `side` 0 hides nothing.

    Raises
    ------
    ValueError
        If it does not lie within the picture, or for another fill.
    """
    size = images.shape[1]
    if side < 0 or min(top, left) < 0 or max(top, left) + side > size:
        raise ValueError(f"expected a square within {size} pixels, got side {side} at ({top}, {left})")
    mask = np.zeros(images.shape[:3], dtype=bool)
    mask[:, top : top + side, left : left + side] = True
    return filled(images, mask, fill, seed)


def filled(images: np.ndarray, mask: np.ndarray, fill: str, seed: int = 0) -> np.ndarray:
    """A copy of images uint8 (n, S, S, 3) with the pixels of `mask`, bool (n, S, S), filled by one of `FILLS`.

    Raises
    ------
    ValueError
        For another fill.
    """
    if fill not in FILLS:
        raise ValueError(f"fill: expected one of {', '.join(FILLS)}, got {fill!r}")
    out = images.copy()
    if fill == "black":
        out[mask] = 0
    elif fill == "mean":
        out[mask] = np.rint(images.mean((0, 1, 2))).astype(np.uint8)
    else:
        out[mask] = np.random.default_rng([seed, 1]).integers(0, 256, (int(mask.sum()), 3), dtype=np.uint8)
    return out


def from_afar(images: np.ndarray, times: float, *, shift: int = 0) -> np.ndarray:
    """As from `times` the distance: averaged down to S / times pixels, and brought back between them.

    Parameters
    ----------
    images
        uint8 (n, S, S, 3).
    times
        At least 1, which changes nothing; at least two pixels are left.
    shift
        By which the grid of the averaging is moved right and down, in pixels; what leaves at one edge comes in at the
        other.

    Raises
    ------
    ValueError
        For less than 1, or fewer than two pixels left.
    """
    size = images.shape[1]
    small = round(size / times) if times >= 1 else 0
    if small < 2:
        raise ValueError(f"times: expected 1 to {size // 2}, got {times}")
    if small == size:
        return images.copy()
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float().roll((-shift, -shift), (2, 3))
    far = F.interpolate(F.interpolate(pixels, (small, small), mode="area"), (size, size), mode="bilinear")
    far = far.roll((shift, shift), (2, 3))
    return far.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
