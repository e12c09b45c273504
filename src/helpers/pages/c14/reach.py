"""Who can have heard from a token after some blocks of window attention, by the package's mask alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.layers.windows import cut_windows, may_look


def meets(side: int, window: int, shift: int) -> Tensor:
    """Which pairs of tokens look at each other in one block, () -> (S S, S S) of bool."""
    places = torch.arange(side * side).view(1, side, side, 1).roll((-shift, -shift), dims=(1, 2))
    windows = cut_windows(places, window)[0, :, :, 0]  # (n, w w)
    pairs = torch.zeros(side * side, side * side, dtype=torch.bool)
    for tokens, allowed in zip(windows, may_look(side, side, window, shift), strict=True):
        pairs[tokens[:, None], tokens] = allowed
    return pairs


def heard(side: int, window: int, shifts: Sequence[int], row: int, column: int) -> list[Tensor]:
    """Maps of the tokens that have heard from one after each block, one (S, S) of bool for each shift.

    Parameters
    ----------
    side, window
        Of the map and of its windows, in tokens.
    shifts
        Of each block, first to last.
    row, column
        Where the token stands.
    """
    now = torch.zeros(side * side, dtype=torch.bool)
    now[row * side + column] = True
    found = []
    for shift in shifts:
        now = now | meets(side, window, shift)[:, now].any(1)
        found.append(now.view(side, side))
    return found
